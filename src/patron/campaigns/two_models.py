"""What calling each account would change: one model of staying per arm, and their difference.

In:  features known at the assignment, who was assigned to treatment, who stayed.
Out: `TwoModels`, which predicts a difference of probabilities and is written as JSON.
Not here: whether the prediction ranks accounts better than a rule does (`uplift`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from patron.churn import SmoothScorer, TreeScorer
from patron.churn.smooth import fit_smooth
from patron.churn.trees import fit_trees
from patron.errors import NotEnoughData

Floats = NDArray[np.float64]
Arm = SmoothScorer | TreeScorer

#: Trees need this many accounts in the smaller arm; below it a ridge regression on ranks errs less.
TREES_FROM_ACCOUNTS = 10_000


@dataclass(frozen=True)
class TwoModels:
    """Two scorers of log-odds of staying.

    Parameters
    ----------
    treated, control : SmoothScorer or TreeScorer
        Fitted on the accounts of one arm each.
    """

    treated: Arm
    control: Arm

    @property
    def learner(self) -> str:
        """``regression`` or ``trees``."""
        return "trees" if isinstance(self.treated, TreeScorer) else "regression"

    @property
    def columns(self) -> tuple[str, ...]:
        """Features that are read."""
        return self.treated.columns

    def predict(self, features: pd.DataFrame) -> Floats:
        """Return by how much calling raises the probability of staying.

        Parameters
        ----------
        features : pandas.DataFrame, shape (n, ...)
            With the columns.

        Returns
        -------
        numpy.ndarray, shape (n,)
            Within -1 to 1.
        """
        return np.asarray(expit(self.treated.score(features)) - expit(self.control.score(features)))

    def to_dict(self) -> dict[str, Any]:
        """Return the models as JSON-able data."""
        return {"learner": self.learner, "treated": _written(self.treated), "control": _written(self.control)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> TwoModels:
        """Read what `to_dict` wrote.

        Raises
        ------
        KeyError, ModelError
            If it is something else.
        """
        return cls(*(_read(data["learner"], data[arm]) for arm in ("treated", "control")))


def fit_two_models(
    features: pd.DataFrame,
    retained: NDArray[np.bool_],
    treated: NDArray[np.bool_],
    *,
    columns: Sequence[str],
    categorical: Sequence[str] = (),
    seed: int = 0,
) -> TwoModels:
    """Fit one model per arm: trees from `TREES_FROM_ACCOUNTS` in the smaller arm, else a ridge regression.

    Parameters
    ----------
    features : pandas.DataFrame, shape (n, ...)
        With the columns, missing where unknown.
    retained, treated : ndarray of bool, shape (n,)
        Outcome and arm.
    columns, categorical : sequence of str
        Features, and which of them hold codes.
    seed : int
        For the features drawn per tree.

    Returns
    -------
    TwoModels

    Raises
    ------
    NotEnoughData
        If an arm is empty, or all of it stayed or left.

    Examples
    --------
    >>> days = pd.DataFrame({"silence_days": [float(n % 40) for n in range(400)]})
    >>> treated = np.arange(400) % 80 < 40
    >>> stayed = np.where(treated, np.arange(400) % 9 > 0, days["silence_days"] < 20)
    >>> models = fit_two_models(days, stayed, treated, columns=["silence_days"])
    >>> models.learner, (models.predict(days.iloc[[0, 39]]) > 0.3).tolist()
    ('regression', [False, True])
    """
    if any(len(set(retained[arm].tolist())) < 2 for arm in (treated, ~treated)):
        raise NotEnoughData("all accounts of an arm did the same: no model can tell them apart.")
    use_trees = min(treated.sum(), (~treated).sum()) >= TREES_FROM_ACCOUNTS
    scorers: list[Arm] = []
    for arm in (treated, ~treated):
        rows, stayed = features[arm], retained[arm].astype(np.int64)
        if use_trees:
            scorers.append(fit_trees(rows, stayed, columns=columns, categorical=categorical, seed=seed))
        else:
            scorers.append(fit_smooth(rows, stayed, columns=columns, categorical=categorical))
    return TwoModels(*scorers)


def _written(scorer: Arm) -> dict[str, Any]:
    if isinstance(scorer, TreeScorer):
        return {"columns": list(scorer.columns), "trees": scorer.text}
    return scorer.to_dict()


def _read(learner: str, data: Mapping[str, Any]) -> Arm:
    return (
        TreeScorer.read(data["trees"], data["columns"])
        if learner == "trees"
        else SmoothScorer.from_dict(data)
    )
