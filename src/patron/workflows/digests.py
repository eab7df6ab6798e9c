"""What tells whether data are the same: digests of customer tables.

In:  customer tables of any size, on any engine.
Out: a SHA-256 that depends on the rows alone: not on their order, the engine or how many are read at once.
Not here: digests of files (models, parts of scores).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from patron.ledger import batches
from patron.snapshots import CustomerTables

_OF_DAYS = ("customer_id", "day", "orders", "lines", "spend", "refund", "cost")
_OF_ITEMS = ("customer_id", "day", "item", "spend")


def data_digest(tables: CustomerTables) -> str:
    """Return a SHA-256 of the customer-day table: the same orders in any row order give the same digest.

    Parameters
    ----------
    tables : CustomerTables
        By customer and day.

    Returns
    -------
    str
        64 hex digits.
    """
    return _digest([_of_rows(tables.days, _OF_DAYS)])


def tables_digest(tables: CustomerTables) -> str:
    """Return a SHA-256 of everything in the tables that shapes a score row.

    Parameters
    ----------
    tables : CustomerTables
        With items, attributes, events and merges.

    Returns
    -------
    str
        64 hex digits.
    """
    items = [None if t is None else _of_rows(t, _OF_ITEMS) for t in (tables.products, tables.categories)]
    beside = [None if f is None else _of_frames([f]) for f in (tables.attributes, tables.events)]
    return _digest([_of_rows(tables.days, _OF_DAYS), *items, *beside, sorted(tables.merges)])


def _digest(found: list[Any]) -> str:
    return hashlib.sha256(repr(found).encode()).hexdigest()


def _of_rows(table: nw.LazyFrame[Any], columns: tuple[str, ...]) -> tuple[Any, ...]:
    wanted = [name for name in columns if name in table.collect_schema().names()]
    whole = {name: np.int64 for name in wanted if name not in ("customer_id", "item")}
    return _of_frames(frame.astype(whole) for frame in batches(table.select(wanted)))


def _of_frames(frames: Iterable[pd.DataFrame]) -> tuple[Any, ...]:
    """Return columns, rows, and two sums of the rows' hashes: sums do not ask for an order."""
    names: list[str] = []
    rows, first, second = 0, 0, 0
    for frame in frames:
        names = list(map(str, frame.columns))
        texts = {name: object for name in frame if not pd.api.types.is_numeric_dtype(frame[name])}
        hashes = pd.util.hash_pandas_object(frame.astype(texts), index=False).to_numpy(np.uint64)
        rows += len(hashes)
        first += int(hashes.sum(dtype=np.uint64))
        # a second sum of other bits: that both fail to see a change is out of the question
        mixed = (hashes ^ (hashes >> np.uint64(31))) * np.uint64(0x9E3779B97F4A7C15)
        second += int((mixed ^ (mixed >> np.uint64(29))).sum(dtype=np.uint64))
    return names, rows, first % 2**64, second % 2**64
