"""Snapshots -> training table: features known before each day, labels from what came after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import narwhals as nw
import numpy as np
import pandas as pd

from patron.churn import DailyPurchases, Panel
from patron.clv import CLVModel
from patron.features import FeatureRecipe, build_features
from patron.labels import ChurnLabel, label_customers
from patron.snapshots import CustomerTables, History, aggregate, count, history_before


def build_panel(
    tables: CustomerTables,
    days: Sequence[int],
    recipe: FeatureRecipe,
    *,
    label: ChurnLabel,
    purchases: Mapping[int, CLVModel | None],
) -> Panel:
    """Build the rows of all snapshots.

    Parameters
    ----------
    tables : CustomerTables
        The customer-day tables.
    days : sequence of int
        Snapshot days; each outcome window must lie inside what is known.
    recipe : FeatureRecipe
        What to build.
    label : ChurnLabel
        What counts as churn, and who is judged: not those who have lapsed already.
    purchases : mapping
        Snapshot day -> purchase model fitted on orders before that day, for the ``btyd`` group.

    Returns
    -------
    Panel
        Ordered by snapshot, then customer: the order of the input rows leaves no trace.
    """
    parts = [_one_snapshot(tables, day, recipe, label, purchases.get(day)) for day in sorted(days)]
    features = pd.concat([p.features for p in parts], ignore_index=True) if parts else pd.DataFrame()
    return Panel(
        features,
        np.concatenate([p.churned for p in parts]) if parts else np.empty(0, dtype=np.int64),
        np.concatenate([p.customer_id for p in parts]) if parts else np.empty(0, dtype=object),
        np.concatenate([p.as_of_day for p in parts]) if parts else np.empty(0, dtype=np.int64),
        daily_purchases(tables),
    )


def daily_purchases(tables: CustomerTables) -> DailyPurchases | None:
    """Count the customers who bought on each day of the log, quiet days included.

    Parameters
    ----------
    tables : CustomerTables
        The customer-day tables.

    Returns
    -------
    DailyPurchases or None
        All days; whoever uses it cuts it at what is known. None for an empty log.
    """
    found = aggregate(tables.days, ["day"], {"customers": count(nw.col("orders") > 0)}).collect().to_pandas()
    bought = found[found["customers"] > 0]
    if bought.empty:
        return None
    days = bought["day"].to_numpy(dtype=np.int64)
    counts = np.zeros(int(days.max() - days.min()) + 1, dtype=np.int64)
    counts[days - days.min()] = bought["customers"].to_numpy(dtype=np.int64)
    return DailyPurchases(int(days.min()), counts)


def recipe_of_day(recipe: FeatureRecipe, label: ChurnLabel, history: History) -> FeatureRecipe:
    """Return the recipe with what the features need to know of the label on a day.

    Parameters
    ----------
    recipe : FeatureRecipe
        What to build.
    label : ChurnLabel
        With ``rhythm``, customers have limits of their own, shrunk to the base's rhythm on that day.
    history : History
        What was known before the day.

    Returns
    -------
    FeatureRecipe
    """
    return replace(recipe, rhythm=None if label.rhythm is None else label.rhythm.fitted(history))


def _one_snapshot(
    tables: CustomerTables, day: int, recipe: FeatureRecipe, label: ChurnLabel, purchases: CLVModel | None
) -> Panel:
    history = history_before(tables, day)
    features = build_features(history, recipe_of_day(recipe, label, history), purchases=purchases)
    rows = features.merge(label_customers(label, history, tables), on="customer_id", validate="one_to_one")
    churned = rows.pop("churned").to_numpy(dtype=np.int64)
    customer = rows.pop("customer_id").to_numpy(dtype=object)
    # the window of a row is told by the feature days_until_limit, where it is not the horizon of all
    features = rows.drop(columns="window_days")
    return Panel(features, churned, customer, np.full(len(rows), day, dtype=np.int64))
