"""Why to call: only what raises the risk, or else what is at stake; every number is one of the row."""

from __future__ import annotations

import json
from datetime import date

import pytest
from worklist_rows import AS_OF, score_rows

from patron.actions import Beside, accounts
from patron.actions.why import own_gap, why_to_call

#: A customer at low risk whose drivers say why all is well.
LOW = {
    "status": "scored",
    "churn_risk": "low",
    "currency": "GBP",
    "reason_1": "last order 31 days ago, usually every 35 days; typical for customers at high risk: 38 days",
    "reason_1_values": json.dumps({"effect": "lowers", "median_gap_days": 35.0, "purchase_days": 9}),
    "value_at_risk": 1340.2,
    "revenue_last_12_months": 5800.0,
    "revenue_change": -4200.0,
    "last_order_on": date(2024, 5, 31),
    "next_order_expected_on": date(2024, 7, 5),
}


def raising(gap_days=60.0, orders=9, **more):
    """A customer at high risk, late by a gap of its own."""
    return {
        **LOW,
        "churn_risk": "high",
        "reason_1_code": "silence",
        "reason_1": "no order for 90 days",
        "reason_1_values": json.dumps(
            {"effect": "raises", "median_gap_days": gap_days, "purchase_days": orders}
        ),
        **more,
    }


def test_a_driver_that_lowers_the_risk_is_no_reason_to_call():
    """What is at stake is: value, revenue that fell (4,200 of 10,000 is 42%), the next order."""
    assert why_to_call(LOW, AS_OF, "en") == (
        "At low risk, still £1,340 is at stake: £5,800 of revenue in the last 12 months, "
        "down 42% on the 12 before. Next order expected on 5 July 2024."
    )
    assert why_to_call(LOW, AS_OF, "zh") == (
        "流失风险低，但仍有 £1,340 面临流失：近12个月收入 £5,800，比前12个月下降 42%。"
        "预计下次下单：2024年7月5日。"
    )


@pytest.mark.parametrize("change", [None, float("nan"), 0.0, 900.0, -10.0])
def test_revenue_that_did_not_fall_is_not_said_to_have(change):
    """Nor is one that is not known, or that fell by less than a hundredth."""
    assert "down" not in why_to_call({**LOW, "revenue_change": change}, AS_OF, "en")


def test_what_raises_the_risk_leads():
    """The two strongest that do; one that lowers it is left out even between them."""
    lowers = json.dumps({"effect": "lowers"})
    row = raising(reason_2="all is well", reason_2_values=lowers, reason_3="fewer orders")
    assert why_to_call(row, AS_OF, "en") == "No order for 90 days. Fewer orders."


def test_scores_without_an_effect_go_by_the_risk():
    """Older scores tell no effect: in low risk they named what lowers it."""
    row = {**LOW, "reason_1_values": None}
    assert "31 days" not in why_to_call(row, AS_OF, "en")
    assert "31 days" in why_to_call({**row, "churn_risk": "medium"}, AS_OF, "en")


def test_stopped_categories_are_a_reason_at_low_risk():
    """Words and codes come from the row."""
    row = {**LOW, "stopped_categories": "Paper (last 3 March 2024)"}
    assert "Stopped buying Paper (last 3 March 2024)." in why_to_call(row, AS_OF, "en")
    assert "已停购：Paper (last 3 March 2024)。" in why_to_call(row, AS_OF, "zh")


def test_nothing_known_says_nothing():
    """No money, no reason, no day; and a lapsed customer has no next order."""
    assert why_to_call({"churn_risk": "low"}, AS_OF, "en") is None
    assert why_to_call({**LOW, "status": "lapsed"}, AS_OF, "en") is None


@pytest.mark.parametrize(
    ("gap_days", "orders", "expected"),
    [(25.0, 9, "expected on 25 June 2024"), (25.0, 3, "was expected by now"), (60.0, 9, None)],
)
def test_a_past_day_is_that_of_the_own_gap(gap_days, orders, expected):
    """31 May + 25 days; without a rhythm of three gaps no day; inside the own gap nothing is overdue."""
    values = json.dumps({"effect": "lowers", "median_gap_days": gap_days, "purchase_days": orders})
    row = {**LOW, "reason_1_values": values, "next_order_expected_on": date(2024, 6, 20)}
    said = why_to_call(row, AS_OF, "en")
    assert (expected in said) if expected else ("expected" not in said)
    assert "20 June" not in said


@pytest.mark.parametrize("values", [None, "no JSON", "[1]", json.dumps({"median_gap_days": 3.0})])
def test_values_that_tell_no_gap(values):
    """A gap counts with the number of orders it is the median of."""
    assert own_gap({"reason_1_values": values}) is None


@pytest.mark.parametrize(
    ("gap_days", "orders", "opening"),
    [
        (60.0, 9, "I had expected the next one around 30 May 2024."),  # 31 March + 60 days
        (60.0, 3, "I had expected the next one by now."),
        (95.0, 9, "Thank you for your order of 31 March 2024."),  # not due by its own gap
    ],
)
def test_one_customer_has_one_rhythm(gap_days, orders, opening):
    """What is said names the gap that the reason names, never the day that leans towards all customers."""
    row = raising(gap_days, orders, last_order_on=date(2024, 3, 31), next_order_expected_on=date(2024, 5, 22))
    (say,) = accounts(score_rows(customer_id=["a"], **row), Beside())["say"]
    assert opening in say
    assert "22 May" not in say
