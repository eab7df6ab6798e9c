"""A held-out period with everything that a forecast of it may learn from, then the forecasts of it.

In:  the customer tables, the end of what is known, how money is counted.
Out: `ValueCase`, plain frames that any worker can take; then what each entrant expected, and the chosen one.
Not here: metrics and pictures of the period (`evaluation.value`), the model that ships (`value_shipping`).

Time runs: windows that forecasts are compared on | the reported period. Each forecast, of a window or of the
period, is fitted on days whose outcome was over by its own first day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from patron.clv import CLVModel, held_out_days
from patron.evaluation.value_choice import BLEND, ValueChoice, ValueWindow, choose_value
from patron.evaluation.value_entrants import (
    MOST_SNAPSHOTS,
    Interval,
    Snapshot,
    blend_of,
    fit_on_snapshots,
    moved_interval,
    predict_singles,
    snapshot_of,
)
from patron.evaluation.value_frames import (
    MOST_CUSTOMERS,
    ForecastRecipe,
    ValueFrame,
    ValueTerms,
    collect_frame,
)
from patron.features import FeatureRecipe, value_recipe
from patron.snapshots import CustomerTables

_DAYS_PER_MONTH = 30.4375
_EVERY_DAYS = 30
_MOST_WINDOWS = 4
#: Shorter windows tell more about the week than about the forecast.
_SHORTEST_WINDOW = 28

Frames = Mapping[int, ValueFrame]


class ValueCase(NamedTuple):
    """Everything that is needed to judge a forecast; holds no handle on any engine.

    Parameters
    ----------
    first_day : int
        First order day of the log (days since 1970-01-01).
    value_days : int
        Length of the reported period.
    reported : ValueFrame
        The day it begins, with what came, for every customer.
    snapshots : mapping of int to ValueFrame
        Days whose outcome over `value_days` was known on that day; a share of the customers in large bases.
    choice_days : int
        Length of the windows that the choice is made on: `value_days`, less where the log is short.
    windows : sequence of int
        Days on which they begin; empty without a choice.
    earlier : mapping of int to ValueFrame
        Those days and the snapshots behind them, with outcomes over `choice_days`.
    """

    first_day: int
    value_days: int
    reported: ValueFrame
    snapshots: Frames
    choice_days: int
    windows: Sequence[int]
    earlier: Frames


class CaseForecasts(NamedTuple):
    """What was expected of the reported period; n customers.

    Parameters
    ----------
    predicted : dict
        ``btyd``, ``challenger`` (where it could be fitted), ``last_year``, ``blend``, ``mean`` -> array of
        float, shape (n,): undiscounted margin, currency.
    interval : dict
        ``btyd`` and the chosen entrant -> (low, high), arrays of float, shape (n,).
    choice : ValueChoice
        Which of them ships.
    model : CLVModel
        The purchase model.
    """

    predicted: dict[str, np.ndarray]
    interval: dict[str, Interval]
    choice: ValueChoice
    model: CLVModel


def evaluation_days(span_days: int, horizon_months: int) -> int:
    """Return how many days are held out: at most H, a third of the span, and 180.

    Examples
    --------
    >>> evaluation_days(span_days=648, horizon_months=12)
    180
    """
    return max(1, min(int(horizon_months * _DAYS_PER_MONTH), held_out_days(span_days)))


def collect_case(
    tables: CustomerTables,
    as_of_day: int,
    first_day: int,
    terms: ValueTerms,
    recipe: ForecastRecipe,
    *,
    value_days: int | None = None,
) -> ValueCase:
    """Collect the period that ends at a day, and what came before it.

    Parameters
    ----------
    tables : CustomerTables
        The customer-day tables; nothing at or after ``as_of_day`` is used.
    as_of_day, first_day : int
        End of what is known, and first order day (days since 1970-01-01).
    terms : ValueTerms
        How money is counted; windows for a choice are collected only where its model is auto.
    recipe : ForecastRecipe
        Features.
    value_days : int, optional
        Length of the period; `evaluation_days` when None.

    Returns
    -------
    ValueCase
    """
    days = value_days or evaluation_days(as_of_day - first_day, terms.horizon_months)
    cut = as_of_day - days
    features = value_recipe(recipe.features, days)
    reported = collect_frame(tables, cut, first_day, terms, features, days_ahead=days)
    choice_days = min(days, (cut - first_day) // 3)
    windows = _windows(cut, first_day, choice_days) if terms.model == "auto" else []
    wanted = set(_snapshot_days(cut, first_day, days))
    if choice_days == days:
        wanted |= _days_of(windows, first_day, days)
        earlier = collect_snapshots(tables, wanted, first_day, terms, features, days, with_evidence=windows)
        snapshots: Frames = {day: earlier[day] for day in _snapshot_days(cut, first_day, days)}
    else:
        snapshots = collect_snapshots(tables, wanted, first_day, terms, features, days)
        shorter, needed = value_recipe(features, choice_days), _days_of(windows, first_day, choice_days)
        earlier = collect_snapshots(
            tables, needed, first_day, terms, shorter, choice_days, with_evidence=windows
        )
    return ValueCase(first_day, days, reported, snapshots, choice_days, windows, earlier)


def collect_snapshots(
    tables: CustomerTables,
    days: set[int],
    first_day: int,
    terms: ValueTerms,
    recipe: FeatureRecipe,
    days_ahead: int,
    *,
    with_evidence: Sequence[int] = (),
    known: Frames | None = None,
) -> dict[int, ValueFrame]:
    """Collect past days, of large bases a share of the customers; those already `known` are taken over."""
    known = known or {}
    return {
        day: known[day]
        if day in known
        else collect_frame(
            tables,
            day,
            first_day,
            terms,
            recipe,
            days_ahead=days_ahead,
            with_evidence=day in with_evidence,
        ).sample(MOST_CUSTOMERS)
        for day in sorted(days)
    }


def snapshot_grid(newest: int, first_day: int, value_days: int) -> list[int]:
    """Return past days about a month apart, newest first, that divide `value_days` evenly.

    Examples
    --------
    >>> snapshot_grid(400, 0, 90), snapshot_grid(50, 0, 90)
    ([400, 370, 340, 310, 280, 250, 220, 190, 160, 130, 100, 70], [50])
    """
    step = grid_step(value_days)
    oldest = first_day + max(value_days // 2, 1)
    return list(range(newest, oldest - 1, -step))[:MOST_SNAPSHOTS]


def grid_step(value_days: int) -> int:
    """Return the distance between snapshots: about 30 days, and a whole part of `value_days`."""
    return max(1, value_days // max(1, round(value_days / _EVERY_DAYS)))


def forecast_case(case: ValueCase, terms: ValueTerms, recipe: ForecastRecipe) -> CaseForecasts | None:
    """Fit every entrant for the reported period, choose by the windows before it, and forecast.

    Parameters
    ----------
    case : ValueCase
        Of `collect_case`.
    terms : ValueTerms
        The same.
    recipe : ForecastRecipe
        The same.

    Returns
    -------
    CaseForecasts or None
        None where the orders before the period are too few for a purchase model.
    """
    made = _snapshots(case.earlier, case.choice_days)
    shared = made if case.choice_days == case.value_days else {}
    matrices = {
        day: shared[day] if day in shared else snapshot_of(frame, case.value_days)
        for day, frame in case.snapshots.items()
    }
    challenger = fit_on_snapshots(
        [s for s in matrices.values() if s], coded=recipe.coded, seed=recipe.seed, threads=recipe.threads
    )
    singles = predict_singles(case.reported, challenger, terms, case.value_days)
    if singles is None:
        return None
    windows = [_window(case, day, made, terms, recipe) for day in case.windows]
    choice = choose_value([w for w in windows if w is not None], terms.model, list(singles.predicted))
    predicted = dict(singles.predicted)
    predicted[BLEND] = blend_of(predicted, choice.weights)
    predicted["mean"] = np.full(len(predicted["last_year"]), predicted["last_year"].mean())
    interval = {} if singles.interval is None else {"btyd": singles.interval}
    if singles.interval is not None and choice.kind != "btyd":
        interval[choice.kind] = moved_interval(singles.interval, predicted["btyd"], predicted[choice.kind])
    return CaseForecasts(predicted, interval, choice, singles.model)


def _window(
    case: ValueCase,
    day: int,
    made: Mapping[int, Snapshot | None],
    terms: ValueTerms,
    recipe: ForecastRecipe,
) -> ValueWindow | None:
    """Forecast one window from the snapshots that were over on its first day."""
    past = [s for s in made.values() if s is not None and s.day + case.choice_days <= day]
    challenger = fit_on_snapshots(past, coded=recipe.coded, seed=recipe.seed, threads=recipe.threads)
    frame = case.earlier[day]
    found = (
        None
        if challenger is None
        else predict_singles(frame, challenger, terms, case.choice_days, with_interval=False)
    )
    if found is None or frame.value is None:
        return None
    return ValueWindow(day, case.choice_days, found.predicted, frame.value)


def _snapshots(frames: Frames, value_days: int) -> dict[int, Snapshot | None]:
    return {day: snapshot_of(frame, value_days) for day, frame in frames.items()}


def _snapshot_days(cut: int, first_day: int, value_days: int) -> list[int]:
    return snapshot_grid(cut - value_days, first_day, value_days)


def _windows(cut: int, first_day: int, choice_days: int) -> list[int]:
    """Return the first days of windows that end before the period, oldest first, two snapshots apart."""
    if choice_days < _SHORTEST_WINDOW:
        return []
    step = 2 * grid_step(choice_days)
    days = [cut - choice_days - k * step for k in range(_MOST_WINDOWS)]
    return sorted(day for day in days if _snapshot_days(day, first_day, choice_days))


def _days_of(windows: Sequence[int], first_day: int, choice_days: int) -> set[int]:
    past = {day for window in windows for day in _snapshot_days(window, first_day, choice_days)}
    return {*windows, *past}
