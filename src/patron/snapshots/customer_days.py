"""Order lines -> one row per customer and day, the table every later step reads.

In:  the usable lines of a ledger (`ledger.load_ledger`).
Out: integer columns only: days since 1970-01-01 and money in minor units, so that sums are exact on
     every engine, in any row order and on any number of threads.
Not here: anything that depends on an `as_of` (`snapshots.history`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import narwhals as nw
import pandas as pd

from patron.snapshots.aggregate import Aggregate, aggregate, count, total
from patron.snapshots.amounts import check_amounts
from patron.snapshots.merges import CustomerMerge

#: Logarithms of gaps are summed as integers: round(ln(gap) x 2^32).
LOG_SCALE = 2**32

#: Tables of items, and the column of the lines that each is made of.
KINDS_OF_ITEMS = {"products": "product_id", "categories": "category"}

Keep = Callable[[nw.LazyFrame[Any], str], nw.LazyFrame[Any]]
Settle = Callable[[nw.LazyFrame[Any]], nw.LazyFrame[Any]]


@dataclass(frozen=True)
class CustomerTables:
    """Everything known about the customers, by day.

    Parameters
    ----------
    days : narwhals.LazyFrame
        One row per customer and day: ``customer_id``, ``day``, ``orders`` (surviving orders), ``lines``,
        ``spend`` and ``refund`` (minor units, both >= 0), ``cost`` (minor units; absent without costs),
        ``gap_days`` (days since the customer's previous purchase day; null on the first one and on days
        that only hold refunds) and ``log_gap`` (see `LOG_SCALE`). Both hold whole numbers in float64, whose
        sums are exact below 2^53: a column of integers with gaps is not the same thing on every engine.
    products, categories : narwhals.LazyFrame or None
        None where the ledger has no such column or nobody asked for them. One row per ``customer_id``,
        ``day`` and ``item`` of the order lines on purchase days, with ``spend`` (minor units: the lines of
        positive amount, those of an order cancelled on the day included where another one stands).
    attributes : pandas.DataFrame or None
        Customer attributes, with ``valid_from_day`` where they change over time.
    events : pandas.DataFrame or None
        Events with ``known_day``: they may be used after that day, their ``closed_day`` after it closed.
    merges : tuple of CustomerMerge
        Customers that were given a new id.
    first_days : mapping
        Kind of items -> when each customer first bought each of them (`first_days_of`), where that is kept
        (`with_first_days`).
    """

    days: nw.LazyFrame[Any]
    products: nw.LazyFrame[Any] | None = None
    categories: nw.LazyFrame[Any] | None = None
    attributes: pd.DataFrame | None = None
    events: pd.DataFrame | None = None
    merges: tuple[CustomerMerge, ...] = ()
    first_days: Mapping[str, nw.LazyFrame[Any]] = field(default_factory=dict)

    @property
    def items(self) -> dict[str, nw.LazyFrame[Any]]:
        """Kind -> table, of those that are there."""
        kinds = {"products": self.products, "categories": self.categories}
        return {kind: items for kind, items in kinds.items() if items is not None}

    @property
    def kinds_of_items(self) -> tuple[str, ...]:
        """``products``, ``categories``: those that are there."""
        return tuple(self.items)


def customer_tables(
    lines: nw.LazyFrame[Any],
    *,
    keep: Keep,
    settle: Settle = lambda table: table,
    items: Collection[str] = KINDS_OF_ITEMS,
    attributes: pd.DataFrame | None = None,
    events: pd.DataFrame | None = None,
    merges: tuple[CustomerMerge, ...] = (),
) -> CustomerTables:
    """Build the customer-day tables.

    Parameters
    ----------
    lines : narwhals.LazyFrame
        Usable lines with ``customer_id``, ``day``, ``amount_minor``, ``is_refund`` and optionally
        ``order_id``, ``product_id``, ``category``, ``cost_minor``.
    keep : callable
        ``keep(frame, name)`` runs a query once and holds its result (`ledger.materialise`).
    settle : callable
        Where the finished tables stay (`ledger.at_hand`); on the engine that made them by default.
    items : collection of str
        Which tables of items to build, of `KINDS_OF_ITEMS`: each costs about as much as the days.
    attributes, events, merges
        Passed through.

    Returns
    -------
    CustomerTables

    Raises
    ------
    LedgerError
        If the money of a customer cannot be summed exactly (`amounts.check_amounts`).
    """
    columns = set(lines.collect_schema().names())
    check_amounts(lines, merges)
    days = keep(with_gaps(_days(lines, columns)), "customer_days")
    built = {
        name: settle(keep(_items(lines, column, days), name))
        for name, column in KINDS_OF_ITEMS.items()
        if column in columns and name in items
    }
    return CustomerTables(
        days=settle(days),
        products=built.get("products"),
        categories=built.get("categories"),
        attributes=attributes,
        events=events,
        merges=merges,
    )


def with_first_days(
    tables: CustomerTables, *, keep: Keep, settle: Settle = lambda table: table
) -> CustomerTables:
    """Keep when each customer first bought each item: it pays when several snapshots are taken.

    Parameters
    ----------
    tables : CustomerTables
        The customer-day tables.
    keep, settle : callable
        As in `customer_tables`.

    Returns
    -------
    CustomerTables
        With ``first_days`` of every kind of items that is there.
    """
    first = {kind: settle(keep(first_days_of(i), f"first_{kind}")) for kind, i in tables.items.items()}
    return replace(tables, first_days=first)


def first_days_of(items: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Return the first day on which each customer bought each item.

    Parameters
    ----------
    items : narwhals.LazyFrame
        ``customer_id``, ``day``, ``item``.

    Returns
    -------
    narwhals.LazyFrame
        ``customer_id``, ``item``, ``first_day``.
    """
    return aggregate(items, ["customer_id", "item"], {"first_day": Aggregate(nw.col("day"), "min")})


def _days(lines: nw.LazyFrame[Any], columns: set[str]) -> nw.LazyFrame[Any]:
    document = ["customer_id", "day", *(["order_id"] if "order_id" in columns else []), "is_refund"]
    cost = nw.col("cost_minor") if "cost_minor" in columns else nw.lit(0)
    sums = {"amount": total("amount_minor"), "cost": total(cost), "lines": total(nw.lit(1))}
    documents = aggregate(lines, document, sums)
    return _survivors(documents).select(
        "customer_id",
        "day",
        "orders",
        "lines",
        "spend",
        "refund",
        *(["cost"] if "cost_minor" in columns else []),
    )


def _survivors(documents: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Sum documents by day; an order and a refund of the same value on the same day cancel each other."""
    is_order = ~nw.col("is_refund") & (nw.col("amount") > 0)
    by_value = aggregate(
        documents.with_columns(value=nw.col("amount").abs()),
        ["customer_id", "day", "value"],
        {
            "orders": count(is_order),
            "refunds": count(nw.col("is_refund")),
            "lines": total("lines"),
            "cost": total("cost"),
        },
    )
    cancelled = nw.min_horizontal("orders", "refunds")
    left = by_value.with_columns(
        orders=nw.col("orders") - cancelled,
        spend=(nw.col("orders") - cancelled) * nw.col("value"),
        refund=(nw.col("refunds") - cancelled) * nw.col("value"),
    )
    return aggregate(
        left, ["customer_id", "day"], {c: total(c) for c in ("orders", "lines", "spend", "refund", "cost")}
    )


def with_gaps(days: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Add the gap to the previous purchase day: it looks back only, so it holds for every later as_of.

    Parameters
    ----------
    days : narwhals.LazyFrame
        One row per customer and day.

    Returns
    -------
    narwhals.LazyFrame
        With ``gap_days`` and ``log_gap``, null without an earlier purchase day.
    """
    # days that only hold refunds are days of their own: no gap begins or ends there
    is_purchase = nw.col("orders") > 0
    before = nw.col("day").shift(1).over("customer_id", "is_purchase", order_by="day")
    gap = nw.when(is_purchase).then((nw.col("day") - before).cast(nw.Float64))
    nothing = nw.lit(None, dtype=nw.Float64)
    with_gap = days.with_columns(is_purchase=is_purchase).with_columns(gap_days=gap.otherwise(nothing))
    log_gap = (nw.col("gap_days").log() * LOG_SCALE).round(0)
    return with_gap.with_columns(log_gap=log_gap).drop("is_purchase")


def _items(lines: nw.LazyFrame[Any], column: str, days: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    bought = lines.filter(~nw.col("is_refund") & (nw.col("amount_minor") > 0) & ~nw.col(column).is_null())
    named = bought.select("customer_id", "day", "amount_minor", item=nw.col(column))
    items = aggregate(named, ["customer_id", "day", "item"], {"spend": total("amount_minor")})
    # an order that was cancelled on its day bought nothing; such days are few, and quickly looked up
    return items.join(days.filter(nw.col("orders") == 0), on=["customer_id", "day"], how="anti")
