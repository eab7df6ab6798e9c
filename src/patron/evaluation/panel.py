"""Snapshots -> training table: features known before each day, labels from what came after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from patron.churn import Panel
from patron.clv import CLVModel
from patron.features import FeatureRecipe, build_features
from patron.labels import LABEL_IN_WORDS, silence_label
from patron.snapshots import CustomerTables, history_before, purchase_days_between


def build_panel(
    tables: CustomerTables,
    days: Sequence[int],
    recipe: FeatureRecipe,
    *,
    active_days: int,
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
    active_days : int
        Customers silent for longer have lapsed: they are not judged.
    purchases : mapping
        Snapshot day -> purchase model fitted on orders before that day, for the ``btyd`` group.

    Returns
    -------
    Panel
        Ordered by snapshot, then customer: the order of the input rows leaves no trace.
    """
    parts = [_one_snapshot(tables, day, recipe, active_days, purchases.get(day)) for day in sorted(days)]
    features = pd.concat([p.features for p in parts], ignore_index=True) if parts else pd.DataFrame()
    return Panel(
        features,
        np.concatenate([p.churned for p in parts]) if parts else np.empty(0, dtype=np.int64),
        np.concatenate([p.customer_id for p in parts]) if parts else np.empty(0, dtype=object),
        np.concatenate([p.as_of_day for p in parts]) if parts else np.empty(0, dtype=np.int64),
    )


def _one_snapshot(
    tables: CustomerTables, day: int, recipe: FeatureRecipe, active_days: int, purchases: CLVModel | None
) -> Panel:
    features = build_features(history_before(tables, day), recipe, purchases=purchases)
    active = features[features["days_since_last_order"] <= active_days].reset_index(drop=True)
    outcome = purchase_days_between(tables, day, day + recipe.horizon_days)
    customer = active.pop("customer_id")
    churned = silence_label(customer, outcome)
    return Panel(active, churned, customer.to_numpy(dtype=object), np.full(len(active), day, dtype=np.int64))


def label_in_words(horizon_days: int) -> dict[str, str]:
    """Say what counts as churn, by language."""
    return {language: text.format(horizon_days=horizon_days) for language, text in LABEL_IN_WORDS.items()}
