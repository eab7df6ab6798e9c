"""Keeping a result on its engine."""

from __future__ import annotations

import gc
from typing import Any

import narwhals as nw
import pandas as pd
import pytest

from patron.ledger import load_ledger, materialise

ORDERS = pd.DataFrame(
    {"customer_id": ["1", "2"], "ordered_at": ["2024-01-01", "2024-01-02"], "amount": ["5", "6"]}
)


@pytest.mark.parametrize("engine", ["pandas", "polars", "csv"])
def test_materialised_rows_are_the_same(offer: Any, engine: str) -> None:
    """The kept result equals the query's, on the same engine, also under a hostile name and twice."""
    lines = load_ledger(offer(ORDERS, engine)).lines.filter(nw.col("day") > 0)
    for _ in range(2):
        kept = materialise(lines, 'x\'; drop table "y"; --')
        assert kept.implementation == lines.implementation
        assert sorted(kept.collect().to_pandas()["amount_minor"]) == [500, 600]


def test_lines_outlive_everything_else(offer: Any) -> None:
    """The connection and the file may go; the lines stay readable."""
    path = offer(ORDERS, "csv")
    lines = load_ledger(path).lines
    path.unlink()
    gc.collect()
    assert len(lines.collect()) == 2
