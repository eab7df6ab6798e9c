"""Orders that a query gives. In: the query and the address of its database. Out: a ``Source``.

The drivers are imported here and only when a query needs them. Not here: writing to a database (`publish`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from patron.errors import LedgerError
from patron.ledger._mapping import match_columns
from patron.ledger.address import Opened, fill_in

if TYPE_CHECKING:
    from patron.ledger._duckdb import DuckSource

_DUCKDB = "duckdb:///"
POSTGRES = ("postgresql://", "postgres://")
_SETTING = "ledger.transactions.url"
_SINCE = re.compile(r"(?<!:):since\b")
#: What ``:since`` is where all rows are wanted.
LONG_AGO = date(1, 1, 1)


@dataclass(frozen=True)
class SqlQuery:
    """A query that gives one row per order line, for `load_ledger`.

    Parameters
    ----------
    sql : str
        Run as it is, by a connection that can only read; ``:since`` in it is a day that `patron.store` sets,
        and without a store lies before all orders.
    url : str
        ``postgresql://user:${PGPASSWORD}@host/database`` or ``duckdb:///file.duckdb``; ``${VARIABLE}`` is
        taken from the environment when the query is run, and nothing of the address is ever shown.
    folder : Path
        Where a relative path of a DuckDB file starts.

    Examples
    --------
    >>> SqlQuery("SELECT * FROM sales", "postgresql://reader:${PGPASSWORD}@db.example.com/shop")
    SqlQuery(sql='SELECT * FROM sales')
    """

    sql: str
    url: str = field(repr=False)
    folder: Path = field(default=Path(), repr=False)

    @property
    def has_since(self) -> bool:
        """Whether the query says which rows are wanted."""
        return _SINCE.search(self.sql) is not None

    def since(self, day: date) -> SqlQuery:
        """Return the query with the day in place of ``:since``."""
        return replace(self, sql=_SINCE.sub(f"DATE '{day.isoformat()}'", self.sql))


def open_query(
    query: SqlQuery,
    columns: Mapping[str, str | None] | None,
    memory_limit: str | None,
    threads: int | None,
) -> DuckSource:
    """Run a query and keep its mapped columns in DuckDB, which spills what exceeds its memory.

    Parameters
    ----------
    query : SqlQuery
        What to run, and where.
    columns : mapping of str to str, optional
        Ours -> theirs.
    memory_limit, threads
        Of DuckDB.

    Returns
    -------
    DuckSource

    Raises
    ------
    LedgerError
        If the address is of another kind, a variable is missing, or the database refuses.
    """

    def wanted(header: tuple[str, ...]) -> dict[str, str]:
        return match_columns(header, columns, "the query")

    address = fill_in(query.url, _SETTING, LedgerError)
    query = query.since(LONG_AGO)  # a store has written its day already
    if address.text.startswith(POSTGRES):
        from patron.ledger import _postgres

        return _postgres.read_query(query.sql, address, wanted, memory_limit, threads)
    from patron.ledger import _duckdb_database

    path = query.folder / _duckdb_path(address)
    return _duckdb_database.read_query(query.sql, path, wanted, memory_limit, threads)


def open_table(path: Path, memory_limit: str | None, threads: int | None) -> DuckSource:
    """Open the one table of a ``.duckdb`` file.

    Parameters
    ----------
    path : Path
        The file.
    memory_limit, threads
        Of DuckDB.

    Returns
    -------
    DuckSource

    Raises
    ------
    LedgerError
        If it is no such file, or holds none or several tables: they are named.
    """
    from patron.ledger import _duckdb_database

    return _duckdb_database.open_table(path, memory_limit, threads)


def _duckdb_path(address: Opened) -> Path:
    path = address.text.removeprefix(_DUCKDB)
    if path in (address.text, "", ":memory:"):
        message = (
            f"{_SETTING} is no address that patron opens; it reads postgresql:// and duckdb:/// addresses"
        )
        raise LedgerError(
            message, f"Write postgresql://user:${{PGPASSWORD}}@host/database or {_DUCKDB}file.duckdb."
        )
    return Path(path).expanduser()
