"""How many orders a customer places before leaving: draws shared by the processes with a beta-geometric end.

In: chances of leaving after an order. Out: numbers of orders. Not here: when the orders come.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOST_ORDERS = 1e9  # a Poisson mean beyond it cannot be drawn; nobody orders that often


def orders_until_leaving(stream: np.random.Generator, leaving: Floats) -> Floats:
    """Geometric draws, at least 1, that stand chances of leaving of exactly 0 and 1."""
    chance = np.clip(leaving, 1e-300, 1.0 - 1e-16)
    waits: Floats = np.ceil(np.log1p(-stream.random(chance.size)) / np.log1p(-chance))
    return np.maximum(waits, 1.0)
