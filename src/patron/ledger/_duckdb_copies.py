"""Copies of rows in DuckDB, found without keeping the rows.

In: a relation whose rows are numbered. Out: the rows that repeat another. Not here: what a line is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb
import narwhals as nw

from patron.ledger import _sql as sql
from patron.ledger._duckdb import SOURCE_ROW, fresh_name

_HASH = "hash"


def rows_of_copies(lines: nw.LazyFrame[Any], compared: Sequence[str]) -> nw.LazyFrame[Any] | None:
    """Keep the rows that repeat a row with a smaller number in a table; None where no row does."""
    relation: duckdb.DuckDBPyRelation = lines.to_native()
    listed = ", ".join(map(sql.identifier, compared))
    hashes, copies, view = fresh_name("hashes"), fresh_name("copies"), fresh_name("lines")
    found = f"SELECT h FROM (SELECT {_HASH}({listed}) AS h FROM {view}) GROUP BY h HAVING count(*) > 1"
    _query(relation, view, found).create(hashes)
    if not _query(relation, view, f"SELECT 1 FROM {hashes} LIMIT 1").fetchall():
        return None
    # rows that differ may share a hash
    first = f"SELECT *, min({SOURCE_ROW}) OVER (PARTITION BY {listed}) AS first_row FROM {view}"
    again = f"{first} WHERE {_HASH}({listed}) IN (SELECT h FROM {hashes})"
    _query(
        relation, view, f"SELECT * EXCLUDE (first_row) FROM ({again}) WHERE {SOURCE_ROW} > first_row"
    ).create(copies)
    left_out = _query(relation, view, f"SELECT * FROM {copies}")
    return nw.from_native(left_out) if left_out.limit(1).fetchall() else None


def _query(relation: duckdb.DuckDBPyRelation, view: str, query: str) -> duckdb.DuckDBPyRelation:
    answer = relation.query(view, query)
    assert answer is not None
    return answer
