"""The simplest entrant, unless another is clearly better out of time.

In:  log-losses of the entrants on the same rows of the same folds. Out: a name, and why.
Not here: fitting and scoring (`evidence`).

Choosing the lowest mean of many would chase noise; here a rival must be better by more than chance and in
most windows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from patron.churn.evidence import Evidence, FoldScores
from patron.churn.ladder import ENOUGH_WINDOWS, LEARNED, Ladder
from patron.snapshots import disjoint_windows

#: A rival must be better by this much at least, nats per customer: what the promotion gate tolerates is not
#: worth a more complicated model.
_LEAST_GAIN = 0.005
#: ... and in this share of the windows.
_MOST_WINDOWS = 2 / 3


class Rival(NamedTuple):
    """How an entrant compares with another.

    Parameters
    ----------
    gain : float
        By how much its mean log-loss over the windows is lower, nats per customer.
    error : float
        Standard error of that over customers.
    won : int
        In how many windows its log-loss is lower.
    windows : int
        Out of how many.
    """

    gain: float
    error: float
    won: int
    windows: int

    @property
    def clearly_better(self) -> bool:
        """Whether chance is a poor explanation."""
        return (
            self.gain > max(_LEAST_GAIN, self.error)
            and self.windows > 0
            and self.won >= _MOST_WINDOWS * self.windows
        )


def compare(folds: Sequence[FoldScores], rival: Evidence, holder: Evidence) -> Rival:
    """Compare two entrants on the same rows.

    Parameters
    ----------
    folds : sequence of FoldScores
        For the customers: one who stands in several windows counts as one.
    rival, holder : Evidence
        The entrant in question and the one that would be taken otherwise.

    Returns
    -------
    Rival
    """
    if not folds:
        return Rival(0.0, float("inf"), 0, 0)
    better = [h - r for r, h in zip(rival.losses, holder.losses, strict=True)]
    gain = float(np.mean([rows.mean() for rows in better]))
    # every window has the same weight, so a row's weight depends on the size of its window
    share = np.concatenate([(rows - gain) / len(rows) / len(better) for rows in better])
    code, _ = pd.factorize(np.concatenate([fold.customer_id for fold in folds]))
    error = float(np.sqrt(np.sum(np.bincount(code, weights=share) ** 2)))
    return Rival(gain, error, sum(float(rows.mean()) > 0 for rows in better), len(better))


def simplest_unless_better(
    names: Sequence[str], evidence: Mapping[str, Evidence], folds: Sequence[FoldScores]
) -> str:
    """Climb from the first name to a later one only where that is clearly better.

    Parameters
    ----------
    names : sequence of str
        Simplest first.
    evidence : mapping
        Entrant -> its log-losses.
    folds : sequence of FoldScores
        The same windows.

    Returns
    -------
    str
    """
    taken = names[0]
    for name in names[1:]:
        if compare(folds, evidence[name], evidence[taken]).clearly_better:
            taken = name
    return taken


def choose_rung(
    evidence: Mapping[str, Evidence], folds: Sequence[FoldScores], ladder: Ladder, horizon_days: int
) -> tuple[str, str]:
    """Start on the rung that suits the size of the base; leave it only for one that is clearly better.

    Parameters
    ----------
    evidence : mapping
        Entrant -> its log-losses.
    folds : sequence of FoldScores
        The same windows.
    ladder : Ladder
        Who takes part, and why not all do.
    horizon_days : int
        Length of the outcome window.

    Returns
    -------
    name, reason : str
    """
    trees = [name for name in LEARNED[1:] if name in evidence]
    if trees:
        return _from_trees(trees, evidence, folds, ladder, horizon_days)
    if not folds:
        return "rfm_logistic", (
            f"{ladder.too_little}; rfm_logistic ships: there is no window to compare the rules on"
        )
    simple = [name for name in ("mbgnbd", "rfm_logistic") if name in evidence]
    start = min(simple, key=lambda name: evidence[name].mean)
    why = f"{ladder.too_little}; {start} is the simple model with the lower out-of-time log-loss"
    return _unless_beaten(start, [name for name in evidence if name != start], why, evidence, folds)


def _from_trees(
    trees: Sequence[str],
    evidence: Mapping[str, Evidence],
    folds: Sequence[FoldScores],
    ladder: Ladder,
    horizon_days: int,
) -> tuple[str, str]:
    start = simplest_unless_better(trees, evidence, folds)
    why = f"{ladder.size.windows} disjoint windows to learn from: enough for LightGBM"
    if start != trees[0]:
        why += f"; {_words(start, trees[0], evidence, folds)}"
    disjoint = disjoint_windows([fold.day for fold in folds], horizon_days)
    if len(disjoint) < ENOUGH_WINDOWS:
        # windows that overlap share one season: one bad season is no reason to give up learning
        return start, why
    return _unless_beaten(start, [name for name in evidence if name not in trees], why, evidence, folds)


def _unless_beaten(
    start: str,
    others: Sequence[str],
    why: str,
    evidence: Mapping[str, Evidence],
    folds: Sequence[FoldScores],
) -> tuple[str, str]:
    better = [name for name in others if compare(folds, evidence[name], evidence[start]).clearly_better]
    if not better:
        return start, why
    chosen = min(better, key=lambda name: evidence[name].mean)
    return chosen, f"{why}; yet {_words(chosen, start, evidence, folds)}"


def _words(rival: str, holder: str, evidence: Mapping[str, Evidence], folds: Sequence[FoldScores]) -> str:
    found = compare(folds, evidence[rival], evidence[holder])
    return (
        f"{rival} is better than {holder} in {found.won} of {found.windows} past windows "
        f"(log-loss {evidence[rival].mean:.4f} against {evidence[holder].mean:.4f})"
    )
