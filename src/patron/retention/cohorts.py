"""Cohort tables: who of the customers won in one period ordered in each later one, and for how much.

In:  the customer tables, `as_of`, how long a period is.
Out: one row per cohort and period since, in long form; a pivot of it is the usual triangle.
Not here: rates over all customers (`metrics`).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from patron.retention.ledger_days import Ints, LedgerDays, ledger_days
from patron.retention.periods import Period, whole_periods
from patron.snapshots import CustomerTables, day_of


def cohorts(
    tables: CustomerTables, as_of_day: int, *, every: str = "month", minor_digits: int = 2
) -> pd.DataFrame:
    """Follow customers from the period of their first order.

    Parameters
    ----------
    tables : CustomerTables
        By customer and day.
    as_of_day : int
        Days since 1970-01-01; nothing at or after it counts.
    every : {"month", "quarter", "year"}
        Length of the periods.
    minor_digits : int
        Decimals of the currency.

    Returns
    -------
    pandas.DataFrame
        Sorted by ``cohort`` (date: start of the period of the first order) and ``period_index`` (0 for that
        period): ``customers`` of the cohort, ``active_customers`` (ordered in the period), ``customer_share``
        (of the cohort), ``revenue`` (of the cohort, currency, refunds taken off), ``revenue_share`` (of its
        revenue in period 0; missing where that is not above zero). All but ``customers`` are missing in the
        period that `as_of` cuts short. The first cohort also holds everybody who was a customer before the
        ledger begins.

    Raises
    ------
    NotEnoughData
        If nobody ordered.

    Examples
    --------
    >>> import narwhals as nw
    >>> from patron.snapshots import customer_tables, to_day
    >>> lines = pd.DataFrame({
    ...     "customer_id": ["a", "b", "a"], "amount_minor": [1000, 3000, 500], "is_refund": False,
    ...     "day": [to_day(d) for d in ("2024-01-05", "2024-01-09", "2024-02-10")]})
    >>> tables = customer_tables(nw.from_native(lines).lazy(), keep=lambda frame, name: frame)
    >>> table = cohorts(tables, to_day("2024-03-01"))
    >>> table[["period_index", "active_customers", "customer_share", "revenue_share"]].values.tolist()
    [[0.0, 2.0, 1.0, 1.0], [1.0, 1.0, 0.5, 0.125]]
    """
    days = ledger_days(tables, as_of_day)
    periods = whole_periods(days.first_day, as_of_day, every, include_current=True)
    buyers, revenue = _by_period(days, periods)
    starts = np.array([p.start_day for p in periods])
    born = np.searchsorted(starts, days.first_purchase_day, side="right") - 1
    frames = []
    for cohort, period in enumerate(periods):
        members = (born == cohort) & (days.first_purchase_day < as_of_day)
        if members.any():
            rows = _one_cohort(buyers[members, cohort:], revenue[members, cohort:], periods, minor_digits)
            frames.append(rows.assign(cohort=day_of(period.start_day)))
    columns = ["cohort", "period_index", "customers", "active_customers", "customer_share", "revenue"]
    return pd.concat(frames, ignore_index=True)[[*columns, "revenue_share"]]


def _by_period(days: LedgerDays, periods: tuple[Period, ...]) -> tuple[Ints, Ints]:
    """Return whether each customer ordered in each period, and revenue in minor units."""
    edges = [days.before(day) for day in (*[p.start_day for p in periods], periods[-1].end_day)]
    bought = np.diff(np.column_stack([e.purchase_days for e in edges]), axis=1) > 0
    revenue = np.diff(np.column_stack([e.revenue for e in edges]), axis=1)
    return bought.astype(np.int64), np.asarray(revenue, dtype=np.int64)


def _one_cohort(buyers: Ints, revenue: Ints, periods: tuple[Period, ...], minor_digits: int) -> pd.DataFrame:
    many, size = buyers.shape[1], len(buyers)
    money = revenue.sum(axis=0) / 10**minor_digits
    first = money[0] if money[0] > 0 else np.nan
    is_known = np.arange(many) < many - (not periods[-1].is_complete)
    frame = pd.DataFrame(
        {
            "active_customers": buyers.sum(axis=0).astype(np.float64),
            "customer_share": buyers.mean(axis=0),
            "revenue": money,
            "revenue_share": money / first,
        }
    ).where(pd.Series(is_known), np.nan)
    return frame.assign(period_index=np.arange(many), customers=size)
