"""The challenger of the purchase models: small trees that predict a customer's value from a matrix.

In:  features, one row per customer of several past days, and what each of them brought afterwards.
Out: predicted values, and the fitted trees as LightGBM text and JSON.
Not here: making the matrix and judging (`evaluation`); the purchase models (`clv.estimator`).

Two models with a log link, averaged: Tweedie (nothing, or something, in one distribution) and two-part
(P(spend) x gamma mean given spend). Both start from a baseline, a value that was expected without trees, and
learn factors on it: trees alone predict no more than what they saw and lose the largest customers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd

from patron.errors import ModelError, NotEnoughData
from patron.tree_text import checked_trees

if TYPE_CHECKING:
    import lightgbm as lgb

#: A frame, or feature -> values of shape (n,).
Features: TypeAlias = pd.DataFrame | Mapping[str, np.ndarray]
#: The column that holds the value expected without trees, in the currency of the target.
BASELINE = "baseline_value"
#: Name of a model -> what LightGBM is asked to fit.
OBJECTIVES: dict[str, dict[str, Any]] = {
    "tweedie": {"objective": "tweedie", "tweedie_variance_power": 1.5},
    "spends": {"objective": "binary"},
    "amount": {"objective": "gamma"},
}
_PARAMETERS = {
    "learning_rate": 0.03,
    "num_leaves": 7,
    "feature_fraction": 0.3,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}
#: From the baseline on, few trees are enough; more repeat the season they saw.
ROUNDS = 150
#: What is added to a baseline, as a share of the mean value: a baseline of nothing must be able to grow.
_FLOOR_SHARE = 0.05
_FEWEST_SPENDERS = 20
_ROWS_WORTH_THREADS = 100_000
_THREADS_LINE = re.compile(r"^\[num_threads: .*\]\n", re.MULTILINE)


@dataclass(frozen=True)
class Challenger:
    """Fitted trees.

    Parameters
    ----------
    columns : tuple of str
        Features, in the order of training; `BASELINE` is read beside them.
    trees : mapping
        ``tweedie``, ``spends``, ``amount`` -> LightGBM text.
    floor : float
        Added to the baseline, currency.
    unit : float
        Currency units that the trees count in.
    levels : mapping
        ``tweedie``, ``amount`` -> factor that brings the total to that of the training rows.
    """

    columns: tuple[str, ...]
    trees: Mapping[str, str]
    floor: float
    unit: float
    levels: Mapping[str, float]

    @cached_property
    def _boosters(self) -> dict[str, lgb.Booster]:
        return {name: _booster(name, self.trees[name], self.columns) for name in OBJECTIVES}

    def predict(self, features: Features) -> np.ndarray:
        """Predict values.

        Parameters
        ----------
        features : pandas.DataFrame, shape (n, ...), or mapping of arrays
            With the columns and `BASELINE`.

        Returns
        -------
        numpy.ndarray, shape (n,)
            Currency, at least 0; a row's value does not depend on the other rows.
        """
        halves = self.halves(features)
        values: np.ndarray = 0.5 * (halves["tweedie"] + halves["amount"])
        return values

    def halves(self, features: Features) -> dict[str, np.ndarray]:
        """Predict by Tweedie (``tweedie``) and by the two parts (``amount``): currency, shape (n,) each."""
        if len(next(iter(features.values())) if isinstance(features, Mapping) else features) == 0:
            return {"tweedie": np.zeros(0), "amount": np.zeros(0)}
        matrix, start = _matrix(features, self.columns), _start(features, self.floor, self.unit)
        threads = _threads(len(matrix), None)
        raw = {
            name: np.asarray(booster.predict(matrix, raw_score=True, num_threads=threads))
            for name, booster in self._boosters.items()
        }
        spends = 1.0 / (1.0 + np.exp(-raw["spends"]))
        levels = {name: self.unit * level for name, level in self.levels.items()}
        return {
            "tweedie": levels["tweedie"] * np.exp(raw["tweedie"] + start),
            "amount": spends * levels["amount"] * np.exp(raw["amount"] + start),
        }

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the trees as JSON-able data; the trees are texts (`trees`)."""
        return {
            "columns": list(self.columns),
            "floor": self.floor,
            "unit": self.unit,
            "levels": dict(self.levels),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any], trees: Mapping[str, str]) -> Challenger:
        """Bring back what `to_dict` and `trees` hold.

        Raises
        ------
        ModelError
            When trees are missing or damaged, with all problems.
        """
        missing = sorted(set(OBJECTIVES) - set(trees))
        if missing:
            raise ModelError(f"The trees of the value forecast lack {', '.join(missing)}. Train it again.")
        found = cls(
            tuple(stored["columns"]),
            {name: trees[name] for name in OBJECTIVES},
            float(stored["floor"]),
            float(stored["unit"]),
            {str(name): float(level) for name, level in stored["levels"].items()},
        )
        _ = found._boosters  # a damaged text is refused when the model is loaded, not at the first score
        return found


def fit_challenger(
    features: pd.DataFrame,
    value: np.ndarray,
    *,
    columns: Sequence[str],
    categorical: Sequence[str] = (),
    rounds: int = ROUNDS,
    seed: int = 7,
    threads: int | None = None,
) -> Challenger:
    """Fit the challenger.

    Parameters
    ----------
    features : pandas.DataFrame, shape (n, ...)
        With the columns and `BASELINE` (at least 0); missing values are kept.
    value : numpy.ndarray, shape (n,)
        What each row brought, currency; losses count as nothing.
    columns, categorical : sequence of str
        Features, and which of them hold codes rather than numbers.
    rounds : int
        Trees of each model.
    seed : int
        For the features drawn per tree.
    threads : int, optional
        At most this many; all cores when None. The bytes do not depend on it.

    Returns
    -------
    Challenger

    Raises
    ------
    NotEnoughData
        With under 20 rows that brought anything, or none that brought nothing.

    References
    ----------
    Tweedie (1984); Duan et al. (1983), "A comparison of alternative models for the demand for medical care":
    the two-part model.

    Examples
    --------
    >>> rows = pd.DataFrame({"orders": [0.0, 5.0] * 60, BASELINE: [0.0, 40.0] * 60})
    >>> model = fit_challenger(rows, np.array([0.0, 50.0] * 60), columns=["orders"])
    >>> low, high = model.predict(rows.head(2))
    >>> bool(low < 5 < 45 < high < 55)
    True
    """
    target = np.maximum(np.asarray(value, dtype=np.float64), 0.0)
    spent = target > 0
    if int(spent.sum()) < _FEWEST_SPENDERS:
        raise NotEnoughData(
            f"{int(spent.sum())} of {len(target)} rows brought anything; trees need {_FEWEST_SPENDERS}."
        )
    unit, floor = float(target[spent].mean()), _FLOOR_SHARE * float(target.mean())
    matrix, start = _matrix(features, columns), _start(features, floor, unit)
    levels = {"tweedie": _level(target / unit, start), "amount": _level(target[spent] / unit, start[spent])}
    labels: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray | None]] = {
        "tweedie": (matrix, target / unit, start + np.log(levels["tweedie"])),
        "spends": (matrix, spent.astype(np.float64), None),
        "amount": (matrix[spent], target[spent] / unit, start[spent] + np.log(levels["amount"])),
    }
    codes = [c for c in categorical if c in columns]
    texts = {}
    for name, (rows, label, baseline) in labels.items():
        parameters = OBJECTIVES[name] | _parameters(len(label), seed, threads)
        texts[name] = _fitted_text(parameters, rows, label, baseline, columns, codes, rounds)
    made = Challenger(tuple(columns), texts, floor, unit, levels)
    # few trees under a log link leave a part of the total unexplained; each half is brought to what came
    found = {name: float(values.sum()) for name, values in made.halves(features).items()}
    return replace(made, levels={n: levels[n] * float(target.sum()) / found[n] for n in levels})


def _fitted_text(
    parameters: dict[str, Any],
    rows: np.ndarray,
    label: np.ndarray,
    baseline: np.ndarray | None,
    columns: Sequence[str],
    codes: Sequence[str],
    rounds: int,
) -> str:
    """Fit one model and write it without what the machine leaves in it."""
    # imported here: purchase models do without LightGBM, and it brings scikit-learn with it
    import lightgbm as lgb

    data = lgb.Dataset(
        rows,
        label=label,
        init_score=baseline,
        feature_name=list(columns),
        categorical_feature=list(codes),
        params={"verbosity": -1, "num_threads": parameters["num_threads"]},
    )
    return _THREADS_LINE.sub("", lgb.train(parameters, data, num_boost_round=rounds).model_to_string())


def _parameters(rows: int, seed: int, threads: int | None) -> dict[str, Any]:
    return _PARAMETERS | {
        "seed": seed,
        "num_threads": _threads(rows, threads),
        "min_data_in_leaf": int(np.clip(rows / 100, 10, 100)),
    }


def _level(target: np.ndarray, start: np.ndarray) -> float:
    return float(target.mean() / np.exp(start).mean())


def _start(features: Features, floor: float, unit: float) -> np.ndarray:
    """Return the logarithm of where the trees begin."""
    baseline = np.maximum(np.asarray(features[BASELINE], dtype=np.float64), 0.0)
    start: np.ndarray = np.log((baseline + floor) / unit)
    return start


def _booster(name: str, text: str, columns: Sequence[str]) -> lgb.Booster:
    import lightgbm as lgb

    try:
        booster = lgb.Booster(model_str=checked_trees(text, columns, f"forecast_{name}.txt"))
    except lgb.basic.LightGBMError as error:
        reason = str(error).splitlines()[0]
        raise ModelError(
            f"The trees {name!r} of the value forecast are not a LightGBM model ({reason}). Train it again."
        ) from None
    if booster.num_feature() != len(columns):
        raise ModelError(
            f"The trees {name!r} of the value forecast expect {booster.num_feature()} features, "
            f"{len(columns)} are named. Train it again."
        )
    return booster


def _threads(rows: int, most: int | None) -> int:
    """Use one thread for a small table: threads that wait for each other cost more than they bring."""
    return 1 if rows < _ROWS_WORTH_THREADS else most or 0


def _matrix(features: Features, columns: Sequence[str]) -> np.ndarray:
    if isinstance(features, Mapping):
        return np.column_stack([np.asarray(features[name], dtype=np.float64) for name in columns])
    return np.ascontiguousarray(features[list(columns)].to_numpy(dtype=np.float64))
