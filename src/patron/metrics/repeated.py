"""Churn metrics over several dates, resampled by customer: one who stands in several dates is drawn whole.

In:  outcomes, probabilities and customers of each date.
Out: every metric per date and over the dates, in every draw; intervals and paired differences from them.
Not here: the metrics themselves (`ranking`, `calibration`), one date alone (`summary`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from patron.metrics._checks import Floats, outcomes_and_probabilities
from patron.metrics._tally import Tally
from patron.metrics.bootstrap import DRAWS, Paired
from patron.metrics.summary import CHURN_METRICS


class Dated(NamedTuple):
    """One model on the customers of one date.

    Parameters
    ----------
    churned : array of 0 or 1, shape (n,)
        1 for customers who churned.
    probability : array of float, shape (n,)
        Churn probabilities.
    customer : array of int, shape (n,)
        Number of the customer, the same on every date.
    """

    churned: Floats
    probability: Floats
    customer: NDArray[np.int64]


class Drawn(NamedTuple):
    """Every metric on the customers as they are (row 0) and in every draw (the rest).

    Parameters
    ----------
    values : array of float, shape (1 + draws, n_dates, n_metrics)
        In the order of `CHURN_METRICS`; NaN where a metric is not defined or the model was not there.
    rows : array of int, shape (1 + draws, n_dates)
        Customers drawn on each date.
    """

    values: Floats
    rows: NDArray[np.int64]


def draw_metrics(dates: Sequence[Dated | None], customers: int, draws: int = DRAWS, seed: int = 0) -> Drawn:
    """Compute every churn metric of one model on every date, in resamples of the customers.

    Parameters
    ----------
    dates : sequence of Dated or None
        None where the model was not there.
    customers : int
        How many customers there are over all dates; `Dated.customer` counts from 0 to one less.
    draws, seed : int
        The same two give the same resamples for every model, so that differences are paired.

    Returns
    -------
    Drawn

    Examples
    --------
    >>> once = Dated(np.array([1.0, 0.0]), np.array([0.8, 0.4]), np.array([0, 1]))
    >>> drawn = draw_metrics([once, once], customers=2, draws=10)
    >>> drawn.values.shape, round(float(drawn.values[0, 1, 2]), 3)
    ((11, 2, 6), 0.1)
    """
    sorted_dates = [None if date is None else _sorted(date) for date in dates]
    values = np.full((draws + 1, len(dates), len(CHURN_METRICS)), np.nan)
    rows = np.zeros((draws + 1, len(dates)), dtype=np.int64)
    rng = np.random.default_rng(seed)
    weight = np.ones(customers, dtype=np.int64)
    for draw in range(draws + 1):
        for position, date in enumerate(sorted_dates):
            if date is not None:
                values[draw, position], rows[draw, position] = _metrics(date, weight)
        weight = np.bincount(rng.integers(0, customers, customers), minlength=customers)
    return Drawn(values, rows)


def over_dates(drawn: Drawn, only: NDArray[np.bool_] | None = None) -> Floats:
    """Average each metric over the dates, a date weighing as much as its customers; (1 + draws, n_metrics).

    Parameters
    ----------
    drawn : Drawn
        Of `draw_metrics`.
    only : array of bool, shape (n_dates,), optional
        Dates that count.
    """
    values, rows = drawn
    defined = np.isfinite(values) & (True if only is None else only[None, :, None])
    weight = np.where(defined, rows[:, :, None], 0).astype(np.float64)
    total = weight.sum(axis=1)
    summed = (np.where(defined, values, 0.0) * weight).sum(axis=1)
    return np.asarray(np.where(total > 0, summed / np.where(total > 0, total, 1.0), np.nan))


def with_intervals(draws: Floats, names: Sequence[str] = tuple(CHURN_METRICS)) -> dict[str, float | None]:
    """Name the metrics of row 0, with the 95 % interval of the other rows; None where not defined."""
    found: dict[str, float | None] = {}
    for position, name in enumerate(names):
        low, high = _ends(draws[1:, position])
        found[name] = _known(draws[0, position])
        found[f"{name}_low"], found[f"{name}_high"] = low, high
    return found


def paired_difference(
    a: Floats, b: Floats, metric: str, names: Sequence[str] = tuple(CHURN_METRICS)
) -> Paired | None:
    """Return ``a - b`` of one metric with its 95 % interval; None where it is not defined.

    Parameters
    ----------
    a, b : array of float, shape (1 + draws, n_metrics)
        Of the same draws.
    metric : str
        Of `names`.
    names : sequence of str
        What the columns hold.
    """
    gap = a[:, list(names).index(metric)] - b[:, list(names).index(metric)]
    low, high = _ends(gap[1:])
    if not np.isfinite(gap[0]) or low is None or high is None:
        return None
    return Paired(float(gap[0]), low, high)


class _Sorted(NamedTuple):
    """Rows in the order of their scores, and where each distinct score begins."""

    score: Floats
    starts: NDArray[np.int64]
    churned: NDArray[np.int64]
    customer: NDArray[np.int64]


def _sorted(date: Dated) -> _Sorted:
    churned, probability = outcomes_and_probabilities(date.churned, date.probability)
    order = np.argsort(probability, kind="stable")
    score, starts = np.unique(probability[order], return_index=True)
    return _Sorted(score, starts, churned[order].astype(np.int64), np.asarray(date.customer)[order])


def _metrics(date: _Sorted, weight: NDArray[np.int64]) -> tuple[list[float], int]:
    drawn = weight[date.customer]
    rows = np.add.reduceat(drawn, date.starts)
    kept = rows > 0
    if not kept.any():
        return [np.nan] * len(CHURN_METRICS), 0
    positives = np.add.reduceat(drawn * date.churned, date.starts)
    whole = Tally(date.score[kept], positives[kept], rows[kept])
    found = [metric(whole) for metric in CHURN_METRICS.values()]
    return [np.nan if value is None else value for value in found], int(drawn.sum())


def _ends(values: Floats) -> tuple[float | None, float | None]:
    defined = values[np.isfinite(values)]
    if not len(defined):
        return None, None
    low, high = np.quantile(defined, [0.025, 0.975])
    return float(low), float(high)


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
