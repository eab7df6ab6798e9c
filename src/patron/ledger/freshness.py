"""Is the ledger fresh enough to score? In: its lines.

Out: problems in words. Not here: refusing (``workflows``).
"""

from __future__ import annotations

from datetime import date
from statistics import median
from typing import Any

import narwhals as nw

from patron.ledger._as_of import as_date, day_number
from patron.ledger.load import Ledger

_WINDOW_DAYS = 28
_MOST_WINDOWS = 12
_FEWEST_WINDOWS = 4


def check_freshness(
    lines: Ledger | nw.LazyFrame[Any],
    *,
    as_of: date,
    today: date,
    max_age_days: int | None = None,
    min_volume_ratio: float | None = 0.5,
) -> list[str]:
    """Look for stale or collapsed data.

    Parameters
    ----------
    lines : Ledger or nw.LazyFrame
        A ledger or its lines.
    as_of : date
        Only days before it count.
    today : date
        The current day, for the age.
    max_age_days : int, optional
        Most days from the last order to today.
    min_volume_ratio : float, optional
        Least order rows of the last 28 days before `as_of` / median of up to twelve 28-day windows before
        them. Not checked
        where the ledger covers fewer than four such windows.

    Returns
    -------
    list of str
        Problems; empty when fresh.

    Examples
    --------
    >>> import pandas as pd
    >>> lines = nw.from_native(pd.DataFrame({"day": [1, 2, 3], "is_refund": False})).lazy()
    >>> check_freshness(lines, as_of=date(1970, 2, 1), today=date(1970, 2, 1), max_age_days=7)
    ['the last order is of 1970-01-04, 28 days before 1970-02-01; at most 7 are allowed (...)']
    """
    rows = _order_rows(lines.lines if isinstance(lines, Ledger) else lines, day_number(as_of))
    if not rows:
        return [f"there is no order before {as_of}"]
    return _age(max(rows), today, max_age_days) + _volume(rows, day_number(as_of), min_volume_ratio)


def _order_rows(lines: nw.LazyFrame[Any], end: int) -> dict[int, int]:
    orders = lines.filter((nw.col("day") < end) & ~nw.col("is_refund"))
    counted = orders.group_by("day").agg(nw.len().alias("rows")).collect()
    return {int(row["day"]): int(row["rows"]) for row in counted.iter_rows(named=True)}


def _age(last: int, today: date, most: int | None) -> list[str]:
    age = day_number(today) - last
    if most is None or age <= most:
        return []
    return [
        f"the last order is of {as_date(last)}, {age:,} days before {today}; "
        f"at most {most:,} are allowed (freshness.max_age_days)"
    ]


def _volume(rows: dict[int, int], end: int, least: float | None) -> list[str]:
    windows = min(_MOST_WINDOWS, (end - min(rows)) // _WINDOW_DAYS - 1)
    if least is None or windows < _FEWEST_WINDOWS:
        return []
    counts = [0] * (windows + 1)
    for day, number in rows.items():
        place = (end - 1 - day) // _WINDOW_DAYS
        if place <= windows:
            counts[place] += number
    if not counts[0]:
        last = as_date(max(rows))
        return [
            f"the last {_WINDOW_DAYS} days before {as_date(end)} hold no order row; the last one is of "
            f"{last} (freshness.min_volume_ratio)"
        ]
    usual = median(counts[1:])
    if usual == 0 or counts[0] / usual >= least:
        return []
    return [
        f"the last {_WINDOW_DAYS} days before {as_date(end)} hold {counts[0]:,} order rows, "
        f"{counts[0] / usual:.0%} of the usual "
        f"{usual:,.0f}; at least {least:.0%} are needed (freshness.min_volume_ratio)"
    ]
