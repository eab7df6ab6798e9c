"""Learn a model from the customer tables: the same steps for a first training and for a rehearsal.

In:  tables that may hold any day; only what lies before `as_of` is used.
Out: the parts of a model, its evaluation on windows it has not seen, and that newest window.
Not here: files (`model.patron_model`), tracking (`registry`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np

from patron.churn import ChurnTraining, Panel
from patron.clv import CLVModel
from patron.errors import NotEnoughData
from patron.evaluation import (
    ChurnRecipe,
    Judged,
    ValueTerms,
    fit_purchase_models,
    fit_recipe,
    fit_value_model,
    judge_churn,
    judge_value,
    panel_recipe,
    recipe_panel,
    suspicious_attributes,
)
from patron.features import FeatureRecipe, build_features
from patron.model._evaluation import counts_of, evaluation_of
from patron.playbook import Playbook
from patron.scoring import RiskThresholds, ScoreSettings, ScoringParts
from patron.segments import base_ratios, fit_segment_rules, segment_inputs
from patron.snapshots import CustomerTables, day_text, history_before, snapshot_days

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
    """

    parts: ScoringParts
    evaluation: dict[str, Any]
    test: Panel | None
    rehearsal: ChurnTraining | None
    final: ChurnTraining
    shipped: str


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
    days = _training_days(_known_until(tables, as_of_day), first_day, recipe)
    progress("purchase models")
    purchases = fit_purchase_models(
        tables, [*days, as_of_day], minor_digits=recipe.features.minor_digits, threads=terms.threads
    )
    progress("features and labels")
    panel = recipe_panel(tables, days, recipe, purchases)
    _check_panel(panel)
    progress("rehearsal")
    rehearsal, test, judged = _rehearse(panel, recipe, terms.threads)
    progress("churn model")
    final = fit_recipe(panel, recipe, frozen=rehearsal.frozen if rehearsal else None, threads=terms.threads)
    shipped = judged.shipped if judged and judged.shipped in final.entrants else final.chosen
    progress("customer value")
    clv, _ = fit_value_model(tables, as_of_day, terms.value)
    valued = judge_value(tables, as_of_day, first_day, terms.value)
    progress("segments")
    parts = _parts(tables, as_of_day, terms, final, shipped, clv, purchases[as_of_day], panel)
    evaluation = evaluation_of(as_of_day, recipe, judged, final, test, valued)
    evaluation["warnings"] = suspicious_attributes(panel)
    evaluation["counts"] = counts_of(tables, as_of_day, recipe.active_days)
    return Learned(parts, evaluation, test, rehearsal, final, shipped)


def _known_until(tables: CustomerTables, as_of_day: int) -> int:
    """Return the day up to which outcomes are known: data that end earlier must not look like churn."""
    last = history_before(tables, as_of_day).days.select(nw.col("day").max()).collect()
    newest = last.item() if len(last) else None
    return as_of_day if newest is None else min(as_of_day, int(newest) + 1)


def _training_days(as_of_day: int, first_day: int, recipe: ChurnRecipe) -> list[int]:
    horizon = recipe.features.horizon_days
    days = snapshot_days(
        known_until_day=as_of_day,
        first_day=first_day,
        horizon_days=horizon,
        every_days=recipe.every_days,
        max_count=recipe.max_count,
    )
    if not days:
        raise NotEnoughData(
            f"The orders from {day_text(first_day)} to before {day_text(as_of_day)} span "
            f"{as_of_day - first_day} days; a horizon of {horizon} days needs at least {2 * horizon} "
            "(one to look back on, one to look ahead). "
            f"Set churn.horizon_days to {max((as_of_day - first_day) // 3, 7)} or bring older orders."
        )
    return days


def _check_panel(panel: Panel) -> None:
    customers = len(set(panel.customer_id.tolist()))
    if customers < 2:
        raise NotEnoughData(
            f"{customers} customer(s) were active on the training dates; patterns need more than one. "
            "Bring the orders of more customers, or raise churn.active_days."
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
) -> ScoringParts:
    recipe = terms.churn
    inputs = segment_inputs(history_before(tables, as_of_day))
    net_ratio, base_margin = base_ratios(inputs)
    features = panel_recipe(recipe.features)
    rules = fit_segment_rules(
        inputs,
        as_of_day,
        active_days=recipe.active_days,
        new_days=terms.new_days,
        growing_days=terms.growing_days,
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
    )
    last_year = panel.churned[panel.as_of_day > panel.snapshot_days[-1] - 365]
    return ScoringParts(
        churn=final.entrants[shipped],
        clv=clv,
        purchases=purchases,
        recipe=features,
        segments=rules,
        thresholds=RiskThresholds.of_base(float(last_year.mean())),
        peers=_peers(tables, as_of_day, features, recipe.active_days, purchases),
        playbook=terms.playbook,
        settings=settings,
    )


def _peers(
    tables: CustomerTables,
    as_of_day: int,
    recipe: FeatureRecipe,
    active_days: int,
    purchases: CLVModel | None,
) -> dict[str, float]:
    """Median of each feature over the active customers: what a reason compares a customer with."""
    features = build_features(history_before(tables, as_of_day), recipe, purchases=purchases)
    active = features[features["days_since_last_order"] <= active_days].drop(columns="customer_id")
    medians = active.median(numeric_only=True)
    return {str(name): float(value) for name, value in medians.items() if not np.isnan(value)}
