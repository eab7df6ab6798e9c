"""Expected orders of customers alive under MBG/CNBD-k, carried from exact sums to the rows by short series.

In: parameters, numbers of orders, weeks observed, horizons. Out: expected orders for each number of events
that may be behind a customer's last order. Not here: the sums (``event_sums``), how likely those numbers
are (``regular``).

Given x and the events j since the last order, expected orders are a function of the log-time l = log(1 + t
/ (alpha + T)) alone. Each octave [2^(e-1), 2^e] of l below 1 has its own Chebyshev series, so relative
digits are kept however short the horizon; from 1 on each unit has, as the sums grow with exp(l). Only the
intervals that rows fall into are expanded; a series depends on the parameters, x and j, never on the rows.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from patron.clv._months import DAYS_PER_WEEK
from patron.clv.processes.distinct import Distinct, distinct
from patron.clv.processes.event_sums import EventRate, expected_at

Floats = NDArray[np.float64]
Whole = NDArray[np.intp]

_BLOCK = 4096  # pairs worked on at once
_TABLE_PER_ROW = 16  # how many more pairs (orders, weeks observed) than rows there may be to look them up
_SOONEST = 1e-9  # weeks: where the sum of a horizon of 0, which is left out, is looked up
_OCTAVES, _UNITS = 200, 700  # from 2^-200, below any horizon over any time observed, to the largest number
_TOPS = np.append(np.ldexp(1.0, np.arange(1 - _OCTAVES, 1)), np.arange(2.0, _UNITS + 2.0))
_BOTTOMS = np.append(0.5 * _TOPS[:_OCTAVES], _TOPS[_OCTAVES:] - 1.0)


def phase_expectations(
    rate: EventRate, repeat_orders: Floats, observed: Floats, weeks: Floats, weights: Floats
) -> Floats:
    """Weighted sums of the orders expected within horizons, of customers alive, per phase.

    Parameters
    ----------
    rate : EventRate
        The parameters.
    repeat_orders, observed : ndarray, shape (n,)
        Number of repeat orders; weeks observed.
    weeks : ndarray, shape (h,)
        Horizons, weeks; one of 0 adds nothing.
    weights : ndarray, shape (m, h)
        One row per sum wanted.

    Returns
    -------
    ndarray, shape (m, k, n)
        By events since the last order. A row depends on its own two numbers, ``weeks`` and ``weights``
        only, to the bit.
    """
    ahead = weeks > 0.0
    weeks, weights = weeks[ahead], weights[:, ahead]
    orders, times = distinct(repeat_orders, 1.0), distinct(observed, DAYS_PER_WEEK)
    pairs = _numbered_pairs(orders, times)
    if pairs is None:
        return _of_pairs(rate, orders.values, orders.place, observed, weeks, weights)
    column = times.values.size
    kept = np.flatnonzero(np.bincount(pairs))
    table = _of_pairs(rate, orders.values, kept // column, times.values[kept % column], weeks, weights)
    place = np.zeros(int(kept[-1]) + 1, dtype=np.intp)
    place[kept] = np.arange(kept.size)
    return table[:, :, place[pairs]]


def phase_expectations_each(
    rate: EventRate, repeat_orders: Floats, observed: Floats, weeks: Floats, weights: Floats
) -> Floats:
    """Weighted sum of the orders expected within horizons of the row's own, of customers alive, per phase.

    Parameters
    ----------
    rate : EventRate
        The parameters.
    repeat_orders, observed : ndarray, shape (n,)
        Number of repeat orders; weeks observed.
    weeks : ndarray, shape (h, n)
        Horizons, weeks; one of 0 adds nothing.
    weights : ndarray, shape (h,)
        Of the horizons.

    Returns
    -------
    ndarray, shape (k, n)
        By events since the last order. A row depends on its own numbers only, to the bit.
    """
    orders = distinct(repeat_orders, 1.0)
    summed: Floats = _of_pairs(rate, orders.values, orders.place, observed, weeks, weights[None, :])[0]
    return summed


def _numbered_pairs(orders: Distinct, times: Distinct) -> Whole | None:
    """Give the pairs of the rows numbers; None where looking pairs up does not pay."""
    most = _TABLE_PER_ROW * orders.place.size
    if orders.place.size == 0 or orders.values.size * times.values.size > most:
        return None
    return np.asarray(orders.place * times.values.size + times.place)


def _of_pairs(
    rate: EventRate, counts: Floats, place: Whole, observed: Floats, weeks: Floats, weights: Floats
) -> Floats:
    """Compute the sums for numbers of orders ``counts[place]``, shape (m, k, pairs).

    Horizons are those of all, shape (h,), or each pair's own, shape (h, pairs).
    """
    weeks = np.broadcast_to(weeks if weeks.ndim == 2 else weeks[:, None], (len(weeks), place.size))
    needed = np.zeros((counts.size, _TOPS.size), dtype=bool)
    blocks = [slice(start, start + _BLOCK) for start in range(0, place.size, _BLOCK)]
    for rows in blocks:
        for horizon in weeks:
            needed[place[rows], _interval(_log_time(rate, observed[rows], horizon[rows]))] = True
    which, interval = np.nonzero(needed)
    steep, series = _interval_series(rate, counts[which], interval)
    number = np.zeros(needed.shape, dtype=np.intp)
    number[needed] = np.arange(which.size)
    result = np.zeros((len(weights), rate.k, place.size))
    for rows in blocks:
        for horizon, weight in zip(weeks, weights.T, strict=True):
            log_time = _log_time(rate, observed[rows], horizon[rows])
            interval = _interval(log_time)
            expected = _evaluate(series, steep, number[place[rows], interval], interval, log_time)
            expected[:, horizon[rows] <= 0.0] = 0.0
            for total, factor in zip(result, weight, strict=True):
                if factor != 0.0:
                    total[:, rows] += factor * expected
    return result


def _log_time(rate: EventRate, observed: Floats, horizon: Floats) -> Floats:
    return np.asarray(np.log1p(np.maximum(horizon, _SOONEST) / (rate.alpha + observed)))


def _interval(log_time: Floats) -> Whole:
    """Which interval the log-times fall into."""
    _, octave = np.frexp(log_time)
    below = octave.astype(np.intp) - 1
    return np.asarray(np.where(log_time < 1.0, below, np.floor(log_time).astype(np.intp) - 1) + _OCTAVES)


def _interval_series(
    rate: EventRate, repeat_orders: Floats, interval: Whole
) -> tuple[NDArray[np.bool_], Floats]:
    """Expand expected orders over intervals: which are steep, and coefficients, (nodes, k, intervals).

    In a steep interval, where even one order is unlikely, l^(k - j) is divided out, or the digits of its
    lower end would be lost.
    """
    top, bottom = _TOPS[interval][:, None], _BOTTOMS[interval][:, None]
    steep = (rate.r + rate.k * repeat_orders) * top[:, 0] < rate.k
    # the more events between orders, the more waves before the orders ahead have lost their rhythm
    nodes = 18 + 2 * rate.k
    angle = (np.arange(nodes) + 0.5) * np.pi / nodes
    log_time = bottom + (top - bottom) * np.cos(0.5 * angle) ** 2
    to_series = np.cos(np.arange(nodes)[:, None] * angle) * (2.0 / nodes)
    to_series[0] *= 0.5
    series = np.zeros((nodes, rate.k, interval.size))
    for phase in range(rate.k):
        values = expected_at(rate, np.repeat(repeat_orders, nodes), phase, log_time.reshape(-1))
        values = values.reshape(log_time.shape)
        values[steep] /= (log_time / top)[steep] ** (rate.k - phase)
        for node in range(nodes):
            series[:, phase] += to_series[:, node, None] * values[:, node]
    return steep, series


def _evaluate(
    series: Floats, steep: NDArray[np.bool_], own: Whole, interval: Whole, log_time: Floats
) -> Floats:
    """Sum each row's series, coefficient after coefficient, shape (k, rows)."""
    top, bottom = _TOPS[interval], _BOTTOMS[interval]
    place = 2.0 * (log_time - bottom) / (top - bottom) - 1.0
    before, now = np.ones_like(place), place
    result: Floats = series[0][:, own]
    for coefficients in series[1:]:
        result += coefficients[:, own] * now
        before, now = now, 2.0 * place * now - before
    slope = np.where(steep[own], log_time / top, 1.0)
    power = np.ones_like(slope)
    for expected in result[::-1]:
        power = power * slope
        expected *= power
    return result
