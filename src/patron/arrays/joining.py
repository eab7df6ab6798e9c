"""Which rows of two frames belong together.

In: key columns. Out: places of rows. Not here: the other columns.
"""

from __future__ import annotations

import numpy as np

from patron.arrays.column import Array, Column, stacked
from patron.arrays.keys import joint_keys


def matching_rows(left: list[Column], right: list[Column], how: str) -> tuple[Array, Array]:
    """Return places in the left and (inner join) the right frame of rows with equal keys, left by left."""
    both = [stacked([_wide(a), _wide(b)]) for a, b in zip(left, right, strict=True)]
    codes, rows = joint_keys(both).codes, len(left[0].values)
    known = np.ones(len(codes), dtype=bool)
    for column in both:
        if column.null is not None:
            known &= ~column.null
    there = np.flatnonzero(known[rows:])
    mine, others = codes[:rows], codes[rows:][there]
    if how != "inner":
        found = np.isin(mine, others) & known[:rows]
        return np.flatnonzero(found if how == "semi" else ~found), there
    order = np.argsort(others, kind="stable")
    others = others[order]
    first, last = np.searchsorted(others, mine, "left"), np.searchsorted(others, mine, "right")
    matches = np.where(known[:rows], last - first, 0)
    starts = np.repeat(first - (np.cumsum(matches) - matches), matches)
    return np.repeat(np.arange(rows), matches), there[order][starts + np.arange(len(starts))]


def _wide(column: Column) -> Column:
    if column.kind == "i" and column.values.itemsize < 8:
        return Column(column.values.astype(np.int64), column.null)
    return column
