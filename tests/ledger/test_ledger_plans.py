"""The short ways that DuckDB takes through Parquet change nothing: every result is that of arrays."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from patron.errors import LedgerError, saying_what_to_free
from patron.ledger import Ledger, _duckdb_copies, load_ledger

PLAIN = pd.DataFrame(
    {
        "customer_id": ["a", "b", "a", "a", "b", "c", "d", "d", "e"],
        "ordered_at": pd.to_datetime(["2024-01-05", "2024-01-06", "2024-02-06"] + ["2024-02-06"] * 6),
        "order_id": ["1", "2", "3", "3", "4", "5", "6", "7", "8"],
        "product_id": ["x", "y", "x", "x", "z", "x", "y", "y", "z"],
        "category": ["k", "k", "k", "k", "l", "k", "k", "k", "l"],
        "amount": [12.5, 3.0, -2.5, -2.5, 7.25, 1.0, 2.0, 3.0, 4.0],
        "cost": [6.0, 1.0, 1.0, 1.0, 3.5, 0.5, 1.0, 1.5, 2.0],
        "quantity": [1.0, 2.0, 1.0, 1.0, 3.0, 1.0, 1.0, 1.0, 1.0],
    }
)
#: Values that are not plain, one of each column a test, each in a row of its own.
ODD = {
    "customer_id": [" a", "a\u00a0", "NULL", "", None, "~b", "\u00e4b\u00e9", "N/A"],
    "ordered_at": [pd.Timestamp("NaT"), pd.Timestamp("2024-05-01 10:30")],
    "order_id": ["3 ", "nan", None, "null-1"],
    "product_id": ["\tx", None],
    "category": ["None", "k "],
    "amount": [np.nan, np.inf, 1e300, -0.0, 0.005],
    "cost": [np.nan, -np.inf, 1e17],
    "quantity": [np.nan, np.inf],
}


def facts(ledger: Ledger) -> tuple[list[tuple[str, ...]], object]:
    """Return the lines as texts, in an order of their own, and the report."""
    frame = ledger.lines.collect().to_pandas()
    numbers = [name for name in ("amount_minor", "cost_minor", "day", "quantity") if name in frame]
    frame = frame.astype(dict.fromkeys(numbers, float))[sorted(frame)].astype(object)
    rows = frame.where(frame.notna(), None).itertuples(index=False)
    return sorted(tuple(map(str, row)) for row in rows), ledger.report


def both(frame: pd.DataFrame, folder: Path) -> tuple[Ledger, Ledger]:
    """Load a frame through a file and as it is."""
    frame.to_parquet(folder / "orders.parquet")
    return (
        load_ledger(folder / "orders.parquet", as_of="2024-04-01"),
        load_ledger(frame, as_of="2024-04-01"),
    )


@pytest.mark.parametrize("case", range(9))
def test_one_odd_value_leaves_the_short_way(case: int, tmp_path: Path) -> None:
    """Case 0 is plain, each other has one odd value in every column that has so many."""
    frame = PLAIN.copy()
    for row, (column, values) in enumerate(ODD.items(), 1):
        if 1 <= case <= len(values):
            odd = values[case - 1]
            frame[column] = [*frame[column][:row], odd, *frame[column][row + 1 :]]
    ours, arrays = both(frame, tmp_path)
    assert facts(ours) == facts(arrays)
    assert ours.report.rows_in == len(frame)


def test_rows_that_only_share_a_hash_are_no_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All rows have the same hash; only the repeated one is left out."""
    monkeypatch.setattr(_duckdb_copies, "_HASH", "0 * hash")
    ours, _ = both(PLAIN, tmp_path)
    assert (ours.report.rows_used, ours.report.set_aside["duplicate"].rows) == (8, 1)
    assert sorted(ours.lines.collect()["amount_minor"].to_list()) == [
        -250,
        100,
        200,
        300,
        300,
        400,
        725,
        1250,
    ]


def test_copies_across_files_are_found(tmp_path: Path) -> None:
    """Row numbers start anew in each file."""
    for name in ("a", "b", "c"):
        PLAIN.iloc[:2].to_parquet(tmp_path / f"{name}.parquet")
    ledger = load_ledger(tmp_path, as_of="2024-04-01")
    assert (ledger.report.rows_used, ledger.report.set_aside["duplicate"].rows) == (2, 4)
    assert len(ledger.lines.collect()) == 2


def test_an_own_column_may_be_called_like_a_row_number(tmp_path: Path) -> None:
    """The copies are then found without numbers."""
    PLAIN.assign(file_row_number=1, rowid=1).to_parquet(tmp_path / "orders.parquet")
    report = load_ledger(tmp_path / "orders.parquet", as_of="2024-04-01").report
    assert (report.rows_used, report.set_aside["duplicate"].rows) == (8, 1)


@pytest.mark.parametrize("engine", ["file", "arrays"])
def test_orders_are_counted_in_every_month_they_touch(engine: str, tmp_path: Path) -> None:
    """One order with lines in January, February and May, one in March and April, one in May alone."""
    months = [(1, "1"), (2, "1"), (5, "1"), (3, "2"), (4, "2"), (5, "3"), (5, "3")]
    frame = pd.DataFrame(
        {
            "customer_id": "a",
            "ordered_at": pd.to_datetime(
                [f"2024-{month:02d}-{day:02d}" for day, (month, _) in enumerate(months, 1)]
            ),
            "order_id": [order for _, order in months],
            "amount": 1.0,
        }
    )
    frame.to_parquet(tmp_path / "orders.parquet")
    source = tmp_path / "orders.parquet" if engine == "file" else frame
    report = load_ledger(source, as_of="2024-06-01").report
    assert report.orders == 3
    assert [month.orders for month in report.months] == [1, 1, 1, 1, 2]


def test_no_test_of_a_text_becomes_a_join(tmp_path: Path) -> None:
    """DuckDB makes joins of IN with many constants, and works them out for every query over the lines."""
    frame = PLAIN.assign(customer_id=" a", order_id=" 1", product_id=" x", category=" k")
    ledger, _ = both(frame.drop_duplicates(), tmp_path)
    relation: duckdb.DuckDBPyRelation = ledger.lines.select("amount_minor").to_native()
    assert "JOIN" not in relation.explain()


def test_no_memory_is_said_in_one_line() -> None:
    """A query that needs more than there is, with no disk to write to."""
    connection = duckdb.connect(config={"memory_limit": "10MB", "threads": "1", "temp_directory": ""})
    with pytest.raises(LedgerError, match=r"raise engine\.memory_limit"), saying_what_to_free():
        connection.execute("CREATE TABLE t AS SELECT md5(range::VARCHAR) AS s FROM range(1_000_000)")


def test_a_full_disk_is_said_in_one_line() -> None:
    """The error of DuckDB when a block cannot be written; others stay what they are."""
    with pytest.raises(LedgerError, match="TMPDIR"), saying_what_to_free():
        raise duckdb.OutOfMemoryException("failed to offload data block of size 256.0 KiB")
    with pytest.raises(duckdb.BinderException, match="nothing"), saying_what_to_free():
        duckdb.connect().execute("SELECT nothing")
