"""Files through DuckDB. In: Parquet or CSV paths. Out: a ``DuckSource``.

CSV is read as text, so that every bad value is counted later; lines that are no records are counted here.
"""

from __future__ import annotations

import glob
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import duckdb

from patron.errors import LedgerError
from patron.ledger import _sql as sql
from patron.ledger._csv_files import CsvFile
from patron.ledger._csv_records import CsvPart, copy_whole_records
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
    return DuckSource(connection, relation, kinds, where, zones, files=tuple(paths))


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


def open_csv(
    files: Sequence[CsvFile],
    wanted: Callable[[tuple[str, ...]], Sequence[str]],
    where: str,
    folder: Path,
    memory_limit: str | None,
    threads: int | None,
) -> DuckSource:
    """Read the wanted columns of CSV files as text into a table, counting the lines that are no records.

    ``folder`` is for copies of files that have such lines. The table's rows are in the order of the files.
    """
    connection = connect(memory_limit, threads)
    same_columns({file.shown: set(file.header) for file in files})
    names = list(wanted(files[0].header))
    table = fresh_name("raw")
    columns = ", ".join(f"{sql.identifier(n)} VARCHAR" for n in names)
    connection.execute(f"CREATE TABLE {sql.identifier(table)} ({columns})")
    connection.execute("SET preserve_insertion_order = true")
    parts = tuple(_insert_csv(connection, table, file, names, folder) for file in files)
    connection.execute("SET preserve_insertion_order = false")
    rejected = sum(part.unreadable for part in parts)
    if not rejected and not any(part.rows for part in parts):
        message = f"{where} has a header but no rows; give it the orders"
        raise LedgerError(message)
    example = next((part.unreadable_example for part in parts if part.unreadable), None)
    kinds = dict.fromkeys(names, "VARCHAR")
    return DuckSource(connection, sql.identifier(table), kinds, where, {}, parts, rejected, example)


def _insert_csv(
    connection: duckdb.DuckDBPyConnection, table: str, file: CsvFile, names: Sequence[str], folder: Path
) -> CsvPart:
    """Read a file; where DuckDB gives up, or should not begin, its whole records are copied and read."""
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(file.header)))  # each name once, by position
    picked = ", ".join(f"c{file.header.index(name)}" for name in names)

    def insert(path: Path, *, header: bool, compressed: bool) -> int:
        scan = (
            f"read_csv({_path_literal(path)}, columns = {{{columns}}}, auto_detect = false, "
            f"header = {header}, delim = {sql.literal(file.separator)}, quote = '\"', escape = '\"', "
            f"compression = {'gzip' if compressed else 'none'!r}, hive_partitioning = false)"
        )
        return int(query_rows(connection, f"INSERT INTO {table} SELECT {picked} FROM {scan}")[0][0])

    if file.is_clean:
        with suppress(duckdb.InvalidInputException):
            return CsvPart(file, insert(file.path, header=True, compressed=file.compressed))
    copy = folder / "whole_records.csv"
    try:
        part = copy_whole_records(file, copy)
        found = insert(copy, header=False, compressed=False) if part.rows else 0
    except duckdb.Error as error:
        message = f"{file.shown}: cannot be read as CSV ({str(error).splitlines()[0]})"
        raise LedgerError(message) from None
    finally:
        copy.unlink(missing_ok=True)
    assert found == part.rows, f"{file.shown.name}: {part.rows} whole records, {found} read"
    return part
