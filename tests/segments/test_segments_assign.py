"""Inputs, edges, hysteresis and assignment on the ledger."""

from __future__ import annotations

import random
import statistics
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from plain_days import plain_days
from synthetic_ledger import ENGINES, Line, number, tables_of

from patron.columns import STAGES, TIERS
from patron.errors import NotEnoughData
from patron.segments import (
    REPLAY_DAYS,
    SegmentRules,
    assign_segments,
    base_ratios,
    fit_segment_rules,
    margins_of,
    replay,
    segment_inputs,
)
from patron.snapshots import CustomerMerge, CustomerTables, RhythmRule, history_before

DAY = number("2024-06-01")
LIMITS = {"active_days": 180, "new_days": 90, "growing_days": 365}


def plain_inputs(rows: list[Line], day: int) -> pd.DataFrame:
    """The inputs written a second time, in plain Python."""
    by_customer: dict[str, list[Any]] = {}
    for row in plain_days(r for r in rows if r.day < day):
        by_customer.setdefault(row[0], []).append(row)
    records = {c: _plain_row(days, day) for c, days in by_customer.items() if any(d[2] for d in days)}
    return pd.DataFrame.from_dict(records, orient="index", dtype=float).sort_index()


def _plain_row(days: list[Any], day: int) -> dict[str, float]:
    bought = [d[1] for d in days if d[2]]
    gaps = sorted(b - a for a, b in pairwise(bought))
    q90 = statistics.quantiles(gaps, n=10, method="inclusive")[8] if len(gaps) > 1 else (gaps or [None])[0]

    def total(start: int, end: int, cost: bool = False) -> int:
        return sum(d[4] - d[5] - (d[6] if cost else 0) for d in days if start <= d[1] < end)

    return {
        "first_day": bought[0],
        "last_day": bought[-1],
        "purchase_days": len(bought),
        "gaps": len(gaps),
        "gap_median": statistics.median(gaps) if gaps else None,
        "gap_q90": q90,
        "orders_year": sum(d[2] for d in days if d[1] >= day - 365),
        "purchase_days_year": sum(b >= day - 365 for b in bought),
        "revenue_year": total(day - 365, day),
        "revenue_year_before": total(day - 730, day - 365),
        "margin_half": total(day - 180, day, cost=True),
        "margin_half_last_year": total(day - 545, day - 365, cost=True),
        "margin_earlier": total(0, day - 180, cost=True),
        "spend_ever": sum(d[4] for d in days),
        "refund_ever": sum(d[5] for d in days),
        "margin_ever": total(0, day, cost=True),
    }


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("day", ["2022-05-01", "2024-06-01"])
def test_inputs_equal_the_plain_oracle(engine: str, day: str, ledger_rows: list[Line]) -> None:
    """Sums and days exactly, quantiles to 1e-12, on every engine."""
    inputs = segment_inputs(history_before(tables_of(ledger_rows, engine=engine), number(day)))
    plain = plain_inputs(ledger_rows, number(day))
    assert inputs["customer_id"].tolist() == plain.index.tolist()
    assert set(inputs.columns) == {"customer_id", *plain.columns}
    for name in plain:
        rtol = 1e-12 if name == "gap_q90" else 0
        np.testing.assert_allclose(inputs[name], plain[name], rtol=rtol, atol=0, err_msg=str(name))


@pytest.fixture(scope="module")
def inputs(plain_tables: CustomerTables) -> pd.DataFrame:
    """Inputs of the synthetic ledger on the last date."""
    return segment_inputs(history_before(plain_tables, DAY))


@pytest.fixture(scope="module")
def rules(inputs: pd.DataFrame) -> SegmentRules:
    """Rules fitted on them."""
    return fit_segment_rules(inputs, DAY, **LIMITS)


def quintiles(values: list[float]) -> list[float]:
    return statistics.quantiles(values, n=5, method="inclusive")


def test_edges_are_quintiles_of_those_who_bought_in_the_last_year(
    inputs: pd.DataFrame, rules: SegmentRules
) -> None:
    """Silence, purchase days and revenue; customers who stayed away do not stretch the scale."""
    recent = inputs[inputs["last_day"] >= DAY - 365]
    assert 0 < len(recent) < len(inputs)
    assert rules.silence_edges == pytest.approx(quintiles((DAY - recent["last_day"]).tolist()), rel=1e-12)
    assert rules.frequency_edges == pytest.approx(quintiles(recent["purchase_days_year"].tolist()), rel=1e-12)
    assert rules.money_edges == pytest.approx(quintiles(recent["revenue_year"].tolist()), rel=1e-12)


def test_the_base_rhythm_is_the_median_customers(inputs: pd.DataFrame, rules: SegmentRules) -> None:
    """Of those with a gap who bought in the last year."""
    recent = inputs[(inputs["last_day"] >= DAY - 365) & (inputs["gaps"] > 0)]
    assert rules.base_gap_median == statistics.median(recent["gap_median"])
    assert rules.base_gap_q90 == statistics.median(recent["gap_q90"])


def test_the_limits_of_the_config_are_stored(rules: SegmentRules) -> None:
    """Scoring uses those of the training."""
    assert {k: getattr(rules, k) for k in LIMITS} == LIMITS


def test_without_a_buyer_last_year_everybody_is_the_base(inputs: pd.DataFrame) -> None:
    """An old base still has edges."""
    late = fit_segment_rules(inputs.assign(purchase_days_year=0.0), DAY, **LIMITS)
    assert late.money_edges == pytest.approx(quintiles(inputs["revenue_year"].tolist()), rel=1e-12)


def test_without_a_gap_a_month_is_assumed(inputs: pd.DataFrame) -> None:
    """A base of first-time buyers has no rhythm yet."""
    fresh = fit_segment_rules(inputs.assign(gaps=0.0), DAY, **LIMITS)
    assert (fresh.base_gap_median, fresh.base_gap_q90) == (30.4375, 3 * 30.4375)


def test_nobody_is_an_error_that_says_what_to_do(inputs: pd.DataFrame) -> None:
    """Nothing bought before as_of."""
    with pytest.raises(
        NotEnoughData, match=r"No customer has a purchase day before as_of\. Set a later as_of"
    ):
        fit_segment_rules(inputs.iloc[:0], DAY, **LIMITS)


def test_a_flapping_reading_moves_nobody() -> None:
    """Two equal readings in a row move a customer, single ones do not."""
    readings = np.array(
        [[0, 1, 0, 1, 0, 1, 0], [0, 1, 2, 1, 2, 1, 2], [0, 1, 1, 2, 1, 2, 1], [0, 0, 0, 0, 0, 1, 1]]
    )
    assert replay(readings).tolist() == [0, 0, 1, 1]


def test_at_risk_moves_at_once_and_leaving_it_takes_two_readings() -> None:
    """Position 3 stands for at_risk."""
    readings = np.array([[0, 0, 0, 3], [0, 3, 0, 0], [0, 3, 0, 1], [0, 0, 3, 0]])
    assert replay(readings, at_once=3).tolist() == [3, 0, 3, 3]
    assert replay(readings).tolist() == [0, 0, 0, 0]


def test_the_first_reading_of_a_newcomer_counts() -> None:
    """-1 stands for not there yet."""
    assert replay(np.array([[-1, -1, 2], [-1, 2, 0], [-1, 2, -1]])).tolist() == [2, 2, 2]


def test_readings_reach_back_half_a_year_every_30_days() -> None:
    """Oldest first, the last one is as_of itself."""
    assert list(REPLAY_DAYS) == list(range(180, -1, -30))


def weekly(until: int) -> list[int]:
    """Days of a weekly customer of two years, counted back from DAY, up to `until`."""
    return list(range(until + 728, until - 1, -7))


def assigned(days: list[int], rules: SegmentRules) -> dict[str, Any]:
    rows = [Line("a", DAY - back, 10**7, False, str(back)) for back in days]
    return assign_segments(tables_of(rows, engine="polars"), DAY, rules).iloc[0].to_dict()


@pytest.mark.parametrize(
    ("silence", "tier"), [(1, "high_value"), (29, "high_value"), (30, "at_risk"), (85, "at_risk")]
)
def test_a_weekly_customer_who_falls_silent_is_at_risk_at_once(
    silence: int, tier: str, rules: SegmentRules
) -> None:
    """At the first reading after its limit of about a month; what is at stake stays the same."""
    found = assigned(weekly(silence), rules)
    assert (found["tier"], found["value_tier"]) == (tier, "high_value")


def test_who_comes_back_is_at_risk_for_one_more_reading(rules: SegmentRules) -> None:
    """Silent for 70 days, an order 5 days ago: one good reading is not enough, two are."""
    assert assigned([*weekly(75), 5], rules)["tier"] == "at_risk"
    assert assigned([*weekly(105), 35, 28, 21, 14, 7], rules)["tier"] == "high_value"


@pytest.mark.parametrize(("silence", "stage"), [(40, "mature"), (41, "declining")])
def test_with_a_rhythm_past_the_own_limit_is_declining(silence: int, stage: str, rules: SegmentRules) -> None:
    """Weekly, so the limit is its lower bound of 40 days; past it at both of the last two readings."""
    own = replace(rules, rhythm=RhythmRule(0.9, 40.0, 400.0, 60.0))
    assert assigned(weekly(silence + 30), own)["lifecycle_stage"] == stage
    assert assigned(weekly(silence + 30), rules)["lifecycle_stage"] == "mature"


@pytest.mark.parametrize(("silence", "tier"), [(200, "standard"), (201, "at_risk")])
def test_with_a_rhythm_past_the_own_limit_is_at_risk(silence: int, tier: str, rules: SegmentRules) -> None:
    """Every 200 days like the base; active_days of 180 would call it lapsed between its orders."""
    poor = replace(rules, base_gap_q90=380.0, money_edges=(1e9, 1e9, 1e9, 1e9))
    days = [silence + 200 * back for back in (3, 2, 1, 0)]
    own = replace(poor, rhythm=RhythmRule(0.9, 30.0, 400.0, 200.0))
    assert assigned(days, own)["tier"] == tier
    assert assigned(days, poor)["tier"] == "at_risk"


def test_assignment_covers_everybody_with_a_purchase_day(
    plain_tables: CustomerTables, inputs: pd.DataFrame, rules: SegmentRules
) -> None:
    """All tiers and stages occur, and no other word does."""
    found = assign_segments(plain_tables, DAY, rules)
    assert found["customer_id"].tolist() == inputs["customer_id"].tolist()
    assert set(found["tier"]) == set(TIERS)
    assert set(found["value_tier"]) == set(TIERS) - {"at_risk"}
    assert set(found["lifecycle_stage"]) == set(STAGES)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("rhythm", [None, RhythmRule(0.8, 20.0, 300.0, 45.0)])
def test_a_customer_alone_has_the_row_it_has_in_the_crowd(
    engine: str, rhythm: RhythmRule | None, ledger_rows: list[Line], rules: SegmentRules
) -> None:
    """Nobody else's rows matter once the rules are stored."""
    rules = replace(rules, rhythm=rhythm)
    crowd = assign_segments(tables_of(ledger_rows, engine=engine), DAY, rules).set_index("customer_id")
    for customer in ("0000", "0149"):
        own = [row for row in ledger_rows if row.customer_id == customer]
        alone = assign_segments(tables_of(own, engine=engine), DAY, rules).set_index("customer_id")
        pd.testing.assert_frame_equal(alone, crowd.loc[[customer]], check_exact=True)


def test_row_order_and_engine_leave_no_trace(ledger_rows: list[Line], rules: SegmentRules) -> None:
    """Rules and assignment of shuffled rows on three engines are equal."""
    shuffled = random.Random(2).sample(ledger_rows, len(ledger_rows))
    columns = ["tier", "value_tier", "lifecycle_stage"]
    frames = []
    for engine in ENGINES:
        tables = tables_of(shuffled, engine=engine)
        again = fit_segment_rules(segment_inputs(history_before(tables, DAY)), DAY, **LIMITS)
        found = again.to_dict()
        assert found.pop("rhythm") is None
        for name, value in found.items():
            assert value == pytest.approx(rules.to_dict()[name], rel=1e-12), name
        frames.append(assign_segments(tables, DAY, rules)[["customer_id", *columns]])
    for frame in frames[1:]:
        pd.testing.assert_frame_equal(frame, frames[0], check_dtype=False)


def test_base_ratios_are_totals_over_totals(inputs: pd.DataFrame) -> None:
    """What is left after refunds, and after costs."""
    frame = pd.DataFrame(
        {"spend_ever": [800.0, 200.0], "refund_ever": [100.0, 100.0], "margin_ever": [200.0, 200.0]}
    )
    assert base_ratios(frame) == (0.8, 0.5)
    assert base_ratios(frame.assign(margin_ever=[900.0, 900.0])) == (0.8, 1.0)
    assert base_ratios(frame.assign(refund_ever=[800.0, 200.0])) == (0.0, 1.0)


def test_margins_come_from_lines_customers_or_config() -> None:
    """In this order; lines of a short history are pulled to the base."""
    frame = pd.DataFrame(
        {
            "customer_id": ["a", "b"],
            "spend_ever": [100.0, 100.0],
            "refund_ever": [0.0, 0.0],
            "margin_ever": [50.0, 50.0],
            "purchase_days": [3.0, 3e9],
        }
    )
    own = pd.DataFrame({"customer_id": ["b"], "margin": [0.3]})
    assert margins_of(frame, own, 0.9, None).tolist() == [0.9, 0.3]
    assert margins_of(frame, None, 0.9, None).tolist() == [0.9, 0.9]
    assert margins_of(frame, own, 0.9, 0.2) == pytest.approx([0.35, 0.5], rel=1e-8)


def test_re_keying_everybody_moves_nobody(ledger_rows: list[Line], rules: SegmentRules) -> None:
    """All get a new id two days before; readings under the old ids count, so hysteresis goes on."""
    plain = assign_segments(tables_of(ledger_rows), DAY, rules)
    customers = sorted({line.customer_id for line in ledger_rows})
    merges = tuple(CustomerMerge(name, f"n{name}", DAY - 2) for name in customers)
    later = (CustomerMerge(f"n{customers[0]}", "unknown yet", DAY),)
    found = assign_segments(tables_of(ledger_rows, merges=merges + later), DAY, rules)
    named = plain.assign(customer_id="n" + plain["customer_id"])
    named = named.sort_values("customer_id", ignore_index=True)
    pd.testing.assert_frame_equal(found.sort_values("customer_id", ignore_index=True), named)
