"""Forecasts for other horizons than those of the training, where a model can answer honestly.

In:  the parts of a trained model, rows of `scoring.read_rows`, a horizon.
Out: arrays for the customers with an order, or a refusal that says which horizons can be asked.
Not here: the horizons of the score row (`scoring.score`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from patron.clv import value_of_rows
from patron.errors import ModelError
from patron.scoring import Rows, ScoringParts, by_shipped_forecast, earned_shares

_LONGEST_DAYS, _LONGEST_MONTHS = 3653, 120
_DAYS_PER_MONTH = 30.4375


def expected_orders(parts: ScoringParts, rows: Rows | None, horizon_days: float) -> dict[str, np.ndarray]:
    """Expect purchase days within a horizon, by the purchase model; `rows` None for nobody."""
    weeks = _weeks(horizon_days)
    known = rows is not None and len(rows.place) > 0
    values = parts.clv.expected_orders(rows.purchases, weeks) if known and rows else np.empty(0)
    return {"expected_orders": values}


def no_order_probability(
    parts: ScoringParts, rows: Rows | None, horizon_days: float
) -> dict[str, np.ndarray]:
    """Chance of no order within a horizon, by the purchase model; `rows` None for nobody."""
    weeks = _weeks(horizon_days)
    known = rows is not None and len(rows.place) > 0
    values = parts.clv.no_order_probability(rows.purchases, weeks) if known and rows else np.empty(0)
    return {"no_order_probability": values}


def check_churn_horizon(parts: ScoringParts, horizon_days: float | None) -> None:
    """Refuse a horizon whose outcomes the churn model has not seen.

    Raises
    ------
    ModelError
        For any but that of the training.
    """
    trained = parts.settings.churn_horizon_days
    if horizon_days is not None and horizon_days != trained:
        raise ModelError(
            f"The churn model has learned what happens within {trained} days, and can say nothing about "
            f"{horizon_days} days.",
            f"Ask for {trained} days, for no_order_probability(horizon_days=...), which the purchase model "
            "answers for any horizon, or train with churn.horizon_days.",
        )


def value(parts: ScoringParts, rows: Rows | None, horizon_months: int | None) -> dict[str, np.ndarray]:
    """Value customers over a horizon; `rows` None for nobody.

    Raises
    ------
    ModelError
        Where the forecast that ships cannot tell.
    """
    months = parts.settings.clv_horizon_months if horizon_months is None else horizon_months
    _check_months(parts, months)
    names = ("clv", "clv_low", "clv_high")
    if rows is None or len(rows.place) == 0:
        return {name: np.empty(0) for name in names}
    margin, earned = earned_shares(parts, rows)
    found = value_of_rows(
        parts.clv,
        rows.purchases,
        horizon_months=months,
        churn_horizon_days=parts.settings.churn_horizon_days,
        margin=earned,
        annual_discount_rate=parts.settings.annual_discount_rate,
    )
    whole = {name: found[name] for name in names}
    shipped = by_shipped_forecast(parts, rows, whole, margin=margin, earned=earned, horizon_months=months)
    return {name: shipped[name] for name in names}


def by_customer(rows: Rows | None, columns: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Put columns of the customers with an order beside all ids; missing for the others."""
    if rows is None:
        return pd.DataFrame({"customer_id": pd.Series([], dtype=object), **columns})
    table: dict[str, np.ndarray] = {"customer_id": rows.customer_id}
    for name, values in columns.items():
        whole = np.full(len(rows.customer_id), np.nan)
        whole[rows.place] = values
        table[name] = whole
    return pd.DataFrame(table)


def _weeks(horizon_days: float) -> float:
    if not (isinstance(horizon_days, int | float) and 0 < horizon_days <= _LONGEST_DAYS):
        raise ModelError(
            f"horizon_days must be a number above 0, up to {_LONGEST_DAYS}, not {horizon_days!r}."
        )
    return horizon_days / 7


def _check_months(parts: ScoringParts, months: int) -> None:
    if isinstance(months, bool) or not isinstance(months, int) or not 0 < months <= _LONGEST_MONTHS:
        raise ModelError(f"horizon_months must be a whole number, 1 to {_LONGEST_MONTHS}, not {months!r}.")
    forecast = parts.forecast
    if forecast is None or forecast.challenger is None or months == parts.settings.clv_horizon_months:
        return
    fewest = math.ceil(forecast.value_days / _DAYS_PER_MONTH)
    if months < fewest:
        raise ModelError(
            f"The value forecast has learned what customers bring within {forecast.value_days} days, and can "
            f"say nothing about {months} month{'s' if months > 1 else ''}.",
            f"Ask for {fewest} months or more: from there the forecast is carried on.",
        )
