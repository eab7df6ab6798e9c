"""Customer value in money: expected, if silent, if kept, and at risk.

In: a fitted ``CLVModel``, a purchase summary, a horizon, margin and discount rate. Out: one row per customer.
Not here: the chance of churn (``churn``), which ``value_at_risk`` takes as an argument.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from patron.clv._interval import value_interval
from patron.clv._kept import orders_if_kept
from patron.clv._months import DAYS_PER_WEEK, WEEKS_PER_MONTH, Stretches, stretches
from patron.clv._parts import Columns, columns_by_part
from patron.clv._spend import Spend, expected_order_value
from patron.clv._summary import PurchaseRows, read_summary
from patron.clv.processes import PurchaseProcess
from patron.clv.processes.histories import Histories
from patron.errors import PatronError

if TYPE_CHECKING:
    from patron.clv.estimator import CLVModel

Floats = NDArray[np.float64]


def customer_value(
    model: CLVModel,
    summary: pd.DataFrame,
    *,
    horizon_months: int,
    churn_horizon_days: float | Floats,
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
    churn_horizon_days : float or ndarray, shape (n,)
        h, days; one for all or each customer's own.
    margin : float or ndarray, shape (n,)
        Share of an order's value that is earned.
    annual_discount_rate : float
        Yearly rate; a month's orders are discounted at its middle, before h and after.

    Returns
    -------
    DataFrame, n rows, indexed like ``summary``
        ``alive_probability``; ``no_order_probability`` = P(no order in h); ``expected_orders`` in H;
        ``expected_order_value`` (currency, before margin); ``clv``, ``clv_low``, ``clv_high`` (currency,
        discounted margin in H; an 80 % predictive interval of what is realised, zero to zero where most
        futures bring nothing); ``clv_if_silent`` (the same over (h, H], given no order in h);
        ``clv_if_kept`` (over H, given an order in h, also where that is next to impossible).

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
    columns = value_of_rows(
        model,
        rows,
        horizon_months=horizon_months,
        churn_horizon_days=churn_horizon_days,
        margin=margin,
        annual_discount_rate=annual_discount_rate,
    )
    table = pd.DataFrame(columns, index=rows.index)
    table.insert(1, "no_order_probability", table.pop("no_order_probability"))
    return table


def value_of_rows(
    model: CLVModel,
    rows: PurchaseRows,
    *,
    horizon_months: int,
    churn_horizon_days: float | Floats,
    margin: float | Floats = 1.0,
    annual_discount_rate: float = 0.0,
) -> Columns:
    """Compute the columns of ``customer_value`` as arrays, for rows that have been read."""
    check_horizon("horizon_months", horizon_months)
    own_days = own_horizons("churn_horizon_days", churn_horizon_days, len(rows))
    check_rate(annual_discount_rate)
    horizon = horizon_months * WEEKS_PER_MONTH
    shares = margin_share(margin, len(rows))
    # what differs by customer travels together through the parts of the base
    given = shares if own_days is None else np.column_stack([shares, own_days / DAYS_PER_WEEK])
    months = stretches(0.0, horizon, annual_discount_rate)

    def columns(process: PurchaseProcess, spend: Spend, some: PurchaseRows, own: Floats) -> Columns:
        share, weeks = (
            (own, churn_horizon_days / DAYS_PER_WEEK) if own_days is None else (own[:, 0], own[:, 1])
        )
        found, whole = value_columns(process, spend, some, share, horizon, annual_discount_rate)
        earned = share * found["expected_order_value"]
        return found | _split_columns(process, some.history, weeks, months, whole, earned, found)

    return columns_by_part(model._known(), rows, given, columns)


def _split_columns(
    process: PurchaseProcess,
    past: Histories,
    weeks: float | Floats,
    months: Stretches,
    whole: Floats,
    earned: Floats,
    found: Columns,
) -> Columns:
    """P(no order in the next weeks), and the values given silence or an order in them."""
    later, chance = past.later(weeks), process.order_chance_if_alive(past, weeks)
    rest = _orders_after(process, later, weeks, months)
    silent = earned * (process.alive_probability(later) * rest)
    kept = earned * orders_if_kept(process, past, weeks, months, whole, rest, chance)
    if months.factors[-1] <= months.factors[0]:
        # an order raises what to expect unless the discount rewards waiting; rounding must not undo that
        silent, kept = np.minimum(silent, found["clv"]), np.maximum(kept, found["clv"])
    return {
        "no_order_probability": 1.0 - found["alive_probability"] * chance,
        "clv_if_silent": silent,
        "clv_if_kept": kept,
    }


def _orders_after(
    process: PurchaseProcess, later: Histories, weeks: float | Floats, months: Stretches
) -> Floats:
    """Discounted orders of what lies more than so many weeks ahead, of customers alive then, shape (n,)."""
    if not isinstance(weeks, np.ndarray):
        return process.discounted_orders_if_alive(later, months.after(weeks))
    ends = np.maximum(months.ends[:, None] - weeks, 0.0)
    return process.weighed_orders_if_alive(later, ends, months.weights())


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
    expected = _expected_value(process, spend, rows, stretches(0.0, horizon_weeks, annual_discount_rate))
    orders = process.expected_orders_if_alive(rows.history, np.array([horizon_weeks]))[:, 0]
    low, high = value_interval(
        process,
        spend,
        rows,
        alive=expected.alive,
        horizon_weeks=horizon_weeks,
        annual_discount_rate=annual_discount_rate,
    )
    columns = {
        "alive_probability": expected.alive,
        "expected_orders": expected.alive * orders,
        "expected_order_value": expected.worth,
        "clv": expected.clv(share),
        "clv_low": share * low,
        "clv_high": share * high,
    }
    return columns, expected.orders


def clv_columns(
    process: PurchaseProcess, spend: Spend, rows: PurchaseRows, share: Floats, months: Stretches
) -> Columns:
    """Compute the column ``clv`` of ``value_columns`` alone."""
    return {"clv": _expected_value(process, spend, rows, months).clv(share)}


class _ExpectedValue(NamedTuple):
    """What ``clv`` is made of: P(alive), an order's value, discounted orders given alive; shape (n,)."""

    alive: Floats
    worth: Floats
    orders: Floats

    def clv(self, share: Floats) -> Floats:
        """Discounted expected margin."""
        return share * self.worth * self.alive * self.orders


def _expected_value(
    process: PurchaseProcess, spend: Spend, rows: PurchaseRows, months: Stretches
) -> _ExpectedValue:
    return _ExpectedValue(
        process.alive_probability(rows.history),
        expected_order_value(spend, rows.history.repeat_orders, rows.value),
        process.discounted_orders_if_alive(rows.history, months),
    )


def checked_share(
    rows: PurchaseRows, horizon_weeks: float, margin: float | Floats, annual_discount_rate: float
) -> Floats:
    """Check the terms of a valuation and return the margin of each customer, shape (n,)."""
    check_horizon("horizon_weeks", horizon_weeks)
    check_rate(annual_discount_rate)
    return margin_share(margin, len(rows))


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


def own_horizons(name: str, value: float | Floats, rows: int) -> Floats | None:
    """Each customer's own horizon, shape (rows,), checked; None where one number, checked, holds for all."""
    if not isinstance(value, np.ndarray):
        check_horizon(name, value)
        return None
    own = value.astype(np.float64)
    if own.shape != (rows,):
        raise PatronError(
            f"{name} must be one number or {rows} numbers, one per customer, not shape {own.shape}"
        )
    bad = ~(np.isfinite(own) & (own > 0.0))
    if bad.any():
        raise PatronError(f"{name} must be positive; {int(bad.sum())} are not, for instance {own[bad][0]}")
    return own


def check_rate(annual_discount_rate: float) -> None:
    """Refuse a yearly rate of -1 or less."""
    if not (math.isfinite(annual_discount_rate) and annual_discount_rate > -1.0):
        raise PatronError(f"annual_discount_rate must be above -1, such as 0.10, not {annual_discount_rate}")
