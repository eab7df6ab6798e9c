"""Lazy frames to Parquet files and back.

In:  a lazy frame on any engine, or paths.
Out: a file whose bytes depend on its rows alone (not on threads or their order), or a frame in DuckDB.
Not here: what the rows are.
"""

from __future__ import annotations

import glob
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import narwhals as nw

from patron.ledger import _sql as sql
from patron.ledger._duckdb import SOURCE_ROW, connect, fresh_name

#: Small enough that a range of customers is found without reading a whole month.
_ROW_GROUP = 30_720

ParquetReader = Callable[[Sequence[Path]], nw.LazyFrame[Any]]


def write_sorted(frame: nw.LazyFrame[Any], path: Path, columns: Sequence[str]) -> int:
    """Write these columns, sorted by the first of them, then the second and so on.

    Parameters
    ----------
    frame : nw.LazyFrame
        On any engine.
    path : Path
        Of the new file.
    columns : sequence of str
        What to write, in this order.

    Returns
    -------
    int
        Rows.
    """
    chosen = frame.select(*columns)
    if chosen.implementation.is_duckdb():
        relation: duckdb.DuckDBPyRelation = chosen.to_native()
    else:
        relation = connect(None, None).from_arrow(chosen.collect().to_arrow())
    view = fresh_name("rows")
    rows = relation.query(
        view,
        f"COPY (SELECT * FROM {sql.identifier(view)} ORDER BY ALL) TO {sql.literal(str(path))} "
        f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_ROW_GROUP})",
    )
    return int(rows.fetchall()[0][0]) if rows is not None else 0


def parquet_reader(memory_limit: str | None, threads: int | None) -> ParquetReader:
    """Return what opens Parquet files of one layout as a lazy frame, all of them in one DuckDB.

    Parameters
    ----------
    memory_limit, threads
        Of DuckDB.

    Returns
    -------
    callable
        ``read(paths)``; a path given twice is read twice; rows are numbered (``source_row``).
    """
    connection = connect(memory_limit, threads)

    def read(paths: Sequence[Path]) -> nw.LazyFrame[Any]:
        listed = ", ".join(sql.literal(glob.escape(str(path))) for path in paths)
        frame: nw.LazyFrame[Any] = nw.from_native(
            connection.sql(
                f"SELECT *, ((file_index::BIGINT << 40) | file_row_number) AS {SOURCE_ROW} "
                f"FROM read_parquet([{listed}], hive_partitioning = false)"
            )
        )
        return frame

    return read
