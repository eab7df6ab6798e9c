"""Names of simulated customers and orders: fixed by their number, so that more customers change none."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def customer_ids(customers: int) -> list[str]:
    """C00001, C00002, ...; beyond 99,999 the ids grow longer."""
    return [f"C{number:05d}" for number in range(1, customers + 1)]


def order_ids(ids: list[str], who: NDArray[np.int64]) -> list[str]:
    """C00001-0001, C00001-0002, ... in the order of the rows, which come by customer."""
    place = np.arange(1, who.size + 1) - np.searchsorted(who, who)
    return [f"{ids[row]}-{number:04d}" for row, number in zip(who.tolist(), place.tolist(), strict=True)]
