"""What accounts did in the window and before: counted by hand on a few orders."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from patron.campaigns import Campaign, CampaignPlan, campaign_outcomes
from patron.ledger import load_ledger, materialise
from patron.snapshots import CustomerMerge, customer_tables, to_day
from patron.workflows.campaigns import held_out, to_call

START = to_day(date(2024, 3, 1))
IDS = ["a", "b", "c", "d", "old"]

#: customer, day, amount: a buys on the first day, b on the first day after, c only sends back, old is new.
ORDERS = [
    ("a", "2024-03-01", 40.0), ("a", "2024-02-29", 100.0), ("a", "2023-02-28", 7.0),
    ("b", "2024-03-31", 30.0), ("b", "2023-03-02", 60.0),
    ("c", "2024-03-10", -25.0), ("c", "2024-01-10", 80.0),
    ("old", "2024-01-05", 50.0), ("new", "2024-03-20", 20.0),
    ("z", "2024-05-01", 5.0),
]  # fmt: skip


def outcomes(orders: list[tuple[str, str, float]], margin: float = 1.0) -> pd.DataFrame:
    """Thirty days from 1 March, the year before as covariate."""
    frame = pd.DataFrame(orders, columns=["customer_id", "ordered_at", "amount"])
    frame["ordered_at"] = pd.to_datetime(frame["ordered_at"])
    lines = load_ledger(frame, as_of="2024-06-01", currency="EUR").lines
    renamed = (CustomerMerge("old", "new", to_day(date(2024, 3, 15))),)
    tables = customer_tables(lines, keep=materialise, merges=renamed)
    found = campaign_outcomes(tables, IDS, start_day=START, window_days=30, covariate_days=365, margin=margin)
    return found.set_index("customer_id")


def test_the_window_holds_its_first_day_and_not_the_day_after() -> None:
    """a is retained on day 0, b is a day late, c only returned goods, d is unknown, old bought as new."""
    found = outcomes(ORDERS)
    assert found["retained"].to_dict() == {"a": True, "b": False, "c": False, "d": False, "old": True}
    assert found["margin"].to_dict() == {"a": 40.0, "b": 0.0, "c": -25.0, "d": 0.0, "old": 20.0}
    assert found["margin_before"].to_dict() == {"a": 100.0, "b": 60.0, "c": 80.0, "d": 0.0, "old": 50.0}
    assert found["is_known"].to_dict() == {"a": True, "b": True, "c": True, "d": False, "old": True}


def test_margin_is_a_share_of_revenue_where_nothing_else_is_known() -> None:
    """Three tenths of each amount, returns too."""
    found = outcomes(ORDERS, margin=0.3)
    assert found["margin"].to_dict() == pytest.approx({"a": 12.0, "b": 0.0, "c": -7.5, "d": 0.0, "old": 6.0})


def test_orders_outside_change_nothing() -> None:
    """At or after the end: no outcome; at or after the start: no margin before."""
    later = [("a", "2024-03-31", 1e6), ("d", "2024-04-15", 1e6), ("c", "2024-05-01", 9.0)]
    pd.testing.assert_frame_equal(outcomes([*ORDERS, *later]), outcomes(ORDERS))
    within = [("b", "2024-03-01", 1e6), ("d", "2024-03-30", 5.0)]
    changed = outcomes([*ORDERS, *within])
    assert changed["margin_before"].equals(outcomes(ORDERS)["margin_before"])
    assert changed.loc["b", "margin"] == 1e6


def test_a_control_account_with_a_new_id_is_left_alone() -> None:
    """From the day of the new id on, and until the window is over."""
    plan = CampaignPlan(
        name="spring", hypothesis="", as_of="2024-03-01", window_days=30, alpha=0.05, treated_share=0.5,
        strata=(), covariate_days=365, seed=1, cost_per_account=0.0, currency=None, accounts=2, groups=2,
        treated=1, control=1, power={}, analysis={}, excluded={}, scores_sha256="", assignment_sha256="",
    )  # fmt: skip
    rows = pd.DataFrame({"customer_id": ["a", "old"], "arm": ["treatment", "control"]})
    merges = (CustomerMerge("old", "new", to_day(date(2024, 3, 15))),)
    campaigns = [Campaign(plan, rows, None)]
    end = date(2024, 3, 31)
    assert held_out(campaigns, date(2024, 3, 15), merges) == {"old": end}
    assert held_out(campaigns, date(2024, 3, 16), merges) == {"new": end}
    assert held_out(campaigns, end, merges) == {}
    assert to_call(campaigns, date(2024, 3, 16), merges) == {"a": "spring"}
