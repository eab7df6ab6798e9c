"""Log-likelihoods of the purchase processes, with first and second derivatives in the logs of the parameters.

In: ``FitRows``. Out: functions for ``newton``. Not here: the search, priors; order values
(``spend_likelihood``); what a regularity k above 1 adds (``regular_likelihood``).

With R = r + k x, bd = b + the number of chances to leave before the last, and M = 1 for k = 1,

    log L = (terms of x alone) - R log(alpha + t_x) + log(a + bd M E),   E = ((alpha + t_x) / (alpha + T))^R,

where a / (a + bd M E) is the probability of having left. All terms are positive and E is at most 1: nothing
cancels or overflows. Terms of x alone are in ``count_terms``; the rest is evaluated in blocks that stay in
the cache, short enough for BLAS to add them with one thread, so that the bits do not depend on threads.

References
----------
Fader, Hardie & Lee (2005), "Counting Your Customers the Easy Way", eq. (6): BG/NBD.
Batislam, Denizel & Filiztekin (2007), "Empirical validation and comparison of models for customer base
analysis": MBG/NBD, the same with a chance to leave before the first repeat order, too.
Platzer & Reutterer (2016), "Ticking away the moments", and Reutterer, Platzer & Schroeder (2021), "Leveraging
purchase regularity for predicting customer behavior the easy way": MBG/CNBD-k.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from patron.clv.native.count_terms import BLOCK, CountTerms, Theta, distinct_counts, unless_ones
from patron.clv.native.newton import Derivatives, Objective
from patron.clv.native.regular_likelihood import ReadyTerms
from patron.clv.native.rows import FitRows

Floats = NDArray[np.float64]


class _Sums(NamedTuple):
    """Sums over rows that value and derivatives are put together from; see the functions that fill them."""

    plain: Floats
    left: Floats
    spread: Floats
    ready: Floats


def purchases_likelihood(rows: FitRows, *, modified: bool, k: int = 1) -> Objective:
    """Return the log-likelihood of a purchase process as a function of log (r, alpha, a, b).

    Parameters
    ----------
    rows : FitRows
        In weeks; ``log_gaps`` is needed for k above 1.
    modified : bool
        A customer may leave after the first order, too (MBG), not only after repeat orders (BG).
    k : int
        Regularity: every k-th event of a customer's Poisson process is an order.

    Returns
    -------
    callable
    """
    by_count = CountTerms(*distinct_counts(rows.count, rows.weight), modified=modified, k=k)
    fixed = _gap_densities(rows, k)
    may_leave, loyal = (rows, None) if modified else _split(rows)
    blocks = _Blocks(may_leave, 0.0 if modified else 1.0, k)

    def objective(logs: Floats) -> Derivatives:
        theta = Theta(*np.exp(logs).tolist())
        with np.errstate(under="ignore"):
            parts = [by_count(theta, logs), _assembled(blocks(theta), theta)]
            if loyal is not None:
                parts.append(_still_there(loyal, theta))
        value = sum(part.value for part in parts) + fixed
        return Derivatives(value, _total([p.gradient for p in parts]), _total([p.hessian for p in parts]))

    return objective


def _total(parts: list[Floats]) -> Floats:
    total = parts[0].copy()
    for part in parts[1:]:
        total += part
    return total


def _gap_densities(rows: FitRows, k: int) -> float:
    """Part of the log density of the order times that is free of parameters: (k-1) log gap - log (k-1)!."""
    if k == 1 or rows.log_gaps is None:
        return 0.0
    gaps = float((rows.weight * rows.log_gaps).sum())
    return (k - 1) * gaps - float((rows.weight * rows.count).sum()) * float(gammaln(k))


def _split(rows: FitRows) -> tuple[FitRows, FitRows]:
    """Part customers who may have left under BG/NBD from those without a repeat order, who cannot have."""
    repeat = rows.count > 0.0
    may_leave, loyal = (FitRows(*(column[side] for column in rows[:4])) for side in (repeat, ~repeat))
    return may_leave, loyal


def _still_there(rows: FitRows, theta: Theta) -> Derivatives:
    """Add up - r log(alpha + T) for customers without a repeat order under BG/NBD."""
    until_now = theta.alpha + rows.observed
    share = theta.alpha / until_now
    value = -theta.r * float((rows.weight * np.log(until_now)).sum())
    slope = -theta.r * float((rows.weight * share).sum())
    bend = -theta.r * float((rows.weight * share * (1.0 - share)).sum())
    hessian = np.zeros((4, 4))
    hessian[:2, :2] = [[value, slope], [slope, bend]]
    return Derivatives(value, np.array([value, slope, 0.0, 0.0]), hessian)


class _Room(NamedTuple):
    """Buffers of a block, by what they end up holding; log odds means those of having left."""

    shape: Floats  # R = r + k x
    log_now: Floats  # log(alpha + T)
    log_last: Floats  # log(alpha + t_x)
    share_now: Floats  # alpha / (alpha + T)
    share_last: Floats  # alpha / (alpha + t_x)
    stretch: Floats  # log_now - log_last: slope of the log odds in r
    fall: Floats  # share_now - share_last
    by_alpha: Floats  # R x fall: slope of the log odds in log alpha
    by_b: Floats  # slope of the log odds in log b
    left: Floats  # chance of having left
    spread: Floats  # left x (1 - left)
    spare: Floats
    other: Floats


class _Blocks:
    """Sums over rows, block by block in buffers that are used again."""

    def __init__(self, rows: FitRows, first_chances: float, k: int) -> None:
        self.rows, self.first_chances = rows, first_chances
        self.events = rows.count if k == 1 else k * rows.count
        self.weight = unless_ones(rows.weight)
        width = min(BLOCK, rows.count.size)
        self.buffers, self.ones = np.empty((len(_Room._fields), width)), np.ones(width)
        self.ready = ReadyTerms(k, width) if k > 1 else None

    def __call__(self, theta: Theta) -> _Sums:
        total = _Sums(np.zeros(5), np.zeros(7), np.zeros(10), np.zeros(5))
        for start in range(0, self.rows.count.size, BLOCK):
            for part, more in zip(total, self._block(slice(start, start + BLOCK), theta), strict=True):
                part += more
        return total

    def _block(self, here: slice, theta: Theta) -> _Sums:
        span, observed = self.rows.span[here], self.rows.observed[here]
        room, ready, ones = _Room(*self.buffers[:, : span.size]), self.ready, self.ones[: span.size]
        weight = None if self.weight is None else self.weight[here]
        np.add(self.events[here], theta.r, out=room.shape)
        np.add(self.rows.count[here], theta.b - self.first_chances, out=room.by_b)
        _fill_clock(room, span, observed, theta.alpha)
        if ready is not None:
            ready.fill(room.shape, room.share_now, observed, span, theta.alpha)
        plain = _fill_left(room, theta, ones, weight, ready)
        left = _left_sums(room, ones)
        still = np.zeros(5)
        if ready is not None:
            still = ready.sums(np.subtract(ones if weight is None else weight, room.left, out=room.spare))
            ready.bend(room.stretch, room.by_alpha)
        return _Sums(plain, left, _spread_sums(room, ones), still)


def _fill_clock(room: _Room, span: Floats, observed: Floats, alpha: float) -> None:
    for weeks, log, share in (
        (observed, room.log_now, room.share_now),
        (span, room.log_last, room.share_last),
    ):
        np.add(weeks, alpha, out=share)
        np.log(share, out=log)
        np.divide(alpha, share, out=share)
    np.subtract(room.log_now, room.log_last, out=room.stretch)
    np.subtract(room.share_now, room.share_last, out=room.fall)
    np.multiply(room.fall, room.shape, out=room.by_alpha)


def _fill_left(
    room: _Room, theta: Theta, ones: Floats, weight: Floats | None, ready: ReadyTerms | None
) -> Floats:
    """Fill in the chance of having left (times weight) and its spread; sums that need what it is made of."""
    left, spread, rate = room.left, room.spread, room.by_b
    np.multiply(room.stretch, room.shape, out=left)
    np.negative(left, out=left)
    np.exp(left, out=left)
    left *= rate
    np.divide(-theta.b, rate, out=rate)
    if ready is not None:
        left *= ready.room.total
    left += theta.a
    plain = _plain_sums(room, ones, weight)
    np.divide(theta.a, left, out=left)
    np.subtract(1.0, left, out=spread)
    if weight is not None:
        left *= weight
    spread *= left
    return plain


def _plain_sums(room: _Room, ones: Floats, weight: Floats | None) -> Floats:
    """Weighted: log-likelihood, log_now, share_now, R share_now, R share_now^2."""
    heads = ones if weight is None else weight
    np.log(room.left, out=room.spare)
    value = np.dot(heads, room.spare)
    shape = room.shape if weight is None else np.multiply(room.shape, weight, out=room.spare)
    value -= np.dot(shape, room.log_last)
    np.multiply(shape, room.share_now, out=room.other)
    logs, shares = np.dot(heads, room.log_now), np.dot(heads, room.share_now)
    return np.array([value, logs, shares, np.dot(ones, room.other), np.dot(room.other, room.share_now)])


def _left_sums(room: _Room, ones: Floats) -> Floats:
    """Of left x: 1, stretch, by_alpha, by_b, fall, by_b^2, by_alpha (share_now + share_last)."""
    left, spare, other = room.left, room.spare, room.other
    sums = [np.dot(left, part) for part in (ones, room.stretch, room.by_alpha, room.by_b, room.fall)]
    np.multiply(left, room.by_b, out=spare)
    sums.append(np.dot(spare, room.by_b))
    np.multiply(left, room.by_alpha, out=spare)
    np.add(room.share_now, room.share_last, out=other)
    return np.array([*sums, np.dot(spare, other)])


def _spread_sums(room: _Room, ones: Floats) -> Floats:
    """Of spread x products of slopes, in the order of the Hessian's upper half."""
    spread, spare = room.spread, room.spare
    by_r, by_alpha, by_b = room.stretch, room.by_alpha, room.by_b
    np.multiply(spread, by_r, out=spare)
    sums = [np.dot(spare, slope) for slope in (by_r, by_alpha, ones, by_b)]
    np.multiply(spread, by_alpha, out=spare)
    sums += [np.dot(spare, slope) for slope in (by_alpha, ones, by_b)]
    np.multiply(spread, by_b, out=spare)
    return np.array([*sums, np.dot(spread, ones), np.dot(spare, ones), np.dot(spare, by_b)])


def _assembled(sums: _Sums, theta: Theta) -> Derivatives:
    """Put value, gradient and Hessian together by the chain rule."""
    r = theta.r
    value, log_now, share, pace, pace_share = sums.plain.tolist()
    left, stretch, by_alpha, by_b, fall, by_b_squared, by_alpha_shares = sums.left.tolist()
    ready_r, ready_alpha, ready_rr, ready_mixed, ready_bend = sums.ready.tolist()
    slope_r = r * (stretch - log_now + ready_r)
    gradient = np.array([slope_r, by_alpha - pace + ready_alpha, left, by_b])
    upper = sums.spread.copy()  # rr, r alpha, ra, rb, alpha alpha, alpha a, alpha b, aa, ab, bb
    upper[0] = slope_r + r * r * (upper[0] + ready_rr)
    upper[1] = r * (upper[1] + fall - share + ready_mixed)
    upper[2:4] *= r
    upper[4] += by_alpha - by_alpha_shares - pace + pace_share + ready_bend
    upper[9] += by_b + by_b_squared
    hessian = np.zeros((4, 4))
    rows, columns = np.triu_indices(4)
    hessian[rows, columns] = hessian[columns, rows] = upper
    return Derivatives(value, gradient, hessian)
