"""What the MBG/CNBD-k model says about future orders: like MBG/NBD, with regular gaps.

In: parameters and histories. Out: arrays, one number (or one row) per customer. Not here: the expectation's
sums (``event_sums``) and series (``phase_series``), fitting, money.

Events come at a customer's own constant rate and every k-th of them is an order. Since the last order, at
t_x, there were fewer than k. With R = r + k x and u = (T - t_x) / (alpha + T), a customer alive has j of
them behind with weight w_j ~ (R)_j / j! u^j, j < k, and then a rate ~ Gamma(R + j, alpha + T) and a chance
of leaving ~ Beta(a, b + x + 1).

References
----------
Platzer & Reutterer (2016), "Ticking Away the Moments", Marketing Science 35(5), 779-799: regular gaps.
Reutterer, Platzer & Schroeder (2021), IJRM 38(1), 194-215: MBG/CNBD-k. Their likelihood; what they
approximate, the orders to expect, is exact here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc

from patron.clv._months import Stretches
from patron.clv.processes.event_sums import EventRate
from patron.clv.processes.histories import Histories, OrderDraws
from patron.clv.processes.leaving import MOST_ORDERS, orders_until_leaving
from patron.clv.processes.phase_series import phase_expectations, phase_expectations_each

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class RegularBetaGeometric:
    """MBG/CNBD-k with known parameters; a ``PurchaseProcess``.

    Parameters
    ----------
    r, alpha : float
        Gamma shape and rate (weeks) of the rates of events, every k-th of which is an order.
    a, b : float
        Beta parameters of the chance of leaving after an order, the first included.
    k : int
        Regularity: a gap between orders is the sum of k exponential waits.

    Examples
    --------
    Two weeks after a monthly order the next one is more likely to come within two weeks than at random:

    >>> past = Histories(np.array([24.0]), np.array([104.0]), np.array([106.0]))
    >>> random = RegularBetaGeometric(2.0, 8.0, 0.5, 9.0, k=1).order_chance_if_alive(past, 2.0)
    >>> regular = RegularBetaGeometric(6.0, 8.0, 0.5, 9.0, k=3).order_chance_if_alive(past, 2.0)
    >>> bool(regular > random)
    True
    """

    r: float
    alpha: float
    a: float
    b: float
    k: int

    def stays(self, repeat_orders: Floats) -> Floats:
        """Second beta parameter of the chance of leaving, of a customer known to be alive."""
        return self.b + repeat_orders + 1.0

    def alive_probability(self, past: Histories) -> Floats:
        """P(alive) from the odds of having left.

        They are a / (b + x) * ((alpha + T) / (alpha + t_x))^R / (sum over j < k of (R)_j / j! u^j).
        """
        repeat_orders, span, observed = past
        waited = (observed - span) / (self.alpha + span)
        odds = self._shape(repeat_orders) * np.log1p(waited) - self._log_few_events(past)
        odds += np.log(self.a / (self.b + repeat_orders))
        with np.errstate(over="ignore"):  # infinite odds of having left: a probability of 0
            return np.asarray(1.0 / (1.0 + np.exp(odds)))

    def order_chance_if_alive(self, past: Histories, weeks: float | Floats) -> Floats:
        """P(an order in the next weeks | alive): sum of w_j P(N >= k - j).

        N, the events ahead, is NegBin(R + j, h / (alpha + T + h)); all terms are positive, so a tiny chance
        keeps its digits.
        """
        shape = self._shape(past.repeat_orders)
        chance = weeks / (self.alpha + past.observed + weeks)
        total = np.zeros(shape.size)
        for phase, weight in enumerate(self._phase_weights(past)):
            total += weight * betainc(self.k - phase, shape + phase, chance)
        return total

    def silent_chance_if_alive(self, past: Histories, weeks: float | Floats) -> Floats:
        """P(no order and still alive | alive): a ratio of likelihoods, watched for longer and till now."""
        waiting = -self._shape(past.repeat_orders) * np.log1p(weeks / (self.alpha + past.observed))
        few = self._log_few_events(past.later(weeks)) - self._log_few_events(past)
        # rounding must not lift it above 1
        return np.exp(np.minimum(few + waiting, 0.0))

    def expected_orders_if_alive(self, past: Histories, weeks: Floats) -> Floats:
        """Expect orders of a customer known to be alive, shape (n, k); exact to 1e-11 and better."""
        return self._weighed(past, weeks, np.eye(weeks.size)).T

    def discounted_orders_if_alive(self, past: Histories, parts: Stretches) -> Floats:
        """Discounted orders over the stretches, shape (n,)."""
        return np.asarray(self._weighed(past, parts.ends, parts.weights()[None, :])[0])

    def weighed_orders_if_alive(self, past: Histories, weeks: Floats, weights: Floats) -> Floats:
        """Weighted sum of the orders within horizons of the customer's own, (k, n) and (k,) -> (n,)."""
        by_phase = phase_expectations_each(
            self._event_rate(), past.repeat_orders, past.observed, weeks, weights
        )
        result = np.zeros(past.repeat_orders.size)
        for weight, expected in zip(self._phase_weights(past), by_phase, strict=True):
            result += weight * expected
        return result

    def expected_orders_since_first(self, weeks: Floats) -> Floats:
        """Repeat orders of a customer nothing is known about, so long after the first order, shape (k,)."""
        new = Histories(*np.zeros((3, 1)))
        return np.asarray(self.alive_probability(new) * self.expected_orders_if_alive(new, weeks)[0])

    def draw_orders(
        self, stream: np.random.Generator, past: Histories, row: int, weeks: float, draws: int
    ) -> OrderDraws:
        """Draw events behind, rate and chance of leaving from their posteriors, then orders."""
        here = Histories(*(values[row : row + 1] for values in past))
        x = here.repeat_orders[0]
        chances = np.cumsum(self._phase_weights(here)[:, 0])
        phase = np.minimum(np.searchsorted(chances, stream.random(draws), side="right"), self.k - 1)
        shape = self._shape(here.repeat_orders)[0] + phase
        rate = stream.standard_gamma(shape) / (self.alpha + here.observed[0])
        leaving = stream.beta(self.a, self.stays(x), draws)
        events = stream.poisson(np.minimum(rate * weeks, MOST_ORDERS)).astype(np.float64)
        possible = np.floor((phase + events) / self.k)
        orders = np.minimum(possible, orders_until_leaving(stream, leaving))
        # event i of N drawn uniformly on the horizon has mean time i / (N + 1); order n is event k n - phase
        place = 0.5 * self.k * (orders + 1.0) - phase
        return OrderDraws(orders, weeks * place / (events + 1.0))

    def _shape(self, repeat_orders: Floats) -> Floats:
        return self.r + self.k * repeat_orders

    def _weighed(self, past: Histories, weeks: Floats, weights: Floats) -> Floats:
        """Weighted sums of expected orders over the horizons, shape (m, n)."""
        by_phase = phase_expectations(self._event_rate(), past.repeat_orders, past.observed, weeks, weights)
        result = np.zeros((len(weights), past.repeat_orders.size))
        for phase, weight in enumerate(self._phase_weights(past)):
            result += weight * by_phase[:, phase]
        return result

    def _event_rate(self) -> EventRate:
        return EventRate(self.r, self.alpha, self.a, self.b + 1.0, self.k)

    def _shares(self, past: Histories) -> list[Floats]:
        """Each term (R)_j / j! u^j, 0 < j < k, over the sum of those before it: no overflow for any k."""
        shape = self._shape(past.repeat_orders)
        waited = (past.observed - past.span) / (self.alpha + past.observed)
        shares, last = [], np.ones(shape.size)
        for j in range(1, self.k):
            share = last * ((shape + (j - 1.0)) * waited / j)
            last = share / (1.0 + share)
            shares.append(share)
        return shares

    def _log_few_events(self, past: Histories) -> Floats:
        """Log of the sum over j < k of (R)_j / j! u^j, shape (n,)."""
        total = np.zeros(past.repeat_orders.size)
        for share in self._shares(past):
            total += np.log1p(share)
        return total

    def _phase_weights(self, past: Histories) -> Floats:
        """P(j events since the last order | alive), shape (k, n)."""
        shares = self._shares(past)
        weights = np.empty((self.k, past.repeat_orders.size))
        rest = np.ones(past.repeat_orders.size)
        for phase in range(self.k - 1, 0, -1):
            weights[phase] = rest * shares[phase - 1] / (1.0 + shares[phase - 1])
            rest = rest / (1.0 + shares[phase - 1])
        weights[0] = rest
        return weights
