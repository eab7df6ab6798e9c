"""What ``lifetimes`` itself predicts at given parameters: the other opinion in ``verification``.

In: parameters by the literature's letters, rows. Out: arrays, NaN where lifetimes has no number.
Not here: fitting (``_lifetimes``); any prediction that patron gives.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from patron.clv._lifetimes import lifetimes_module, untouched
from patron.clv._summary import PurchaseRows

Floats = NDArray[np.float64]

#: lifetimes' month, and the end of each at which it discounts.
WEEKS_PER_MONTH = 4.345
_FITTERS = {"bgnbd": "BetaGeoFitter", "mbgnbd": "ModifiedBetaGeoFitter", "paretonbd": "ParetoNBDFitter"}


def lifetimes_predictions(
    purchases: str,
    params: Mapping[str, float],
    rows: PurchaseRows,
    *,
    months: int,
    annual_discount_rate: float,
) -> dict[str, Floats]:
    """Predict with lifetimes at given parameters.

    Parameters
    ----------
    purchases : {"bgnbd", "mbgnbd", "paretonbd"}
        Purchase process.
    params : mapping of str to float
        All letters.
    rows : PurchaseRows
        The customers.
    months : int
        Horizon, lifetimes' months.
    annual_discount_rate : float
        Yearly rate; lifetimes gets the monthly one that compounds to it.

    Returns
    -------
    dict
        ``alive_probability``, ``expected_orders``, ``expected_order_value``, ``clv``, each of shape (n,).
    """
    lifetimes = lifetimes_module()
    monthly = (1.0 + annual_discount_rate) ** (1.0 / 12.0) - 1.0
    with untouched():
        process = _with_params(getattr(lifetimes, _FITTERS[purchases])(), params, purchases)
        spend = _with_params(lifetimes.GammaGammaFitter(), params, "spend")
        count, span, observed = (pd.Series(column) for column in rows.history)
        value = pd.Series(rows.value)
        worth = spend.conditional_expected_average_profit(count, value)
        found = {
            "alive_probability": process.conditional_probability_alive(count, span, observed),
            "expected_orders": process.conditional_expected_number_of_purchases_up_to_time(
                months * WEEKS_PER_MONTH, count, span, observed
            ),
            "expected_order_value": worth,
            "clv": spend.customer_lifetime_value(
                process, count, span, observed, value, time=months, discount_rate=monthly, freq="W"
            ),
        }
    return {name: np.asarray(column, dtype=np.float64) for name, column in found.items()}


def _with_params(fitter: Any, params: Mapping[str, float], kind: str) -> Any:
    letters = {"paretonbd": ("r", "alpha", "s", "beta"), "spend": ("p", "q", "v")}.get(
        kind, ("r", "alpha", "a", "b")
    )
    fitter.params_ = pd.Series({name: params[name] for name in letters})
    if kind != "spend":
        fitter.predict = fitter.conditional_expected_number_of_purchases_up_to_time
    return fitter
