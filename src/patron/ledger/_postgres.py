"""PostgreSQL, by ADBC: the one door to the driver.

In:  a database address, a query.
Out: a connection whose errors are one clear line without secrets; the query's rows as a table in DuckDB.
Not here: DuckDB's own files (`_duckdb_database`), writing (`publish`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from patron.errors import LedgerError
from patron.ledger._arrow_batches import keep_batches
from patron.ledger._duckdb import DuckSource
from patron.ledger._duckdb_database import without_end_mark
from patron.ledger.address import Opened

WHERE = "the query"
_NUMBERS = ("amount", "quantity", "cost")
_CREDENTIALS = re.compile(r"(?<=://)(?P<inside>.*)@", re.DOTALL)
#: The driver brings infinite dates as days long before anybody sold anything: they are no dates of orders.
_FIRST_DAY = "DATE '0001-01-01'"


@contextmanager
def open_postgres(address: Opened, block: str, next_step: str) -> Iterator[Any]:
    """Connect, and turn every error of the server into one line.

    Parameters
    ----------
    address : Opened
        ``postgresql://...``.
    block : str
        Of the config, for messages.
    next_step : str
        What to do if the server refuses a statement.

    Yields
    ------
    adbc_driver_manager.dbapi.Connection
        In a transaction that ends without effect unless it is committed.

    Raises
    ------
    LedgerError
        If the server cannot be reached or refuses something; without the address.
    """
    import adbc_driver_postgresql.dbapi as driver
    import pyarrow as arrow

    credentials = _CREDENTIALS.search(address.text)
    if credentials and re.search(r"[/@?#\s]", credentials["inside"]):
        message = f"{block}.url: a password with / @ ? # or a blank in it cannot stand in an address as it is"
        raise LedgerError(message, "Export it and write ${PGPASSWORD} in its place.")
    try:
        with driver.connect(address.text) as connection:
            yield connection
    except (driver.Error, arrow.ArrowException, OSError) as error:  # the last two: from rows under way
        if "Failed to connect" in str(error):
            next_step = f"Check the server, and the address and its variables in {block}.url."
        message = f"{block}: PostgreSQL says: {address.scrub(_one_line(str(error)))}"
        raise LedgerError(message, next_step) from None


def read_query(
    query: str,
    address: Opened,
    wanted: Callable[[tuple[str, ...]], Mapping[str, str]],
    memory_limit: str | None,
    threads: int | None,
) -> DuckSource:
    """Stream the rows of a query into a table of DuckDB, batch by batch.

    Parameters
    ----------
    query : str
        Run as it is, in a transaction that can only read.
    address : Opened
        Of the server.
    wanted : callable
        Header -> ours to theirs; the other columns are let go.
    memory_limit, threads
        Of DuckDB.

    Returns
    -------
    DuckSource
    """
    block, next_step = "ledger.transactions", "Correct ledger.transactions.sql."
    with open_postgres(address, block, next_step) as server, server.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
        cursor.execute(without_end_mark(query))
        batches = cursor.fetch_record_batch()
        mapping = wanted(tuple(batches.schema.names))
        _refuse_money(batches.schema, mapping)
        return keep_batches(batches, batches.schema, mapping, _taken, WHERE, memory_limit, threads)


def _refuse_money(schema: Any, mapping: Mapping[str, str]) -> None:
    """Refuse a type that arrives as a number of minor units which nobody knows the size of."""
    kinds = {field.name: _server_kind(field) for field in schema}
    money = [name for name in mapping.values() if kinds[name] == "money"]
    if money:
        problems = [f"{WHERE}: column {name!r} is of type money; write {name}::numeric" for name in money]
        raise LedgerError(problems, "Correct ledger.transactions.sql.")


def _server_kind(field: Any) -> str:
    kind: bytes = (field.metadata or {}).get(b"POSTGRESQL:type", b"")
    return kind.decode()


def _taken(ours: str, column: str, field: Any) -> str:
    kind = _server_kind(field)
    if kind == "numeric":  # arrives as text with a point, whatever ledger.csv says of decimals
        return f"{column}::DOUBLE" if ours in _NUMBERS else f"regexp_replace({column}, '\\.0+$', '')"
    if ours == "ordered_at" and kind in ("date", "timestamp", "timestamptz"):
        return f"CASE WHEN {column} < {_FIRST_DAY} THEN 'infinity' ELSE {column} END"
    return column


def _one_line(text: str) -> str:
    """Keep what the server said: the driver's prefix, the query and its place in it are noise."""
    found = re.search(r"(?:ERROR|FATAL): +(.+)", text) or re.search(r"failed: (.+)", text)
    said = found[1] if found else re.sub(r"^[A-Z_]+: (\[libpq\] )?", "", text)
    return (said.splitlines() or ["nothing"])[0].strip().rstrip(".")
