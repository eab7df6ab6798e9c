"""Customers that were given a new id: from `effective_on` on, their history counts under the new one.

A merge is itself a fact with a date: a snapshot taken before it sees two customers, one taken after it
sees one. Cycles are errors.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import narwhals as nw

from patron.errors import LedgerError
from patron.snapshots.aggregate import Aggregate, aggregate


class CustomerMerge(NamedTuple):
    """One re-keying.

    Parameters
    ----------
    old_id, new_id : str
        Customer ids.
    effective_day : int
        Days since 1970-01-01; known to snapshots after this day.
    """

    old_id: str
    new_id: str
    effective_day: int


def merge_customers(merges: Sequence[CustomerMerge], as_of_day: int) -> dict[str, str]:
    """Return old id -> last id, for the merges known before a day.

    Parameters
    ----------
    merges : sequence of CustomerMerge
        In any order.
    as_of_day : int
        Days since 1970-01-01, exclusive.

    Returns
    -------
    dict
        Chains are followed to their end.

    Raises
    ------
    LedgerError
        If an id leads back to itself, or one old id has two new ids.

    Examples
    --------
    >>> merge_customers([CustomerMerge("a", "b", 10), CustomerMerge("b", "c", 20)], as_of_day=21)
    {'a': 'c', 'b': 'c'}
    >>> merge_customers([CustomerMerge("a", "b", 10), CustomerMerge("b", "c", 20)], as_of_day=20)
    {'a': 'b'}
    """
    known = sorted({m for m in merges if m.effective_day < as_of_day})
    step = {m.old_id: m.new_id for m in known}
    twice = sorted({m.old_id for m in known if step[m.old_id] != m.new_id})
    if twice:
        raise LedgerError(
            f"customer_merges: {len(twice)} old ids have two new ids, e.g. '{twice[0]}'. Keep one row each."
        )
    return {old: _last(old, step) for old in step}


def probable_rekeys(days: nw.LazyFrame[Any]) -> list[tuple[str, str]]:
    """Find pairs of ids where one ends before a similar one starts; only a suggestion, nothing is merged.

    Two ids are similar when they hold the same digits (at least three, leading zeros aside): ``0815`` and
    ``C-815``.

    Parameters
    ----------
    days : narwhals.LazyFrame
        The customer-day table.

    Returns
    -------
    list of (str, str)
        Old id, new id, sorted.
    """
    span = aggregate(
        days,
        ["customer_id"],
        {"first": Aggregate(nw.col("day"), "min"), "last": Aggregate(nw.col("day"), "max")},
    )
    frame = span.collect().to_pandas().sort_values(["first", "customer_id"])
    alike: dict[str, list[tuple[str, int, int]]] = {}
    for row in zip(frame["customer_id"], frame["first"], frame["last"], strict=True):
        digits = "".join(c for c in row[0] if c.isdigit()).lstrip("0")
        if len(digits) >= 3:
            alike.setdefault(digits, []).append(row)
    pairs = [(a, b) for group in alike.values() for a, b in pairwise(group)]
    return sorted((old[0], new[0]) for old, new in pairs if old[2] < new[1])


def rename(frame: nw.LazyFrame[Any], names: dict[str, str]) -> nw.LazyFrame[Any]:
    """Replace customer ids, on the frame's own engine.

    Parameters
    ----------
    frame : narwhals.LazyFrame
        With ``customer_id``.
    names : dict
        Old id -> new id.

    Returns
    -------
    narwhals.LazyFrame
    """
    customer = nw.col("customer_id")
    return frame.with_columns(
        customer_id=customer.replace_strict(names, default=customer, return_dtype=nw.String)
    )


def _last(start: str, step: dict[str, str]) -> str:
    seen, here = {start}, step[start]
    while here in step:
        if here in seen:
            raise LedgerError(
                f"customer_merges: '{here}' leads back to itself by way of '{step[here]}'. "
                "Remove one of the rows."
            )
        seen.add(here)
        here = step[here]
    return here
