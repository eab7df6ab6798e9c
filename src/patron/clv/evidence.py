"""What a ledger tells about purchase models beyond the summary: a held-out period and the season.

In: the customer tables up to a day. Out: ``Evidence`` for ``CLVModel.fit``.
Not here: the choice that is made with it (``_choice``); the evaluation that is reported (``evaluation``).
"""

from __future__ import annotations

from dataclasses import dataclass

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from patron.clv._months import DAYS_PER_MONTH
from patron.snapshots import (
    Aggregate,
    CustomerTables,
    History,
    aggregate,
    history_before,
    purchase_days_between,
    purchase_summary,
)

Floats = NDArray[np.float64]

_LONGEST_DAYS = 180
_FEWEST_DAYS = 28


@dataclass(frozen=True)
class Evidence:
    """The last part of a ledger, held out.

    Parameters
    ----------
    earlier : DataFrame, m rows
        Purchase summary before the held-out days.
    orders_ahead, orders_before : ndarray, shape (m,)
        Orders of the same customers in the held-out days, and in as many days before them.
    days : int
        Length of the held-out period.
    orders_by_month : ndarray
        Orders in each month of 30.4375 days before the end of what is known, oldest first.
    """

    earlier: pd.DataFrame
    orders_ahead: Floats
    orders_before: Floats
    days: int
    orders_by_month: Floats


def evidence_from(tables: CustomerTables, as_of_day: int, *, minor_digits: int) -> Evidence | None:
    """Hold out the last third of what was known before a day, at most 180 days.

    Parameters
    ----------
    tables : CustomerTables
        The customer-day tables; nothing at or after ``as_of_day`` is used.
    as_of_day : int
        Days since 1970-01-01.
    minor_digits : int
        Decimals of the currency.

    Returns
    -------
    Evidence or None
        None where less than 28 days could be held out.
    """
    known = history_before(tables, as_of_day)
    by_day = _orders_by_day(known)
    if by_day.empty:
        return None
    days = held_out_days(as_of_day - int(by_day.index.min()))
    if days < _FEWEST_DAYS:
        return None
    cut = as_of_day - days
    earlier = purchase_summary(history_before(tables, cut), minor_digits=minor_digits)
    return Evidence(
        earlier=earlier,
        orders_ahead=_orders(tables, cut, as_of_day, earlier["customer_id"]),
        orders_before=_orders(tables, cut - days, cut, earlier["customer_id"]),
        days=days,
        orders_by_month=_by_month(by_day, as_of_day),
    )


def held_out_days(span_days: int) -> int:
    """Return how many of the last days to hold out: a third of the span, at most 180.

    Examples
    --------
    >>> held_out_days(300), held_out_days(1000)
    (100, 180)
    """
    return min(span_days // 3, _LONGEST_DAYS)


def _orders_by_day(known: History) -> pd.Series:
    days = known.days.filter(nw.col("orders") > 0)
    counted = aggregate(days, ["day"], {"customers": Aggregate(nw.col("orders") * 0 + 1, "sum")})
    frame = counted.collect().to_pandas()
    return pd.Series(
        frame["customers"].to_numpy(dtype=np.float64), index=frame["day"].to_numpy(dtype=np.int64)
    )


def _orders(tables: CustomerTables, start: int, end: int, customer: pd.Series) -> Floats:
    counted = purchase_days_between(tables, start, end).set_index("customer_id")["purchase_days"]
    return counted.reindex(customer).fillna(0).to_numpy(dtype=np.float64)


def _by_month(by_day: pd.Series, as_of_day: int) -> Floats:
    """Whole months only, counted back from the end of what is known."""
    age = (as_of_day - 1 - by_day.index.to_numpy()) // DAYS_PER_MONTH
    months = int((as_of_day - by_day.index.min()) // DAYS_PER_MONTH)
    counts = np.bincount(age.astype(np.int64), weights=by_day.to_numpy(), minlength=months)
    return counts[:months][::-1].astype(np.float64)
