"""Fit the chosen value forecast on everything that is known: what ships.

In:  the choice, the days behind it, and the purchase model of the training day.
Out: `clv.ValueForecast`, None where the purchase model ships alone.
Not here: the choice (`value_choice`), scoring (`scoring.money`).
"""

from __future__ import annotations

from patron.clv import CLVModel, ValueForecast
from patron.evaluation.value import JudgedValue
from patron.evaluation.value_case import ValueCase, collect_snapshots, snapshot_grid
from patron.evaluation.value_entrants import fit_on_snapshots, snapshot_of
from patron.evaluation.value_frames import ForecastRecipe, ValueTerms, collect_frame
from patron.features import value_recipe
from patron.snapshots import CustomerTables

_DAYS_PER_MONTH = 30.4375


def ship_forecast(
    tables: CustomerTables,
    as_of_day: int,
    judged: JudgedValue,
    clv: CLVModel,
    terms: ValueTerms,
    recipe: ForecastRecipe,
    annual_discount_rate: float,
) -> ValueForecast | None:
    """Fit what was chosen on the days matured by ``as_of``.

    Parameters
    ----------
    tables : CustomerTables
        The customer-day tables; nothing at or after ``as_of_day`` is used.
    as_of_day : int
        End of what is known (days since 1970-01-01).
    judged : JudgedValue
        Kind and weights as they were judged, and the days behind them, which are not collected again.
    clv : CLVModel
        The purchase model of that day.
    terms : ValueTerms
        How money is counted.
    recipe : ForecastRecipe
        Features.
    annual_discount_rate : float
        Per year.

    Returns
    -------
    ValueForecast or None
        None for the purchase model alone.
    """
    case, shares = judged.case, judged.choice.shares()
    if set(shares) == {"btyd"}:
        return None
    challenger = None
    if "challenger" in shares:
        features = value_recipe(recipe.features, case.value_days)
        days = set(snapshot_grid(as_of_day - case.value_days, case.first_day, case.value_days))
        known = {**(case.earlier if case.choice_days == case.value_days else {}), **case.snapshots}
        frames = collect_snapshots(
            tables, days, case.first_day, terms, features, case.value_days, known=known
        )
        made = [snapshot_of(frame, case.value_days) for frame in frames.values()]
        challenger = fit_on_snapshots(
            [s for s in made if s], coded=recipe.coded, seed=recipe.seed, threads=recipe.threads
        )
        if challenger is None:
            return None  # fewer orders now than on the day it was judged: the purchase model is still there
    ratio = _horizon_ratio(tables, as_of_day, case, clv, terms, recipe, annual_discount_rate)
    return ValueForecast(judged.choice.kind, shares, case.value_days, case.first_day, ratio, challenger)


def _horizon_ratio(
    tables: CustomerTables,
    as_of_day: int,
    case: ValueCase,
    clv: CLVModel,
    terms: ValueTerms,
    recipe: ForecastRecipe,
    annual_discount_rate: float,
) -> float:
    """Discounted value over the horizon / undiscounted value over the days judged, summed over the base."""
    frame = collect_frame(
        tables,
        as_of_day,
        case.first_day,
        terms,
        recipe.features,
        days_ahead=None,
        with_evidence=False,
    )
    weeks = terms.horizon_months * _DAYS_PER_MONTH / 7
    whole = clv.clv(
        frame.summary, weeks, margin=frame.earned, annual_discount_rate=annual_discount_rate
    ).sum()
    part = clv.clv(frame.summary, case.value_days / 7, margin=frame.earned).sum()
    return float(whole / part) if part > 0 else weeks * 7 / case.value_days
