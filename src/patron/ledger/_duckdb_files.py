"""Files through DuckDB. In: Parquet or CSV paths. Out: a ``DuckSource``.

CSV is read as text, so that every bad value is counted later; lines that are no records are counted here.
"""

from __future__ import annotations

import glob
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from patron.errors import LedgerError
from patron.ledger import _sql as sql
from patron.ledger._duckdb import DuckSource, column_kinds, connect, fresh_name, query_rows


def open_parquet(
    paths: Sequence[Path], where: str, memory_limit: str | None, threads: int | None
) -> DuckSource:
    """Look at Parquet files without reading the rows.

    Raises
    ------
    LedgerError
        A file is not Parquet, or the files have different columns.
    """
    connection = connect(memory_limit, threads)
    headers = {path: _parquet_header(connection, path) for path in paths}
    same_columns({path: set(kinds) for path, kinds in headers.items()})
    listed = ", ".join(_path_literal(path) for path in paths)
    relation = f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"
    kinds = column_kinds(connection, relation)
    if query_rows(connection, f"SELECT count(*) FROM {relation}")[0][0] == 0:
        message = f"{where} has columns but no rows; give it the orders"
        raise LedgerError(message)
    zoned = any(sql.has_zone(kind) for kind in kinds.values())
    zones = _stored_zones(paths[0]) if zoned else {}
    return DuckSource(connection, relation, kinds, where, zones, is_table=False)


def _path_literal(path: Path) -> str:
    return sql.literal(glob.escape(str(path)))


def _parquet_header(connection: duckdb.DuckDBPyConnection, path: Path) -> dict[str, str]:
    try:
        return column_kinds(connection, f"read_parquet({_path_literal(path)}, hive_partitioning = false)")
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        message = f"{path}: cannot be read as Parquet ({reason}); write the file again"
        raise LedgerError(message) from None


def _stored_zones(path: Path) -> dict[str, str]:
    """Zones of the file's own schema: DuckDB keeps instants only."""
    import pyarrow.parquet as parquet

    schema = parquet.read_schema(path)
    return {field.name: str(field.type.tz) for field in schema if getattr(field.type, "tz", None)}


def same_columns(headers: Mapping[Path, set[str]]) -> None:
    """Refuse files that do not have the same columns.

    Raises
    ------
    LedgerError
        Naming the first two files that differ, and how.
    """
    (first, wanted), *others = headers.items()
    for path, names in others:
        if names != wanted:
            lacks, more = sorted(wanted - names), sorted(names - wanted)
            message = (
                f"{path.name} does not have the columns of {first.name}: it lacks {lacks or 'none'} "
                f"and has {more or 'none'} "
                "more; give the files the same columns"
            )
            raise LedgerError(message)


@dataclass(frozen=True)
class CsvFile:
    """A CSV file that is UTF-8 by now: where it lies, what the user calls it, its header."""

    path: Path
    shown: Path
    header: tuple[str, ...]
    separator: str
    compressed: bool


def open_csv(
    files: Sequence[CsvFile],
    wanted: Callable[[tuple[str, ...]], Sequence[str]],
    where: str,
    memory_limit: str | None,
    threads: int | None,
) -> DuckSource:
    """Read the wanted columns of CSV files as text into a table, counting the lines that are no records."""
    connection = connect(memory_limit, threads)
    same_columns({file.shown: set(file.header) for file in files})
    names = list(wanted(files[0].header))
    table = fresh_name("raw")
    columns = ", ".join(f"{sql.identifier(n)} VARCHAR" for n in names)
    connection.execute(f"CREATE TABLE {sql.identifier(table)} ({columns})")
    rejected, example = 0, None
    for file in files:
        number, one = _insert_csv(connection, table, file, names)
        rejected, example = rejected + number, example or one
    if query_rows(connection, f"SELECT count(*) FROM {sql.identifier(table)}")[0][0] + rejected == 0:
        message = f"{where} has a header but no rows; give it the orders"
        raise LedgerError(message)
    kinds = dict.fromkeys(names, "VARCHAR")
    return DuckSource(connection, sql.identifier(table), kinds, where, {}, True, rejected, example)


def _insert_csv(
    connection: duckdb.DuckDBPyConnection, table: str, file: CsvFile, names: Sequence[str]
) -> tuple[int, str | None]:
    safe = _distinct_header(file.header)
    columns = ", ".join(f"{sql.literal(name)}: 'VARCHAR'" for name in safe)
    errors, scans = fresh_name("errors"), fresh_name("scans")
    picked = ", ".join(sql.identifier(safe[file.header.index(name)]) for name in names)
    scan = (
        f"read_csv({_path_literal(file.path)}, columns = {{{columns}}}, auto_detect = false, header = true, "
        f"delim = {sql.literal(file.separator)}, quote = '\"', escape = '\"', store_rejects = true, "
        "rejects_limit = 0, "
        f"compression = {'gzip' if file.compressed else 'none'!r}, hive_partitioning = false, "
        f"rejects_table = {sql.literal(errors)}, rejects_scan = {sql.literal(scans)})"
    )
    try:
        connection.execute(f"INSERT INTO {sql.identifier(table)} SELECT {picked} FROM {scan}")
    except duckdb.Error as error:
        message = f"{file.shown}: cannot be read as CSV ({str(error).splitlines()[0]})"
        raise LedgerError(message) from None
    lines = query_rows(
        connection, f"SELECT line, min(csv_line) FROM {sql.identifier(errors)} GROUP BY line ORDER BY line"
    )
    if not lines:
        return 0, None
    number = sum(max(1, sum(bool(part.strip()) for part in text.splitlines())) for _, text in lines)
    return number, f"{file.shown.name} line {lines[0][0]}: {lines[0][1].strip()[:120]}"


def _distinct_header(header: Sequence[str]) -> list[str]:
    """DuckDB ignores case and wants each name once; positions do not."""
    return [f"c{i}" for i in range(len(header))]
