"""The calendar of money: months, years and discounting.

In: a horizon and a yearly rate. Out: stretches of time with one discount factor each.
Not here: what is expected to happen within them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DAYS_PER_MONTH = 30.4375
DAYS_PER_YEAR = 365.25
DAYS_PER_WEEK = 7.0
WEEKS_PER_MONTH = DAYS_PER_MONTH / DAYS_PER_WEEK
WEEKS_PER_YEAR = DAYS_PER_YEAR / DAYS_PER_WEEK


@dataclass(frozen=True)
class Stretches:
    """Consecutive stretches of time after as_of.

    Parameters
    ----------
    start : float
        Where the first one begins, weeks after as_of.
    ends : ndarray, shape (k,)
        Where each one ends, weeks after as_of.
    factors : ndarray, shape (k,)
        Discount factor of each: that of the middle of its month.
    """

    start: float
    ends: Floats
    factors: Floats

    def after(self, weeks: float) -> Stretches:
        """Leave what lies more than so many weeks after as_of, counted from there; the factors stay."""
        left = self.ends > weeks
        return Stretches(0.0, self.ends[left] - weeks, self.factors[left])

    def until(self, weeks: float) -> Stretches:
        """Leave out what lies more than so many weeks after as_of; the factors stay."""
        starts = np.append(self.start, self.ends[:-1])[: self.ends.size]
        begun = starts < weeks
        return Stretches(self.start, np.minimum(self.ends[begun], weeks), self.factors[begun])

    def weights(self) -> Floats:
        """Weigh the orders expected by each end so that they add up to the discounted sum, shape (k,)."""
        return self.factors - np.append(self.factors[1:], 0.0) if self.ends.size else self.ends

    def discount(self, expected: Floats) -> Floats:
        """Discounted sum of what is expected by the end of each stretch: (n, k) cumulated -> (n,)."""
        total = np.zeros(len(expected))
        before = np.zeros(len(expected))
        # summed stretch by stretch, not as a matrix product: a row must not depend on how many rows there are
        for column, factor in enumerate(self.factors):
            total += factor * (expected[:, column] - before)
            before = expected[:, column]
        return total


def stretches(start_weeks: float, end_weeks: float, annual_discount_rate: float) -> Stretches:
    """Cut (start, end] at the months counted from as_of; a month is discounted at its middle.

    A part of a month that is left after the start keeps the factor of its month: the same orders weigh the
    same wherever the count begins. The last month ends with the horizon.

    Parameters
    ----------
    start_weeks, end_weeks : float
        Weeks after as_of; nothing is left where the end is not after the start.
    annual_discount_rate : float
        Yearly rate; the factor after y years is (1 + rate) ** -y.

    Examples
    --------
    >>> whole, rest = stretches(0.0, 8.0, 0.1), stretches(1.0, 8.0, 0.1)
    >>> bool((whole.factors == rest.factors).all()), whole.ends.round(2).tolist()
    (True, [4.35, 8.0])
    """
    months = WEEKS_PER_MONTH * np.arange(1, int(np.ceil(end_weeks / WEEKS_PER_MONTH)) + 1)
    ends = np.append(months[months < end_weeks * (1.0 - 1e-12)], end_weeks)
    middles = 0.5 * (np.append(0.0, ends[:-1]) + ends)
    left = ends > start_weeks
    return Stretches(start_weeks, ends[left], discount_factor(middles[left], annual_discount_rate))


def discount_factor(weeks: Floats, annual_discount_rate: float) -> Floats:
    """(1 + rate) ** -years at so many weeks after as_of."""
    factors: Floats = np.exp(-np.log1p(annual_discount_rate) / WEEKS_PER_YEAR * weeks)
    return factors
