"""Log-likelihoods with first and second derivatives in the logs of the parameters.

In: arrays in weeks and (scaled) currency. Out: functions for ``_newton``. Not here: the search, priors.

Rows are added with plain sums, as the last bits of a matrix product depend on the number of threads; special
functions of the number of orders are evaluated once per distinct number.

References
----------
Fader, Hardie & Lee (2005), "Counting Your Customers the Easy Way", eq. (6): BG/NBD.
Batislam, Denizel & Filiztekin (2007), "Empirical validation and comparison of models for customer base
analysis": MBG/NBD, the same with a chance to leave before the first repeat order, too.
Fader & Hardie (2013), "The Gamma-Gamma Model of Monetary Value", eq. (1a).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, expit, gammaln, polygamma

from patron.clv._newton import Derivatives, Objective

Floats = NDArray[np.float64]


def purchases_likelihood(
    count: Floats, span: Floats, observed: Floats, weight: Floats, *, modified: bool
) -> Objective:
    """Return the log-likelihood of BG/NBD or MBG/NBD as a function of log (r, alpha, a, b).

    Parameters
    ----------
    count, span, observed : ndarray, shape (n,)
        Repeat orders (x), weeks from first to last order (t_x), weeks observed (T).
    weight : ndarray, shape (n,)
        How many customers a row stands for.
    modified : bool
        MBG/NBD: a customer may leave after the first order, too.

    Returns
    -------
    callable
    """
    distinct, place = np.unique(count, return_inverse=True)
    copies = np.bincount(place, weights=weight).astype(np.float64)
    by_count = _CountTerms(distinct + (1.0 if modified else 0.0), distinct, copies)
    # how often the customer may have left before: x times, with the first order x + 1 times
    chances = count if modified else np.maximum(count - 1.0, 0.0)
    may_have_left = np.ones_like(count) if modified else (count > 0).astype(np.float64)

    def objective(logs: Floats) -> Derivatives:
        value, gradient, hessian = by_count(logs)
        more = _time_terms(logs, count, span, observed, weight, chances, may_have_left)
        return Derivatives(value + more.value, gradient + more.gradient, hessian + more.hessian)

    return objective


class _CountTerms:
    """What depends on the number of orders alone: Gamma(r+x) / Gamma(r) x alpha^r x B(a, stays) / B(a, b)."""

    def __init__(self, stays: Floats, count: Floats, copies: Floats) -> None:
        self.stays, self.count, self.copies = stays, count, copies

    def __call__(self, logs: Floats) -> Derivatives:
        r, _, a, b = np.exp(logs)
        n, copies, rx = self.copies.sum(), self.copies, r + self.count
        bx, abx = b + self.stays, a + b + self.stays
        value = (copies * (gammaln(rx) + gammaln(bx) - gammaln(abx))).sum()
        value += n * (gammaln(a + b) - gammaln(b) - gammaln(r) + r * logs[1])
        slope_r = (copies * digamma(rx)).sum() - n * digamma(r) + n * logs[1]
        slope_a = n * digamma(a + b) - (copies * digamma(abx)).sum()
        slope_b = slope_a + (copies * digamma(bx)).sum() - n * digamma(b)
        bend_r = (copies * _trigamma(rx)).sum() - n * _trigamma(r)
        bend_a = n * _trigamma(a + b) - (copies * _trigamma(abx)).sum()
        bend_b = bend_a + (copies * _trigamma(bx)).sum() - n * _trigamma(b)
        gradient = np.array([r * slope_r, n * r, a * slope_a, b * slope_b])
        hessian = np.zeros((4, 4))
        hessian[0, 0] = r * r * bend_r + r * slope_r
        hessian[0, 1] = hessian[1, 0] = n * r
        hessian[2, 2] = a * a * bend_a + a * slope_a
        hessian[2, 3] = hessian[3, 2] = a * b * bend_a
        hessian[3, 3] = b * b * bend_b + b * slope_b
        return Derivatives(float(value), gradient, hessian)


def _time_terms(
    logs: Floats,
    count: Floats,
    span: Floats,
    observed: Floats,
    weight: Floats,
    chances: Floats,
    may_have_left: Floats,
) -> Derivatives:
    """Add what depends on the times: -(r+x) log(alpha+T) + log(1 + odds of having left)."""
    r, alpha, a, b = np.exp(logs)
    shape = r + count
    until_now, until_last = alpha + observed, alpha + span
    share_now, share_last = alpha / until_now, alpha / until_last
    log_now = np.log(until_now)
    stretch = log_now - np.log(until_last)
    odds = np.log(a / (b + chances)) + shape * stretch
    left = may_have_left * expit(odds)
    value = (weight * (may_have_left * np.logaddexp(0.0, odds) - shape * log_now)).sum()
    # derivatives of the log odds
    slopes = (r * stretch, shape * (share_now - share_last), np.ones_like(odds), -b / (b + chances))
    pull = weight * left
    gradient = np.array([(pull * slope).sum() for slope in slopes])
    gradient[0] -= r * (weight * log_now).sum()
    gradient[1] -= (weight * shape * share_now).sum()
    spread = pull * (1.0 - left)
    hessian = np.zeros((4, 4))
    for i, slope in enumerate(slopes):
        pulled = spread * slope
        for j in range(i, 4):
            hessian[i, j] = hessian[j, i] = (pulled * slopes[j]).sum()
    hessian[0, 0] += (pull * slopes[0]).sum() - r * (weight * log_now).sum()
    mixed = r * (pull * (share_now - share_last)).sum() - r * (weight * share_now).sum()
    hessian[0, 1] += mixed
    hessian[1, 0] += mixed
    bend_now, bend_last = share_now * (1.0 - share_now), share_last * (1.0 - share_last)
    hessian[1, 1] += (pull * shape * (bend_now - bend_last)).sum() - (weight * shape * bend_now).sum()
    hessian[3, 3] += (pull * slopes[3] * (1.0 + slopes[3])).sum()
    return Derivatives(float(value), gradient, hessian)


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
    distinct, place = np.unique(count, return_inverse=True)
    copies = np.bincount(place, weights=weight).astype(np.float64)
    spent = count * value
    fixed = (weight * count * (np.log(value) + np.log(count))).sum()
    log_values = (weight * np.log(value)).sum()

    def objective(logs: Floats) -> Derivatives:
        p, q, v = np.exp(logs)
        n, px = copies.sum(), p * distinct
        total, shape = v + spent, p * count + q
        log_total, rate = weight * np.log(total), weight / total
        likelihood = (copies * (gammaln(px + q) - gammaln(px))).sum() - n * gammaln(q)
        likelihood += n * q * logs[2] + p * fixed - log_values - (shape * log_total).sum()
        both, bend = digamma(px + q), _trigamma(px + q)
        slope = np.array(
            [
                (copies * distinct * (both - digamma(px))).sum() + fixed - (count * log_total).sum(),
                (copies * both).sum() - n * digamma(q) + n * logs[2] - log_total.sum(),
                n * q / v - (shape * rate).sum(),
            ]
        )
        pq, pv, qv = (copies * distinct * bend).sum(), -(count * rate).sum(), n / v - rate.sum()
        pp = (copies * distinct**2 * (bend - _trigamma(px))).sum()
        qq = (copies * bend).sum() - n * _trigamma(q)
        vv = (shape * rate / total).sum() - n * q / v**2
        scale = np.array([p, q, v])
        natural = np.array([[pp, pq, pv], [pq, qq, qv], [pv, qv, vv]], dtype=np.float64)
        hessian = natural * scale[:, None] * scale + np.diag(slope * scale)
        return Derivatives(float(likelihood), slope * scale, hessian)

    return objective


def _trigamma(x: Floats | float) -> Floats:
    return np.asarray(polygamma(1, x))
