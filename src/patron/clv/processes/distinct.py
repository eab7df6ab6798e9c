"""Distinct values of an array without a sort, where they lie on a grid.

In: an array. Out: its distinct values and the place of every entry among them.
Not here: what is computed from them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_ROOM = 65_536  # a grid may have so many points more than there are rows


class Distinct(NamedTuple):
    """Distinct values and where each entry finds its own: ``values[place]`` is the array again.

    Parameters
    ----------
    values : ndarray, shape (m,)
        The distinct values, ascending.
    place : ndarray of int, shape (n,)
        Index into ``values``.
    """

    values: Floats
    place: NDArray[np.intp]


def distinct(array: Floats, per_unit: float) -> Distinct:
    """Find the distinct values of an array of finite numbers of 0 or more.

    Parameters
    ----------
    array : ndarray, shape (n,)
        Finite, not negative.
    per_unit : float
        Points of the grid per unit: 7 for times in weeks known to the day. Values off the grid are sorted.

    Examples
    --------
    >>> distinct(np.array([2.0, 0.0, 2.0]), 1.0).place.tolist()
    [1, 0, 1]
    """
    bucket = np.rint(array * per_unit).astype(np.intp)
    size = int(bucket.max(initial=0)) + 1
    if size <= array.size + _ROOM:
        held = np.full(size, np.nan)
        held[bucket] = array
        # one value per bucket: whatever the rounding of weeks, equal days are then equal numbers
        if np.array_equal(held[bucket], array):
            seen = held == held
            return Distinct(held[seen], (np.cumsum(seen) - 1)[bucket])
    values, place = np.unique(array, return_inverse=True)
    return Distinct(values, place.reshape(-1))
