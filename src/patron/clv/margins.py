"""Margin / revenue of each customer: from its order lines, its attributes or the config, in that order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: The base's margin counts as this many purchase days of the customer's own.
_BASE_WEIGHT_DAYS = 3.0


def customer_margins(
    *,
    default: float,
    base_margin: float | None,
    known: Floats,
    revenue: Floats,
    margin: Floats,
    purchase_days: Floats,
) -> Floats:
    """Return a margin ratio per customer, within 0 to 1.

    Parameters
    ----------
    default : float
        ``clv.margin`` of the config.
    base_margin : float or None
        Margin / revenue of the whole base, where order lines carry costs.
    known : ndarray, shape (n,)
        ``customers.margin``, missing where unknown.
    revenue, margin, purchase_days : ndarray, shape (n,)
        The customer's own totals; a short history is pulled towards the base.

    Returns
    -------
    ndarray, shape (n,)

    Examples
    --------
    >>> one = np.array([100.0])
    >>> customer_margins(default=1.0, base_margin=0.2, known=one * np.nan, revenue=one, margin=one * 0.5,
    ...                  purchase_days=np.array([3.0]))
    array([0.35])
    """
    if base_margin is None:
        return np.clip(np.where(np.isnan(known), default, known), 0.0, 1.0)
    sold = np.maximum(revenue, 0.0)
    prior = _BASE_WEIGHT_DAYS * sold / np.maximum(purchase_days, 1.0)
    weight = np.where(sold > 0, sold + prior, 1.0)
    own = np.where(sold > 0, (margin + prior * base_margin) / weight, base_margin)
    return np.clip(own, 0.0, 1.0)


def net_ratios(*, base_ratio: float, spend: Floats, refund: Floats, purchase_days: Floats) -> Floats:
    """Return what is left of each customer's order value after refunds, within 0 to 1.

    Parameters
    ----------
    base_ratio : float
        Revenue after refunds / order value, over the base.
    spend, refund, purchase_days : ndarray, shape (n,)
        The customer's own totals; a short history is pulled towards the base.

    Returns
    -------
    ndarray, shape (n,)

    Examples
    --------
    >>> one = np.array([100.0])
    >>> net_ratios(base_ratio=0.9, spend=one, refund=one, purchase_days=np.array([3.0]))
    array([0.45])
    """
    prior = _BASE_WEIGHT_DAYS * spend / np.maximum(purchase_days, 1.0)
    weight = np.where(spend > 0, spend + prior, 1.0)
    own = np.where(spend > 0, (spend - refund + prior * base_ratio) / weight, base_ratio)
    return np.clip(own, 0.0, 1.0)
