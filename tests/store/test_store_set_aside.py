"""The file of rows set aside is there with a store, too."""

from __future__ import annotations

import csv
import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from store_files import RULES, TODAY, random_rows, write_files

from patron.ledger import load_ledger
from patron.ledger.sql_query import SqlQuery
from patron.store import read_store, reading_of, update_store

Listed = list[tuple[str, str, str, str]]


def listed(path: Path) -> Listed:
    """File, line, reason and text of each row."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        head, *rows = csv.reader(stream)
    assert head == ["file", "line", "reason", "raw"]
    return [(file, line, reason, raw) for file, line, reason, raw in rows]


def without_copies(rows: Listed) -> Listed:
    return [row for row in rows if row[2] != "duplicate"]


def from_store(source: Any, root: Path, as_of: date, **rules: Any) -> tuple[Listed, list[str]]:
    """Bring a store up to date, read it and return the rows listed and the warnings."""
    reading, path = reading_of(**{**RULES, **rules}), root / "stored.csv"
    update_store(source, root / "store", reading)
    found = read_store(root / "store", reading, as_of=as_of, today=TODAY, set_aside=path)
    return listed(path), found.ledger.report.warnings


def directly(source: Any, root: Path, as_of: date, **rules: Any) -> tuple[Listed, list[str]]:
    path = root / "direct.csv"
    ledger = load_ledger(source, as_of=as_of, today=TODAY, set_aside=path, **{**RULES, **rules})
    return listed(path), ledger.report.warnings


@pytest.mark.parametrize("day", [date(2024, 1, 30), date(2024, 3, 1)])
def test_the_same_rows_are_listed_as_without_a_store(tmp_path: Path, day: date) -> None:
    """Also lines that are no records; excluded rows on or after the day wait; copies by their values."""
    rows = random_rows(3, 80, 20)
    files = {"a.csv": rows[:50], "b.csv": rows[45:]}
    source = write_files(tmp_path / "orders", files)
    with (source / "b.csv").open("a", encoding="utf-8") as stream:
        stream.write("a,b,c\nz,2024-01-21,5,o9,POST,\n")
    got, warnings = from_store(source, tmp_path, day)
    wanted, expected = directly(source, tmp_path, day)
    assert warnings == expected
    assert without_copies(got) == without_copies(wanted)
    assert {"unreadable_line", "excluded", "no_customer"} <= {row[2] for row in got}
    copies = [json.loads(raw) for file, line, reason, raw in got if reason == "duplicate" and not file + line]
    texts = [next(csv.reader([raw])) for _, _, reason, raw in wanted if reason == "duplicate"]
    assert texts
    assert Counter((c["customer_id"], c["ordered_at"], float(c["amount"])) for c in copies) == Counter(
        (text[0], text[1], float(text[2])) for text in texts
    )


def test_the_list_follows_the_files(tmp_path: Path) -> None:
    """A row is corrected, a file renamed: what is listed is what is there."""
    day, bad = (
        date(2024, 3, 1),
        {**random_rows(3, 1, 1)[0], "customer_id": "a", "order_id": "o1", "product_id": ""},
    )
    good, bad = (
        {**bad, "ordered_at": "2024-01-21", "amount": "5"},
        {**bad, "amount": "5", "ordered_at": "soon"},
    )
    source = write_files(tmp_path / "orders", {"a.csv": [good, bad], "b.csv": [bad, bad]})
    got, _ = from_store(source, tmp_path, day)
    assert [row[:3] for row in got] == [
        ("a.csv", "3", "unreadable_date"),
        ("b.csv", "2", "unreadable_date"),
        ("b.csv", "3", "unreadable_date"),
    ]
    (source / "b.csv").rename(source / "c.csv")
    write_files(source, {"a.csv": [good], "c.csv": [bad, bad]})
    got, _ = from_store(source, tmp_path, day)
    assert [row[:2] for row in got] == [("c.csv", "2"), ("c.csv", "3")]
    source = write_files(source, {"a.csv": [good]})
    reading, path = reading_of(**RULES), tmp_path / "stored.csv"
    update_store(source, tmp_path / "store", reading)
    read_store(tmp_path / "store", reading, as_of=day, set_aside=path)
    assert not path.exists()


def test_a_query_with_since_keeps_the_rows_of_older_months(tmp_path: Path) -> None:
    """They are in the list though the query gives them no more, and counted once."""
    frame = pd.DataFrame(
        {
            "customer_id": ["a", None, "b", None],
            "ordered_at": pd.to_datetime(["2024-01-08", "2024-01-09", "2024-05-08", "2024-05-09"]),
            "amount": [1.0, 2.0, 3.0, 4.0],
        }
    )
    for known in (frame, pd.concat([frame, frame.iloc[[3]].assign(amount=5.0)])):
        with duckdb.connect(str(tmp_path / "o.duckdb")) as connection:
            connection.register("known", known)
            connection.execute("CREATE OR REPLACE TABLE orders AS FROM known")
        query = SqlQuery("SELECT * FROM orders WHERE ordered_at >= :since", "duckdb:///o.duckdb", tmp_path)
        plain = {"refund_prefix": None, "exclude_product_ids": ()}
        got, warnings = from_store(query, tmp_path, date(2024, 6, 1), **plain)
    assert not [text for text in warnings if "listed" in text or "found again" in text]
    assert [(file, json.loads(raw)["amount"]) for file, _, _, raw in got] == [
        ("the query", "2.0"),
        ("the query", "4.0"),
        ("the query", "5.0"),
    ]
