"""Customers in chunks: the tables of some customers at a time, so that a large base fits in memory.

In:  the customer tables, a day.
Out: ranges of customer ids, and the tables of one of them, merged customers with all the ids they had.
Not here: what is done with a chunk. As a customer's row depends on no other customer, where chunks are cut
changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import narwhals as nw
import numpy as np
import pandas as pd

from patron.snapshots.aggregate import aggregate, total
from patron.snapshots.customer_days import CustomerTables
from patron.snapshots.merges import merge_customers

Load = Callable[[nw.LazyFrame[Any]], nw.LazyFrame[Any]]


class Chunk(NamedTuple):
    """Customers next to each other in the order of their newest ids (by code point).

    Parameters
    ----------
    first, last : str
        Newest customer ids, both inclusive.
    customers : int
        How many.
    """

    first: str
    last: str
    customers: int


def customer_chunks(
    tables: CustomerTables, as_of_day: int, *, most_customers: int, most_days: int
) -> list[Chunk]:
    """Cut the customers known before a day into chunks.

    Parameters
    ----------
    tables : CustomerTables
        All days.
    as_of_day : int
        Days since 1970-01-01, exclusive.
    most_customers, most_days : int
        Of a chunk: customers, and their customer-days (more only if a single customer has more).

    Returns
    -------
    list of Chunk
        In the order of the ids; every customer is in one of them.
    """
    known = tables.days.filter(nw.col("day") < as_of_day)
    counted = aggregate(known, ["customer_id"], {"days": total(nw.lit(1))}).collect().to_pandas()
    names = merge_customers(tables.merges, as_of_day)
    if names:
        newest = counted["customer_id"].map(lambda name: names.get(name, name))
        counted = counted.assign(customer_id=newest).groupby("customer_id", as_index=False).sum()
    counted = counted.sort_values("customer_id", ignore_index=True)
    ids, until = counted["customer_id"], np.cumsum(counted["days"].to_numpy(np.int64))
    chunks, start, days = [], 0, 0
    while start < len(ids):
        full = int(np.searchsorted(until, days + most_days, side="right"))
        stop = min(max(full, start + 1), start + most_customers)
        chunks.append(Chunk(str(ids.iloc[start]), str(ids.iloc[stop - 1]), stop - start))
        start, days = stop, int(until[stop - 1])
    return chunks


def tables_of_chunk(tables: CustomerTables, chunk: Chunk, as_of_day: int, *, load: Load) -> CustomerTables:
    """Take out the customers of a chunk, with all the ids they had.

    Parameters
    ----------
    tables : CustomerTables
        Of all customers.
    chunk : Chunk
        Of `customer_chunks`, for the same day.
    as_of_day : int
        Days since 1970-01-01, exclusive.
    load : callable
        ``load(frame)`` runs a query and holds its result (`ledger.in_memory`).

    Returns
    -------
    CustomerTables
    """
    names = merge_customers(tables.merges, as_of_day)
    came = [old for old, new in names.items() if _within(new, chunk) and not _within(old, chunk)]
    gone = [old for old, new in names.items() if _within(old, chunk) and not _within(new, chunk)]
    customer = nw.col("customer_id")
    own = (customer >= chunk.first) & (customer <= chunk.last)
    own = own & ~customer.is_in(gone) if gone else own
    own = own | customer.is_in(came) if came else own
    merges = tuple(m for m in tables.merges if m.old_id in names and _within(names[m.old_id], chunk))
    taken = of_customers(tables, own, load=load)
    return replace(
        taken,
        attributes=_of_chunk(tables.attributes, chunk, came, gone),
        events=_of_chunk(tables.events, chunk, came, gone),
        merges=merges,
    )


def of_customers(tables: CustomerTables, own: nw.Expr, *, load: Load = lambda table: table) -> CustomerTables:
    """Keep the rows of some customers in the tables by day; attributes and events stay as they are.

    Parameters
    ----------
    tables : CustomerTables
        Of all customers.
    own : Expr
        Which rows.
    load : callable
        As in `tables_of_chunk`.

    Returns
    -------
    CustomerTables
    """
    return replace(
        tables,
        days=load(tables.days.filter(own)),
        products=None if tables.products is None else load(tables.products.filter(own)),
        categories=None if tables.categories is None else load(tables.categories.filter(own)),
        first_days={kind: load(first.filter(own)) for kind, first in tables.first_days.items()},
    )


def _within(name: str, chunk: Chunk) -> bool:
    return chunk.first <= name <= chunk.last


def _of_chunk(
    frame: pd.DataFrame | None, chunk: Chunk, came: list[str], gone: list[str]
) -> pd.DataFrame | None:
    if frame is None:
        return None
    customer = frame["customer_id"]
    own = (customer >= chunk.first) & (customer <= chunk.last) & ~customer.isin(gone)
    return frame[own | customer.isin(came)]
