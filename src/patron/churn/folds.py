"""Rolling out-of-time folds: learn from snapshots whose outcome was known, predict a later one.

A random split would let a model see the season and the customers it is judged on; here the training rows of
a fold all have their outcome window behind the test snapshot (a gap of one horizon).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from patron.snapshots import disjoint_windows

#: Most folds that evidence is drawn from: each costs a fit of every entrant.
MOST_FOLDS = 8


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


def evidence_folds(as_of_day: np.ndarray, *, horizon_days: int, max_folds: int = MOST_FOLDS) -> list[Fold]:
    """Return the folds that entrants are compared on: every snapshot with enough to learn from before it.

    Their windows overlap, which costs nothing where models are only compared and shows more seasons than
    disjoint windows do.

    Parameters
    ----------
    as_of_day : numpy.ndarray of int, shape (n_rows,)
        Snapshot of each row.
    horizon_days : int
        Length of the outcome window, and so the gap.
    max_folds : int
        At most this many, evenly spread, the newest among them.

    Returns
    -------
    list of Fold
        Oldest first. A fold that learns from less than half of the snapshots tells little about a model
        that learns from all; such folds serve only where there are no others.

    Examples
    --------
    >>> [f.test_day for f in evidence_folds(np.arange(0, 240, 30), horizon_days=60)]
    [150, 180, 210]
    """
    days = np.unique(as_of_day)
    behind = {int(day): int((days + horizon_days <= day).sum()) for day in days}
    tests = [day for day, count in behind.items() if 2 * count >= len(days)]
    tests = tests or [day for day, count in behind.items() if count][-1:]
    if len(tests) > max_folds:
        places = np.linspace(0, len(tests) - 1, max_folds).round().astype(int)
        tests = [tests[place] for place in places]
    return [Fold(day, as_of_day + horizon_days <= day, as_of_day == day) for day in tests]
