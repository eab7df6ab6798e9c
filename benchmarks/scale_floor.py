"""The least that any plan does: read every column of the lines once, and one group-by.

In: a Parquet file of lines. Out: nothing. Not here: features.
    python benchmarks/scale_floor.py LINES.parquet
"""

from __future__ import annotations

import sys

import duckdb

if __name__ == "__main__":
    lines = duckdb.read_parquet(sys.argv[1])
    largest = ", ".join(f"max({name})" for name in lines.columns if name != "customer_id")
    lines.query("lines", "SELECT max(COLUMNS(*)) FROM lines").fetchall()
    lines.query("lines", f"SELECT customer_id, {largest} FROM lines GROUP BY customer_id").fetchall()
