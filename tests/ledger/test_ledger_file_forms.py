"""The same four orders in every form that files and frames come in, against values worked out by hand."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as arrow
import pytest

from patron.errors import LedgerError
from patron.ledger import Ledger, load_ledger

#: customer, day since 1970, minor units, product
EXPECTED = [
    ("Müller, Söhne", 19723, 123450, "eins\nzwei"),
    ("Müller, Söhne", 19755, -50, 'drei "vier"'),
    ("Åse;Œuvre", 19754, 700, "fünf"),
    ("客户", 19754, 100, "六"),
]
GERMAN = {"decimal": ",", "thousands": ".", "date_format": "%d.%m.%Y"}


def found(ledger: Ledger) -> list[tuple[str, int, int, str]]:
    frame = ledger.lines.collect().to_pandas()[["customer_id", "day", "amount_minor", "product_id"]]
    return sorted(frame.itertuples(index=False, name=None))


def expected(without: str = "") -> list[tuple[str, int, int, str]]:
    return sorted(row for row in EXPECTED if not without or without not in row[0])


def german_csv(separator: str, without: str = "") -> str:
    """Decimal commas, thousands points, quoted separators, quotes and line ends."""
    rows = [
        ["customer_id", "ordered_at", "amount", "product_id"],
        ["Müller, Söhne", "01.01.2024", "1.234,50", "eins\nzwei"],
        ["Müller, Söhne", "02.02.2024", "-0,5", 'drei "vier"'],
        ["Åse;Œuvre", "01.02.2024", "7", "fünf"],
        ["客户", "01.02.2024", "1,00", "六"],
    ]
    kept = [row for row in rows if not without or without not in row[0]]
    return "".join(separator.join('"' + c.replace('"', '""') + '"' for c in row) + "\r\n" for row in kept)


@pytest.mark.parametrize(
    ("encoding", "separator", "packed"),
    [
        ("utf-8", ";", False),
        ("utf-8", "\t", True),
        ("utf-8", "|", False),
        ("utf-8-sig", ",", True),
        ("gb18030", ";", True),
        ("utf-16", "\t", False),
        ("cp1252", ",", False),
        ("latin-1", ";", True),
    ],
)
def test_csv_in_every_encoding_and_with_every_separator(
    tmp_path: Path, encoding: str, separator: str, packed: bool
) -> None:
    """Packed or not; what an encoding cannot write is left out."""
    without = {"cp1252": "客", "latin-1": "客"}.get(encoding, "")
    text = german_csv(separator, without)
    if encoding == "latin-1":
        text, without = german_csv(separator, without).replace("Œ", "O"), "客"
    data = text.encode(encoding)
    path = tmp_path / f"orders.csv{'.gz' if packed else ''}"
    path.write_bytes(gzip.compress(data) if packed else data)
    said = "utf-8" if encoding == "utf-8-sig" else encoding
    ledger = load_ledger(path, csv={"encoding": said, "separator": separator, **GERMAN}, as_of="2024-03-01")
    rows = [(c.replace("Œ", "O") if encoding == "latin-1" else c, *rest) for c, *rest in expected(without)]
    assert found(ledger) == sorted(rows)
    assert ledger.report.rows_in == len(rows)


def parts(folder: Path, write: Callable[[pd.DataFrame, Path], object], end: str) -> Path:
    """Two files, one of them a folder deeper, their columns in another order; `_SUCCESS` is no data."""
    frame = pd.DataFrame(EXPECTED, columns=["customer_id", "day", "amount", "product_id"])
    frame["ordered_at"] = pd.to_datetime(frame.pop("day"), unit="D").astype("datetime64[us]")
    frame["amount"] = frame["amount"] / 100
    (folder / "2024").mkdir(parents=True)
    write(frame.iloc[:2], folder / "2024" / f"a{end}")
    write(frame.iloc[2:, ::-1], folder / f"b{end}")
    (folder / "_SUCCESS").touch()
    return folder


def test_a_folder_of_parquet_files(tmp_path: Path) -> None:
    """All of them, with their columns by name."""
    folder = parts(tmp_path / "orders", lambda f, p: f.to_parquet(p, index=False), ".parquet")
    assert found(load_ledger(folder, as_of="2024-03-01")) == expected()


def test_a_folder_of_csv_files(tmp_path: Path) -> None:
    """Packed and as written by pandas."""
    folder = parts(tmp_path / "orders", lambda f, p: f.to_csv(p, index=False), ".csv.gz")
    assert found(load_ledger(folder, as_of="2024-03-01")) == expected()


FORMS: dict[str, Callable[[arrow.Table], object]] = {
    "pandas": lambda table: table.to_pandas(),
    "pandas of categories": lambda table: table.to_pandas(categories=["customer_id", "product_id"]),
    "polars": pl.from_arrow,
    "polars, lazy": lambda table: pl.from_arrow(table).lazy(),
    "arrow table": lambda table: table,
    "arrow batch": lambda table: table.combine_chunks().to_batches()[0],
    "arrow reader": lambda table: table.to_reader(max_chunksize=2),
    "arrow reader of dictionaries": lambda table: reader_of_dictionaries(table),
}


def reader_of_dictionaries(table: arrow.Table) -> arrow.RecordBatchReader:
    """Each batch has a dictionary of its own."""
    coded = arrow.dictionary(arrow.int32(), arrow.string())
    fields = [f.with_type(coded) if f.type == arrow.string() else f for f in table.schema]
    rows = [table.slice(i, 1).cast(arrow.schema(fields)).combine_chunks() for i in range(len(table))]
    return arrow.RecordBatchReader.from_batches(rows[0].schema, [row.to_batches()[0] for row in rows])


@pytest.mark.parametrize("form", FORMS)
def test_every_kind_of_frame(form: str) -> None:
    """Times with a zone: midnight in China is the day before in London."""
    customers, days, amounts, products = zip(*EXPECTED, strict=True)
    table = arrow.table(
        {
            "customer_id": customers,
            "amount": [amount / 100 for amount in amounts],
            "product_id": products,
            "ordered_at": arrow.array(
                [(24 * day - 8) * 3_600_000_000 for day in days], arrow.timestamp("us", "UTC")
            ),
        }
    )
    ledger = load_ledger(FORMS[form](table), timezone="Asia/Shanghai", as_of="2024-03-01")
    assert found(ledger) == expected()


def test_a_reader_without_rows_is_refused() -> None:
    """As is one that was read before."""
    frame = pd.DataFrame({"customer_id": ["a"], "ordered_at": ["2024-01-01"], "amount": [1]})
    reader = arrow.Table.from_pandas(frame).to_reader()
    assert load_ledger(reader, as_of="2024-02-01").report.rows_used == 1
    with pytest.raises(LedgerError, match="the reader gives no rows"):
        load_ledger(reader)


def test_types_are_checked_in_every_row(tmp_path: Path) -> None:
    """The one bad amount comes after a hundred and fifty thousand good ones; so does the one bad day."""
    good = "7,2024-01-05,1.25\n" * 150_000
    text = f"customer_id,ordered_at,amount\n{good}7,2024-01-06,oops\n7,2024-13-06,1\n8,2024-01-07,2\n"
    path = tmp_path / "orders.csv"
    path.write_text(text, encoding="utf-8")
    report = load_ledger(path, duplicates="keep", as_of="2024-02-01").report
    away = {reason: n.rows for reason, n in report.set_aside.items() if n.rows}
    assert (report.rows_in, report.rows_used) == (150_003, 150_001)
    assert away == {"unreadable_amount": 1, "unreadable_date": 1}
    assert report.amount_used == 150_000 * 1.25 + 2
