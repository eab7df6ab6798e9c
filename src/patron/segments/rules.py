"""The rules of tiers and stages on one day; edges come from the model, so a row stands alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from patron.columns import STAGES, TIERS
from patron.segments.rhythm import limit_days
from patron.snapshots import RhythmRule

_YEAR = 365
_HALF_YEAR = 180
_SHORTEST_LIMIT_DAYS = 14.0
#: Frequency and money of at least this score make a customer high value.
TOP_SCORE = 4


@dataclass(frozen=True)
class SegmentRules:
    """Edges and limits, fixed when the model was trained.

    Parameters
    ----------
    silence_edges, frequency_edges, money_edges : tuple of float
        Four cut points each: days, purchase days per year, minor units per year.
    base_gap_median, base_gap_q90 : float
        Median over the base of the customers' median and 90 % quantile gaps, in days.
    active_days, new_days, growing_days : int
        Limits from the config.
    rhythm : RhythmRule or None
        With it, silent for longer than the customer's own limit is lapsed; without, for longer than
        ``active_days``. Fitted, so that a row stands alone.
    """

    silence_edges: tuple[float, ...]
    frequency_edges: tuple[float, ...]
    money_edges: tuple[float, ...]
    base_gap_median: float
    base_gap_q90: float
    active_days: int
    new_days: int
    growing_days: int
    rhythm: RhythmRule | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the rules as JSON-able data."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> SegmentRules:
        """Read what `to_dict` wrote."""
        values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items()}
        rhythm = values.pop("rhythm", None)
        return cls(**values, rhythm=None if rhythm is None else RhythmRule.from_dict(rhythm))


def score_1_to_5(values: np.ndarray, edges: tuple[float, ...]) -> np.ndarray:
    """Return 1 plus the number of edges a value exceeds; equal values share a score.

    Examples
    --------
    >>> score_1_to_5(np.array([0.0, 2.0, 2.0, 9.0]), (1.0, 2.0, 3.0, 4.0))
    array([1, 2, 2, 5])
    """
    return 1 + np.searchsorted(np.asarray(edges), values, side="left")


def tier_codes(
    inputs: pd.DataFrame, as_of_day: int, rules: SegmentRules, *, at_risk: bool = True
) -> np.ndarray:
    """Return each customer's tier on one day.

    Parameters
    ----------
    inputs : pandas.DataFrame, shape (n, ...)
        Of `segment_inputs`; where the rules have a rhythm, with ``limit_days`` (`snapshots.own_limits`).
    as_of_day : int
        Days since 1970-01-01.
    rules : SegmentRules
        Edges and limits.
    at_risk : bool
        Whether the first rule counts; without it the result is the ``value_tier``.

    Returns
    -------
    numpy.ndarray of int, shape (n,)
        Positions in `columns.TIERS`.
    """
    high_value, potential, standard, risk = (
        TIERS.index(t) for t in ("high_value", "potential", "standard", "at_risk")
    )
    scores = rfm_scores(inputs, as_of_day, rules)
    rich = scores["monetary_score"].to_numpy() >= TOP_SCORE
    often = scores["frequency_score"].to_numpy() >= TOP_SCORE
    codes = np.where(rich & often, high_value, np.where(rich, potential, standard))
    return np.where(_is_at_risk(inputs, as_of_day, rules), risk, codes) if at_risk else codes


def rfm_scores(inputs: pd.DataFrame, as_of_day: int, rules: SegmentRules) -> pd.DataFrame:
    """Return the three scores of RFM on one day, 1 (worst) to 5 (best).

    Parameters
    ----------
    inputs : pandas.DataFrame, shape (n, ...)
        Of `segment_inputs`.
    as_of_day : int
        Days since 1970-01-01.
    rules : SegmentRules
        Edges.

    Returns
    -------
    pandas.DataFrame, shape (n, 3)
        ``recency_score`` (5: the shortest silence), ``frequency_score`` (purchase days of the last 365 days),
        ``monetary_score`` (revenue of the last 365 days); equal values share a score.

    References
    ----------
    Hughes (1994), "Strategic Database Marketing".
    """
    silence = as_of_day - inputs["last_day"].to_numpy()
    return pd.DataFrame(
        {
            "recency_score": 6 - score_1_to_5(silence, rules.silence_edges),
            "frequency_score": score_1_to_5(inputs["purchase_days_year"].to_numpy(), rules.frequency_edges),
            "monetary_score": score_1_to_5(inputs["revenue_year"].to_numpy(), rules.money_edges),
        },
        index=inputs.index,
    )


def overdue_ratios(inputs: pd.DataFrame, as_of_day: int, rules: SegmentRules) -> np.ndarray:
    """Return silence / half of the customer's own limit (at least 14 days); from 2 on it is overdue.

    Parameters
    ----------
    inputs : pandas.DataFrame, shape (n, ...)
        Of `segment_inputs`.
    as_of_day : int
        Days since 1970-01-01.
    rules : SegmentRules
        With the base's rhythm, towards which a short history is shrunk.

    Returns
    -------
    numpy.ndarray, shape (n,)
    """
    silence = as_of_day - inputs["last_day"].to_numpy()
    limit = limit_days(inputs["gaps"].to_numpy(), inputs["gap_q90"].to_numpy(), rules.base_gap_q90)
    return np.asarray(silence / np.maximum(limit / 2, _SHORTEST_LIMIT_DAYS))


def _is_at_risk(inputs: pd.DataFrame, as_of_day: int, rules: SegmentRules) -> np.ndarray:
    silence = as_of_day - inputs["last_day"].to_numpy()
    has_rhythm = inputs["purchase_days"].to_numpy() >= 3
    overdue = overdue_ratios(inputs, as_of_day, rules) >= 2
    late = np.where(has_rhythm, overdue, silence > rules.active_days / 2)
    return np.asarray(_is_lapsed(inputs, as_of_day, rules) | late)


def _is_lapsed(inputs: pd.DataFrame, as_of_day: int, rules: SegmentRules) -> np.ndarray:
    limit = rules.active_days if rules.rhythm is None else inputs["limit_days"].to_numpy()
    return np.asarray(as_of_day - inputs["last_day"].to_numpy() > limit)


def stage_codes(inputs: pd.DataFrame, as_of_day: int, rules: SegmentRules) -> np.ndarray:
    """Return each customer's lifecycle stage on one day.

    Parameters
    ----------
    inputs : pandas.DataFrame, shape (n, ...)
        Of `segment_inputs`; where the rules have a rhythm, with ``limit_days`` (`snapshots.own_limits`).
    as_of_day : int
        Days since 1970-01-01.
    rules : SegmentRules
        Edges and limits.

    Returns
    -------
    numpy.ndarray of int, shape (n,)
        Positions in `columns.STAGES`.
    """
    new, growing, mature, declining = (STAGES.index(s) for s in ("new", "growing", "mature", "declining"))
    age = as_of_day - inputs["first_day"].to_numpy()
    lapsed = _is_lapsed(inputs, as_of_day, rules)
    codes = np.where(age <= rules.growing_days, growing, mature)
    codes = np.where(lapsed | _earns_under_half(inputs, age), declining, codes)
    return np.where(age <= rules.new_days, new, codes)


def _earns_under_half(inputs: pd.DataFrame, age: np.ndarray) -> np.ndarray:
    """Compare the last 180 days with the same window last year, or with the customer's own earlier pace."""
    lately = inputs["margin_half"].to_numpy()
    # a shorter time is not scaled up to half a year: it begins with an order, which would overstate the pace
    earlier_days = np.maximum(age - _HALF_YEAR, _HALF_YEAR)
    own_pace = inputs["margin_earlier"].to_numpy() * _HALF_YEAR / earlier_days
    has_last_year = age >= _YEAR + _HALF_YEAR
    usual = np.where(has_last_year, inputs["margin_half_last_year"].to_numpy(), own_pace)
    return np.asarray((age > _HALF_YEAR) & (usual > 0) & (lately < usual / 2))
