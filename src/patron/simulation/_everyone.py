"""All customers of a ledger: blocks put together, fading included.

In: a `World`, its clock, how customers fade. Out: truth and orders of everybody, in continuous time.
Not here: days and frames (``_frames``).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from patron.simulation._lives import (
    BLOCK,
    FADING,
    Customers,
    Histories,
    Orders,
    histories,
    stream_of,
)
from patron.simulation.fading import Fading, fading_orders
from patron.simulation.season import Clock
from patron.simulation.world import World

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


class Truth(NamedTuple):
    """What is true about each customer, all of shape (n,).

    Parameters
    ----------
    event_rate, leaving, mean_value, arrival : ndarray
        As in `Customers`.
    left_week : ndarray
        Week in which it leaves for good; infinite where that is after the end.
    fades_week : ndarray
        Week from which it fades; infinite where it does not by the end.
    """

    event_rate: Floats
    leaving: Floats
    mean_value: Floats
    arrival: Floats
    left_week: Floats
    fades_week: Floats


class Lines(NamedTuple):
    """All orders, the first ones included, by customer and time.

    Parameters
    ----------
    who : ndarray of int, shape (m,)
        Row of the customer.
    week, value : ndarray, shape (m,)
        Weeks since the start; currency, not rounded.
    """

    who: Whole
    week: Floats
    value: Floats


def everyone(world: World, clock: Clock, fading: Fading | None) -> tuple[Truth, Lines]:
    """Draw all blocks and put them together."""
    pieces = [_block(world, clock, fading, begin) for begin in range(0, world.customers, BLOCK)]
    truths, lines = zip(*pieces, strict=True)
    truth = Truth(*(np.concatenate(column) for column in zip(*truths, strict=True)))
    return truth, Lines(*(np.concatenate(column) for column in zip(*lines, strict=True)))


def _block(world: World, clock: Clock, fading: Fading | None, begin: int) -> tuple[Truth, Lines]:
    lives = histories(world, clock, begin // BLOCK)
    left, fades = lives.left_week, np.full(BLOCK, np.inf)
    orders = [_first_orders(lives.customers), lives.past, lives.ahead]
    if fading is not None:
        faded, tails = _faded(world, clock, fading, lives, begin // BLOCK)
        orders += tails
        fades = np.where(faded, left, np.inf)
        left = np.where(faded, left + fading.lasts_weeks, left)
    end, rows = world.weeks + world.holdout_weeks, slice(world.customers - begin)
    left = np.where(left < end, left, np.inf)
    who, week, _, value = (np.concatenate(column) for column in zip(*orders, strict=True))
    wanted = np.flatnonzero((who < world.customers - begin) & (week < end))
    order = wanted[np.lexsort((week[wanted], who[wanted]))]
    one = lives.customers
    columns = (one.event_rate, one.leaving, one.mean_value, one.arrival, left, fades)
    return (
        Truth(*(column[rows] for column in columns)),
        Lines(who[order] + begin, week[order], value[order]),
    )


def _first_orders(customers: Customers) -> Orders:
    return Orders(np.arange(BLOCK), customers.arrival, np.full(BLOCK, np.nan), customers.first_value)


def _faded(
    world: World, clock: Clock, fading: Fading, lives: Histories, number: int
) -> tuple[NDArray[np.bool_], list[Orders]]:
    """Draw who fades and what they still order, the leavers of the past before those of the holdout."""
    left, stream = lives.left_week, stream_of(world.seed, number, FADING)
    past, ahead = left < world.weeks, (left >= world.weeks) & np.isfinite(left)
    tails = [fading_orders(stream, fading, lives, clock, world.params, some) for some in (past, ahead)]
    return tails[0].fades | tails[1].fades, [tail.orders for tail in tails]
