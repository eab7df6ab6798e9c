"""A recipe is fitted on what was matured by a day, and never looks at the window that is reported."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from patron.churn import TreeSettings
from patron.churn.smooth import fit_smooth
from patron.clv import CLVModel
from patron.evaluation import (
    ChurnRecipe,
    fit_purchase_models,
    fit_recipe,
    panel_recipe,
    recipe_panel,
    tune_recipe,
)
from patron.features import feature_names
from patron.snapshots import CustomerTables, history_before, purchase_summary, to_day

NEWEST = to_day("2023-03-01")
DAYS = [NEWEST - 60 - 30 * k for k in range(4)][::-1]


def test_a_recipe_reads_back_as_itself(recipe: ChurnRecipe) -> None:
    """Through JSON, so that a champion can be refitted years later: what it says is the same."""
    again = ChurnRecipe.from_dict(json.loads(json.dumps(recipe.to_dict())))
    assert again.to_dict() == recipe.to_dict()


def test_trees_and_ridge_of_a_recipe_travel_and_are_used(
    trade_tables: CustomerTables, recipe: ChurnRecipe
) -> None:
    """What a search found is what a champion is refitted with."""
    tuned = replace(recipe, trees=TreeSettings(rounds=11, leaves=3), penalty_c=0.002, wanted="average")
    again = ChurnRecipe.from_dict(json.loads(json.dumps(tuned.to_dict())))
    assert (again.trees, again.penalty_c) == (tuned.trees, 0.002)
    panel = recipe_panel(trade_tables, DAYS, recipe, {})
    found = fit_recipe(panel, again).entrants
    assert found["lightgbm"].to_files()["trees.txt"].decode().count("\nTree=") == 11
    assert found["logistic"].scorer == fit_smooth(
        panel.features, panel.churned, columns=feature_names(recipe.features), penalty_c=0.002
    )


def test_a_recipe_from_before_there_were_settings_reads_back_with_the_built_in_ones(
    recipe: ChurnRecipe,
) -> None:
    """A champion may be that old."""
    old = recipe.to_dict()
    del old["trees"], old["penalty_c"], old["label"]
    again = ChurnRecipe.from_dict(old | {"active_days": 150})
    assert again.to_dict() == recipe.to_dict()


def test_panel_recipe_keeps_the_order_of_groups(recipe: ChurnRecipe) -> None:
    """Groups of the config first, those of the rules behind them."""
    assert list(panel_recipe(recipe.features).groups) == ["rfm", "rhythm", "value", "btyd"]


def test_purchase_models_are_fitted_on_the_orders_before_each_day(
    trade_tables: CustomerTables, recipe: ChurnRecipe
) -> None:
    """The parameters are those of a fit on that day's own summary."""
    found = fit_purchase_models(trade_tables, [DAYS[0], NEWEST], minor_digits=2)
    for day in (DAYS[0], NEWEST):
        alone = CLVModel(purchases="mbgnbd").fit(purchase_summary(history_before(trade_tables, day)))
        model = found[day]
        assert model is not None
        assert model.params_ == alone.params_


def test_a_day_with_too_few_orders_has_no_purchase_model(
    tables_from: Callable[..., CustomerTables],
) -> None:
    """The base goes on without it."""
    tables = tables_from([("a", "2023-01-01", 5.0), ("b", "2023-03-01", 5.0)])
    assert fit_purchase_models(tables, [to_day("2023-04-01")], minor_digits=2) == {to_day("2023-04-01"): None}


@pytest.fixture(scope="module")
def orders(trade: pd.DataFrame) -> list[tuple[str, str, float]]:
    """The trade as plain rows."""
    return list(trade.astype({"ordered_at": str}).itertuples(index=False, name=None))


def test_nothing_from_the_reported_window_on_reaches_the_rehearsal(
    orders: list[tuple[str, str, float]], tables_from: Callable[..., CustomerTables], recipe: ChurnRecipe
) -> None:
    """Cut off, or replaced by nonsense, the orders of the window leave every fitted byte as it was."""
    nonsense = [(c, day, 1e4) if day >= "2023-03-01" else (c, day, a) for c, day, a in orders]
    extra = [("K-0001", f"2023-03-{d:02d}", 99.0) for d in range(1, 29)]
    written = []
    for rows in (orders, [o for o in orders if o[1] < "2023-03-01"], nonsense + extra):
        tables = tables_from(rows)
        purchases = fit_purchase_models(tables, DAYS, minor_digits=2)
        training = fit_recipe(
            recipe_panel(tables, DAYS, recipe, purchases), replace(recipe, wanted="lightgbm")
        )
        written.append({name: model.to_files() for name, model in training.entrants.items()})
    assert written[0] == written[1] == written[2]


def test_shuffled_orders_give_the_same_training(
    orders: list[tuple[str, str, float]], tables_from: Callable[..., CustomerTables], recipe: ChurnRecipe
) -> None:
    """To the last byte."""
    shuffled = [orders[i] for i in np.random.default_rng(0).permutation(len(orders))]
    written = []
    for rows in (orders, shuffled):
        tables = tables_from(rows)
        purchases = fit_purchase_models(tables, DAYS, minor_digits=2)
        training = fit_recipe(recipe_panel(tables, DAYS, recipe, purchases), recipe)
        written.append({name: model.to_files() for name, model in training.entrants.items()})
    assert written[0] == written[1]


def test_a_search_never_sees_the_window_that_is_reported(
    trade_tables: CustomerTables, recipe: ChurnRecipe
) -> None:
    """Turning every outcome of the newest snapshots round changes nothing; doing so before it does."""
    days = [DAYS[-1] - 30 * k for k in range(12)]
    panel = recipe_panel(trade_tables, days, recipe, {})
    horizon, newest = recipe.features.horizon_days, panel.snapshot_days[-1]
    asked = replace(recipe, wanted="auto")

    def searched(rows: np.ndarray) -> object:
        turned = replace(panel, churned=np.where(rows, 1 - panel.churned, panel.churned))
        return tune_recipe(turned, asked, trials=1, threads=1)[1]

    found = tune_recipe(panel, asked, trials=1, threads=1)[1]
    assert found is not None
    assert searched(panel.as_of_day + horizon > newest) == found
    assert searched(panel.as_of_day == panel.snapshot_days[0]) != found


@pytest.mark.parametrize("wanted", ["rule", "btyd"])
def test_a_rule_has_no_settings_to_search(
    trade_tables: CustomerTables, recipe: ChurnRecipe, wanted: str
) -> None:
    """Nothing is tried, and the recipe stays."""
    asked = replace(recipe, wanted=wanted)
    panel = recipe_panel(trade_tables, DAYS, recipe, {})
    assert tune_recipe(panel, asked, trials=5) == (asked, None)
