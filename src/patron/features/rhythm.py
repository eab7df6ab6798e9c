"""The customer's own rhythm: gaps between purchase days, and how overdue the next one is."""

from __future__ import annotations

import narwhals as nw

from patron.features.daygroup import Aggregates, DayGroup, Expressions, ratio
from patron.snapshots import LOG_SCALE, Aggregate

_GAP = nw.col("gap_days")


def _sums(_as_of_day: int, _horizon_days: int) -> Aggregates:
    return {
        "gaps": Aggregate(_GAP, "count"),
        "gap_sum": Aggregate(_GAP, "float_sum"),
        "gap_squares": Aggregate(_GAP * _GAP, "float_sum"),
        "gap_median": Aggregate(_GAP, "median"),
        "gap_longest": Aggregate(_GAP, "max"),
        "log_gap_sum": Aggregate(nw.col("log_gap"), "float_sum"),
    }


def _features(as_of_day: int, _horizon_days: int) -> Expressions:
    silence = as_of_day - nw.col("last_day")
    mean = ratio("gap_sum", "gaps")
    # n x sum of squares - square of the sum: exact in whole numbers, and never below zero
    spread = (nw.col("gaps") * nw.col("gap_squares") - nw.col("gap_sum") * nw.col("gap_sum")).sqrt()
    return {
        "median_gap_days": nw.col("gap_median"),
        "mean_gap_days": mean,
        "longest_gap_days": nw.col("gap_longest"),
        "gap_spread_ratio": ratio(spread, "gap_sum"),
        "gap_regularity_ratio": (ratio("log_gap_sum", "gaps") / LOG_SCALE).exp() / mean,
        "silence_to_median_gap_ratio": ratio(silence, "gap_median"),
        "silence_to_mean_gap_ratio": silence.cast(nw.Float64) / mean,
        "silence_to_longest_gap_ratio": ratio(silence, "gap_longest"),
    }


RHYTHM = DayGroup(_sums, _features, borrows=("last_day",))
