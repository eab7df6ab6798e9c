"""Files through Spark's own readers. In: a session, a path. Out: a `SparkSource`. Not here: reading values.

CSV is read as text, so that every bad value is counted later, as it is everywhere.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

from patron.errors import LedgerError
from patron.ledger._csv_files import open_bytes
from patron.ledger._duckdb_files import same_columns
from patron.ledger._files import Files, find_files
from patron.ledger._options import CsvOptions, csv_options
from patron.ledger._spark import SparkSource

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_BAD = "not_a_record"
#: Python's names of the encodings that Spark reads beside UTF-8, and Java's.
_CHARSETS = {"iso8859-1": "ISO-8859-1", "utf-16": "UTF-16", "utf-16-le": "UTF-16LE", "utf-16-be": "UTF-16BE"}


def spark_orders(
    session: SparkSession, path: str | Path, *, csv: Mapping[str, str] | None = None
) -> SparkSource:
    """Read order files with Spark, for `load_ledger`.

    Parameters
    ----------
    session : pyspark.sql.SparkSession
        Whose executors see the path, too.
    path : str or Path
        ``.parquet``, ``.csv``, ``.csv.gz`` or a folder of files of one kind.
    csv : mapping, optional
        The ``csv`` block of `load_ledger`.

    Returns
    -------
    SparkSource
        A source of `load_ledger`; text columns for CSV. Lines with too many or too few cells are counted as
        ``unreadable_line``.

    Raises
    ------
    LedgerError
        If nothing is there, the files have different columns, or are of a kind that Spark does not read.
    """
    files = find_files(Path(path))
    if files.kind == "parquet":
        return _parquet(session, files)
    if files.kind == "csv":
        return _csv(session, files, csv_options(csv))
    raise LedgerError(
        f"{files.where}: Spark reads .parquet, .csv and .csv.gz here, not {files.kind}; "
        "write the orders as Parquet, or leave --engine spark out"
    )


def _parquet(session: SparkSession, files: Files) -> SparkSource:
    kinds = {path: _parquet_kinds(path) for path in files.paths}
    same_columns({path: set(columns) for path, columns in kinds.items()})
    (first, wanted), *others = kinds.items()
    for path, found in others:
        other = [name for name in wanted if found[name] != wanted[name]]
        if other:
            raise LedgerError(
                f"{path.name} holds {other[0]} as {found[other[0]]}, {first.name} as {wanted[other[0]]}; "
                "Spark needs one type for each column, write the files alike"
            )
    fine = [name for name, kind in wanted.items() if "nanoseconds" in kind]
    if fine:
        raise LedgerError(
            f"{first.name} holds {fine[0]} in nanoseconds, which Spark does not read; write it in "
            "microseconds, or leave --engine spark out"
        )
    frame = session.read.parquet(*map(str, files.paths))
    return SparkSource(frame, tuple(frame.columns), files.where)


def _parquet_kinds(path: Path) -> dict[str, str]:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        schema = parquet.ParquetFile(path).schema
    except (pa.ArrowInvalid, OSError) as error:
        reason = str(error).splitlines()[0]
        raise LedgerError(f"{path}: cannot be read as Parquet ({reason}); write the file again") from None
    columns = (schema.column(place) for place in range(len(schema)))
    return {column.path: f"{column.physical_type} {column.logical_type}" for column in columns}


def _csv(session: SparkSession, files: Files, options: CsvOptions) -> SparkSource:
    headers = {path: _header(path, options) for path in files.paths}
    same_columns({path: set(header) for path, header in headers.items()})
    columns = headers[files.paths[0]]
    alike: dict[tuple[str, ...], list[Path]] = {}
    for path, header in headers.items():
        alike.setdefault(header, []).append(path)
    # files whose columns stand in another order are read apart and put under the first one's
    parts = [_read_csv(session, paths, header, columns, options) for header, paths in alike.items()]
    rows: DataFrame = reduce(lambda a, b: a.unionByName(b), parts)
    # Spark answers no question about bad lines alone
    sums = rows.selectExpr(f"count({_BAD}) bad", f"min({_BAD}) example", "count(c0) rows").collect()[0]
    bad = int(sums["bad"])
    shown = f"{files.where}: {sums['example'].strip()[:120]}" if bad else None
    frame = rows.filter(f"{_BAD} is null").drop(_BAD)
    return SparkSource(frame, columns, files.where, bad, shown)


def _header(path: Path, options: CsvOptions) -> tuple[str, ...]:
    """Return the first record; the rest of the file is for the executors."""
    decoded = io.TextIOWrapper(open_bytes(path), encoding=_python_name(options), newline="")
    try:
        with decoded as stream:
            names = next(csv.reader(stream, delimiter=options.separator), [])
    except (csv.Error, UnicodeError, OSError, EOFError) as error:
        raise LedgerError(f"{path.name}: the header line cannot be read ({error})") from None
    if len(names) < 2:
        raise LedgerError(f"{path.name} has one column {''.join(names)[:80]!r}; correct ledger.csv.separator")
    return tuple(name.strip() for name in names)


def _python_name(options: CsvOptions) -> str:
    return "utf-8-sig" if options.is_utf8 else options.encoding


def _read_csv(
    session: SparkSession,
    paths: Sequence[Path],
    header: tuple[str, ...],
    columns: tuple[str, ...],
    options: CsvOptions,
) -> DataFrame:
    """Read files of one header; columns are called by their place in ``columns``."""
    names = [f"c{columns.index(name)}" for name in header]
    # a column that is there twice keeps a name of its own, so that the loader can say so
    names = [name if name not in names[:place] else f"c{place}" for place, name in enumerate(names)]
    how: dict[str, Any] = {
        **{"sep": options.separator, "quote": '"', "escape": '"', "header": True, "multiLine": True},
        **{"encoding": _java_name(options), "mode": "PERMISSIVE", "columnNameOfCorruptRecord": _BAD},
    }
    schema = ", ".join(f"{name} string" for name in [*names, _BAD])
    return session.read.csv([str(path) for path in paths], schema=schema, **how)


def _java_name(options: CsvOptions) -> str:
    if options.is_utf8:
        return "UTF-8"
    name = _CHARSETS.get(codecs.lookup(options.encoding).name)
    if name is None:
        raise LedgerError(
            f"Spark reads CSV as UTF-8, UTF-16 or Latin-1, not {options.encoding}; write the orders as UTF-8 "
            "or Parquet, or leave --engine spark out"
        )
    return name
