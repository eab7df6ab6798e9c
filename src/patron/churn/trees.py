"""The door to LightGBM: small trees, deterministic, written and read as text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import lightgbm as lgb
import numpy as np
import pandas as pd

from patron.errors import ModelError

# Small trees rank as well as large ones on logs of this size and need no early stopping.
_PARAMETERS = {
    "objective": "binary",
    "learning_rate": 0.03,
    "num_leaves": 7,
    "feature_fraction": 0.3,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}
#: Numbers of rounds that are compared out of time.
ROUNDS = (50, 100, 150, 200, 300, 400)
_ROWS_WORTH_THREADS = 100_000
# Threads are a fact of the machine, not of the model: they would change the bytes of the text.
_THREADS_LINE = re.compile(r"^\[num_threads: .*\]\n", re.MULTILINE)


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

    @cached_property
    def _booster(self) -> lgb.Booster:
        try:
            booster = lgb.Booster(model_str=self.text)
        except lgb.basic.LightGBMError as error:
            raise ModelError(
                f"trees.txt is not a LightGBM model ({str(error).splitlines()[0]}). Train the model again."
            ) from None
        if booster.num_feature() != len(self.columns):
            raise ModelError(
                f"trees.txt expects {booster.num_feature()} features, churn.json names {len(self.columns)}."
            )
        return booster

    def score(self, features: pd.DataFrame, *, rounds: int | None = None) -> np.ndarray:
        """Return log-odds.

        Parameters
        ----------
        features : pandas.DataFrame, shape (n, ...)
            With the columns.
        rounds : int, optional
            Only the first trees.

        Returns
        -------
        numpy.ndarray, shape (n,)
        """
        matrix = _matrix(features, self.columns)
        threads = _threads(len(matrix), None)
        return np.asarray(
            self._booster.predict(matrix, raw_score=True, num_iteration=rounds, num_threads=threads)
        )

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
        values = np.asarray(
            self._booster.predict(_matrix(features, self.columns), pred_contrib=True, num_threads=1)
        )
        return pd.DataFrame(values[:, :-1], columns=list(self.columns))


def fit_trees(
    features: pd.DataFrame,
    churned: np.ndarray,
    *,
    columns: Sequence[str],
    categorical: Sequence[str] = (),
    rounds: int,
    seed: int,
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
    rounds : int
        Number of trees.
    seed : int
        For the features drawn per tree.
    threads : int, optional
        At most this many; all cores when None. The model does not depend on it.

    Returns
    -------
    TreeScorer
    """
    parameters = _PARAMETERS | {
        "seed": seed,
        "num_threads": _threads(len(churned), threads),
        "min_data_in_leaf": int(np.clip(len(churned) / 100, 10, 100)),
    }
    data = lgb.Dataset(
        _matrix(features, columns),
        label=churned,
        feature_name=list(columns),
        categorical_feature=[c for c in categorical if c in columns],
        params={"verbosity": -1, "num_threads": _threads(len(churned), threads)},
    )
    booster = lgb.train(parameters, data, num_boost_round=rounds)
    return TreeScorer(_THREADS_LINE.sub("", booster.model_to_string()), tuple(columns))


def _threads(rows: int, most: int | None) -> int:
    """Use one thread for a small table: on a busy machine, threads that wait for each other cost minutes."""
    return 1 if rows < _ROWS_WORTH_THREADS else most or 0


def _matrix(features: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
    return np.ascontiguousarray(features[list(columns)].to_numpy(dtype=np.float64))
