"""95 % intervals by resampling customers.

In:  any metric with its arrays, or losses per customer; draws and a seed.
Out: (low, high), for pairs with the difference. Deterministic by seed, independent of row order.
Not here: differences between periods, which no resampling of one period's customers can show.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from patron.errors import NotEnoughData
from patron.metrics._checks import Floats, finite_columns

Metric = Callable[[Floats, Floats], float | None]
DRAWS = 1000
_ROWS_AT_ONCE = 4_000_000  # bounds the memory of a block of draws to about 64 MB


class Paired(NamedTuple):
    """A difference between two models on the same customers.

    Parameters
    ----------
    difference : float
        First minus second.
    low, high : float
        95 % interval.
    """

    difference: float
    low: float
    high: float


def interval(
    metric: Metric, y: ArrayLike, p: ArrayLike, draws: int = DRAWS, seed: int = 0
) -> tuple[float | None, float | None]:
    """95 % percentile interval of any metric of two arrays.

    Parameters
    ----------
    metric : callable
        ``metric(y, p)`` gives a number, or None where it is not defined.
    y, p : array of float, shape (n_customers,)
        Outcomes and predictions.
    draws : int
        Resamples of the customers.
    seed : int
        Seed of the resampling.

    Returns
    -------
    (float, float) or (None, None)
        Low and high. Draws in which the metric is not defined are left out; None where all of them are.

    Raises
    ------
    PatronError
        If lengths differ or a value is not finite.

    References
    ----------
    Efron & Tibshirani (1993), "An Introduction to the Bootstrap", chapter 13.

    Examples
    --------
    >>> from patron.metrics import brier
    >>> low, high = interval(brier, [1, 0, 0, 1] * 25, [0.8, 0.2, 0.4, 0.6] * 25, draws=200)
    >>> low < 0.1 < high
    True
    """
    outcomes, values = _in_fixed_order(*finite_columns(y=y, p=p))
    return percentiles(
        metric(outcomes[rows], values[rows]) for rows in _resampled_rows(len(values), draws, seed)
    )


def paired_interval(
    metric: Metric, y: ArrayLike, p_a: ArrayLike, p_b: ArrayLike, draws: int = DRAWS, seed: int = 0
) -> Paired | None:
    """Difference of any metric between two models on the same customers, with its 95 % interval.

    Parameters
    ----------
    metric : callable
        ``metric(y, p)`` gives a number, or None where it is not defined.
    y, p_a, p_b : array of float, shape (n_customers,)
        Outcomes and both models' predictions.
    draws, seed : int
        As in `interval`.

    Returns
    -------
    Paired or None
        ``metric(y, p_a) - metric(y, p_b)``; None where the metric is not defined.

    Raises
    ------
    PatronError
        If lengths differ or a value is not finite.
    """
    outcomes, a, b = _in_fixed_order(*finite_columns(y=y, p_a=p_a, p_b=p_b))
    difference = _difference(metric(outcomes, a), metric(outcomes, b))
    low, high = percentiles(
        _difference(metric(outcomes[rows], a[rows]), metric(outcomes[rows], b[rows]))
        for rows in _resampled_rows(len(a), draws, seed)
    )
    if difference is None or low is None or high is None:
        return None
    return Paired(difference, low, high)


def paired_loss_interval(
    losses_a: ArrayLike, losses_b: ArrayLike, draws: int = DRAWS, seed: int = 0
) -> Paired:
    """Difference of two mean losses on the same customers, with its 95 % interval.

    The fast road for everything that is a mean over customers (log-loss, Brier score, absolute error).

    Parameters
    ----------
    losses_a, losses_b : array of float, shape (n_customers,)
        Loss of each customer under either model.
    draws, seed : int
        As in `interval`.

    Returns
    -------
    Paired
        ``mean(losses_a) - mean(losses_b)``; below 0 the first model is better.

    Raises
    ------
    PatronError
        If there are no rows, lengths differ, or a value is not finite.

    Examples
    --------
    >>> paired_loss_interval([0.25, 0.5], [0.5, 0.75], draws=50)
    Paired(difference=-0.25, low=-0.25, high=-0.25)
    """
    a, b = finite_columns(losses_a=losses_a, losses_b=losses_b)
    if not len(a):
        raise NotEnoughData("no customers to compare on: the arrays are empty.")
    gains = np.sort(a - b)  # sorted, so that the order of the customers does not matter
    means = np.concatenate([gains[block].mean(axis=1) for block in _blocks(len(gains), draws, seed)])
    low, high = np.quantile(means, [0.025, 0.975])
    return Paired(float(gains.mean()), float(low), float(high))


def percentiles(values: Iterable[float | None]) -> tuple[float | None, float | None]:
    """2.5 % and 97.5 % quantile of the draws that are defined; (None, None) if none is."""
    defined = [value for value in values if value is not None]
    if not defined:
        return None, None
    low, high = np.quantile(defined, [0.025, 0.975])
    return float(low), float(high)


def _difference(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a - b


def _in_fixed_order(*columns: Floats) -> tuple[Floats, ...]:
    order = np.lexsort(columns)
    return tuple(column[order] for column in columns)


def _blocks(n: int, draws: int, seed: int) -> Iterator[NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    at_once = max(1, _ROWS_AT_ONCE // n)
    for start in range(0, draws, at_once):
        yield rng.integers(0, n, (min(at_once, draws - start), n))


def _resampled_rows(n: int, draws: int, seed: int) -> Iterator[NDArray[np.int64]]:
    if n:
        for block in _blocks(n, draws, seed):
            yield from block
