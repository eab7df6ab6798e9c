"""The CDNOW sample."""

from __future__ import annotations

import pandas as pd

from patron.ledger import demo_orders, load_ledger


def test_demo_is_the_published_sample() -> None:
    """6,919 purchases of 2,357 buyers; buyer 1516 has 26 repeat purchase days up to 30 September 1997."""
    orders = demo_orders()
    assert (len(orders), orders["customer_id"].nunique()) == (6919, 2357)
    one = orders[(orders["customer_id"] == "1516") & (orders["ordered_at"] < pd.Timestamp("1997-10-01"))]
    assert one["ordered_at"].nunique() - 1 == 26


def test_demo_loads_with_every_row() -> None:
    """Equal rows are separate purchases here; the money is that of the file."""
    orders = demo_orders()
    report = load_ledger(orders, duplicates="keep").report
    assert report.rows_used == 6919
    assert round(report.amount_used * 100) == sum(round(a * 100) for a in orders["amount"])
