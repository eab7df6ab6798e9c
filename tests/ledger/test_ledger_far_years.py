"""Dates of years that no order has: set aside with the reason, on every engine."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow.parquet as parquet
import pytest

from patron.ledger import load_ledger

_ROWS = (
    "('a', '2024-01-02'), ('b', '10000-01-01'), ('c', '0044-03-15 (BC)'), ('d', NULL), "
    "('e', '9999-12-31'), ('f', '2024-01-05')"
)


def source_of(kind: str, engine: str, folder: Path) -> Any:
    database = folder / "orders.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            f"CREATE TABLE orders AS SELECT customer_id, t::{kind} AS ordered_at, 1.5 AS amount "
            f"FROM (VALUES {_ROWS}) v(customer_id, t)"
        )
        connection.execute(f"COPY orders TO '{folder / 'orders.parquet'}'")
    if engine == "duckdb file":
        return database
    path = folder / "orders.parquet"
    frames = {"parquet": lambda: path, "polars": lambda: pl.read_parquet(path)}
    frames |= {"arrow": lambda: parquet.read_table(path)}
    frames |= {"pandas": lambda: pl.read_parquet(path).to_pandas()}
    return frames[engine]()


@pytest.mark.parametrize("engine", ["duckdb file", "parquet", "polars", "arrow", "pandas"])
@pytest.mark.parametrize("kind", ["DATE", "TIMESTAMP", "TIMESTAMPTZ"])
def test_years_before_one_and_after_9999_are_unreadable_dates(tmp_path: Path, kind: str, engine: str) -> None:
    """Two of six; 9999 is a year, whose order waits."""
    listed = tmp_path / "aside.csv"
    rules = {"timezone": "UTC"} if kind == "TIMESTAMPTZ" else {}
    source = source_of(kind, engine, tmp_path)
    report = load_ledger(source, as_of="2024-02-01", set_aside=listed, **rules).report
    assert {reason: aside.rows for reason, aside in report.set_aside.items()} == {
        "no_date": 1,
        "unreadable_date": 2,
    }
    assert (report.rows_used, report.later, report.last_day) == (2, 1, date(2024, 1, 5))
    rows = listed.read_text(encoding="utf-8-sig").splitlines()
    assert [row.split(",")[1:3] for row in rows[1:]] == [
        ["2", "unreadable_date"],
        ["3", "unreadable_date"],
        ["4", "no_date"],
    ]
    assert "10000-01-01" in rows[1]


def test_a_time_zone_may_move_a_time_out_of_the_last_year(tmp_path: Path) -> None:
    """The last evening of 9999 in UTC is 10000 in Tokyo: unreadable there, whoever reads it."""
    for engine in ("parquet", "pandas"):
        folder = tmp_path / engine
        folder.mkdir()
        with duckdb.connect() as connection:
            connection.execute(
                f"COPY (SELECT * FROM (VALUES ('a', TIMESTAMPTZ '2024-01-02 00:00:00Z', 1.5), "
                f"('b', TIMESTAMPTZ '9999-12-31 20:00:00Z', 1.5)) v(customer_id, ordered_at, amount)) "
                f"TO '{folder / 'o.parquet'}'"
            )
        source = (
            folder / "o.parquet" if engine == "parquet" else pl.read_parquet(folder / "o.parquet").to_pandas()
        )
        for zone, aside in (("UTC", {}), ("Asia/Tokyo", {"unreadable_date": 1})):
            report = load_ledger(source, as_of="2024-02-01", timezone=zone).report
            assert {reason: found.rows for reason, found in report.set_aside.items()} == aside, engine
