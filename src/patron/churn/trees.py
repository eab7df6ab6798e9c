"""The door to LightGBM: small trees, deterministic, written and read as text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import lightgbm as lgb
import numpy as np
import pandas as pd

from patron.errors import ModelError
from patron.tree_text import checked_trees

#: A frame, or feature -> values of shape (n,).
Features: TypeAlias = pd.DataFrame | Mapping[str, np.ndarray]
_PARAMETERS = {
    "objective": "binary",
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}
_ROWS_WORTH_THREADS = 100_000
# Threads are a fact of the machine, not of the model: they would change the bytes of the text.
_THREADS_LINE = re.compile(r"^\[num_threads: .*\]\n", re.MULTILINE)


@dataclass(frozen=True)
class TreeSettings:
    """How the trees are grown: small ones rank as well as large ones on logs of this size.

    Parameters
    ----------
    rounds : int
        Number of trees.
    learning_rate : float
        Weight of each tree.
    leaves : int
        Leaves per tree at most.
    feature_fraction : float
        Share of the features drawn per tree.
    leaf_share : float
        Share of the training rows that a leaf holds at least (within 10 to 100 rows).
    ridge : float
        Ridge penalty on the values of the leaves (LightGBM's ``lambda_l2``).
    """

    rounds: int = 200
    learning_rate: float = 0.03
    leaves: int = 7
    feature_fraction: float = 0.3
    leaf_share: float = 0.01
    ridge: float = 0.0

    def parameters(self, rows: int) -> dict[str, float | int]:
        """Return LightGBM's parameters for a number of training rows."""
        return {
            "learning_rate": self.learning_rate,
            "num_leaves": self.leaves,
            "feature_fraction": self.feature_fraction,
            "lambda_l2": self.ridge,
            "min_data_in_leaf": int(np.clip(rows * self.leaf_share, 10, 100)),
        }


@dataclass(frozen=True)
class TreeScorer:
    """A LightGBM model as text.

    Parameters
    ----------
    text : str
        What LightGBM writes.
    columns : tuple of str
        Features, in the order of training.
    """

    text: str
    columns: tuple[str, ...]

    @classmethod
    def read(cls, text: str, columns: Sequence[str]) -> TreeScorer:
        """Make a scorer of a text that somebody else wrote, refused here and not at the first score.

        Raises
        ------
        ModelError
            If the text is not what LightGBM writes for these columns.
        """
        found = cls(text, tuple(columns))
        _ = found._booster
        return found

    @cached_property
    def _booster(self) -> lgb.Booster:
        try:
            booster = lgb.Booster(model_str=checked_trees(self.text, self.columns, "trees.txt"))
        except lgb.basic.LightGBMError as error:
            raise ModelError(
                f"trees.txt is not a LightGBM model ({str(error).splitlines()[0]}). Train the model again."
            ) from None
        if booster.num_feature() != len(self.columns):
            raise ModelError(
                f"trees.txt expects {booster.num_feature()} features, churn.json names {len(self.columns)}."
            )
        return booster

    def score(self, features: Features) -> np.ndarray:
        """Return log-odds.

        Parameters
        ----------
        features : pandas.DataFrame, shape (n, ...)
            With the columns.

        Returns
        -------
        numpy.ndarray, shape (n,)
        """
        matrix = _matrix(features, self.columns)
        threads = _threads(len(matrix), None)
        return np.asarray(self._booster.predict(matrix, raw_score=True, num_threads=threads))

    def contributions(self, features: pd.DataFrame) -> pd.DataFrame:
        """Return each feature's share of the log-odds (TreeSHAP), without the constant.

        Parameters
        ----------
        features : pandas.DataFrame, shape (n, ...)
            With the columns.

        Returns
        -------
        pandas.DataFrame, shape (n, n_features)

        References
        ----------
        Lundberg et al. (2020), "From local explanations to global understanding with explainable AI for
        trees".
        """
        return pd.DataFrame(self.explained(features)[1], columns=list(self.columns))

    def explained(self, features: Features) -> tuple[np.ndarray, np.ndarray]:
        """Return the log-odds, shape (n,), and each feature's share of them, shape (n, n_features)."""
        matrix = _matrix(features, self.columns)
        threads = _threads(len(matrix), None)
        score = np.asarray(self._booster.predict(matrix, raw_score=True, num_threads=threads))
        # a row's shares take thirty times as long as its score, so threads pay from fewer rows on
        threads = _threads(30 * len(matrix), None)
        shares = np.asarray(self._booster.predict(matrix, pred_contrib=True, num_threads=threads))
        return score, shares[:, :-1]


def fit_trees(
    features: pd.DataFrame,
    churned: np.ndarray,
    *,
    columns: Sequence[str],
    categorical: Sequence[str] = (),
    settings: TreeSettings | None = None,
    seed: int,
    sample_weight: np.ndarray | None = None,
    threads: int | None = None,
) -> TreeScorer:
    """Fit LightGBM.

    Parameters
    ----------
    features : pandas.DataFrame, shape (n, ...)
        With the columns; missing values are kept, LightGBM learns where they go.
    churned : numpy.ndarray of int, shape (n,)
        Outcomes.
    columns, categorical : sequence of str
        Features, and which of them hold codes rather than numbers.
    settings : TreeSettings, optional
        How the trees are grown; the built-in way when None.
    seed : int
        For the features drawn per tree.
    sample_weight : numpy.ndarray, shape (n,), optional
        Weight of each row; 1 when None.
    threads : int, optional
        At most this many; all cores when None. The model does not depend on it.

    Returns
    -------
    TreeScorer
    """
    settings = settings or TreeSettings()
    parameters = {
        **_PARAMETERS,
        **settings.parameters(len(churned)),
        "seed": seed,
        "num_threads": _threads(len(churned), threads),
    }
    data = lgb.Dataset(
        _matrix(features, columns),
        label=churned,
        weight=sample_weight,
        feature_name=list(columns),
        categorical_feature=[c for c in categorical if c in columns],
        params={"verbosity": -1, "num_threads": _threads(len(churned), threads)},
    )
    booster = lgb.train(parameters, data, num_boost_round=settings.rounds)
    return TreeScorer(_THREADS_LINE.sub("", booster.model_to_string()), tuple(columns))


def _threads(rows: int, most: int | None) -> int:
    """Use one thread for a small table: on a busy machine, threads that wait for each other cost minutes."""
    return 1 if rows < _ROWS_WORTH_THREADS else most or 0


def _matrix(features: Features, columns: Sequence[str]) -> np.ndarray:
    if isinstance(features, Mapping):
        return np.column_stack([np.asarray(features[name], dtype=np.float64) for name in columns])
    return np.ascontiguousarray(features[list(columns)].to_numpy(dtype=np.float64))
