"""What the Pareto/NBD model says about past and future orders.

In: parameters and arrays of purchase histories. Out: arrays, one number (or one row) per customer.
Not here: fitting (``_lifetimes``), money (``_spend``, ``value``).

Sources: [SMC] Schmittlein, Morrison & Colombo (1987), Management Science 33(1), 1-24; [FH] Fader & Hardie
(2005), "A note on deriving the Pareto/NBD model and related expressions". The literature writes x for repeat
orders, t_x for weeks from first to last order and T for weeks observed.

Of a customer alive at time t the order rate is Gamma(r + x, alpha + t) and the rate of leaving
Gamma(s, beta + t), independent of each other. The next order and the end then race, with the hazards
(r + x) / (alpha + u) and s / (beta + u) at time u. All chances here are outcomes of that race: neither came,
the order came first, the end came first. The last two are integrals of something positive, so nothing
cancels and nothing overflows, unlike in the papers' differences of 2F1 functions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, exprel, gammaln

from patron.clv._months import Stretches
from patron.clv.processes.histories import Histories, OrderDraws
from patron.clv.processes.leaving import MOST_ORDERS

Floats = NDArray[np.float64]

_BLOCK = 8192  # rows worked on at once: their buffers stay in the processor's cache
_FADED = 42.0  # where a race has gone on for e^-42 of its chances, the rest does not count
_LARGEST_LOG = 600.0  # exp of it leaves room for a factor
# longest log-time, most that the log of the survivors falls over it, nodes that give 1e-12 or better
_RULES = ((3.0, 5.0, 16), (3.0, np.inf, 32), (12.0, np.inf, 48), (np.inf, np.inf, 96))


@dataclass(frozen=True)
class ParetoNBD:
    """Pareto/NBD with known parameters; a ``PurchaseProcess``.

    Parameters
    ----------
    r, alpha : float
        Gamma shape and rate (weeks) of the order rates.
    s, beta : float
        Gamma shape and rate (weeks) of the death rates.

    Examples
    --------
    >>> process = ParetoNBD(r=0.553, alpha=10.58, s=0.606, beta=11.67)
    >>> past = Histories(np.array([2.0]), np.array([30.43]), np.array([38.86]))
    >>> process.alive_probability(past).round(3).tolist()
    [0.869]
    """

    r: float
    alpha: float
    s: float
    beta: float

    def alive_probability(self, past: Histories) -> Floats:
        """P(alive): in the race since the last order neither came, given that no order did; [FH] section 5.1.

        The odds are formed from logs, so that the chance keeps its digits down to 1e-300 and is never NaN.
        """
        neither, gone = self._since_last_order(past)
        with np.errstate(divide="ignore"):  # nobody is gone at once: log 0, and P(alive) = 1
            return np.asarray(expit(neither - np.log(gone)))

    def order_chance_if_alive(self, past: Histories, weeks: float | Floats) -> Floats:
        """P(an order in the next weeks | alive): the order comes first, and by then; exact where tiny."""
        orders = self.r + past.repeat_orders
        return self._comes_first(
            "order", orders, past.observed, np.full(orders.shape, weeks, dtype=np.float64)
        )

    def silent_chance_if_alive(self, past: Histories, weeks: float | Floats) -> Floats:
        """P(no order and still alive | alive): neither comes in the next weeks."""
        return np.exp(self._log_neither(self.r + past.repeat_orders, past.observed, weeks))

    def expected_orders_if_alive(self, past: Histories, weeks: Floats) -> Floats:
        """E(orders in each horizon | alive), shape (n, k); [FH] equation (41) over (36).

        (r + x)(beta + T) / ((alpha + T)(s - 1)) (1 - ((beta + T) / (beta + T + t))^(s - 1)), without the
        pole at s = 1 nor the cancellation near it.
        """
        pace = (self.r + past.repeat_orders) / (self.alpha + past.observed)
        expected = np.empty((pace.size, weeks.size))
        for column, horizon in enumerate(weeks):
            expected[:, column] = pace * self._weeks_alive(past.observed, horizon)
        return expected

    def discounted_orders_if_alive(self, past: Histories, parts: Stretches) -> Floats:
        """Discounted orders over the stretches, shape (n,)."""
        return parts.discount(self.expected_orders_if_alive(past, parts.ends))

    def weighed_orders_if_alive(self, past: Histories, weeks: Floats, weights: Floats) -> Floats:
        """Weighted sum of the orders within horizons of the customer's own, (k, n) and (k,) -> (n,)."""
        pace = (self.r + past.repeat_orders) / (self.alpha + past.observed)
        total = np.zeros(pace.size)
        for horizon, weight in zip(weeks, weights, strict=True):
            total += weight * pace * self._weeks_alive(past.observed, horizon)
        return total

    def draw_orders(
        self, stream: np.random.Generator, past: Histories, row: int, weeks: float, draws: int
    ) -> OrderDraws:
        """Draw the order rate and the time of leaving from their posteriors, then the orders until then."""
        known = float(past.observed[row])
        rate = stream.standard_gamma(self.r + past.repeat_orders[row], draws) / (self.alpha + known)
        # the mixture of exponentials in one step, a Pareto draw: a rate of leaving of 0 does no harm
        life = (self.beta + known) * np.expm1(
            np.minimum(stream.standard_exponential(draws) / self.s, _LARGEST_LOG)
        )
        life = np.minimum(life, weeks)
        orders = stream.poisson(np.minimum(rate * life, MOST_ORDERS)).astype(np.float64)
        # given their number and the time of leaving, orders lie uniformly before it
        return OrderDraws(orders, 0.5 * life)

    def expected_orders_since_first(self, weeks: Floats) -> Floats:
        """E(repeat orders) of a new customer in so many weeks after the first order; [FH] equation (27).

        Parameters
        ----------
        weeks : ndarray, shape (k,)
            Weeks since the first order.

        Returns
        -------
        ndarray, shape (k,)
        """
        start = np.zeros(weeks.shape)
        return self.r / self.alpha * self._weeks_alive(start, np.asarray(weeks, dtype=np.float64))

    def log_likelihood(self, past: Histories) -> Floats:
        """Log density of the order times, shape (n,); [FH] equation (18) with A_0 as an integral."""
        orders = self.r + past.repeat_orders
        density = gammaln(orders) - gammaln(self.r)
        density += self.r * np.log(self.alpha) - orders * np.log(self.alpha + past.span)
        density -= self.s * np.log1p(past.span / self.beta)
        neither, gone = self._since_last_order(past)
        return np.asarray(density + np.log(np.exp(neither) + gone))

    def _since_last_order(self, past: Histories) -> tuple[Floats, Floats]:
        """Log P(neither came) and P(the end came first), between the last order and now."""
        orders, silence = self.r + past.repeat_orders, past.observed - past.span
        neither = self._log_neither(orders, past.span, silence)
        return neither, self._comes_first("end", orders, past.span, silence)

    def _log_neither(self, orders: Floats, start: Floats, weeks: Floats | float) -> Floats:
        """Log P(neither an order nor the end in the weeks after ``start`` | alive then), shape (n,)."""
        log_chance = -orders * np.log1p(weeks / (self.alpha + start))
        log_chance -= self.s * np.log1p(weeks / (self.beta + start))
        return np.asarray(log_chance)

    def _weeks_alive(self, start: Floats, weeks: Floats | float) -> Floats:
        """E(weeks of the next ``weeks`` before leaving | alive at ``start``)."""
        reach = self.beta + start
        log_time = np.log1p(weeks / reach)
        return np.asarray(reach * log_time * exprel((1.0 - self.s) * log_time))

    def _comes_first(self, event: str, orders: Floats, start: Floats, weeks: Floats) -> Floats:
        """P(the "order" or the "end" comes first, in the weeks after ``start`` | alive then), shape (n,)."""
        # log-time on the smaller of the two scales: the integrand is then smooth however far they lie apart
        near, far = min(self.alpha, self.beta) + start, max(self.alpha, self.beta) + start
        leaving = np.full(orders.shape, self.s)
        order_is_near = self.alpha <= self.beta
        near_shape, far_shape = (orders, leaving) if order_is_near else (leaving, orders)
        reach = np.minimum(weeks, np.minimum(_faded(near, near_shape), _faded(far, far_shape)))
        log_time = np.log1p(reach / near)
        fall = near_shape * log_time + far_shape * np.log1p(reach / far)
        counts_near = order_is_near == (event == "order")
        chance = np.empty(orders.shape)
        fits = [(log_time <= longest) & (fall <= deepest) for longest, deepest, _ in _RULES]
        rule = np.argmax(fits, axis=0)
        for group, (_, _, nodes) in enumerate(_RULES):
            members = np.flatnonzero(rule == group)
            for first in range(0, members.size, _BLOCK):
                rows = members[first : first + _BLOCK]
                columns = (log_time[rows], near[rows], near_shape[rows], far[rows], far_shape[rows])
                chance[rows] = _race(*columns, nodes=nodes, counts_near=counts_near)
        return chance


def _faded(reach: Floats, shape: Floats) -> Floats:
    """Weeks after which hardly anything of one gamma mixture is left."""
    return np.asarray(reach * np.expm1(np.minimum(_FADED / shape, _LARGEST_LOG)))


def _race(
    log_time: Floats,
    near: Floats,
    near_shape: Floats,
    far: Floats,
    far_shape: Floats,
    *,
    nodes: int,
    counts_near: bool,
) -> Floats:
    """Integrate hazard times survival of both over log-time, shape (n,).

    With y = log(1 + u / near) the survival of both is exp(-near_shape y) (1 + u / far)^-far_shape, and the
    hazards per y are near_shape and far_shape (near + u) / (far + u).
    """
    total = np.zeros(log_time.shape)
    # node by node: the sum of a row must not depend on how many rows there are
    for place, weight in zip(*_nodes(nodes), strict=True):
        y = log_time * place
        ahead = near * np.expm1(y)
        density = np.exp(-(near_shape * y + far_shape * np.log1p(ahead / far)))
        if not counts_near:
            density *= (near + ahead) / (far + ahead)
        density *= weight
        total += density
    total *= log_time * (near_shape if counts_near else far_shape)
    return total


@cache
def _nodes(count: int) -> tuple[list[float], list[float]]:
    """Gauss-Legendre on [0, 1] after z -> z^2: more nodes at the start, where chances are lost."""
    place, weight = np.polynomial.legendre.leggauss(count)
    root = 0.5 * (1.0 + place)
    return (root * root).tolist(), (weight * root).tolist()
