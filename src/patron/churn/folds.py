"""Rolling out-of-time folds: learn from snapshots whose outcome was known, predict a later one.

A random split would let a model see the season and the customers it is judged on; here the training rows of
a fold all have their outcome window behind the test snapshot (a gap of one horizon).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from patron.snapshots import disjoint_windows


class Fold(NamedTuple):
    """One test snapshot with the rows to learn from.

    Parameters
    ----------
    test_day : int
        Days since 1970-01-01.
    train, test : numpy.ndarray of bool, shape (n_rows,)
        Rows of the panel.
    """

    test_day: int
    train: np.ndarray
    test: np.ndarray


def rolling_folds(as_of_day: np.ndarray, *, horizon_days: int, max_folds: int = 4) -> list[Fold]:
    """Return folds with disjoint test windows, oldest first.

    Parameters
    ----------
    as_of_day : numpy.ndarray of int, shape (n_rows,)
        Snapshot of each row.
    horizon_days : int
        Length of the outcome window, and so the gap.
    max_folds : int
        The newest this many.

    Returns
    -------
    list of Fold
        Empty where no snapshot has a matured one before it.

    Examples
    --------
    >>> [f.test_day for f in rolling_folds(np.array([0, 30, 60, 90, 120]), horizon_days=60)]
    [60, 120]
    """
    days = sorted({int(day) for day in as_of_day})
    tests = [day for day in disjoint_windows(days, horizon_days) if days[0] + horizon_days <= day]
    return [Fold(day, as_of_day + horizon_days <= day, as_of_day == day) for day in tests[-max_folds:]]
