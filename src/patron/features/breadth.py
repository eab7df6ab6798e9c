"""How many different products and categories, and whether the range narrows (fading before leaving)."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import pandas as pd

from patron.features.daygroup import ratio
from patron.snapshots import Aggregate, History, aggregate, count, total

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
    return [_counts(kind, items, history.as_of_day) for kind, items in kinds if items is not None]


def _counts(kind: str, items: nw.LazyFrame[Any], as_of_day: int) -> pd.DataFrame:
    last_bought = aggregate(items, ["customer_id", "item"], {"last_day": Aggregate(nw.col("day"), "max")})
    is_recent = nw.col("last_day") >= as_of_day - _WINDOW_DAYS
    counts = aggregate(last_bought, ["customer_id"], {"ever": total(nw.lit(1)), "recent": count(is_recent)})
    return (
        counts.select(
            "customer_id",
            nw.col("ever").cast(nw.Float64).alias(f"{kind}_ever"),
            nw.col("recent").cast(nw.Float64).alias(f"{kind}_last_{_WINDOW_DAYS}_days"),
            ratio("recent", "ever").alias(f"{kind}_still_bought_ratio"),
        )
        .collect()
        .to_pandas()
    )
