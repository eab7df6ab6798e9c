"""The mean of several scorers' log-odds: models that err differently, together, err less."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from patron.churn.linear import LinearScorer
from patron.churn.smooth import SmoothScorer
from patron.churn.trees import TreeScorer

Member: TypeAlias = TreeScorer | SmoothScorer | LinearScorer

#: Average -> its members, by the names of the entrants.
AVERAGES: dict[str, tuple[str, ...]] = {
    "average": ("lightgbm", "logistic"),
    "average_with_btyd": ("lightgbm", "logistic", "mbgnbd"),
}


@dataclass(frozen=True)
class AverageScorer:
    """Members with equal weights.

    Parameters
    ----------
    members : dict
        Name -> scorer whose score is a log-odds.
    """

    members: Mapping[str, Member]

    @property
    def columns(self) -> tuple[str, ...]:
        """Features that any member reads, in order."""
        return tuple(dict.fromkeys(c for member in self.members.values() for c in member.columns))

    def score(self, features: pd.DataFrame | Mapping[str, np.ndarray]) -> np.ndarray:
        """Return the mean log-odds.

        Parameters
        ----------
        features : pandas.DataFrame, shape (n, ...)
            With the columns.

        Returns
        -------
        numpy.ndarray, shape (n,)
        """
        return mean_score([member.score(features) for member in self.members.values()])

    def contributions(self, features: pd.DataFrame) -> pd.DataFrame:
        """Return each feature's share of the mean log-odds, without the constant.

        Parameters
        ----------
        features : pandas.DataFrame, shape (n, ...)
            With the columns.

        Returns
        -------
        pandas.DataFrame, shape (n, len(columns))
        """
        return pd.DataFrame(self.explained(features)[1], columns=list(self.columns))

    def explained(self, features: pd.DataFrame | Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Return the mean log-odds, shape (n,), and each feature's share, shape (n, len(columns))."""
        found = [(member.columns, *member.explained(features)) for member in self.members.values()]
        place = {name: column for column, name in enumerate(self.columns)}
        total = np.zeros((len(found[0][1]), len(place)))
        for columns, _, shares in found:
            total[:, [place[name] for name in columns]] += shares / len(found)
        return mean_score([score for _, score, _ in found]), total


def mean_score(scores: list[np.ndarray]) -> np.ndarray:
    """Average log-odds, one after the other, so that a row's mean does not depend on the other rows."""
    total = scores[0]
    for score in scores[1:]:
        total = total + score
    return np.asarray(total / len(scores))


def scorer_to_dict(scorer: Member) -> dict[str, Any]:
    """Return a scorer as JSON-able data; the text of trees goes into a file of its own."""
    if isinstance(scorer, TreeScorer):
        return {"kind": "trees", "columns": list(scorer.columns)}
    return {"kind": "smooth" if isinstance(scorer, SmoothScorer) else "linear", **scorer.to_dict()}


def scorer_from_dict(data: Mapping[str, Any], trees: str | None) -> Member:
    """Read what `scorer_to_dict` wrote.

    Raises
    ------
    KeyError
        If a key or the text of the trees is missing.
    """
    rest = {key: value for key, value in data.items() if key != "kind"}
    if data["kind"] == "trees":
        if trees is None:
            raise KeyError("trees.txt")
        return TreeScorer.read(trees, rest["columns"])
    if data["kind"] == "smooth":
        return SmoothScorer.from_dict(rest)
    return LinearScorer.from_dict(rest)
