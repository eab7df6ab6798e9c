"""The customer-day table as sorted arrays: any customer's totals before any day, by one binary search.

In:  the customer tables and `as_of`; nothing at or after `as_of` is taken.
Out: `LedgerDays`, which answers "how much before this day" for all customers at once.
Not here: periods and what is counted in them (`flows`, `metrics`).

Twenty-five months of metrics are then one query and some sorting instead of a query per month.
Customers that were given a new id count under the id known at `as_of` in every period: a re-keyed customer is
neither lost nor new.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from patron.errors import NotEnoughData
from patron.snapshots import CustomerTables, history_before, merge_customers

Ints = NDArray[np.int64]
#: A last purchase day before any other, for customers without one.
NEVER = -(2**40)
#: A first purchase day after any other.
NOT_YET = 2**40


class Totals(NamedTuple):
    """What is known about each customer before a day; arrays of shape (n_customers,).

    Parameters
    ----------
    orders, purchase_days : ndarray of int
        How many.
    spend, refund : ndarray of int
        Minor units, both >= 0.
    last_purchase_day : ndarray of int
        Days since 1970-01-01; `NEVER` without a purchase.
    """

    orders: Ints
    purchase_days: Ints
    spend: Ints
    refund: Ints
    last_purchase_day: Ints

    @property
    def revenue(self) -> Ints:
        """Spend less refunds, minor units."""
        return self.spend - self.refund


class Gaps(NamedTuple):
    """Gaps between purchase days; arrays of shape (n_gaps,).

    Parameters
    ----------
    code : ndarray of int
        Whose gap.
    gap_days : ndarray of int
        How long.
    end_day : ndarray of int
        The purchase day that ended it.
    """

    code: Ints
    gap_days: Ints
    end_day: Ints


@dataclass(frozen=True)
class LedgerDays:
    """All customer-days before `as_of`, sorted by customer and day.

    Parameters
    ----------
    customer_id : ndarray of str, shape (n_customers,)
        Sorted; positions in it are the customers' codes.
    code, day : ndarray of int, shape (n_rows,)
        Customer and day of each row.
    sums : ndarray of int, shape (n_rows + 1, 4)
        Running totals of orders, purchase days, spend and refund; row 0 is zero.
    last_purchase : ndarray of int, shape (n_rows,)
        The customer's last purchase day up to and including the row.
    first_row : ndarray of int, shape (n_customers,)
        Where each customer's rows begin.
    first_purchase_day : ndarray of int, shape (n_customers,)
        Days since 1970-01-01; `NOT_YET` without one.
    as_of_day : int
        Days since 1970-01-01.
    new_id_of : dict
        Old id -> new id, for the merges known at `as_of`.
    """

    customer_id: NDArray[np.object_]
    code: Ints
    day: Ints
    sums: Ints
    last_purchase: Ints
    first_row: Ints
    first_purchase_day: Ints
    as_of_day: int
    new_id_of: dict[str, str]

    @property
    def first_day(self) -> int:
        """The ledger's first purchase day."""
        return int(self.first_purchase_day.min())

    def before(self, day: int | Ints) -> Totals:
        """Return each customer's totals before a day, or before a day of its own."""
        row = self._row_at(day)
        totals = self.sums[row] - self.sums[self.first_row]
        any_row = row > self.first_row
        last = np.where(any_row, self.last_purchase[np.maximum(row - 1, 0)], NEVER)
        return Totals(totals[:, 0], totals[:, 1], totals[:, 2], totals[:, 3], last)

    def codes_of(self, customer_id: pd.Series) -> Ints:
        """Return the codes of customers, by their old or new ids; -1 for one that is not in the ledger."""
        newest = customer_id.astype(object).replace(self.new_id_of)
        return np.asarray(pd.Index(self.customer_id).get_indexer(pd.Index(newest)), dtype=np.int64)

    @cached_property
    def gaps(self) -> Gaps:
        """All gaps between purchase days, sorted by customer and length: sorted once for every period."""
        bought = np.diff(self.sums[:, 1]) > 0
        code, day = self.code[bought], self.day[bought]
        same = code[1:] == code[:-1]
        code, gap, end = code[1:][same], (day[1:] - day[:-1])[same], day[1:][same]
        order = np.lexsort((gap, code))
        return Gaps(code[order], gap[order], end[order])

    @cached_property
    def _keys(self) -> tuple[Ints, int, int]:
        """Rows as one ascending number each, with the first day and the days per customer in it."""
        low, width = int(self.day.min()), int(self.day.max() - self.day.min()) + 2
        return self.code * width + (self.day - low), low, width

    def _row_at(self, day: int | Ints) -> Ints:
        """Return the first row at or after a day, per customer: rows are sorted by customer, then day."""
        keys, low, width = self._keys
        inside = np.clip(np.asarray(day, dtype=np.int64) - low, 0, width - 1)
        wanted = np.arange(len(self.customer_id), dtype=np.int64) * width + inside
        return np.searchsorted(keys, wanted).astype(np.int64)


def ledger_days(tables: CustomerTables, as_of_day: int) -> LedgerDays:
    """Collect the customer-day table once and sort it.

    Parameters
    ----------
    tables : CustomerTables
        By customer and day.
    as_of_day : int
        Days since 1970-01-01; only what lies before is taken.

    Returns
    -------
    LedgerDays

    Raises
    ------
    NotEnoughData
        If nobody ordered before that day.
    """
    columns = ["customer_id", "day", "orders", "spend", "refund"]
    table = history_before(tables, as_of_day).days.select(*columns).collect().to_pandas()
    if not (table["orders"] > 0).any():
        raise NotEnoughData("No customer has a purchase day before as_of.", "Set a later as_of.")
    code, ids = pd.factorize(table["customer_id"].astype(object), sort=True)
    numbers = table[columns[1:]].to_numpy(dtype=np.int64)
    order = np.lexsort((numbers[:, 0], code))
    code, (day, orders, spend, refund) = code[order].astype(np.int64), numbers[order].T
    bought = orders > 0
    sums = np.zeros((len(day) + 1, 4), dtype=np.int64)
    np.cumsum(np.column_stack([orders, bought, spend, refund]), axis=0, out=sums[1:])
    first = np.full(len(ids), NOT_YET, dtype=np.int64)
    np.minimum.at(first, code[bought], day[bought])
    return LedgerDays(
        customer_id=np.asarray(ids, dtype=object),
        code=code,
        day=day,
        sums=sums,
        last_purchase=_last_purchase(code, day, bought),
        first_row=np.searchsorted(code, np.arange(len(ids))).astype(np.int64),
        first_purchase_day=first,
        as_of_day=as_of_day,
        new_id_of=merge_customers(tables.merges, as_of_day),
    )


def _last_purchase(code: Ints, day: Ints, bought: NDArray[np.bool_]) -> Ints:
    """Carry the last purchase day forward over days that only hold refunds, within a customer."""
    row = np.maximum.accumulate(np.where(bought, np.arange(len(day)), -1))
    is_own = (row >= 0) & (code[np.maximum(row, 0)] == code)
    return np.where(is_own, day[np.maximum(row, 0)], NEVER)
