"""Run the whole method on past dates: churn and value, against every naive rule, with intervals.

In:  the customer tables and the terms of a training.
Out: a `Backtest`: what would have shipped on each date, how good it was, and a verdict.
Not here: files, tracking and pages (`workflows.backtest`, `reports`).

On each date everything is chosen and fitted on what was known then, so nothing of an outcome window reaches
the model that is judged on it. Averages are over the dates, each with the weight of its customers; their
intervals come from resampling customers, one who stands in several dates as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from patron.churn import NAIVE_RULES, Panel
from patron.clv import CLVModel
from patron.evaluation import _backtest_judge as judge
from patron.evaluation._backtest_cutoffs import as_wanted, check_cutoffs, cutoffs_with_rows, plan_cutoffs
from patron.evaluation._backtest_fit import (
    CHOSEN,
    CutoffPredictions,
    CutoffTask,
    check_own_entrants,
    fit_cutoffs,
)
from patron.evaluation._backtest_profit import CallTerms
from patron.evaluation._backtest_standing import StageLimits, Standing, standing_of
from patron.evaluation._backtest_value import (
    ValueDate,
    collect_value_cases,
    draw_values,
    forecast_dates,
    value_blocks,
    value_blocks_of_date,
)
from patron.evaluation._backtest_words import verdict_of
from patron.evaluation.backtest_result import Backtest
from patron.evaluation.grade import churn_grade, clv_grade
from patron.evaluation.rehearse import ChurnRecipe, fit_purchase_models, panel_recipe, recipe_panel
from patron.evaluation.training_days import known_until, training_days
from patron.evaluation.value_frames import ForecastRecipe, ValueTerms
from patron.features import FeatureRecipe
from patron.snapshots import CustomerTables, day_text

Progress = Callable[[str], None]
#: What a date says about value where value was not asked for.
_NO_VALUE: dict[str, Any] = {"clv": {}, "clv_chosen": None, "evaluation_days": None}


@dataclass(frozen=True)
class BacktestTerms:
    """What is run on the past dates, in plain values.

    Parameters
    ----------
    churn : ChurnRecipe
        How the churn model is made.
    value : ValueTerms
        How money is counted.
    limits : StageLimits
        For the tiers.
    annual_discount_rate : float
        Per year.
    currency : str or None
        ISO code.
    calls : CallTerms
        What a call costs and saves, and how many are made.
    by : tuple of str
        Attributes of customers for which calibration is shown.
    entrants : mapping
        A user's own scikit-learn classifiers, by name.
    workers : int
        Processes; -1 for one per core. Changes no result.
    with_value : bool
        Whether the value forecast is judged too; it takes most of the time.
    """

    churn: ChurnRecipe
    value: ValueTerms
    limits: StageLimits
    annual_discount_rate: float = 0.1
    currency: str | None = None
    calls: CallTerms = field(default_factory=CallTerms)
    by: tuple[str, ...] = ()
    entrants: Mapping[str, Any] = field(default_factory=dict)
    workers: int = -1
    with_value: bool = True


def run_backtest(
    tables: CustomerTables,
    as_of_day: int,
    first_day: int,
    terms: BacktestTerms,
    *,
    cutoffs: int | Sequence[int] = 4,
    progress: Progress = lambda _step: None,
) -> Backtest:
    """Choose, fit and judge on past dates.

    Parameters
    ----------
    tables : CustomerTables
        The customer-day tables.
    as_of_day, first_day : int
        End of what is known, and first order day (days since 1970-01-01).
    terms : BacktestTerms
        What is run.
    cutoffs : int or sequence of int
        How many dates (the newest whose outcome is known, with windows that do not overlap), or which.
    progress : callable
        Called with the name of each step as it begins.

    Returns
    -------
    Backtest

    Raises
    ------
    NotEnoughData
        If the log is too short for one date, or nobody is judged on a date that was named.
    PatronError
        If fewer than one date is wanted, or an own entrant has a taken name, is no classifier, or fails.
    """
    check_own_entrants(terms.entrants)
    recipe, horizon = terms.churn, terms.churn.features.horizon_days
    until = known_until(tables, as_of_day)
    wanted = as_wanted(cutoffs)
    planned = _days(wanted, until, first_day, recipe)
    progress("features and labels")
    tasks, standing = _collect(tables, planned, first_day, terms, named=not isinstance(wanted, int))
    days = [task.day for task in tasks]
    said = list(fit_cutoffs(tasks, workers=terms.workers, progress=progress))
    valued: list[ValueDate] = []
    if terms.with_value:
        progress("value forecasts")
        valued = _forecast(tables, days, until, first_day, terms)
    progress("metrics and intervals")
    churn, blocks = _judge_churn([task.test for task in tasks], said, standing, terms)
    clv, value_by_date = _judge_value(valued, terms) if valued else ({}, [_NO_VALUE] * len(days))
    grade, sentences = _grades(tasks[-1].test, said[-1], value_by_date[-1], recipe.seed)
    return Backtest(
        cutoffs=tuple(
            {**block, "outcome_until": day_text(day + horizon), **value}
            for day, block, value in zip(days, blocks, value_by_date, strict=True)
        ),
        churn=churn,
        clv=clv,
        grade=grade,
        grade_sentences=sentences,
        verdict=verdict_of(days, churn, grade, terms.currency),
        horizon_days=horizon,
        currency=terms.currency,
        notes=_notes(wanted, planned, days, standing),
    )


def _days(wanted: int | Sequence[int], until: int, first_day: int, recipe: ChurnRecipe) -> list[int]:
    horizon = recipe.features.horizon_days
    if not isinstance(wanted, int):
        return check_cutoffs(wanted, until, first_day, horizon_days=horizon, behind_days=2 * horizon)
    return plan_cutoffs(until, first_day, horizon_days=horizon, every_days=recipe.every_days, count=wanted)


def _collect(
    tables: CustomerTables, days: Sequence[int], first_day: int, terms: BacktestTerms, *, named: bool
) -> tuple[list[CutoffTask], list[Standing]]:
    """Build everything of every date with rows as plain arrays, before any process is started."""
    recipe, horizon = terms.churn, terms.churn.features.horizon_days
    learned_from = {day: training_days(day, first_day, recipe) for day in days}
    all_days = sorted({*days, *(s for snapshots in learned_from.values() for s in snapshots)})
    threads = terms.workers if terms.workers > 0 else None
    purchases = fit_purchase_models(
        tables, all_days, minor_digits=recipe.features.minor_digits, threads=threads
    )
    panel = recipe_panel(tables, all_days, recipe, purchases)
    there = ChurnRecipe.from_dict(recipe.to_dict())  # without a user's own functions
    made = {}
    for day in days:
        matured = panel.known_before(day, horizon)
        train = matured.where(np.isin(matured.as_of_day, learned_from[day]))
        test = panel.where(panel.as_of_day == day)
        made[day] = CutoffTask(day, train, test, there, terms.entrants, _threads(terms))
    kept = cutoffs_with_rows({d: (len(t.train), len(t.test)) for d, t in made.items()}, named=named)
    tasks = [made[day] for day in kept]
    return tasks, [_stand(tables, task.test, purchases[task.day], first_day, terms) for task in tasks]


def _stand(
    tables: CustomerTables, test: Panel, purchases: CLVModel | None, first_day: int, terms: BacktestTerms
) -> Standing:
    return standing_of(
        tables,
        test,
        purchases,
        terms.value,
        terms.limits,
        label=terms.churn.label,
        first_day=first_day,
        annual_discount_rate=terms.annual_discount_rate,
        by=terms.by,
    )


def _forecast(
    tables: CustomerTables, days: Sequence[int], until: int, first_day: int, terms: BacktestTerms
) -> list[ValueDate]:
    # as in a training: the challenger reads the same features there
    features, seed = panel_recipe(terms.churn.features), terms.churn.seed
    cases = collect_value_cases(
        tables, days, until, first_day, terms.value, ForecastRecipe(features, seed=seed)
    )
    # the worker needs names only: a user's own functions may not be importable there
    there = ForecastRecipe(FeatureRecipe.from_dict(features.to_dict()), seed=seed, threads=_threads(terms))
    return forecast_dates(cases, terms.value, there, workers=terms.workers)


def _threads(terms: BacktestTerms) -> int | None:
    """Return the threads of one fit: one where several processes share the machine."""
    return None if terms.workers == 1 else 1


def _judge_churn(
    tests: Sequence[Panel],
    said: Sequence[CutoffPredictions],
    standing: Sequence[Standing],
    terms: BacktestTerms,
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    seed = terms.churn.seed
    dates, customers = judge.dated(tests, said, standing)
    drawn = judge.draw_all(dates, customers, seed=seed, workers=terms.workers)
    entrants = judge.entrant_blocks(drawn)
    made = [judge.call_lists(date, terms.calls) for date in dates]
    blocks = [
        {
            "as_of": day_text(date.day),
            "n": len(date.churned),
            "rate": float(date.churned.mean()),
            "chosen": date.said.chosen,
            "why": date.said.why,
            "windows": date.said.windows,
            "churn": judge.entrant_blocks(drawn, position),
            "calibration": judge.calibration_blocks([date])["all"],
            "profit": judge.profit_of_date(called),
        }
        for position, (date, called) in enumerate(zip(dates, made, strict=True))
    ]
    churn = {
        "entrants": entrants,
        "best_rule": judge.best_rule(entrants),
        "calibration": {
            **judge.calibration_blocks(dates),
            "by_date": [{"as_of": block["as_of"], **block["calibration"]} for block in blocks],
        },
        "lift": judge.lift_block(dates, list(entrants)),
        "profit": {
            "save_rate": terms.calls.save_rate,
            "cost": terms.calls.cost,
            "value_of": sorted({one.valued_by for one in standing}),
            "lists": judge.profit_over_dates(dates, made, customers, seed=seed),
        },
    }
    return churn, blocks


def _judge_value(
    valued: Sequence[ValueDate], terms: BacktestTerms
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    by_date: list[dict[str, Any]] = [
        {"clv": value_blocks_of_date(date), "clv_chosen": date.chosen, "evaluation_days": date.days}
        for date in valued
    ]
    if not any(date.predicted for date in valued):
        return {}, by_date
    drawn = draw_values(valued, seed=terms.churn.seed, workers=terms.workers)
    return {"entrants": value_blocks(drawn, [one["clv"] for one in by_date])}, by_date


def _grades(
    test: Panel, said: CutoffPredictions, value: Mapping[str, Any], seed: int
) -> tuple[dict[str, str | None], dict[str, str | None]]:
    """Grade the newest date, as a training does."""
    rules = {name: p for name, p in said.probability.items() if name in NAIVE_RULES}
    churn = churn_grade(test.churned, said.probability[CHOSEN], rules, seed=seed)
    clv = clv_grade(value["clv"][CHOSEN], value["clv"]["last_year"]) if value["clv"] else None
    if clv is not None:
        return _both(churn.letter, clv.letter), _both(churn.sentence, clv.sentence)
    if value["evaluation_days"] is None:
        return _both(churn.letter, None), _both(churn.sentence, "Not judged: not asked for.")
    too_little = "Not judged: too few orders before the newest date."
    return _both(churn.letter, "C"), _both(churn.sentence, too_little)


def _both(churn: str, clv: str | None) -> dict[str, str | None]:
    return {"churn": churn, "clv": clv}


def _notes(
    wanted: int | Sequence[int], planned: Sequence[int], days: Sequence[int], standing: Sequence[Standing]
) -> tuple[str, ...]:
    notes = []
    if isinstance(wanted, int) and len(planned) < wanted:
        notes.append(
            f"{len(planned)} of {wanted} dates: the log is too short for more windows that do not overlap"
        )
    left_out = [day_text(day) for day in planned if day not in days]
    if left_out:
        notes.append(
            f"{len(left_out)} of {len(planned)} dates left out, where by the label there is nobody to learn "
            f"from or nobody to judge: {', '.join(left_out)}"
        )
    if any(one.valued_by == "last_year" for one in standing):
        notes.append("on a date without a purchase model, a customer's value is last year's margin again")
    return tuple(notes)
