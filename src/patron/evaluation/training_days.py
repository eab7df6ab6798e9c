"""The past days a training learns from, and how far outcomes are known.

In:  the customer tables, a recipe. Out: days since 1970-01-01, oldest first.
Not here: the dates of a backtest (`_backtest_cutoffs`).
"""

from __future__ import annotations

import narwhals as nw

from patron.errors import NotEnoughData
from patron.evaluation.rehearse import ChurnRecipe
from patron.snapshots import CustomerTables, day_text, history_before, snapshot_days


def known_until(tables: CustomerTables, as_of_day: int) -> int:
    """Return the day up to which outcomes are known: data that end earlier must not look like churn.

    Parameters
    ----------
    tables : CustomerTables
        The customer-day tables.
    as_of_day : int
        Nothing of this day or later is looked at (days since 1970-01-01).

    Returns
    -------
    int
        The day after the last row, `as_of_day` at most.
    """
    last = history_before(tables, as_of_day).days.select(nw.col("day").max()).collect()
    newest = last.item() if len(last) else None
    return as_of_day if newest is None else min(as_of_day, int(newest) + 1)


def training_days(known_until_day: int, first_day: int, recipe: ChurnRecipe) -> list[int]:
    """Return the snapshots that a training learns from, oldest first: all matured.

    Parameters
    ----------
    known_until_day, first_day : int
        End of the known outcomes, and first order day (days since 1970-01-01).
    recipe : ChurnRecipe
        With the horizon and the grid.

    Returns
    -------
    list of int

    Raises
    ------
    NotEnoughData
        If the log is too short for one.
    """
    horizon = recipe.features.horizon_days
    days = snapshot_days(
        known_until_day=known_until_day,
        first_day=first_day,
        horizon_days=horizon,
        every_days=recipe.every_days,
        max_count=recipe.max_count,
    )
    if not days:
        raise NotEnoughData(
            f"The orders from {day_text(first_day)} to before {day_text(known_until_day)} span "
            f"{known_until_day - first_day} days; a horizon of {horizon} days needs at least {2 * horizon} "
            "(one to look back on, one to look ahead). "
            f"Set churn.horizon_days to {max((known_until_day - first_day) // 3, 7)} or bring older orders."
        )
    return days
