"""Orders and spend in the last windows, and against the window before."""

from __future__ import annotations

import narwhals as nw

from patron.features.daygroup import IS_PURCHASE, Aggregates, DayGroup, Expressions, between, ratio
from patron.snapshots import Aggregate, count, total

WINDOWS_DAYS = (30, 60, 90, 180, 365)


def _sums(as_of_day: int, _horizon_days: int) -> Aggregates:
    sums: dict[str, Aggregate] = {}
    for window in WINDOWS_DAYS:
        last = between(as_of_day - window, as_of_day)
        before = between(as_of_day - 2 * window, as_of_day - window)
        sums[f"orders_{window}"] = count(IS_PURCHASE & last)
        sums[f"spend_{window}"] = total("spend", last)
        sums[f"orders_{window}_before"] = count(IS_PURCHASE & before)
        sums[f"spend_{window}_before"] = total("spend", before)
    return sums


def _features(_as_of_day: int, _horizon_days: int) -> Expressions:
    features: dict[str, nw.Expr] = {}
    for window in WINDOWS_DAYS:
        for what, unit in (("orders", "purchase_days"), ("spend", "spend")):
            last, before = f"{what}_{window}", f"{what}_{window}_before"
            if window < 365:  # the last 365 days stand in the rfm group
                features[f"{unit}_last_{window}_days"] = nw.col(last).cast(nw.Float64)
            # share of the two windows: 0.5 is steady, 1 only the newer one, null when both are empty
            features[f"{unit}_trend_{window}_days_ratio"] = ratio(last, nw.col(last) + nw.col(before))
    return features


TREND = DayGroup(_sums, _features)
