"""Which day is today, in the ledger. In: rows per day. Out: as_of, or why not. Not here: the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from patron.errors import LedgerError

_EPOCH = date(1970, 1, 1)
_FAR_DAYS = 30
_QUANTILE = 0.999
_LONG_BEFORE_DAYS = 3653


@dataclass(frozen=True)
class DayCount:
    """Readable rows of a day, and those of them that are orders (positive, not excluded)."""

    day: int
    rows: int
    orders: int


def day_number(day: date) -> int:
    """Days since 1970-01-01.

    >>> day_number(date(1970, 1, 3))
    2
    """
    return (day - _EPOCH).days


def as_date(day: int) -> date:
    """Return the date of a day number."""
    return _EPOCH + timedelta(days=int(day))


def row_quantile(days: Sequence[DayCount], q: float) -> float:
    """Quantile of the rows' days, linear between neighbours (the usual definition), from sorted counts."""
    ends = np.cumsum([d.rows for d in days])
    place = q * (int(ends[-1]) - 1)
    low, high = (
        days[int(np.searchsorted(ends, k, side="right"))].day for k in (int(place), int(np.ceil(place)))
    )
    return low + (high - low) * (place - int(place))


def latest_as_of(days: Sequence[DayCount], today: date) -> date:
    """Return the day after the last order that is not later than today.

    Raises
    ------
    LedgerError
        No order up to today, or the last one lies far after the rest.
    """
    past = [d for d in days if d.day <= day_number(today)]
    orders = [d for d in past if d.orders]
    if not orders:
        message = (
            f"no order with a positive amount up to {today}; check ledger.columns, or set as_of to a day"
        )
        raise LedgerError(message)
    last = orders[-1]
    if last.day - row_quantile(past, _QUANTILE) > _FAR_DAYS:
        before = max((d.day for d in past if d.day < last.day), default=last.day)
        message = (
            f"the last order is dated {as_date(last.day)} ({last.orders:,} rows), but 99.9 % of the "
            "rows lie more than "
            f"{_FAR_DAYS} days before it (the day before it with rows is {as_date(before)}); set "
            "as_of to a day, or fix the date"
        )
        raise LedgerError(message)
    return as_date(last.day + 1)


def check_as_of(days: Sequence[DayCount], as_of: date) -> None:
    """Refuse a day that leaves nothing before it."""
    first = as_date(days[0].day)
    if as_of <= first:
        message = (
            f"as_of {as_of} leaves no order before it: the first order is on {first}; choose a later day"
        )
        raise LedgerError(message)


def early_warning(days: Sequence[DayCount]) -> list[str]:
    """Warn of rows dated years before the rest, the default dates of many systems."""
    start = row_quantile(days, 1 - _QUANTILE)
    early = [d for d in days if d.day < start - _LONG_BEFORE_DAYS]
    if not early:
        return []
    rows = sum(d.rows for d in early)
    return [
        f"{rows:,} rows are dated more than ten years before the rest, the first on "
        f"{as_date(early[0].day)}; fix their dates"
    ]
