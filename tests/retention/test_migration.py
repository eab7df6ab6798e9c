"""Moves between two days: the matrix adds up, movers with their money, re-keyed customers, odd frames."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from synthetic_ledger import Line, number, tables_of

from patron.columns import STAGES, TIERS
from patron.errors import NotEnoughData, PatronError
from patron.retention import DIRECTIONS, migration, movers, segments_on_two_days
from patron.segments import SegmentRules, segment_details
from patron.snapshots import CustomerMerge, CustomerTables

DAY = number("2024-06-01")
THEN = DAY - 90

#: customer: tier and revenue then, tier and revenue now (None: not a customer).
MOVES: dict[str, tuple[str | None, float | None, str | None, float | None]] = {
    "stays": ("high_value", 900.0, "high_value", 950.0),
    "falls": ("high_value", 800.0, "at_risk", 300.0),
    "fades": ("high_value", 500.0, "standard", 480.0),
    "rises": ("standard", 100.0, "potential", 400.0),
    "climbs": ("potential", 400.0, "high_value", 460.0),
    "back": ("at_risk", 50.0, "standard", 110.0),
    "fresh": (None, None, "standard", 70.0),
    "late": (None, None, "at_risk", 20.0),
    "gone": ("standard", 30.0, None, None),
    "silent": ("at_risk", 0.0, "at_risk", 0.0),
    "never": (None, None, None, None),
}


def frames() -> tuple[pd.DataFrame, pd.DataFrame]:
    """The two days; a customer without a tier has a row in one of them, as in score rows."""
    rows = pd.DataFrame.from_dict(MOVES, orient="index", columns=["a", "x", "b", "y"])
    rows = rows.rename_axis("customer_id").reset_index()
    then = rows[["customer_id", "a", "x"]].set_axis(["customer_id", "tier", "revenue_last_12_months"], axis=1)
    now = rows[["customer_id", "b", "y"]].set_axis(["customer_id", "tier", "revenue_last_12_months"], axis=1)
    return then[then["customer_id"] != "fresh"], now[now["customer_id"] != "gone"]


def test_the_matrix_by_hand() -> None:
    """Every pair with somebody in it; the others are there with zero."""
    found = migration(*frames())
    assert list(found) == ["tier_then", "tier_now", "customers", "revenue_then", "revenue_now"]
    assert len(found) == 24
    filled = found[found["customers"] > 0].values.tolist()
    assert filled == [
        ["high_value", "high_value", 1, 900.0, 950.0],
        ["high_value", "standard", 1, 500.0, 480.0],
        ["high_value", "at_risk", 1, 800.0, 300.0],
        ["potential", "high_value", 1, 400.0, 460.0],
        ["standard", "potential", 1, 100.0, 400.0],
        ["standard", "absent", 1, 30.0, 0.0],
        ["at_risk", "standard", 1, 50.0, 110.0],
        ["at_risk", "at_risk", 1, 0.0, 0.0],
        ["absent", "standard", 1, 0.0, 70.0],
        ["absent", "at_risk", 1, 0.0, 20.0],
    ]
    assert found[found["customers"] == 0][["revenue_then", "revenue_now"]].to_numpy().sum() == 0


def test_movers_by_hand() -> None:
    """The largest change of revenue first; who stays and who is gone is not listed."""
    found = movers(*frames())
    assert found.values.tolist() == [
        ["falls", "high_value", "at_risk", "to_at_risk", 800.0, 300.0, -500.0],
        ["rises", "standard", "potential", "up", 100.0, 400.0, 300.0],
        ["fresh", "absent", "standard", "new", 0.0, 70.0, 70.0],
        ["back", "at_risk", "standard", "won_back", 50.0, 110.0, 60.0],
        ["climbs", "potential", "high_value", "up", 400.0, 460.0, 60.0],
        ["fades", "high_value", "standard", "down", 500.0, 480.0, -20.0],
        ["late", "absent", "at_risk", "new", 0.0, 20.0, 20.0],
    ]
    assert set(found["direction"]) == set(DIRECTIONS)


def test_row_order_leaves_no_trace() -> None:
    """Ties are ordered by customer."""
    then, now = frames()
    pd.testing.assert_frame_equal(
        movers(then.iloc[::-1], now.sample(frac=1, random_state=1)), movers(then, now)
    )
    pd.testing.assert_frame_equal(migration(then.iloc[::-1], now.iloc[::-1]), migration(then, now))


def test_nobody_moves_between_equal_days() -> None:
    """And the matrix is a diagonal."""
    then, _ = frames()
    assert len(movers(then, then)) == 0
    same = migration(then, then).query("customers > 0")
    assert (same["tier_then"] == same["tier_now"]).all()


def test_empty_frames() -> None:
    """A base that begins, and one of which nothing is left."""
    then, now = frames()
    assert set(movers(then.iloc[:0], now)["direction"]) == {"new"}
    assert migration(then.iloc[:0], now.iloc[:0])["customers"].tolist() == [0] * 24
    assert len(movers(then, now.iloc[:0])) == 0


@pytest.mark.parametrize("column", ["tier", "value_tier", "lifecycle_stage"])
def test_rows_and_columns_add_up(column: str, plain_tables: CustomerTables) -> None:
    """Customers and money of each day by its own frame, in a ledger of 150 customers."""
    then, now = segments_on_two_days(plain_tables, THEN, DAY)
    found = migration(then, now, column=column)
    for word, frame in (("then", then), ("now", now)):
        table = found.groupby(f"{column}_{word}")[["customers", f"revenue_{word}"]].sum().drop("absent")
        own = frame.groupby(column)["revenue_last_12_months"].agg(["size", "sum"])
        own = own.reindex(table.index, fill_value=0)
        assert table["customers"].tolist() == own["size"].tolist()
        np.testing.assert_allclose(table[f"revenue_{word}"], own["sum"], rtol=1e-9, atol=1e-6)
    new = found[found[f"{column}_then"] == "absent"]["customers"].sum()
    assert new == len(set(now["customer_id"]) - set(then["customer_id"])) > 0
    codes = {"tier": TIERS, "value_tier": TIERS[:3], "lifecycle_stage": STAGES}[column]
    assert set(found[f"{column}_now"]) == {*codes, "absent"}


def test_movers_are_the_matrix_off_its_diagonal(plain_tables: CustomerTables) -> None:
    """Counted both ways."""
    two = segments_on_two_days(plain_tables, THEN, DAY)
    off = migration(*two).query("tier_then != tier_now")
    counts = movers(*two).groupby(["tier_then", "tier_now"]).size()
    filled = off[off["customers"] > 0].set_index(["tier_then", "tier_now"])["customers"]
    assert filled.to_dict() == counts.to_dict()
    assert len(filled) > 5


RULES = SegmentRules(
    (10.0, 20.0, 30.0, 40.0), (1.0, 2.0, 3.0, 4.0), (1e4, 2e4, 3e4, 4e4), 30.0, 60.0, 180, 90, 365
)


def orders(customer: str, ages: list[int], each: int) -> list[Line]:
    return [Line(customer, DAY - age, each, False, f"{customer}{age}") for age in ages]


def merged_tables(effective_day: int) -> CustomerTables:
    rows = [
        *orders("old", [300, 270, 240, 210, 180, 150, 120, 95], 9_000),
        *orders("new", [60, 30, 5], 9_000),
    ]
    rows += orders("other", [100, 50], 1_000)
    return tables_of(rows, engine="polars", merges=(CustomerMerge("old", "new", effective_day),))


def test_a_rekeyed_customer_has_not_moved() -> None:
    """It is known by its new id on both days, with its whole history."""
    two = segments_on_two_days(merged_tables(DAY - 70), THEN, DAY, rules=RULES)
    assert two.then["customer_id"].tolist() == two.now["customer_id"].tolist() == ["new", "other"]
    assert two.then.set_index("customer_id")["revenue_last_12_months"]["new"] == 8 * 90.0
    assert two.now.set_index("customer_id")["revenue_last_12_months"]["new"] == 11 * 90.0
    assert len(movers(*two)) == 0


def test_a_merge_that_is_not_known_yet_does_nothing() -> None:
    """Until its day they are two customers."""
    two = segments_on_two_days(merged_tables(DAY), THEN, DAY, rules=RULES)
    assert two.now["customer_id"].tolist() == ["new", "old", "other"]
    assert movers(*two)[["customer_id", "direction"]].values.tolist() == [
        ["new", "new"],
        ["old", "to_at_risk"],
    ]


def test_kept_frames_can_be_renamed() -> None:
    """Score rows written before the customer was re-keyed; two ids that became one count once."""
    names = {"customer_id": ["o1", "o2"], "tier": ["standard", "high_value"]}
    then = pd.DataFrame({**names, "revenue_last_12_months": [10.0, 90.0]})
    now = pd.DataFrame({"customer_id": ["n"], "tier": ["high_value"], "revenue_last_12_months": [120.0]})
    found = migration(then, now, renamed={"o1": "n", "o2": "n"}).query("customers > 0")
    assert found.values.tolist() == [["high_value", "high_value", 1, 100.0, 120.0]]
    assert len(movers(then, now, renamed={"o1": "n", "o2": "n"})) == 0
    assert movers(then, now)["direction"].tolist() == ["new"]


def test_what_comes_later_changes_nothing() -> None:
    """Orders on the second day or after it, also those of new customers."""
    rows = [*orders("a", [300, 200, 100, 20], 5_000), *orders("b", [150, 120, 60], 20_000)]
    later = [*orders("a", [0, -5], 10**6), *orders("c", [-1], 10**6)]
    for rules in (None, RULES):
        plain = segments_on_two_days(tables_of(rows, engine="polars"), THEN, DAY, rules=rules)
        more = segments_on_two_days(tables_of([*rows, *later], engine="polars"), THEN, DAY, rules=rules)
        pd.testing.assert_frame_equal(plain.then, more.then)
        pd.testing.assert_frame_equal(plain.now, more.now)


def test_edges_are_those_of_the_first_day(plain_tables: CustomerTables) -> None:
    """Not of each day: a base that grows as a whole moves up."""
    two = segments_on_two_days(plain_tables, THEN, DAY)
    again = segments_on_two_days(plain_tables, THEN, DAY + 30)
    pd.testing.assert_frame_equal(two.then, again.then)
    own = segments_on_two_days(plain_tables, THEN, DAY, rules=RULES)
    pd.testing.assert_frame_equal(own.now, segment_details(plain_tables, DAY, RULES))


def test_problems_are_told_together() -> None:
    """What is wrong with both frames, with an instance."""
    then, now = frames()
    twice = pd.concat([then, then.head(1)])
    odd = now.assign(tier=now["tier"].replace("standard", "gold"))
    with pytest.raises(PatronError, match=r"there twice, e\.g\. 'stays'") as caught:
        migration(twice, odd)
    assert caught.value.problems[1] == (
        "now: tier holds 1 unknown codes, e.g. 'gold'; known: high_value, potential, standard, at_risk."
    )
    with pytest.raises(PatronError, match="no migration by 'owner'; take one of tier, value_tier"):
        migration(then, now, column="owner")
    with pytest.raises(PatronError, match="then: the column tier is missing"):
        movers(then.drop(columns="tier"), now)


def test_days_in_the_wrong_order_and_an_empty_past(plain_tables: CustomerTables) -> None:
    """Refused in words."""
    with pytest.raises(PatronError, match="not from 2024-06-01 to 2024-06-01"):
        segments_on_two_days(plain_tables, DAY, DAY)
    with pytest.raises(NotEnoughData, match="No customer has a purchase day"):
        segments_on_two_days(plain_tables, 10, DAY)
    two: Any = segments_on_two_days(plain_tables, 10, DAY, rules=RULES)
    assert set(movers(*two)["direction"]) == {"new"}
