"""From whatever holds the orders to a source the loader can ask. In: a path or a frame. Out: a ``Source``.

DuckDB is imported here and only when a file needs it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from patron.ledger._csv_files import CsvFile, decoded_copy, is_clean_text, is_gzip, read_header
from patron.ledger._eager import open_frame, pandas_source
from patron.ledger._files import Files, find_files
from patron.ledger._mapping import match_columns
from patron.ledger._options import CsvOptions
from patron.ledger._typed import Source
from patron.ledger._xlsx import read_sheets
from patron.ledger.sql_query import SqlQuery, open_query, open_table

if TYPE_CHECKING:
    from patron.ledger._duckdb import DuckSource

#: Where Spark's frames come from, and what is opened already with Spark's own readers.
_SPARK = ("pyspark.", "patron.ledger._spark")


def open_source(
    source: object,
    columns: Mapping[str, str | None] | None,
    csv: CsvOptions,
    memory_limit: str | None,
    threads: int | None,
) -> Source:
    """Open a path or a frame."""
    if type(source).__module__.startswith(_SPARK):
        from patron.ledger._spark import open_spark

        return open_spark(source)
    if isinstance(source, SqlQuery):
        return open_query(source, columns, memory_limit, threads)
    if _is_reader(source):
        from patron.ledger._arrow_batches import open_reader

        return open_reader(source, columns, memory_limit, threads)
    if not isinstance(source, str | Path):
        return open_frame(source)
    if Path(source).suffix.lower() == ".duckdb":
        return open_table(Path(source), memory_limit, threads)
    files = find_files(Path(source))
    if files.kind == "xlsx":
        table, stands = read_sheets(files.paths, files.where)
        return pandas_source(table, files.where, stands)
    from patron.ledger._duckdb_files import open_parquet

    if files.kind == "parquet":
        return open_parquet(files.paths, files.where, memory_limit, threads)
    return _open_csv(files, columns, csv, memory_limit, threads)


def _is_reader(source: object) -> bool:
    kind = type(source)
    return kind.__module__.startswith("pyarrow") and kind.__name__ in ("RecordBatchReader", "RecordBatch")


def _open_csv(
    files: Files,
    columns: Mapping[str, str | None] | None,
    csv: CsvOptions,
    memory_limit: str | None,
    threads: int | None,
) -> DuckSource:
    from patron.ledger._duckdb_files import open_csv

    def wanted(header: tuple[str, ...]) -> list[str]:
        return list(match_columns(header, columns, files.where).values())

    with tempfile.TemporaryDirectory(prefix="patron-") as folder:
        ready = [_utf8_file(path, csv, Path(folder)) for path in files.paths]
        return open_csv(ready, wanted, files.where, Path(folder), memory_limit, threads)


def _utf8_file(path: Path, csv: CsvOptions, folder: Path) -> CsvFile:
    if csv.is_utf8:
        clean = is_clean_text(path, csv)
        return CsvFile(path, path, csv.encoding, read_header(path, csv), csv.separator, is_gzip(path), clean)
    copy = decoded_copy(path, csv, folder)
    clean = is_clean_text(copy, replace(csv, encoding="utf-8"))
    header = read_header(copy, replace(csv, encoding="utf-8"))
    return CsvFile(copy, path, csv.encoding, header, csv.separator, False, clean)
