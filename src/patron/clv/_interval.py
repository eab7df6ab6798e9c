"""The 80 % predictive interval of what a customer really brings, for any number of customers at once.

In: models, purchase rows, a horizon. Out: lower and upper end per customer.
Not here: the futures themselves (``_draws``), the expected value (``value``); the uncertainty of the fitted
parameters, which hardly shows in a single customer but does in the whole base (``_portfolio``).

A customer's value is (v + x z) W: W is what a customer with x repeat orders, watched for T weeks, buys in a
unit of its own, and its distribution given that there is an order at all depends on x and T alone (where gaps
are regular, also on the time since the last order). The quantiles of ``log W`` are therefore drawn once for a
net of them (2,047 futures each, always the same ones) and interpolated in between; P(alive) and P(an order)
are each customer's own, exact. So customers with equal histories have equal intervals, and a row depends on
its own values only.

A future without any order is worth exactly nothing, so there is a lump at zero. Where it holds less than a
tenth of the futures, the interval leaves out a tenth on either side. Where it holds more, nothing can be
left out below: the interval begins at zero and leaves out the best fifth. Where it holds more than four
fifths, the interval is zero to zero, although the expected value is above.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from patron.clv._draws import LEFT_OUT, positive_futures
from patron.clv._spend import Spend
from patron.clv._summary import PurchaseRows
from patron.clv.processes import PurchaseProcess
from patron.clv.processes.histories import Histories

Floats = NDArray[np.float64]

_FUTURES = 2047
#: Shares of the futures with an order at which quantiles are kept.
_SHARES = np.linspace(0.0, 1.0, 201)
#: Repeat orders up to this are nodes of the net themselves; above, each node is a seventh larger.
_EVERY_COUNT = 16
_COUNT_STEP, _TIME_STEP = 1.0 / 7.0, 0.2
_WAITED_STEP = 0.125
_NODES_KEPT = 16_384
#: No axis has this many nodes.
_WIDEST = 1 << 20
_NOTHING = -700.0


class _Places(NamedTuple):
    """Between which two nodes rows lie, and how far from the first to the second; shape (n,) each."""

    below: NDArray[np.int64]
    above: NDArray[np.int64]
    share: Floats


def value_interval(
    process: PurchaseProcess,
    spend: Spend,
    rows: PurchaseRows,
    *,
    alive: Floats,
    horizon_weeks: float,
    annual_discount_rate: float,
) -> tuple[Floats, Floats]:
    """80 % interval of the discounted revenue in the horizon.

    Parameters
    ----------
    process, spend
        The models.
    rows : PurchaseRows, n rows
        What is known of the customers.
    alive : ndarray, shape (n,)
        P(alive) of the process.
    horizon_weeks, annual_discount_rate : float
        How far ahead, and what later money is worth less.

    Returns
    -------
    tuple of ndarray, shape (n,)
        Lower and upper end, currency, before margin. A row depends on its own values only, to the bit.
    """
    orders = alive * process.order_chance_if_alive(rows.history, horizon_weeks)
    low, high = np.zeros(len(rows)), np.zeros(len(rows))
    sure = orders > 1.0 - LEFT_OUT
    some = orders > 2.0 * LEFT_OUT
    chosen = np.flatnonzero(some)
    if chosen.size == 0:
        return low, high
    few = rows if chosen.size == len(rows) else rows.take(chosen)
    quantiles = _Net(process, spend, horizon_weeks, annual_discount_rate).at(few)
    above = np.where(sure[chosen], LEFT_OUT, 2.0 * LEFT_OUT) / orders[chosen]
    high[chosen] = quantiles.read(1.0 - above)
    below = np.minimum((1.0 - LEFT_OUT) / orders[chosen], 1.0)
    low[chosen] = np.where(sure[chosen], quantiles.read(1.0 - below), 0.0)
    return low, high


class _Quantiles(NamedTuple):
    """Quantiles of customers' values given an order: from four nodes around each of them."""

    table: Floats
    corners: tuple[tuple[NDArray[np.int64], Floats], ...]
    log_unit: Floats

    def read(self, share: Floats) -> Floats:
        """Value below which this share of each customer's futures with an order lies, shape (n,)."""
        place = np.clip(share, 0.0, 1.0) * (len(_SHARES) - 1)
        first = np.minimum(place.astype(np.int64), len(_SHARES) - 2)
        rest = place - first
        total = self.log_unit.copy()
        for node, weight in self.corners:
            before, after = self.table[node, first], self.table[node, first + 1]
            total += weight * (before + rest * (after - before))
        return np.asarray(np.exp(total))


class _Net(NamedTuple):
    """The net of repeat orders and weeks observed, of one model and horizon."""

    process: PurchaseProcess
    spend: Spend
    horizon_weeks: float
    annual_discount_rate: float

    def at(self, rows: PurchaseRows) -> _Quantiles:
        """Look up the quantiles around each row."""
        x, _, observed = rows.history
        axes = [_places(_count_place(x)), _places(np.log1p(observed / self.process.alpha) / _TIME_STEP)]
        if _regularity(self.process) > 1:
            axes.append(_places(_waited_place(self.process, rows.history)))
        corners = [(np.zeros(len(rows), dtype=np.int64), np.ones(len(rows)))]
        for axis in axes:
            ends = ((axis.below, 1.0 - axis.share), (axis.above, axis.share))
            corners = [(node * _WIDEST + place, w * share) for node, w in corners for place, share in ends]
        wanted, place = np.unique(np.concatenate([node for node, _ in corners]), return_inverse=True)
        terms = (self.horizon_weeks, self.annual_discount_rate)
        nodes = [_apart(int(node), len(axes)) for node in wanted]
        table = np.stack([_node(self.process, self.spend, *terms, at) for at in nodes])
        n = len(rows)
        placed = [(place[k * n : (k + 1) * n], weight) for k, (_, weight) in enumerate(corners)]
        log_unit = np.log(self.spend.v + x * rows.value) + _log_scale(self.process, self.spend, x, observed)
        return _Quantiles(table, tuple(placed), log_unit)


@lru_cache(maxsize=_NODES_KEPT)
def _node(
    process: PurchaseProcess, spend: Spend, horizon_weeks: float, rate: float, place: tuple[int, ...]
) -> Floats:
    """Quantiles of log W on the scale of ``_log_scale``, given an order, at one node; shape (201,)."""
    repeat_orders = _count_at(place[0])
    observed = process.alpha * float(np.expm1(place[1] * _TIME_STEP))
    span = observed
    if len(place) > 2:
        span = max(observed - _waited_at(process, repeat_orders, observed, place[2]), 0.0)
    past = Histories(np.array([repeat_orders]), np.array([span]), np.array([observed]))
    worth = positive_futures(process, spend, past, horizon_weeks, rate, _FUTURES)
    if worth.size == 0:  # nobody reads it: such a customer's interval is zero to zero
        return np.full(len(_SHARES), _NOTHING)
    scale = _log_scale(process, spend, past.repeat_orders, past.observed)[0]
    found = np.log(np.quantile(np.maximum(worth, np.finfo(np.float64).tiny), _SHARES)) - scale
    found.flags.writeable = False
    return np.asarray(found)


def _apart(node: int, axes: int) -> tuple[int, ...]:
    """Take the number of a node apart into its places on the axes."""
    return tuple(node // _WIDEST**power % _WIDEST for power in range(axes - 1, -1, -1))


def _log_scale(process: PurchaseProcess, spend: Spend, repeat_orders: Floats, observed: Floats) -> Floats:
    """Log of how W grows with x and T, roughly: what is left to interpolate is nearly flat."""
    pace = (repeat_orders + 1.0) / (observed + process.alpha)
    return np.asarray(np.log(pace) - np.log(spend.q + spend.p * repeat_orders))


def _places(position: Floats) -> _Places:
    below = np.floor(position).astype(np.int64)
    share = position - below
    # a row on a node needs no other: what stands there would weigh nothing
    return _Places(below, np.where(share > 0.0, below + 1, below), share)


def _count_place(repeat_orders: Floats) -> Floats:
    many = np.maximum(repeat_orders, _EVERY_COUNT)
    return np.where(
        repeat_orders <= _EVERY_COUNT,
        repeat_orders,
        _EVERY_COUNT + np.log(many / _EVERY_COUNT) / _COUNT_STEP,
    )


def _count_at(place: int) -> float:
    """Repeat orders at a node; the net's upper part need not stand on whole numbers."""
    if place <= _EVERY_COUNT:
        return float(place)
    return float(_EVERY_COUNT * np.exp((place - _EVERY_COUNT) * _COUNT_STEP))


def _regularity(process: PurchaseProcess) -> int:
    return int(getattr(process, "k", 1))


def _waited_place(process: PurchaseProcess, past: Histories) -> Floats:
    """How many events to expect since the last order, on a scale from nothing to very many."""
    k = _regularity(process)
    events = (k * (past.repeat_orders + 1.0)) * (past.observed - past.span) / (process.alpha + past.observed)
    return np.asarray(np.maximum(events, 0.0) / (np.maximum(events, 0.0) + k) / _WAITED_STEP)


def _waited_at(process: PurchaseProcess, repeat_orders: float, observed: float, place: int) -> float:
    """Weeks since the last order at a node."""
    k = _regularity(process)
    share = min(place * _WAITED_STEP, 1.0 - 1e-6)
    return k * share / (1.0 - share) * (process.alpha + observed) / (k * (repeat_orders + 1.0))
