"""The churn model as a scikit-learn classifier, for pipelines, searches and cross-validation.

In: any table of numbers and two labels. Out: probabilities, log-odds and what each column adds to them.
Not here: choosing among entrants and naive rules (``train``). Loaded by the facade only: needs scikit-learn.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_consistent_length
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted, validate_data

from patron.churn.average import AverageScorer, Member
from patron.churn.calibrate import Calibrator, fit_calibrator
from patron.churn.classifier_rows import (
    OneClassOnly,
    TrainingRows,
    calibration_folds,
    checked_weights,
    training_rows,
)
from patron.churn.smooth import fit_smooth
from patron.churn.splitter import is_count, snapshot_day_numbers
from patron.churn.trees import TreeSettings, fit_trees
from patron.errors import PatronError

Floats = NDArray[np.float64]

MODELS = ("average", "lightgbm", "logistic")
CALIBRATIONS = ("none", "sigmoid", "isotonic")


class ChurnClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Small LightGBM trees, a logistic regression on quantiles, or the average of both.

    The models of `patron train`, with scikit-learn's interface and without the ladder around them. Trees find
    interactions, the logistic regression is steadier on few rows; the average is that of their log-odds.
    Missing values are allowed. The same rows give the same model in any order.

    Parameters
    ----------
    model : {"average", "lightgbm", "logistic"}
        What is fitted.
    rounds : int
        Number of trees.
    calibration : {"none", "sigmoid", "isotonic"}
        Map from log-odds to probability, fitted on predictions for rows that were not learned from: rolling
        in time where `fit` is given `as_of`, else from stratified folds.
    horizon_days : int
        Length of the outcome window; used only for calibration in time, where it is the gap.
    seed : int
        For the columns drawn per tree and for the stratified folds.

    Attributes
    ----------
    classes_ : numpy.ndarray, shape (2,)
        The labels; probabilities and log-odds are those of the second.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : numpy.ndarray of str, shape (n_features_in_,)
        Their names, where `fit` was given a frame.
    base_log_odds_ : float
        What the contributions of a row add up from.
    calibrator_ : Calibrator
        The map to probabilities.
    scorer_ : AverageScorer, TreeScorer or SmoothScorer
        What gives the log-odds before calibration.

    References
    ----------
    Ke et al. (2017), "LightGBM: A highly efficient gradient boosting decision tree". Platt (1999) and
    Zadrozny & Elkan (2002) for the calibrations.

    Examples
    --------
    >>> import numpy as np
    >>> silence_days = np.arange(200.0).reshape(-1, 1)
    >>> churned = np.where(silence_days[:, 0] > 90, "left", "bought")
    >>> model = ChurnClassifier(rounds=50).fit(silence_days, churned)
    >>> model.predict([[10.0], [180.0]]).tolist()
    ['bought', 'left']
    """

    def __init__(
        self,
        model: str = "average",
        rounds: int = 200,
        calibration: str = "none",
        horizon_days: int = 90,
        seed: int = 7,
    ) -> None:
        self.model = model
        self.rounds = rounds
        self.calibration = calibration
        self.horizon_days = horizon_days
        self.seed = seed

    def fit(self, X: Any, y: Any, sample_weight: Any = None, as_of: Any = None) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : array-like, shape (n, n_features)
            Numbers; missing values allowed, infinite ones not.
        y : array-like, shape (n,)
            Two different labels.
        sample_weight : array-like, shape (n,), optional
            Whole numbers count as so many copies of a row (up to two million copies in all). Other weights
            cannot be calibrated here.
        as_of : array-like, shape (n,), optional
            Snapshot of each row: dates, ``YYYY-MM-DD``, or days since 1970-01-01. Calibration then predicts
            later snapshots from earlier ones whose outcome was known.

        Returns
        -------
        ChurnClassifier
            Itself.

        Raises
        ------
        PatronError
            If a setting is not allowed, or weights cannot be calibrated.
        NotEnoughData
            If there are not two labels, or too few rows or snapshots to calibrate on.
        ValueError
            If the arrays do not fit each other or hold what is no number.
        """
        self._check_settings()
        X, y = validate_data(self, X, y, dtype=np.float64, ensure_all_finite="allow-nan")
        self.classes_ = _two_classes(y)
        weight = checked_weights(sample_weight, len(y))
        days = None if as_of is None else snapshot_day_numbers(as_of, name="as_of")
        check_consistent_length(y, days)
        rows = training_rows(X, (y == self.classes_[1]).astype(np.int64), weight, days)
        self.calibrator_ = self._calibrator(rows)
        self.scorer_ = self._scorer(rows)
        first = rows.features.iloc[:1]
        shares = self.scorer_.contributions(first).to_numpy()
        self.base_log_odds_ = float(self.scorer_.score(first)[0] - shares.sum())
        return self

    def predict_proba(self, X: Any) -> Floats:
        """Return probabilities of both labels, in the order of `classes_`; shape (n, 2)."""
        features = self._checked(X)
        second = self.calibrator_.probability(self.scorer_.score(features))
        return np.column_stack([1 - second, second])

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the more probable label of each row; shape (n,)."""
        second = self.decision_function(X) > 0
        return np.asarray(self.classes_[second.astype(np.intp)])

    def decision_function(self, X: Any) -> Floats:
        """Return the log-odds of the second label, after calibration; shape (n,)."""
        features = self._checked(X)
        score, calibrator = self.scorer_.score(features), self.calibrator_
        if calibrator.kind == "isotonic":
            return np.asarray(logit(calibrator.probability(score)))
        return np.asarray(calibrator.slope * score + calibrator.intercept)

    def contributions(self, X: Any) -> pd.DataFrame:
        """Return what each column adds to the log-odds of a row.

        Parameters
        ----------
        X : array-like, shape (n, n_features)
            As in `fit`.

        Returns
        -------
        pandas.DataFrame, shape (n, n_features)
            In log-odds before calibration; with `base_log_odds_` they add up to them.
        """
        features = self._checked(X)
        shares = self.scorer_.contributions(features)[features.columns]
        names = getattr(self, "feature_names_in_", features.columns)
        index = X.index if isinstance(X, pd.DataFrame) else features.index
        return pd.DataFrame(shares.to_numpy(), columns=list(names), index=index)

    def __sklearn_tags__(self) -> Any:
        """Two labels only, missing values allowed."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = True
        return tags

    def _checked(self, X: Any) -> pd.DataFrame:
        check_is_fitted(self)
        matrix = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False)
        return pd.DataFrame(matrix, columns=[f"x{i}" for i in range(matrix.shape[1])])

    def _check_settings(self) -> None:
        wanted = {"model": MODELS, "calibration": CALIBRATIONS}
        problems = [
            f"{name} is {getattr(self, name)!r}; it must be one of {', '.join(allowed)}."
            for name, allowed in wanted.items()
            if getattr(self, name) not in allowed
        ]
        problems += [
            f"{name} is {getattr(self, name)!r}; it must be a whole number from {least} on."
            for name, least in {"rounds": 1, "horizon_days": 1, "seed": 0}.items()
            if not is_count(getattr(self, name), least)
        ]
        if problems:
            raise PatronError(problems)

    def _calibrator(self, rows: TrainingRows) -> Calibrator:
        if self.calibration == "none":
            return Calibrator()
        if not rows.can_be_repeated:
            raise PatronError(
                "calibration counts rows, and sample_weight holds fractions or asks for millions of copies.",
                "Scale the weights and round them, or calibrate with scikit-learn's CalibratedClassifierCV.",
            )
        scores, churned = [], []
        for train, test in calibration_folds(rows, horizon_days=self.horizon_days, seed=self.seed):
            later = rows.take(test).repeated()
            scores.append(self._scorer(rows.take(train)).score(later.features))
            churned.append(later.churned)
        return fit_calibrator(self.calibration, np.concatenate(scores), np.concatenate(churned))

    def _scorer(self, rows: TrainingRows) -> AverageScorer | Member:
        features, churned, weight, _ = rows.repeated()
        members: dict[str, Member] = {}
        if self.model != "logistic":
            members["lightgbm"] = fit_trees(
                features,
                churned,
                columns=list(features.columns),
                settings=TreeSettings(rounds=self.rounds),
                seed=self.seed,
                sample_weight=weight,
            )
        if self.model != "lightgbm":
            members["logistic"] = fit_smooth(
                features, churned, columns=list(features.columns), sample_weight=weight
            )
        return AverageScorer(members) if self.model == "average" else members[self.model]


def _two_classes(y: NDArray[Any]) -> NDArray[Any]:
    check_classification_targets(y)
    classes = np.unique(y)
    if len(classes) > 2:
        # scikit-learn's own words: its tools look for them
        kind = type_of_target(y, input_name="y")
        raise ValueError(f"Only binary classification is supported. The type of the target is {kind}.")
    if len(classes) < 2:
        raise OneClassOnly(f"All {len(y)} row(s) are of one class, {classes[0]!r}; two are needed.")
    return np.asarray(classes)
