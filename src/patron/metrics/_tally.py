"""Churners and customers per distinct score: all that any churn metric depends on.

In:  outcomes (0 or 1) and scores.
Out: a `Tally`, ascending by score. Two orders of the same rows give the same tally, so everything
     computed from one is independent of row order, ties included.
Not here: the metrics themselves (`ranking`, `calibration`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from patron.metrics._checks import Floats

Counts = NDArray[np.int64]


class Tally(NamedTuple):
    """Counts per distinct score, ascending.

    Parameters
    ----------
    score : array of float, shape (n_scores,)
        The distinct scores.
    positives : array of int, shape (n_scores,)
        Customers with outcome 1.
    rows : array of int, shape (n_scores,)
        Customers.
    """

    score: Floats
    positives: Counts
    rows: Counts


def tally(y: Floats, scores: Floats) -> Tally:
    """Count churners and customers per distinct score."""
    score, group = np.unique(scores, return_inverse=True)
    rows = np.bincount(group, minlength=len(score))
    positives = np.bincount(group[y == 1], minlength=len(score))
    return Tally(score, positives.astype(np.int64), rows.astype(np.int64))


def resampled(whole: Tally, draws: int, seed: int) -> Iterator[Tally]:
    """Bootstrap samples of the customers behind a tally, drawn with replacement."""
    rng = np.random.default_rng(seed)
    n, groups = int(whole.rows.sum()), len(whole.score)
    # A cell is a score and an outcome; even cells hold the customers who stayed.
    sizes = np.column_stack([whole.rows - whole.positives, whole.positives]).ravel()
    cell_of_row = np.repeat(np.arange(2 * groups), sizes)
    for _ in range(draws):
        counts = np.bincount(cell_of_row[rng.integers(0, n, n)], minlength=2 * groups).reshape(groups, 2)
        drawn = counts.sum(axis=1)
        kept = drawn > 0
        yield Tally(whole.score[kept], counts[kept, 1], drawn[kept])


def with_outcomes_from_scores(whole: Tally, draws: int, seed: int) -> Iterator[Tally]:
    """Keep the customers, draw the outcomes from their scores: what a perfect model would see."""
    rng = np.random.default_rng(seed)
    for _ in range(draws):
        yield Tally(whole.score, rng.binomial(whole.rows, whole.score).astype(np.int64), whole.rows)


def sums_up_to(counts: Counts | Floats, rows: Counts, edges: Counts) -> Floats:
    """Sum of `counts` over the first `edge` customers, for each edge; ties at an edge are shared evenly."""
    so_far = np.concatenate([[0], np.cumsum(rows)])
    total = np.concatenate([[0.0], np.cumsum(counts)])
    return np.asarray(np.interp(edges, so_far, total), dtype=np.float64)


def top_decile_size(n: int) -> int:
    """How many of n customers are the top tenth; at least one."""
    return max(1, n // 10)
