"""The periods that retention is measured over: whole months, quarters or years, or any list of days.

In:  the first day of a ledger, `as_of`, how long a period is.
Out: half-open periods `[start_day, end_day)`, and the period each one's revenue is compared with.
Not here: anything about customers.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from patron.errors import NotEnoughData, PatronError
from patron.snapshots import day_of, day_text, to_day

#: How long a period is, in months.
MONTHS = {"month": 1, "quarter": 3, "year": 12}
SAME_PERIOD_LAST_YEAR = "same_period_last_year"
PREVIOUS_PERIOD = "previous_period"
#: The first working day of a year may be the 7th or 8th: a ledger that begins then holds that period.
_FIRST_ORDER_LATEST_DAYS = 7


class Period(NamedTuple):
    """One period, its end exclusive.

    Parameters
    ----------
    start_day, end_day : int
        Days since 1970-01-01.
    previous_start_day : int
        Where the period before it starts.
    is_complete : bool
        False for a period that `as_of` cuts short; it then ends at `as_of`.
    """

    start_day: int
    end_day: int
    previous_start_day: int
    is_complete: bool = True


class Earlier(NamedTuple):
    """The period that revenue is compared with.

    Parameters
    ----------
    start_day, end_day : int
        Days since 1970-01-01, the end exclusive.
    name : str
        ``same_period_last_year`` or ``previous_period``.
    """

    start_day: int
    end_day: int
    name: str


def add_months(day: int, months: int) -> int:
    """Return the same day of another month, or that month's last day.

    Parameters
    ----------
    day : int
        Days since 1970-01-01.
    months : int
        How many later; negative for earlier.

    Returns
    -------
    int
        Days since 1970-01-01.

    Examples
    --------
    >>> day_text(add_months(to_day("2024-01-31"), 1)), day_text(add_months(to_day("2024-02-29"), -12))
    ('2024-02-29', '2023-02-28')
    """
    start = day_of(day)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return to_day(date(year, month + 1, min(start.day, monthrange(year, month + 1)[1])))


def period_start(day: int, every: str) -> int:
    """Return the first day of the month, quarter or year a day lies in.

    Examples
    --------
    >>> day_text(period_start(to_day("2024-05-20"), "quarter"))
    '2024-04-01'
    """
    months, moment = _months(every), day_of(day)
    return to_day(date(moment.year, (moment.month - 1) // months * months + 1, 1))


def whole_periods(
    first_day: int,
    as_of_day: int,
    every: str,
    *,
    start_day: int | None = None,
    end_day: int | None = None,
    include_current: bool = False,
) -> tuple[Period, ...]:
    """Return the periods that lie before `as_of`, oldest first.

    Parameters
    ----------
    first_day : int
        The ledger's first purchase day, days since 1970-01-01; the first period holds it.
    as_of_day : int
        No period reaches further.
    every : str
        ``month``, ``quarter`` or ``year``.
    start_day : int, optional
        Count periods from this day instead: years from 1 October are business years. Those that end before
        the ledger begins are left out.
    end_day : int, optional
        No period ends later.
    include_current : bool
        Also the period that `as_of` (or `end_day`) cuts short, up to that day.

    Returns
    -------
    tuple of Period

    Raises
    ------
    NotEnoughData
        If no whole period fits.

    Examples
    --------
    >>> [day_text(p.start_day) for p in whole_periods(to_day("2024-01-15"), to_day("2024-04-01"), "month")]
    ['2024-01-01', '2024-02-01', '2024-03-01']
    """
    months = _months(every)
    anchor = period_start(first_day, every) if start_day is None else start_day
    stop = as_of_day if end_day is None else min(end_day, as_of_day)
    found, k = [], _periods_before(anchor, first_day, months)
    while (start := add_months(anchor, k * months)) < stop:
        end, previous = add_months(anchor, (k + 1) * months), add_months(anchor, (k - 1) * months)
        if end <= stop:
            found.append(Period(start, end, previous))
        elif include_current:
            found.append(Period(start, stop, previous, is_complete=False))
        k += 1
    if not found:
        raise NotEnoughData(
            f"No whole {every} lies between {day_text(anchor)} and {day_text(stop)} "
            f"(as_of is {day_text(as_of_day)}).",
            "Take shorter periods, an earlier first day, or a later as_of.",
        )
    return tuple(found)


def chosen_periods(
    first_day: int,
    as_of_day: int,
    *,
    every: str = "month",
    periods: Sequence[tuple[int, int]] | None = None,
    start_day: int | None = None,
    end_day: int | None = None,
    include_current: bool = False,
) -> tuple[Period, ...]:
    """Return the given periods, or else whole ones, as `given_periods` and `whole_periods` do.

    Parameters
    ----------
    first_day : int
        The ledger's first purchase day, days since 1970-01-01.
    as_of_day : int
        No period reaches further.
    every, start_day, end_day, include_current
        As in `whole_periods`.
    periods : sequence of (int, int), optional
        As in `given_periods`.

    Returns
    -------
    tuple of Period
    """
    if periods is not None:
        return given_periods(periods, as_of_day)
    return whole_periods(
        first_day, as_of_day, every, start_day=start_day, end_day=end_day, include_current=include_current
    )


def given_periods(pairs: Sequence[tuple[int, int]], as_of_day: int) -> tuple[Period, ...]:
    """Check a list of periods.

    Parameters
    ----------
    pairs : sequence of (int, int)
        Start and end of each, days since 1970-01-01, the end exclusive; at least one.
    as_of_day : int
        No period may reach further.

    Returns
    -------
    tuple of Period
        In the order given.

    Raises
    ------
    PatronError
        Naming every period that is empty or ends after `as_of`.
    """
    if not pairs:
        raise PatronError("periods is empty; give at least one pair of start and end, or leave it out.")
    problems = [
        f"the period {day_text(start)} to {day_text(end)} "
        + ("has no day." if end <= start else f"ends after as_of, {day_text(as_of_day)}.")
        for start, end in pairs
        if end <= start or end > as_of_day
    ]
    if problems:
        raise PatronError(problems)
    return tuple(Period(start, end, start - (end - start)) for start, end in pairs)


def earlier_period(period: Period, first_day: int) -> Earlier | None:
    """Return the period that revenue is compared with: the same one last year, else the previous one.

    Parameters
    ----------
    period : Period
        The one asked about.
    first_day : int
        The ledger's first purchase day. A period counts as held when the ledger begins at most 7 days into
        it.

    Returns
    -------
    Earlier or None
        None where the ledger holds neither.
    """
    begins = first_day - _FIRST_ORDER_LATEST_DAYS
    if period.start_day <= begins:
        return None
    last_year = add_months(period.start_day, -12)
    if last_year >= begins:
        return Earlier(last_year, _end_last_year(period.end_day), SAME_PERIOD_LAST_YEAR)
    previous = period.previous_start_day
    if previous < begins:
        return None
    # a period cut short is compared with as many days of the one before
    end = period.start_day if period.is_complete else previous + period.end_day - period.start_day
    return Earlier(previous, min(end, period.start_day), PREVIOUS_PERIOD)


def _end_last_year(end_day: int) -> int:
    """Return the same end a year before; up to 28 February is all of a shorter February's days, too."""
    end, earlier = day_of(end_day), add_months(end_day, -12)
    return earlier + 1 if (end.month, end.day) == (2, 29) else earlier


def _periods_before(anchor: int, first_day: int, months: int) -> int:
    """Return how many periods from a day on end before the ledger begins."""
    if anchor >= first_day:
        return 0
    begin, first = day_of(anchor), day_of(first_day)
    apart = (first.year - begin.year) * 12 + first.month - begin.month
    k = max(apart // months - 1, 0)
    while add_months(anchor, (k + 1) * months) <= first_day:
        k += 1
    return k


def _months(every: str) -> int:
    if every not in MONTHS:
        raise PatronError(f"periods of a '{every}' are not known; there are {', '.join(MONTHS)}.")
    return MONTHS[every]
