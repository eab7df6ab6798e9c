"""Flows, rates and money against a ledger of a dozen customers that was worked out by hand.

Period: 2024-04-01 to 2024-07-01, active 90 days, so at the start whoever ordered since 2024-01-02, at the end
whoever ordered since 2024-04-02.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from synthetic_ledger import Line, number, tables_of

from patron.errors import NotEnoughData, PatronError
from patron.retention import METRIC_COLUMNS, group_by, retention_metrics, segment_columns
from patron.snapshots import CustomerMerge, CustomerTables

START, END = number("2024-04-01"), number("2024-07-01")
#: Customer -> days and amounts; amounts below zero are refunds.
ORDERS: dict[str, list[tuple[str, int]]] = {
    "anna": [("2023-04-10", 100), ("2024-03-01", 50), ("2024-04-20", 60), ("2024-06-01", 40)],  # stays
    "bert": [("2023-05-01", 200), ("2024-01-02", 80), ("2024-06-30", 150)],  # active on its last day
    "cora": [("2024-01-01", 70), ("2024-05-05", 90)],  # a day too long silent: won back
    "dora": [("2023-01-01", 10), ("2024-05-10", 20), ("2024-05-11", 30)],  # won back
    "emil": [("2024-02-01", 500), ("2024-04-01", 300)],  # ordered inside, then a day too long silent: lost
    "fred": [("2023-06-30", 400), ("2024-03-31", 20)],  # lost
    "gina": [("2024-04-01", 11)],  # new on the first day, silent since: new, not active
    "hugo": [("2024-04-02", 12)],  # new and just active
    "iris": [("2024-06-30", 13), ("2024-06-30", 14)],  # new, two orders on one day
    "jack": [("2024-07-01", 999)],  # the day after: not there
    "kate": [
        ("2024-03-05", 30),
        ("2024-04-15", 33),
        ("2024-06-20", -33),
    ],  # a refund is no order: silent since
    "lars": [("2023-04-01", 60), ("2023-05-20", -10), ("2024-05-01", -5)],  # long gone, a refund inside
    "mona": [("2024-05-02", -7)],  # only ever got money back
}
REGION = {"anna": "n", "bert": "n", "cora": "s", "dora": "s", "emil": "n", "fred": "s", "gina": "n"}
REGION |= {"hugo": "s", "iris": "s", "jack": "n", "kate": "n", "lars": "s"}  # mona has none


def rows() -> list[Line]:
    return [
        Line(name, number(day), amount * 100, amount < 0, f"{name}-{k}")
        for name, orders in ORDERS.items()
        for k, (day, amount) in enumerate(orders)
    ]


def regions() -> pd.DataFrame:
    return pd.DataFrame({"customer_id": list(REGION), "region": list(REGION.values())})


@pytest.fixture(scope="module")
def dozen() -> CustomerTables:
    return tables_of(rows(), attributes=regions())


def measured(tables: CustomerTables, **how: Any) -> pd.DataFrame:
    how = {"periods": [(START, END)], "active_days": 90} | how
    return retention_metrics(tables, number("2024-08-01"), **how)


def test_flows_by_hand(dozen: CustomerTables) -> None:
    """D anna bert emil fred kate; F anna bert cora dora hugo iris kate; lost emil and fred."""
    (row,) = measured(dozen).to_dict(orient="records")
    assert (row["period_start"], row["period_end"]) == (date(2024, 4, 1), date(2024, 7, 1))
    assert row["customers_start"] == 5
    assert row["customers_end"] == 7
    assert row["customers_new"] == 3  # gina hugo iris
    assert row["customers_new_active"] == 2
    assert row["customers_won_back"] == 2
    assert row["customers_lost"] == 2
    assert row["retention_rate"] == pytest.approx(3 / 5)
    assert row["churn_rate"] == pytest.approx(2 / 5)


def test_rates_by_hand(dozen: CustomerTables) -> None:
    """Buyers: anna bert cora dora emil gina hugo iris kate."""
    (row,) = measured(dozen).to_dict(orient="records")
    assert row["buyers"] == 9
    assert row["orders"] == 12  # anna 2, dora 2, iris 2
    assert row["repeat_customer_rate"] == pytest.approx(3 / 9)  # anna dora iris
    assert row["returning_buyer_share"] == pytest.approx(7 / 9)  # all but gina and hugo
    assert row["existing_repurchase_rate"] == pytest.approx(4 / 5)  # anna bert emil kate, not fred
    assert row["purchase_frequency"] == pytest.approx(12 / 9)
    revenue = 100 + 150 + 90 + 50 + 300 + 11 + 12 + 27 + 33 - 33 - 5 - 7
    assert row["revenue"] == pytest.approx(revenue)
    assert row["average_order_value"] == pytest.approx(revenue / 12)


def test_revenue_retention_by_hand(dozen: CustomerTables) -> None:
    """Buyers of April to June 2023: anna 100, bert 200, fred 400, lars 60 - 10; now 100, 150, 0, -5."""
    (year,) = retention_metrics(
        dozen, number("2024-08-01"), every="quarter", active_days=90, start_day=START, end_day=END
    ).to_dict("records")
    assert year["revenue_compared_with"] == "same_period_last_year"
    assert year["revenue_then"] == pytest.approx(750)
    assert year["net_revenue_retention"] == pytest.approx((100 + 150 + 0 - 5) / 750)
    assert year["gross_revenue_retention"] == pytest.approx((100 + 150 + 0 - 5) / 750)


def test_growth_counts_net_and_not_gross() -> None:
    """60 then, 90 now: 150 % net, 100 % gross."""
    lines = [Line("a", number("2023-04-03"), 6000), Line("a", number("2024-04-03"), 9000)]
    lines += [Line("b", number("2023-04-04"), 4000), Line("new", number("2024-05-01"), 70_000)]
    table = retention_metrics(tables_of(lines), number("2024-07-01"), every="quarter", active_days=400)
    row = table[table["period_start"] == date(2024, 4, 1)].iloc[0]
    compared = table["revenue_compared_with"].tolist()
    assert compared == [None, *["previous_period"] * 3, *["same_period_last_year"]][: len(compared)]
    assert row["net_revenue_retention"] == pytest.approx(0.9)
    assert row["gross_revenue_retention"] == pytest.approx(0.6)


def test_a_ledger_too_short_to_compare_says_so(dozen: CustomerTables) -> None:
    """Neither the year before nor the period before is in the ledger."""
    (row,) = measured(dozen, periods=[(number("2023-02-01"), number("2024-03-01"))]).to_dict("records")
    assert row["revenue_compared_with"] is None
    assert np.isnan(row["net_revenue_retention"])


def test_what_comes_after_the_period_changes_nothing(dozen: CustomerTables) -> None:
    """Orders, refunds, complaints and new ids at or after its end; another as_of."""
    late = [Line(name, END + k, 5000, False, f"late-{name}-{k}") for name in ORDERS for k in (0, 9)]
    late += [Line("newcomer", END, 100), Line("fred", END + 1, -40_000, True, "CF")]
    events = pd.DataFrame(
        {"customer_id": ["fred", "emil"], "kind": "complaint", "value": np.nan,
         "happened_day": [END - 1, END], "known_day": [END, END]}
    )  # fmt: skip
    more = tables_of([*rows(), *late], events=events, attributes=regions())
    before, after = measured(dozen), measured(more)
    pd.testing.assert_frame_equal(before, after)
    pd.testing.assert_frame_equal(
        before, retention_metrics(more, END, periods=[(START, END)], active_days=90)
    )


def test_the_order_of_rows_and_the_engine_change_nothing(dozen: CustomerTables) -> None:
    """Same bytes."""
    backwards = tables_of(rows()[::-1], engine="duckdb", attributes=regions())
    pd.testing.assert_frame_equal(measured(dozen), measured(backwards))


def test_regions_by_hand_add_up(dozen: CustomerTables) -> None:
    """North: anna bert emil kate at the start; mona has no region."""
    by_region = group_by(dozen, "region", first_start_day=START, active_days=90)
    table = measured(dozen, group_of=by_region)
    assert table["segment"].tolist() == [None, "n", "s", "unknown"]
    north = table.iloc[1]
    flow = [
        "customers_start",
        "customers_end",
        "customers_new_active",
        "customers_won_back",
        "customers_lost",
    ]
    assert north[flow].tolist() == [4, 3, 0, 0, 1]
    assert table.iloc[2][flow].tolist() == [1, 4, 2, 2, 1]
    assert table.iloc[3][["buyers", "revenue"]].tolist() == [0, -7.0]


SUMS = [c for c in METRIC_COLUMNS if c.startswith(("customers_", "lost_", "revenue"))]
SUMS += ["buyers", "repeat_buyers", "returning_buyers", "existing_buyers", "orders", "nps_answers"]
SUMS += ["nps_promoters", "nps_detractors", "nps_impossible"]
SUMS.remove("revenue_compared_with")


@pytest.mark.parametrize("column", ["industry", "tier", "lifecycle_stage"])
def test_segments_add_up(tables: CustomerTables, column: str) -> None:
    """With attributes that change over time, merged customers, events: every count, and money to the cent."""
    as_of, first = number("2024-07-01"), number("2023-02-01")
    group_of = group_by(tables, column, first_start_day=first, active_days=180)
    table = retention_metrics(
        tables, as_of, every="quarter", active_days=180, group_of=group_of, start_day=first
    )
    whole = table[table["segment"].isna()].set_index("period_start")[SUMS]
    parts = table[table["segment"].notna()].groupby("period_start")[SUMS].sum()
    assert len(whole) == 5
    assert table["segment"].nunique() > 2
    assert (whole["nps_answers"] > 0).all()
    pd.testing.assert_frame_equal(parts.astype(float).round(6), whole.astype(float).round(6), check_like=True)


@pytest.mark.parametrize("active_days", [30, 180])
def test_f_is_d_less_l_plus_a_plus_r(tables: CustomerTables, active_days: int) -> None:
    """Every month; one month's end is the next one's start."""
    table = retention_metrics(tables, number("2024-07-01"), active_days=active_days)
    f = table["customers_start"] - table["customers_lost"] + table["customers_new_active"]
    assert (f + table["customers_won_back"]).tolist() == table["customers_end"].tolist()
    assert table["customers_start"].tolist()[1:] == table["customers_end"].tolist()[:-1]
    assert table["customers_won_back"].sum() > 0
    kinds = table[[c for c in table if c.startswith("lost_")]].sum(axis=1)
    assert kinds.tolist() == table["customers_lost"].tolist()


def test_a_customer_won_inside_the_period_is_new_by_tier(tables: CustomerTables) -> None:
    """No tier at the start; nobody else is there."""
    first = number("2023-07-01")
    group_of = group_by(tables, "tier", first_start_day=first, active_days=180)
    table = retention_metrics(
        tables, number("2023-10-01"), every="quarter", active_days=180, group_of=group_of, start_day=first
    )
    new = table[table["segment"] == "new"].iloc[0]
    whole = table.iloc[0]
    assert new["customers_start"] == 0
    assert new["customers_new"] == whole["customers_new"] > 0
    assert np.isnan(new["retention_rate"])


def test_an_attribute_is_read_at_the_start() -> None:
    """It changes within the period: the old value counts; a newcomer's first value counts."""
    lines = [Line("a", number("2024-03-20"), 100), Line("b", number("2024-05-05"), 100)]
    attributes = pd.DataFrame(
        {"customer_id": ["a", "a", "b", "b"], "industry": ["old", "changed", "first", "later"],
         "valid_from_day": [number(d) for d in ("2024-01-01", "2024-05-01", "2024-05-05", "2024-08-01")]}
    )  # fmt: skip
    tables = tables_of(lines, attributes=attributes)
    group_of = group_by(tables, "industry", first_start_day=START, active_days=90)
    assert measured(tables, group_of=group_of)["segment"].tolist()[1:] == ["first", "old"]


def test_a_customer_with_a_new_id_is_neither_lost_nor_new() -> None:
    """It keeps the segment it had under the old id."""
    lines = [Line("old", number("2024-03-20"), 100), Line("new", number("2024-06-05"), 100)]
    tables = tables_of(
        lines,
        merges=(CustomerMerge("old", "new", number("2024-05-01")),),
        attributes=pd.DataFrame({"customer_id": ["old"], "industry": ["hotel"]}),
    )
    group_of = group_by(tables, "industry", first_start_day=START, active_days=90)
    table = measured(tables, group_of=group_of)
    flow = ["customers_start", "customers_end", "customers_new", "customers_lost", "customers_won_back"]
    assert table[flow].to_numpy().tolist() == [[1, 1, 0, 0, 0]] * 2
    assert table["segment"].tolist() == [None, "hotel"]


def test_the_first_months_of_a_ledger_are_not_settled(dozen: CustomerTables) -> None:
    """It begins on 2023-01-01: 90 days later is 2023-04-01."""
    table = retention_metrics(dozen, number("2024-07-01"), active_days=90)
    assert table["period_start"].iloc[0] == date(2023, 1, 1)
    assert table[~table["is_settled"]]["period_start"].tolist() == [date(2023, m, 1) for m in (1, 2, 3)]


def test_an_unfinished_period_is_left_out_or_marked(dozen: CustomerTables) -> None:
    """The second quarter ends on 2024-07-01."""
    as_of = number("2024-06-15")
    table = retention_metrics(dozen, as_of, every="quarter", active_days=90)
    assert table["period_end"].iloc[-1] == date(2024, 4, 1)
    assert table["is_complete"].all()
    current = retention_metrics(dozen, as_of, every="quarter", active_days=90, include_current=True).iloc[-1]
    assert (current["period_end"], current["is_complete"]) == (date(2024, 6, 15), False)
    assert current["buyers"] == 7  # bert's and iris' orders of 2024-06-30 are not known yet


def test_wrong_questions_are_answered_in_words(dozen: CustomerTables) -> None:
    """All problems at once."""
    with pytest.raises(PatronError, match="no column 'regoin'") as caught:
        group_by(dozen, "regoin", first_start_day=START, active_days=90)
    assert "lifecycle_stage, region" in str(caught.value.next_step)
    assert segment_columns(dozen) == ("tier", "value_tier", "lifecycle_stage", "region")
    with pytest.raises(PatronError, match="2024-07-01 to 2024-04-01 has no day") as caught:
        measured(dozen, periods=[(END, START), (END, number("2025-01-01"))])
    assert len(caught.value.problems) == 2
    with pytest.raises(NotEnoughData, match="No whole year"):
        retention_metrics(dozen, number("2023-06-01"), every="year", active_days=90)
    with pytest.raises(NotEnoughData, match="No customer has a purchase day"):
        retention_metrics(dozen, number("2022-06-01"), active_days=90)
    with pytest.raises(PatronError, match="'week' are not known"):
        retention_metrics(dozen, END, every="week", active_days=90)
