"""Which items of a ledger product lists look at: categories where there are any, else products.

In:  what was known before a day.
Out: one row per customer, item and day.
Not here: what has stopped (`stopped`), what to offer (`peers`).
"""

from __future__ import annotations

from typing import Any

import narwhals as nw
import pandas as pd

from patron.errors import NotEnoughData, PatronError
from patron.snapshots import CustomerTables, History

#: Items bought in as many days count as owned.
YEAR_DAYS = 365
STILL_SOLD_DAYS = 90
_CHOICES = ("auto", "categories", "products")


def kind_of_items(tables: CustomerTables, by: str = "auto") -> str:
    """Return ``categories`` or ``products``: what is asked for, else what there is, categories first.

    Raises
    ------
    NotEnoughData
        If the ledger names neither, or not the one asked for.
    """
    if by not in _CHOICES:
        raise PatronError(f"by is {by!r}; it must be one of {', '.join(_CHOICES)}.")
    there = [kind for kind in ("categories", "products") if kind in tables.kinds_of_items]
    wanted = [kind for kind in there if by in ("auto", kind)]
    if not wanted:
        missing = {"auto": "neither category nor product_id", "categories": "no category"}
        raise NotEnoughData(
            f"The order lines have {missing.get(by, 'no product_id')}: nothing can be said about products.",
            "Map category or product_id under ledger.columns.",
        )
    return wanted[0]


def items_of(history: History, kind: str) -> nw.LazyFrame[Any]:
    """Return ``customer_id``, ``day``, ``item``, ``spend`` (minor units) of ``categories`` or ``products``.

    Items that nobody bought in the last `STILL_SOLD_DAYS` are left out: what is no longer sold was not
    stopped by an account, and cannot be offered to one.
    """
    items = history.categories if kind == "categories" else history.products
    if items is None:
        raise NotEnoughData(f"The history holds no {kind}.")
    still_sold = items.filter(nw.col("day") >= history.as_of_day - STILL_SOLD_DAYS)
    return items.join(still_sold.select("item").unique(), on="item", how="semi")


def in_pandas(items: nw.LazyFrame[Any]) -> pd.DataFrame:
    """Collect items with plain text ids, sorted, so that no engine's order of rows matters."""
    frame = items.select("customer_id", "item", "day", "spend").collect().to_pandas()
    frame = frame.assign(customer_id=frame["customer_id"].astype(str), item=frame["item"].astype(str))
    return frame.sort_values(["customer_id", "item", "day"], ignore_index=True)
