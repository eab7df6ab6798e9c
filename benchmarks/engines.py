"""The same orders on every engine: customer tables and features for one customer, 1,000 and many.

Prints CPU milliseconds (the least of some runs) and the ratio to the arrays, all of one run: ratios can be
compared between machines, milliseconds cannot. ``python benchmarks/engines.py [most_lines]``
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl

from patron.arrays import array_frame
from patron.features import FeatureRecipe, build_features
from patron.ledger import materialise
from patron.snapshots import customer_tables, history_before

DAYS = 1200
AS_OF = 20_000
GROUPS = ("rfm", "rhythm", "trend", "season", "value", "breadth", "lifecycle")
RECIPE = FeatureRecipe(60, groups=GROUPS, kinds_of_items=("products", "categories"))


def lines_of(rows: int, customers: int) -> pd.DataFrame:
    """Make order lines of three each, in no order, one in twenty a refund."""
    random = np.random.default_rng(1)
    order = random.integers(0, rows // 3 + 1, rows)
    customer = (order * 7919) % customers
    product = random.integers(0, 400, rows)
    refund = order % 20 == 0
    amount = random.integers(100, 90_000, rows)
    return pd.DataFrame(
        {
            "customer_id": pd.Series(customer).map("C{:07d}".format).astype("str"),
            "day": (AS_OF - DAYS + (order * 104_729) % DAYS).astype(np.int32),
            "amount_minor": np.where(refund, -amount, amount),
            "is_refund": refund,
            "order_id": pd.Series(order).map("O{}".format).astype("str"),
            "product_id": pd.Series(product).map("P{}".format).astype("str"),
            "category": pd.Series(product % 12).map("K{}".format).astype("str"),
        }
    )


def _duckdb(frame: pd.DataFrame) -> nw.LazyFrame[Any]:
    connection = duckdb.connect()
    connection.register("given", pl.from_pandas(frame).to_arrow())
    connection.execute("CREATE TABLE lines AS SELECT * FROM given")
    return nw.from_native(connection.table("lines")).lazy()


ENGINES: dict[str, Callable[[pd.DataFrame], nw.LazyFrame[Any]]] = {
    "arrays": array_frame,
    "pandas": lambda frame: nw.from_native(frame).lazy(),
    "polars": lambda frame: nw.from_native(pl.from_pandas(frame)).lazy(),
    "duckdb": _duckdb,
}


def milliseconds(lines: nw.LazyFrame[Any], runs: int) -> tuple[float, float]:
    """Time tables and features, in CPU milliseconds over all threads."""
    best = [float("inf")] * 2
    for _ in range(runs):
        start = time.process_time()
        tables = customer_tables(lines, keep=materialise)
        between = time.process_time()
        build_features(history_before(tables, AS_OF), RECIPE)
        spent = (between - start, time.process_time() - between)
        best = [min(a, 1000 * b) for a, b in zip(best, spent, strict=True)]
    return best[0], best[1]


def main() -> None:
    """Print a table."""
    most = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    print(f"{'lines':>9} {'customers':>9} {'engine':<7} {'tables ms':>10} {'features ms':>12} {'ratio':>6}")
    for rows, customers in ((900, 1), (30_000, 1_000), (most, most // 30)):
        frame = lines_of(rows, customers)
        floor = 0.0
        for engine, put in ENGINES.items():
            tables, features = milliseconds(put(frame), 5 if rows < 100_000 else 2)
            floor = floor or tables + features
            ratio = (tables + features) / floor
            print(f"{rows:>9,} {customers:>9,} {engine:<7} {tables:>10.1f} {features:>12.1f} {ratio:>6.1f}")


if __name__ == "__main__":
    main()
