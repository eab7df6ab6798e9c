"""Where the marks of a time axis and of a logarithmic money axis stand.

In: the ends of an axis. Out: places. Not here: how a mark is written or drawn.
"""

from __future__ import annotations

import datetime as dt
import math

_MONTH_STEPS = (1, 2, 3, 6, 12, 24, 60, 120)


def month_starts(first: dt.date, last: dt.date, most: int) -> list[dt.date]:
    """Give firsts of months from `first` to `last`, evenly spaced, at most so many.

    Examples
    --------
    >>> [f"{day:%Y-%m}" for day in month_starts(dt.date(2021, 1, 5), dt.date(2022, 3, 1), 5)]
    ['2021-04', '2021-07', '2021-10', '2022-01']
    """
    months = range(first.year * 12 + first.month - (first.day == 1), last.year * 12 + last.month)
    for step in _MONTH_STEPS:
        chosen = [month for month in months if month % step == 0]
        if len(chosen) <= most:
            break
    return [dt.date(month // 12, month % 12 + 1, 1) for month in chosen][:most]


def round_amounts(low: float, high: float, most: int) -> list[float]:
    """Give round amounts between two positive ones, evenly spread over their logs, at most so many.

    Examples
    --------
    >>> round_amounts(8, 130, 6), round_amounts(8, 130, 2)
    ([10.0, 20.0, 50.0, 100.0], [10.0, 100.0])
    """
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for digits, every in (((1, 2, 5), 1), ((1, 3), 1), ((1,), 1), ((1,), 2), ((1,), 4)):
        amounts = [digit * 10.0**decade for decade in decades if decade % every == 0 for digit in digits]
        chosen = [amount for amount in amounts if low <= amount <= high]
        if len(chosen) <= most:
            break
    return chosen
