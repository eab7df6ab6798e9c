"""Every row that cannot be used is in the file: its line, its reason, its text; and nothing else is."""

from __future__ import annotations

import csv
import gzip
import json
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pytest
from corruptions import HEADER, RULES, WAYS, Corrupted, Row, corrupted

from patron.errors import LedgerError
from patron.ledger import Ledger, load_ledger
from patron.ledger._csv_records import read_blocks

AS_OF = "2024-06-01"
SMALL = "customer_id,ordered_at,amount,order_id\n"


def read_aside(path: Path) -> list[dict[str, str]]:
    """Read the file as any program would."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def listed(path: Path) -> list[Row]:
    """Line, reason and text of each row."""
    return [Row(int(row["line"]), row["reason"], row["raw"]) for row in read_aside(path)]


def nothing_is_lost(ledger: Ledger) -> bool:
    """Rows in are rows used, later or set aside."""
    report = ledger.report
    return report.rows_in == report.rows_used + report.later + sum(s.rows for s in report.set_aside.values())


def check_exact(path: Path, made: Corrupted, aside: Path, **reading: Any) -> None:
    """Compare report and file with what was written down when the orders were made."""
    ledger = load_ledger(path, set_aside=aside, as_of=AS_OF, **RULES, **reading)
    assert {reason: entry.rows for reason, entry in ledger.report.set_aside.items()} == made.counts
    assert ledger.report.rows_in == made.records
    assert nothing_is_lost(ledger)
    assert listed(aside) == made.rows


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_twenty_ways(tmp_path: Path, line_end: str) -> None:
    """Counts, lines and texts are exact; records of several lines and empty lines do not shift them."""
    made = corrupted(5_000, line_end=line_end)
    path = tmp_path / "orders.csv"
    path.write_bytes(made.data)
    assert len(WAYS) == 20
    check_exact(path, made, tmp_path / "out" / "set_aside.csv")


def test_packed(tmp_path: Path) -> None:
    """Lines are those of the unpacked file."""
    made = corrupted(600)
    path = tmp_path / "orders.csv.gz"
    path.write_bytes(gzip.compress(b"\xef\xbb\xbf" + made.data))
    check_exact(path, made, tmp_path / "set_aside.csv")


def test_each_way_in_a_file_of_its_own(tmp_path: Path) -> None:
    """One bad record among two hundred, in twenty files; each is found in its file, at its line."""
    folder = tmp_path / "orders"
    folder.mkdir()
    expected = []
    for k, way in enumerate(WAYS):
        made = corrupted(199, share=1 / 200, ways=[way], seed=k)
        (folder / f"{k:02d}.csv").write_bytes(made.data)
        expected += [(f"{k:02d}.csv", *row) for row in made.rows]
    aside = tmp_path / "set_aside.csv"
    ledger = load_ledger(folder, set_aside=aside, as_of=AS_OF, **RULES)
    assert nothing_is_lost(ledger)
    found = [(row["file"], int(row["line"]), row["reason"], row["raw"]) for row in read_aside(aside)]
    assert found == expected
    assert len(found) == 20


@pytest.mark.parametrize("size", [1, 7, 64, 1000])
def test_records_do_not_depend_on_where_a_file_is_cut_for_reading(size: int) -> None:
    """Quotes, line ends and letters of two bytes fall on the edges of chunks."""
    data = corrupted(150, share=0.2, line_end="\r\n").data
    chunks = [data[i : i + size] for i in range(0, len(data), size)]
    fields = HEADER.count(",") + 1
    found, whole = (
        [(int(b.lines[i]), b.record(i), bool(b.whole[i])) for b in blocks for i in range(len(b.lines))]
        for blocks in (read_blocks(chunks, ",", fields), read_blocks([data], ",", fields))
    )
    assert found == whole


def test_a_quote_left_open_takes_no_record_along(tmp_path: Path) -> None:
    """The stray quote of a later line closes it only by mistake."""
    path, aside = tmp_path / "a.csv", tmp_path / "set_aside.csv"
    lines = ['1,2024-01-01,5,"open', "2,2024-01-02,5,b", "3,2024-01-03,5,c", '4,2024-01-04,5,1/2"']
    path.write_text(SMALL + "\n".join(lines) + "\n")
    ledger = load_ledger(path, set_aside=aside)
    assert (ledger.report.rows_in, ledger.report.rows_used) == (4, 3)
    assert listed(aside) == [Row(2, "unreadable_line", '1,2024-01-01,5,"open')]


def test_the_last_line_is_cut(tmp_path: Path) -> None:
    """A record that ends too early is set aside; what stands before is used."""
    path, aside = tmp_path / "a.csv", tmp_path / "set_aside.csv"
    path.write_text(SMALL + "1,2024-01-01,5,a\n2,2024-01-02,6,b\n3,2024-0")
    assert load_ledger(path, set_aside=aside).report.rows_used == 2
    assert listed(aside) == [Row(4, "unreadable_line", "3,2024-0")]


def test_a_packed_file_that_is_cut_is_refused(tmp_path: Path) -> None:
    """Nobody can say how much of it is missing."""
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(corrupted(500).data)[:-500])
    with pytest.raises(LedgerError, match="cannot be unpacked"):
        load_ledger(path)


def test_few_lines_in_another_encoding_are_set_aside_and_many_are_refused(tmp_path: Path) -> None:
    """Up to one line in a hundred; the report names the other encoding in both cases."""
    path = tmp_path / "a.csv"
    good = [f"{i},2024-01-{1 + i % 28:02d},5,{i}" for i in range(398)]
    for bad, refused in ((3, False), (5, True)):
        others = [f"Müller,2024-01-01,5,x{i}" for i in range(bad)]
        path.write_bytes((SMALL + "\n".join(good + others)).encode("latin-1"))
        if refused:
            with pytest.raises(LedgerError, match=r"line 400 is not utf-8; try csv: {encoding: latin-1}"):
                load_ledger(path)
        else:
            aside = load_ledger(path).report.set_aside["unreadable_line"]
            assert aside.rows == bad
            assert str(aside.example).endswith(
                "(3 lines are not utf-8; if the file is latin-1, say csv: {encoding: latin-1})"
            )


def test_another_encoding_and_separator(tmp_path: Path) -> None:
    """Lines and texts are those of the file the user has."""
    path, aside = tmp_path / "a.csv", tmp_path / "set_aside.csv"
    lines = [
        "客户一;2024-01-01;5;a",
        '客户二;2024-13-01;5;"第\n二"',
        "客户三;2024-01-03",
        "客户四;2024-01-04;5;d",
    ]
    path.write_bytes((SMALL.replace(",", ";") + "\n".join(lines) + "\n").encode("gb18030"))
    ledger = load_ledger(path, set_aside=aside, csv={"encoding": "gb18030", "separator": ";"})
    assert ledger.report.rows_used == 2
    assert listed(aside) == [Row(3, "unreadable_date", lines[1]), Row(5, "unreadable_line", lines[2])]


ROWS = pd.DataFrame(
    {
        "customer_id": ["1", None, "2", "3", "4", "4", "5"],
        "ordered_at": [
            "2024-01-01",
            "2024-01-02",
            "2024-13-01",
            "2024-01-04",
            *["2024-01-05"] * 2,
            "2024-02-01",
        ],
        "amount": ["5", "6", "7", "x", "8.50", "8.50", "9"],
        "note": ["not mapped"] * 7,
    }
)
EXPECTED = [
    (2, "no_customer", {"customer_id": None, "ordered_at": "2024-01-02", "amount": "6"}),
    (3, "unreadable_date", {"customer_id": "2", "ordered_at": "2024-13-01", "amount": "7"}),
    (4, "unreadable_amount", {"customer_id": "3", "ordered_at": "2024-01-04", "amount": "x"}),
    (6, "duplicate", {"customer_id": "4", "ordered_at": "2024-01-05", "amount": "8.50"}),
]


def _offered(kind: str, folder: Path) -> tuple[object, str, int]:
    """Return a source, what its rows are found under, how far their numbers are shifted."""
    if kind == "pandas":
        return ROWS.set_index("note", drop=False), "the frame", 0
    if kind == "polars":
        return pl.from_pandas(ROWS), "the frame", 0
    path = folder / f"orders.{kind}"
    if kind == "parquet":
        ROWS.to_parquet(path)
    elif kind == "xlsx":
        ROWS.to_excel(path, index=False)
    else:
        with duckdb.connect(path) as connection:
            connection.from_df(ROWS).create("orders")
    return path, path.name, int(kind == "xlsx")


@pytest.mark.parametrize("kind", ["pandas", "polars", "parquet", "xlsx", "duckdb"])
def test_rows_that_are_no_lines_of_text(tmp_path: Path, kind: str) -> None:
    """Row numbers begin at 1 (a sheet's header is its row 1); the text is the mapped columns as JSON."""
    source, name, shift = _offered(kind, tmp_path)
    aside = tmp_path / "set_aside.csv"
    ledger = load_ledger(source, set_aside=aside, as_of="2024-02-01")
    assert nothing_is_lost(ledger)
    assert ledger.report.warnings == load_ledger(source, as_of="2024-02-01").report.warnings
    found = [
        (row["file"], int(row["line"]), row["reason"], json.loads(row["raw"])) for row in read_aside(aside)
    ]
    assert found == [(name, line + shift, reason, raw) for line, reason, raw in EXPECTED]


def test_parquet_files_of_real_types(tmp_path: Path) -> None:
    """Each row is found in its file, also in a folder of folders; a later row is no row set aside."""
    for k, day in enumerate((date(2024, 1, 1), None)):
        path = tmp_path / "orders" / f"m={k}" / "part.parquet"
        path.parent.mkdir(parents=True)
        days = [date(2024, 1, 2 + k), day, date(2025, 1, 1)]
        frame = pd.DataFrame(
            {"customer_id": [7, 8, 9], "ordered_at": days, "amount": [1.5, 2.25, float("inf")]}
        )
        frame.to_parquet(path)
    aside = tmp_path / "set_aside.csv"
    ledger = load_ledger(tmp_path / "orders", set_aside=aside, as_of="2024-02-01")
    assert nothing_is_lost(ledger)
    rows = [
        (row["file"], row["line"], row["reason"], json.loads(row["raw"])["amount"])
        for row in read_aside(aside)
    ]
    assert rows == [
        ("m=0/part.parquet", "3", "not_finite_amount", "inf"),
        ("m=1/part.parquet", "2", "no_date", "2.25"),
        ("m=1/part.parquet", "3", "not_finite_amount", "inf"),
    ]


def test_no_cell_is_run_as_a_formula(tmp_path: Path) -> None:
    """An apostrophe goes before what a spreadsheet would run."""
    path, aside = tmp_path / "a.csv", tmp_path / "set_aside.csv"
    path.write_text(SMALL + "1,2024-01-01,5,a\n=1+1,never,5,b\n")
    load_ledger(path, set_aside=aside)
    assert listed(aside) == [Row(3, "unreadable_date", "'=1+1,never,5,b")]
    assert aside.read_bytes().startswith(b"\xef\xbb\xbf")


def test_no_file_where_nothing_is_set_aside(tmp_path: Path) -> None:
    """A file from other orders goes."""
    path, aside = tmp_path / "a.csv", tmp_path / "set_aside.csv"
    aside.write_text("old")
    path.write_text(SMALL + "1,2024-01-01,5,a\n2,2024-01-02,5,b\n")
    assert load_ledger(path, set_aside=aside).report.set_aside == {}
    assert not aside.exists()


def test_a_file_that_cannot_be_written_is_a_warning(tmp_path: Path) -> None:
    """The orders are read all the same."""
    path = tmp_path / "a.csv"
    path.write_text(SMALL + "1,2024-01-01,5,a\n,2024-01-02,5,b\n")
    (tmp_path / "taken").write_text("")
    report = load_ledger(path, set_aside=tmp_path / "taken" / "set_aside.csv").report
    assert report.rows_used == 1
    assert "set_aside.csv could not be written (Not a directory)" in report.warnings[-1]
