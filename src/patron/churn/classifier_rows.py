"""Rows that `ChurnClassifier` learns from: their order, their weights, and the folds it calibrates on.

In: checked arrays. Out: rows in an order of their own, repeated by weight, and folds of them.
Not here: what is fitted to them (``classifier``).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold
from sklearn.utils import check_array, check_consistent_length

from patron.churn.folds import rolling_folds
from patron.errors import NotEnoughData

Floats = NDArray[np.float64]
Folds = list[tuple[NDArray[np.intp], NDArray[np.intp]]]

_FOLDS = 5
_MOST_COPIES = 2_000_000


class OneClassOnly(NotEnoughData, ValueError):
    """All rows have the same label; a ValueError, too, as scikit-learn's tools expect."""


class TrainingRows(NamedTuple):
    """Features, outcomes, weights and, where known, snapshots of the same rows.

    Parameters
    ----------
    features : pandas.DataFrame, shape (n, n_features)
        Float64 columns.
    churned : numpy.ndarray of int64, shape (n,)
        1 for the second label.
    weight : numpy.ndarray of float, shape (n,)
        Above zero.
    as_of_day : numpy.ndarray of int64, shape (n,), optional
        Days since 1970-01-01.
    """

    features: pd.DataFrame
    churned: NDArray[np.int64]
    weight: Floats
    as_of_day: NDArray[np.int64] | None

    def take(self, rows: NDArray[Any]) -> TrainingRows:
        """Return rows by number."""
        days = None if self.as_of_day is None else self.as_of_day[rows]
        features = self.features.take(rows).reset_index(drop=True)
        return TrainingRows(features, self.churned[rows], self.weight[rows], days)

    def repeated(self) -> TrainingRows:
        """Return each row as often as its weight says; as they are where a weight is no whole number.

        As they are, too, where that would be millions (money as a weight). A weight passed on to the trees
        moves the edges of their bins and the size of their leaves in another way than copies do.
        """
        if not self.can_be_repeated:
            return self
        copies = self.take(np.repeat(np.arange(len(self.weight)), self.weight.astype(np.int64)))
        return copies._replace(weight=np.ones(len(copies.weight)))

    @property
    def can_be_repeated(self) -> bool:
        """Whether weights are whole numbers and not millions of copies in all."""
        whole = bool((self.weight == np.round(self.weight)).all())
        return whole and float(self.weight.sum()) <= max(len(self.weight), _MOST_COPIES)

    @property
    def has_both_labels(self) -> bool:
        """Whether there is something to tell apart."""
        return bool(self.churned.any() and not self.churned.all())


def checked_weights(sample_weight: Any, rows: int) -> Floats:
    """Return one weight per row, ones without any.

    Raises
    ------
    ValueError
        If they are no numbers, negative, all zero, or of another shape.
    """
    if sample_weight is None:
        return np.ones(rows)
    weight = check_array(sample_weight, ensure_2d=False, dtype=np.float64, input_name="sample_weight")
    if weight.ndim != 1:
        raise ValueError(f"sample_weight has shape {weight.shape}; one number per row is wanted.")
    check_consistent_length(weight, np.empty(rows))
    negative = np.flatnonzero(weight < 0)
    if len(negative):
        first = negative[0]
        raise ValueError(
            f"sample_weight: {len(negative)} below zero, the first {weight[first]} in row {first}."
        )
    if not weight.any():
        raise ValueError("sample_weight: every weight is zero.")
    return np.asarray(weight)


def training_rows(
    matrix: Floats, churned: NDArray[np.int64], weight: Floats, as_of_day: NDArray[np.int64] | None
) -> TrainingRows:
    """Put rows into an order that does not depend on the one they came in, without those of weight 0.

    Sums of floating-point numbers depend on the order of the rows, and with them the trees.

    Raises
    ------
    OneClassOnly
        If what is left has a single label.
    """
    keys = [weight, churned, *matrix.T[::-1]]
    order = np.lexsort(keys if as_of_day is None else [*keys, as_of_day])
    frame = pd.DataFrame(matrix, columns=[f"x{i}" for i in range(matrix.shape[1])])
    rows = TrainingRows(frame, churned, weight, as_of_day).take(order[weight[order] > 0])
    if not rows.has_both_labels:
        raise OneClassOnly(
            f"{len(rows.churned)} row(s) of one class only: there is nothing to tell apart.",
            "Bring rows of both labels, with a weight above zero.",
        )
    return rows


def calibration_folds(rows: TrainingRows, *, horizon_days: int, seed: int) -> Folds:
    """Return row numbers to learn from and to predict, rolling in time where snapshots are known.

    Else from stratified folds.

    Raises
    ------
    NotEnoughData
        If there is no fold with both labels to learn from.
    """
    if rows.as_of_day is not None:
        folds = rolling_folds(rows.as_of_day, horizon_days=horizon_days)
        numbers = [(np.flatnonzero(fold.train), np.flatnonzero(fold.test)) for fold in folds]
        usable = [(train, test) for train, test in numbers if rows.take(train).has_both_labels]
        if usable:
            return usable
        raise NotEnoughData(
            f"calibration: no snapshot lies {horizon_days} days after one with both labels.",
            "Use calibration='none', or bring older snapshots.",
        )
    rarer = int(min(rows.churned.sum(), (1 - rows.churned).sum()))
    if rarer < 2:
        raise NotEnoughData(
            f"calibration: {rarer} row of the rarer label; two or more are needed.",
            "Use calibration='none', or bring more rows.",
        )
    splitter = StratifiedKFold(min(_FOLDS, rarer), shuffle=True, random_state=seed)
    return list(splitter.split(rows.churned, rows.churned))
