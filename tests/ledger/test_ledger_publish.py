"""Scores in a PostgreSQL table: what the file says, all or nothing, also when the writer is killed."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from postgres_server import PASSWORD, VARIABLE, Server

from patron.columns import SCORE_COLUMNS
from patron.errors import LedgerError, PatronError
from patron.ledger.publish import publish_scores
from patron.scoring import write_scores

DAY = dt.date(2024, 3, 1)


def scores(customers: list[str], value: float = 1.5, as_of: dt.date = DAY) -> pd.DataFrame:
    """Every column, with nulls, quotes, a line end and a text that a spreadsheet would run."""
    plain = {"text": "=it's", "int": 3, "float": value, "date": as_of, "json": '{"b": 1, "a": [2]}'}
    rows = [{name: plain[column.kind] for name, column in SCORE_COLUMNS.items()} for _ in customers]
    frame = pd.DataFrame(rows).assign(customer_id=customers, as_of=as_of)
    frame.loc[0, ["note", "clv", "next_order_expected_on", "reason_1_values"]] = None
    return frame


def published_rows(server: Server, table: str) -> list[tuple[Any, ...]]:
    columns = "customer_id, as_of, schema_version, clv, note, next_order_expected_on, reason_1_values::text"
    return server.rows(f"SELECT {columns} FROM {table} ORDER BY as_of, customer_id")


@pytest.mark.parametrize("end", ["parquet", "csv"])
def test_the_table_holds_what_the_file_says(postgres: Server, tmp_path: Path, end: str) -> None:
    """Types, nulls and texts; from CSV without the apostrophes that guard a spreadsheet."""
    frame = scores(["=1", "b\nc", "-d"]).assign(model=["m'1", "m", ""])
    done = publish_scores(write_scores(frame, tmp_path / f"s.{end}"), postgres.url, f"plain_{end}")
    assert (done.table, done.rows) == (f"plain_{end}", 3)
    whole = (DAY, 3, 1.5, "=it's", DAY, '{"b": 1, "a": [2]}')
    expected = [("-d", *whole), ("=1", DAY, 3, None, None, None, None), ("b\nc", *whole)]
    assert published_rows(postgres, f"plain_{end}") == expected
    types = dict(
        postgres.rows(
            "SELECT column_name::text, data_type::text FROM information_schema.columns "
            f"WHERE table_name = 'plain_{end}' ORDER BY ordinal_position"
        )
    )
    assert list(types) == list(SCORE_COLUMNS)
    words = {"text": "text", "int": "bigint", "float": "double precision", "date": "date", "json": "json"}
    assert types == {name: words[column.kind] for name, column in SCORE_COLUMNS.items()}


def test_a_folder_of_parts_is_one_batch(postgres: Server, tmp_path: Path) -> None:
    """As Spark leaves it, with a part without rows and other files; its day is replaced as a whole."""
    for customers in (["a", "gone"], ["b", "c"]):
        publish_scores(write_scores(scores(customers), tmp_path / "s.parquet"), postgres.url, "parts")
    folder = tmp_path / "2024-03-01"
    for number, customers in enumerate((["d"], [], ["a", "c"])):
        frame = scores(customers or ["x"], 2.5).iloc[: len(customers)]
        write_scores(frame, folder / f"part-{number:05d}.snappy.parquet")
    for beside in ("_SUCCESS", ".part-00000.snappy.parquet.crc"):
        (folder / beside).write_bytes(b"")
    assert publish_scores(folder, postgres.url, "parts").rows == 3
    found = postgres.rows("SELECT customer_id, churn_probability FROM parts ORDER BY 1")
    assert found == [("a", 2.5), ("c", 2.5), ("d", 2.5)]


def test_a_folder_without_parts_leaves_the_table_alone(postgres: Server, tmp_path: Path) -> None:
    """It says so; not a day is emptied."""
    publish_scores(write_scores(scores(["a"]), tmp_path / "s.parquet"), postgres.url, "no_parts")
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(LedgerError, match="empty: holds no part of scores"):
        publish_scores(empty, postgres.url, "no_parts")
    assert postgres.rows("SELECT count(*) FROM no_parts") == [(1,)]


def test_a_day_is_replaced_and_others_are_left_alone(postgres: Server, tmp_path: Path) -> None:
    """New customers come, gone ones go, a column of the database's own stays."""
    last_month = dt.date(2024, 2, 1)
    for frame in (scores(["a", "b"], as_of=last_month), scores(["a", "b", "c"])):
        publish_scores(write_scores(frame, tmp_path / "s.parquet"), postgres.url, "kept")
    postgres.run("ALTER TABLE kept ADD COLUMN remark text DEFAULT 'ours'")
    publish_scores(write_scores(scores(["d", "c"], 2.5), tmp_path / "s.parquet"), postgres.url, "kept")
    found = postgres.rows("SELECT customer_id, as_of, churn_probability, remark FROM kept ORDER BY 2, 1")
    assert found == [
        ("a", last_month, 1.5, "ours"),
        ("b", last_month, 1.5, "ours"),
        ("c", DAY, 2.5, "ours"),
        ("d", DAY, 2.5, "ours"),
    ]


@pytest.mark.parametrize("name", ['we"ird; DROP TABLE x; --', "Sales 'n' more", "客户", "a" * 63])
def test_any_name_is_a_name(postgres: Server, tmp_path: Path, name: str) -> None:
    """Alone and in a schema."""
    quoted = '"' + name.replace('"', '""') + '"'
    postgres.run(f"CREATE SCHEMA {quoted}")
    path = write_scores(scores(["a"]), tmp_path / "s.parquet")
    for table, written in ((name, quoted), (f"{name}.{name}", f"{quoted}.{quoted}")):
        publish_scores(path, postgres.url, table)
        assert postgres.rows(f"SELECT count(*) FROM {written}") == [(1,)]


@pytest.mark.parametrize("name", ["", ".", "a.b.c", "a" * 64, "x\0"])
def test_what_is_no_name_is_refused(postgres: Server, tmp_path: Path, name: str) -> None:
    """Before anything is done."""
    with pytest.raises(LedgerError, match="must be a name or schema"):
        publish_scores(tmp_path / "s.parquet", postgres.url, name)


def test_a_table_of_another_shape_is_named_with_what_it_lacks(postgres: Server, tmp_path: Path) -> None:
    """Without the key, the server says so."""
    path = write_scores(scores(["a"]), tmp_path / "s.parquet")
    publish_scores(path, postgres.url, "shapeless")
    postgres.run("ALTER TABLE shapeless DROP COLUMN clv, DROP COLUMN note")
    with pytest.raises(LedgerError) as refused:
        publish_scores(path, postgres.url, "shapeless")
    assert refused.value.problems == ["publish: table shapeless has no column clv, note"]
    postgres.run("ALTER TABLE shapeless ADD clv float, ADD note text, DROP CONSTRAINT shapeless_pkey")
    with pytest.raises(LedgerError, match="no unique or exclusion constraint"):
        publish_scores(path, postgres.url, "shapeless")


def test_refusals_tell_no_secret(postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is down, a schema that is not there, an address of another kind."""
    path = write_scores(scores(["a"]), tmp_path / "s.parquet")
    away = postgres.url.rpartition(":")[0] + ":1/postgres"
    for url, table, words in (
        (away, "t", "Connection refused"),
        (postgres.url, "nowhere.t", 'schema "nowhere" does not exist'),
        (f"mysql://a:${{{VARIABLE}}}@b/c", "t", "no address of PostgreSQL"),
    ):
        with pytest.raises(PatronError, match=words) as refused:
            publish_scores(path, url, table)
        assert PASSWORD not in f"{refused.value} {refused.value.next_step}"
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(PatronError, match=f"{VARIABLE} is not set; publish.url needs it"):
        publish_scores(path, postgres.url, "t")


def test_a_reader_never_sees_half_a_batch(postgres: Server, tmp_path: Path) -> None:
    """Two batches of different length and value take turns; whoever looks sees one or the other."""
    batches = {(400, 1.0): tmp_path / "a.parquet", (700, 2.0): tmp_path / "b.parquet"}
    for (size, value), path in batches.items():
        write_scores(scores([f"{value}-{i}" for i in range(size)], value), path)
    publish_scores(batches[400, 1.0], postgres.url, "polled")
    seen: list[tuple[Any, ...]] = []
    over = threading.Event()

    def look() -> None:
        with closing(postgres.connect()) as connection, connection.cursor() as cursor:
            while not over.is_set():
                cursor.execute(
                    "SELECT count(*), min(churn_probability), max(churn_probability), "
                    "count(DISTINCT churn_probability) FROM polled"
                )
                seen.append(cursor.fetchone())
                connection.rollback()

    reader = threading.Thread(target=look)
    reader.start()
    try:
        for path in list(batches.values())[::-1] * 5:
            publish_scores(path, postgres.url, "polled")
    finally:
        over.set()
        reader.join()
    assert set(seen) == {(400, 1.0, 1.0, 1), (700, 2.0, 2.0, 1)}


def test_a_writer_that_is_killed_leaves_the_old_rows(postgres: Server, tmp_path: Path) -> None:
    """Killed while it waits for a row in the middle of its work; then the next one goes through."""
    old = write_scores(scores(["a", "b"]), tmp_path / "old.parquet")
    new = write_scores(scores(["b", "c"], 9.5), tmp_path / "new.parquet")
    publish_scores(old, postgres.url, "killed")
    before = published_rows(postgres, "killed")
    script = (
        "from pathlib import Path; from patron.ledger.publish import publish_scores; "
        f"publish_scores(Path({str(new)!r}), {postgres.url!r}, 'killed')"
    )
    waiting = (
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'INSERT INTO%'"
    )
    with closing(postgres.connect()) as holder, holder.cursor() as cursor:
        cursor.execute("SELECT customer_id FROM killed WHERE customer_id = 'b' FOR UPDATE")
        cursor.fetchall()
        writer = subprocess.Popen([sys.executable, "-c", script])
        try:
            until = time.monotonic() + 60
            while postgres.rows(waiting) == [(0,)]:
                assert writer.poll() is None
                assert time.monotonic() < until
                time.sleep(0.05)
        finally:
            os.kill(writer.pid, signal.SIGKILL)
            assert writer.wait() == -signal.SIGKILL
        assert published_rows(postgres, "killed") == before
        holder.rollback()
    publish_scores(new, postgres.url, "killed")
    assert [row[0] for row in published_rows(postgres, "killed")] == ["b", "c"]
