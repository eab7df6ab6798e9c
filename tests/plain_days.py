"""The customer-day table written a second time, in plain Python with whole numbers: the oracle."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable

from synthetic_ledger import Line

COLUMNS = ("customer_id", "day", "orders", "lines", "spend", "refund", "cost", "gap_days", "log_gap")
Row = tuple[str, int, int, int, int, int, int, float | None, float | None]


def plain_days(rows: Iterable[Line]) -> list[Row]:
    """Return the rows of the customer-day table, sorted."""
    by_day: dict[tuple[str, int], list[Line]] = defaultdict(list)
    for row in rows:
        by_day[row.customer_id, row.day].append(row)
    result, last = [], {}
    for (customer, day), lines in sorted(by_day.items()):
        orders = left_of_orders(lines)
        gap = day - last[customer] if orders and customer in last else None
        log_gap = None if gap is None else float(round(math.log(gap) * 2**32))
        if orders:
            last[customer] = day
        result.append(
            (
                customer,
                day,
                len(orders),
                len(lines),
                sum(orders),
                left_of_refunds(lines),
                sum(line.cost_minor or 0 for line in lines),
                None if gap is None else float(gap),
                log_gap,
            )
        )
    return result


def _documents(lines: Iterable[Line]) -> tuple[Counter[int], Counter[int]]:
    """Count the values of a day's orders and refunds."""
    totals: Counter[tuple[str | None, bool]] = Counter()
    for line in lines:
        totals[line.order_id, line.is_refund] += line.amount_minor
    orders = Counter(v for (_, is_refund), v in totals.items() if not is_refund and v > 0)
    refunds = Counter(-v for (_, is_refund), v in totals.items() if is_refund)
    return orders, refunds


def left_of_orders(lines: Iterable[Line]) -> list[int]:
    """Return the values of the orders that no refund of the same day and value cancels."""
    orders, refunds = _documents(lines)
    return sorted((orders - refunds).elements())


def left_of_refunds(lines: Iterable[Line]) -> int:
    """Return the refunds of a day that cancel no order of that day."""
    orders, refunds = _documents(lines)
    return sum((refunds - orders).elements())
