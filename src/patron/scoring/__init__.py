"""Parts -> the score row of each customer."""

from patron.scoring._numbers import percent
from patron.scoring.drivers import by_driver, driver_of, shares_of_drivers
from patron.scoring.money import SYMBOLS, WITHOUT_DECIMALS, money_in_words, symbol_of
from patron.scoring.parts import RiskThresholds, ScoreSettings, ScoringParts
from patron.scoring.reasons import explained_drivers
from patron.scoring.score import in_language, score_customers
from patron.scoring.standing import Standing, standing_of, status_counts, status_of
from patron.scoring.texts import driver_name
from patron.scoring.write import FORMULA, as_rounded, check_scores_name, write_scores

__all__ = [
    "FORMULA",
    "SYMBOLS",
    "WITHOUT_DECIMALS",
    "RiskThresholds",
    "ScoreSettings",
    "ScoringParts",
    "Standing",
    "as_rounded",
    "by_driver",
    "check_scores_name",
    "driver_name",
    "driver_of",
    "explained_drivers",
    "in_language",
    "money_in_words",
    "percent",
    "score_customers",
    "shares_of_drivers",
    "standing_of",
    "status_counts",
    "status_of",
    "symbol_of",
    "write_scores",
]
