"""Run a query once and keep its result. In and out: a lazy narwhals frame."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import narwhals as nw
import pandas as pd

_ROWS_OF_A_BATCH = 500_000


def materialise(frame: nw.LazyFrame[Any], name: str) -> nw.LazyFrame[Any]:
    """Run the query once and keep the result on the frame's own engine.

    Parameters
    ----------
    frame : nw.LazyFrame
        Any query.
    name : str
        What the rows are; part of the table's name in DuckDB, where unsafe characters are replaced.

    Returns
    -------
    nw.LazyFrame
        The same rows: a table in the frame's own connection for DuckDB, a frame in memory for arrays and
        Polars; on Spark cached with the first query that needs it, in memory or on the executors' disks,
        until the session ends or clears its cache.

    Examples
    --------
    >>> import narwhals as nw, pandas as pd
    >>> lazy = nw.from_native(pd.DataFrame({"day": [1, 2]})).lazy()
    >>> materialise(lazy.filter(nw.col("day") > 1), "days").collect().shape
    (1, 1)
    """
    if frame.implementation.is_duckdb():
        from patron.ledger._duckdb import keep_table

        return keep_table(frame, name)
    if frame.implementation.is_spark_like():
        kept: nw.LazyFrame[Any] = nw.from_native(frame.to_native().persist())
        return kept
    return frame.collect().lazy()


def at_hand(frame: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Put a kept result where many more queries are answered fastest.

    Parameters
    ----------
    frame : nw.LazyFrame
        Of `materialise`.

    Returns
    -------
    nw.LazyFrame
        The same rows: a table of DuckDB of up to 300,000 rows as arrays, all others as they are.
    """
    if frame.implementation.is_duckdb():
        from patron.ledger._duckdb import as_arrays_if_small

        return as_arrays_if_small(frame)
    return frame


def in_memory(frame: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Run the query once and hold its result in memory; for results that are known to be small enough.

    Parameters
    ----------
    frame : nw.LazyFrame
        Any query.

    Returns
    -------
    nw.LazyFrame
        The same rows: arrays for DuckDB, where nothing stays behind, else a frame in memory.
    """
    if frame.implementation.is_duckdb():
        from patron.ledger._duckdb import as_arrays

        return as_arrays(frame.to_native())
    return frame.collect().lazy()


def batches(frame: nw.LazyFrame[Any]) -> Iterator[pd.DataFrame]:
    """Read the rows of a query batch by batch, in any order.

    Parameters
    ----------
    frame : nw.LazyFrame
        Any query.

    Yields
    ------
    pandas.DataFrame
        Up to 500,000 rows of DuckDB; all rows of a frame that is in memory already.
    """
    if frame.implementation.is_duckdb():
        for batch in frame.to_native().to_arrow_reader(_ROWS_OF_A_BATCH):
            yield batch.to_pandas()
        return
    yield frame.collect().to_pandas()
