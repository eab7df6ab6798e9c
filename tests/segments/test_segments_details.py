"""Segments as people read them: a dozen customers by hand, everybody by SQL, small bases, ties, flapping."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from plain_days import plain_days
from synthetic_ledger import Line, number, raw_orders, tables_of
from trade_project import trained_project

import patron
from patron.columns import TIERS
from patron.errors import ModelError, NotEnoughData, PatronError
from patron.model import PatronModel, load_model_folder
from patron.segments import SegmentRules, fit_segment_rules, segment_details, segment_inputs, tier_codes
from patron.snapshots import CustomerTables, history_before

DAY = number("2024-06-01")
LIMITS = {"active_days": 180, "new_days": 90, "growing_days": 365}


def lines(customer: str, ages: list[int], total: int) -> list[Line]:
    """Orders so many days before DAY; `total` in currency units, shared evenly, the rest in the last."""
    each, rest = divmod(total * 100, len(ages))
    amounts = [each] * (len(ages) - 1) + [each + rest]
    return [
        Line(customer, DAY - age, n, False, f"{customer}{age}") for age, n in zip(ages, amounts, strict=True)
    ]


def details(rows: list[Line], day: int = DAY, **more: Any) -> pd.DataFrame:
    tables = tables_of(rows, engine="polars")
    rules = fit_segment_rules(segment_inputs(history_before(tables, day)), day, **LIMITS)
    return segment_details(tables, day, rules, **more).set_index("customer_id")


#: Days since the last order, purchase days (one every other day before it), revenue. Quintile edges of the
#: twelve, at positions 2.2, 4.4, 6.6 and 8.8 of the sorted values: silence 3.2, 5.4, 7.6, 65.8; purchase days
#: 1.2, 2.4, 3.6, 5.8; revenue 320, 540, 760, 980.
DOZEN = {
    "A": (1, 8, 1200),
    "B": (2, 7, 300),
    "C": (3, 6, 1100),
    "D": (4, 5, 800),
    "E": (5, 4, 700),
    "F": (6, 3, 1000),
    "G": (7, 3, 600),
    "H": (8, 2, 900),
    "I": (9, 2, 100),
    "J": (80, 1, 500),
    "K": (100, 1, 400),
    "L": (300, 1, 200),
}
#: R, F, M, tier, value tier, nearly top, revenue and purchase days missing to 760.01 and 4.
BY_HAND = {
    "A": (5, 5, 5, "high_value", "high_value", False, 0.0, 0),
    "B": (5, 5, 1, "standard", "standard", False, 460.01, 0),
    "C": (5, 5, 5, "high_value", "high_value", False, 0.0, 0),
    "D": (4, 4, 4, "high_value", "high_value", False, 0.0, 0),
    "E": (4, 4, 3, "standard", "standard", True, 60.01, 0),
    "F": (3, 3, 5, "potential", "potential", True, 0.0, 1),
    "G": (3, 3, 3, "standard", "standard", True, 160.01, 1),
    "H": (2, 2, 4, "potential", "potential", False, 0.0, 2),
    "I": (2, 2, 1, "standard", "standard", False, 660.01, 2),
    "J": (1, 1, 2, "standard", "standard", False, 260.01, 3),
    "K": (1, 1, 2, "at_risk", "standard", False, 360.01, 3),
    "L": (1, 1, 1, "at_risk", "standard", False, 560.01, 3),
}


def dozen_rows() -> list[Line]:
    return [
        row
        for name, (silence, days, revenue) in DOZEN.items()
        for row in lines(name, [silence + 2 * k for k in range(days)], revenue)
    ]


def test_a_dozen_customers_by_hand() -> None:
    """All orders of A to I lie within 29 days, so that only the last reading counts for them."""
    found = details(dozen_rows())
    columns = ["recency_score", "frequency_score", "monetary_score", "tier", "value_tier", "is_nearly_top"]
    rows = {n: tuple(found.loc[n, [*columns, "revenue_to_top", "orders_to_top"]]) for n in BY_HAND}
    assert rows == {n: (*v[:6], pytest.approx(v[6], rel=1e-12), v[7]) for n, v in BY_HAND.items()}
    assert found["days_since_last_order"].tolist() == [silence for silence, _, _ in DOZEN.values()]
    assert found["purchase_days_last_12_months"].tolist() == [days for _, days, _ in DOZEN.values()]
    assert found["revenue_last_12_months"].tolist() == [revenue for _, _, revenue in DOZEN.values()]


def test_the_overdue_ratio_by_hand() -> None:
    """Gaps of two days: the limit is its lower bound of 30 days. One order: the base's limit counts."""
    found = details(dozen_rows())["overdue_ratio"]
    assert found["A"] == pytest.approx(1 / 15, rel=1e-12)
    assert found["I"] == pytest.approx(9 / 15, rel=1e-12)
    assert found["L"] == pytest.approx(300 / 15, rel=1e-12)


@pytest.mark.parametrize(
    ("share", "near"), [(0.0, "F"), (0.05, "F"), (0.1, "EF"), (0.25, "EFG"), (0.5, "EFGH")]
)
def test_how_near_the_top_is_can_be_said(share: float, near: str) -> None:
    """0.5 of 4 purchase days are two; who is over the line already is not nearly there."""
    found = details(dozen_rows(), nearly_top_share=share)
    assert "".join(found.index[found["is_nearly_top"]]) == near


def test_a_base_of_five() -> None:
    """Edges at positions 0.8, 1.6, 2.4 and 3.2: everybody has a score of its own."""
    rows = [row for k in range(1, 6) for row in lines(f"c{k}", list(range(1, k + 1)), 60 * k)]
    found = details(rows)
    assert found["monetary_score"].tolist() == found["frequency_score"].tolist() == [1, 2, 3, 4, 5]
    assert found["tier"].tolist() == ["standard"] * 3 + ["high_value"] * 2


def test_a_tier_may_be_empty() -> None:
    """Where all are alike nobody is above an edge; the words of the others still are none."""
    found = details([row for k in range(7) for row in lines(f"c{k}", [5, 10], 100)])
    assert set(found["tier"]) == {"standard"}
    assert not found["is_fast_growing"].any()
    assert set(found["monetary_score"]) == set(found["frequency_score"]) == {1}
    assert set(found["recency_score"]) == {5}


def test_one_customer_is_a_base() -> None:
    """Its own values are all edges."""
    found = details(lines("only", [3, 40], 100))
    assert found["tier"].tolist() == ["standard"]


SQL = """
WITH known AS (SELECT * FROM days WHERE day < $d),
bought AS (SELECT customer, day, day - lag(day) OVER (PARTITION BY customer ORDER BY day) AS gap
           FROM known WHERE orders > 0),
rhythm AS (SELECT customer, max(day) AS last_day, count(*) AS n, count(gap) AS gaps,
                  quantile_cont(gap, 0.9) AS q90, count(*) FILTER (WHERE day >= $d - 365) AS f FROM bought
           GROUP BY customer),
facts AS (SELECT *, (SELECT coalesce(sum(spend - refund), 0) FROM known k
                     WHERE k.customer = rhythm.customer AND k.day >= $d - 365) AS m FROM rhythm)
"""
TIER_SQL = (
    SQL
    + """, late AS (SELECT *, $d - last_day AS silence, greatest(30, least(400, round(
    exp((gaps * ln(coalesce(q90, 1)) + 3 * ln($base)) / (gaps + 3)), 9))) AS usual FROM facts)
SELECT customer, silence / greatest(usual / 2, 14) AS overdue, silence, f, m,
    CASE WHEN m > $money AND f > $often THEN 'high_value' WHEN m > $money THEN 'potential' ELSE 'standard' END
        AS value_tier,
    CASE WHEN silence > 180 OR (n >= 3 AND overdue >= 2) OR (n < 3 AND silence > 90) THEN 'at_risk'
        ELSE value_tier END AS tier
FROM late ORDER BY customer
"""
)


def by_sql(rows: list[Line], day: int) -> pd.DataFrame:
    """Tiers of everybody by SQL, the hysteresis in a plain loop."""
    days = pd.DataFrame(plain_days(rows)).iloc[:, :6]
    days.columns = ["customer", "day", "orders", "lines", "spend", "refund"]
    connection = duckdb.connect()
    connection.register("days", days)
    last_year = f"{SQL} SELECT * FROM facts WHERE f > 0"
    edge = f"SELECT quantile_cont(m, 0.6), quantile_cont(f, 0.6), median(q90) FROM ({last_year})"
    money, often, base = connection.execute(edge, {"d": day}).fetchone()
    at = {"base": base, "money": money, "often": often}
    readings = [
        connection.execute(TIER_SQL, {"d": day - back, **at}).df().set_index("customer")
        for back in range(180, -1, -30)
    ]
    last = readings[-1]
    for name in ("tier", "value_tier"):
        last[name] = [settled([r[name].get(c) for r in readings]) for c in last.index]
    return last


def settled(readings: list[str | None]) -> str:
    """Move after two equal readings, to at_risk at once."""
    there = [reading for reading in readings if reading is not None]
    state = there[0]
    for before, reading in pairwise(there):
        state = reading if reading in (before, "at_risk") else state
    return state


@pytest.mark.parametrize("day", ["2023-08-15", "2024-06-01"])
def test_everybody_by_sql(day: str, ledger_rows: list[Line], plain_tables: CustomerTables) -> None:
    """The synthetic ledger with refunds, late starters and leavers."""
    at = number(day)
    rules = fit_segment_rules(segment_inputs(history_before(plain_tables, at)), at, **LIMITS)
    found = segment_details(plain_tables, at, rules).set_index("customer_id")
    known = by_sql(ledger_rows, at)
    assert found.index.tolist() == known.index.tolist()
    assert len(set(found["tier"])) == 4
    assert found["tier"].tolist() == known["tier"].tolist()
    assert found["value_tier"].tolist() == known["value_tier"].tolist()
    np.testing.assert_allclose(found["overdue_ratio"], known["overdue"], rtol=1e-9)
    np.testing.assert_allclose(found["revenue_last_12_months"], known["m"].astype(float) / 100, rtol=1e-12)


def test_identical_customers_have_identical_rows_in_any_order(ledger_rows: list[Line]) -> None:
    """Six copies each of thirty customers: many ties, on the edges as well."""
    few = [row for row in ledger_rows if row.customer_id < "0030"]
    rows = [row._replace(customer_id=f"{row.customer_id}-{copy}", order_id=f"{row.order_id}-{copy}")
            for row in few for copy in range(6)]  # fmt: skip
    found = details(rows)
    first = found.groupby(found.index.str[:4]).transform("first")
    pd.testing.assert_frame_equal(found, first)
    assert len(set(found["tier"])) > 2
    pd.testing.assert_frame_equal(details(random.Random(3).sample(rows, len(rows))), found)


RULES = SegmentRules(
    silence_edges=(10.0, 20.0, 30.0, 40.0),
    frequency_edges=(2.0, 4.0, 6.5, 8.0),
    money_edges=(10_000.0, 20_000.0, 30_000.0, 40_000.0),
    base_gap_median=60.0,
    base_gap_q90=60.0,
    **LIMITS,
)
#: One order comes into the last 365 days and one leaves them, in turn, between readings 30 days apart.
FLAPPING = [500, 440, 380, 320, 260, 200, 160, 100, 40]


def test_a_flapping_account_does_not_change_its_tier() -> None:
    """Six purchase days, seven, six ...: read on its own it moves each time, with hysteresis never."""
    tables = tables_of(lines("a", FLAPPING, 9000), engine="polars")
    days = [DAY - back for back in range(180, -1, -30)]
    raw = [TIERS[tier_codes(segment_inputs(history_before(tables, day)), day, RULES)[0]] for day in days]
    assert raw == ["potential", "high_value"] * 3 + ["potential"]
    told = [segment_details(tables, day, RULES)["tier"][0] for day in days]
    assert told == ["potential"] * 7


def test_two_readings_in_a_row_move_it() -> None:
    """Two more orders keep it over the line at the last two readings; one month earlier it had not moved."""
    tables = tables_of(lines("a", [*FLAPPING, 35, 5], 11_000), engine="polars")
    assert segment_details(tables, DAY, RULES)["tier"].tolist() == ["high_value"]
    assert segment_details(tables, DAY - 30, RULES)["tier"].tolist() == ["potential"]


def growing(before: list[int], lately: list[int], each: int = 20) -> bool:
    """Whether an account with orders of one size at these ages grows fast."""
    rows = lines("a", [*before, *lately], each * len([*before, *lately]))
    return bool(segment_details(tables_of(rows, engine="polars"), DAY, RULES)["is_fast_growing"][0])


def test_small_accounts_with_fast_growth() -> None:
    """Three orders against two is 1.5 times as much; all of a full year before."""
    assert growing([730, 500], [200, 90, 10])
    assert not growing([730, 600, 500], [200, 90, 10])
    assert not growing([730, 500], [200, 10])  # one order less: no growth
    assert not growing([729], [200, 90, 10])  # a single order before says little


def test_fast_growth_needs_half_a_year_of_the_year_before() -> None:
    """Two orders within 180 days are a pace of four a year; two within 179 days are too short to tell."""
    ten, six = list(range(10, 300, 30)), list(range(10, 180, 30))
    assert growing([545, 400], ten)
    assert not growing([544, 400], ten)
    assert growing([545, 400], [300, *six][:7])
    assert not growing([545, 400], six[:5])


def test_large_accounts_and_silent_ones_are_not_called_fast_growing() -> None:
    """Those over the money line have their own list; those at risk as well."""
    assert growing([730, 500], [200, 90, 10], each=60)
    assert not growing([730, 500], [200, 90, 10], each=120)
    assert not growing([730, 720], [320, 310, 300])


def test_a_row_stands_alone(ledger_rows: list[Line]) -> None:
    """Nearly top and fast growing depend on the rules, not on who else is there."""
    tables = tables_of(ledger_rows, engine="polars")
    rules = fit_segment_rules(segment_inputs(history_before(tables, DAY)), DAY, **LIMITS)
    crowd = segment_details(tables, DAY, rules).set_index("customer_id")
    marked = [*crowd.index[crowd["is_nearly_top"]][:2], *crowd.index[crowd["is_fast_growing"]][:2]]
    assert len(marked) == 4
    for customer in marked:
        own = [row for row in ledger_rows if row.customer_id == customer]
        alone = segment_details(tables_of(own, engine="polars"), DAY, rules).set_index("customer_id")
        pd.testing.assert_frame_equal(alone, crowd.loc[[customer]], check_exact=True)


def test_the_public_function_reads_order_lines() -> None:
    """Same dozen, as a user brings them; what comes on the day or later changes nothing."""
    rows = dozen_rows()
    later = [row._replace(day=DAY + 5, order_id=f"{row.order_id}x") for row in rows[:9]]
    found = patron.assign_segments(raw_orders(rows), as_of="2024-06-01")
    assert found["tier"].tolist() == [row[3] for row in BY_HAND.values()]
    pd.testing.assert_frame_equal(patron.assign_segments(raw_orders([*rows, *later]), "2024-06-01"), found)
    own = patron.assign_segments(raw_orders(rows), "2024-06-01", active_days=400)
    assert own.set_index("customer_id")["tier"][["J", "K", "L"]].tolist() == [
        "standard",
        "standard",
        "at_risk",
    ]


def test_the_public_function_with_a_model_uses_its_edges() -> None:
    """Edges of other customers, limits and decimals of the training."""
    settings = SimpleNamespace(currency="EUR")
    parts: Any = SimpleNamespace(segments=RULES, recipe=SimpleNamespace(minor_digits=2), settings=settings)
    model = PatronModel("m/1", parts, ledger_rules={"currency": "EUR"})
    found = patron.assign_segments(raw_orders(dozen_rows()), "2024-06-01", model=model)
    # over 300.00: money counts as large; over 6.5 purchase days: often
    rich, often = {name for name in DOZEN if DOZEN[name][2] > 300}, {"A", "B"}
    tiers = ["high_value" if n in rich & often else "potential" if n in rich else "standard" for n in DOZEN]
    assert found["value_tier"].tolist() == tiers
    yen = replace(model, ledger_rules={"currency": "JPY"})
    with pytest.raises(ModelError, match="edges are in EUR with 2 decimals, the orders in JPY with 0"):
        patron.assign_segments(raw_orders(dozen_rows()), "2024-06-01", model=yen)


@pytest.mark.slow
def test_the_tiers_of_a_model_are_those_of_its_scores(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A trained model, its score rows and the public function with it."""
    project = trained_project(tmp_path_factory.getbasetemp())
    model = load_model_folder(project.trained.folder)
    scores = model.score(project.orders, as_of="2023-07-02").query("status != 'excluded'")
    found = patron.assign_segments(project.orders, "2023-07-02", model=model)
    columns = ["customer_id", "tier", "value_tier", "lifecycle_stage"]
    assert found[columns].values.tolist() == scores[columns].values.tolist()
    np.testing.assert_allclose(found["revenue_last_12_months"], scores["revenue_last_12_months"], rtol=1e-9)
    np.testing.assert_allclose(found["revenue_change_ratio"], scores["revenue_change_ratio"], rtol=1e-9)


def test_nobody_and_unknown_options_are_said() -> None:
    """What is wrong, in words."""
    with pytest.raises(PatronError, match="cannot be read with seperator"):
        patron.assign_segments(raw_orders(dozen_rows()), seperator=";")
    refunds = raw_orders([Line("a", DAY - 3, -500, True, "r")])
    with pytest.raises(NotEnoughData, match="No customer has a purchase day"):
        patron.assign_segments(refunds, "2024-06-01")
