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
        Discount factor at the middle of each.
    """

    start: float
    ends: Floats
    factors: Floats

    def since_start(self) -> Stretches:
        """Count the same stretches from where the first one begins; the factors stay."""
        return Stretches(0.0, self.ends - self.start, self.factors)

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
    """Cut (start, end] at the months counted from as_of; a stretch is discounted at its middle.

    Parameters
    ----------
    start_weeks, end_weeks : float
        Weeks after as_of; nothing is left where the end is not after the start.
    annual_discount_rate : float
        Yearly rate; the factor after y years is (1 + rate) ** -y.
    """
    months = WEEKS_PER_MONTH * np.arange(1, int(np.ceil(end_weeks / WEEKS_PER_MONTH)) + 1)
    inside = months[(months > start_weeks) & (months < end_weeks * (1.0 - 1e-12))]
    ends = np.append(inside, end_weeks) if end_weeks > start_weeks else np.empty(0)
    middles = 0.5 * (np.append(start_weeks, ends[:-1]) + ends) if ends.size else ends
    return Stretches(start_weeks, ends, discount_factor(middles, annual_discount_rate))


def discount_factor(weeks: Floats, annual_discount_rate: float) -> Floats:
    """(1 + rate) ** -years at so many weeks after as_of."""
    factors: Floats = np.exp(-np.log1p(annual_discount_rate) / WEEKS_PER_YEAR * weeks)
    return factors
