"""Histories that differ in what a feature must not look at, and how two answers differ.

In:  an order history.
Out: the same history with fewer, more, renamed or reordered customers, in another year, with another future.
Not here: asking the function (`custom_check`).
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

import narwhals as nw
import numpy as np
import pandas as pd

from patron.snapshots import CustomerTables, History, history_before

#: In 28 years the calendar repeats (weekdays and leap years), between 1901 and 2099.
_28_YEARS_DAYS = 10_227
_FEW_CUSTOMERS = 1000
_SAME = 1e-9


class Change(NamedTuple):
    """A changed history that must give the same values.

    Parameters
    ----------
    tried : str
        What it tries.
    words : str
        What a difference would mean.
    history : pandas.DataFrame
        To be asked about.
    ids : dict
        Customers to look at: id in this history -> id in the true one.
    """

    tried: str
    words: str
    history: pd.DataFrame
    ids: dict[str, str]


def changes(history: pd.DataFrame) -> Iterator[Change]:
    """Change a history in every way that concerns other customers; large bases are thinned out.

    Parameters
    ----------
    history : pandas.DataFrame
        Of `custom.order_history`.

    Yields
    ------
    Change
    """
    everybody = sorted(set(history["customer_id"]))
    some = everybody[:: max(2, len(everybody) // _FEW_CUSTOMERS + 1)]
    part = history[history["customer_id"].isin(some)]
    same = {i: i for i in some}
    looks = "it looks at other customers: with"
    yield Change("part", f"{looks} {len(some):,} of {len(everybody):,} customers", part, same)
    for one in sorted({some[0], some[len(some) // 2], some[-1]}):
        alone = part[part["customer_id"] == one]
        yield Change("part", f"{looks} one customer alone", alone, {one: one})
    yield Change("strangers", f"{looks} more of them", _with_strangers(part, set(everybody)), same)
    renamed = {i: f"{i}0" for i in some}  # an id of digits stays one
    blocks = [rows for _, rows in part.groupby("customer_id", sort=True)][::-1]
    other = pd.concat(blocks)
    other = other.assign(customer_id=other["customer_id"].map(renamed))
    words = "it goes by a customer's id or place among the rows (a table from outside?): under other ids"
    yield Change("renamed", words, _as_before(other, part), {new: old for old, new in renamed.items()})


def _with_strangers(part: pd.DataFrame, taken: set[str]) -> pd.DataFrame:
    """Put customers before and after the others, who order more often and a thousand times as much."""
    few = part[part["customer_id"].isin(sorted(set(part["customer_id"]))[:50])]
    few = few.assign(orders=few["orders"] * 9, **{c: few[c] * 1000 + 7 for c in ("spend", "refund")})
    before, after = (
        few.assign(customer_id=beginning + few["customer_id"].astype(str)) for beginning in ("!", "~~")
    )
    whole = [rows[~rows["customer_id"].isin(taken)] for rows in (before, after)]
    return _as_before(pd.concat([whole[0], part, whole[1]]), part)


def _as_before(changed: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    return changed.astype(history.dtypes.to_dict())


def moved_28_years(history: pd.DataFrame, as_of: date) -> tuple[pd.DataFrame, date] | None:
    """Move history and day by 28 years, after which weekdays and leap years are the same.

    Parameters
    ----------
    history : pandas.DataFrame
        Of `custom.order_history`.
    as_of : date
        The day.

    Returns
    -------
    tuple of DataFrame and date, or None
        None where the calendar does not repeat.
    """
    if history["day"].min().year - 28 < 1901 or as_of.year >= 2099:
        return None
    moved = history.assign(day=history["day"] - pd.Timedelta(days=_28_YEARS_DAYS))
    return _as_before(moved, history), as_of - datetime.timedelta(days=_28_YEARS_DAYS)


def with_other_future(tables: CustomerTables, day: int) -> History:
    """Return what was known before a day, from a log in which everything from that day on is another.

    Parameters
    ----------
    tables : CustomerTables
        The customer-day tables.
    day : int
        Days since 1970-01-01.

    Returns
    -------
    History
    """
    later = nw.col("day") >= day
    names = ("orders", "spend", "refund")
    changed = {c: nw.when(later).then(nw.col(c) * 7 + 1).otherwise(nw.col(c)) for c in names}
    return history_before(CustomerTables(days=tables.days.with_columns(**changed), merges=tables.merges), day)


def difference(expected: pd.DataFrame, found: pd.DataFrame) -> str | None:
    """Name one customer whose values differ by more than rounding.

    Parameters
    ----------
    expected, found : pandas.DataFrame
        ``customer_id`` and the same columns of numbers; a customer left out counts as missing values.

    Returns
    -------
    str or None
        None where there is no difference.

    Examples
    --------
    >>> a = pd.DataFrame({"customer_id": ["x", "y"], "n": [1.0, 2.0]})
    >>> difference(a, a.assign(n=[1.0, 5.0]))
    'customer y has n 5 instead of 2'
    """
    left, right = expected.set_index("customer_id"), found.set_index("customer_id")
    everybody = left.index.union(right.index)
    left, right = left.reindex(everybody), right.reindex(everybody)
    for name in left:
        a, b = left[name].to_numpy(np.float64), right[name].to_numpy(np.float64)
        apart = ~np.isclose(a, b, rtol=_SAME, atol=1e-12, equal_nan=True)
        if apart.any():
            at = int(np.argmax(apart))
            return f"customer {everybody[at]} has {name} {b[at]:g} instead of {a[at]:g}"
    return None
