"""DuckDB files. In: the path of a file, perhaps a query. Out: a ``DuckSource``.

A file is attached for reading only; a query's result is kept as a table, because its rows are read more than
once. Not here: other databases (`_postgres`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import duckdb

from patron.errors import LedgerError
from patron.ledger import _sql as sql
from patron.ledger._duckdb import DuckSource, column_kinds, connect, fresh_name, query_rows
from patron.ledger._files import check_there

WHERE = "the query"
_ATTACHED = "orders_file"


def open_table(path: Path, memory_limit: str | None, threads: int | None) -> DuckSource:
    """Open the one table or view of a file, without reading the rows.

    Raises
    ------
    LedgerError
        The file is not there, cannot be opened, or does not hold exactly one table with rows.
    """
    connection = _attach(path, memory_limit, threads)
    columns = f"schema_name, {{}}_name FROM duckdb_{{}}s() WHERE database_name = {sql.literal(_ATTACHED)}"
    found = query_rows(
        connection,
        f"SELECT {columns.format('table', 'table')} AND NOT internal UNION ALL "
        f"SELECT {columns.format('view', 'view')} AND NOT internal ORDER BY ALL",
    )
    if len(found) != 1:
        names = ", ".join(
            sql.identifier(name) if schema == "main" else f"{schema}.{name}" for schema, name in found
        )
        message = (
            f"{path.name} holds {len(found) or 'no'} tables{': ' if found else ''}{names}; one is needed"
        )
        example = found[0][1] if found else "orders"
        step = (
            f'Write ledger.transactions as {{sql: "SELECT * FROM {example}", url: "duckdb:///{path.name}"}}.'
        )
        raise LedgerError(message, step if found else None)
    relation = ".".join(map(sql.identifier, (_ATTACHED, *found[0])))
    kinds = _kinds(connection, relation, path.name)
    if not query_rows(connection, f"SELECT 1 FROM {relation} LIMIT 1"):
        raise LedgerError(f"{path.name} has columns but no rows; give it the orders")
    return DuckSource(connection, relation, kinds, path.name, {})


def read_query(
    query: str,
    path: Path,
    wanted: Callable[[tuple[str, ...]], Mapping[str, str]],
    memory_limit: str | None,
    threads: int | None,
) -> DuckSource:
    """Run a query on a file and keep the wanted columns of its result.

    Raises
    ------
    LedgerError
        The file cannot be opened, or the query is not one that reads, fails or gives no rows.
    """
    connection = _attach(path, memory_limit, threads)
    table = sql.identifier(fresh_name("raw"))
    try:
        statement = _one_select(query)
        connection.execute(f"SET search_path = '{_ATTACHED}.main,memory.main'")
        found = connection.sql(statement)
        listed = ", ".join(map(sql.identifier, wanted(tuple(found.columns)).values()))
        found.project(listed).create(f"memory.main.{table}")
        connection.execute("RESET search_path")
    except duckdb.Error as error:
        message = f"ledger.transactions: DuckDB says: {str(error).splitlines()[0]}"
        raise LedgerError(message, "Correct ledger.transactions.sql.") from None
    if not query_rows(connection, f"SELECT 1 FROM {table} LIMIT 1"):
        raise LedgerError(f"{WHERE} gives no rows; correct ledger.transactions.sql")
    return DuckSource(connection, table, column_kinds(connection, table), WHERE, {})


def _attach(path: Path, memory_limit: str | None, threads: int | None) -> duckdb.DuckDBPyConnection:
    check_there(path)
    connection = connect(memory_limit, threads)
    connection.execute("SET python_enable_replacements = false")  # a missing table is no variable of ours
    try:
        connection.execute(f"ATTACH {sql.literal(str(path))} AS {_ATTACHED} (TYPE duckdb, READ_ONLY)")
    except duckdb.Error as error:
        message = f"{path.name}: cannot be opened as a DuckDB file ({str(error).splitlines()[0]})"
        raise LedgerError(message) from None
    return connection


def _kinds(connection: duckdb.DuckDBPyConnection, relation: str, where: str) -> dict[str, str]:
    try:
        return column_kinds(connection, relation)
    except duckdb.Error as error:  # a view may point to what is not there
        raise LedgerError(f"{where}: DuckDB says: {str(error).splitlines()[0]}") from None


def without_end_mark(query: str) -> str:
    """Return a query that may stand in brackets: no mark at its end, no comment left open."""
    text = query.encode()
    tokens = [place for place, kind in duckdb.tokenize(query) if kind != duckdb.token_type.comment]
    if tokens and text[tokens[-1] : tokens[-1] + 1] == b";":
        text = text[: tokens[-1]]
    return text.decode() + "\n"


def _one_select(query: str) -> str:
    """Return the statement, ready to stand in brackets; anything but one SELECT is refused."""
    statements = duckdb.extract_statements(query)
    kinds = [statement.type.name for statement in statements]
    if kinds != ["SELECT"]:
        found = " and ".join(kinds) or "nothing"
        raise LedgerError(f"ledger.transactions.sql must be one SELECT, not {found}")
    return without_end_mark(query)
