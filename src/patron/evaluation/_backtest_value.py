"""The value forecast on the dates of a backtest: fitted before each, compared with what came after it.

In:  one date with everything a forecast may learn from, as plain frames (`value_case`).
Out: the forecast of every entrant, and its metrics per date and over the dates.
Not here: the entrants themselves (`value_entrants`) and the choice among them (`value_choice`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from patron.evaluation._backtest_fit import CHOSEN
from patron.evaluation.value_case import ValueCase, collect_case, evaluation_days, forecast_case
from patron.evaluation.value_frames import ForecastRecipe, ValueTerms
from patron.metrics import (
    DRAWN_VALUE_METRICS,
    DatedValue,
    Drawn,
    draw_value_metrics,
    over_dates,
    paired_difference,
    value_metrics,
    with_intervals,
)
from patron.snapshots import CustomerTables


class ValueDate(NamedTuple):
    """What was expected of the days after one date, and what came; n customers.

    Parameters
    ----------
    days : int
        How many days are counted.
    customer_id : array of str, shape (n,)
        Every customer known by then.
    actual : array of float, shape (n,)
        Undiscounted net margin in those days, currency.
    predicted : dict
        Entrant -> array of float, shape (n,), currency; ``chosen`` among them. Empty where the orders before
        the date are too few.
    interval : dict
        Entrant -> (low, high), arrays of float, shape (n,), where it gives one.
    chosen : str or None
        The entrant that would have shipped.
    """

    days: int
    customer_id: np.ndarray
    actual: np.ndarray
    predicted: dict[str, np.ndarray]
    interval: dict[str, tuple[np.ndarray, np.ndarray]]
    chosen: str | None


def collect_value_cases(
    tables: CustomerTables,
    days: Sequence[int],
    known_until_day: int,
    first_day: int,
    terms: ValueTerms,
    recipe: ForecastRecipe,
) -> list[ValueCase]:
    """Collect every date; as many days are counted after it as a training would hold out and are over."""
    most = evaluation_days(known_until_day - first_day, terms.horizon_months)
    ahead = [min(most, known_until_day - day) for day in days]
    return [
        collect_case(tables, day + length, first_day, terms, recipe, value_days=length)
        for day, length in zip(days, ahead, strict=True)
    ]


def forecast_dates(
    cases: Sequence[ValueCase], terms: ValueTerms, recipe: ForecastRecipe, *, workers: int
) -> list[ValueDate]:
    """Forecast the dates side by side; the same numbers for any number of workers."""
    from joblib import Parallel, delayed

    jobs = 1 if len(cases) == 1 else workers
    return list(Parallel(n_jobs=jobs)(delayed(_forecast)(case, terms, recipe) for case in cases))


def _forecast(case: ValueCase, terms: ValueTerms, recipe: ForecastRecipe) -> ValueDate:
    frame = case.reported
    customer = frame.summary["customer_id"].astype(str).to_numpy(object)
    actual = np.zeros(len(customer)) if frame.value is None else frame.value
    found = forecast_case(case, terms, recipe)
    if found is None:
        return ValueDate(case.value_days, customer, actual, {}, {}, None)
    kind = found.choice.kind
    interval = dict(found.interval)
    if kind in interval:
        interval[CHOSEN] = interval[kind]
    predicted = {CHOSEN: found.predicted[kind], **found.predicted}
    return ValueDate(case.value_days, customer, actual, predicted, interval, kind)


def value_blocks_of_date(date: ValueDate) -> dict[str, dict[str, float | None]]:
    """Return the metrics of every entrant on one date."""
    return {
        name: value_metrics(date.actual, values, *date.interval.get(name, (None, None)))
        for name, values in date.predicted.items()
    }


def draw_values(dates: Sequence[ValueDate], *, seed: int, workers: int) -> dict[str, Drawn]:
    """Resample the customers for every entrant, the same resamples for each."""
    from joblib import Parallel, delayed

    ids = np.concatenate([date.customer_id.astype(str) for date in dates])
    known, codes = np.unique(ids, return_inverse=True)
    rows = np.split(codes, np.cumsum([len(date.customer_id) for date in dates])[:-1])
    names = list(dict.fromkeys(name for date in dates for name in date.predicted))
    given = [
        [
            DatedValue(date.actual, date.predicted[name], code) if name in date.predicted else None
            for date, code in zip(dates, rows, strict=True)
        ]
        for name in names
    ]
    drawn = Parallel(n_jobs=workers)(delayed(draw_value_metrics)(one, len(known), seed=seed) for one in given)
    return dict(zip(names, drawn, strict=True))


def value_blocks(
    drawn: Mapping[str, Drawn], by_date: Sequence[Mapping[str, Mapping[str, float | None]]]
) -> dict[str, dict[str, Any]]:
    """Return the metrics of every entrant over the dates, weighted by customers, and differences."""
    blocks = {}
    for name, draws in drawn.items():
        there = draws.rows[0] > 0
        mine, chosen = over_dates(draws, there), over_dates(drawn[CHOSEN], there)
        gaps = {m: paired_difference(chosen, mine, m, DRAWN_VALUE_METRICS) for m in ("mae", "gini")}
        blocks[name] = {
            "cutoffs": int(there.sum()),
            **_average([one.get(name) for one in by_date], draws.rows[0]),
            **with_intervals(mine, DRAWN_VALUE_METRICS),
            "chosen_minus_this": None
            if name == CHOSEN
            else {metric: None if gap is None else gap._asdict() for metric, gap in gaps.items()},
        }
    return blocks


def _average(
    blocks: Sequence[Mapping[str, float | None] | None], customers: np.ndarray
) -> dict[str, float | None]:
    """Average every metric over the dates on which it is defined."""
    names = next(list(block) for block in blocks if block is not None)
    found: dict[str, float | None] = {}
    for name in names:
        known = [(b[name], n) for b, n in zip(blocks, customers, strict=True) if b and b[name] is not None]
        values, weights = [v for v, _ in known], [float(n) for _, n in known]
        found[name] = float(np.average(np.array(values, float), weights=weights)) if sum(weights) else None
    return found
