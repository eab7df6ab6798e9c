"""Group-by sums that are fast and exact on every engine.

narwhals runs simple aggregations natively everywhere, compound ones row by row on pandas (a thousand
times slower); so columns are prepared first, then summed. Integer sums are brought back to 64 bits,
because DuckDB answers with 128.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import narwhals as nw


class Aggregate(NamedTuple):
    """One aggregate over the rows of a group.

    Parameters
    ----------
    column : Expr
        Computed row by row, before grouping.
    how : str
        ``sum`` (of integers), ``float_sum`` (of whole numbers held in floats, exact below 2^53), ``min``,
        ``max``, ``median``, ``quantile`` (interpolated) or ``count`` (of values that are not null).
    share : float
        Which quantile, within 0 to 1.
    """

    column: nw.Expr
    how: str = "sum"
    share: float = 0.5


def total(expression: nw.Expr | str, condition: nw.Expr | None = None) -> Aggregate:
    """Sum integers over the rows that meet a condition (0 where none does).

    Parameters
    ----------
    expression : Expr or str
        What to sum.
    condition : Expr, optional
        Which rows count.

    Returns
    -------
    Aggregate
    """
    value = nw.col(expression) if isinstance(expression, str) else expression
    return Aggregate(value if condition is None else nw.when(condition).then(value).otherwise(0))


def count(condition: nw.Expr) -> Aggregate:
    """Count the rows that meet a condition.

    Parameters
    ----------
    condition : Expr
        Yes or no per row.

    Returns
    -------
    Aggregate
    """
    return Aggregate(nw.when(condition).then(1).otherwise(0))


def quantile(expression: nw.Expr | str, share: float) -> Aggregate:
    """Take a quantile of the values that are not null, interpolated between neighbours.

    Parameters
    ----------
    expression : Expr or str
        Of what.
    share : float
        Within 0 to 1; 0.9 is the 90 % quantile.

    Returns
    -------
    Aggregate
    """
    return Aggregate(nw.col(expression) if isinstance(expression, str) else expression, "quantile", share)


def aggregate(
    frame: nw.LazyFrame[Any], by: Sequence[str], aggregates: Mapping[str, Aggregate]
) -> nw.LazyFrame[Any]:
    """Group and aggregate.

    Parameters
    ----------
    frame : narwhals.LazyFrame
        Rows.
    by : sequence of str
        Key columns.
    aggregates : mapping
        Output name -> aggregate.

    Returns
    -------
    narwhals.LazyFrame
        The keys and one column per aggregate; the order of rows is not defined.
    """
    prepared = frame.select(*by, *[a.column.alias(f"_{name}") for name, a in aggregates.items()])
    grouped = prepared.group_by(*by).agg(
        *[_apply(f"_{name}", a).alias(name) for name, a in aggregates.items()]
    )
    whole = [name for name, a in aggregates.items() if a.how in ("sum", "count")]
    return grouped.with_columns(nw.col(*whole).cast(nw.Int64)) if whole else grouped


def _apply(name: str, wanted: Aggregate) -> nw.Expr:
    column, how = nw.col(name), wanted.how
    if how in ("sum", "float_sum"):
        return column.sum()
    if how == "quantile":
        return column.quantile(wanted.share, interpolation="linear")
    return {"min": column.min, "max": column.max, "median": column.median, "count": column.count}[how]()
