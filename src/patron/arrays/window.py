"""Values of the rows before, within groups and by an order.

In: columns. Out: a column. Not here: aggregates.
"""

from __future__ import annotations

import numpy as np

from patron.arrays.column import Column
from patron.arrays.keys import is_sorted, joint_keys


def shifted(column: Column, keys: list[Column], order_by: list[Column], rows: int) -> Column:
    """Return the value `rows` rows before, by an order within the groups; missing where there is none."""
    if rows < 1 or not order_by:
        raise NotImplementedError("a shift on arrays looks back over an order")
    size = len(column.values)
    place = joint_keys([*keys, *order_by]).codes
    order = np.arange(size) if is_sorted(place) else np.argsort(place, kind="stable")
    before = np.full(size, -1)
    if size > rows:
        group = joint_keys(keys).codes[order] if keys else np.zeros(size, dtype=np.int64)
        same = group[rows:] == group[:-rows]
        before[order[rows:][same]] = order[:-rows][same]
    return at_or_missing(column, before)


def at_or_missing(column: Column, rows: np.ndarray) -> Column:
    """Take rows; -1 stands for a missing one."""
    none = rows < 0
    if not none.any():
        return column.take(rows)
    if not len(column.values):
        return _nothing(column, len(rows))
    found = column.take(np.where(none, 0, rows))
    if column.texts is not None:
        return Column(np.where(none, -1, found.values).astype(np.int32), texts=column.texts)
    if column.kind == "f":
        return Column(np.where(none, np.nan, found.values))
    return Column(found.values, none if found.null is None else found.null | none)


def _nothing(column: Column, rows: int) -> Column:
    if column.texts is not None:
        return Column(np.full(rows, -1, dtype=np.int32), texts=column.texts)
    if column.kind == "f":
        return Column(np.full(rows, np.nan))
    return Column(np.zeros(rows, dtype=column.values.dtype), np.ones(rows, dtype=bool))
