"""The promotion gate: candidate against champion, on the same customers of the newest window."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from patron.churn import NAIVE_RULES, Panel
from patron.errors import PatronError
from patron.evaluation import (
    ChurnRecipe,
    Verdict,
    fit_purchase_models,
    fit_recipe,
    promotion_gate,
    recipe_panel,
)
from patron.features import build_features, with_functions
from patron.learning import Learned
from patron.metrics import log_loss
from patron.model import PatronModel, load_model_folder
from patron.registry import Store, get_champion, resolve
from patron.snapshots import CustomerTables, history_before, snapshot_days, to_day


def gate(
    store: Store, name: str, tables: CustomerTables, learned: Learned, recipe: ChurnRecipe, first_day: int
) -> Verdict:
    """Decide whether a newly trained model becomes champion.

    Parameters
    ----------
    store : Store
        Where the champion is looked up.
    name : str
        Registered model.
    tables : CustomerTables
        The customer-day tables.
    learned : Learned
        The candidate, with its rehearsal.
    recipe : ChurnRecipe
        The candidate's.
    first_day : int
        First order day.

    Returns
    -------
    Verdict
    """
    champion_version = get_champion(store, name)
    if learned.rehearsal is None or learned.test is None:
        first = champion_version is None
        return Verdict(
            first,
            "no window to judge on" + (", and there is no champion yet" if first else ""),
            None,
            None,
            None,
        )
    test, day = learned.test, int(learned.test.as_of_day[0])
    said = {n: m.probability(test.features, day) for n, m in learned.rehearsal.entrants.items()}
    candidate, rules = said[learned.shipped], {n: p for n, p in said.items() if n in NAIVE_RULES}
    best_rule = min(rules.values(), key=lambda p: log_loss(test.churned, p))
    if champion_version is None:
        return promotion_gate(test.churned, candidate, None, best_rule, seed=recipe.seed)
    folder = resolve(store, f"models:/{name}/{champion_version}", name=name).folder
    champion = _with_functions(load_model_folder(folder, to_score=False), recipe)
    defended = (
        None if champion is None else champion_probability(champion, tables, learned, recipe, first_day)
    )
    if defended is None:
        worse = log_loss(test.churned, candidate) > log_loss(test.churned, best_rule)
        than_rule = "worse" if worse else "no worse"
        why = "predicts over another horizon or population"
        if champion is None:
            why = "was trained with features of yours that are changed or gone"
        reason = (
            f"version {champion_version} {why}, so the two cannot be "
            f"compared; the new one is {than_rule} than the best naive rule"
        )
        return Verdict(not worse, reason, None, None, None)
    return promotion_gate(test.churned, candidate, defended, best_rule, seed=recipe.seed)


def _with_functions(champion: PatronModel, recipe: ChurnRecipe) -> PatronModel | None:
    """Give a champion the user's own functions from the candidate's recipe; None where they are others."""
    functions = {f.name: f.function for f in recipe.features.custom if f.function is not None}
    stored = champion.parts.recipe
    try:
        custom = with_functions(stored.custom, functions)
    except PatronError:
        return None
    return replace(champion, parts=replace(champion.parts, recipe=replace(stored, custom=custom)))


def champion_probability(
    champion: PatronModel, tables: CustomerTables, learned: Learned, recipe: ChurnRecipe, first_day: int
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
    learned : Learned
        The candidate, with its test rows.
    recipe : ChurnRecipe
        The candidate's.
    first_day : int
        First order day.

    Returns
    -------
    numpy.ndarray, shape (n_test,), or None
        None where the champion predicts over another horizon or population.
    """
    own = ChurnRecipe.from_dict(champion.manifest["recipe"])
    own = replace(own, features=replace(own.features, custom=champion.parts.recipe.custom))
    test, rehearsal = learned.test, learned.rehearsal
    if test is None or rehearsal is None or not _same_question(own, recipe):
        return None
    test_day = int(test.as_of_day[0])
    if to_day(str(champion.manifest["as_of"])) <= test_day:
        return _as_it_is(champion, tables, test, test_day)
    name = str(champion.manifest["churn_model"])
    # as written: a recipe that was read from JSON holds lists where this one holds tuples
    if own.to_dict() == recipe.to_dict():
        return rehearsal.entrants[name if name in rehearsal.entrants else rehearsal.chosen].probability(
            test.features, test_day
        )
    return _refitted(own, name, tables, test, test_day, first_day)


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
