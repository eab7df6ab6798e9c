"""A churn model of any rung of the ladder: a scorer and the calibrator of its scores."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from patron.churn.average import AverageScorer, Member, scorer_from_dict, scorer_to_dict
from patron.churn.calibrate import Calibrator
from patron.churn.season import SeasonShift
from patron.churn.trees import TreeScorer
from patron.errors import ModelError

_KINDS = {
    "lightgbm": "lightgbm",
    "logistic": "logistic",
    "rfm_logistic": "logistic",
    "average": "average",
    "average_with_btyd": "average",
    "mbgnbd": "btyd",
}


@dataclass(frozen=True)
class ChurnModel:
    """Features in, probability of churn out.

    Parameters
    ----------
    name : str
        A learned entrant (`LEARNED`) or a naive rule (`NAIVE_RULES`).
    scorer : TreeScorer, SmoothScorer, LinearScorer or AverageScorer
        Gives a score that rises with the risk.
    calibrator : Calibrator
        Turns it into a probability.
    season : SeasonShift
        What the time of the year adds to the score.
    """

    name: str
    scorer: Member | AverageScorer
    calibrator: Calibrator
    season: SeasonShift = field(default_factory=SeasonShift)

    @property
    def kind(self) -> str:
        """The rung of the ladder: ``rule``, ``btyd``, ``logistic``, ``lightgbm`` or ``average``."""
        return _KINDS.get(self.name, "rule")

    @property
    def columns(self) -> tuple[str, ...]:
        """Features the model reads, in order."""
        return self.scorer.columns

    def probability(self, features: pd.DataFrame, as_of_day: int) -> np.ndarray:
        """Return the probability of churn.

        Parameters
        ----------
        features : pandas.DataFrame, shape (n, ...)
            Of `features.build_features`.
        as_of_day : int
            The day they were built for (days since 1970-01-01): it has a season.

        Returns
        -------
        numpy.ndarray, shape (n,)
        """
        if len(features) == 0:
            return np.empty(0)
        return self.calibrator.probability(self.scorer.score(features) + self.season.at(as_of_day))

    def explained(self, features: Mapping[str, np.ndarray], as_of_day: int) -> tuple[np.ndarray, np.ndarray]:
        """Return `probability`, shape (n,), and `contributions`, shape (n, len(columns)), in one pass.

        Parameters
        ----------
        features : mapping
            Feature -> values, shape (n,), n above 0.
        as_of_day : int
            As in `probability`.
        """
        score, shares = self.scorer.explained(features)
        return self.calibrator.probability(score + self.season.at(as_of_day)), shares

    def contributions(self, features: pd.DataFrame) -> pd.DataFrame:
        """Return what each feature adds to the score.

        Parameters
        ----------
        features : pandas.DataFrame, shape (n, ...)
            Of `features.build_features`.

        Returns
        -------
        pandas.DataFrame, shape (n, len(columns))
            In log-odds before calibration.
        """
        if len(features) == 0:
            return pd.DataFrame(columns=list(self.columns), dtype=np.float64)
        return self.scorer.contributions(features)

    def to_files(self) -> dict[str, bytes]:
        """Return the model as files: ``churn.json`` and, for trees, ``trees.txt``."""
        members = self.scorer.members if isinstance(self.scorer, AverageScorer) else {self.name: self.scorer}
        facts: dict[str, Any] = {
            "name": self.name,
            "calibrator": self.calibrator.to_dict(),
            "columns": list(self.columns),
            "members": {name: scorer_to_dict(member) for name, member in members.items()},
            "season": self.season.to_dict(),
        }
        files = {"churn.json": _json(facts)}
        for member in members.values():
            if isinstance(member, TreeScorer):
                files["trees.txt"] = member.text.encode()
        return files

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> ChurnModel:
        """Read what `to_files` wrote.

        Raises
        ------
        ModelError
            If a file or a key is missing.
        """
        try:
            facts = json.loads(files["churn.json"])
            trees = files["trees.txt"].decode() if "trees.txt" in files else None
            members = {name: scorer_from_dict(data, trees) for name, data in facts["members"].items()}
            scorer = AverageScorer(members) if len(members) > 1 else next(iter(members.values()))
            season = SeasonShift.from_dict(facts["season"])
            return cls(facts["name"], scorer, Calibrator.from_dict(facts["calibrator"]), season)
        except (KeyError, TypeError, ValueError, StopIteration) as error:
            raise ModelError(f"churn.json cannot be read ({error!r}). Train the model again.") from None


def _json(facts: Mapping[str, Any]) -> bytes:
    return json.dumps(facts, sort_keys=True, indent=1, allow_nan=False).encode()
