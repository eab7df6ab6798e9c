"""Recency, frequency, money: how long silent, how often, how much."""

from __future__ import annotations

import narwhals as nw

from patron.features.daygroup import IS_PURCHASE, PURCHASE_DAY, Aggregates, DayGroup, Expressions
from patron.snapshots import Aggregate, count


def _sums(_as_of_day: int, _horizon_days: int) -> Aggregates:
    return {
        "last_day": Aggregate(PURCHASE_DAY, "max"),
        "purchase_days": count(IS_PURCHASE),
    }


def _features(as_of_day: int, _horizon_days: int) -> Expressions:
    return {
        "days_since_last_order": (as_of_day - nw.col("last_day")).cast(nw.Float64),
        "purchase_days": nw.col("purchase_days").cast(nw.Float64),
        "purchase_days_last_365_days": nw.col("orders_365").cast(nw.Float64),
        "spend_last_365_days": nw.col("spend_365").cast(nw.Float64),
    }


RFM = DayGroup(_sums, _features, borrows=("orders_365", "spend_365"))
