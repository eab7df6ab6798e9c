"""Orders one after the other: many customers at once.

In: a stream, when each customer's next order is due, how far to follow it.
Out: the orders until then, and when the next one is due. Not here: rates, calendars, values.

Time is measured in expected events here (rate x weeks), so that one unit means the same for everybody; a gap
between two orders is Gamma(k, 1).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

_LEAST_GAP = 1e-15  # a gap of exactly 0 has no logarithm


class Pending(NamedTuple):
    """Where each customer stands.

    Parameters
    ----------
    time, gap : ndarray, shape (n,)
        Expected events from the first order to the next one, and from the last one to the next one.
    room : ndarray, shape (n,)
        Repeat orders still to come before the customer leaves; infinite where it does not leave by orders.
    """

    time: Floats
    gap: Floats
    room: Floats


class Renewals(NamedTuple):
    """Orders; those of a customer come in the order of time.

    Parameters
    ----------
    who : ndarray of int, shape (m,)
        Row of the customer.
    time, gap : ndarray, shape (m,)
        Expected events since the first order, and since the order before.
    """

    who: Whole
    time: Floats
    gap: Floats


def first_pending(stream: np.random.Generator, k: int, room: Floats) -> Pending:
    """Draw when everybody's first repeat order is due."""
    gap = _gaps(stream, k, room.size)
    return Pending(gap, gap.copy(), room)


def follow(stream: np.random.Generator, k: int, pending: Pending, until: Floats) -> tuple[Renewals, Pending]:
    """Follow customers until a point in time, or until they leave.

    Parameters
    ----------
    stream : Generator
        Where gaps are drawn.
    k : int
        Events that make an order.
    pending : Pending
        Where the customers stand.
    until : ndarray, shape (n,)
        How far to follow each, expected events since its first order.

    Returns
    -------
    tuple of Renewals and Pending
        The orders, and where the customers stand then: what comes after does not depend on who looks.
    """
    pieces = [Renewals(np.empty(0, np.int64), np.empty(0), np.empty(0))]
    rows = _open(pending, until)
    while rows.size:
        piece, pending = _round(stream, k, pending, until, rows)
        pieces.append(piece)
        rows = _open(pending, until)
    return Renewals(*(np.concatenate(column) for column in zip(*pieces, strict=True))), pending


def _open(pending: Pending, until: Floats) -> Whole:
    return np.flatnonzero((pending.time <= until) & (pending.room >= 1.0))


def _round(
    stream: np.random.Generator, k: int, pending: Pending, until: Floats, rows: Whole
) -> tuple[Renewals, Pending]:
    """Draw about as many gaps as each of the rows needs, and take the orders that lie in time."""
    time, gap, room = (column[rows] for column in pending)
    ahead = (until[rows] - time) / k
    most = np.minimum(room, np.ceil(ahead + 4.0 * np.sqrt(ahead) + 4.0)).astype(np.int64)
    sizes = most + 1  # the order that is due, and what comes after it
    starts = np.cumsum(sizes) - sizes
    gaps = _gaps(stream, k, int(sizes.sum()))
    gaps[starts] = gap
    times = np.cumsum(gaps)
    times += np.repeat(time - times[starts], sizes)
    taken = times <= np.repeat(until[rows], sizes)
    taken[starts + most] = False  # this one is only due
    number = np.add.reduceat(taken, starts, dtype=np.int64)
    after = Pending(pending.time.copy(), pending.gap.copy(), pending.room.copy())
    after.time[rows] = times[starts + number]
    after.gap[rows] = gaps[starts + number]
    after.room[rows] = room - number
    return Renewals(np.repeat(rows, number), times[taken], gaps[taken]), after


def _gaps(stream: np.random.Generator, k: int, size: int) -> Floats:
    return np.maximum(stream.standard_gamma(k, size), _LEAST_GAP)
