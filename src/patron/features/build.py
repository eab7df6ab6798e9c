"""History -> one row of numbers per customer. Training and scoring call this with another date.

In:  a `History`, which holds nothing at or after its day.
Out: a pandas frame sorted by customer, one float64 column per feature, money in currency units.
Not here: outcomes (`labels`), and who is judged (`evaluation.panel`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from patron.clv import CLVModel
from patron.features.attributes import attributes_of
from patron.features.breadth import breadth
from patron.features.btyd import btyd
from patron.features.catalogue import FEATURE_GROUPS, Feature, catalogue
from patron.features.custom import CustomFeature, custom_columns
from patron.features.daygroup import DayGroup
from patron.features.events import events_of
from patron.features.lifecycle import LIFECYCLE
from patron.features.limits import days_until_limit
from patron.features.rfm import RFM
from patron.features.rhythm import RHYTHM
from patron.features.season import SEASON
from patron.features.trend import TREND
from patron.features.value import VALUE
from patron.snapshots import KINDS_OF_ITEMS, Aggregate, History, RhythmRule, aggregate

#: Groups answered by one pass over the customer-day table.
DAY_GROUPS: dict[str, DayGroup] = {
    "rfm": RFM,
    "rhythm": RHYTHM,
    "trend": TREND,
    "season": SEASON,
    "value": VALUE,
    "lifecycle": LIFECYCLE,
}

_MONEY = frozenset(feature.name for feature in catalogue() if feature.unit == "currency")

#: Groups that need a fitted purchase model are added when one is fitted.
_FITTED_GROUPS = ("btyd",)


def items_read_by(groups: Collection[str]) -> tuple[str, ...]:
    """Return the tables of items (`snapshots.customer_tables`) that some groups of features read.

    Parameters
    ----------
    groups : collection of str
        Of `FEATURE_GROUPS`.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> items_read_by(("rfm", "breadth")), items_read_by(("rfm",))
    (('products', 'categories'), ())
    """
    return tuple(KINDS_OF_ITEMS) if "breadth" in groups else ()


@dataclass(frozen=True)
class FeatureRecipe:
    """What to build, stored in the model so that scoring builds the same.

    Parameters
    ----------
    horizon_days : int
        The churn horizon: the season and btyd groups look that far.
    minor_digits : int
        Decimals of the currency.
    groups : sequence of str
        Of `FEATURE_GROUPS`.
    attributes : mapping
        Attribute -> vocabulary, None for a number.
    event_kinds : sequence of str
        Kinds of events seen in training.
    kinds_of_items : sequence of str
        ``products``, ``categories``: those the ledger holds.
    rhythm : RhythmRule or None
        For the churn label ``rhythm``: which silence is usual. The window that lies ahead is then the
        customer's own, and ``days_until_limit`` is a feature.
    custom : sequence of CustomFeature
        The user's own; built whatever the groups are.
    """

    horizon_days: int
    minor_digits: int = 2
    groups: Sequence[str] = FEATURE_GROUPS
    attributes: Mapping[str, Sequence[str] | None] = field(default_factory=dict)
    event_kinds: Sequence[str] = ()
    kinds_of_items: Sequence[str] = ()
    rhythm: RhythmRule | None = None
    custom: Sequence[CustomFeature] = ()

    @property
    def items(self) -> tuple[str, ...]:
        """``products``, ``categories``: the tables of items that the features read (`customer_tables`)."""
        return tuple(kind for kind in items_read_by(self.groups) if kind in self.kinds_of_items)

    def to_dict(self) -> dict[str, Any]:
        """Return the recipe as JSON-able data."""
        return {
            "horizon_days": self.horizon_days,
            "minor_digits": self.minor_digits,
            "groups": list(self.groups),
            "attributes": {k: None if v is None else list(v) for k, v in self.attributes.items()},
            "event_kinds": list(self.event_kinds),
            "kinds_of_items": list(self.kinds_of_items),
            "rhythm": None if self.rhythm is None else self.rhythm.to_dict(),
            "custom": [feature.to_dict() for feature in self.custom],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> FeatureRecipe:
        """Read what `to_dict` wrote; the user's own functions are not in it (`custom.with_functions`)."""
        custom = tuple(CustomFeature.from_dict(feature) for feature in data.get("custom", ()))
        rhythm = data.get("rhythm")
        return cls(
            **{**data, "custom": custom, "rhythm": None if rhythm is None else RhythmRule.from_dict(rhythm)}
        )


def value_recipe(recipe: FeatureRecipe, value_days: int) -> FeatureRecipe:
    """Return what a value forecast reads: the same groups, looking as far ahead as the value does.

    Parameters
    ----------
    recipe : FeatureRecipe
        Of the churn model.
    value_days : int
        How far ahead the value looks.

    Returns
    -------
    FeatureRecipe
    """
    groups = [group for group in recipe.groups if group not in _FITTED_GROUPS]
    # a customer's own limit belongs to the churn label
    return replace(recipe, horizon_days=value_days, groups=groups, rhythm=None)


def feature_names(recipe: FeatureRecipe) -> list[str]:
    """Return the columns a recipe makes, in order.

    Parameters
    ----------
    recipe : FeatureRecipe
        What to build.

    Returns
    -------
    list of str
    """
    return [feature.name for feature in described_features(recipe)]


def coded_features(recipe: FeatureRecipe) -> tuple[str, ...]:
    """Return the columns that hold codes rather than numbers: attributes with words for values.

    Parameters
    ----------
    recipe : FeatureRecipe
        What to build.

    Returns
    -------
    tuple of str
    """
    return tuple(f"attribute_{name}" for name, values in recipe.attributes.items() if values is not None)


def described_features(recipe: FeatureRecipe) -> list[Feature]:
    """Return the columns a recipe makes, in order, with their units and meanings.

    Parameters
    ----------
    recipe : FeatureRecipe
        What to build.

    Returns
    -------
    list of Feature
    """
    absent = tuple(k for k in ("products", "categories") if k not in recipe.kinds_of_items)
    own = [name for feature in recipe.custom for name in feature.feature_names]
    features = catalogue(
        attributes=list(recipe.attributes),
        event_kinds=recipe.event_kinds,
        custom=own,
        has_own_limits=recipe.rhythm is not None,
    )
    return [
        f
        for f in features
        if f.group in (*recipe.groups, "custom")
        and not (f.group == "breadth" and f.name.startswith(absent) and absent)
    ]


def build_features(
    history: History, recipe: FeatureRecipe, *, purchases: CLVModel | None = None
) -> pd.DataFrame:
    """Build the features of every customer with a purchase day in the history.

    Parameters
    ----------
    history : History
        What was known before ``as_of``; the outcome is not an argument.
    recipe : FeatureRecipe
        Groups and horizon.
    purchases : CLVModel, optional
        Needed for the ``btyd`` group: fitted on orders before the same day.

    Returns
    -------
    pandas.DataFrame
        ``customer_id`` (sorted) and `feature_names` (float64; missing where unknown).
    """
    frame = _from_days(history, recipe)
    others: list[pd.DataFrame] = breadth(history) if "breadth" in recipe.groups else []
    limits = None if recipe.rhythm is None else days_until_limit(history, recipe.rhythm)
    if limits is not None and "rhythm" in recipe.groups:
        others.append(limits)
    if "btyd" in recipe.groups and purchases is not None and len(frame):
        others.append(btyd(history, purchases, recipe.horizon_days, recipe.minor_digits, limits))
    if "attributes" in recipe.groups and recipe.attributes:
        others.append(attributes_of(history, recipe.attributes))
    if "events" in recipe.groups and recipe.event_kinds:
        others.append(events_of(history, recipe.event_kinds))
    if recipe.custom:
        others += custom_columns(history, recipe.custom, recipe.minor_digits)
    return _side_by_side(frame, others, feature_names(recipe))


def _side_by_side(frame: pd.DataFrame, others: Sequence[pd.DataFrame], names: Sequence[str]) -> pd.DataFrame:
    """Put features beside one another, by customer: one block of numbers, as joins of tables are slow."""
    order = frame["customer_id"].to_numpy(dtype=object).argsort(kind="stable")
    customers = frame["customer_id"].take(order)
    ids = customers.to_numpy(dtype=object)
    places = {name: place for place, name in enumerate(names)}
    numbers = np.full((len(frame), len(names)), np.nan)
    for table in (frame, *others):
        made = [name for name in table.columns.drop("customer_id") if name in places]
        rows = order if table is frame else _rows_of(table, ids)
        values = table[made].to_numpy(dtype=np.float64, na_value=np.nan)
        if len(values):
            numbers[:, [places[name] for name in made]] = np.where((rows >= 0)[:, None], values[rows], np.nan)
    counts = [i for name, i in places.items() if name.startswith("event_") and name.endswith("_days")]
    numbers[:, counts] = np.nan_to_num(numbers[:, counts], nan=0.0)
    built = pd.DataFrame(numbers, columns=list(names))
    built.insert(0, "customer_id", customers.array)
    return built


def _rows_of(table: pd.DataFrame, ids: np.ndarray) -> np.ndarray:
    """Return each customer's row in a table that has one row each, -1 without."""
    rows = pd.Index(table["customer_id"].to_numpy(dtype=object)).get_indexer(ids)
    return np.asarray(rows)


def sums_of(recipe: FeatureRecipe, as_of_day: int) -> dict[str, Aggregate]:
    """Return the sums over a customer's days that the chosen groups need, and no other.

    Parameters
    ----------
    recipe : FeatureRecipe
        Groups and horizon.
    as_of_day : int
        Days since 1970-01-01.

    Returns
    -------
    dict
        Name -> aggregate, in the order of `DAY_GROUPS`; ``purchase_days``, which tells who is a customer,
        always.
    """
    chosen = {name: group for name, group in DAY_GROUPS.items() if name in recipe.groups}
    borrowed = {"purchase_days", *(name for group in chosen.values() for name in group.borrows)}
    return {
        name: wanted
        for group_name, group in DAY_GROUPS.items()
        for name, wanted in group.sums(as_of_day, recipe.horizon_days).items()
        if group_name in chosen or name in borrowed
    }


def _from_days(history: History, recipe: FeatureRecipe) -> pd.DataFrame:
    """Run the chosen day groups in one aggregation; money leaves here in currency units."""
    day, horizon = history.as_of_day, recipe.horizon_days
    features: dict[str, nw.Expr] = {}
    for name in recipe.groups:
        if name in DAY_GROUPS:
            features |= DAY_GROUPS[name].features(day, horizon)
    table = aggregate(history.days, ["customer_id"], sums_of(recipe, day))
    table = table.filter(nw.col("purchase_days") > 0).select(
        "customer_id", *[e.alias(n) for n, e in features.items()]
    )
    frame = table.collect().to_pandas()
    names = [str(name) for name in frame][1:]
    numbers = frame.iloc[:, 1:].to_numpy(dtype=np.float64, na_value=np.nan, copy=True)
    numbers[:, [place for place, name in enumerate(names) if name in _MONEY]] /= 10**recipe.minor_digits
    table_of_numbers = pd.DataFrame(numbers, columns=names, index=frame.index)
    table_of_numbers.insert(0, "customer_id", frame["customer_id"].astype(str))
    return table_of_numbers
