"""How many different products and categories, and whether the range narrows (fading before leaving)."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from patron.snapshots import History, aggregate, total

_WINDOW_DAYS = 180


def breadth(history: History) -> list[pd.DataFrame]:
    """Count distinct items ever and lately.

    Parameters
    ----------
    history : History
        What was known before ``as_of``.

    Returns
    -------
    list of pandas.DataFrame
        One frame per known kind of item (``products``, ``categories``), with ``customer_id``.
    """
    kinds = (("products", history.products), ("categories", history.categories))
    return [
        _counts(kind, history.first_days[kind], items, history.as_of_day)
        for kind, items in kinds
        if items is not None
    ]


def _counts(
    kind: str, first_days: nw.LazyFrame[Any], items: nw.LazyFrame[Any], as_of_day: int
) -> pd.DataFrame:
    # what was bought lately is a small part of the rows: the rest is counted by its first day alone
    lately = items.filter(nw.col("day") >= as_of_day - _WINDOW_DAYS)
    ever, recent = _items_each(first_days), _items_each(aggregate(lately, ["customer_id", "item"], {}))
    recent_items = recent.reindex(ever.index).fillna(0.0).to_numpy()
    return pd.DataFrame(
        {
            "customer_id": ever.index.array,
            f"{kind}_ever": ever.to_numpy(),
            f"{kind}_last_{_WINDOW_DAYS}_days": recent_items,
            f"{kind}_still_bought_ratio": recent_items / ever.to_numpy(),
        }
    )


def _items_each(pairs: nw.LazyFrame[Any]) -> pd.Series:
    """Count the rows of each customer."""
    counts = aggregate(pairs, ["customer_id"], {"items": total(nw.lit(1))}).collect().to_pandas()
    return counts.set_index("customer_id")["items"].astype(np.float64)
