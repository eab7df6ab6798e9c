"""Costs: margin is amount less cost, and goods that come back bring their cost back."""

from __future__ import annotations

import pandas as pd
import pytest

from patron.ledger import load_ledger, materialise
from patron.segments import segment_inputs
from patron.snapshots import customer_tables, history_before, to_day


def margin_of(rows: list[tuple[str, str, float, float]]) -> float:
    """Total margin of one customer, in currency units."""
    frame = pd.DataFrame(rows, columns=["order_id", "ordered_at", "amount", "cost"]).assign(customer_id="a")
    ledger = load_ledger(frame, refund_prefix="C", as_of="2024-06-01")
    tables = customer_tables(ledger.lines, keep=materialise)
    return float(segment_inputs(history_before(tables, to_day("2024-06-01")))["margin_ever"].item()) / 100


@pytest.mark.parametrize(
    "refund",
    [
        ("C2", "2024-02-05", 100.0, 60.0),
        ("C2", "2024-02-05", -100.0, -60.0),
        ("C2", "2024-02-05", -100.0, 60.0),
    ],
)
def test_a_cancelled_order_leaves_no_cost(refund: tuple[str, str, float, float]) -> None:
    """Whichever signs the source gives a credit note: 40 earned in January, nothing in February."""
    rows = [("1", "2024-01-05", 100.0, 60.0), ("2", "2024-02-05", 100.0, 60.0), refund]
    assert margin_of(rows) == 40.0


def test_a_later_refund_takes_the_margin_back() -> None:
    """Sold with a margin of 40, taken back next month: nothing is left."""
    assert margin_of([("1", "2024-01-05", 100.0, 60.0), ("C1", "2024-02-05", -100.0, 60.0)]) == 0.0


def test_lines_without_a_cost_are_counted_aloud() -> None:
    """Unknown is not zero: the data report says how many lines count as margin alone."""
    lines = {"customer_id": ["a", "b"], "ordered_at": ["2024-01-05", "2024-02-05"], "amount": [9.0, 9.0]}
    report = load_ledger(pd.DataFrame(lines | {"cost": [5.0, None]}), as_of="2024-06-01").report
    assert "1 order lines have no cost; their whole amount counts as margin" in report.warnings
    known = load_ledger(pd.DataFrame(lines | {"cost": [5.0, 4.0]}), as_of="2024-06-01").report
    assert not [w for w in known.warnings if "cost" in w]
