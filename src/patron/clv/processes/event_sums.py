"""Expected orders of a customer alive, where every k-th event is an order: exact sums over numbers of events.

In: numbers of orders, events since the last order, log-times. Out: expected orders, one number per point.
Not here: the series that carry these numbers to the rows (``phase_series``).

With j events behind the last order, the events of the next t weeks number N ~ NegBin(R + j, z), R = r + k x
and z = 1 - exp(-l), l = log(1 + t / (alpha + T)). The n-th order ahead comes with event n k - j and needs a
customer who stayed at the n - 1 orders before it, so ::

    E(orders) = sum over n >= 1 of B(a, b + x + n) / B(a, b + x + 1) * P(N >= n k - j)
              = sum over m of P(N = m) * (stays at the orders up to floor((m + j) / k), summed)

All terms are positive. The probabilities come from their ratios and are divided by their own sum, so no
gamma function of a large number enters. Where the sums would be very long, ``event_quadrature`` integrates
instead.

References
----------
Reutterer, Platzer & Schroeder (2021), "Leveraging purchase regularity for predicting customer behavior the
easy way", International Journal of Research in Marketing 38(1), 194-215: the model; the paper approximates
the expectation.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from patron.clv.processes.event_quadrature import expected_by_quadrature

Floats = NDArray[np.float64]

_BLOCK = 4096  # points worked on at once
_LONGEST_START = 600.0  # exp of it is a number still: from no event to the likeliest number of events
_DEPTH = 200.0  # log of how unlikely the first number of events is where the sum does not start at none
_NEGLIGIBLE = 1e-17  # of a sum: terms below it, falling, do not change a bit of it
_STEPS = 16  # events between two looks at whether the sums are done
_LONGEST_SUM = 10_000.0  # events; from there on the integral costs less


class EventRate(NamedTuple):
    """The parameters that matter while a customer is alive.

    Parameters
    ----------
    r, alpha : float
        Gamma shape and rate (weeks) of the event rates.
    a, stays : float
        Beta parameters of the chance of leaving, of a customer without repeat orders known to be alive.
    k : int
        Every k-th event is an order.
    """

    r: float
    alpha: float
    a: float
    stays: float
    k: int


class _Start(NamedTuple):
    """Where the sums of some points begin; arrays of shape (n,).

    Parameters
    ----------
    events : ndarray
        Number of events.
    orders : ndarray
        Orders among them.
    stays : ndarray
        Chances of being there for each of those orders, summed.
    stay : ndarray
        Chance of being there for the order after them.
    """

    events: Floats
    orders: Floats
    stays: Floats
    stay: Floats


def expected_at(rate: EventRate, repeat_orders: Floats, phase: int, log_time: Floats) -> Floats:
    """Expect orders within each log-time, of customers alive with so many events behind the last order.

    Parameters
    ----------
    rate : EventRate
        The parameters.
    repeat_orders : ndarray, shape (n,)
        Number of repeat orders.
    phase : int
        Events since the last order, below k.
    log_time : ndarray, shape (n,)
        log(1 + t / (alpha + T)), above 0.

    Returns
    -------
    ndarray, shape (n,)
        A point depends on its own two numbers only, to the bit.
    """
    result = np.empty(log_time.size)
    shape = rate.r + rate.k * repeat_orders + phase
    stretch = np.exp(log_time)
    spread = np.sqrt(shape * np.expm1(log_time)) * np.sqrt(stretch)
    far = shape * log_time > _LONGEST_START
    long = 10.0 * spread + 40.0 * stretch > _LONGEST_SUM
    for point in np.flatnonzero(long):
        stays = rate.stays + repeat_orders[point]
        result[point] = expected_by_quadrature(rate.a, stays, rate.k, phase, shape[point], log_time[point])
    for late in (False, True):
        points = np.flatnonzero((far == late) & ~long)
        # points of like length together: a block runs to the end of its longest sum
        points = points[np.argsort(spread[points], kind="stable")]
        for first in range(0, points.size, _BLOCK):
            some = points[first : first + _BLOCK]
            x, chance = repeat_orders[some], -np.expm1(-log_time[some])
            start = _at_depth(rate, x, phase, shape[some], chance) if late else _at_none(x)
            offset = 0 if late else phase
            result[some] = _sum_over_events(rate, x, shape[some], chance, start, offset)
    return result


def _sum_over_events(
    rate: EventRate, x: Floats, shape: Floats, chance: Floats, start: _Start, offset: int
) -> Floats:
    """Add up P(N = m) and P(N = m) * stays from the start on; orders come when k divides step + offset."""
    above, below = shape + start.events, start.events + 1.0
    stay_above, stay_below = rate.stays + x + start.orders, rate.a + rate.stays + x + start.orders
    probability, stays, stay = np.ones(x.size), start.stays.copy(), start.stay.copy()
    mass, total, term = np.ones(x.size), stays.copy(), np.empty(x.size)
    step = 0
    while True:
        for _ in range(_STEPS):
            step += 1
            np.divide(above, below, out=term)
            term *= chance
            probability *= term
            above += 1.0
            below += 1.0
            if (step + offset) % rate.k == 0:
                stays += stay
                stay *= stay_above / stay_below
                stay_above += 1.0
                stay_below += 1.0
            mass += probability
            np.multiply(probability, stays, out=term)
            total += term
        done = (term <= _NEGLIGIBLE * total) & (probability < _NEGLIGIBLE * mass)
        if step >= 2 * rate.k and done.all():
            return total / mass


def _at_none(x: Floats) -> _Start:
    return _Start(np.zeros(x.size), np.zeros(x.size), np.zeros(x.size), np.ones(x.size))


def _at_depth(rate: EventRate, x: Floats, phase: int, shape: Floats, chance: Floats) -> _Start:
    """Start right at an order, where the number of events is exp(-_DEPTH) as likely as the likeliest."""
    mode = np.maximum(np.floor((shape - 1.0) * chance / (1.0 - chance)), 0.0)
    wanted = _log_likely(mode, shape, chance) - _DEPTH
    low, high = np.zeros(x.size), mode
    for _ in range(64):
        middle = np.floor(0.5 * (low + high))
        unlikely = _log_likely(middle, shape, chance) < wanted
        low, high = np.where(unlikely, middle, low), np.where(unlikely, high, middle)
    orders = np.maximum(np.floor((low + phase) / rate.k), 1.0)
    stays, stay = _stays_until(rate, x, orders)
    return _Start(orders * rate.k - phase, orders, stays, stay)


def _log_likely(events: Floats, shape: Floats, chance: Floats) -> Floats:
    """Log of P(N = events), up to a constant and to rounding that does not matter here."""
    return np.asarray(gammaln(shape + events) - gammaln(events + 1.0) + events * np.log(chance))


def _stays_until(rate: EventRate, x: Floats, orders: Floats) -> tuple[Floats, Floats]:
    """Chances of being there for each of so many orders, summed, and for the one after them."""
    summed, after = np.zeros(x.size), np.ones(x.size)
    for count in np.unique(x):
        rows = np.flatnonzero(x == count)
        number = np.arange(orders[rows].max())
        chances = np.cumprod((rate.stays + count + number) / (rate.a + rate.stays + count + number))
        chances = np.append(1.0, chances)
        sums = np.append(0.0, np.cumsum(chances))
        place = orders[rows].astype(np.intp)
        summed[rows], after[rows] = sums[place], chances[place]
    return summed, after
