"""Tables from a few written-out orders, and from the simulated trade."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import pytest
from trade_simulation import simulate_orders

from patron.evaluation import ChurnLabel, ChurnRecipe
from patron.features import FeatureRecipe
from patron.ledger import load_ledger, materialise
from patron.snapshots import CustomerTables, customer_tables

Order = tuple[str, str, float]
TablesFrom = Callable[[Sequence[Order]], CustomerTables]


def tables_from(orders: Sequence[Order]) -> CustomerTables:
    """(customer, day, amount) -> tables."""
    frame = pd.DataFrame(list(orders), columns=["customer_id", "ordered_at", "amount"])
    lines = load_ledger(frame, as_of="2035-01-01", duplicates="keep").lines
    return customer_tables(lines, keep=materialise)


@pytest.fixture(name="tables_from")
def _tables_from() -> TablesFrom:
    return tables_from


@pytest.fixture(scope="session")
def trade() -> pd.DataFrame:
    """Simulated order lines: customer, moment, amount."""
    return simulate_orders(customers=150)[["customer_id", "ordered_at", "amount"]]


@pytest.fixture(scope="session")
def trade_tables(trade: pd.DataFrame) -> CustomerTables:
    """The same as tables, with everything that was ever ordered."""
    rows: Any = trade.assign(ordered_at=trade["ordered_at"].astype(str)).itertuples(index=False, name=None)
    return tables_from(list(rows))


@pytest.fixture
def recipe() -> ChurnRecipe:
    """Sixty days ahead, on three cheap groups."""
    features = FeatureRecipe(horizon_days=60, groups=("rfm", "rhythm", "value"))
    label = ChurnLabel("silence", horizon_days=60, active_days=150)
    return ChurnRecipe(features, label, every_days=30, max_count=12, wanted="auto", seed=7)
