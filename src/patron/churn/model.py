"""A churn model of any rung of the ladder: a scorer and the calibrator of its scores."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from patron.churn.calibrate import Calibrator
from patron.churn.linear import LinearScorer
from patron.churn.trees import TreeScorer
from patron.errors import ModelError


@dataclass(frozen=True)
class ChurnModel:
    """Features in, probability of churn out.

    Parameters
    ----------
    name : str
        ``lightgbm`` or a naive rule (`NAIVE_RULES`).
    scorer : TreeScorer or LinearScorer
        Gives a score that rises with the risk.
    calibrator : Calibrator
        Turns it into a probability.
    """

    name: str
    scorer: TreeScorer | LinearScorer
    calibrator: Calibrator

    @property
    def kind(self) -> str:
        """``lightgbm``, ``logistic`` or ``rule``."""
        return {"lightgbm": "lightgbm", "rfm_logistic": "logistic"}.get(self.name, "rule")

    @property
    def columns(self) -> tuple[str, ...]:
        """Features the model reads, in order."""
        return self.scorer.columns

    def probability(self, features: pd.DataFrame) -> np.ndarray:
        """Return the probability of churn.

        Parameters
        ----------
        features : pandas.DataFrame, shape (n, ...)
            Of `features.build_features`.

        Returns
        -------
        numpy.ndarray, shape (n,)
        """
        if len(features) == 0:
            return np.empty(0)
        return self.calibrator.probability(self.scorer.score(features))

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
        facts: dict[str, Any] = {
            "name": self.name,
            "calibrator": self.calibrator.to_dict(),
            "columns": list(self.columns),
        }
        if isinstance(self.scorer, TreeScorer):
            return {"churn.json": _json(facts), "trees.txt": self.scorer.text.encode()}
        return {"churn.json": _json(facts | {"linear": self.scorer.to_dict()})}

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
            scorer: TreeScorer | LinearScorer
            if "linear" in facts:
                scorer = LinearScorer.from_dict(facts["linear"])
            else:
                scorer = TreeScorer(files["trees.txt"].decode(), tuple(facts["columns"]))
            return cls(facts["name"], scorer, Calibrator.from_dict(facts["calibrator"]))
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"churn.json cannot be read ({error!r}). Train the model again.") from None


def _json(facts: Mapping[str, Any]) -> bytes:
    return json.dumps(facts, sort_keys=True, indent=1, allow_nan=False).encode()
