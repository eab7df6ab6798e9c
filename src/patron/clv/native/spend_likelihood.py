"""Log-likelihood of order values, with first and second derivatives in the logs of the parameters.

In: repeat orders and their mean value, scaled. Out: a function for ``newton``. Not here: the search, priors.

As in ``likelihoods``: terms of x alone once per number of orders, blocks that stay in the cache.

References
----------
Fader & Hardie (2013), "The Gamma-Gamma Model of Monetary Value", eq. (1a).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, gammaln

from patron.clv.native.count_terms import BLOCK, distinct_counts, trigamma, unless_ones
from patron.clv.native.newton import Derivatives, Objective

Floats = NDArray[np.float64]


def spend_likelihood(count: Floats, value: Floats, weight: Floats) -> Objective:
    """Return the log-likelihood of the Gamma-Gamma model as a function of log (p, q, v).

    Parameters
    ----------
    count, value : ndarray, shape (n,)
        Repeat orders (x, at least 1) and their mean value (positive).
    weight : ndarray, shape (n,)
        How many customers a row stands for.

    Returns
    -------
    callable
    """
    distinct, copies = distinct_counts(count, weight)
    blocks = _Blocks(count, count * value, unless_ones(weight))
    log_values, fixed = blocks.logs(value).tolist()
    fixed += float((copies * distinct * np.log(distinct)).sum())
    customers = float(copies.sum())

    def objective(logs: Floats) -> Derivatives:
        p, q, v = np.exp(logs).tolist()
        log_total, order_logs, rate, order_rate, rates, order_rates = blocks(v).tolist()
        n, px = customers, p * distinct
        likelihood = (copies * (gammaln(px + q) - gammaln(px))).sum() - n * gammaln(q)
        likelihood += n * q * logs[2] + p * (fixed - order_logs) - q * log_total - log_values
        both, bend = digamma(px + q), trigamma(px + q)
        slope = np.array(
            [
                p * ((copies * distinct * (both - digamma(px))).sum() + fixed - order_logs),
                q * ((copies * both).sum() - n * digamma(q) + n * logs[2] - log_total),
                n * q - p * order_rate - q * rate,
            ]
        )
        hessian = np.diag(slope)
        hessian[0, 0] += p * p * (copies * distinct**2 * (bend - trigamma(px))).sum()
        hessian[1, 1] += q * q * ((copies * bend).sum() - n * trigamma(q))
        hessian[2, 2] = p * (order_rates - order_rate) + q * (rates - rate)
        hessian[0, 1] = hessian[1, 0] = p * q * (copies * distinct * bend).sum()
        hessian[0, 2] = hessian[2, 0] = -p * order_rate
        hessian[1, 2] = hessian[2, 1] = q * (n - rate)
        return Derivatives(float(likelihood), slope, hessian)

    return objective


class _Blocks:
    """Sums over rows, block by block in buffers that are used again."""

    def __init__(self, count: Floats, spent: Floats, weight: Floats | None) -> None:
        self.spent, self.weight = spent, weight
        self.orders = count if weight is None else weight * count
        width = min(BLOCK, count.size)
        self.buffers, self.ones = np.empty((3, width)), np.ones(width)

    def logs(self, value: Floats) -> Floats:
        """Sum log m, times weight and times weight x orders."""
        total = np.zeros(2)
        for here, heads, orders in self._sides():
            log = np.log(value[here], out=self.buffers[0, : heads.size])
            total += [np.dot(heads, log), np.dot(orders, log)]
        return total

    def __call__(self, v: float) -> Floats:
        """Sum log(v + x m), v / (v + x m) and its square, each times weight and times weight x orders."""
        total = np.zeros(6)
        for here, heads, orders in self._sides():
            log, share, square = self.buffers[:, : heads.size]
            np.add(self.spent[here], v, out=share)
            np.log(share, out=log)
            np.divide(v, share, out=share)
            np.multiply(share, share, out=square)
            total += [np.dot(side, part) for part in (log, share, square) for side in (heads, orders)]
        return total

    def _sides(self) -> Iterator[tuple[slice, Floats, Floats]]:
        """Rows of each block, their weights, and weights x orders."""
        for start in range(0, self.spent.size, BLOCK):
            here = slice(start, start + BLOCK)
            orders = self.orders[here]
            yield here, self.ones[: orders.size] if self.weight is None else self.weight[here], orders
