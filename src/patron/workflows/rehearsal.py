"""A model's recipe, trained as if it were one horizon ago: what the gate judges."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple, Protocol

from patron.churn import Panel
from patron.churn.train import ChurnTraining
from patron.evaluation import (
    ChurnRecipe,
    fit_purchase_models,
    fit_recipe,
    known_until,
    recipe_panel,
    training_days,
)
from patron.model import PatronModel
from patron.snapshots import CustomerTables


class Rehearsed(Protocol):
    """What the gate needs of a training: the newest window, and the entrants that have not seen it."""

    @property
    def test(self) -> Panel | None:
        """The newest window, None where there is none to judge on."""

    @property
    def rehearsal(self) -> ChurnTraining | None:
        """The entrants, fitted on what was known before it."""

    @property
    def shipped(self) -> str:
        """The entrant that ships."""


class Rehearsal(NamedTuple):
    """A rehearsal on its own, without a model that is shipped after it. See `Rehearsed`."""

    test: Panel | None
    rehearsal: ChurnTraining | None
    shipped: str


def rehearse(
    candidate: PatronModel,
    tables: CustomerTables,
    as_of_day: int,
    first_day: int,
    *,
    threads: int | None = None,
) -> tuple[Rehearsal, ChurnRecipe]:
    """Train by a model's recipe as if it were one horizon ago, with today's orders to judge by.

    Parameters
    ----------
    candidate : PatronModel
        Loaded with the user's own functions, where it has some.
    tables : CustomerTables
        The customer-day tables.
    as_of_day, first_day : int
        End of what is known, and first order day (days since 1970-01-01).
    threads : int, optional
        Changes no result.

    Returns
    -------
    Rehearsal, ChurnRecipe
        The same as its training would have had, if it were trained today.

    Raises
    ------
    NotEnoughData
        If the log is too short for the model's horizon.
    """
    recipe = recipe_of(candidate)
    shipped = str(candidate.manifest["churn_model"])
    days = training_days(known_until(tables, as_of_day), first_day, recipe)
    purchases = fit_purchase_models(tables, days, minor_digits=recipe.features.minor_digits, threads=threads)
    panel = recipe_panel(tables, days, recipe, purchases)
    newest = panel.snapshot_days[-1]
    before, test = (
        panel.known_before(newest, recipe.features.horizon_days),
        panel.where(panel.as_of_day == newest),
    )
    if len(before) == 0 or len(test) == 0:
        return Rehearsal(None, None, shipped), recipe
    return Rehearsal(test, fit_recipe(before, recipe, threads=threads), shipped), recipe


def recipe_of(model: PatronModel) -> ChurnRecipe:
    """Return the recipe of a model, with the functions that it was loaded with."""
    own = ChurnRecipe.from_dict(model.manifest["recipe"])
    return replace(own, features=replace(own.features, custom=model.parts.recipe.custom))
