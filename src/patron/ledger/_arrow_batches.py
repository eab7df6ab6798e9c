"""Arrow batches, one after the other, into a table of DuckDB: rows that need not all be in memory at once.

In:  batches and their schema, which columns are wanted.
Out: a ``DuckSource``.
Not here: where the batches come from (`_postgres`, a ``pyarrow.RecordBatchReader``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as arrow

from patron.errors import LedgerError
from patron.ledger import _sql as sql
from patron.ledger._duckdb import DuckSource, column_kinds, connect, fresh_name
from patron.ledger._mapping import match_columns

#: (our name, their name in SQL, their field) -> SQL.
Taking = Callable[[str, str, Any], str]


def open_reader(
    reader: Any, columns: Mapping[str, str | None] | None, memory_limit: str | None, threads: int | None
) -> DuckSource:
    """Read a ``pyarrow.RecordBatchReader`` or ``RecordBatch``.

    Raises
    ------
    LedgerError
        If it has no rows, or lacks a column.
    """
    batches = [reader] if isinstance(reader, arrow.RecordBatch) else reader
    mapping = match_columns(reader.schema.names, columns, "the reader")
    return keep_batches(batches, reader.schema, mapping, _as_it_is, "the reader", memory_limit, threads)


def keep_batches(
    batches: Any,
    schema: Any,
    mapping: Mapping[str, str],
    taking: Taking,
    where: str,
    memory_limit: str | None,
    threads: int | None,
) -> DuckSource:
    """Keep the mapped columns of all batches.

    Raises
    ------
    LedgerError
        If there are no rows.
    """
    names = list(schema.names)  # a column is known by its place, for names may come twice
    places = {ours: names.index(theirs) for ours, theirs in mapping.items()}
    listed = ", ".join(
        f"{taking(ours, f'c{place}', schema.field(place))} AS {sql.identifier(names[place])}"
        for ours, place in places.items()
    )
    connection = connect(memory_limit, threads)
    table = sql.identifier(fresh_name("raw"))
    rows = 0
    for batch in batches:
        connection.register("incoming", batch.rename_columns([f"c{i}" for i in range(len(names))]))
        made = f"INSERT INTO {table}" if rows else f"CREATE OR REPLACE TABLE {table} AS"
        connection.execute(f"{made} SELECT {listed} FROM incoming")
        rows += batch.num_rows
    if not rows:
        raise LedgerError(f"{where} gives no rows; give it the orders")
    connection.unregister("incoming")
    zones = {field.name: str(field.type.tz) for field in schema if getattr(field.type, "tz", None)}
    return DuckSource(connection, table, column_kinds(connection, table), where, zones)


def _as_it_is(_ours: str, column: str, field: Any) -> str:
    """Take a column; each batch may have a dictionary of its own."""
    return f"{column}::VARCHAR" if arrow.types.is_dictionary(field.type) else column
