"""A block of customers with their truth and their orders, in continuous time.

In: a `World`, the number of a block. Out: who they are, what they ordered, when they left.
Not here: days, frames, fading.

Customers come in blocks of `BLOCK`; a block has its own streams and is always drawn whole, so that a customer
is the same however many others are asked for. The past is drawn before the holdout: it is the same with and
without one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from patron.simulation._renewals import Pending, first_pending, follow
from patron.simulation.season import Clock
from patron.simulation.world import World

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

BLOCK = 4096
# the streams of a block
WHO, ORDERS, FADING = range(3)
_LEAST_RATE = 1e-12  # events per week: small shapes draw zeros, and nobody waits longer than for ever
_LEAST_CHANCE = 1e-12


class Customers(NamedTuple):
    """The truth about a block, all of shape (BLOCK,).

    Parameters
    ----------
    event_rate : ndarray
        Events per week (lambda); k of them make an order.
    leaving : ndarray
        Chance of leaving after an order (p); Pareto/NBD: rate of leaving per week (mu).
    mean_value : ndarray
        Mean value of an order, currency.
    arrival : ndarray
        Week of the first order since the start.
    first_value : ndarray
        Value of the first order.
    repeat_orders_for_life : ndarray
        Repeat orders until it leaves; infinite for Pareto/NBD.
    lifetime_weeks : ndarray
        Weeks from the first order until it leaves for Pareto/NBD; infinite otherwise.
    fading_rank : ndarray
        Uniform on 0 to 1: who fades when a share fades.
    """

    event_rate: Floats
    leaving: Floats
    mean_value: Floats
    arrival: Floats
    first_value: Floats
    repeat_orders_for_life: Floats
    lifetime_weeks: Floats
    fading_rank: Floats


class Orders(NamedTuple):
    """Repeat orders; those of a customer come in the order of time.

    Parameters
    ----------
    who : ndarray of int, shape (m,)
        Row of the customer in the block.
    week : ndarray, shape (m,)
        Weeks since the start.
    gap : ndarray, shape (m,)
        Expected events since the order before: divided by the event rate these are weeks, without a season.
    value : ndarray, shape (m,)
        Currency, not rounded.
    """

    who: Whole
    week: Floats
    gap: Floats
    value: Floats


class Histories(NamedTuple):
    """A block's lives.

    Parameters
    ----------
    customers : Customers
        The truth.
    past, ahead : Orders
        Repeat orders before as_of, and in the holdout.
    left_week : ndarray, shape (BLOCK,)
        Week since the start in which the customer left; infinite where it has not by the end.
    """

    customers: Customers
    past: Orders
    ahead: Orders
    left_week: Floats


def stream_of(seed: int, block: int, purpose: int) -> np.random.Generator:
    """Open one of the streams of a block."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(block, purpose)))


def histories(world: World, clock: Clock, block: int) -> Histories:
    """Draw a block of customers and follow them to the end."""
    customers = _customers(world, stream_of(world.seed, block, WHO))
    stream = stream_of(world.seed, block, ORDERS)
    pending = first_pending(stream, world.k, customers.repeat_orders_for_life)
    end = world.weeks + world.holdout_weeks
    past, pending = _orders(world, clock, customers, stream, pending, (0.0, world.weeks))
    ahead, pending = _orders(world, clock, customers, stream, pending, (world.weeks, end))
    last = customers.arrival.copy()
    last[past.who] = past.week  # of several weeks of a customer the last one stays
    last[ahead.who] = ahead.week
    death = customers.arrival + customers.lifetime_weeks
    left = np.where(pending.room == 0.0, last, np.where(death < end, death, np.inf))
    return Histories(customers, past, ahead, left)


def _customers(world: World, stream: np.random.Generator) -> Customers:
    params = world.params
    rate = np.maximum(stream.standard_gamma(params["r"], BLOCK) / params["alpha"], _LEAST_RATE)
    leaving, orders, lifetime = _leaving(world, stream)
    mean = params["p"] * params["v"] / np.maximum(stream.standard_gamma(params["q"], BLOCK), _LEAST_RATE)
    arrival = stream.random(BLOCK) * (world.weeks / 2.0 if world.arrival == "spread" else 0.0)
    first_value = stream.standard_gamma(params["p"], BLOCK) * mean / params["p"]
    return Customers(rate, leaving, mean, arrival, first_value, orders, lifetime, stream.random(BLOCK))


def _leaving(world: World, stream: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    """Draw the truth about leaving, repeat orders for life, weeks of life."""
    params, never = world.params, np.full(BLOCK, np.inf)
    if world.purchases == "paretonbd":
        rate = np.maximum(stream.standard_gamma(params["s"], BLOCK) / params["beta"], _LEAST_RATE)
        return rate, never, stream.standard_exponential(BLOCK) / rate
    chance = np.clip(stream.beta(params["a"], params["b"], BLOCK), _LEAST_CHANCE, 1.0)
    orders = stream.geometric(chance).astype(np.float64)
    # BG/NBD: nobody leaves after the first order
    return chance, orders if world.purchases == "bgnbd" else orders - 1.0, never


def _orders(
    world: World,
    clock: Clock,
    customers: Customers,
    stream: np.random.Generator,
    pending: Pending,
    between: tuple[float, float],
) -> tuple[Orders, Pending]:
    """Follow the block from one week to another."""
    begin, end = between
    rate, busy_arrival = customers.event_rate, clock.busy(customers.arrival)
    stop = np.minimum(end, customers.arrival + customers.lifetime_weeks)
    renewals, pending = follow(stream, world.k, pending, rate * (clock.busy(stop) - busy_arrival))
    who = renewals.who
    week = clock.calendar(busy_arrival[who] + renewals.time / rate[who])
    week = np.clip(week, begin, np.nextafter(end, begin))  # rounding must not carry an order over as_of
    value = stream.standard_gamma(world.params["p"], who.size)
    value *= customers.mean_value[who] / world.params["p"]
    return Orders(who, week, renewals.gap, value), pending
