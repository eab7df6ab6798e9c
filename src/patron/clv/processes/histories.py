"""The shapes that travel between the purchase processes and their users.

In: nothing. Out: two tuples of arrays. Not here: any formula.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Histories(NamedTuple):
    """When customers ordered; arrays of shape (n,).

    Parameters
    ----------
    repeat_orders : ndarray
        Orders after the first; the literature's x.
    span : ndarray
        Weeks from first to last order; t_x.
    observed : ndarray
        Weeks from first order to the end of what is known; T.
    """

    repeat_orders: Floats
    span: Floats
    observed: Floats

    def later(self, weeks: float | Floats) -> Histories:
        """Watch the same histories for so many weeks more without an order."""
        return self._replace(observed=self.observed + weeks)


class OrderDraws(NamedTuple):
    """Possible futures of one customer; arrays of shape (draws,).

    Parameters
    ----------
    orders : ndarray
        Orders in the horizon.
    mean_weeks : ndarray
        Mean time of those orders, weeks ahead, given their number; anything where there are none.
    """

    orders: Floats
    mean_weeks: Floats
