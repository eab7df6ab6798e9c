"""Where in the relationship: how long a customer, how busy over that time."""

from __future__ import annotations

import narwhals as nw

from patron.features.daygroup import IS_PURCHASE, PURCHASE_DAY, Aggregates, DayGroup, Expressions, ratio
from patron.snapshots import Aggregate, total


def _sums(_as_of_day: int, _horizon_days: int) -> Aggregates:
    return {"first_day": Aggregate(PURCHASE_DAY, "min"), "lines_sum": total("lines", IS_PURCHASE)}


def _features(as_of_day: int, _horizon_days: int) -> Expressions:
    observed = as_of_day - nw.col("first_day")
    return {
        "days_since_first_order": observed.cast(nw.Float64),
        "purchase_days_per_year": ratio(nw.col("purchase_days") * 365.25, observed),
        "lines_per_purchase_day": ratio("lines_sum", "purchase_days"),
        # the literature's t_x / T: near 1, still buying; near 0, stopped early
        "active_span_ratio": ratio(nw.col("last_day") - nw.col("first_day"), observed),
    }


LIFECYCLE = DayGroup(_sums, _features, borrows=("last_day", "purchase_days"))
