"""Days as integers since 1970-01-01, the only form of time behind the ledger's edge.

Integers subtract the same way on every engine; timestamps do not.
"""

from __future__ import annotations

from datetime import date, timedelta

_EPOCH = date(1970, 1, 1)


def to_day(value: date | str) -> int:
    """Return a calendar day as days since 1970-01-01.

    Parameters
    ----------
    value : date or str
        A date, or its ISO form.

    Returns
    -------
    int
        Days since 1970-01-01.

    Examples
    --------
    >>> to_day("1970-01-31"), to_day(date(2011, 9, 10))
    (30, 15227)
    """
    moment = date.fromisoformat(value) if isinstance(value, str) else value
    return (date(moment.year, moment.month, moment.day) - _EPOCH).days


def day_of(day: int) -> date:
    """Return the date of a day number (the inverse of `to_day`).

    Examples
    --------
    >>> day_of(15227)
    datetime.date(2011, 9, 10)
    """
    return _EPOCH + timedelta(days=int(day))


def day_text(day: int) -> str:
    """Return the ISO form of a day number.

    Examples
    --------
    >>> day_text(15227)
    '2011-09-10'
    """
    return day_of(day).isoformat()
