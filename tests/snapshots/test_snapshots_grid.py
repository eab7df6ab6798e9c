"""The dates to learn from: matured ones only."""

from __future__ import annotations

from itertools import pairwise

import pytest

from patron.snapshots import day_of, disjoint_windows, snapshot_days, to_day

HOW = {"first_day": 0, "horizon_days": 90, "every_days": 30, "max_count": 100}


def test_the_newest_outcome_window_ends_where_knowledge_ends() -> None:
    """[s, s + h) is known when s + h is the first unknown day, and not a day earlier."""
    assert snapshot_days(known_until_day=500, **HOW)[-1] == 410


@pytest.mark.parametrize("known", [269, 270, 271, 333])
def test_every_snapshot_is_matured_and_has_a_horizon_behind_it(known: int) -> None:
    """Both ends of the grid, whatever the remainder."""
    days = snapshot_days(known_until_day=known, **HOW)
    assert all(90 <= day <= known - 90 for day in days)
    assert [b - a for a, b in pairwise(days)] == [30] * (len(days) - 1)


def test_the_oldest_possible_snapshot_is_taken() -> None:
    """A snapshot exactly one horizon after the first day belongs to the grid."""
    assert snapshot_days(known_until_day=180, **HOW) == [90]
    assert snapshot_days(known_until_day=179, **HOW) == []


def test_max_count_keeps_the_newest() -> None:
    """Old snapshots are given up first."""
    assert snapshot_days(known_until_day=1000, **{**HOW, "max_count": 2}) == [880, 910]


@pytest.mark.parametrize(
    ("horizon", "expected"), [(30, [0, 30, 60, 90]), (31, [30, 90]), (61, [0, 90]), (91, [90])]
)
def test_disjoint_windows_do_not_overlap(horizon: int, expected: list[int]) -> None:
    """Counted back from the newest; windows that touch are disjoint."""
    assert disjoint_windows([90, 0, 60, 30], horizon) == expected


def test_no_snapshot_no_window() -> None:
    """An empty grid stays empty."""
    assert disjoint_windows([], 30) == []


def test_days_are_counted_from_1970() -> None:
    """Leap days included; the way back gives the same date."""
    assert to_day("2024-03-01") - to_day("2024-02-28") == 2
    assert day_of(to_day("2000-02-29")).isoformat() == "2000-02-29"
