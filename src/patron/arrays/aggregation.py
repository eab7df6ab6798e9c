"""One value per group: sums, extremes, counts, quantiles.

In: a column and a `Grouping`. Out: a column with a row per group. Not here: expressions.

Integer sums are exact within 64 bits; sums of floats are exact for whole numbers below 2^53. Missing values
are left out; a group without any value has the sum 0 and no minimum, median or quantile.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from patron.arrays.column import Array, Column
from patron.arrays.keys import Grouping, joint_keys

_WHOLE = 2.0**40


def total(column: Column, groups: Grouping) -> Column:
    """Sum up."""
    values = _without_null(column, 0)
    if values.dtype.kind != "f":
        values = values.astype(np.int64, copy=False)
    return Column(_reduce(np.add, values, groups, 0))


def smallest(column: Column, groups: Grouping) -> Column:
    """Take the minimum."""
    return _extreme(column, groups, np.minimum, np.fmin)


def largest(column: Column, groups: Grouping) -> Column:
    """Take the maximum."""
    return _extreme(column, groups, np.maximum, np.fmax)


def count(column: Column, groups: Grouping) -> Column:
    """Count values that are not missing."""
    return Column(_counts(column, groups))


def size(groups: Grouping) -> Column:
    """Count rows."""
    return Column(groups.counts.astype(np.int64, copy=False))


def distinct(column: Column, groups: Grouping) -> Column:
    """Count distinct values; missing is one of them."""
    number = Column(groups.number())
    pairs = joint_keys(
        [number, Column(groups.arrange(column.values), _arranged_null(column, groups), column.texts)]
    )
    rows = np.unique(pairs.codes, return_index=True)[1]
    return Column(np.bincount(number.values[rows], minlength=groups.groups).astype(np.int64))


def median(column: Column, groups: Grouping) -> Column:
    """Take the middle value, or the mean of the two middle ones."""
    values, starts, counts = _ranked(column, groups)
    low, high = (counts - 1) // 2, counts // 2
    return _at(counts, lambda at: (values[(starts + low)[at]] + values[(starts + high)[at]]) / 2)


def quantile(column: Column, groups: Grouping, share: float) -> Column:
    """Interpolate between neighbours."""
    values, starts, counts = _ranked(column, groups)
    place = share * (counts - 1)
    low = np.floor(place).astype(np.int64)
    high, rest = np.minimum(low + 1, np.maximum(counts - 1, 0)), place - low

    def between(at: Array) -> Array:
        below, above = values[(starts + low)[at]], values[(starts + high)[at]]
        return np.asarray(below + (above - below) * rest[at])

    return _at(counts, between)


def _at(counts: Array, value_of: Callable[[Array], Array]) -> Column:
    """Compute a float per group that has values."""
    found = np.full(len(counts), np.nan)
    known = np.flatnonzero(counts > 0)
    if len(known):
        found[known] = value_of(known)
    return Column(found)


def _ranked(column: Column, groups: Grouping) -> tuple[Array, Array, Array]:
    """Return the known values sorted within groups, and where each group starts and how many it has."""
    kept = groups.ranked.get(id(column))
    if kept is None:
        known = np.flatnonzero(~groups.arrange(column.null)) if column.null is not None else slice(None)
        numbers = groups.arrange(column.values)[known].astype(np.float64)
        values = _sorted_within(groups.number()[known], numbers)
        kept = groups.ranked[id(column)] = (column, values, _counts(column, groups))
    starts = np.cumsum(kept[2]) - kept[2]
    return kept[1], starts, kept[2]


def _sorted_within(number: Array, values: Array) -> Array:
    """Sort values within groups; whole ones, as days are, as one integer each: several times faster."""
    if not len(values):
        return values
    low, high = float(values.min()), float(values.max())
    if high - low < _WHOLE and abs(low) < _WHOLE and (number[-1] + 1) * (high - low + 1) < 2.0**62:
        whole = values.astype(np.int64)
        if (whole == values).all():
            span = int(high - low) + 1
            keys = np.sort(number * span + (whole - int(low)))
            return np.asarray((keys % span + int(low)).astype(np.float64))
    return np.asarray(values[np.lexsort((values, number))])


def _counts(column: Column, groups: Grouping) -> Array:
    if column.null is None:
        return np.asarray(groups.counts.astype(np.int64, copy=False))
    return _reduce(np.add, (~column.null).astype(np.int64), groups, 0)


def _extreme(column: Column, groups: Grouping, whole: Any, floats: Any) -> Column:
    if column.kind == "f":
        return Column(_reduce(floats, column.values, groups, np.nan))
    values: Array = column.values
    if column.texts is not None:
        values = column.texts.ranks[values] if len(column.texts) else values
    elif values.dtype.kind == "b":
        values = values.astype(np.int64)
    counts = _counts(column, groups)
    if column.null is not None:
        limit = np.iinfo(values.dtype)
        values = np.where(column.null, limit.max if whole is np.minimum else limit.min, values)
    found = _reduce(whole, values, groups, 0)
    none = counts == 0
    if column.texts is not None:
        codes = column.texts.order[np.where(none, 0, found)] if len(column.texts) else found
        return Column(np.where(none, -1, codes).astype(np.int32), texts=column.texts)
    if column.kind == "b":
        found = found > 0
    return Column(found, none if none.any() else None)


def _reduce(how: Any, values: Array, groups: Grouping, nothing: Any) -> Array:
    if not groups.rows:
        return np.full(groups.groups, nothing, dtype=values.dtype)
    return np.asarray(how.reduceat(groups.arrange(values), groups.starts))


def _without_null(column: Column, instead: int) -> Array:
    return column.values if column.null is None else np.where(column.null, instead, column.values)


def _arranged_null(column: Column, groups: Grouping) -> Array | None:
    return None if column.null is None else groups.arrange(column.null)
