"""Value metrics over several dates, resampled by customer: the same resamples as in `repeated`.

In:  actual and predicted money and customers of each date.
Out: error, order and total per date, in every draw.
Not here: intervals and differences from the draws (`repeated`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from patron.metrics._checks import Floats, finite_columns
from patron.metrics.bootstrap import DRAWS
from patron.metrics.repeated import Drawn

#: What is computed in every draw, in this order.
DRAWN_VALUE_METRICS = ("mae", "gini", "bias")


class DatedValue(NamedTuple):
    """One value forecast on the customers of one date.

    Parameters
    ----------
    actual, predicted : array of float, shape (n,)
        Currency.
    customer : array of int, shape (n,)
        Number of the customer, the same on every date.
    """

    actual: Floats
    predicted: Floats
    customer: NDArray[np.int64]


def draw_value_metrics(
    dates: Sequence[DatedValue | None], customers: int, draws: int = DRAWS, seed: int = 0
) -> Drawn:
    """Compute mean absolute error, Gini and bias on every date, in resamples of the customers.

    Parameters
    ----------
    dates : sequence of DatedValue or None
        None where the forecast was not there.
    customers : int
        How many customers there are over all dates.
    draws, seed : int
        The same two give the same resamples for every forecast.

    Returns
    -------
    Drawn
        In the order of `DRAWN_VALUE_METRICS`.

    Examples
    --------
    >>> once = DatedValue(np.array([10.0, 0.0]), np.array([6.0, 3.0]), np.array([0, 1]))
    >>> [round(float(v), 2) for v in draw_value_metrics([once], customers=2, draws=1).values[0, 0]]
    [3.5, 1.0, -0.1]
    """
    prepared = [None if date is None else _prepared(date) for date in dates]
    values = np.full((draws + 1, len(dates), len(DRAWN_VALUE_METRICS)), np.nan)
    rows = np.zeros((draws + 1, len(dates)), dtype=np.int64)
    rng = np.random.default_rng(seed)
    weight = np.ones(customers, dtype=np.int64)
    for draw in range(draws + 1):
        for position, date in enumerate(prepared):
            if date is not None:
                values[draw, position], rows[draw, position] = _metrics(date, weight)
        weight = np.bincount(rng.integers(0, customers, customers), minlength=customers)
    return Drawn(values, rows)


class _Prepared(NamedTuple):
    """Rows by predicted value, and by actual value, with where each distinct value begins."""

    actual: Floats
    error: Floats
    customer: NDArray[np.int64]
    starts: NDArray[np.int64]
    by_actual: NDArray[np.int64]
    actual_starts: NDArray[np.int64]


def _prepared(date: DatedValue) -> _Prepared:
    actual, predicted = finite_columns(actual=date.actual, predicted=date.predicted)
    order = np.lexsort((date.customer, actual, predicted))
    actual, predicted = actual[order], predicted[order]
    by_actual = np.argsort(actual, kind="stable")
    return _Prepared(
        actual,
        predicted - actual,
        np.asarray(date.customer)[order],
        np.unique(predicted, return_index=True)[1],
        by_actual,
        np.unique(actual[by_actual], return_index=True)[1],
    )


def _metrics(date: _Prepared, weight: NDArray[np.int64]) -> tuple[list[float], int]:
    drawn = weight[date.customer]
    n = int(drawn.sum())
    if not n:
        return [np.nan] * len(DRAWN_VALUE_METRICS), 0
    total = float((drawn * date.actual).sum())
    found = _area(date.actual, drawn, date.starts)
    best = _area(date.actual[date.by_actual], drawn[date.by_actual], date.actual_starts)
    return [
        float((drawn * np.abs(date.error)).sum()) / n,
        found / best if best > 0 else np.nan,
        float((drawn * date.error).sum()) / total if total > 0 else np.nan,
    ], n


def _area(actual: Floats, drawn: NDArray[np.int64], starts: NDArray[np.int64]) -> float:
    """Area between the concentration curve and the diagonal; a tie has its mean rank."""
    rows = np.add.reduceat(drawn, starts)
    sums = np.add.reduceat(drawn * actual, starts)
    middle = np.cumsum(rows) - (rows - 1) / 2 - (rows.sum() + 1) / 2
    return float((middle * sums).sum())
