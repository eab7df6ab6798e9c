"""From whatever holds the orders to a source the loader can ask. In: a path or a frame. Out: a ``Source``.

DuckDB is imported here and only when a file needs it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from patron.ledger._csv_files import check_encoding, decoded_copy, is_gzip, read_header
from patron.ledger._eager import open_frame, pandas_source
from patron.ledger._files import Files, find_files
from patron.ledger._mapping import match_columns
from patron.ledger._options import CsvOptions
from patron.ledger._typed import Source
from patron.ledger._xlsx import read_xlsx

if TYPE_CHECKING:
    from patron.ledger._duckdb import DuckSource
    from patron.ledger._duckdb_files import CsvFile


def open_source(
    source: object,
    columns: Mapping[str, str | None] | None,
    csv: CsvOptions,
    memory_limit: str | None,
    threads: int | None,
) -> Source:
    """Open a path or a frame."""
    if not isinstance(source, str | Path):
        return open_frame(source)
    files = find_files(Path(source))
    if files.kind == "xlsx":
        return pandas_source(read_xlsx(files.paths, files.where), files.where)
    from patron.ledger._duckdb_files import open_parquet

    if files.kind == "parquet":
        return open_parquet(files.paths, files.where, memory_limit, threads)
    return _open_csv(files, columns, csv, memory_limit, threads)


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
        return open_csv(ready, wanted, files.where, memory_limit, threads)


def _utf8_file(path: Path, csv: CsvOptions, folder: Path) -> CsvFile:
    from patron.ledger._duckdb_files import CsvFile

    if csv.is_utf8:
        check_encoding(path, csv)
        return CsvFile(path, path, read_header(path, csv), csv.separator, is_gzip(path))
    copy = decoded_copy(path, csv, folder)
    header = read_header(copy, replace(csv, encoding="utf-8"))
    return CsvFile(copy, path, header, csv.separator, False)
