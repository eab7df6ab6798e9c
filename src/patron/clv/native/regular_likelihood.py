"""What a regularity k above 1 adds to the likelihood of a purchase process.

In: blocks of rows. Out: M = sum over j < k of (R)_j / j! y^j, with y = (T - t_x) / (alpha + T), and the
derivatives of log M in r and log alpha. Not here: everything else (``likelihoods``).

A customer who is still there has gone through up to k - 1 of the k events that make the next order; the j-th
term is the likelihood of j of them in the time since the last order, beside none at all.

References
----------
Platzer & Reutterer (2016), "Ticking away the moments".
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class _Room(NamedTuple):
    """Buffers of a block; while terms are added, sums of term x what is said, then divided by M."""

    total: Floats  # 1: M itself
    by_r: Floats  # h = sum of 1 / (R + i) for i < j; then the slope of log M in r
    by_rr: Floats  # h^2 - sum of 1 / (R + i)^2; then its second derivative
    by_alpha: Floats  # j; then the slope in log alpha
    mixed: Floats  # j h; then the mixed derivative in r and log alpha
    bend: Floats  # j (j + 1); then the second derivative in log alpha
    progress: Floats  # y
    term: Floats
    pace: Floats  # h
    pace_squares: Floats
    spare: Floats


class ReadyTerms:
    """log M and its derivatives for blocks of rows, in buffers that are used again.

    Parameters
    ----------
    k : int
        Regularity, at least 2.
    width : int
        Most rows in a block.
    """

    def __init__(self, k: int, width: int) -> None:
        self.k = k
        self.buffers = np.empty((len(_Room._fields), width))
        self.room = _Room(*self.buffers)

    def fill(self, shape: Floats, share_now: Floats, observed: Floats, span: Floats, alpha: float) -> None:
        """Compute a block.

        Parameters
        ----------
        shape, share_now, observed, span : ndarray, shape (rows,)
            R, alpha / (alpha + T), T, t_x.
        alpha : float
            Weeks.
        """
        self.room = room = _Room(*self.buffers[:, : shape.size])
        np.subtract(observed, span, out=room.progress)
        np.multiply(room.progress, share_now, out=room.progress)
        np.multiply(room.progress, 1.0 / alpha, out=room.progress)
        for buffer in (room.total, room.term):
            buffer.fill(1.0)
        sums = (room.by_r, room.by_rr, room.by_alpha, room.mixed, room.bend)
        for buffer in (*sums, room.pace, room.pace_squares):
            buffer.fill(0.0)
        for j in range(1, self.k):
            _add_term(room, shape, j)
        _to_derivatives(room, share_now)

    def sums(self, still: Floats) -> Floats:
        """Sum ``still`` x the slopes in r and log alpha, and the second derivatives: r, mixed, log alpha."""
        room = self.room
        return np.array(
            [np.dot(still, part) for part in (room.by_r, room.by_alpha, room.by_rr, room.mixed, room.bend)]
        )

    def bend(self, stretch: Floats, by_alpha: Floats) -> None:
        """Take the slopes of log M from those of the log odds of having left, in place."""
        stretch -= self.room.by_r
        by_alpha -= self.room.by_alpha


def _add_term(room: _Room, shape: Floats, j: int) -> None:
    term, pace, spare = room.term, room.pace, room.spare
    np.add(shape, j - 1.0, out=spare)
    term *= spare
    term *= room.progress
    term *= 1.0 / j
    np.divide(1.0, spare, out=spare)
    pace += spare
    spare *= spare
    np.add(room.pace_squares, spare, out=room.pace_squares)
    _add(room.total, term)
    np.multiply(term, pace, out=spare)
    _add(room.by_r, spare)
    spare *= j
    _add(room.mixed, spare)
    np.multiply(pace, pace, out=spare)
    spare -= room.pace_squares
    spare *= term
    _add(room.by_rr, spare)
    np.multiply(term, j, out=spare)
    _add(room.by_alpha, spare)
    spare *= j + 1
    _add(room.bend, spare)


def _add(total: Floats, more: Floats) -> None:
    total += more


def _to_derivatives(room: _Room, share_now: Floats) -> None:
    """Turn the sums into derivatives of log M; y falls with log alpha as -alpha / (alpha + T)."""
    part, spare = room.term, room.spare
    np.divide(1.0, room.total, out=part)
    for buffer in (room.by_r, room.by_rr):
        buffer *= part
    np.multiply(room.by_r, room.by_r, out=spare)
    np.subtract(room.by_rr, spare, out=room.by_rr)
    part *= share_now
    for buffer in (room.by_alpha, room.mixed, room.bend):
        buffer *= part
    np.negative(room.by_alpha, out=room.by_alpha)
    np.negative(room.mixed, out=room.mixed)
    np.multiply(room.by_r, room.by_alpha, out=spare)
    np.subtract(room.mixed, spare, out=room.mixed)
    np.multiply(room.bend, share_now, out=room.bend)
    np.multiply(room.by_alpha, room.by_alpha, out=spare)
    np.subtract(room.bend, spare, out=room.bend)
    np.add(room.bend, room.by_alpha, out=room.bend)
