"""How long customers stay: the Kaplan-Meier curve and its mean up to a limit.

In:  the customer tables, `as_of`, how long a silence may be.
Out: `Lifespan`, in years, with an interval and the limit it holds up to.
Not here: what that time is worth (`lifetime_value`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from patron.errors import NotEnoughData
from patron.metrics import Z_95, restricted_mean
from patron.retention.ledger_days import NOT_YET, LedgerDays, ledger_days
from patron.snapshots import CustomerTables

YEAR = 365.25
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Lifespan:
    """Mean time from the first order to the loss, counted up to a limit.

    Parameters
    ----------
    mean_years : float
        Restricted mean: a customer who stays longer than the limit counts with the limit, so the true mean is
        at least this long.
    low, high : float
        95 % interval, years.
    limit_years : float
        The longest time seen, or the limit that was asked for.
    customers, lost : int
        How many, and how many of them were lost by `as_of`; the others are censored there.
    possibly_older : int
        Customers whose first order lies in the ledger's first `active_days`: they may have been customers
        before, so their time is counted short.
    """

    mean_years: float
    low: float
    high: float
    limit_years: float
    customers: int
    lost: int
    possibly_older: int


def lifespan(
    tables: CustomerTables, as_of_day: int, *, active_days: int, limit_years: float | None = None
) -> Lifespan:
    """Return the mean lifespan of the customers of a ledger.

    A customer silent for longer than `active_days` at `as_of` is lost, on the day it stopped counting as
    active: the last order + `active_days` + 1, so that silence is part of the lifespan just as it is part of
    being a customer in the retention rate. All others are open and censored at `as_of`. A silence that ended
    with an order is no loss.

    Parameters
    ----------
    tables : CustomerTables
        By customer and day.
    as_of_day : int
        Days since 1970-01-01; nothing at or after it counts.
    active_days : int
        Silence after which a customer is lost.
    limit_years : float, optional
        Count up to here; the longest time seen when None.

    Returns
    -------
    Lifespan

    Raises
    ------
    NotEnoughData
        If nobody ordered, or the limit is not above zero.

    Examples
    --------
    >>> import narwhals as nw, pandas as pd
    >>> from patron.snapshots import customer_tables
    >>> lines = pd.DataFrame({"customer_id": ["a", "b", "b"], "day": [0, 0, 360],
    ...                       "amount_minor": 1000, "is_refund": False})
    >>> tables = customer_tables(nw.from_native(lines).lazy(), keep=lambda frame, name: frame)
    >>> found = lifespan(tables, 366, active_days=100)
    >>> found.customers, found.lost, round(found.mean_years * 365.25, 1)
    (2, 1, 233.5)
    """
    days = ledger_days(tables, as_of_day)
    duration, is_lost = lifetimes(days, active_days)
    limit = float(duration.max()) if limit_years is None else limit_years * YEAR
    if limit <= 0:
        raise NotEnoughData("A lifespan needs a limit above 0 years.", "Leave limit_years out.")
    mean, error = restricted_mean(duration, is_lost, limit)
    low, high = np.clip([mean - Z_95 * error, mean + Z_95 * error], 0.0, limit) / YEAR
    first = days.first_purchase_day[days.first_purchase_day != NOT_YET]
    return Lifespan(
        mean_years=mean / YEAR,
        low=float(low),
        high=float(high),
        limit_years=limit / YEAR,
        customers=len(duration),
        lost=int(is_lost.sum()),
        possibly_older=int((first < days.first_day + active_days).sum()),
    )


def lifetimes(days: LedgerDays, active_days: int) -> tuple[Floats, NDArray[np.bool_]]:
    """Return each customer's time from the first order to the loss or to `as_of`, and which it was.

    Parameters
    ----------
    days : LedgerDays
        Sorted customer-days.
    active_days : int
        Silence after which a customer is lost.

    Returns
    -------
    duration : ndarray of float, shape (n_customers_with_an_order,)
        Days.
    is_lost : ndarray of bool, same shape
        False for open customers, whose time is censored.
    """
    bought = days.first_purchase_day != NOT_YET
    first = days.first_purchase_day[bought]
    last = days.before(days.as_of_day).last_purchase_day[bought]
    is_lost = days.as_of_day - last > active_days
    end = np.where(is_lost, last + active_days + 1, days.as_of_day)
    return (end - first).astype(np.float64), is_lost
