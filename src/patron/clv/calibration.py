"""Whether totals of what was expected agree with what happened, from small customers to large ones.

In: expected and actual numbers of the same customers. Out: one line per group.
Not here: accuracy of single customers (``metrics``).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from patron.errors import PatronError


def holdout_calibration(expected: ArrayLike, actual: ArrayLike, bins: int = 10) -> list[dict[str, float]]:
    """Compare expected and actual totals by quantile group of what was expected.

    Parameters
    ----------
    expected, actual : array_like, shape (n,)
        Predictions and outcomes of the same customers, in the same unit (orders or money).
    bins : int
        Number of groups of about equal size. Equal expectations stay together, so there may be fewer.

    Returns
    -------
    list of dict
        ``bin`` (1 holds the smallest), ``n``, ``expected_sum``, ``actual_sum``, ``expected_mean``,
        ``actual_mean``.

    Raises
    ------
    PatronError
        When the arrays differ in length, are empty, or hold something that is not a number.

    Examples
    --------
    >>> lines = holdout_calibration([1.0, 2.0, 3.0, 4.0], [0.0, 3.0, 3.0, 5.0], bins=2)
    >>> [(line["n"], line["expected_sum"], line["actual_sum"]) for line in lines]
    [(2, 3.0, 3.0), (2, 7.0, 8.0)]
    """
    foreseen, seen = np.asarray(expected, dtype=np.float64), np.asarray(actual, dtype=np.float64)
    _check(foreseen, seen, bins)
    last = np.ceil(foreseen.size * np.arange(1, bins) / bins).astype(int) - 1
    edges = np.unique(np.sort(foreseen)[np.maximum(last, 0)])
    group = np.searchsorted(edges, foreseen, side="left")
    members = [np.flatnonzero(group == value) for value in np.unique(group)]
    return [_line(number, foreseen[rows], seen[rows]) for number, rows in enumerate(members, start=1)]


def _line(number: int, expected: np.ndarray, actual: np.ndarray) -> dict[str, float]:
    # fsum: the same totals in whatever order the rows come
    sums = {"expected": math.fsum(expected), "actual": math.fsum(actual)}
    line: dict[str, float] = {"bin": number, "n": expected.size}
    line |= {f"{name}_sum": total for name, total in sums.items()}
    return line | {f"{name}_mean": total / expected.size for name, total in sums.items()}


def _check(expected: np.ndarray, actual: np.ndarray, bins: int) -> None:
    problems = []
    if expected.ndim != 1 or expected.shape != actual.shape:
        problems.append(f"expected and actual must be of one length, not {expected.shape} and {actual.shape}")
    if not expected.size:
        problems.append("there is no customer to compare")
    for name, values in (("expected", expected), ("actual", actual)):
        bad = int((~np.isfinite(values)).sum())
        if bad:
            problems.append(f"{name} holds {bad} values that are not numbers")
    if bins < 1:
        problems.append(f"bins must be at least 1, not {bins}")
    if problems:
        raise PatronError(problems)
