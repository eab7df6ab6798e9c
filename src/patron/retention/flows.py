"""Who was there at the start, who came, who left, who came back: the flows of a period.

In:  the sorted customer-days, a period, how long a silence may be.
Out: yes or no per customer; F = D - L + A + R holds by definition.
Not here: rates (`metrics`), kinds of churn (`kinds_of_churn`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from patron.retention.ledger_days import LedgerDays, Totals
from patron.retention.periods import Period

Bools = NDArray[np.bool_]


class Flows(NamedTuple):
    """Which customers count where; arrays of shape (n_customers,).

    Parameters
    ----------
    start : ndarray of bool
        D: active at the start, i.e. with a purchase day in ``[start - active_days, start)``.
    end : ndarray of bool
        F: active at the end.
    new : ndarray of bool
        N: first purchase ever inside the period.
    new_active : ndarray of bool
        A: those of N who are still active at the end.
    won_back : ndarray of bool
        R: active at the end and not at the start, although they had bought before it.
    lost : ndarray of bool
        L: active at the start and not at the end.
    """

    start: Bools
    end: Bools
    new: Bools
    new_active: Bools
    won_back: Bools
    lost: Bools


def flows(days: LedgerDays, period: Period, at_start: Totals, at_end: Totals, active_days: int) -> Flows:
    """Return the flows of a period.

    Parameters
    ----------
    days : LedgerDays
        Sorted customer-days.
    period : Period
        The period.
    at_start, at_end : Totals
        Before the first day of the period, and before its end.
    active_days : int
        A customer silent for longer is not active.

    Returns
    -------
    Flows
    """
    start = at_start.last_purchase_day >= period.start_day - active_days
    end = at_end.last_purchase_day >= period.end_day - active_days
    first = days.first_purchase_day
    known = first < period.start_day
    new = ~known & (first < period.end_day)
    return Flows(start, end, new, new & end, end & ~start & known, start & ~end)
