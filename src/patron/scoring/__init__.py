"""Parts -> the score row of each customer."""

from patron.scoring._numbers import percent
from patron.scoring.drivers import by_driver, driver_of, shares_of_drivers
from patron.scoring.forecasts import by_shipped_forecast
from patron.scoring.ledger_rows import ledger_rows
from patron.scoring.money import SYMBOLS, WITHOUT_DECIMALS, money_in_words, symbol_of
from patron.scoring.parts import RiskThresholds, ScoreSettings, ScoringParts
from patron.scoring.read_rows import Rows, checked_rows, rows_of
from patron.scoring.reasons import explained_drivers
from patron.scoring.score import earned_shares, in_language, no_scores, score_customers, score_rows
from patron.scoring.standing import Standing, standing_of, status_counts, status_of
from patron.scoring.texts import driver_name
from patron.scoring.write import (
    as_rounded,
    check_scores_name,
    join_scores,
    read_written,
    write_scores,
)

__all__ = [
    "SYMBOLS",
    "WITHOUT_DECIMALS",
    "RiskThresholds",
    "Rows",
    "ScoreSettings",
    "ScoringParts",
    "Standing",
    "as_rounded",
    "by_driver",
    "by_shipped_forecast",
    "check_scores_name",
    "checked_rows",
    "driver_name",
    "driver_of",
    "earned_shares",
    "explained_drivers",
    "in_language",
    "join_scores",
    "ledger_rows",
    "money_in_words",
    "no_scores",
    "percent",
    "read_written",
    "rows_of",
    "score_customers",
    "score_rows",
    "shares_of_drivers",
    "standing_of",
    "status_counts",
    "status_of",
    "symbol_of",
    "write_scores",
]
