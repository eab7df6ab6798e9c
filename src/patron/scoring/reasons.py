"""Why a customer's risk is what it is: the model's own contributions, grouped, with the numbers behind them.

Features that say the same thing count as one driver. In medium and high risk the drivers that raise the risk
are named, in low risk those that lower it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np
import pandas as pd

from patron.scoring.texts import reason_text

#: Driver -> beginnings of the names of its features. The first match wins.
DRIVERS: dict[str, tuple[str, ...]] = {
    # the purchase model looks at silence against the own rhythm, too: one driver, told in days
    "silence": (
        "days_since_last_order", "silence_to_", "active_span_ratio",
        "alive_probability", "no_order_probability", "expected_orders_in_horizon",
    ),
    "season": ("purchase_days_same_window", "spend_same_window", "season_share"),
    "order_trend": (
        "purchase_days_trend_", "purchase_days_last_30", "purchase_days_last_60", "purchase_days_last_90",
    ),
    "spend_trend": ("spend_trend_", "spend_last_30", "spend_last_60", "spend_last_90"),
    "frequency": ("purchase_days",),
    "spend": ("spend_last_",),
    "rhythm": ("median_gap", "mean_gap", "longest_gap", "gap_"),
    "order_value": ("mean_order_value", "largest_order_value", "order_value_spread", "expected_order_value"),
    "order_size": ("lines_per_purchase_day",),
    "refunds": ("refund_ratio",),
    "breadth": ("products_", "categories_"),
    "tenure": ("days_since_first_order",),
    "event": ("event_",),
    "attribute": ("attribute_",),
}  # fmt: skip

#: Driver -> the features whose values are shown.
SHOWN: dict[str, tuple[str, ...]] = {
    "silence": ("days_since_last_order", "median_gap_days"),
    "season": ("purchase_days_same_window_last_year",),
    "order_trend": ("purchase_days_last_90_days", "purchase_days_last_180_days"),
    "spend_trend": ("spend_last_90_days", "spend_last_180_days"),
    "frequency": ("purchase_days_last_365_days",),
    "spend": ("spend_last_365_days",),
    "rhythm": ("median_gap_days", "gap_spread_ratio"),
    "order_value": ("mean_order_value",),
    "order_size": ("lines_per_purchase_day",),
    "refunds": ("refund_ratio",),
    "breadth": ("products_last_180_days", "products_ever", "categories_last_180_days", "categories_ever"),
    "tenure": ("days_since_first_order",),
}


def driver_of(feature: str) -> str:
    """Return the driver a feature belongs to.

    Examples
    --------
    >>> driver_of("silence_to_mean_gap_ratio"), driver_of("purchase_days_trend_90_days_ratio")
    ('silence', 'order_trend')
    """
    return next(code for code, beginnings in DRIVERS.items() if feature.startswith(beginnings))


def reason_columns(
    features: pd.DataFrame,
    contributions: pd.DataFrame,
    risk: np.ndarray,
    peers: Mapping[str, float],
    language: str,
    vocabularies: Mapping[str, Sequence[str] | None] | None = None,
) -> pd.DataFrame:
    """Return the nine reason columns of the score row.

    Parameters
    ----------
    features : pandas.DataFrame, shape (n, ...)
        The customers' features.
    contributions : pandas.DataFrame, shape (n, n_model_features)
        Of `ChurnModel.contributions`.
    risk : numpy.ndarray of str, shape (n,)
        low, medium or high.
    peers : mapping
        Feature -> median of the base.
    language : str
        ``en`` or ``zh``.
    vocabularies : mapping, optional
        Attribute -> its values in the order of their codes, None for a number (`FeatureRecipe.attributes`).

    Returns
    -------
    pandas.DataFrame, shape (n, 9)
        ``reason_1_code``, ``reason_1_values``, ``reason_1``, and so on; missing where there are fewer.
    """
    grouped = contributions.T.groupby([driver_of(c) for c in contributions.columns]).sum().T
    sign = np.where(risk == "low", -1.0, 1.0)
    strength = grouped.to_numpy() * sign[:, None]
    order = np.argsort(-strength, axis=1, kind="stable")[:, :3]
    words = {f"attribute_{name}": known for name, known in (vocabularies or {}).items() if known is not None}
    rows = cast(list[dict[str, float | str | None]], _in_words(features, words).to_dict("records"))
    # an average of codes means nothing
    peers = {name: value for name, value in peers.items() if name not in words}
    columns: dict[str, list[str | None]] = {}
    for rank in range(3):
        chosen = [_reason(grouped.columns, strength[i], order[i], rank) for i in range(len(rows))]
        values = [
            None if c is None else _values(c, row, peers, s)
            for c, row, s in zip(chosen, rows, sign, strict=True)
        ]
        columns[f"reason_{rank + 1}_code"] = chosen
        columns[f"reason_{rank + 1}_values"] = [
            None if v is None else json.dumps(v, sort_keys=True) for v in values
        ]
        columns[f"reason_{rank + 1}"] = [
            None if c is None or v is None else reason_text(c, v, language)
            for c, v in zip(chosen, values, strict=True)
        ]
    return pd.DataFrame(columns, index=features.index, dtype=object)


def _reason(codes: pd.Index, strength: np.ndarray, order: np.ndarray, rank: int) -> str | None:
    """Return the driver of a rank, None when it does not push the way the risk went."""
    if rank >= len(order) or not strength[order[rank]] > 0:
        return None
    return str(codes[order[rank]])


def _in_words(features: pd.DataFrame, words: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Put the values of the customer file in the place of their codes."""
    named = {
        name: [None if math.isnan(code) else known[int(code)] for code in features[name]]
        for name, known in words.items()
        if name in features
    }
    return features.assign(**{name: pd.Series(v, features.index, dtype=object) for name, v in named.items()})


def _values(
    code: str, row: Mapping[str, float | str | None], peers: Mapping[str, float], sign: float
) -> dict[str, float | str]:
    shown = SHOWN.get(code) or tuple(name for name in row if str(name).startswith(DRIVERS[code]))
    values: dict[str, float | str] = {"effect": "raises" if sign > 0 else "lowers"}
    for name in shown:
        value = row.get(name)
        if isinstance(value, str):
            values[name] = value
        elif value is not None and not math.isnan(value):
            values[name] = _rounded(value)
        if name in peers:
            values[f"peers_{name}"] = _rounded(peers[name])
    return values


def _rounded(value: float) -> float:
    return float(f"{value:.4g}") if abs(value) < 1000 else float(round(value))
