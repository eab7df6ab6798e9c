"""A look at the first rows of a source whose format is unknown.

In: a path or a frame. Out: cells, and how the text is written.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from patron.errors import LedgerError
from patron.ledger._csv_files import SEPARATORS, guess_encoding, open_bytes
from patron.ledger._files import find_files
from patron.ledger._options import CsvOptions
from patron.ledger._small_table import read_csv_text, read_small_table
from patron.ledger.sql_query import open_table

SAMPLE_ROWS = 20_000
_HEAD_BYTES = 1 << 16


@dataclass(frozen=True)
class Sample:
    """The first rows; for CSV also the options found, and what is unsure about them."""

    frame: pd.DataFrame
    csv: CsvOptions
    is_csv: bool
    unsure: dict[str, str]


def take_sample(source: object) -> Sample:
    """Look at the first rows of the first file."""
    if isinstance(source, str | Path) and Path(source).suffix.lower() == ".duckdb":
        return Sample(_table_head(Path(source)), CsvOptions(), False, {})
    if isinstance(source, str | Path):
        files = find_files(Path(source))
        if files.kind == "csv":
            return _csv_sample(files.paths[0])
        if files.kind == "parquet":
            return Sample(_parquet_head(files.paths[0]), CsvOptions(), False, {})
        source = files.paths[0]
    frame, where = read_small_table(source, CsvOptions())
    if frame.empty:
        message = f"{where} has no rows; give it the orders"
        raise LedgerError(message)
    return Sample(frame.head(SAMPLE_ROWS), CsvOptions(), False, {})


def _csv_sample(path: Path) -> Sample:
    encoding = guess_encoding(path)
    with open_bytes(path) as stream:
        head = stream.read(_HEAD_BYTES).decode(encoding, errors="ignore")
    options = CsvOptions(encoding, find_separator(head))
    frame = read_csv_text(path, replace(options), rows=SAMPLE_ROWS)
    if frame.empty:
        message = f"{path.name} has a header but no rows; give it the orders"
        raise LedgerError(message)
    unsure = {"encoding": "guessed from the bytes"} if encoding in ("latin-1", "gb18030") else {}
    return Sample(frame, options, True, unsure)


def find_separator(head: str) -> str:
    r"""Return the mark that cuts the first lines into the same number of fields, and into the most.

    >>> find_separator("a;b;c\n1;2,5;3\n")
    ';'
    """
    lines = [line for line in head.splitlines()[:50] if line.strip()]
    complete = lines[:-1] if len(lines) > 2 else lines  # the last one may be cut off

    def score(mark: str) -> tuple[float, int]:
        widths = [len(row) for row in csv.reader(complete, delimiter=mark)]
        wide = widths[0] if widths else 1
        return (0.0 if wide < 2 else sum(w == wide for w in widths) / len(widths), wide)

    return max(SEPARATORS, key=score)


def _table_head(path: Path) -> pd.DataFrame:
    opened = open_table(path, None, None)
    query = f"SELECT * FROM {opened.relation} LIMIT {SAMPLE_ROWS}"
    frame: pd.DataFrame = opened.connection.sql(query).df()
    return frame


def _parquet_head(path: Path) -> pd.DataFrame:
    import pyarrow as arrow
    import pyarrow.parquet as parquet

    try:
        batch = next(parquet.ParquetFile(path).iter_batches(batch_size=SAMPLE_ROWS), None)
    except (arrow.ArrowException, OSError) as error:
        message = (
            f"{path.name}: cannot be read as Parquet ({str(error).splitlines()[0]}); write the file again"
        )
        raise LedgerError(message) from None
    if batch is None:
        message = f"{path.name} has columns but no rows; give it the orders"
        raise LedgerError(message)
    frame: pd.DataFrame = batch.to_pandas()
    return frame
