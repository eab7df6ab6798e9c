"""Size of an order: mean, spread, largest, refunds."""

from __future__ import annotations

import narwhals as nw

from patron.features.daygroup import IS_PURCHASE, Aggregates, DayGroup, Expressions, ratio
from patron.snapshots import Aggregate, total


def _sums(_as_of_day: int, _horizon_days: int) -> Aggregates:
    # Squares of whole currency units (not minor units) stay exact in 64 bits up to the largest ledgers.
    units = nw.col("spend") // 100
    return {
        "spend_sum": total("spend", IS_PURCHASE),
        "units_sum": total(units, IS_PURCHASE),
        "units_squares": total(units * units, IS_PURCHASE),
        "spend_largest": Aggregate(nw.col("spend"), "max"),
        "refund_sum": total("refund"),
    }


def _features(_as_of_day: int, _horizon_days: int) -> Expressions:
    days = nw.col("purchase_days").cast(nw.Float64)
    units = nw.col("units_sum").cast(nw.Float64)
    variance = days * nw.col("units_squares").cast(nw.Float64) - units * units
    spread = nw.max_horizontal(variance, nw.lit(0.0)).sqrt()
    return {
        "mean_order_value": ratio("spend_sum", "purchase_days"),
        "largest_order_value": nw.col("spend_largest").cast(nw.Float64),
        "order_value_spread_ratio": ratio(spread, "units_sum"),
        "refund_ratio": ratio("refund_sum", "spend_sum"),
    }


VALUE = DayGroup(_sums, _features)
