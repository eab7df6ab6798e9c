"""Who is in the training table on which day, and what is said to have happened to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from patron.churn import Panel
from patron.evaluation import ChurnLabel, ChurnRecipe, build_panel, recipe_panel
from patron.evaluation.panel import daily_purchases
from patron.features import FeatureRecipe
from patron.snapshots import CustomerTables, day_of, to_day

RECIPE = FeatureRecipe(horizon_days=30, groups=("rfm", "rhythm"))
LABEL = ChurnLabel("silence", horizon_days=30, active_days=90)
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
    panel = build_panel(tables_from(ORDERS), [DAY], RECIPE, label=LABEL, purchases={})
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
    panel = build_panel(tables_from(ORDERS), [DAY, DAY - 30], RECIPE, label=LABEL, purchases={})
    keys = list(zip(panel.as_of_day.tolist(), panel.customer_id.tolist(), strict=True))
    assert keys == sorted(keys)
    assert panel.snapshot_days == [DAY - 30, DAY]


def test_no_day_gives_an_empty_panel(tables_from: Callable[..., CustomerTables]) -> None:
    """Training complains about it, not the panel."""
    assert len(build_panel(tables_from(ORDERS), [], RECIPE, label=LABEL, purchases={})) == 0


def test_a_day_without_active_customers_adds_no_row(tables_from: Callable[..., CustomerTables]) -> None:
    """A long pause of the whole business."""
    late = to_day("2026-01-01")
    panel = build_panel(tables_from(ORDERS), [DAY, late], RECIPE, label=LABEL, purchases={})
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


def test_daily_purchases_match_pandas(trade: pd.DataFrame, trade_tables: CustomerTables) -> None:
    """Customers with an order, day by day, quiet days included."""
    bought = trade[trade["amount"] > 0].assign(day=trade["ordered_at"].dt.normalize())
    expected = bought.groupby("day")["customer_id"].nunique()
    expected = expected.reindex(pd.date_range(expected.index.min(), expected.index.max()), fill_value=0)
    found = daily_purchases(trade_tables)
    assert found is not None
    assert pd.Timestamp(day_of(found.first_day)) == expected.index[0]
    assert found.counts.tolist() == expected.tolist()


def test_a_customer_buys_once_a_day_and_a_refund_is_no_purchase(
    tables_from: Callable[..., CustomerTables],
) -> None:
    """Two orders of one customer, one of another, a refund in between."""
    rows = [("a", "2024-03-01", 5.0), ("a", "2024-03-01", 7.0), ("b", "2024-03-01", 5.0)]
    found = daily_purchases(tables_from([*rows, ("a", "2024-03-02", -5.0), ("b", "2024-03-03", 1.0)]))
    assert found is not None
    assert found.first_day == to_day("2024-03-01")
    assert found.counts.tolist() == [2, 0, 1]


def test_a_log_without_a_purchase_has_no_days(tables_from: Callable[..., CustomerTables]) -> None:
    """Refunds only."""
    assert daily_purchases(tables_from([("a", "2024-03-02", -5.0)])) is None


def test_the_panel_carries_the_daily_purchases(tables_from: Callable[..., CustomerTables]) -> None:
    """All of them; whoever uses them cuts them at what is known."""
    tables = tables_from(ORDERS)
    panel = build_panel(tables, [DAY], RECIPE, label=LABEL, purchases={})
    expected = daily_purchases(tables)
    assert panel.daily is not None
    assert expected is not None
    assert panel.daily.first_day == expected.first_day
    np.testing.assert_array_equal(panel.daily.counts, expected.counts)
    assert panel.where(panel.churned == 1).daily is panel.daily
