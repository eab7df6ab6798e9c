"""What an update reads, counts and refuses; nothing changes when nothing is new."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from filelock import FileLock
from store_files import RULES, bytes_of, direct, rows_of, stored, write_files

from patron.errors import LedgerError
from patron.ledger import SqlQuery
from patron.store import StoreUpdate, read_store, reading_of, update_store


def row(day: str, customer: str = "a", amount: str = "10", order: str = "o") -> dict[str, str]:
    return {
        "customer_id": customer,
        "ordered_at": day,
        "amount": amount,
        "order_id": order,
        "product_id": "p1",
        "cost": "5",
    }


MONDAY = {"d1.csv": [row("2024-01-08", "a"), row("2024-01-08", "b")], "d0.csv": [row("2023-12-04", "c")]}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two files of orders and their store, version 1."""
    folder = tmp_path_factory.mktemp("whole")
    update(folder, MONDAY)
    return folder


@pytest.fixture
def place(whole: Path, tmp_path: Path) -> Path:
    """A copy of it to change."""
    return shutil.copytree(whole, tmp_path / "place")


def update(place: Path, files: dict[str, list[dict[str, str]]], **more: Any) -> StoreUpdate:
    return update_store(
        write_files(place / "orders", files), place / "store", reading_of(**RULES), wait_seconds=0.1, **more
    )


def test_the_same_files_again_change_nothing(place: Path) -> None:
    """No byte of the store; also when a file was written again, or under another name."""
    before = bytes_of(place / "store")
    again = update(place, MONDAY)
    assert again == StoreUpdate(1, 0, 2, 0, 0, 0, 0, 0, 2)
    assert bytes_of(place / "store") == before
    os.utime(place / "orders" / "d1.csv", ns=(1, 1))
    assert update(place, MONDAY) == again
    assert bytes_of(place / "store")["manifest.json"] == before["manifest.json"]
    renamed = update(place, {"z.csv" if name == "d1.csv" else name: rows for name, rows in MONDAY.items()})
    assert (renamed.version, renamed.files_read, renamed.rows_new, renamed.months_rebuilt) == (2, 0, 0, 0)


def test_the_same_lines_under_two_names_are_duplicates(place: Path) -> None:
    """Read, counted and dropped by the rule."""
    done = update(place, {**MONDAY, "copy.csv": MONDAY["d1.csv"]})
    assert (done.files_read, done.rows_new, done.months_rebuilt) == (0, 2, 1)
    got = read_store(place / "store", reading_of(**RULES))
    assert got.ledger.report.set_aside["duplicate"].rows == 2
    assert got.ledger.report.rows_used == 3


def test_late_and_corrected_rows_are_counted(place: Path) -> None:
    """A new file with a late row; then a file in which one row was corrected; then one file less."""
    new = {**MONDAY, "d2.csv": [row("2024-01-09"), row("2024-01-03", "late")]}
    done = update(place, new)
    assert (done.rows_new, done.rows_late, done.rows_gone, done.months_rebuilt) == (2, 1, 0, 1)
    corrected = {**new, "d1.csv": [row("2024-01-08", "a", "11"), row("2024-01-08", "b")]}
    done = update(place, corrected)
    assert (done.files_read, done.rows_new, done.rows_late, done.rows_gone) == (1, 1, 1, 1)
    done = update(place, {name: rows for name, rows in corrected.items() if name != "d0.csv"})
    assert (done.files_removed, done.rows_gone, done.months_rebuilt, done.months) == (1, 1, 0, 1)


def test_a_corrected_row_is_one_row_wherever_it_stands(place: Path) -> None:
    """The lines after it are the same lines, though each stands one place further up."""
    lines = [row("2024-01-08", f"c{number}") for number in range(9)]
    update(place, {"d1.csv": lines})
    done = update(place, {"d1.csv": lines[1:]})
    assert (done.rows_new, done.rows_late, done.rows_gone) == (0, 0, 1)


def test_other_rules_build_it_anew(place: Path) -> None:
    """And say so."""
    reading = reading_of(**{**RULES, "refunds": "ignore"})
    done = update_store(place / "orders", place / "store", reading)
    assert done.built_anew == "the rules for reading orders changed"
    assert (done.version, done.files_read, done.rows_gone) == (2, 2, 0)


def test_a_reader_of_the_version_before_still_finds_its_files(place: Path) -> None:
    """They go with the version after the next."""
    opened = read_store(place / "store", reading_of(**RULES)).ledger.lines
    before = rows_of(opened)
    months = {path.name for path in (place / "store" / "months").iterdir()}
    update(place, {**MONDAY, "d2.csv": [row("2024-01-09")]})
    assert rows_of(opened) == before
    update(place, {**MONDAY, "d2.csv": [row("2024-01-10")]})
    assert not months <= {path.name for path in (place / "store" / "months").iterdir()}


def test_one_writer_at_a_time(place: Path) -> None:
    """The second one says what to do."""
    with FileLock(place / "store" / ".lock"), pytest.raises(LedgerError, match="another process"):
        update(place, MONDAY)


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    """Nothing is written there."""
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "thesis.docx").touch()
    with pytest.raises(LedgerError, match=r"1 other things, e\.g\. 'thesis\.docx'"):
        update(tmp_path, MONDAY)
    assert [path.name for path in (tmp_path / "store").iterdir()] == ["thesis.docx"]
    with pytest.raises(LedgerError, match="lies in the folder of the orders"):
        update_store(tmp_path / "orders", tmp_path / "orders" / "store", reading_of(**RULES))


@pytest.mark.parametrize(
    "name", ["manifest.json", "source.json", "month.json", "days.parquet", "2024-01.parquet"]
)
def test_a_damaged_store_is_refused(place: Path, name: str) -> None:
    """Naming the file and the command that builds it anew."""
    path = sorted((place / "store").rglob(name))[-1]
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(LedgerError, match=rf"{re.escape(name)}.*patron store CONFIG --rebuild"):
        update(place, MONDAY)


def test_a_damaged_store_can_be_rebuilt(place: Path, whole: Path) -> None:
    """It is what it was, byte by byte."""
    (place / "store" / "manifest.json").write_text("{}", encoding="utf-8")
    assert update(place, MONDAY, rebuild=True).version == 1
    assert bytes_of(place / "store") == bytes_of(whole / "store")


def test_bytes_are_compared_when_asked(place: Path) -> None:
    """A changed byte keeps the size."""
    path = next((place / "store").rglob("days.parquet"))
    content = bytearray(path.read_bytes())
    content[40] ^= 1
    path.write_bytes(content)
    update(place, MONDAY)
    with pytest.raises(LedgerError, match=r"days\.parquet was changed"):
        update(place, MONDAY, verify=True)


def test_no_store_no_ledger(tmp_path: Path) -> None:
    """With the command that builds one."""
    with pytest.raises(LedgerError, match="patron store CONFIG"):
        read_store(tmp_path / "store", reading_of(**RULES))


def test_a_query_with_since_gives_new_rows_only(tmp_path: Path) -> None:
    """What it returns replaces what the store had from that day on; without it, all is read again."""
    duckdb = pytest.importorskip("duckdb")
    base = tmp_path / "orders.duckdb"

    def fill(rows: list[dict[str, str]]) -> None:
        frame = pd.DataFrame(rows)  # noqa: F841 - read by DuckDB
        with duckdb.connect(str(base)) as connection:
            days = "SELECT * REPLACE (ordered_at::DATE AS ordered_at) FROM frame"
            connection.execute(f"CREATE OR REPLACE TABLE orders AS {days}")

    query = SqlQuery("SELECT * FROM orders WHERE ordered_at >= :since", "duckdb:///orders.duckdb", tmp_path)
    rows = [row("2023-11-01"), row("2024-01-08", "b"), row("2024-02-20", "c")]
    fill(rows)
    reading = reading_of(**RULES)
    assert update_store(query, tmp_path / "store", reading).rows_new == 3
    # 31 days before the newest row is January: of older rows nothing is asked
    rows = [
        row("2023-11-01", "changed"),
        row("2024-01-08", "b", "11"),
        row("2024-02-20", "c"),
        row("2024-03-01", "d"),
    ]
    fill(rows)
    done, got = stored(query, tmp_path / "store")
    assert (done.files_read, done.rows_new, done.rows_late, done.rows_gone, done.months_rebuilt) == (
        1,
        2,
        1,
        1,
        2,
    )
    fill([row("2023-11-01"), *rows[1:]])
    assert rows_of(got.ledger.lines) == rows_of(direct(base)[0].lines)
