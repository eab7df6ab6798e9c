"""The dates to learn from: a grid of as_of days whose outcome is known by a given day."""

from __future__ import annotations


def snapshot_days(
    *, known_until_day: int, first_day: int, horizon_days: int, every_days: int, max_count: int
) -> list[int]:
    """Return the matured snapshot days, oldest first.

    A snapshot s is matured when its outcome window ``[s, s + horizon_days)`` ends by `known_until_day`.

    Parameters
    ----------
    known_until_day : int
        Nothing of this day or later is known (days since 1970-01-01).
    first_day : int
        Day of the first order; a snapshot needs at least one horizon of history behind it.
    horizon_days, every_days, max_count : int
        Length of the outcome window, distance between snapshots, and how many at most.

    Returns
    -------
    list of int
        Possibly empty.

    Examples
    --------
    >>> snapshot_days(known_until_day=400, first_day=0, horizon_days=90, every_days=30, max_count=3)
    [250, 280, 310]
    """
    newest = known_until_day - horizon_days
    days = [newest - k * every_days for k in range(max_count)]
    return sorted(day for day in days if day >= first_day + horizon_days)


def disjoint_windows(days: list[int], horizon_days: int) -> list[int]:
    """Return the newest snapshots whose outcome windows do not overlap, oldest first.

    Parameters
    ----------
    days : list of int
        Snapshot days.
    horizon_days : int
        Length of an outcome window.

    Returns
    -------
    list of int
        At least `horizon_days` apart, counted back from the newest.

    Examples
    --------
    >>> disjoint_windows([190, 220, 250, 280, 310], 60)
    [190, 250, 310]
    """
    chosen: list[int] = []
    for day in sorted(days, reverse=True):
        if not chosen or chosen[-1] - day >= horizon_days:
            chosen.append(day)
    return chosen[::-1]
