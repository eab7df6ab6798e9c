"""Train on what was known at a past day, the way the shipped model is trained: the recipe and its rehearsal.

In:  the customer tables and a recipe.
Out: the training table, and every entrant fitted on the snapshots matured by a day.
Not here: judging them (`evaluation.churn`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from patron.churn import PENALTY_C, Panel, TreeSettings
from patron.churn.members import Options
from patron.churn.train import ChurnTraining, train_churn
from patron.churn.tune import Trial, Tuned, tune
from patron.clv import CLVModel
from patron.errors import NotEnoughData
from patron.evaluation.panel import build_panel
from patron.features import FeatureRecipe, coded_features, feature_names
from patron.labels import ChurnLabel
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
    label : ChurnLabel
        What counts as churn, and who is judged.
    every_days, max_count : int
        The grid of snapshots.
    wanted : str
        ``churn.model`` of the config.
    seed : int
        For the trees.
    trees : TreeSettings
        How the trees are grown.
    penalty_c : float
        Inverse strength of the ridge of the regression.
    """

    features: FeatureRecipe
    label: ChurnLabel
    every_days: int
    max_count: int
    wanted: str
    seed: int
    trees: TreeSettings = field(default_factory=TreeSettings)
    penalty_c: float = PENALTY_C

    def __post_init__(self) -> None:
        # the trees may look at a customer's own limit where the label has one; its base is fitted day by day
        object.__setattr__(self, "features", replace(self.features, rhythm=self.label.rhythm))

    @property
    def active_days(self) -> int:
        """Silent for longer is lapsed, by the labels that do not ask the customer's own limit."""
        return self.label.active_days

    def to_dict(self) -> dict[str, Any]:
        """Return the recipe as JSON-able data."""
        return {
            **vars(self),
            "features": self.features.to_dict(),
            "label": self.label.to_dict(),
            "trees": vars(self.trees),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ChurnRecipe:
        """Read what `to_dict` wrote."""
        features, rest = FeatureRecipe.from_dict(data["features"]), dict(data)
        if "label" in rest:
            label = ChurnLabel.from_dict(rest.pop("label"))
        else:  # a model from before there was another label
            label = ChurnLabel("silence", features.horizon_days, rest.pop("active_days"))
        trees = TreeSettings(**rest.pop("trees", {}))
        return cls(**{**rest, "features": features, "label": label, "trees": trees})


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
    return replace(recipe, groups=needed)


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
    return build_panel(tables, days, wider, label=recipe.label, purchases=purchases)


def tune_recipe(
    panel: Panel,
    recipe: ChurnRecipe,
    *,
    trials: int,
    threads: int | None = None,
    progress: Callable[[Trial], None] = lambda _trial: None,
) -> tuple[ChurnRecipe, Tuned | None]:
    """Search settings on all windows but the newest, which is the one that is reported.

    Parameters
    ----------
    panel : Panel
        Matured rows.
    recipe : ChurnRecipe
        With the settings to beat.
    trials : int
        How many to try; 0 keeps the recipe.
    threads : int, optional
        Changes no result.
    progress : callable
        Called after each trial.

    Returns
    -------
    ChurnRecipe, Tuned or None
        The recipe with the settings to use, and what the search found.
    """
    # a rule has no settings, and without a feature there is nothing to set
    if trials == 0 or recipe.wanted in ("rule", "btyd") or not feature_names(recipe.features):
        return recipe, None
    before = panel.known_before(panel.snapshot_days[-1], recipe.features.horizon_days)
    found = tune(
        before,
        columns=feature_names(recipe.features),
        options=_options(recipe, threads),
        trials=trials,
        progress=progress,
    )
    return replace(recipe, trees=found.trees, penalty_c=found.penalty_c), found


def fit_recipe(panel: Panel, recipe: ChurnRecipe, *, threads: int | None = None) -> ChurnTraining:
    """Fit every entrant of a recipe on a panel.

    Parameters
    ----------
    panel : Panel
        Matured rows only.
    recipe : ChurnRecipe
        How.
    threads : int, optional
        Changes no result.

    Returns
    -------
    ChurnTraining
    """
    columns = feature_names(recipe.features)
    return train_churn(panel, columns=columns, options=_options(recipe, threads), wanted=recipe.wanted)


def _options(recipe: ChurnRecipe, threads: int | None) -> Options:
    return Options(
        horizon_days=recipe.features.horizon_days,
        active_days=recipe.active_days,
        categorical=coded_features(recipe.features),
        trees=recipe.trees,
        penalty_c=recipe.penalty_c,
        seed=recipe.seed,
        threads=threads,
    )
