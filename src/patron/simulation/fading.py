"""Partial defection: customers who fade before they are gone.

In: who leaves when. Out: the orders of those who fade instead of leaving at once.
Not here: the life until then (``_lives``).

A customer who fades does not leave at the moment at which the purchase process lets it leave. From that
moment on its order rate, or the value of its orders, halves with every half-life, until it is gone for good.
A simulation with fading therefore has every order that the same simulation without has, and some more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from patron.errors import PatronError
from patron.simulation._lives import Histories, Orders
from patron.simulation.parameters import is_number
from patron.simulation.season import Clock

Floats = NDArray[np.float64]
_KINDS = ("rate", "value")


@dataclass(frozen=True)
class Fading:
    """How customers fade.

    Parameters
    ----------
    share : float
        Share of the customers who, once they leave, fade first; 0 to 1.
    half_life_weeks : float
        Weeks in which the order rate or value halves.
    of : str
        ``"rate"``: orders become rare; ``"value"``: orders become small.
    half_lives : float
        After so many half-lives the customer is gone: after 3 an eighth is left.

    Examples
    --------
    >>> Fading(share=0.4, half_life_weeks=6).lasts_weeks
    18.0
    """

    share: float
    half_life_weeks: float = 8.0
    of: str = "rate"
    half_lives: float = 3.0

    def __post_init__(self) -> None:
        problems = []
        if not (is_number(self.share) and 0 <= self.share <= 1):
            problems.append(f"share of fading customers must lie in 0 to 1, not {self.share!r}")
        for name, most in (("half_life_weeks", 520), ("half_lives", 10)):
            value = getattr(self, name)
            if not (is_number(value) and 0 < value <= most):
                problems.append(f"{name} of fading must be positive and at most {most}, not {value!r}")
        if self.of not in _KINDS:
            problems.append(f"of what fades: {self.of!r} is not one of 'rate', 'value'")
        if problems:
            raise PatronError(problems)

    @property
    def lasts_weeks(self) -> float:
        """Weeks from the beginning of fading until the customer is gone."""
        return self.half_life_weeks * self.half_lives


class Tails(NamedTuple):
    """What a block's fading customers still did.

    Parameters
    ----------
    fades : ndarray of bool, shape (n,)
        Who fades.
    orders : Orders
        Orders while fading, by customer and time; their ``gap`` is not known.
    """

    fades: NDArray[np.bool_]
    orders: Orders


def fading_orders(
    stream: np.random.Generator,
    fading: Fading,
    lives: Histories,
    clock: Clock,
    params: dict[str, float],
    leavers: NDArray[np.bool_],
) -> Tails:
    """Draw the orders of the fading ones among the leavers, from leaving until they are gone.

    The events of the purchase process (k of them make an order) are a Poisson process: their number is
    Poisson, their places on the busy clock are uniform. A fading rate keeps an event with the chance to which
    the rate has fallen (thinning, Lewis & Shedler 1979), so that fading is exact for any k and season.
    """
    customers = lives.customers
    fades = leavers & (customers.fading_rank < fading.share)
    begin = np.where(fades, lives.left_week, 0.0)
    busy_begin, busy_end = clock.busy(begin), clock.busy(begin + fading.lasts_weeks)
    number = stream.poisson(np.where(fades, customers.event_rate * (busy_end - busy_begin), 0.0))
    who = np.repeat(np.arange(number.size), number)
    place = stream.random(who.size) * (busy_end - busy_begin)[who] + busy_begin[who]
    place = place[np.lexsort((place, who))]
    week = clock.calendar(place)
    left_over = np.exp2((begin[who] - week) / fading.half_life_weeks)
    kept = stream.random(who.size) < (left_over if fading.of == "rate" else 1.0)
    who, week, left_over = who[kept], week[kept], left_over[kept]
    orders = _every_kth(who, int(params.get("k", 1)))
    who, week, left_over = who[orders], week[orders], left_over[orders]
    value = stream.standard_gamma(params["p"], who.size) * customers.mean_value[who] / params["p"]
    if fading.of == "value":
        value *= left_over
    return Tails(fades, Orders(who, week, np.full(who.size, np.nan), value))


def _every_kth(who: NDArray[np.int64], k: int) -> NDArray[np.bool_]:
    """Mark the k-th, 2k-th, ... row of each customer; rows come by customer."""
    place = np.arange(who.size) - np.searchsorted(who, who)
    return np.asarray((place + 1) % k == 0)
