"""Discounted orders of a customer who orders within the churn horizon, also where that is next to impossible.

In: a process, histories, the months of the value horizon.
Out: discounted orders given alive and such an order.
Not here: money (``value``).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from patron.clv._months import Stretches
from patron.clv.processes import PurchaseProcess
from patron.clv.processes.histories import Histories

Floats = NDArray[np.float64]

_TINY = 1e-7  # chance of an order above which a difference of expectations keeps five digits and more
# Radau's nodes: an order that is next to impossible mostly comes at the end of the time it has
_NODES = (0.0885879595127039, 0.409466864440735, 0.787659461760847, 1.0)
_LAGRANGE = np.linalg.inv(np.vander(_NODES, increasing=True)).T.tolist()  # each node's polynomial, by powers
_POINTS, _HALF_WEIGHTS = np.polynomial.legendre.leggauss(6)
_PLACES, _WEIGHTS = (0.5 + 0.5 * _POINTS).tolist(), (0.5 * _HALF_WEIGHTS).tolist()


def orders_if_kept(
    process: PurchaseProcess,
    past: Histories,
    weeks: float | Floats,
    months: Stretches,
    whole: Floats,
    rest: Floats,
    chance: Floats,
) -> Floats:
    """Discounted orders of a customer alive ordering within the next weeks (of all, or of each), shape (n,).

    All orders less those of the silent, (C - q C') / c. The difference is about c max(1, C) or more: it has
    digits left unless c is tiny beside both 1 and C.
    """
    still = process.silent_chance_if_alive(past, weeks)
    tiny = chance <= _TINY * np.minimum(whole, 1.0)
    kept = np.maximum((whole - still * rest) / np.where(tiny, 1.0, chance), 0.0)
    own = np.broadcast_to(weeks, tiny.shape)
    for until in np.unique(own[tiny]).tolist():
        rows = np.flatnonzero(tiny & (own == until))
        some = Histories(*(column[rows] for column in past))
        kept[rows] = _orders_around_the_next(process, some, until, months, chance[rows])
    return kept


def _orders_around_the_next(
    process: PurchaseProcess, past: Histories, weeks: float, months: Stretches, chance: Floats
) -> Floats:
    """Discounted orders given one in the next weeks: it and those after it, V(u), averaged over its time u.

    With F(u) = P(an order by u) that is the integral of V dF over F(weeks), month by month: nothing cancels.
    """

    def share(until: float) -> Floats:
        # an order too unlikely for a number is taken to come at the end
        result = np.full(chance.size, float(until == weeks))
        by_then = process.order_chance_if_alive(past, until)
        np.divide(by_then, chance, out=result, where=chance > 0.0)
        return result

    total, start, before = np.zeros(chance.size), 0.0, np.zeros(chance.size)
    within = months.until(weeks)
    for end, factor in zip(within.ends.tolist(), within.factors.tolist(), strict=True):
        width = end - start
        values = [factor + _orders_after_one(process, past, start + width * node, months) for node in _NODES]
        by_place, by_end = [share(start + width * place) for place in _PLACES], share(end)
        total += _integral(values, before, by_place, by_end)
        start, before = end, by_end
    return total


def _orders_after_one(process: PurchaseProcess, past: Histories, weeks: float, months: Stretches) -> Floats:
    """Discounted orders after an order so many weeks ahead, shape (n,)."""
    then = past.observed + weeks
    ordered = Histories(past.repeat_orders + 1.0, then, then)
    expected = process.discounted_orders_if_alive(ordered, months.after(weeks))
    return process.alive_probability(ordered) * expected


def _integral(values: list[Floats], before: Floats, by_place: list[Floats], by_end: Floats) -> Floats:
    """Integrate V dF over a stretch, V a polynomial through its values at the nodes, F known at the places.

    The moments of dF come by parts: F keeps its digits where it is tiny.
    """
    moments = [by_end - before]
    for power in range(1, len(_NODES)):
        moment = by_end.copy()
        for place, weight, share in zip(_PLACES, _WEIGHTS, by_place, strict=True):
            moment -= (power * weight * place ** (power - 1)) * share
        moments.append(moment)
    total = np.zeros(by_end.size)
    for value, coefficients in zip(values, _LAGRANGE, strict=True):
        for coefficient, moment in zip(coefficients, moments, strict=True):
            total += coefficient * moment * value
    # a mean lies between the values
    low, high = np.min(values, axis=0), np.max(values, axis=0)
    return np.asarray(np.clip(total, moments[0] * low, moments[0] * high))
