"""A logistic regression on every feature, each entering by its rank among the training rows.

In:  features and outcomes of matured snapshots.
Out: a scorer of log-odds that is applied with numpy alone.
Not here: the logistic regression on recency, frequency and money that serves as a naive rule (`linear`).

Ranks on a normal scale tame heavy tails, so that one penalty suits days, counts and money alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from patron.errors import NotEnoughData

Floats = NDArray[np.float64]

#: Strength of the ridge penalty, as scikit-learn's C: the weights of correlated features share the work.
PENALTY_C = 0.05
_KNOTS = 51
#: Ranks further out than this many standard deviations say nothing more.
_FARTHEST = 2.5
#: A code of a category needs this many training rows for a weight of its own.
_ROWS_PER_CODE = 20


@dataclass(frozen=True)
class SmoothColumn:
    """How one feature enters.

    Parameters
    ----------
    knots : tuple of float
        Quantiles of the training values, ascending; for a category its codes.
    weight : tuple of float
        Log-odds per unit of the normal score; for a category one per code.
    centre : float
        Mean contribution over the training rows, so that contributions are relative to the average.
    missing : float
        Log-odds where the value is missing.
    coded : bool
        Whether the feature is a category.
    """

    knots: tuple[float, ...]
    weight: tuple[float, ...]
    centre: float
    missing: float
    coded: bool

    def codes(self, values: Floats) -> Floats:
        """Return the log-odds of the codes of a category, 0 for a code without a weight."""
        known = np.zeros(len(values))
        for code, weight in zip(self.knots, self.weight, strict=True):
            known = np.where(values == code, weight, known)
        return known


class _Ladder(NamedTuple):
    """A smooth column's knots, ready to look values up."""

    knots: Floats
    ranks: Floats
    knots_downwards: Floats
    ranks_downwards: Floats
    median: float

    @classmethod
    def of(cls, knots: Floats) -> _Ladder:
        ranks = np.linspace(0, 1, len(knots))
        return cls(knots, ranks, -knots[::-1], -ranks[::-1], float(np.median(knots)))

    def middle(self, values: Floats) -> Floats:
        """Return where values stand, 0 to 1; the median in the place of a missing one."""
        inside = np.where(np.isnan(values), self.median, values)
        low = np.interp(-inside, self.knots_downwards, self.ranks_downwards)
        return np.asarray((np.interp(inside, self.knots, self.ranks) - low) / 2)


@dataclass(frozen=True)
class SmoothScorer:
    """Sum of the columns' contributions.

    Parameters
    ----------
    columns : tuple of str
        Features used.
    parts : tuple of SmoothColumn
        One per column.
    intercept : float
        Log-odds of an average row.
    """

    columns: tuple[str, ...]
    parts: tuple[SmoothColumn, ...]
    intercept: float

    def contributions(self, features: pd.DataFrame) -> pd.DataFrame:
        """Return each column's share of the log-odds, relative to the average.

        Parameters
        ----------
        features : pandas.DataFrame, shape (n, ...)
            With the columns.

        Returns
        -------
        pandas.DataFrame, shape (n, len(columns))
        """
        return pd.DataFrame(self.explained(features)[1], columns=list(self.columns))

    def explained(self, features: pd.DataFrame | Mapping[str, np.ndarray]) -> tuple[Floats, Floats]:
        """Return the log-odds, shape (n,), and each column's share of them, shape (n, len(columns))."""
        values = np.column_stack([np.asarray(features[name], dtype=np.float64) for name in self.columns])
        missing = np.isnan(values)
        known = np.empty_like(values)
        for place, (part, ladder) in enumerate(zip(self.parts, self._ladders, strict=True)):
            known[:, place] = (
                part.codes(values[:, place]) if ladder is None else ladder.middle(values[:, place])
            )
        smooth = np.array([ladder is not None for ladder in self._ladders])
        slopes = np.array(
            [part.weight[0] for part, is_smooth in zip(self.parts, smooth, strict=True) if is_smooth]
        )
        known[:, smooth] = slopes * np.clip(ndtri(known[:, smooth]), -_FARTHEST, _FARTHEST)
        absent, centres = np.array([p.missing for p in self.parts]), np.array([p.centre for p in self.parts])
        shares = np.where(missing, absent, known) - centres
        total = np.full(len(values), self.intercept)
        # added one after the other: a row's sum must not depend on how many rows stand beside it
        for column in shares.T:
            total = total + column
        return total, shares

    @cached_property
    def _ladders(self) -> tuple[_Ladder | None, ...]:
        return tuple(None if part.coded else _Ladder.of(np.array(part.knots)) for part in self.parts)

    def score(self, features: pd.DataFrame | Mapping[str, np.ndarray]) -> Floats:
        """Return log-odds.

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
        parts = [vars(part) | {"knots": list(part.knots), "weight": list(part.weight)} for part in self.parts]
        return {"columns": list(self.columns), "parts": parts, "intercept": self.intercept}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> SmoothScorer:
        """Read what `to_dict` wrote."""
        parts = [
            SmoothColumn(**{**part, "knots": tuple(part["knots"]), "weight": tuple(part["weight"])})
            for part in data["parts"]
        ]
        return cls(tuple(data["columns"]), tuple(parts), data["intercept"])


def normal_score(values: Floats, knots: Floats) -> Floats:
    """Return where values stand among the training values, on the scale of a standard normal.

    Parameters
    ----------
    values : numpy.ndarray, shape (n,)
        Any unit; missing values give 0.
    knots : numpy.ndarray, shape (k,)
        Evenly spaced quantiles, ascending. Values that tie with many knots take the middle of them.

    Returns
    -------
    numpy.ndarray, shape (n,)
        Within -2.5 to 2.5.

    Examples
    --------
    >>> normal_score(np.array([0.0, 5.0, 99.0]), np.linspace(0, 10, 11)).round(2)
    array([-2.5,  0. ,  2.5])
    """
    middle = _Ladder.of(knots).middle(values)
    return np.where(np.isnan(values), 0.0, np.clip(ndtri(middle), -_FARTHEST, _FARTHEST))


def fit_smooth(
    features: pd.DataFrame,
    churned: np.ndarray,
    *,
    columns: Sequence[str],
    categorical: Sequence[str] = (),
    sample_weight: np.ndarray | None = None,
    penalty_c: float = PENALTY_C,
) -> SmoothScorer:
    """Fit the regression.

    Parameters
    ----------
    features : pandas.DataFrame, shape (n, ...)
        With the columns; missing values get a weight of their own.
    churned : numpy.ndarray of int, shape (n,)
        Outcomes.
    columns, categorical : sequence of str
        Features, and which of them hold codes rather than numbers.
    sample_weight : numpy.ndarray, shape (n,), optional
        Weight of each row; 1 when None.
    penalty_c : float
        Inverse strength of the ridge.

    Returns
    -------
    SmoothScorer

    Raises
    ------
    NotEnoughData
        If every customer had the same outcome: there is nothing to fit.

    Examples
    --------
    >>> days = pd.DataFrame({"days_since_last_order": [1.0, 2.0, 3.0, 4.0] * 10})
    >>> scorer = fit_smooth(days, np.array([0, 0, 1, 1] * 10), columns=["days_since_last_order"])
    >>> bool(np.all(np.diff(scorer.score(days.head(4))) > 0))
    True
    """
    # imported here: a service that only loads a model does without scikit-learn
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    if len(set(churned.tolist())) < 2:
        raise NotEnoughData("every customer had the same outcome: a regression has nothing to learn from.")
    blocks, knots = [], []
    for name in columns:
        values = features[name].to_numpy(dtype=np.float64)
        knots.append(_codes(values) if name in categorical else _quantiles(values))
        blocks.append(_design(values, knots[-1], coded=name in categorical))
    ends = np.cumsum([block.shape[1] for block in blocks])
    matrix = np.hstack(blocks)
    with threadpool_limits(1):  # the sums of a threaded BLAS depend on the number of threads
        model = LogisticRegression(C=penalty_c, max_iter=2000)
        model.fit(matrix, churned, sample_weight=sample_weight)
    parts = []
    for name, block, found, end in zip(columns, blocks, knots, ends, strict=True):
        weight = model.coef_[0][end - block.shape[1] : end]
        centre = float(np.average((block * weight).sum(axis=1), weights=sample_weight))
        parts.append(
            SmoothColumn(
                knots=tuple(map(float, found)),
                weight=tuple(map(float, weight[:-1])),
                centre=centre,
                missing=float(weight[-1]),
                coded=name in categorical,
            )
        )
    intercept = float(model.intercept_[0]) + sum(part.centre for part in parts)
    return SmoothScorer(tuple(columns), tuple(parts), intercept)


def _quantiles(values: Floats) -> Floats:
    known = values[~np.isnan(values)]
    if len(known) == 0:
        return np.zeros(1)
    return np.quantile(known, np.linspace(0, 1, min(_KNOTS, len(known))))


def _codes(values: Floats) -> Floats:
    codes, rows = np.unique(values[~np.isnan(values)], return_counts=True)
    return codes[rows >= _ROWS_PER_CODE]


def _design(values: Floats, knots: Floats, *, coded: bool) -> Floats:
    """One column (one per code for a category), then whether the value is missing."""
    missing = np.isnan(values)
    known = [values == code for code in knots] if coded else [normal_score(values, knots)]
    return np.column_stack([*known, missing]).astype(np.float64)
