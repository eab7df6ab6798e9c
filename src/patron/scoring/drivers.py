"""Drivers: features that tell one story count as one.

In:  contributions of single features. Out: contributions of drivers.
Not here: what is said about a driver (`texts`), and which drivers a customer is told (`reasons`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
import pandas as pd

#: Driver -> beginnings of the names of its features. The first match wins. Features that rise and fall
#: together (rank correlation above 0.9 on more than one base) stand in one driver; a test holds this to data.
DRIVERS: dict[str, tuple[str, ...]] = {
    "silence": (
        "days_since_last_order", "silence_to_", "active_span_ratio", "days_until_limit",
        "alive_probability", "no_order_probability", "expected_orders_in_horizon",
    ),
    "season": ("purchase_days_same_window", "spend_same_window", "season_share"),
    # who orders less often spends less: on every base the two trends are one
    "order_trend": (
        "purchase_days_trend_", "purchase_days_last_30", "purchase_days_last_60", "purchase_days_last_90",
        "spend_trend_", "spend_last_30", "spend_last_60", "spend_last_90",
    ),
    # orders per year are the mean gap turned over
    "frequency": ("purchase_days", "median_gap", "mean_gap", "longest_gap"),
    "rhythm": ("gap_",),
    "spend": ("spend_last_",),
    "order_value": ("mean_order_value", "largest_order_value", "expected_order_value"),
    "order_spread": ("order_value_spread",),
    "order_size": ("lines_per_purchase_day",),
    "refunds": ("refund_ratio",),
    "breadth": ("products_", "categories_"),
    "tenure": ("days_since_first_order",),
    "event": ("event_",),
    "attribute": ("attribute_",),
    "custom": ("custom_",),
}  # fmt: skip

#: Of the purchase model: they weigh how long a customer is silent against how often it orders, and say the
#: first for one who is late and the second for one who is not.
OUTLOOK = ("alive_probability", "no_order_probability", "expected_orders_in_horizon")


@cache
def driver_of(feature: str) -> str:
    """Return the driver a feature belongs to; for `OUTLOOK`, that of a customer who is late.

    Examples
    --------
    >>> driver_of("silence_to_mean_gap_ratio"), driver_of("spend_trend_90_days_ratio")
    ('silence', 'order_trend')
    """
    return next(code for code, beginnings in DRIVERS.items() if feature.startswith(beginnings))


def shares_of_drivers(contributions: pd.DataFrame, features: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Divide contributions among the drivers.

    Parameters
    ----------
    contributions : pandas.DataFrame, shape (n, n_model_features)
        Of `ChurnModel.contributions`, in log-odds.
    features : pandas.DataFrame, shape (n, ...)
        The same customers' features, in the same order.

    Returns
    -------
    dict
        Driver -> frame of shape (n, number of its features), in log-odds; every contribution is in one of
        them, and zero in the others. Drivers in the order of `DRIVERS`.
    """
    late = _late(features, len(contributions))
    found: dict[str, dict[str, np.ndarray]] = {code: {} for code in DRIVERS}
    for name in map(str, contributions.columns):
        values = contributions[name].to_numpy(dtype=np.float64)
        if name in OUTLOOK:
            found["silence"][name] = np.where(late, values, 0.0)
            found["frequency"][name] = np.where(late, 0.0, values)
        else:
            found[driver_of(name)][name] = values
    return {
        code: pd.DataFrame(columns, index=contributions.index) for code, columns in found.items() if columns
    }


def by_driver(contributions: pd.DataFrame, features: pd.DataFrame) -> pd.DataFrame:
    """Add up the contributions of the features of each driver.

    Parameters
    ----------
    contributions : pandas.DataFrame, shape (n, n_model_features)
        Of `ChurnModel.contributions`, in log-odds.
    features : pandas.DataFrame, shape (n, ...)
        The same customers' features, in the same order.

    Returns
    -------
    pandas.DataFrame, shape (n, n_drivers)
        In log-odds.

    Examples
    --------
    >>> pushed = pd.DataFrame({"no_order_probability": [0.5, 0.5], "purchase_days": [0.25, 0.25]})
    >>> by_driver(pushed, pd.DataFrame({"silence_to_median_gap_ratio": [0.25, 3.0]})).to_dict("list")
    {'silence': [0.0, 0.5], 'frequency': [0.75, 0.25]}
    """
    return pd.DataFrame(
        {code: _sum(shares) for code, shares in shares_of_drivers(contributions, features).items()},
        index=contributions.index,
    )


def driver_matrix(
    names: Sequence[str], contributions: np.ndarray, features: Mapping[str, np.ndarray]
) -> tuple[list[str], np.ndarray]:
    """Add up the contributions of the features of each driver, as `by_driver` does, from arrays.

    Parameters
    ----------
    names : sequence of str
        Features that contribute.
    contributions : numpy.ndarray, shape (n, len(names))
        In log-odds.
    features : mapping
        Feature -> values, shape (n,).

    Returns
    -------
    codes : list of str
        Drivers, in the order of `DRIVERS`.
    grouped : numpy.ndarray, shape (n, len(codes))
        In log-odds.
    """
    late, zero = _late(features, len(contributions)), np.zeros(len(contributions))
    found: dict[str, np.ndarray] = {}
    for place, name in enumerate(names):
        values = contributions[:, place]
        if name in OUTLOOK:
            found["silence"] = found.get("silence", zero) + np.where(late, values, 0.0)
            found["frequency"] = found.get("frequency", zero) + np.where(late, 0.0, values)
        else:
            code = driver_of(name)
            found[code] = found.get(code, zero) + values
    codes = [code for code in DRIVERS if code in found]
    return codes, np.column_stack([found[code] for code in codes])


def _sum(shares: pd.DataFrame) -> np.ndarray:
    total = np.zeros(len(shares))
    # added one after the other: a row's sum must not depend on how many rows stand beside it
    for name in shares:
        total = total + shares[name].to_numpy(dtype=np.float64)
    return total


def _late(features: pd.DataFrame | Mapping[str, np.ndarray], rows: int) -> np.ndarray:
    """Say who has been silent for longer than usual; without a usual gap, silence is all there is."""
    if "silence_to_median_gap_ratio" not in features:
        return np.ones(rows, dtype=bool)
    ratio = np.asarray(features["silence_to_median_gap_ratio"], dtype=np.float64)
    return np.asarray(~(ratio <= 1.0))
