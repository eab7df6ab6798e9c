"""Who is in the training table on which day, and what is said to have happened to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from patron.churn import Panel
from patron.evaluation import ChurnRecipe, build_panel, label_in_words, recipe_panel
from patron.features import FeatureRecipe
from patron.snapshots import CustomerTables, day_of, to_day

RECIPE = FeatureRecipe(horizon_days=30, groups=("rfm", "rhythm"))
DAY = to_day("2024-06-01")
ORDERS = [
    ("back-on-the-day", "2024-05-01", 10.0),
    ("back-on-the-day", "2024-06-01", 10.0),
    ("back-on-the-last-day", "2024-05-01", 10.0),
    ("back-on-the-last-day", "2024-06-30", 10.0),
    ("back-too-late", "2024-05-01", 10.0),
    ("back-too-late", "2024-07-01", 10.0),
    ("gone", "2024-05-31", 10.0),
    ("just-active", "2024-03-03", 10.0),  # 90 days of silence
    ("just-lapsed", "2024-03-02", 10.0),
    ("not-yet-there", "2024-06-01", 10.0),
    ("refund-only-after", "2024-05-20", 10.0),
    ("refund-only-after", "2024-06-10", -10.0),
]


def outcomes(panel: Panel) -> dict[str, int]:
    """Return what the panel says, by customer."""
    return dict(zip(panel.customer_id.tolist(), panel.churned.tolist(), strict=True))


def test_labels_and_population_of_one_snapshot(tables_from: Callable[..., CustomerTables]) -> None:
    """The window is [day, day + 30); the population was silent for 90 days at most; a refund is no order."""
    panel = build_panel(tables_from(ORDERS), [DAY], RECIPE, active_days=90, purchases={})
    assert outcomes(panel) == {
        "back-on-the-day": 0,
        "back-on-the-last-day": 0,
        "back-too-late": 1,
        "gone": 1,
        "just-active": 1,
        "refund-only-after": 1,
    }


def test_rows_are_ordered_by_snapshot_then_customer(tables_from: Callable[..., CustomerTables]) -> None:
    """Whatever the order of the days that were asked for."""
    panel = build_panel(tables_from(ORDERS), [DAY, DAY - 30], RECIPE, active_days=90, purchases={})
    keys = list(zip(panel.as_of_day.tolist(), panel.customer_id.tolist(), strict=True))
    assert keys == sorted(keys)
    assert panel.snapshot_days == [DAY - 30, DAY]


def test_no_day_gives_an_empty_panel(tables_from: Callable[..., CustomerTables]) -> None:
    """Training complains about it, not the panel."""
    assert len(build_panel(tables_from(ORDERS), [], RECIPE, active_days=90, purchases={})) == 0


def test_a_day_without_active_customers_adds_no_row(tables_from: Callable[..., CustomerTables]) -> None:
    """A long pause of the whole business."""
    late = to_day("2026-01-01")
    panel = build_panel(tables_from(ORDERS), [DAY, late], RECIPE, active_days=90, purchases={})
    assert panel.snapshot_days == [DAY]


def test_labels_of_the_trade_match_a_plain_loop(
    trade: pd.DataFrame, trade_tables: CustomerTables, recipe: ChurnRecipe
) -> None:
    """Recomputed with pandas from the order lines, on three days."""
    days = [to_day("2022-06-01"), to_day("2022-11-15"), to_day("2023-03-01")]
    panel = recipe_panel(trade_tables, days, recipe, {})
    bought = trade[trade["amount"] > 0].assign(day=trade["ordered_at"].dt.normalize())
    expected: dict[tuple[int, str], int] = {}
    for day in days:
        start = pd.Timestamp(day_of(day))
        last = bought[bought["day"] < start].groupby("customer_id")["day"].max()
        active = last[(start - last).dt.days <= 150].index
        after = bought[(bought["day"] >= start) & (bought["day"] < start + pd.Timedelta(days=60))]
        came = set(after["customer_id"])
        expected |= {(day, str(c)): int(c not in came) for c in active}
    keys: Any = zip(panel.as_of_day.tolist(), panel.customer_id.tolist(), strict=True)
    assert dict(zip(keys, panel.churned.tolist(), strict=True)) == expected


def test_the_rules_find_their_columns_whatever_the_trees_may_see(
    trade_tables: CustomerTables, recipe: ChurnRecipe
) -> None:
    """A config may name one group; silence, rhythm and the purchase model are built all the same."""
    only = replace(recipe, features=FeatureRecipe(horizon_days=60, groups=("season",)))
    panel = recipe_panel(trade_tables, [to_day("2023-01-01")], only, {})
    needed = {"days_since_last_order", "silence_to_median_gap_ratio", "no_order_probability"}
    assert needed <= set(panel.features.columns)


def test_features_hold_no_outcome(
    trade: pd.DataFrame, tables_from: Callable[..., CustomerTables], recipe: ChurnRecipe
) -> None:
    """Everything from the day on may be missing, the features stay; only the labels move."""
    rows = list(trade.astype({"ordered_at": str}).itertuples(index=False, name=None))
    known = [row for row in rows if row[1] < "2022-11-15"]
    day = to_day("2022-11-15")
    whole, cut = (recipe_panel(tables_from(r), [day], recipe, {}) for r in (rows, known))
    pd.testing.assert_frame_equal(whole.features, cut.features)
    assert np.all(cut.churned == 1)
    assert whole.churned.mean() < 0.9


@pytest.mark.parametrize(("language", "said"), [("en", "45 days"), ("zh", "45 天")])
def test_the_label_in_words(language: str, said: str) -> None:
    """With the horizon in it."""
    assert said in label_in_words(45)[language]
