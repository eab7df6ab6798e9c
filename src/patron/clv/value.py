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
from patron.clv._parts import Columns, for_each_part
from patron.clv._spend import Spend, expected_order_value
from patron.clv._summary import PurchaseRows, read_summary
from patron.clv.processes import PurchaseProcess
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
        discounted margin in H; an 80 % predictive interval of what is realised, zero to zero where most
        futures bring nothing); ``clv_if_silent`` (the same over (h, H], given no order in h);
        ``clv_if_kept`` (over H, given an order in h).

    Raises
    ------
    PatronError
        When the summary or a parameter cannot be used, with all problems at once.

    Notes
    -----
    With p0 = ``no_order_probability``, clv = p0 * clv_if_silent + (1 - p0) * clv_if_kept. A customer who is
    silent for h is alive then with the probability that the same history gives when watched for h longer.

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
    rows = read_summary(summary, model.by)
    check_horizon("horizon_months", horizon_months)
    check_horizon("churn_horizon_days", churn_horizon_days)
    check_rate(annual_discount_rate)
    horizon, churn_horizon = horizon_months * WEEKS_PER_MONTH, churn_horizon_days / DAYS_PER_WEEK

    def columns(process: PurchaseProcess, spend: Spend, some: PurchaseRows, share: Floats) -> Columns:
        found, whole = value_columns(process, spend, some, share, horizon, annual_discount_rate)
        chance = process.order_chance_if_alive(some.history, churn_horizon)
        silent = _silent_columns(process, some, whole, chance, churn_horizon, horizon, annual_discount_rate)
        earned = share * found["expected_order_value"]
        none = {"no_order_probability": 1.0 - found["alive_probability"] * chance}
        return found | none | {name: earned * orders for name, orders in silent.items()}

    table = for_each_part(model._known(), rows, margin_share(margin, len(rows)), columns)
    table.insert(1, "no_order_probability", table.pop("no_order_probability"))
    return table


def _silent_columns(
    process: PurchaseProcess,
    rows: PurchaseRows,
    whole: Floats,
    chance: Floats,
    churn_horizon: float,
    horizon: float,
    annual_discount_rate: float,
) -> Columns:
    """Discounted orders given silence in h, and given an order in h."""
    later, rest = rows.history.later(churn_horizon), stretches(churn_horizon, horizon, annual_discount_rate)
    ahead = process.discounted_orders_if_alive(later, rest.since_start())
    # (C - q C') / (1 - q), arranged so that nothing is lost where an order is very unlikely
    if_kept = (whole - process.silent_chance_if_alive(rows.history, churn_horizon) * ahead) / chance
    return {
        "clv_if_silent": process.alive_probability(later) * ahead,
        "clv_if_kept": np.maximum(if_kept, 0.0),
    }


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


def value_columns(
    process: PurchaseProcess,
    spend: Spend,
    rows: PurchaseRows,
    share: Floats,
    horizon_weeks: float,
    annual_discount_rate: float,
) -> tuple[Columns, Floats]:
    """Compute what ``CLVModel.predict`` returns, and the discounted orders given alive, from checked rows."""
    alive = process.alive_probability(rows.history)
    ahead = process.expected_orders_if_alive(rows.history, np.array([horizon_weeks]))[:, 0]
    discounted = process.discounted_orders_if_alive(
        rows.history, stretches(0.0, horizon_weeks, annual_discount_rate)
    )
    worth = expected_order_value(spend, rows.history.repeat_orders, rows.value)
    low, high = value_interval(
        process, spend, rows, horizon_weeks=horizon_weeks, annual_discount_rate=annual_discount_rate
    )
    columns = {
        "alive_probability": alive,
        "expected_orders": alive * ahead,
        "expected_order_value": worth,
        "clv": share * worth * alive * discounted,
        "clv_low": share * low,
        "clv_high": share * high,
    }
    return columns, discounted


def clv_columns(
    process: PurchaseProcess, spend: Spend, rows: PurchaseRows, share: Floats, months: Stretches
) -> Columns:
    """Compute the discounted expected margin alone."""
    worth = expected_order_value(spend, rows.history.repeat_orders, rows.value)
    orders = process.discounted_orders_if_alive(rows.history, months)
    return {"clv": share * worth * process.alive_probability(rows.history) * orders}


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


def check_rate(annual_discount_rate: float) -> None:
    """Refuse a yearly rate of -1 or less."""
    if not (math.isfinite(annual_discount_rate) and annual_discount_rate > -1.0):
        raise PatronError(f"annual_discount_rate must be above -1, such as 0.10, not {annual_discount_rate}")
