"""Drift: features and scores that moved further since the last date than they used to move.

In:  features and scores of (a sample of) customers on a row of dates, evenly spaced, the newest last.
Out: how far each moved from date to date, and whether the last move was out of the ordinary.
Not here: what a customer's features are (`patron.features`), whether the move did damage (`realised`).

The yardstick is the base's own past: a shop before Christmas moves a lot every year, a steady trader never.
The population stability index (PSI) of the last two dates is compared with those of all pairs before: on a
log scale, by median and median absolute deviation, all columns' p-values adjusted together (Holm 1979).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtr

#: PSI from which a change is called large (Siddiqi 2006, "Credit Risk Scorecards": 0.25).
LARGE_PSI = 0.25
ALPHA = 0.01
#: Pairs of dates before the last one that a yardstick needs.
LEAST_PAIRS = 6
_BINS = 10
# a MAD of so few pairs may be tiny by chance: PSIs of two samples differ by about half as much again
_LEAST_SPREAD = 0.5


@dataclass(frozen=True)
class Moved:
    """How far one column moved.

    Parameters
    ----------
    name : str
        Feature or score.
    psi : float
        Between the last two dates.
    usual_psi : float or None
        Median of the pairs before; None where there are too few.
    p_value : float or None
        Chance of such a move, adjusted for the number of columns.
    is_drifted : bool
        Large, and out of the ordinary.
    """

    name: str
    psi: float
    usual_psi: float | None
    p_value: float | None
    is_drifted: bool

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)


def drift(dates: Sequence[pd.DataFrame]) -> list[Moved]:
    """Compare the last two dates with all pairs before.

    Parameters
    ----------
    dates : sequence of pandas.DataFrame
        Oldest first, one row per customer and the same columns, numbers that may be missing; `ALPHA` is the
        chance that anything is called drifted in a base that goes on as before.

    Returns
    -------
    list of Moved
        By column, the largest PSI first. Empty with fewer than two dates.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> dates = [pd.DataFrame({"gap": rng.normal(size=500)}) for _ in range(9)]
    >>> drift(dates)[0].is_drifted, drift([*dates, dates[0] + 3])[0].is_drifted
    (False, True)
    """
    if len(dates) < 2:
        return []
    found = {str(name): [psi(a[name], b[name]) for a, b in pairwise(dates)] for name in dates[-1]}
    chance = {name: _chance(moves) for name, moves in found.items()}
    adjusted = holm({name: p for name, p in chance.items() if p is not None})
    rows = []
    for name, moves in found.items():
        p = adjusted.get(name)
        is_drifted = p is not None and p < ALPHA and moves[-1] >= LARGE_PSI
        usual = None if p is None else float(np.median(moves[:-1]))
        rows.append(Moved(name, moves[-1], usual, p, is_drifted))
    return sorted(rows, key=lambda moved: (-moved.psi, moved.name))


def psi(before: pd.Series, after: pd.Series) -> float:
    """Return the population stability index of two samples: sum of (q - p) ln(q / p) over the bins.

    Bins are the tenths of the first sample, and missing values one more; half a customer is added to each, so
    that an empty one is not infinite.

    Parameters
    ----------
    before, after : pandas.Series of float
        Missing values allowed.

    Returns
    -------
    float
        0 for the same shares; from 0.25 on large.

    Examples
    --------
    >>> a = pd.Series(range(100))
    >>> psi(a, a), psi(a, a + 100) > 1
    (0.0, True)
    """
    first, second = (np.asarray(column, dtype=np.float64) for column in (before, after))
    known = first[~np.isnan(first)]
    edges = np.unique(np.quantile(known, np.arange(1, _BINS) / _BINS)) if len(known) else np.empty(0)
    p, q = (_shares(values, edges) for values in (first, second))
    return float(((q - p) * np.log(q / p)).sum())


def holm(p_values: dict[str, float]) -> dict[str, float]:
    """Adjust p-values so that all tests together err with the chance of one.

    Parameters
    ----------
    p_values : dict
        Name -> p-value.

    Returns
    -------
    dict
        The same names.

    References
    ----------
    Holm (1979), "A simple sequentially rejective multiple test procedure", Scandinavian J. Statistics 6.

    Examples
    --------
    >>> holm({"a": 0.01, "b": 0.04, "c": 0.03})
    {'a': 0.03, 'c': 0.06, 'b': 0.06}
    """
    adjusted, largest = {}, 0.0
    for rank, name in enumerate(sorted(p_values, key=lambda key: p_values[key])):
        largest = max(largest, min(1.0, p_values[name] * (len(p_values) - rank)))
        adjusted[name] = largest
    return adjusted


def _shares(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    bins = np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, side="left"))
    counts = np.bincount(bins, minlength=len(edges) + 2) + 0.5
    return np.asarray(counts / counts.sum())


def _chance(moves: Sequence[float]) -> float | None:
    """Return the chance of a move as large as the last, by the moves before; None where they are too few."""
    if len(moves) - 1 < LEAST_PAIRS:
        return None
    logs = np.log(np.asarray(moves) + 1e-9)
    usual = np.median(logs[:-1])
    spread = max(1.4826 * float(np.median(np.abs(logs[:-1] - usual))), _LEAST_SPREAD)
    return float(ndtr(-(logs[-1] - usual) / spread))
