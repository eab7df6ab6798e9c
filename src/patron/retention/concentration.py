"""How unevenly revenue is spread: the share of the top 20 % of customers (二八集中度), Gini, the curve.

In:  one number per customer.
Out: shares of the positive revenue.
Not here: which customers and which period; usually those with an order in the last 12 months.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import fsum

import numpy as np
import pandas as pd

from patron.errors import PatronError

_TOP_SHARE = 0.2
_CURVE_STEPS = 100


@dataclass(frozen=True)
class Concentration:
    """How much of the revenue few customers bring.

    Parameters
    ----------
    customers : int
        With a revenue, zero and negative ones included.
    revenue : float
        Their total, currency.
    top_20_percent_share : float or None
        Share of the positive revenue that the 20 % of the customers with most of it bring; a part of a
        customer counts in proportion. None without positive revenue.
    gini : float or None
        0 where all bring the same, towards 1 where one brings everything (1 - 1 / customers at most).
    curve : list of (float, float)
        Share of the customers, largest first, and share of the positive revenue they bring; at most 101
        points from (0, 0) to (1, 1), empty without positive revenue.
    negative_customers : int
        With more refunds than spend in the period; they count as customers without revenue.
    negative_revenue : float
        Their total, currency, at most 0; ``revenue - negative_revenue`` is what the shares are of.
    """

    customers: int
    revenue: float
    top_20_percent_share: float | None
    gini: float | None
    curve: list[tuple[float, float]]
    negative_customers: int
    negative_revenue: float


def concentration(revenue: Iterable[float]) -> Concentration:
    """Measure how unevenly revenue is spread over customers.

    Parameters
    ----------
    revenue : iterable of float, one entry per customer
        Currency. Missing values are customers of whom it is not known; they are left out.

    Returns
    -------
    Concentration

    Raises
    ------
    PatronError
        If a value is infinite.

    References
    ----------
    Lorenz (1905); Gini (1912).

    Examples
    --------
    >>> found = concentration([700.0, 100.0, 100.0, 50.0, 50.0])
    >>> found.top_20_percent_share, round(found.gini, 2), found.curve[:2]
    (0.7, 0.54, [(0.0, 0.0), (0.2, 0.7)])
    """
    given = np.array([float(one) for one in revenue if not pd.isna(one)], dtype=np.float64)
    if np.isinf(given).any():
        raise PatronError(f"revenue: {int(np.isinf(given).sum())} values are infinite. Correct them.")
    # sorted, so that sums do not depend on the order of the rows
    largest_first = -np.sort(-np.maximum(given, 0.0))
    total = fsum(largest_first)
    negative = given[given < 0]
    cumulative = np.concatenate([[0.0], np.cumsum(largest_first)]) / (total or 1.0)
    cumulative[-1] = 1.0
    return Concentration(
        customers=len(given),
        revenue=fsum(given),
        top_20_percent_share=_share_of_first(cumulative, _TOP_SHARE) if total > 0 else None,
        gini=_gini(largest_first, total) if total > 0 else None,
        curve=_curve(cumulative) if total > 0 else [],
        negative_customers=len(negative),
        negative_revenue=fsum(negative),
    )


def _share_of_first(cumulative: np.ndarray, share: float) -> float:
    n = len(cumulative) - 1
    # rounded: 0.2 x 15 is not 3 in binary, and the customer beside the edge must not count by 1e-16
    return float(np.interp(round(share * n, 9), np.arange(n + 1), cumulative))


def _gini(largest_first: np.ndarray, total: float) -> float:
    n = len(largest_first)
    weights = (n + 1) - 2.0 * np.arange(1, n + 1)
    return fsum(weights * largest_first) / (n * total)


def _curve(cumulative: np.ndarray) -> list[tuple[float, float]]:
    n = len(cumulative) - 1
    shares = np.linspace(0.0, 1.0, min(n, _CURVE_STEPS) + 1)
    return [(float(share), _share_of_first(cumulative, float(share))) for share in shares]
