"""Rows that are alike in their keys: one integer per row, one sort for every aggregate.

In: key columns. Out: a `Grouping`. Not here: what is computed per group (``aggregation``).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from patron.arrays.column import Array, Column

#: Products of key ranges stay below it, so that a key fits into 64 bits.
_LARGEST_KEY = 2**62


class Keys(NamedTuple):
    """A number within ``[0, size)`` per row; equal numbers are equal keys (missing equals missing)."""

    codes: Array
    size: int


class Grouping:
    """Rows by group: `order` sorts them (None: they are sorted), `starts` is each group's first place.

    ``first`` names a row of each group; ``ranked`` keeps values sorted within groups, by column.
    """

    def __init__(self, rows: int, order: Array | None, starts: Array) -> None:
        self.rows, self.order, self.starts = rows, order, starts
        self.groups = len(starts)
        self.counts = np.diff(np.append(starts, rows))
        self.ranked: dict[int, tuple[Column, Array, Array]] = {}

    @property
    def first(self) -> Array:
        """A row of each group."""
        return self.starts if self.order is None else self.order[self.starts]

    def arrange(self, values: Array) -> Array:
        """Bring a value per row into the order of the groups."""
        return values if self.order is None else values[self.order]

    def number(self) -> Array:
        """Return the group of each row, in the order of the groups."""
        return np.repeat(np.arange(self.groups), self.counts)

    def spread(self, column: Column) -> Column:
        """Give every row the value of its group."""
        number = self.number()
        if self.order is None:
            return column.take(number)
        rows = np.empty(self.rows, dtype=np.int64)
        rows[self.order] = number
        return column.take(rows)


def whole(rows: int) -> Grouping:
    """Return all rows, of which there may be none, as one group."""
    return Grouping(rows, None, np.zeros(1, dtype=np.int64))


def grouping_of(keys: list[Column], rows: int) -> Grouping:
    """Group rows by their keys; asked again about the same columns, the answer is kept."""
    others = keys[1:]
    identity = tuple(map(id, others))
    kept = keys[0].groupings.get(identity)
    if kept is None:
        # the other columns stay alive beside the grouping, so no further one can take their identity
        kept = keys[0].groupings[identity] = (_sorted_groups(joint_keys(keys).codes), others)
    grouping: Grouping = kept[0]
    assert grouping.rows == rows
    return grouping


def _sorted_groups(codes: Array) -> Grouping:
    order = None
    if not is_sorted(codes):
        order = np.argsort(codes)
        codes = codes[order]
    if not len(codes):
        return Grouping(0, None, np.zeros(0, dtype=np.int64))
    starts = np.flatnonzero(codes[1:] != codes[:-1]) + 1
    return Grouping(len(codes), order, np.concatenate([np.zeros(1, dtype=np.int64), starts]))


def is_sorted(codes: Array) -> bool:
    """Tell whether no value is below the one before it."""
    return not bool((codes[1:] < codes[:-1]).any())


def joint_keys(columns: list[Column]) -> Keys:
    """Give a number to the combinations of several columns."""
    found = keys_of(columns[0])
    for column in columns[1:]:
        more = keys_of(column)
        if found.size * more.size >= _LARGEST_KEY:
            found, more = _dense(found.codes), _dense(more.codes)
        found = Keys(found.codes * more.size + more.codes, found.size * more.size)
    return found


def keys_of(column: Column) -> Keys:
    """Give a number to the values of a column; 0 is for missing ones."""
    values, kind = column.values, column.kind
    if kind == "t":
        return Keys(values.astype(np.int64) + 1, len(_texts(column)) + 1)
    if not len(values):
        return Keys(values.astype(np.int64), 1)
    if kind == "f":
        return _dense_floats(values)
    numbers = values.astype(np.int64)
    low, high = int(numbers.min()), int(numbers.max())
    if high - low >= _LARGEST_KEY:
        found = _dense(numbers)
        numbers, low, high = found.codes, 0, found.size - 1
    codes = numbers - low + 1
    if column.null is not None:
        codes[column.null] = 0
    return Keys(codes, high - low + 2)


def _texts(column: Column) -> Any:
    return column.texts


def _dense(codes: Array) -> Keys:
    distinct, inverse = np.unique(codes, return_inverse=True)
    return Keys(inverse.astype(np.int64, copy=False), len(distinct) + 1)


def _dense_floats(values: Array) -> Keys:
    """NaNs are equal, and so are 0 and -0."""
    found = _dense(values + 0.0)
    return Keys(found.codes + 1, found.size + 1)
