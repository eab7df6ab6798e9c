"""Lines that are in the source more than once -> one of each.

In:  the coded lines. Out: the lines, and the rows left out. Not here: which rows are lines (``_check``).

Identical means: equal in every mapped column. Which row of several stays makes no difference.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import narwhals as nw

from patron.ledger._check import LINE, fold_duplicates, what_is_compared
from patron.ledger._options import Rules
from patron.ledger.engines import materialise


class OneOfEach(NamedTuple):
    """Lines without copies; the rows left out, with ``copies``: how many identical ones each stands for."""

    lines: nw.LazyFrame[Any]
    left_out: nw.LazyFrame[Any] | None


def one_of_each(coded: nw.LazyFrame[Any], rules: Rules) -> OneOfEach:
    """Leave out the copies of lines.

    DuckDB finds them by a hash of each row and compares only rows with the same one; the lines are then a
    query over the source. Other engines group the lines and keep the result.
    """
    lines = coded.filter(nw.col("code") == LINE)
    if rules.duplicates == "keep":
        return OneOfEach(lines if lines.implementation.is_duckdb() else materialise(lines, "lines"), None)
    if lines.implementation.is_duckdb() and "source_row" in lines.collect_schema():
        from patron.ledger._duckdb_copies import rows_of_copies

        left_out = rows_of_copies(lines, what_is_compared(coded))
        if left_out is None:
            return OneOfEach(lines, None)
        once = lines.join(left_out.select("source_row"), on="source_row", how="anti")
        return OneOfEach(once, left_out.with_columns(copies=nw.lit(1)))
    folded = materialise(fold_duplicates(coded), "lines")
    copied = folded.filter(nw.col("copies") > 1)
    return OneOfEach(folded, copied.with_columns(copies=nw.col("copies") - 1))
