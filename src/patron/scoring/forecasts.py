"""The value columns where the purchase model alone does not ship: the chosen forecast takes its place.

In:  the parts of a model with a `clv.ValueForecast`, and the value by the purchase model.
Out: the same columns by the forecast that ships.
Not here: the purchase model's own columns (`scoring.score`), fitting (`evaluation.value_shipping`).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from patron.clv import PurchaseRows, ValueForecast, last_year_per_day, rescaled_columns, value_inputs
from patron.errors import ModelError
from patron.scoring.parts import ScoringParts
from patron.scoring.read_rows import Rows


def by_shipped_forecast(
    parts: ScoringParts,
    rows: Rows,
    value: Mapping[str, np.ndarray],
    *,
    margin: np.ndarray,
    earned: np.ndarray,
    horizon_months: int,
) -> dict[str, np.ndarray]:
    """Replace the purchase model's value by that of the forecast that ships.

    Parameters
    ----------
    parts : ScoringParts
        The trained model.
    rows : Rows, n rows
        What was known before ``as_of``.
    value : mapping
        Of `clv.value_of_rows`, in the same order.
    margin, earned : numpy.ndarray, shape (n,)
        Margin / revenue, and margin / order value.
    horizon_months : int
        How far ahead `value` looks.

    Returns
    -------
    dict
        ``clv`` by the forecast; ``clv_low``, ``clv_high``, ``clv_if_silent`` and ``clv_if_kept`` moved in
        proportion (`clv.rescaled`). Unchanged where the purchase model ships.
    """
    forecast = parts.forecast
    if forecast is None:
        return dict(value)
    seen = rows.as_of_day - forecast.first_day
    last_year = last_year_per_day(rows.numbers["revenue_year"], margin, seen, parts.recipe.minor_digits)
    challenger = _challenger_value(parts, forecast, rows, earned, last_year)
    clv = forecast.clv(
        value["clv"],
        parts.clv.clv(rows.purchases, forecast.value_days / 7, margin=earned),
        challenger,
        last_year,
        horizon_months=horizon_months,
        annual_discount_rate=parts.settings.annual_discount_rate,
    )
    return rescaled_columns(value, clv)


def _challenger_value(
    parts: ScoringParts, forecast: ValueForecast, rows: Rows, earned: np.ndarray, last_year: np.ndarray
) -> np.ndarray | None:
    if forecast.challenger is None:
        return None
    if parts.purchases is None:
        raise ModelError(
            "The model lacks purchases.json, which its value forecast reads. Train the model again."
        )
    features = {**rows.features, **rows.ahead}
    purchases: PurchaseRows = rows.purchases
    table = value_inputs(purchases, features, earned, last_year, parts.purchases, forecast.value_days)
    return np.where(earned > 0, forecast.challenger.predict(table), 0.0)
