"""When a customer is due for a call, by its own rhythm.

In:  the day the next order is expected on, the note of the score row, the day of the list.
Out: the day to call on, and whether that lies within the days the list is for.
Not here: whether the call pays (`worklist`), deadlines (the playbook).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

import numpy as np

#: Scoring begins the note of a customer whose next order lies far ahead like this, in every language.
NOT_DUE_NOTE = "not_due"


def call_days(
    expected_on: Iterable[date | None], notes: Sequence[object], as_of: date, *, due_days: int
) -> tuple[list[date], np.ndarray]:
    """Return the day to call each customer on, and whether it is within ``[as_of, as_of + due_days)``.

    Parameters
    ----------
    expected_on : iterable of date or None
        ``next_order_expected_on``; where it has passed, or is not known, the customer is due now.
    notes : sequence of str or None
        ``note`` of the score row; one that says ``not_due`` is not due, whatever the day.
    as_of : date
        Day of the list.
    due_days : int
        How many days the list is for: a list a week, 7.

    Returns
    -------
    due_on : list of date
    is_due : numpy.ndarray of bool

    Examples
    --------
    >>> days = [date(2024, 6, 1), date(2024, 7, 7), date(2024, 7, 8)]
    >>> due_on, is_due = call_days(days, [None] * 3, date(2024, 7, 1), due_days=7)
    >>> due_on[0].isoformat(), is_due.tolist()
    ('2024-07-01', [True, True, False])
    """
    due_on = [as_of if day is None or day < as_of else day for day in expected_on]
    end = as_of + timedelta(days=due_days)
    is_due = [
        day < end and not str(note or "").startswith(NOT_DUE_NOTE)
        for day, note in zip(due_on, notes, strict=True)
    ]
    return due_on, np.array(is_due, dtype=bool)
