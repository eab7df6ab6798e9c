"""A group of features that are sums over a customer's days, then arithmetic on those sums.

All chosen groups are answered by one pass over the customer-day table, which computes the sums that they
need and no other; a group is two functions of the snapshot day. Expressions are narwhals', so they run on
DuckDB, pandas and Polars alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import narwhals as nw

from patron.snapshots import Aggregate

Aggregates = Mapping[str, Aggregate]
Expressions = Mapping[str, nw.Expr]

IS_PURCHASE = nw.col("orders") > 0
#: The day where there was an order, null elsewhere.
PURCHASE_DAY = (
    nw.when(IS_PURCHASE).then(nw.col("day").cast(nw.Float64)).otherwise(nw.lit(None, dtype=nw.Float64))
)


@dataclass(frozen=True)
class DayGroup:
    """Two steps from days to features.

    Parameters
    ----------
    sums : callable
        ``sums(as_of_day, horizon_days)`` -> name -> aggregate over one customer's days.
    features : callable
        ``features(as_of_day, horizon_days)`` -> feature name -> expression over the sums.
    borrows : tuple of str
        Sums of other groups that the features use, too.
    """

    sums: Callable[[int, int], Aggregates]
    features: Callable[[int, int], Expressions]
    borrows: tuple[str, ...] = ()


def ratio(numerator: nw.Expr | str, denominator: nw.Expr | str) -> nw.Expr:
    """Divide, null where the divisor is not positive (engines disagree about division by zero).

    Parameters
    ----------
    numerator, denominator : Expr or str
        Columns or expressions.

    Returns
    -------
    Expr
        Float64.
    """
    top = nw.col(numerator) if isinstance(numerator, str) else numerator
    bottom = nw.col(denominator) if isinstance(denominator, str) else denominator
    safe = nw.when(bottom > 0).then(bottom.cast(nw.Float64)).otherwise(nw.lit(None, dtype=nw.Float64))
    return top.cast(nw.Float64) / safe


def between(start_day: int, end_day: int) -> nw.Expr:
    """Return whether a day lies in ``[start_day, end_day)``.

    Parameters
    ----------
    start_day, end_day : int
        Days since 1970-01-01.

    Returns
    -------
    Expr
    """
    return (nw.col("day") >= start_day) & (nw.col("day") < end_day)
