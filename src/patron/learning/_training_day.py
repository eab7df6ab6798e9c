"""What is typical on the training day: medians by risk, and what the churn model looks at.

In:  the features of the customers who were active then, and the trained churn model.
Out: plain data for the model folder.
Not here: what is said with it (`scoring.reasons`, `model.explanation`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from patron.columns import RISKS
from patron.scoring import by_driver, shares_of_drivers

#: The median of fewer customers tells more about them than about their risk.
FEWEST_PEERS = 5


def medians(features: pd.DataFrame) -> dict[str, float]:
    """Return the median of each feature that is known for anybody.

    Parameters
    ----------
    features : pandas.DataFrame, shape (n, n_features)
        Of the active customers.

    Returns
    -------
    dict
        Feature -> median.
    """
    found = features.median(numeric_only=True)
    return {str(name): float(value) for name, value in found.items() if not np.isnan(value)}


def medians_by_risk(features: pd.DataFrame, risk: np.ndarray) -> dict[str, dict[str, float]]:
    """Return the medians of the customers at low, medium and high risk.

    Parameters
    ----------
    features : pandas.DataFrame, shape (n, n_features)
        Of the active customers.
    risk : numpy.ndarray of str, shape (n,)
        low, medium or high.

    Returns
    -------
    dict
        Risk -> feature -> median; a risk with fewer than `FEWEST_PEERS` customers is left out.

    Examples
    --------
    >>> days = pd.DataFrame({"days_since_last_order": [1.0, 2, 3, 4, 5, 90]})
    >>> medians_by_risk(days, np.array(["low"] * 5 + ["high"]))
    {'low': {'days_since_last_order': 3.0}}
    """
    return {
        level: medians(features[risk == level])
        for level in RISKS
        if np.count_nonzero(risk == level) >= FEWEST_PEERS
    }


def churn_importance(contributions: pd.DataFrame, features: pd.DataFrame) -> list[dict[str, Any]]:
    """Return how much of what moves the churn model comes from each driver and feature.

    Parameters
    ----------
    contributions : pandas.DataFrame, shape (n, n_model_features)
        Of the active customers, in log-odds.
    features : pandas.DataFrame, shape (n, n_features)
        Of the same customers, in the same order.

    Returns
    -------
    list of dict
        ``driver``, ``share`` and ``features`` (``name``, ``share``), largest first. A driver's share is that
        of the mean size of its features' joint contribution: features that work against each other count
        for what is left. Its features divide it by their own mean size. Both add up to 1; empty where
        nothing moves the model.

    References
    ----------
    Lundberg et al. (2020), "From local explanations to global understanding with explainable AI for trees".

    Examples
    --------
    >>> moved = pd.DataFrame({"spend_last_365_days": [0.1, -0.1], "days_since_last_order": [0.6, -0.0]})
    >>> [(entry["driver"], round(entry["share"], 3)) for entry in churn_importance(moved, moved)]
    [('silence', 0.75), ('spend', 0.25)]
    """
    sizes = by_driver(contributions, features).abs().mean()
    total = float(sizes.sum())
    if not total > 0:
        return []
    found = []
    for driver, parts in shares_of_drivers(contributions, features).items():
        own, share = parts.abs().mean(), float(sizes[driver]) / total
        divided = own[own > 0] * share / float(own.sum() or 1.0)
        named = [{"name": str(name), "share": float(part)} for name, part in divided.items()]
        found.append({"driver": driver, "share": share, "features": sorted(named, key=_largest_first)})
    return sorted(found, key=_largest_first)


def _largest_first(entry: dict[str, Any]) -> tuple[float, str]:
    return -entry["share"], str(entry.get("driver") or entry.get("name"))
