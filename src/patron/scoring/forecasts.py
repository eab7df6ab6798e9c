"""The value columns where the purchase model alone does not ship: the chosen forecast takes its place.

In:  the parts of a model with a `clv.ValueForecast`, and the value by the purchase model.
Out: the same columns by the forecast that ships.
Not here: the purchase model's own columns (`scoring.score`), fitting (`evaluation.value_shipping`).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from patron.clv import ValueForecast, last_year_per_day, rescaled, value_matrix
from patron.errors import ModelError
from patron.features import build_features, value_recipe
from patron.scoring.parts import ScoringParts
from patron.snapshots import History


def by_shipped_forecast(
    parts: ScoringParts,
    history: History,
    summary: pd.DataFrame,
    value: pd.DataFrame,
    *,
    revenue_year: np.ndarray,
    margin: np.ndarray,
    earned: np.ndarray,
) -> pd.DataFrame:
    """Replace the purchase model's value by that of the forecast that ships.

    Parameters
    ----------
    parts : ScoringParts
        The trained model.
    history : History
        What was known before ``as_of``.
    summary : pandas.DataFrame, n rows
        Purchase summary, ordered by customer.
    value : pandas.DataFrame, n rows
        Of `clv.customer_value`, in the same order.
    revenue_year : numpy.ndarray, shape (n,)
        Of the last 365 days, minor units.
    margin, earned : numpy.ndarray, shape (n,)
        Margin / revenue, and margin / order value.

    Returns
    -------
    pandas.DataFrame, n rows
        ``clv`` by the forecast; ``clv_low``, ``clv_high``, ``clv_if_silent`` and ``clv_if_kept`` moved in
        proportion (`clv.rescaled`). Unchanged where the purchase model ships.
    """
    forecast = parts.forecast
    if forecast is None:
        return value
    seen = history.as_of_day - forecast.first_day
    last_year = last_year_per_day(revenue_year, margin, seen, parts.recipe.minor_digits)
    challenger = _challenger_value(parts, forecast, history, summary, earned, last_year)
    clv = forecast.clv(
        value["clv"].to_numpy(),
        parts.clv.clv(summary, forecast.value_days / 7, margin=earned),
        challenger,
        last_year,
        horizon_months=parts.settings.clv_horizon_months,
        annual_discount_rate=parts.settings.annual_discount_rate,
    )
    return rescaled(value, clv)


def _challenger_value(
    parts: ScoringParts,
    forecast: ValueForecast,
    history: History,
    summary: pd.DataFrame,
    earned: np.ndarray,
    last_year: np.ndarray,
) -> np.ndarray | None:
    if forecast.challenger is None:
        return None
    if parts.purchases is None:
        raise ModelError(
            "The model lacks purchases.json, which its value forecast reads. Train the model again."
        )
    recipe = value_recipe(parts.recipe, forecast.value_days)
    features = build_features(history, recipe).drop(columns="customer_id")
    matrix = value_matrix(summary, features, earned, last_year, parts.purchases, forecast.value_days)
    return np.where(earned > 0, forecast.challenger.predict(matrix), 0.0)
