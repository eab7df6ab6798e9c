"""What ``lifetimes`` itself says at given parameters: the other opinion in ``verification``.

In: parameters by the literature's letters, rows. Out: arrays, NaN where lifetimes has no number that can be
relied on; log-likelihoods. Not here: fitting (``_lifetimes``); any prediction that patron gives.
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

# written down again on purpose: a mistake in ``_months`` must not reach both sides of a comparison
_OUR_WEEKS_PER_MONTH = 30.4375 / 7.0
_FITTERS = {"bgnbd": "BetaGeoFitter", "mbgnbd": "ModifiedBetaGeoFitter", "paretonbd": "ParetoNBDFitter"}
_LETTERS = {"paretonbd": ("r", "alpha", "s", "beta"), "spend": ("p", "q", "v")}
_NUDGES = (1e-12, 2e-12, 3e-12)  # relative, of the weeks observed
_MOST_MOVED = 1e-9  # relative: what such a nudge may change, beside a little for each order


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
        Horizon.
    annual_discount_rate : float
        Yearly rate.

    Returns
    -------
    dict
        ``alive_probability``, ``expected_order_value``; ``expected_orders`` and ``clv`` on patron's calendar:
        months of 30.4375 days, each month's orders discounted at its middle. Each of shape (n,); NaN where
        lifetimes overflows or its digits are lost.
    """
    with untouched():
        process, spend = _models(purchases, params)
        worth = np.asarray(
            spend.conditional_expected_average_profit(rows.history.repeat_orders, rows.value),
            dtype=np.float64,
        )
        timed = _timed(process, rows, months, annual_discount_rate, 0.0)
        lost = _digits_lost(process, rows, months, annual_discount_rate, timed)
    found = {name: np.where(lost, np.nan, column) for name, column in timed.items()}
    found["clv"] = found.pop("discounted_orders") * worth
    return found | {"expected_order_value": worth}


def lifetimes_clv(
    purchases: str,
    params: Mapping[str, float],
    rows: PurchaseRows,
    *,
    months: int,
    annual_discount_rate: float,
) -> Floats:
    """Ask lifetimes' ``customer_lifetime_value``: months of 4.345 weeks, discounted at their end, shape (n,).

    It gets the monthly rate that compounds to the yearly one. Parameters as in ``lifetimes_predictions``.
    """
    monthly = (1.0 + annual_discount_rate) ** (1.0 / 12.0) - 1.0
    columns = [pd.Series(column) for column in (*rows.history, rows.value)]
    with untouched():
        process, spend = _models(purchases, params)
        found = spend.customer_lifetime_value(process, *columns, time=months, discount_rate=monthly, freq="W")
    return np.asarray(found, dtype=np.float64)


def lifetimes_orders_log_likelihood(purchases: str, params: Mapping[str, float], rows: PurchaseRows) -> float:
    """Log-likelihood of the order times by lifetimes' own function; NaN or infinite where it overflows."""
    fitter = getattr(lifetimes_module(), _FITTERS[purchases])
    values = np.array([params[name] for name in _LETTERS.get(purchases, ("r", "alpha", "a", "b"))])
    with untouched():
        if purchases == "paretonbd":
            return float(np.sum(fitter._conditional_log_likelihood(values, *rows.history)))
        ones = np.ones(len(rows))
        return -float(fitter._negative_log_likelihood(np.log(values), *rows.history, ones, 0.0)) * len(rows)


def lifetimes_values_log_likelihood(params: Mapping[str, float], count: Floats, value: Floats) -> float:
    """Log-likelihood of the mean order values of repeat customers by lifetimes' own function."""
    fitter = lifetimes_module().GammaGammaFitter
    logs = np.log([params[name] for name in _LETTERS["spend"]])
    with untouched():
        mean = fitter._negative_log_likelihood(logs, count, value, np.ones(count.size), 0.0)
    return -float(mean) * count.size


def _timed(
    process: Any, rows: PurchaseRows, months: int, annual_discount_rate: float, nudge: float
) -> dict[str, Floats]:
    """Predict what depends on the weeks observed, these made longer by a relative nudge."""
    count, span, observed = rows.history
    observed = observed * (1.0 + nudge)
    discounted, before = np.zeros(len(rows)), np.zeros(len(rows))
    for month in range(1, months + 1):
        until = np.asarray(
            process.conditional_expected_number_of_purchases_up_to_time(
                month * _OUR_WEEKS_PER_MONTH, count, span, observed
            ),
            dtype=np.float64,
        )
        discounted += (until - before) * (1.0 + annual_discount_rate) ** (-(month - 0.5) / 12.0)
        before = until
    alive = np.asarray(process.conditional_probability_alive(count, span, observed), dtype=np.float64)
    return {"alive_probability": alive, "expected_orders": before, "discounted_orders": discounted}


def _digits_lost(
    process: Any, rows: PurchaseRows, months: int, annual_discount_rate: float, plain: Mapping[str, Floats]
) -> NDArray[np.bool_]:
    """Find customers whose numbers jump when they are observed for a trillionth longer.

    lifetimes subtracts nearly equal numbers (a or s near 1, many orders). In truth such a nudge moves the log
    odds of being alive by at most itself times the number of orders.
    """
    allowed = _MOST_MOVED + 10.0 * _NUDGES[-1] * rows.history.repeat_orders
    lost = np.zeros(len(rows), dtype=np.bool_)
    for nudge in _NUDGES:
        moved = _timed(process, rows, months, annual_discount_rate, nudge)
        for name, column in plain.items():
            floor = 1e-9 * np.nanmax(np.abs(column), initial=0.0)
            lost |= ~(np.abs(moved[name] - column) <= allowed * np.maximum(np.abs(column), floor))
    return lost


def _models(purchases: str, params: Mapping[str, float]) -> tuple[Any, Any]:
    """Give lifetimes' purchase process and Gamma-Gamma model these parameters."""
    lifetimes = lifetimes_module()
    models = []
    for name, kind in ((_FITTERS[purchases], purchases), ("GammaGammaFitter", "spend")):
        fitter = getattr(lifetimes, name)()
        letters = _LETTERS.get(kind, ("r", "alpha", "a", "b"))
        fitter.params_ = pd.Series({letter: params[letter] for letter in letters})
        models.append(fitter)
    models[0].predict = models[0].conditional_expected_number_of_purchases_up_to_time
    return models[0], models[1]
