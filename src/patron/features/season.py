"""The same window last year: what the customer did then in the days that now lie ahead."""

from __future__ import annotations

import narwhals as nw

from patron.features.daygroup import IS_PURCHASE, Aggregates, DayGroup, Expressions, between, ratio
from patron.snapshots import count, total


def _sums(as_of_day: int, horizon_days: int) -> Aggregates:
    same_window = between(as_of_day - 365, as_of_day - 365 + horizon_days)
    return {
        "orders_same_window": count(IS_PURCHASE & same_window),
        "spend_same_window": total("spend", same_window),
    }


def _features(as_of_day: int, _horizon_days: int) -> Expressions:
    # a customer who came later has no last year: unknown, not zero
    was_there = nw.col("first_day") <= as_of_day - 365
    unknown = nw.lit(None, dtype=nw.Float64)
    return {
        "purchase_days_same_window_last_year": nw.when(was_there)
        .then(nw.col("orders_same_window").cast(nw.Float64))
        .otherwise(unknown),
        "spend_same_window_last_year": nw.when(was_there)
        .then(nw.col("spend_same_window").cast(nw.Float64))
        .otherwise(unknown),
        "season_share_ratio": nw.when(was_there)
        .then(ratio("orders_same_window", "orders_365"))
        .otherwise(unknown),
    }


SEASON = DayGroup(_sums, _features, borrows=("first_day", "orders_365"))
