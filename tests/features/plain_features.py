"""Every feature of the day groups and of breadth written a second time, in plain Python, from order lines."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise

from plain_days import Row, plain_days
from synthetic_ledger import Line

Features = dict[str, float | None]


def plain_features(rows: Iterable[Line], as_of: int, horizon: int) -> dict[str, Features]:
    """Return customer -> feature -> value, None where it is unknown; money in minor units of 1/100."""
    known = [row for row in rows if row.day < as_of]
    by_customer: dict[str, list[Row]] = defaultdict(list)
    for row in plain_days(known):
        by_customer[row[0]].append(row)
    lines: dict[str, list[Line]] = defaultdict(list)
    for line in known:
        lines[line.customer_id].append(line)
    return {
        customer: _one(days, lines[customer], as_of, horizon)
        for customer, days in sorted(by_customer.items())
        if any(day[2] for day in days)
    }


def _one(days: list[Row], lines: list[Line], as_of: int, horizon: int) -> Features:
    bought = [(day[1], day[4], day[3]) for day in days if day[2]]
    first, last = bought[0][0], bought[-1][0]
    refunded = sum(day[5] for day in days)
    return {
        **_rfm(bought, as_of),
        **_rhythm([b[0] - a[0] for a, b in pairwise(bought)], as_of - last),
        **_trend(bought, as_of),
        **_season(bought, as_of, horizon),
        **_value([spend for _, spend, _ in bought], refunded),
        **_breadth("products", {(li.product_id, li.day) for li in _items(lines, bought)}, as_of),
        **_breadth("categories", {(li.category, li.day) for li in _items(lines, bought)}, as_of),
        "days_since_first_order": as_of - first,
        "purchase_days_per_year": len(bought) / ((as_of - first) / 365.25),
        "lines_per_purchase_day": sum(n for _, _, n in bought) / len(bought),
        "active_span_ratio": (last - first) / (as_of - first),
    }


def _within(bought: list[tuple[int, int, int]], start: int, end: int) -> tuple[int, int]:
    """Return purchase days and spend in [start, end)."""
    inside = [spend for day, spend, _ in bought if start <= day < end]
    return len(inside), sum(inside)


def _rfm(bought: list[tuple[int, int, int]], as_of: int) -> Features:
    count, spend = _within(bought, as_of - 365, as_of)
    return {
        "days_since_last_order": as_of - bought[-1][0],
        "purchase_days": len(bought),
        "purchase_days_last_365_days": count,
        "spend_last_365_days": spend / 100,
    }


def _rhythm(gaps: list[int], silence: int) -> Features:
    names = (
        "median_gap_days",
        "mean_gap_days",
        "longest_gap_days",
        "gap_spread_ratio",
        "gap_regularity_ratio",
    )
    ratios = [f"silence_to_{kind}_gap_ratio" for kind in ("median", "mean", "longest")]
    if not gaps:
        return dict.fromkeys([*names, *ratios])
    median, mean, longest = statistics.median(gaps), statistics.fmean(gaps), max(gaps)
    geometric = math.exp(math.fsum(round(math.log(g) * 2**32) / 2**32 for g in gaps) / len(gaps))
    values = [median, mean, longest, statistics.pstdev(gaps) / mean, geometric / mean]
    return dict(
        zip([*names, *ratios], [*values, silence / median, silence / mean, silence / longest], strict=True)
    )


def _trend(bought: list[tuple[int, int, int]], as_of: int) -> Features:
    features: Features = {}
    for w in (30, 60, 90, 180, 365):
        now, both = _within(bought, as_of - w, as_of), _within(bought, as_of - 2 * w, as_of)
        for k, (name, unit) in enumerate((("purchase_days", 1), ("spend", 100))):
            if w < 365:
                features[f"{name}_last_{w}_days"] = now[k] / unit
            features[f"{name}_trend_{w}_days_ratio"] = now[k] / both[k] if both[k] else None
    return features


def _season(bought: list[tuple[int, int, int]], as_of: int, horizon: int) -> Features:
    names = ("purchase_days_same_window_last_year", "spend_same_window_last_year", "season_share_ratio")
    if bought[0][0] > as_of - 365:
        return dict.fromkeys(names)
    count, spend = _within(bought, as_of - 365, as_of - 365 + horizon)
    year, _ = _within(bought, as_of - 365, as_of)
    return dict(zip(names, (count, spend / 100, count / year if year else None), strict=True))


def _value(spends: list[int], refunded: int) -> Features:
    return {
        "mean_order_value": statistics.mean(spends) / 100,
        "largest_order_value": max(spends) / 100,
        "order_value_spread_ratio": statistics.pstdev(spends) / statistics.mean(spends),
        "refund_ratio": refunded / sum(spends),
    }


def _items(lines: list[Line], bought: list[tuple[int, int, int]]) -> list[Line]:
    days = {day for day, _, _ in bought}
    return [li for li in lines if li.amount_minor > 0 and li.day in days]


def _breadth(kind: str, items: set[tuple[str | None, int]], as_of: int) -> Features:
    ever, recent = {i for i, _ in items if i}, {i for i, day in items if i and day >= as_of - 180}
    names = [f"{kind}_{what}" for what in ("ever", "last_180_days", "still_bought_ratio")]
    if not ever:
        return dict.fromkeys(names)
    return dict(zip(names, [len(ever), len(recent), len(recent) / len(ever)], strict=True))
