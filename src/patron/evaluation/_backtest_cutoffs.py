"""The past dates of a backtest, and the snapshots that a training on each of them learns from.

In:  the customer tables, a recipe, and how many dates or which.
Out: days since 1970-01-01, oldest first; refusals that name every day that cannot be used.
Not here: what is known on them (`_backtest_standing`), fitting (`_backtest_fit`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral

from patron.errors import NotEnoughData, PatronError
from patron.evaluation.rehearse import ChurnRecipe
from patron.evaluation.training_days import known_until
from patron.snapshots import CustomerTables, day_text, disjoint_windows, snapshot_days


def plan_cutoffs(
    known_until_day: int, first_day: int, *, horizon_days: int, every_days: int, count: int
) -> list[int]:
    """Return the newest days whose outcome is known and whose windows do not overlap, oldest first.

    Parameters
    ----------
    known_until_day, first_day : int
        End of the known outcomes, and first order day (days since 1970-01-01).
    horizon_days, every_days : int
        Length of an outcome window, and distance between snapshots.
    count : int
        How many are wanted; fewer where the log is short.

    Returns
    -------
    list of int
        Each has a matured snapshot to learn from, one horizon or more after the log begins.

    Raises
    ------
    NotEnoughData
        If there is none.
    PatronError
        If fewer than one is wanted.

    Examples
    --------
    >>> plan_cutoffs(400, 0, horizon_days=90, every_days=30, count=4)
    [220, 310]
    """
    _check_count(count)
    grid = snapshot_days(
        known_until_day=known_until_day,
        first_day=first_day,
        horizon_days=horizon_days,
        every_days=every_days,
        max_count=1 + max(known_until_day - first_day, 0) // every_days,
    )
    usable = [day for day in disjoint_windows(grid, horizon_days) if grid[0] + horizon_days <= day]
    if not usable:
        raise NotEnoughData(
            f"The orders from {day_text(first_day)} to before {day_text(known_until_day)} span "
            f"{known_until_day - first_day} days; a backtest with a horizon of {horizon_days} days needs at "
            f"least {3 * horizon_days} (to look back on, to learn from, to judge on).",
            next_step=f"set churn.horizon_days to {max((known_until_day - first_day) // 4, 7)}, "
            "or bring older orders",
        )
    return usable[-count:]


def as_wanted(cutoffs: int | Sequence[int]) -> int | Sequence[int]:
    """Return how many dates are wanted, or which; numpy's integers count as integers."""
    return int(cutoffs) if isinstance(cutoffs, Integral) else cutoffs


def _check_count(count: int) -> None:
    if count < 1:
        raise PatronError(
            f"cutoffs is {count}: at least one past date is needed.",
            next_step="set cutoffs to 1 or more, or name the dates",
        )


def cutoffs_with_rows(rows: Mapping[int, tuple[int, int]], *, named: bool) -> list[int]:
    """Return the days on which there is somebody to learn from and somebody to judge, in order.

    Parameters
    ----------
    rows : mapping
        Day -> rows whose outcome was known by then, and rows of the day.
    named : bool
        Whether the days were named: then none of them may be left out.

    Raises
    ------
    NotEnoughData
        Naming every empty day, if one of them was named or there is no other.

    Examples
    --------
    >>> cutoffs_with_rows({300: (0, 8), 390: (8, 9)}, named=False)
    [390]
    """
    kept = [day for day, counts in rows.items() if all(counts)]
    if len(kept) < len(rows) and (named or not kept):
        problems = [
            f"{day_text(day)} cannot be used: by this label, {learned} rows can be learned from on that "
            f"day and {judged} customers be judged; each must be 1 or more."
            for day, (learned, judged) in rows.items()
            if not learned or not judged
        ]
        raise NotEnoughData(
            problems,
            next_step="choose later dates, another label or a shorter horizon, or bring older orders",
        )
    return kept


def check_cutoffs(
    cutoffs: Sequence[int], known_until_day: int, first_day: int, *, horizon_days: int, behind_days: int
) -> list[int]:
    """Return wanted days in order, refusing those whose outcome is not known or that have too little behind.

    Parameters
    ----------
    cutoffs : sequence of int
        Days since 1970-01-01.
    known_until_day, first_day : int
        End of the known outcomes, and first order day.
    horizon_days : int
        Length of an outcome window.
    behind_days : int
        How much of the log a day needs behind it.

    Raises
    ------
    NotEnoughData
        Naming every day that cannot be used.
    """
    newest, oldest = known_until_day - horizon_days, first_day + behind_days
    problems = [
        f"{day_text(day)} cannot be used: with a horizon of {horizon_days} days, the days that can lie "
        f"between {day_text(oldest)} and {day_text(newest)}."
        for day in sorted(set(cutoffs))
        if not oldest <= day <= newest
    ]
    if problems or not cutoffs:
        raise NotEnoughData(problems or "no day is named; name at least one.")
    return sorted(set(cutoffs))


def matured_days(
    tables: CustomerTables, as_of_day: int, first_day: int, recipe: ChurnRecipe, wanted: int | Sequence[int]
) -> list[int]:
    """Return past days whose outcome is known, oldest first.

    Parameters
    ----------
    tables : CustomerTables
        The customer-day tables.
    as_of_day, first_day : int
        End of what is known, and first order day (days since 1970-01-01).
    recipe : ChurnRecipe
        With the horizon and the distance between two days.
    wanted : int or sequence of int
        How many, the newest ones; or which.

    Raises
    ------
    NotEnoughData
        If there is none, or a wanted one cannot be used.
    PatronError
        If fewer than one is wanted.
    """
    horizon, until = recipe.features.horizon_days, known_until(tables, as_of_day)
    wanted = as_wanted(wanted)
    if not isinstance(wanted, int):
        return check_cutoffs(wanted, until, first_day, horizon_days=horizon, behind_days=horizon)
    _check_count(wanted)
    days = snapshot_days(
        known_until_day=until,
        first_day=first_day,
        horizon_days=horizon,
        every_days=recipe.every_days,
        max_count=wanted,
    )
    if not days:
        raise NotEnoughData(
            f"The orders from {day_text(first_day)} to before {day_text(until)} span {until - first_day} "
            f"days; a horizon of {horizon} days needs at least {2 * horizon}.",
            next_step="choose a shorter horizon_days, or bring older orders",
        )
    return days
