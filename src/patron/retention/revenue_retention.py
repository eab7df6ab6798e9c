"""How much of the earlier customers' revenue is still there: sums per customer for net and gross retention.

In:  totals before the four ends of two periods.
Out: revenue then, revenue now and what was kept, for the customers who ordered then.
Not here: which period it is compared with (`periods.earlier_period`), the ratios (`metrics`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from patron.retention.ledger_days import Ints, LedgerDays
from patron.retention.periods import Earlier, Period


class RevenueThenAndNow(NamedTuple):
    """Minor units, refunds taken off; arrays of shape (n_customers,), 0 for others than the buyers of then.

    Parameters
    ----------
    then, now : ndarray of int
        Revenue in the earlier period and in this one.
    kept : ndarray of int
        The smaller of the two.
    """

    then: Ints
    now: Ints
    kept: Ints


def revenue_then_and_now(days: LedgerDays, period: Period, earlier: Earlier | None) -> RevenueThenAndNow:
    """Compare each customer's revenue with that of the earlier period.

    Parameters
    ----------
    days : LedgerDays
        Sorted customer-days.
    period : Period
        Now.
    earlier : Earlier or None
        Then; None gives zeros.

    Returns
    -------
    RevenueThenAndNow
    """
    nothing = np.zeros(len(days.customer_id), dtype=np.int64)
    if earlier is None:
        return RevenueThenAndNow(nothing, nothing, nothing)
    a, b = days.before(earlier.start_day), days.before(earlier.end_day)
    bought = b.purchase_days > a.purchase_days
    now = days.before(period.end_day).revenue - days.before(period.start_day).revenue
    then, now = np.where(bought, b.revenue - a.revenue, 0), np.where(bought, now, 0)
    return RevenueThenAndNow(then, now, np.minimum(then, now))
