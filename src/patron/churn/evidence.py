"""Out-of-time evidence: entrants fitted on what was known at past snapshots, judged on what followed.

In:  a panel, who takes part.
Out: probabilities of each entrant at each fold, calibrated only by earlier folds.
Not here: which entrant is taken (`choose`), the window that is reported (`evaluation`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from patron.churn.calibrate import Calibrator, fit_calibrator
from patron.churn.folds import Fold
from patron.churn.members import Fitted
from patron.churn.panel import Panel
from patron.metrics import log_losses

FitOn = Callable[[Panel], Mapping[str, Fitted]]


class FoldScores(NamedTuple):
    """What the entrants said at one past snapshot.

    Parameters
    ----------
    day : int
        The snapshot (days since 1970-01-01).
    churned : numpy.ndarray of int, shape (n,)
        What followed.
    customer_id : numpy.ndarray of str, shape (n,)
        Who.
    scores : dict
        Entrant -> score with its season, shape (n,).
    inside : dict
        Entrant -> score on the rows it was fitted on, shape (n_train,).
    inside_churned : numpy.ndarray of int, shape (n_train,)
        The outcomes of those rows.
    """

    day: int
    churned: np.ndarray
    customer_id: np.ndarray
    scores: dict[str, np.ndarray]
    inside: dict[str, np.ndarray]
    inside_churned: np.ndarray


class Evidence(NamedTuple):
    """Log-losses of one entrant over the folds.

    Parameters
    ----------
    losses : list of numpy.ndarray
        Per fold, nats per row.
    """

    losses: list[np.ndarray]

    @property
    def mean(self) -> float:
        """Mean over the folds, each with the same weight; infinite without any."""
        return float(np.mean([rows.mean() for rows in self.losses])) if self.losses else float("inf")


def score_folds(
    panel: Panel, folds: Sequence[Fold], fit: FitOn, threads: int | None = None
) -> list[FoldScores]:
    """Fit and score each fold, several at a time.

    Parameters
    ----------
    panel : Panel
        All rows.
    folds : sequence of Fold
        Oldest first.
    fit : callable
        Rows -> fitted entrants.
    threads : int, optional
        At most this many folds at a time; changes no result.

    Returns
    -------
    list of FoldScores
    """
    # imported here: a service that only loads a model does without joblib
    from joblib import Parallel, delayed
    from threadpoolctl import threadpool_limits

    # around all folds: the limit is the process's own, so a fold that ends must not lift it for the others
    with threadpool_limits(1):
        found: list[FoldScores] = Parallel(n_jobs=threads or -1, prefer="threads")(
            delayed(_one_fold)(panel, fold, fit) for fold in folds
        )
    return found


def _one_fold(panel: Panel, fold: Fold, fit: FitOn) -> FoldScores:
    train, test = panel.where(fold.train), panel.where(fold.test)
    fitted = fit(train)
    scores = {name: f.scorer.score(test.features) + f.season.at(fold.test_day) for name, f in fitted.items()}
    inside = {name: f.inside for name, f in fitted.items()}
    return FoldScores(fold.test_day, test.churned, test.customer_id, scores, inside, train.churned)


def out_of_time(folds: Sequence[FoldScores], name: str, kind: str, horizon_days: int) -> list[np.ndarray]:
    """Return an entrant's probabilities at each fold, calibrated on folds whose outcome was known by then.

    Parameters
    ----------
    folds : sequence of FoldScores
        Oldest first.
    name : str
        The entrant.
    kind : str
        Of calibrator; where no earlier fold was known it is fitted on the rows the entrant was fitted on,
        which a rule with next to no parameters can bear.
    horizon_days : int
        Length of the outcome window.

    Returns
    -------
    list of numpy.ndarray
        One per fold.
    """
    said = []
    for fold in folds:
        known = [f for f in folds if f.day + horizon_days <= fold.day]
        pairs = [(f.scores[name], f.churned) for f in known] or [(fold.inside[name], fold.inside_churned)]
        said.append(_fitted(kind, pairs).probability(fold.scores[name]))
    return said


def evidence_of(folds: Sequence[FoldScores], name: str, kind: str, horizon_days: int) -> Evidence:
    """Return an entrant's log-losses over the folds.

    Parameters
    ----------
    folds : sequence of FoldScores
        Oldest first.
    name, kind : str
        The entrant and its calibrator.
    horizon_days : int
        Length of the outcome window.

    Returns
    -------
    Evidence
    """
    said = out_of_time(folds, name, kind, horizon_days)
    return Evidence([log_losses(fold.churned, p) for fold, p in zip(folds, said, strict=True)])


def final_calibrator(
    folds: Sequence[FoldScores], name: str, kind: str, inside: Sequence[np.ndarray]
) -> Calibrator:
    """Fit the calibrator that ships, on all folds; without any, on the rows the entrant was fitted on.

    Parameters
    ----------
    folds : sequence of FoldScores
        All that are known.
    name, kind : str
        The entrant and the chosen kind.
    inside : pair of numpy.ndarray
        Score and outcome of the rows the shipped entrant was fitted on.

    Returns
    -------
    Calibrator
    """
    return _fitted(kind, [(f.scores[name], f.churned) for f in folds] or [(inside[0], inside[1])])


def _fitted(kind: str, pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> Calibrator:
    score, churned = (np.concatenate(parts) for parts in zip(*pairs, strict=True))
    return fit_calibrator(kind, score, churned)
