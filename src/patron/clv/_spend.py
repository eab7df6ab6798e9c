"""What an order is worth: the Gamma-Gamma model.

In: parameters, number of repeat orders, mean value. Out: expected value per order.
Not here: fitting (``_fitting``).

Source: Fader, Hardie & Lee (2005), Journal of Marketing Research 42, 415-430; equations in Hardie's note 025.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Spend:
    """Parameters of the Gamma-Gamma model; q must exceed 1 for a finite mean.

    Parameters
    ----------
    p, q : float
        Gamma shape of an order's value; gamma shape of its rate between customers.
    v : float
        Gamma rate of that rate, currency.
    """

    p: float
    q: float
    v: float

    @property
    def population_mean(self) -> float:
        """Expected value of an order of a customer about whom nothing is known: p v / (q - 1), currency."""
        return self.p * self.v / (self.q - 1.0)


def expected_order_value(spend: Spend, repeat_orders: Floats, value: Floats) -> Floats:
    """Estimate the value per order given the history, note 025 equation (5): p (v + x z) / (p x + q - 1)."""
    weight = spend.p * repeat_orders
    return (spend.p * spend.v + weight * value) / (weight + spend.q - 1.0)
