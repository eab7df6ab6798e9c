"""The season: more orders in some months than in others.

In: twelve month indices, the day the simulation starts.
Out: a clock that runs fast in busy months. Not here: any draw.

Order times are drawn on an even clock of "busy weeks" and then set on the calendar. For orders that come at
random (k = 1) that is exactly a Poisson process whose rate follows the index; the rest of the truth (rate
over a whole year, chance of leaving, values) stays as it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from patron.errors import PatronError
from patron.simulation.parameters import is_number

Floats = NDArray[np.float64]
_MEAN_TOLERANCE = 1e-6


@dataclass(frozen=True)
class SeasonalRate:
    """Month indices by which the order rate is multiplied.

    Parameters
    ----------
    index : tuple of float, length 12
        January to December, positive, mean 1.

    Examples
    --------
    >>> SeasonalRate((0.5, 0.5, 1, 1, 1, 1, 0.5, 0.5, 1, 1.5, 1.5, 2)).index[11]
    2.0
    """

    index: tuple[float, ...]

    def __post_init__(self) -> None:
        index = tuple(self.index)
        if len(index) != 12 or not all(is_number(value) and value > 0 for value in index):
            raise PatronError(f"a season is 12 positive numbers, January to December, not {index!r}")
        mean = sum(index) / 12
        if abs(mean - 1.0) > _MEAN_TOLERANCE:
            raise PatronError(
                f"the mean of the 12 month indices must be 1, it is {mean:g}", "divide each by their mean"
            )
        object.__setattr__(self, "index", tuple(float(value) for value in index))


class Clock(NamedTuple):
    """Two readings of time at the same moments, linear in between.

    Parameters
    ----------
    weeks : ndarray, shape (m,)
        Calendar weeks since the start.
    busy_weeks : ndarray, shape (m,)
        The same moments on the clock on which customers order evenly.
    """

    weeks: Floats
    busy_weeks: Floats

    def busy(self, weeks: Floats) -> Floats:
        """Read the busy clock at calendar weeks."""
        return np.interp(weeks, self.weeks, self.busy_weeks)

    def calendar(self, busy_weeks: Floats) -> Floats:
        """Read the calendar at busy weeks: the inverse of `busy`."""
        return np.interp(busy_weeks, self.busy_weeks, self.weeks)


def even_clock() -> Clock:
    """Run with the calendar, to the bit."""
    ends = np.array([0.0, 2.0**30])
    return Clock(ends, ends)


def season_clock(season: SeasonalRate, start: date, until_weeks: float) -> Clock:
    """Run as fast as the month's index, from the start to at least so many weeks later."""
    first = np.datetime64(start, "M")
    last = np.datetime64(start, "D") + int(np.ceil(7.0 * until_weeks))
    months = np.arange(first, last.astype("datetime64[M]") + 2)
    weeks = (months.astype("datetime64[D]") - np.datetime64(start, "D")).astype(np.float64) / 7.0
    speed = np.array(season.index)[months[:-1].astype(np.int64) % 12]
    return Clock(weeks, np.append(0.0, np.cumsum(np.diff(weeks) * speed)))
