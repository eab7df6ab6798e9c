"""Databases as a source of a store: what is read again, and that it is what reading directly gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from store_files import assert_same, direct, rows_of, stored

from patron.errors import LedgerError
from patron.ledger import SqlQuery
from patron.store import reading_of, update_store

duckdb = pytest.importorskip("duckdb")
PLAIN = {"currency": None, "refund_prefix": None, "exclude_product_ids": ()}


def orders(day: str, customer: str, **more: Any) -> dict[str, Any]:
    return {"customer_id": customer, "ordered_at": day, "amount": 10.0, **more}


def fill(folder: Path, rows: list[dict[str, Any]]) -> Path:
    """Make the table of a database hold these rows."""
    frame = pd.DataFrame(rows)  # noqa: F841 - read by DuckDB
    path = folder / "orders.duckdb"
    with duckdb.connect(str(path)) as connection:
        days = "SELECT * REPLACE (ordered_at::DATE AS ordered_at) FROM frame"
        connection.execute(f"CREATE OR REPLACE TABLE orders AS {days}")
    return path


def since(folder: Path) -> SqlQuery:
    return SqlQuery("SELECT * FROM orders WHERE ordered_at >= :since", "duckdb:///orders.duckdb", folder)


def test_a_new_column_asks_for_all_rows(tmp_path: Path) -> None:
    """Months that the query gives no more would lack it."""
    old = [orders("2023-01-08", "a"), orders("2023-05-08", "b")]
    fill(tmp_path, old)
    stored(since(tmp_path), tmp_path / "store", **PLAIN)
    new = [*old, orders("2023-06-08", "c")]
    path = fill(tmp_path, [{**row, "cost": k + 1.0} for k, row in enumerate(new)])
    done, got = stored(since(tmp_path), tmp_path / "store", **PLAIN)
    assert_same(got, *direct(path, **PLAIN))
    assert rows_of(got.ledger.lines.select("cost_minor")) == [(100,), (200,), (300,)]
    assert done.months_rebuilt == 3


def test_another_currency_is_found_beside_older_months(tmp_path: Path) -> None:
    """Ten dollars would else be a thousand yen."""
    old = [orders("2023-01-08", "a", currency="USD"), orders("2023-05-08", "b", currency="USD")]
    fill(tmp_path, old)
    stored(since(tmp_path), tmp_path / "store", **PLAIN)
    fill(tmp_path, [old[0], orders("2023-06-08", "c", currency="JPY")])
    with pytest.raises(LedgerError, match="2 currencies"):
        stored(since(tmp_path), tmp_path / "store", **PLAIN)
    path = fill(tmp_path, [old[0], orders("2023-06-08", "c", currency="USD")])
    _, got = stored(since(tmp_path), tmp_path / "store", **PLAIN)
    assert_same(got, *direct(path, **PLAIN))


def test_the_segment_in_force_is_never_away(tmp_path: Path) -> None:
    """A query that gives the same again leaves the folder alone, which a kill could else have removed."""
    fill(tmp_path, [orders("2023-01-08", "a", quantity="x")])
    store, reading = tmp_path / "store", reading_of(**PLAIN)
    update_store(since(tmp_path), store, reading)
    [folder] = (store / "sources").iterdir()
    before = folder.stat().st_ino
    assert update_store(since(tmp_path), store, reading).version == 1
    assert folder.stat().st_ino == before
    # the lines are the same, but there is nothing unreadable any more
    path = fill(tmp_path, [orders("2023-01-08", "a", quantity=None)])
    _, got = stored(since(tmp_path), store, **PLAIN)
    assert_same(got, *direct(path, **PLAIN))


def test_a_duckdb_file_is_read_again_as_a_whole(tmp_path: Path) -> None:
    """As without a store, with what was changed in it."""
    path = fill(tmp_path, [orders("2023-01-08", "a"), orders("2023-05-08", "b")])
    _, got = stored(path, tmp_path / "store", **PLAIN)
    assert_same(got, *direct(path, **PLAIN))
    fill(tmp_path, [orders("2023-01-09", "a"), orders("2023-05-08", "b")])
    done, got = stored(path, tmp_path / "store", **PLAIN)
    assert (done.rows_new, done.rows_late, done.rows_gone, done.months_rebuilt) == (1, 1, 1, 1)
    assert_same(got, *direct(path, **PLAIN))


def test_since_without_a_store_means_all_rows(tmp_path: Path) -> None:
    """So that the same config can be checked without its store."""
    path = fill(tmp_path, [orders("2023-01-08", "a"), orders("2023-05-08", "b")])
    lines, _ = direct(since(tmp_path), **PLAIN)
    assert rows_of(lines.lines) == rows_of(direct(path, **PLAIN)[0].lines)
    assert len(rows_of(lines.lines)) == 2
