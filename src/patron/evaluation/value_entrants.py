"""Value forecasts of one day: fitted on what was known before it, side by side.

In:  plain frames of the day and of earlier days whose outcome was known by then.
Out: a forecast by the purchase model, the challenger, last year again, and blends of them.
Not here: collecting frames (`evaluation.value_frames`), choosing among the entrants (`value_choice`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from patron.clv import (
    BASELINE,
    PURCHASE_COLUMNS,
    SINGLE_ENTRANTS,
    Challenger,
    CLVModel,
    fit_challenger,
    value_matrix,
)
from patron.errors import NotEnoughData
from patron.evaluation.value_frames import ValueFrame, ValueTerms
from patron.features import catalogue

Interval = tuple[np.ndarray, np.ndarray]
#: Past days that the challenger learns from, newest first.
MOST_SNAPSHOTS = 12


class ValuePredictions(NamedTuple):
    """What each single entrant expects of each customer; n customers.

    Parameters
    ----------
    predicted : dict
        ``btyd``, ``last_year`` and, where it could be fitted, ``challenger`` -> array of float, shape (n,):
        undiscounted margin in the days ahead, currency.
    interval : tuple of array, or None
        Low and high of the purchase model, 80 %; None where it was not wanted.
    model : CLVModel
        The purchase model.
    """

    predicted: dict[str, np.ndarray]
    interval: Interval | None
    model: CLVModel


class Snapshot(NamedTuple):
    """A past day as the challenger sees it: `day`, `matrix` of `clv.value_matrix`, `value` brought."""

    day: int
    matrix: pd.DataFrame
    value: np.ndarray


def snapshot_of(frame: ValueFrame, value_days: int) -> Snapshot | None:
    """Fit the purchase model of a past day and build its matrix; None where its orders are too few."""
    purchases = fit_snapshot_model(frame.summary)
    if purchases is None or frame.value is None:
        return None
    return Snapshot(frame.day, matrix_of(frame, purchases, value_days), frame.value)


def fit_snapshot_model(summary: pd.DataFrame) -> CLVModel | None:
    """Fit MBG/NBD, whose outputs are features of the challenger; None where the orders are too few."""
    try:
        return CLVModel(purchases="mbgnbd").fit(summary)
    except NotEnoughData:
        return None


def matrix_of(frame: ValueFrame, purchases: CLVModel, value_days: int) -> pd.DataFrame:
    """Build what the challenger reads of a frame."""
    return value_matrix(frame.summary, frame.features, frame.earned, frame.last_year, purchases, value_days)


def fit_on_snapshots(
    snapshots: Sequence[Snapshot], *, coded: Sequence[str], seed: int, threads: int | None
) -> Challenger | None:
    """Fit the challenger on the newest snapshots.

    Parameters
    ----------
    snapshots : sequence of Snapshot
        All of them matured by the day of the forecast.
    coded : sequence of str
        Features that hold codes rather than numbers.
    seed : int
        For the trees.
    threads : int or None
        Changes no result.

    Returns
    -------
    Challenger or None
        None where there is too little to learn from.
    """
    newest = sorted(snapshots, key=lambda s: s.day)[-MOST_SNAPSHOTS:]
    if not newest:
        return None
    matrix = pd.concat([s.matrix for s in newest], ignore_index=True)
    value = np.concatenate([s.value for s in newest])
    columns = challenger_columns(matrix)
    try:
        return fit_challenger(matrix, value, columns=columns, categorical=coded, seed=seed, threads=threads)
    except NotEnoughData:
        return None


def challenger_columns(matrix: pd.DataFrame) -> list[str]:
    """Return the features that mean the same however old the log is, and those of the purchase model."""
    growing = {f.name for f in catalogue() if f.grows_with_log} - set(PURCHASE_COLUMNS)
    return [str(name) for name in matrix if name not in growing and name != BASELINE]


def predict_singles(
    frame: ValueFrame,
    challenger: Challenger | None,
    terms: ValueTerms,
    value_days: int,
    *,
    with_interval: bool = True,
) -> ValuePredictions | None:
    """Forecast the days after a frame's day by every single entrant.

    Parameters
    ----------
    frame : ValueFrame
        The day.
    challenger : Challenger or None
        Fitted on snapshots matured by that day.
    terms : ValueTerms
        How money is counted.
    value_days : int
        How far ahead.
    with_interval : bool
        Whether the interval is wanted too; it takes most of the time.

    Returns
    -------
    ValuePredictions or None
        None where the orders before the day are too few for a purchase model.
    """
    model = CLVModel(purchases=terms.purchases, backend=terms.backend, by=terms.by)
    try:
        model.fit(frame.summary, evidence=frame.evidence)
    except NotEnoughData:
        return None
    interval, weeks = None, value_days / 7
    if with_interval:
        table = model.predict(frame.summary, weeks, margin=frame.earned)
        btyd = table["clv"].to_numpy()
        interval = table["clv_low"].to_numpy(), table["clv_high"].to_numpy()
    else:
        btyd = model.clv(frame.summary, weeks, margin=frame.earned)
    predicted = {"btyd": btyd, "last_year": frame.last_year * value_days}
    purchases = None if challenger is None else fit_snapshot_model(frame.summary)
    if challenger is not None and purchases is not None:
        values = challenger.predict(matrix_of(frame, purchases, value_days))
        predicted["challenger"] = np.where(frame.earned > 0, values, 0.0)
    return ValuePredictions(predicted, interval, model)


def blend_of(predicted: Mapping[str, np.ndarray], weights: Mapping[str, float]) -> np.ndarray:
    """Add up forecasts by their weights, shape (n,)."""
    total = np.zeros(len(next(iter(predicted.values()))))
    for name in SINGLE_ENTRANTS:
        if weights.get(name, 0.0) > 0:
            total += weights[name] * predicted[name]
    return total


def moved_interval(interval: Interval, btyd: np.ndarray, values: np.ndarray) -> Interval:
    """Move the purchase model's interval in proportion to another forecast; nothing stays nothing."""
    known = btyd > 0
    factor = np.where(known, values / np.where(known, btyd, 1.0), 0.0)
    return interval[0] * factor, interval[1] * factor
