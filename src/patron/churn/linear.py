"""Scores that are linear in a few transformed features: the naive rules and the logistic rung.

Fitted with scikit-learn where there is something to fit; applied with numpy alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from patron.churn.panel import Panel


def _logit(probability: np.ndarray) -> np.ndarray:
    inside = np.clip(probability, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(inside) - np.log1p(-inside))


_TRANSFORMS: dict[str, Callable[[np.ndarray], np.ndarray]] = {"log1p": np.log1p, "logit": _logit}

RFM_COLUMNS = ("days_since_last_order", "purchase_days_last_365_days", "spend_last_365_days")

#: Every naive rule, with the calibrations it may use (a silence in days is no log-odds).
NAIVE_RULES: dict[str, tuple[str, ...]] = {
    "longest_silence": ("sigmoid", "isotonic"),
    "own_rhythm": ("sigmoid", "isotonic"),
    "rfm_logistic": ("none", "sigmoid", "isotonic"),
    "mbgnbd": ("none", "sigmoid", "isotonic"),
}


@dataclass(frozen=True)
class LinearScorer:
    """``intercept + sum(weight x (transform(column) - centre))``.

    Parameters
    ----------
    columns : tuple of str
        Features used.
    transform : str
        ``log1p`` or ``logit``.
    centre, weight : tuple of float
        Per column, of the transformed values.
    intercept : float
        The score at the centre.
    fallback : mapping
        Column -> (other column, divisor): what to use where a value is missing.
    """

    columns: tuple[str, ...]
    transform: str
    centre: tuple[float, ...]
    weight: tuple[float, ...]
    intercept: float = 0.0
    fallback: Mapping[str, tuple[str, float]] = field(default_factory=dict)

    def contributions(self, features: pd.DataFrame) -> pd.DataFrame:
        """Return each column's share of the score, relative to the centre.

        Parameters
        ----------
        features : pandas.DataFrame, shape (n, ...)
            With the columns.

        Returns
        -------
        pandas.DataFrame, shape (n, len(columns))
        """
        return pd.DataFrame(self.explained(features)[1], columns=list(self.columns))

    def explained(self, features: pd.DataFrame | Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Return the score, shape (n,), and each column's share of it, shape (n, len(columns))."""
        shares = (self._transformed(features) - np.array(self.centre)) * np.array(self.weight)
        return np.asarray(self.intercept + shares.sum(axis=1)), shares

    def score(self, features: pd.DataFrame | Mapping[str, np.ndarray]) -> np.ndarray:
        """Return the score, rising with the risk.

        Parameters
        ----------
        features : pandas.DataFrame, shape (n, ...)
            With the columns.

        Returns
        -------
        numpy.ndarray, shape (n,)
        """
        return self.explained(features)[0]

    def to_dict(self) -> dict[str, Any]:
        """Return the scorer as JSON-able data."""
        return {
            "columns": list(self.columns),
            "transform": self.transform,
            "centre": list(self.centre),
            "weight": list(self.weight),
            "intercept": self.intercept,
            "fallback": {k: list(v) for k, v in self.fallback.items()},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> LinearScorer:
        """Read what `to_dict` wrote."""
        return cls(
            columns=tuple(data["columns"]),
            transform=data["transform"],
            centre=tuple(data["centre"]),
            weight=tuple(data["weight"]),
            intercept=data["intercept"],
            fallback={k: (v[0], v[1]) for k, v in data["fallback"].items()},
        )

    def _transformed(self, features: pd.DataFrame | Mapping[str, np.ndarray]) -> np.ndarray:
        columns = []
        for name in self.columns:
            values = np.asarray(features[name], dtype=np.float64)
            if name in self.fallback:
                other, divisor = self.fallback[name]
                values = np.where(
                    np.isnan(values), np.asarray(features[other], dtype=np.float64) / divisor, values
                )
            columns.append(_TRANSFORMS[self.transform](values))
        return np.column_stack(columns)


def fit_rule(name: str, train: Panel) -> LinearScorer:
    """Fit a naive rule: most have nothing to fit but a centre.

    Parameters
    ----------
    name : str
        Of `NAIVE_RULES`.
    train : Panel
        Rows whose outcome is known.

    Returns
    -------
    LinearScorer
    """
    if name == "rfm_logistic":
        return fit_logistic(train, RFM_COLUMNS)
    if name == "longest_silence":
        return _plain(train, ("days_since_last_order",), "log1p")
    if name == "mbgnbd":
        return _plain(train, ("no_order_probability",), "logit")
    gaps = train.features["median_gap_days"].to_numpy(dtype=np.float64)
    usual = float(np.median(gaps[~np.isnan(gaps)])) if (~np.isnan(gaps)).any() else 30.0
    column = "silence_to_median_gap_ratio"
    return _plain(train, (column,), "log1p", {column: ("days_since_last_order", usual)})


def fit_logistic(train: Panel, columns: Sequence[str]) -> LinearScorer:
    """Fit a logistic regression on log(1 + x) of a few columns.

    Parameters
    ----------
    train : Panel
        Rows whose outcome is known.
    columns : sequence of str
        Features, none missing, none negative.

    Returns
    -------
    LinearScorer
        Its score is a log-odds.
    """
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    # one layout: the last bits of a mean depend on how the frame lies in memory
    x = np.log1p(np.ascontiguousarray(train.features[list(columns)].to_numpy(dtype=np.float64)))
    centre, scale = x.mean(axis=0), np.where(x.std(axis=0) > 0, x.std(axis=0), 1.0)
    if len(set(train.churned.tolist())) < 2:
        rate = (train.churned.sum() + 1) / (len(train) + 2)
        return LinearScorer(
            tuple(columns), "log1p", tuple(centre), (0.0,) * len(columns), float(np.log(rate / (1 - rate)))
        )
    with threadpool_limits(1):  # the sums of a threaded BLAS depend on the number of threads
        model = LogisticRegression(C=1.0, max_iter=1000).fit((x - centre) / scale, train.churned)
    weight = model.coef_[0] / scale
    return LinearScorer(
        tuple(columns),
        "log1p",
        tuple(map(float, centre)),
        tuple(map(float, weight)),
        float(model.intercept_[0]),
    )


def _plain(
    train: Panel,
    columns: tuple[str, ...],
    transform: str,
    fallback: Mapping[str, tuple[str, float]] | None = None,
) -> LinearScorer:
    raw = LinearScorer(columns, transform, (0.0,) * len(columns), (1.0,) * len(columns), 0.0, fallback or {})
    centre = raw.contributions(train.features).to_numpy().mean(axis=0)
    return LinearScorer(
        columns, transform, tuple(map(float, centre)), raw.weight, float(centre.sum()), raw.fallback
    )
