"""Learn a model from the customer tables: the same steps for a first training and for a rehearsal.

In:  tables that may hold any day; only what lies before `as_of` is used.
Out: the parts of a model, its evaluation on windows it has not seen, and that newest window.
Not here: files (`model.patron_model`), tracking (`registry`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from patron.churn import Panel
from patron.churn.train import ChurnTraining
from patron.churn.tune import Trial
from patron.clv import CLVModel, ValueForecast
from patron.errors import NotEnoughData
from patron.evaluation import (
    ChurnRecipe,
    ForecastRecipe,
    Judged,
    JudgedValue,
    ValueTerms,
    audit_labels,
    fit_purchase_models,
    fit_recipe,
    fit_value_model,
    judge_churn,
    judge_value,
    known_until,
    panel_recipe,
    recipe_of_day,
    recipe_panel,
    ship_forecast,
    suspicious_attributes,
    training_days,
    tune_recipe,
)
from patron.features import build_features
from patron.learning._evaluation import counts_of, evaluation_of
from patron.learning._training_day import churn_importance, medians, medians_by_risk
from patron.playbook import Playbook
from patron.scoring import RiskThresholds, ScoreSettings, ScoringParts
from patron.segments import base_ratios, fit_segment_rules, segment_inputs
from patron.snapshots import CustomerTables, history_before

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Terms:
    """What a model is asked for, in plain values.

    Parameters
    ----------
    churn : ChurnRecipe
        How the churn model is made.
    value : ValueTerms
        How money is counted.
    annual_discount_rate : float
        Per year.
    new_days, growing_days : int
        Limits of the lifecycle stages.
    currency : str or None
        ISO code.
    language : str
        ``en`` or ``zh``.
    playbook : Playbook
        Rules behind ``action``.
    trials : int
        Settings to try for the churn model; 0 keeps the built-in ones.
    threads : int or None
        Changes no result.
    """

    churn: ChurnRecipe
    value: ValueTerms
    annual_discount_rate: float
    new_days: int
    growing_days: int
    currency: str | None
    language: str
    playbook: Playbook
    trials: int = 0
    threads: int | None = None


@dataclass(frozen=True)
class Learned:
    """A trained model and what is known about it.

    Parameters
    ----------
    parts : ScoringParts
        What a score needs.
    evaluation : dict
        ``evaluation.json``.
    test : Panel or None
        The newest window, for the promotion gate.
    rehearsal : ChurnTraining or None
        The entrants that were judged on it.
    final : ChurnTraining
        The same entrants, fitted on everything matured by ``as_of``.
    shipped : str
        Name of the entrant that ships.
    recipe : ChurnRecipe
        How it was made, with the settings that a search found.
    trials : list of Trial
        What the search tried.
    """

    parts: ScoringParts
    evaluation: dict[str, Any]
    test: Panel | None
    rehearsal: ChurnTraining | None
    final: ChurnTraining
    shipped: str
    recipe: ChurnRecipe
    trials: Sequence[Trial] = ()


def learn(
    tables: CustomerTables,
    as_of_day: int,
    first_day: int,
    terms: Terms,
    *,
    progress: Progress = lambda _step: None,
) -> Learned:
    """Train on everything matured by `as_of`, after a rehearsal one horizon earlier that is reported.

    Parameters
    ----------
    tables : CustomerTables
        The customer-day tables.
    as_of_day, first_day : int
        End of what is known, and first order day (days since 1970-01-01).
    terms : Terms
        What is wanted.
    progress : callable
        Called with the name of each step as it begins.

    Returns
    -------
    Learned

    Raises
    ------
    NotEnoughData
        If the log is too short for the horizon, or holds too few customers.
    """
    recipe = terms.churn
    days = training_days(known_until(tables, as_of_day), first_day, recipe)
    progress("purchase models")
    purchases = fit_purchase_models(
        tables, [*days, as_of_day], minor_digits=recipe.features.minor_digits, threads=terms.threads
    )
    progress("features and labels")
    panel = recipe_panel(tables, days, recipe, purchases)
    _check_panel(panel, recipe.label.kind)
    recipe, tuned = tune_recipe(
        panel,
        recipe,
        trials=terms.trials,
        threads=terms.threads,
        progress=lambda trial: progress(f"settings {trial.number} of {terms.trials}"),
    )
    terms = replace(terms, churn=recipe)
    progress("rehearsal")
    rehearsal, test, judged = _rehearse(panel, recipe, terms.threads)
    progress("churn model")
    final = fit_recipe(panel, recipe, threads=terms.threads)
    shipped = judged.shipped if judged and judged.shipped in final.entrants else final.chosen
    progress("customer value")
    clv, valued, forecast = _value(tables, as_of_day, first_day, terms)
    progress("segments")
    active = _active_features(tables, as_of_day, recipe, purchases[as_of_day])
    parts = _parts(tables, as_of_day, terms, final, shipped, clv, purchases[as_of_day], panel, active)
    parts = replace(parts, forecast=forecast)
    evaluation = evaluation_of(as_of_day, recipe, judged, final, test, valued)
    evaluation["warnings"] = suspicious_attributes(panel)
    evaluation["counts"] = counts_of(tables, as_of_day, parts)
    evaluation["label_audit"] = audit_labels(tables, days, recipe.label)
    evaluation["churn_importance"] = churn_importance(parts.churn.contributions(active), active)
    evaluation["tuning"] = tuned.to_dict() if tuned else None
    trials = tuned.trials if tuned else ()
    return Learned(parts, evaluation, test, rehearsal, final, shipped, recipe, trials)


def _value(
    tables: CustomerTables, as_of_day: int, first_day: int, terms: Terms
) -> tuple[CLVModel, JudgedValue | None, ValueForecast | None]:
    """Fit the purchase model, judge every forecast on held-out days, and fit the one that ships."""
    clv, _ = fit_value_model(tables, as_of_day, terms.value)
    recipe = ForecastRecipe(panel_recipe(terms.churn.features), terms.churn.seed, terms.threads)
    valued = judge_value(tables, as_of_day, first_day, terms.value, recipe)
    if valued is None:
        return clv, None, None
    rate = terms.annual_discount_rate
    return clv, valued, ship_forecast(tables, as_of_day, valued, clv, terms.value, recipe, rate)


#: Label -> what else than more customers helps where next to nobody could be judged.
_MORE_TO_JUDGE = {
    "silence": "raise churn.active_days",
    "rhythm": "raise churn.rhythm.max_days or churn.horizon_days",
    "decline": "bring orders of more than a year and a horizon, or use churn.label: silence",
}


def _check_panel(panel: Panel, label: str) -> None:
    customers = len(set(panel.customer_id.tolist()))
    if customers < 2:
        raise NotEnoughData(
            f"{customers} customer(s) could be judged on the training dates by churn.label: {label}; "
            f"patterns need more than one. Bring the orders of more customers, or {_MORE_TO_JUDGE[label]}."
        )


def _rehearse(
    panel: Panel, recipe: ChurnRecipe, threads: int | None
) -> tuple[ChurnTraining | None, Panel | None, Judged | None]:
    """Train as if it were one horizon ago and judge on the newest snapshot, unseen by that training."""
    horizon = recipe.features.horizon_days
    newest = panel.snapshot_days[-1]
    before, test = panel.known_before(newest, horizon), panel.where(panel.as_of_day == newest)
    if len(before) == 0 or len(test) == 0:
        return None, None, None
    rehearsal = fit_recipe(before, recipe, threads=threads)
    return rehearsal, test, judge_churn(rehearsal, test, wanted=recipe.wanted, seed=recipe.seed)


def _parts(
    tables: CustomerTables,
    as_of_day: int,
    terms: Terms,
    final: ChurnTraining,
    shipped: str,
    clv: CLVModel,
    purchases: CLVModel | None,
    panel: Panel,
    active: pd.DataFrame,
) -> ScoringParts:
    recipe = terms.churn
    history = history_before(tables, as_of_day)
    inputs = segment_inputs(history)
    net_ratio, base_margin = base_ratios(inputs)
    features = recipe_of_day(panel_recipe(recipe.features), recipe.label, history)
    rules = fit_segment_rules(
        inputs,
        as_of_day,
        active_days=recipe.active_days,
        new_days=terms.new_days,
        growing_days=terms.growing_days,
        rhythm=features.rhythm,
    )
    settings = ScoreSettings(
        churn_horizon_days=features.horizon_days,
        active_days=recipe.active_days,
        clv_horizon_months=terms.value.horizon_months,
        margin=terms.value.margin,
        base_margin=base_margin if terms.value.has_cost else None,
        net_ratio=net_ratio,
        annual_discount_rate=terms.annual_discount_rate,
        currency=terms.currency,
        language=terms.language,
        label=recipe.label.kind,
        decline_share=recipe.label.decline_share,
    )
    last_year = panel.churned[panel.as_of_day > panel.snapshot_days[-1] - 365]
    churn, thresholds = final.entrants[shipped], RiskThresholds.of_base(float(last_year.mean()))
    return ScoringParts(
        churn=churn,
        clv=clv,
        purchases=purchases,
        recipe=features,
        segments=rules,
        thresholds=thresholds,
        peers=medians(active),
        peers_by_risk=medians_by_risk(active, thresholds.levels(churn.probability(active, as_of_day))),
        playbook=terms.playbook,
        settings=settings,
    )


def _active_features(
    tables: CustomerTables, as_of_day: int, recipe: ChurnRecipe, purchases: CLVModel | None
) -> pd.DataFrame:
    """Return the features of the customers who are active on the training day."""
    history = history_before(tables, as_of_day)
    wanted = recipe_of_day(panel_recipe(recipe.features), recipe.label, history)
    built = build_features(history, wanted, purchases=purchases)
    left = recipe.active_days - built["days_since_last_order"]
    active = built[(left if wanted.rhythm is None else built["days_until_limit"]) >= 0]
    return active.drop(columns="customer_id").reset_index(drop=True)
