"""Train on what was known at a past day, the way the shipped model is trained: the recipe and its rehearsal.

In:  the customer tables and a recipe.
Out: the training table, and every entrant fitted on the snapshots matured by a day.
Not here: judging them (`evaluation.churn`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from patron.churn import Candidate, ChurnTraining, Panel, train_churn
from patron.clv import CLVModel
from patron.errors import NotEnoughData
from patron.evaluation.panel import build_panel
from patron.features import FeatureRecipe, feature_sets
from patron.snapshots import CustomerTables, history_before, purchase_summary

#: Below this many summary rows, starting worker processes costs more than the fits.
_ROWS_WORTH_PROCESSES = 60_000


@dataclass(frozen=True)
class ChurnRecipe:
    """How a churn model is made, stored in the model so that it can be refitted on earlier data.

    Parameters
    ----------
    features : FeatureRecipe
        What is built; the trees see the groups it names.
    active_days : int
        Customers silent for longer are not judged.
    every_days, max_count : int
        The grid of snapshots.
    wanted : str
        ``churn.model`` of the config.
    seed : int
        For the trees.
    """

    features: FeatureRecipe
    active_days: int
    every_days: int
    max_count: int
    wanted: str
    seed: int

    def to_dict(self) -> dict[str, Any]:
        """Return the recipe as JSON-able data."""
        return {**vars(self), "features": self.features.to_dict()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ChurnRecipe:
        """Read what `to_dict` wrote."""
        return cls(**{**data, "features": FeatureRecipe.from_dict(data["features"])})


def fit_purchase_models(
    tables: CustomerTables, days: Sequence[int], *, minor_digits: int, threads: int | None = None
) -> dict[int, CLVModel | None]:
    """Fit MBG/NBD on the orders before each day, for the ``btyd`` features of that day.

    Parameters
    ----------
    tables : CustomerTables
        The customer-day tables.
    days : sequence of int
        Snapshot days.
    minor_digits : int
        Decimals of the currency.
    threads : int, optional
        Worker processes for large bases; all cores when None.

    Returns
    -------
    dict
        Day -> fitted model, None where the orders before it are too few.
    """
    summaries = [purchase_summary(history_before(tables, day), minor_digits=minor_digits) for day in days]
    # imported here: a service that only loads a model does without joblib
    from joblib import Parallel, delayed

    jobs = (threads or -1) if sum(map(len, summaries)) > _ROWS_WORTH_PROCESSES else 1
    fitted = Parallel(n_jobs=jobs)(delayed(_fit_or_none)(summary) for summary in summaries)
    return dict(zip(days, fitted, strict=True))


def _fit_or_none(summary: Any) -> CLVModel | None:
    try:
        return CLVModel(purchases="mbgnbd").fit(summary)
    except NotEnoughData:
        return None


def panel_recipe(recipe: FeatureRecipe) -> FeatureRecipe:
    """Return the recipe with the groups that the naive rules read, whatever the trees may see."""
    needed = [*recipe.groups, *(g for g in ("rfm", "rhythm", "btyd") if g not in recipe.groups)]
    return FeatureRecipe.from_dict({**recipe.to_dict(), "groups": needed})


def recipe_panel(
    tables: CustomerTables, days: Sequence[int], recipe: ChurnRecipe, purchases: Mapping[int, CLVModel | None]
) -> Panel:
    """Build the training table of a recipe.

    Parameters
    ----------
    tables : CustomerTables
        The customer-day tables.
    days : sequence of int
        Snapshot days.
    recipe : ChurnRecipe
        What to build, for whom.
    purchases : mapping
        Of `fit_purchase_models`.

    Returns
    -------
    Panel
    """
    wider = panel_recipe(recipe.features)
    return build_panel(tables, days, wider, active_days=recipe.active_days, purchases=purchases)


def fit_recipe(
    panel: Panel, recipe: ChurnRecipe, *, frozen: Candidate | None = None, threads: int | None = None
) -> ChurnTraining:
    """Fit every entrant of a recipe on a panel.

    Parameters
    ----------
    panel : Panel
        Matured rows only.
    recipe : ChurnRecipe
        How.
    frozen : Candidate, optional
        Features and rounds chosen in a rehearsal.
    threads : int, optional
        Changes no result.

    Returns
    -------
    ChurnTraining
    """
    coded = [f"attribute_{name}" for name, values in recipe.features.attributes.items() if values is not None]
    return train_churn(
        panel,
        feature_sets=feature_sets(recipe.features),
        categorical=coded,
        horizon_days=recipe.features.horizon_days,
        seed=recipe.seed,
        wanted=recipe.wanted,
        frozen=frozen,
        threads=threads,
    )
