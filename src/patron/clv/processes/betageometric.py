"""What the BG/NBD and MBG/NBD models say about future orders, in closed form.

In: parameters and arrays of purchase histories. Out: arrays, one number (or one row) per customer.
Not here: the expectation's series (``rate_series``), fitting (``_fitting``), money (``value``).

Sources: [BG] Fader, Hardie & Lee (2005), Marketing Science 24(2), 275-284; [MBG] Batislam, Denizel &
Filiztekin (2007), IJRM 24(3), 201-209. The literature writes x for repeat orders, t_x for weeks from first to
last order and T for weeks observed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from patron.clv._months import Stretches
from patron.clv.processes.histories import Histories, OrderDraws
from patron.clv.processes.leaving import MOST_ORDERS, orders_until_leaving
from patron.clv.processes.rate_series import OrderRate, expected_orders, expected_orders_each

Floats = NDArray[np.float64]

_BLOCK = 8192  # rows worked on at once: their buffers stay in the cache


@dataclass(frozen=True)
class BetaGeometric:
    """BG/NBD or MBG/NBD with known parameters; a ``PurchaseProcess``.

    Parameters
    ----------
    r, alpha : float
        Gamma shape and rate (weeks) of the order rates.
    a, b : float
        Beta parameters of the chance of leaving after an order.
    first_order_counts : bool
        True where a customer may leave right after the first order (MBG/NBD), False for BG/NBD.

    Examples
    --------
    A customer of CDNOW with 26 repeat orders in 31 weeks, at the parameters of [BG]:

    >>> cdnow = BetaGeometric(0.2426, 4.4136, 0.7929, 2.4259, first_order_counts=False)
    >>> past = Histories(np.array([26.0]), np.array([216 / 7]), np.array([31.0]))
    >>> alive, ahead = cdnow.alive_probability(past), cdnow.expected_orders_if_alive(past, np.array([52.0]))
    >>> round(float(alive[0]), 4), round(float(alive[0] * ahead[0, 0]), 2)
    (0.9689, 25.76)
    """

    r: float
    alpha: float
    a: float
    b: float
    first_order_counts: bool

    def stays(self, repeat_orders: Floats) -> Floats:
        """Second beta parameter of the chance of leaving, of a customer known to be alive."""
        return self.b + repeat_orders + float(self.first_order_counts)

    def alive_probability(self, past: Histories) -> Floats:
        """P(alive) by the odds of having left: [BG] section 4 as in Hardie's note 021, [MBG] equation (7)."""
        repeat_orders, span, observed = past
        result = np.empty(repeat_orders.size)
        for start in range(0, result.size, _BLOCK):
            rows = slice(start, start + _BLOCK)
            self._alive(repeat_orders[rows], span[rows], observed[rows], result[rows])
        if not self.first_order_counts:
            result[repeat_orders == 0] = 1.0  # nothing to leave after
        return result

    def order_chance_if_alive(self, past: Histories, weeks: float | Floats) -> Floats:
        """P(an order in the next weeks | alive) = 1 - ((alpha + T) / (alpha + T + h))^(r + x).

        Written with expm1, so that it keeps its digits where an order is very unlikely.
        """
        return -np.expm1(self._log_silent_chance(past, weeks))

    def silent_chance_if_alive(self, past: Histories, weeks: float | Floats) -> Floats:
        """P(no order and still alive | alive): one leaves only after an order, so silence is all it takes."""
        return np.exp(self._log_silent_chance(past, weeks))

    def expected_orders_if_alive(self, past: Histories, weeks: Floats) -> Floats:
        """Expect orders of a customer known to be alive, shape (n, k); exact to 1e-11 and better."""
        return expected_orders(self._rate(), past.repeat_orders, past.observed, weeks, np.eye(weeks.size))

    def discounted_orders_if_alive(self, past: Histories, parts: Stretches) -> Floats:
        """Discounted orders over the stretches, shape (n,)."""
        weights = parts.weights()[None, :]
        return expected_orders(self._rate(), past.repeat_orders, past.observed, parts.ends, weights)[:, 0]

    def weighed_orders_if_alive(self, past: Histories, weeks: Floats, weights: Floats) -> Floats:
        """Weighted sum of the orders within horizons of the customer's own, (k, n) and (k,) -> (n,)."""
        return expected_orders_each(self._rate(), past.repeat_orders, past.observed, weeks, weights)

    def expected_orders_since_first(self, weeks: Floats) -> Floats:
        """Repeat orders of a customer nothing is known about, so long after the first order, shape (k,).

        [BG] equation (9): for tracking a cohort. In MBG/NBD some customers have left already.
        """
        new = Histories(*np.zeros((3, 1)))
        return np.asarray(self.alive_probability(new) * self.expected_orders_if_alive(new, weeks)[0])

    def draw_orders(
        self, stream: np.random.Generator, past: Histories, row: int, weeks: float, draws: int
    ) -> OrderDraws:
        """Draw rate and chance of leaving from their posteriors; orders = min(possible, until leaving)."""
        x = past.repeat_orders[row]
        rate = stream.standard_gamma(self.r + x, draws) / (self.alpha + past.observed[row])
        leaving = stream.beta(self.a, self.stays(x), draws)
        possible = stream.poisson(np.minimum(rate * weeks, MOST_ORDERS)).astype(np.float64)
        orders = np.minimum(possible, orders_until_leaving(stream, leaving))
        # of k times drawn uniformly on the horizon the first n have this mean
        return OrderDraws(orders, weeks * (orders + 1.0) / (2.0 * (possible + 1.0)))

    def _alive(self, repeat_orders: Floats, span: Floats, observed: Floats, out: Floats) -> None:
        """1 / (1 + a / occasions * ((alpha + T) / (alpha + t_x))^(r + x)), in two buffers."""
        last = span + self.alpha
        np.subtract(observed, span, out=out)
        np.divide(out, last, out=out)
        np.log1p(out, out=out)
        np.add(repeat_orders, self.r, out=last)
        np.multiply(out, last, out=out)
        with np.errstate(over="ignore"):  # infinite odds of having left: a probability of 0
            np.exp(out, out=out)
        if self.first_order_counts:
            np.add(repeat_orders, self.b, out=last)
        else:
            np.subtract(repeat_orders, 1.0, out=last)
            np.maximum(last, 0.0, out=last)
            np.add(last, self.b, out=last)
        np.divide(self.a, last, out=last)
        np.multiply(out, last, out=out)
        np.add(out, 1.0, out=out)
        np.divide(1.0, out, out=out)

    def _rate(self) -> OrderRate:
        return OrderRate(self.r, self.alpha, self.a, float(self.stays(np.zeros(1))[0]))

    def _log_silent_chance(self, past: Histories, weeks: float | Floats) -> Floats:
        return -(self.r + past.repeat_orders) * np.log1p(weeks / (self.alpha + past.observed))
