"""The purchase processes behind one interface: what each of them says about future orders.

In: parameters by the literature's letters. Out: a ``PurchaseProcess``. Not here: the formulas
(``betageometric``, ``regular``, ``pareto``), fitting (``_fitting``), money (``value``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from patron.clv._months import Stretches
from patron.clv.processes.betageometric import BetaGeometric
from patron.clv.processes.histories import Histories, OrderDraws
from patron.clv.processes.pareto import ParetoNBD
from patron.clv.processes.regular import RegularBetaGeometric

Floats = NDArray[np.float64]


class ProcessFacts(NamedTuple):
    """What is known about a process without fitting it.

    Parameters
    ----------
    title : str
        Its name in the literature.
    letters : tuple of str
        Its parameters, continuous ones first.
    """

    title: str
    letters: tuple[str, ...]


PROCESSES = {
    "bgnbd": ProcessFacts("BG/NBD", ("r", "alpha", "a", "b")),
    "mbgnbd": ProcessFacts("MBG/NBD", ("r", "alpha", "a", "b")),
    "mbgcnbd": ProcessFacts("MBG/CNBD-k", ("r", "alpha", "a", "b", "k")),
    "paretonbd": ProcessFacts("Pareto/NBD", ("r", "alpha", "s", "beta")),
}


class PurchaseProcess(Protocol):
    """Orders of a customer who may leave unnoticed; times in weeks.

    "Alive" and "ahead" are seen from ``observed``, the end of what is known. A row of a result depends on its
    own history and on the horizon only, to the bit.
    """

    def __hash__(self) -> int:
        """Give processes of equal parameters one key in a cache."""

    @property
    def alpha(self) -> float:
        """Weeks that the base's order rates are worth."""

    def alive_probability(self, past: Histories) -> Floats:
        """P(still a customer | history), shape (n,)."""

    def order_chance_if_alive(self, past: Histories, weeks: float | Floats) -> Floats:
        """P(at least one order in the next weeks | history, alive now), shape (n,), exact where tiny."""

    def silent_chance_if_alive(self, past: Histories, weeks: float | Floats) -> Floats:
        """P(no order in the next weeks and still alive then | history, alive now), shape (n,)."""

    def expected_orders_if_alive(self, past: Histories, weeks: Floats) -> Floats:
        """E(orders in each horizon | history, alive now), shape (n, k) for horizons of shape (k,)."""

    def discounted_orders_if_alive(self, past: Histories, parts: Stretches) -> Floats:
        """Discounted E(orders) over the stretches | history, alive now, shape (n,).

        The stretches count from ``observed``; the first one begins there.
        """

    def weighed_orders_if_alive(self, past: Histories, weeks: Floats, weights: Floats) -> Floats:
        """Weighted sum of E(orders) within horizons of the customer's own, shape (n,).

        Horizons of shape (k, n), those of 0 adding nothing, and weights of shape (k,).
        """

    def expected_orders_since_first(self, weeks: Floats) -> Floats:
        """E(repeat orders of a new customer within each of these times), shape (k,)."""

    def draw_orders(
        self, stream: np.random.Generator, past: Histories, row: int, weeks: float, draws: int
    ) -> OrderDraws:
        """Possible numbers of orders of one customer, given alive now."""


def expected_orders(process: PurchaseProcess, past: Histories, weeks: float | Floats) -> Floats:
    """E(orders in the next weeks | history), alive or not, shape (n,); weeks of all or of each."""
    if isinstance(weeks, np.ndarray):
        return process.alive_probability(past) * process.weighed_orders_if_alive(
            past, weeks[None, :], np.ones(1)
        )
    return process.alive_probability(past) * process.expected_orders_if_alive(past, np.array([weeks]))[:, 0]


def process_from(purchases: str, params: Mapping[str, float]) -> PurchaseProcess:
    """Make the process of that name; the parameters are checked already."""
    if purchases == "paretonbd":
        return ParetoNBD(params["r"], params["alpha"], params["s"], params["beta"])
    four = (params["r"], params["alpha"], params["a"], params["b"])
    if purchases == "mbgcnbd":
        return RegularBetaGeometric(*four, int(params["k"]))
    return BetaGeometric(*four, purchases == "mbgnbd")
