"""Terms of the likelihoods that depend on a customer's number of orders alone.

In: numbers of orders. Out: their terms, with derivatives; special functions once per distinct number.
Not here: terms of the times (``likelihoods``) and of the values (``spend_likelihood``).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, gammaln, polygamma

from patron.clv.native.newton import Derivatives

Floats = NDArray[np.float64]

BLOCK = 8192  # rows of a block in the cache; BLAS uses one thread up to 10,000
_MOST_TABLED = 2**20


class Theta(NamedTuple):
    """Parameters of a purchase process; alpha in weeks."""

    r: float
    alpha: float
    a: float
    b: float


def distinct_counts(count: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Return the distinct numbers of orders and how many customers have each."""
    if count.size and float(count.max()) < _MOST_TABLED:  # a table is faster than a sort
        copies = np.bincount(count.astype(np.intp), weights=weight)
        distinct = np.flatnonzero(copies)
        return distinct.astype(np.float64), copies[distinct].astype(np.float64)
    whole, place = np.unique(count, return_inverse=True)
    return whole, np.bincount(place, weights=weight).astype(np.float64)


def unless_ones(weight: Floats) -> Floats | None:
    """Return None for weights that are all one: a pass less."""
    return None if bool((weight == 1.0).all()) else weight


def trigamma(x: Floats | float) -> Floats:
    """Second derivative of the log of the gamma function."""
    return np.asarray(polygamma(1, x))


class CountTerms:
    """log of alpha^r Gamma(R) / Gamma(r) x B(a, stays) / B(a, b) / bd, over all customers.

    Parameters
    ----------
    distinct, copies : ndarray, shape (m,)
        Numbers of orders (x) and how many customers have each.
    modified : bool
        A customer may leave after the first order, too.
    k : int
        Regularity.
    """

    def __init__(self, distinct: Floats, copies: Floats, *, modified: bool, k: int) -> None:
        self.copies, self.events = copies, k * distinct
        self.stays = distinct + 1.0 if modified else distinct
        self.chances = distinct if modified else np.maximum(distinct - 1.0, 0.0)
        self.leavers = copies if modified else np.where(distinct > 0.0, copies, 0.0)

    def __call__(self, theta: Theta, logs: Floats) -> Derivatives:
        """Add the terms up over the customers."""
        r, _, a, b = theta
        copies, shape = self.copies, r + self.events
        n, bx, abx = float(copies.sum()), b + self.stays, a + b + self.stays
        value = (copies * (gammaln(shape) + gammaln(bx) - gammaln(abx))).sum()
        value -= (self.leavers * np.log(b + self.chances)).sum()
        value += n * (gammaln(a + b) - gammaln(b) - gammaln(r) + r * logs[1])
        slope_r = (copies * digamma(shape)).sum() - n * digamma(r) + n * logs[1]
        slope_a = n * digamma(a + b) - (copies * digamma(abx)).sum()
        slope_b = slope_a + (copies * digamma(bx)).sum() - n * digamma(b)
        bend_r = (copies * trigamma(shape)).sum() - n * trigamma(r)
        bend_a = n * trigamma(a + b) - (copies * trigamma(abx)).sum()
        bend_b = bend_a + (copies * trigamma(bx)).sum() - n * trigamma(b)
        hessian = np.zeros((4, 4))
        hessian[0, 0] = r * r * bend_r + r * slope_r
        hessian[0, 1] = hessian[1, 0] = n * r
        hessian[2, 2] = a * a * bend_a + a * slope_a
        hessian[2, 3] = hessian[3, 2] = a * b * bend_a
        hessian[3, 3] = b * b * bend_b + b * slope_b
        return Derivatives(float(value), np.array([r * slope_r, n * r, a * slope_a, b * slope_b]), hessian)
