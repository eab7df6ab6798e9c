"""The promotion gate: candidate against champion, on the same customers of the newest window."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from patron.churn import NAIVE_RULES, Panel
from patron.errors import PatronError
from patron.evaluation import (
    ChurnRecipe,
    Verdict,
    fit_purchase_models,
    fit_recipe,
    gate_without_champion,
    promotion_gate,
    recipe_panel,
)
from patron.features import build_features, with_functions
from patron.metrics import log_loss
from patron.model import PatronModel, load_model_folder
from patron.registry import Store, get_champion, resolve
from patron.snapshots import CustomerTables, day_text, history_before, snapshot_days, to_day
from patron.workflows.rehearsal import Rehearsed, recipe_of


class Gated(NamedTuple):
    """What the gate said, and of whom.

    Parameters
    ----------
    verdict : Verdict
        With the figures and the reason.
    champion : str or None
        The version that was champion when it was judged.
    evaluated_as_of : str or None
        The day of the window; None where there was none.
    best_rule : str or None
        The best naive rule there.
    """

    verdict: Verdict
    champion: str | None
    evaluated_as_of: str | None = None
    best_rule: str | None = None


def gate(
    store: Store,
    name: str,
    tables: CustomerTables,
    learned: Rehearsed,
    recipe: ChurnRecipe,
    first_day: int,
    *,
    candidate: PatronModel | None = None,
) -> Gated:
    """Decide whether a model becomes champion.

    Parameters
    ----------
    store : Store
        Where the champion is looked up.
    name : str
        Registered model.
    tables : CustomerTables
        The customer-day tables.
    learned : Rehearsed
        The candidate's rehearsal.
    recipe : ChurnRecipe
        The candidate's.
    first_day : int
        First order day.
    candidate : PatronModel, optional
        A model that was trained before, and that somebody wants to be champion. It speaks for itself where it
        has not seen the window, and a champion that cannot be read does not stand in its way.

    Returns
    -------
    Gated
    """
    version = get_champion(store, name)
    if learned.rehearsal is None or learned.test is None:
        why = "no window to judge on" + (", and there is no champion yet" if version is None else "")
        return Gated(Verdict(version is None, why, None, None, None), version)
    test, day = learned.test, int(learned.test.as_of_day[0])
    said = {n: m.probability(test.features, day) for n, m in learned.rehearsal.entrants.items()}
    rules = {n: p for n, p in said.items() if n in NAIVE_RULES}
    best = min(rules, key=lambda rule: log_loss(test.churned, rules[rule]))
    own = said[learned.shipped if learned.shipped in said else learned.rehearsal.chosen]
    if candidate is not None and _is_older(candidate, day):
        own = _as_it_is(candidate, tables, test, day)
    if version is None:
        verdict = promotion_gate(test.churned, own, None, rules[best], seed=recipe.seed)
        return Gated(verdict, None, day_text(day), best)
    defended = _defended(store, name, version, tables, learned, recipe, first_day)
    if not isinstance(defended, str):
        verdict = promotion_gate(test.churned, own, defended, rules[best], seed=recipe.seed)
        return Gated(verdict, version, day_text(day), best)
    verdict = gate_without_champion(test.churned, own, rules[best], why=f"version {version} {defended}")
    if candidate is None and defended.startswith(_UNREADABLE):
        # a training moves nothing by itself where files were lost: a person decides
        verdict = verdict._replace(promote=False, reason=f"{verdict.reason}. {_GO_ON}")
    return Gated(verdict, version, day_text(day), best)


_UNREADABLE = "is champion and cannot be read"
_GO_ON = "Restore its files, or put another version in its place: patron promote CONFIG --version V"


def _defended(
    store: Store,
    name: str,
    version: str,
    tables: CustomerTables,
    learned: Rehearsed,
    recipe: ChurnRecipe,
    first_day: int,
) -> np.ndarray | str:
    """Return what the champion says of the window, or why it cannot be compared."""
    try:
        folder = resolve(store, f"models:/{name}/{version}", name=name).folder
        loaded = load_model_folder(folder, to_score=False)
    except PatronError as problem:
        what = str(problem.problems[0]).rstrip(".")
        more = len(problem.problems) - 1
        return f"{_UNREADABLE} ({what}{f', and {more} more' if more else ''})"
    champion = _with_functions(loaded, recipe)
    if champion is None:
        return "was trained with features of yours that are changed or gone, so the two cannot be compared"
    said = champion_probability(champion, tables, learned, recipe, first_day)
    if said is None:
        return "predicts over another horizon or population, so the two cannot be compared"
    return said


def _with_functions(champion: PatronModel, recipe: ChurnRecipe) -> PatronModel | None:
    """Give a champion the user's own functions from the candidate's recipe; None where they are others."""
    functions = {f.name: f.function for f in recipe.features.custom if f.function is not None}
    stored = champion.parts.recipe
    try:
        custom = with_functions(stored.custom, functions)
    except PatronError:
        return None
    return replace(champion, parts=replace(champion.parts, recipe=replace(stored, custom=custom)))


def champion_items(store: Store, name: str) -> tuple[str, ...]:
    """Return the tables of items that the champion's features read; none without a champion."""
    version = get_champion(store, name)
    if version is None:
        return ()
    try:
        folder = resolve(store, f"models:/{name}/{version}", name=name).folder
        return load_model_folder(folder, to_score=False).parts.recipe.items
    except PatronError:  # the gate says that it cannot be read
        return ()


def champion_probability(
    champion: PatronModel, tables: CustomerTables, learned: Rehearsed, recipe: ChurnRecipe, first_day: int
) -> np.ndarray | None:
    """Return what the champion would have said on the candidate's test day.

    A champion trained later than that day has seen the outcome; it is refitted by its own recipe on the data
    before it.

    Parameters
    ----------
    champion : PatronModel
        Loaded from the registry.
    tables : CustomerTables
        The customer-day tables.
    learned : Rehearsed
        The candidate's rehearsal, with its test rows.
    recipe : ChurnRecipe
        The candidate's.
    first_day : int
        First order day.

    Returns
    -------
    numpy.ndarray, shape (n_test,), or None
        None where the champion predicts over another horizon or population.
    """
    own = recipe_of(champion)
    test, rehearsal = learned.test, learned.rehearsal
    if test is None or rehearsal is None or not _same_question(own, recipe):
        return None
    test_day = int(test.as_of_day[0])
    if _is_older(champion, test_day):
        return _as_it_is(champion, tables, test, test_day)
    name = str(champion.manifest["churn_model"])
    # as written: a recipe that was read from JSON holds lists where this one holds tuples
    if own.to_dict() == recipe.to_dict():
        return rehearsal.entrants[name if name in rehearsal.entrants else rehearsal.chosen].probability(
            test.features, test_day
        )
    return _refitted(own, name, tables, test, test_day, first_day)


def _is_older(model: PatronModel, day: int) -> bool:
    """Say whether a model was trained on what was known before a day: it has not seen what came after."""
    return to_day(str(model.manifest["as_of"])) <= day


def _same_question(a: ChurnRecipe, b: ChurnRecipe) -> bool:
    return a.label.asks_the_same(b.label)


def _as_it_is(champion: PatronModel, tables: CustomerTables, test: Panel, day: int) -> np.ndarray:
    parts = champion.parts
    features = build_features(history_before(tables, day), parts.recipe, purchases=parts.purchases)
    return parts.churn.probability(features.set_index("customer_id").loc[test.customer_id], day)


def _refitted(
    own: ChurnRecipe, name: str, tables: CustomerTables, test: Panel, day: int, first_day: int
) -> np.ndarray:
    horizon = own.features.horizon_days
    days = snapshot_days(
        known_until_day=day,
        first_day=first_day,
        horizon_days=horizon,
        every_days=own.every_days,
        max_count=own.max_count,
    )
    purchases = fit_purchase_models(tables, [*days, day], minor_digits=own.features.minor_digits)
    panel = recipe_panel(tables, [*days, day], own, purchases)
    training = fit_recipe(panel.known_before(day, horizon), own)
    rows = panel.where(panel.as_of_day == day)
    model = training.entrants.get(name, training.model)
    features = rows.features.set_index(rows.customer_id).loc[test.customer_id]
    return model.probability(features, day)
