"""Scores, rhythm limits, tiers and stages by hand-made customers."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from synthetic_ledger import Line, tables_of

from patron.columns import STAGES, TIERS
from patron.segments import (
    SegmentRules,
    expected_gap_days,
    limit_days,
    segment_inputs,
    stage_codes,
    tier_codes,
)
from patron.segments.rules import score_1_to_5
from patron.snapshots import RhythmRule, history_before

DAY = 2000
RULES = SegmentRules(
    silence_edges=(10.0, 20.0, 30.0, 40.0),
    frequency_edges=(2.0, 4.0, 6.0, 8.0),
    money_edges=(100.0, 200.0, 300.0, 400.0),
    base_gap_median=30.0,
    base_gap_q90=60.0,
    active_days=180,
    new_days=90,
    growing_days=365,
)


def test_values_on_an_edge_share_the_lower_score() -> None:
    """Equal values have equal scores, whatever their number."""
    values = np.array([-5.0, 1.0, 1.0001, 2.0, 3.0, 4.0, 4.0001, 1e9])
    assert score_1_to_5(values, (1.0, 2.0, 3.0, 4.0)).tolist() == [1, 1, 2, 2, 3, 4, 5, 5]


def test_edges_that_coincide_skip_a_score() -> None:
    """Where most customers have one purchase day, nobody is pushed apart."""
    assert score_1_to_5(np.array([1.0, 2.0, 3.0]), (1.0, 1.0, 1.0, 2.0)).tolist() == [1, 4, 5]


def test_the_limit_is_shrunk_on_the_log_scale() -> None:
    """The base counts as three gaps: with three of its own a customer is half-way, geometrically."""
    limits = limit_days(np.array([0.0, 3.0, 6.0, 3e9]), np.array([np.nan, 240.0, 240.0, 240.0]), 60.0)
    assert limits == pytest.approx([60.0, 120.0, 60 ** (1 / 3) * 240 ** (2 / 3), 240.0], rel=1e-7)


@pytest.mark.parametrize(("own", "base", "limit"), [(1.0, 1.0, 30.0), (5000.0, 5000.0, 400.0)])
def test_the_limit_lies_within_30_and_400_days(own: float, base: float, limit: float) -> None:
    """Neither a daily buyer nor one in ten years leaves these bounds."""
    assert limit_days(np.array([5.0]), np.array([own]), base).tolist() == [limit]


def test_the_expected_gap_is_not_clipped() -> None:
    """A weekly buyer is expected weekly."""
    assert expected_gap_days(np.array([3e9]), np.array([7.0]), 60.0) == pytest.approx([7.0], rel=1e-7)


def tier(*, at_risk: bool = True, **values: float) -> str:
    """Tier of one customer; 40 days silent, with a quarterly rhythm, unless said otherwise."""
    row = {
        "silence": 40,
        "purchase_days": 9,
        "gaps": 3e9,
        "gap_q90": 90,
        "revenue_year": 0,
        "purchase_days_year": 0,
    }
    row |= values
    frame = pd.DataFrame([row]).assign(last_day=DAY - row["silence"])
    return TIERS[tier_codes(frame, DAY, RULES, at_risk=at_risk)[0]]


@pytest.mark.parametrize(
    ("money", "frequency", "expected"),
    [
        (301, 7, "high_value"),
        (300, 7, "standard"),
        (301, 6, "potential"),
        (9999, 0, "potential"),
        (0, 99, "standard"),
        (-500, 1, "standard"),
    ],
)
def test_tiers_by_money_and_frequency(money: int, frequency: int, expected: str) -> None:
    """high_value: both scores at least 4; potential: money alone; standard: the rest."""
    assert tier(revenue_year=money, purchase_days_year=frequency) == expected


@pytest.mark.parametrize(("silence", "expected"), [(29, "standard"), (30, "at_risk")])
def test_overdue_by_twice_half_the_limit_is_at_risk(silence: int, expected: str) -> None:
    """With at least three purchase days; here the limit is the shortest one, 30 days."""
    assert tier(silence=silence, gap_q90=2.0, purchase_days=3) == expected


def test_a_slow_rhythm_is_not_at_risk_after_half_the_active_days() -> None:
    """Three purchase days and a half-year rhythm: 100 days are nothing."""
    assert tier(silence=100, gap_q90=200.0, purchase_days=3) == "standard"


@pytest.mark.parametrize(("silence", "expected"), [(90, "standard"), (91, "at_risk")])
@pytest.mark.parametrize("days", [1, 2])
def test_fewer_than_three_purchase_days_go_by_half_the_active_days(
    days: int, silence: int, expected: str
) -> None:
    """Too few to have a rhythm, whatever the one gap says."""
    assert tier(silence=silence, gaps=days - 1, gap_q90=2.0, purchase_days=days) == expected


@pytest.mark.parametrize(("silence", "expected"), [(180, "high_value"), (181, "at_risk")])
def test_lapsed_is_at_risk_whatever_the_rhythm(silence: int, expected: str) -> None:
    """Silent for longer than active_days, with a rhythm of a year."""
    rich = {"revenue_year": 999, "purchase_days_year": 99}
    assert tier(silence=silence, gap_q90=380.0, **rich) == expected


def test_at_risk_comes_first_and_the_value_tier_ignores_it() -> None:
    """The value tier says what is at stake."""
    rich = {"revenue_year": 999, "purchase_days_year": 99, "silence": 500}
    assert tier(**rich) == "at_risk"
    assert tier(at_risk=False, **rich) == "high_value"


def stage(days: list[int], amounts: list[int] | None = None, day: int = DAY, **limits: int) -> str:
    """Stage of a customer who ordered so many days before `day`."""
    values = amounts or [1000] * len(days)
    rows = [Line("a", day - back, v, False, str(back)) for back, v in zip(days, values, strict=True)]
    columns = ("customer_id", "day", "amount_minor", "is_refund", "order_id")
    inputs = segment_inputs(history_before(tables_of(rows, engine="polars", columns=columns), day))
    rules = SegmentRules.from_dict({**RULES.to_dict(), **limits})
    return STAGES[stage_codes(inputs, day, rules)[0]]


@pytest.mark.parametrize(
    ("age", "expected"), [(90, "new"), (91, "growing"), (365, "growing"), (366, "mature")]
)
def test_stages_by_age(age: int, expected: str) -> None:
    """First order at most 90 days ago, at most 365 days ago, longer ago."""
    assert stage(list(range(age, 0, -10))) == expected


def test_new_comes_first() -> None:
    """A first-time buyer who already lapsed is still new."""
    assert stage([60], active_days=30) == "new"


@pytest.mark.parametrize(("silence", "expected"), [(180, "growing"), (181, "declining")])
def test_lapsed_is_declining(silence: int, expected: str) -> None:
    """Silence alone decides."""
    assert stage([300, silence], [10, 1000]) == expected


LAST_YEAR = [545, 520, 490, 460, 430, 400]


@pytest.mark.parametrize(("lately", "expected"), [([150, 20], "declining"), ([150, 60, 20], "mature")])
def test_declining_against_the_same_window_last_year(lately: list[int], expected: str) -> None:
    """Under half of it; exactly half is not."""
    assert stage([*LAST_YEAR, 300, 200, *lately]) == expected


def test_a_seasonal_customer_is_not_declining() -> None:
    """The same low season last year: what came between does not matter."""
    assert stage([900, 860, 500, 330, 320, 310, 300, 290, 280, 270, 150]) == "mature"


@pytest.mark.parametrize(("lately", "expected"), [([150, 20], "declining"), ([150, 90, 60, 20], "mature")])
def test_with_less_history_the_own_earlier_pace_counts(lately: list[int], expected: str) -> None:
    """A customer of 400 days was not there for the whole window last year: monthly until half a year ago."""
    assert stage([400, 370, 340, 310, 280, 250, 220, 190, *lately]) == expected


@pytest.mark.parametrize("gap", [7, 30, 45, 60, 90])
def test_a_clock_is_never_declining(gap: int) -> None:
    """The same order at the same distance, looked at on any day of the first two years."""
    rows = [
        Line(f"{age:04d}", DAY - back, 1000, False, str(back))
        for age in range(1, 800)
        for back in range(age, 0, -gap)
    ]
    inputs = segment_inputs(history_before(tables_of(rows, engine="polars"), DAY))
    assert {STAGES[code] for code in stage_codes(inputs, DAY, RULES)} == {"new", "growing", "mature"}


def test_refunds_and_costs_lower_the_margin_that_is_compared() -> None:
    """The orders are there, the money went back."""
    steady = list(range(600, 0, -30))
    rows = [Line("a", DAY - back, 1000, False, str(back), None, None, 500) for back in steady]
    back = [Line("a", DAY - 10, -2000, True, "C", None, None, 0)]
    found = []
    for lines in (rows, rows + back):
        inputs = segment_inputs(history_before(tables_of(lines), DAY))
        found.append(STAGES[stage_codes(inputs, DAY, RULES)[0]])
    assert found == ["mature", "declining"]


def test_rules_survive_json() -> None:
    """A model stores them."""
    data: dict[str, Any] = json.loads(json.dumps(RULES.to_dict()))
    assert SegmentRules.from_dict(data) == RULES
    own = replace(RULES, rhythm=RhythmRule(0.8, 20.0, 300.0, 45.0))
    assert SegmentRules.from_dict(json.loads(json.dumps(own.to_dict()))) == own


def test_rules_of_older_models_have_no_rhythm() -> None:
    """They lack the key."""
    data = {name: value for name, value in RULES.to_dict().items() if name != "rhythm"}
    assert SegmentRules.from_dict(data) == RULES
