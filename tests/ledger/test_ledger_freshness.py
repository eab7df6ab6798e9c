"""Stale and collapsed data."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from patron.ledger import check_freshness, load_ledger

AS_OF = dt.date(2024, 7, 1)


def daily_orders(counts: list[int], refunds: int = 0) -> pd.DataFrame:
    """``counts[0]`` rows on each of the 28 days before AS_OF, ``counts[1]`` on each of the 28 before, ..."""
    days = [
        AS_OF - dt.timedelta(days=1 + 28 * window + day)
        for window, count in enumerate(counts)
        for day in range(28)
        for _ in range(count)
    ]
    amounts = [1.0] * len(days) + [-1.0] * refunds
    days += [AS_OF - dt.timedelta(days=1)] * refunds
    return pd.DataFrame(
        {"customer_id": [str(i) for i in range(len(days))], "ordered_at": days, "amount": amounts}
    )


def problems(frame: pd.DataFrame, **settings: object) -> list[str]:
    ledger = load_ledger(frame, as_of=AS_OF)
    return check_freshness(ledger, as_of=AS_OF, today=AS_OF, **settings)  # type: ignore[arg-type]


def test_steady_data_is_fresh() -> None:
    """As many rows as ever."""
    assert problems(daily_orders([3] * 6), max_age_days=1) == []


def test_collapsed_volume_is_named_with_both_numbers() -> None:
    """28 rows where 112 are usual; refunds do not count as orders."""
    (problem,) = problems(daily_orders([1, 4, 4, 4, 4], refunds=80))
    assert "hold 28 order rows, 25% of the usual 112" in problem


def test_half_is_enough_by_default() -> None:
    """Exactly half the usual rows pass."""
    assert problems(daily_orders([2, 4, 4, 4, 4])) == []


def test_under_four_windows_nothing_is_said() -> None:
    """Three earlier windows are no yardstick."""
    assert problems(daily_orders([1, 9, 9, 9])) == []


def test_only_twelve_windows_count() -> None:
    """A big past beyond twelve windows does not make today look collapsed."""
    assert problems(daily_orders([2] * 13 + [50] * 14)) == []


@pytest.mark.parametrize(("days", "count"), [(30, 1), (31, 0), (None, 0)])
def test_age_is_counted_to_today(days: int | None, count: int) -> None:
    """The last order is of 30 June, today is 31 July."""
    ledger = load_ledger(daily_orders([1]), as_of=AS_OF)
    said = check_freshness(ledger.lines, as_of=AS_OF, today=dt.date(2024, 7, 31), max_age_days=days)
    assert len(said) == count


def test_no_order_before_as_of() -> None:
    """An empty past is a problem of its own."""
    ledger = load_ledger(daily_orders([1]), as_of=AS_OF)
    assert check_freshness(ledger, as_of=dt.date(2000, 1, 1), today=AS_OF) == [
        "there is no order before 2000-01-01"
    ]


def test_a_feed_that_died_long_ago_is_no_fresh_one() -> None:
    """Half a year of nothing: the usual window is empty by then, which must not count as usual."""
    found = problems(daily_orders([0] * 8 + [3] * 8))
    assert len(found) == 1
    assert "hold no order row; the last one is of 2023-11-19" in found[0]
