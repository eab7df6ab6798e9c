"""Customer value in money: expected, if silent, if kept, and at risk.

In: a fitted ``CLVModel``, a purchase summary, a horizon, margin and discount rate. Out: one row per customer.
Not here: the chance of churn (``churn``), which ``value_at_risk`` takes as an argument.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from patron.clv._draws import value_interval
from patron.clv._months import DAYS_PER_WEEK, WEEKS_PER_MONTH, Stretches, stretches
from patron.clv._purchases import (
    Purchases,
    alive_probability,
    expected_orders_if_alive,
    order_chance_if_alive,
)
from patron.clv._spend import Spend, expected_order_value
from patron.clv._summary import PurchaseRows, read_summary
from patron.errors import PatronError

if TYPE_CHECKING:
    from patron.clv.estimator import CLVModel

Floats = NDArray[np.float64]


def customer_value(
    model: CLVModel,
    summary: pd.DataFrame,
    *,
    horizon_months: int,
    churn_horizon_days: int,
    margin: float | Floats = 1.0,
    annual_discount_rate: float = 0.0,
) -> pd.DataFrame:
    """Value every customer over the horizon, also given silence or an order within the churn horizon.

    Parameters
    ----------
    model : CLVModel
        Fitted, loaded or made from parameters.
    summary : DataFrame, n rows
        One row per customer, see ``CLVModel.fit``.
    horizon_months : int
        H, months of 30.4375 days.
    churn_horizon_days : int
        h, days.
    margin : float or ndarray, shape (n,)
        Share of an order's value that is earned.
    annual_discount_rate : float
        Yearly rate; a month's orders (or those of the part of a month after h) are discounted at its middle.

    Returns
    -------
    DataFrame, n rows, indexed like ``summary``
        ``alive_probability``; ``no_order_probability`` = P(no order in h); ``expected_orders`` in H;
        ``expected_order_value`` (currency, before margin); ``clv``, ``clv_low``, ``clv_high`` (currency,
        discounted margin in H; the 80 % predictive interval is widened to hold ``clv`` where a skewed future
        puts it outside); ``clv_if_silent`` (the same over (h, H], given no order in h); ``clv_if_kept`` (over
        H, given an order in h).

    Raises
    ------
    PatronError
        When the summary or a parameter cannot be used, with all problems at once.

    Notes
    -----
    With p0 = ``no_order_probability``, clv = p0 * clv_if_silent + (1 - p0) * clv_if_kept. A customer who is
    alive and silent for h stays alive, for one leaves only after an order: the histories differ by h only.

    Examples
    --------
    >>> import pandas as pd
    >>> from patron.clv import CLVModel, customer_value
    >>> params = {"r": 0.24, "alpha": 4.4, "a": 0.79, "b": 2.4, "p": 6.2, "q": 3.7, "v": 15.4}
    >>> model = CLVModel.from_params("bgnbd", params)
    >>> summary = pd.DataFrame({"repeat_orders": [4], "weeks_first_to_last_order": [30.0],
    ...                         "weeks_observed": [39.0], "mean_repeat_order_value": [35.0]})
    >>> value = customer_value(model, summary, horizon_months=12, churn_horizon_days=90, margin=0.3)
    >>> bool(value["clv_if_silent"].iloc[0] < value["clv"].iloc[0] < value["clv_if_kept"].iloc[0])
    True
    """
    rows = read_summary(summary)
    _check_terms(horizon_months, churn_horizon_days)
    process, spend = model._parts()
    horizon, churn_horizon = horizon_months * WEEKS_PER_MONTH, churn_horizon_days / DAYS_PER_WEEK
    table, whole = value_table(
        process, spend, rows, horizon_weeks=horizon, margin=margin, annual_discount_rate=annual_discount_rate
    )
    earned = margin_share(margin, len(rows.index)) * table["expected_order_value"].to_numpy()
    later = stretches(churn_horizon, horizon, annual_discount_rate)
    silent = _discounted_orders_if_alive(process, rows, later)
    chance = order_chance_if_alive(process, rows.repeat_orders, rows.observed, churn_horizon)
    alive_later = alive_probability(process, rows.repeat_orders, rows.span, rows.observed + churn_horizon)
    table["clv_if_silent"] = earned * alive_later * silent
    # (C - q C') / (1 - q), arranged so that nothing is lost where an order is very unlikely
    table["clv_if_kept"] = earned * np.maximum((whole - silent) / chance + silent, 0.0)
    table.insert(1, "no_order_probability", 1.0 - table["alive_probability"].to_numpy() * chance)
    return table


def value_at_risk(churn_probability: ArrayLike, clv_if_kept: ArrayLike, clv_if_silent: ArrayLike) -> Floats:
    """Multiply what is lost with a customer by the chance of losing it, shape (n,), in the values' currency.

    p * max(0, clv_if_kept - clv_if_silent): some silent customers come back, so not all the value is at risk.

    Examples
    --------
    >>> value_at_risk([0.5, 0.5], [100.0, 1.0], [20.0, 3.0]).tolist()
    [40.0, 0.0]
    """
    lost = np.asarray(clv_if_kept, dtype=np.float64) - np.asarray(clv_if_silent, dtype=np.float64)
    return np.asarray(churn_probability, dtype=np.float64) * np.maximum(lost, 0.0)


def value_table(
    process: Purchases,
    spend: Spend,
    rows: PurchaseRows,
    *,
    horizon_weeks: float,
    margin: float | Floats,
    annual_discount_rate: float,
) -> tuple[pd.DataFrame, Floats]:
    """Compute what ``CLVModel.predict`` returns, and the discounted orders given alive, from checked rows."""
    check_horizon("horizon_weeks", horizon_weeks)
    _check_rate(annual_discount_rate)
    share = margin_share(margin, len(rows.index))
    months = stretches(0.0, horizon_weeks, annual_discount_rate)
    ahead = expected_orders_if_alive(process, rows.repeat_orders, rows.observed, months.ends)
    alive = alive_probability(process, *rows.history)
    worth = expected_order_value(spend, rows.repeat_orders, rows.value)
    discounted = months.discount(ahead)
    value = share * worth * alive * discounted
    low, high = value_interval(
        process, spend, rows, horizon_weeks=horizon_weeks, annual_discount_rate=annual_discount_rate
    )
    columns = {
        "alive_probability": alive,
        "expected_orders": alive * ahead[:, -1],
        "expected_order_value": worth,
        "clv": value,
        "clv_low": np.minimum(share * low, value),
        "clv_high": np.maximum(share * high, value),
    }
    return pd.DataFrame(columns, index=rows.index), discounted


def margin_share(margin: float | Floats, rows: int) -> Floats:
    """Margin as an array of shape (rows,), checked."""
    share = np.asarray(margin, dtype=np.float64)
    if share.shape not in ((), (rows,)):
        raise PatronError(
            f"margin must be one number or {rows} numbers, one per customer, not shape {share.shape}"
        )
    bad = ~(np.isfinite(share) & (share >= 0.0))
    if bad.any():
        raise PatronError(
            f"margin must be a share of 0 or more; {int(bad.sum())} are not, for instance {share[bad][0]}"
        )
    return np.broadcast_to(share, (rows,))


def check_horizon(name: str, value: float) -> None:
    """Refuse a horizon that is not a positive finite number."""
    if not (math.isfinite(value) and value > 0):
        raise PatronError(f"{name} must be a positive number, not {value}")


def _check_terms(horizon_months: int, churn_horizon_days: int) -> None:
    check_horizon("horizon_months", horizon_months)
    check_horizon("churn_horizon_days", churn_horizon_days)


def _check_rate(annual_discount_rate: float) -> None:
    if not (math.isfinite(annual_discount_rate) and annual_discount_rate > -1.0):
        raise PatronError(f"annual_discount_rate must be above -1, such as 0.10, not {annual_discount_rate}")


def _discounted_orders_if_alive(process: Purchases, rows: PurchaseRows, parts: Stretches) -> Floats:
    """Discounted orders over the stretches, of a customer alive and silent until they start, shape (n,)."""
    ahead = expected_orders_if_alive(
        process, rows.repeat_orders, rows.observed + parts.start, parts.ends - parts.start
    )
    return parts.discount(ahead)
