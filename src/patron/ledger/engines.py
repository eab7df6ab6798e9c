"""Run a query once and keep its result. In and out: a lazy narwhals frame."""

from __future__ import annotations

from typing import Any

import narwhals as nw


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
        Polars.

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
