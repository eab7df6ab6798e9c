"""Scores into a PostgreSQL table, all or none.

In:  a scores file, the database's address.
Out: a table with exactly these rows for their ``as_of``; readers see the old ones until all are there.
Not here: making scores, reading the file (`_score_batches`), the connection (`_postgres`).
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from patron.columns import SCORE_COLUMNS
from patron.errors import LedgerError, saying_what_to_install
from patron.ledger._sql import identifier, literal
from patron.ledger.address import fill_in
from patron.ledger.sql_query import POSTGRES

_KEY = ("customer_id", "as_of")
_TYPES = {"int": "bigint", "float": "double precision", "date": "date", "text": "text", "json": "json"}
_LONGEST_NAME_BYTES = 63  # PostgreSQL cuts longer ones


@dataclass(frozen=True)
class Published:
    """What was written.

    Parameters
    ----------
    table : str
        As the config names it.
    rows : int
        Customers of the scores file, which are now all that the table has for that day.
    """

    table: str
    rows: int


@saying_what_to_install()
def publish_scores(path: Path, url: str, table: str) -> Published:
    """Bring a table of PostgreSQL to what a scores file says about its day, in one transaction.

    The table is made if it is not there, with the key (customer_id, as_of). Rows are written over, and rows
    of the file's day whose customer it does not have are deleted; other days and columns are left alone.

    Parameters
    ----------
    path : Path
        Scores, ``.parquet`` or ``.csv``; read in batches.
    url : str
        ``postgresql://user:${PGPASSWORD}@host/database``; variables are taken from the environment.
    table : str
        A name, or ``schema.name``; quoted, so that any characters may stand in it.

    Returns
    -------
    Published

    Raises
    ------
    LedgerError
        If the database cannot be reached or refuses; the table is then as it was.
    """
    from patron.ledger._postgres import open_postgres
    from patron.ledger._score_batches import read_batches

    target = quoted_table(table)
    address = fill_in(url, "publish.url", LedgerError)
    if not address.text.startswith(POSTGRES):
        message = "publish.url is no address of PostgreSQL"
        raise LedgerError(message, "Write postgresql://user:${PGPASSWORD}@host/database.")
    next_step = f"Correct publish, or give its user the rights on {table}."
    batches = read_batches(path)
    names = batches.schema.names
    with open_postgres(address, "publish", next_step) as server, server.cursor() as cursor:
        _make_ready(cursor, target, table, names)
        incoming = f"patron_{uuid.uuid4().hex}"
        cursor.adbc_ingest(incoming, batches, mode="create", temporary=True)
        for statement in _replace_day(target, incoming, names):
            cursor.execute(statement)
        rows = _one(cursor, f"SELECT count(*) FROM {incoming}")
        cursor.execute(f"DROP TABLE {incoming}")
        server.commit()
    return Published(table, int(rows))


def quoted_table(table: str) -> str:
    """Quote a table's name, with or without a schema.

    Raises
    ------
    LedgerError
        If it is no name, or too long for PostgreSQL.

    Examples
    --------
    >>> quoted_table("sales.patron_scores")
    '"sales"."patron_scores"'
    """
    parts = table.split(".")
    if len(parts) > 2 or any(
        not 0 < len(part.encode()) <= _LONGEST_NAME_BYTES or "\0" in part for part in parts
    ):
        message = f"publish.table is {table[:80]!r}; it must be a name or schema.name, each of 1 to 63 bytes"
        raise LedgerError(message)
    return ".".join(map(identifier, parts))


def _make_ready(cursor: Any, target: str, table: str, names: Sequence[str]) -> None:
    """Create the table if need be, keep other writers out until the end, and check its columns."""
    if _one(cursor, f"SELECT to_regclass({literal(target)})::text") is None:
        columns = [f"{identifier(name)} {_type(name)}" for name in names]
        key = f"PRIMARY KEY ({', '.join(_KEY)})"
        cursor.execute(f"CREATE TABLE {target} ({', '.join([*columns, key])})")
    cursor.execute(f"LOCK TABLE {target} IN SHARE ROW EXCLUSIVE MODE")
    cursor.execute(
        f"SELECT attname::text FROM pg_attribute WHERE attrelid = {literal(target)}::regclass "
        "AND attnum > 0 AND NOT attisdropped"
    )
    there = {name for (name,) in cursor.fetchall()}
    missing = [name for name in names if name not in there]
    if missing:
        message = f"publish: table {table} has no column {', '.join(missing)}"
        raise LedgerError(message, "Add what is missing, or name another table in publish.table.")


def _replace_day(target: str, incoming: str, names: Sequence[str]) -> list[str]:
    listed = ", ".join(map(identifier, names))
    taken = ", ".join(f"{identifier(name)}::{_type(name)}" for name in names)
    written = ", ".join(f"{identifier(n)} = EXCLUDED.{identifier(n)}" for n in names if n not in _KEY)
    return [
        f"DELETE FROM {target} AS old WHERE as_of IN (SELECT as_of FROM {incoming}) AND NOT EXISTS "
        f"(SELECT FROM {incoming} AS new WHERE new.customer_id = old.customer_id AND new.as_of = old.as_of)",
        f"INSERT INTO {target} ({listed}) SELECT {taken} FROM {incoming} "
        f"ON CONFLICT ({', '.join(_KEY)}) DO UPDATE SET {written}",
    ]


def _type(name: str) -> str:
    return _TYPES[SCORE_COLUMNS[name].kind]


def _one(cursor: Any, query: str) -> Any:
    cursor.execute(query)
    return cursor.fetchone()[0]
