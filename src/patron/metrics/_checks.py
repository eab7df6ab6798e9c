"""Checked arrays: what every metric asks of its input, said once.

In:  anything array-like.
Out: float arrays of one length without gaps; one error that names all problems otherwise.
Not here: any metric.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from patron.errors import NotEnoughData, PatronError

Floats = NDArray[np.float64]


def finite_columns(**columns: ArrayLike) -> tuple[Floats, ...]:
    """One-dimensional float arrays of equal length, all finite.

    Raises
    ------
    PatronError
        Naming every column that has another shape or length, or holds gaps.
    """
    arrays = {name: np.asarray(values, dtype=np.float64) for name, values in columns.items()}
    problems = [
        f"{name} must be one-dimensional; it has shape {a.shape}."
        for name, a in arrays.items()
        if a.ndim != 1
    ]
    if not problems and len({len(a) for a in arrays.values()}) > 1:
        lengths = ", ".join(f"{name} {len(a)}" for name, a in arrays.items())
        problems = [f"one row per customer is needed in all of them, but the lengths differ: {lengths}."]
    problems += [_gaps(name, a) for name, a in arrays.items() if not np.isfinite(a).all()]
    if problems:
        raise PatronError(problems)
    return tuple(arrays.values())


def _gaps(name: str, array: Floats) -> str:
    bad = np.flatnonzero(~np.isfinite(array.ravel()))
    first = f"first: row {bad[0]}, {array.ravel()[bad[0]]}"
    return f"{name} must be a finite number: {len(bad)} of {array.size} rows are not ({first})."


def outcomes_and_scores(y: ArrayLike, scores: ArrayLike) -> tuple[Floats, Floats]:
    """Outcomes of 0 and 1 beside any finite scores."""
    outcomes, values = finite_columns(y=y, scores=scores)
    bad = np.flatnonzero((outcomes != 0) & (outcomes != 1))
    if len(bad):
        first = f"first: row {bad[0]}, {outcomes[bad[0]]:g}"
        raise PatronError(f"outcomes must be 0 or 1: {len(bad)} of {len(outcomes)} rows are not ({first}).")
    return outcomes, values


def outcomes_and_probabilities(y: ArrayLike, p: ArrayLike) -> tuple[Floats, Floats]:
    """Outcomes of 0 and 1 beside probabilities, at least one row."""
    outcomes, values = outcomes_and_scores(y, p)
    bad = np.flatnonzero((values < 0) | (values > 1))
    if len(bad):
        first = f"first: row {bad[0]}, {values[bad[0]]:g}"
        raise PatronError(f"probabilities must lie in 0 to 1: {len(bad)} of {len(values)} do not ({first}).")
    if not len(values):
        raise NotEnoughData("no customers to measure: the arrays are empty.")
    return outcomes, values


def actual_and_predicted(actual: ArrayLike, predicted: ArrayLike) -> tuple[Floats, Floats]:
    """Both sorted by prediction, then by actual value.

    Float sums depend on the order of their terms; sorting first makes every metric independent of the
    order of the customers, to the last bit.
    """
    values, predictions = finite_columns(actual=actual, predicted=predicted)
    order = np.lexsort((values, predictions))
    return values[order], predictions[order]
