"""A customer's own rhythm, shrunk to the base: few gaps say little about a customer, many say a lot.

In:  gaps between purchase days, or a history.
Out: the gap to expect, and the silence that is no longer usual for a customer: its limit.
Not here: who counts as lost (`labels`), tiers (`segments`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from patron.snapshots.aggregate import Aggregate, aggregate, quantile
from patron.snapshots.history import History

#: The base counts as this many gaps of the customer's own.
BASE_WEIGHT_GAPS = 3.0
MIN_LIMIT_DAYS = 30.0
MAX_LIMIT_DAYS = 400.0
YEAR_DAYS = 365
_MONTH_DAYS = 30.4375
#: Days are whole numbers: a limit that is one but for rounding must not move a customer to its other side.
_DECIMALS = 9


@dataclass(frozen=True)
class RhythmRule:
    """Which silence is still usual for a customer.

    Parameters
    ----------
    quantile : float
        Of the customer's gaps.
    min_days, max_days : float
        Bounds of the limit, in days.
    base_gap_days : float or None
        What limits are shrunk to (`base_gap_days`), fixed where the rule is applied to single customers.
    """

    quantile: float = 0.9
    min_days: float = MIN_LIMIT_DAYS
    max_days: float = MAX_LIMIT_DAYS
    base_gap_days: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the rule as JSON-able data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> RhythmRule:
        """Read what `to_dict` wrote."""
        return cls(**data)

    def fitted(self, history: History) -> RhythmRule:
        """Return the rule with the base's gap of a history."""
        return replace(self, base_gap_days=base_gap_days(own_gaps(history, self.quantile), history.as_of_day))


def expected_gap_days(gaps: np.ndarray, own_gap: np.ndarray, base_gap: float) -> np.ndarray:
    """Average a customer's gap with the base's, on the log scale.

    Parameters
    ----------
    gaps : numpy.ndarray, shape (n,)
        How many gaps the customer has.
    own_gap : numpy.ndarray, shape (n,)
        A quantile of them, in days; missing without any.
    base_gap : float
        The same quantile over the base, in days.

    Returns
    -------
    numpy.ndarray, shape (n,)
        Days.

    Examples
    --------
    >>> expected_gap_days(np.array([0.0, 3.0]), np.array([np.nan, 10.0]), 40.0)
    array([40., 20.])
    """
    own = np.log(np.where(gaps > 0, own_gap, 1.0))
    mean = (gaps * own + BASE_WEIGHT_GAPS * np.log(base_gap)) / (gaps + BASE_WEIGHT_GAPS)
    return np.asarray(np.exp(mean))


def limit_days(
    gaps: np.ndarray,
    own_gap: np.ndarray,
    base_gap: float,
    *,
    min_days: float = MIN_LIMIT_DAYS,
    max_days: float = MAX_LIMIT_DAYS,
) -> np.ndarray:
    """Return the silence that is no longer usual for a customer, in days.

    Parameters
    ----------
    gaps : numpy.ndarray, shape (n,)
        How many gaps the customer has.
    own_gap : numpy.ndarray, shape (n,)
        A high quantile of them, in days; missing without any.
    base_gap : float
        The same over the base.
    min_days, max_days : float
        Bounds, in days.

    Returns
    -------
    numpy.ndarray, shape (n,)
        Days.

    Examples
    --------
    >>> limit_days(np.array([0.0, 3.0, 9.0]), np.array([np.nan, 90.0, 2.0]), 40.0)
    array([40., 60., 30.])
    """
    limit = expected_gap_days(gaps, own_gap, base_gap)
    return np.asarray(np.clip(np.round(limit, _DECIMALS), min_days, max_days))


def own_gaps(history: History, share: float) -> pd.DataFrame:
    """Summarise each customer's gaps between purchase days.

    Parameters
    ----------
    history : History
        What was known before ``as_of``.
    share : float
        Which quantile, within 0 to 1.

    Returns
    -------
    pandas.DataFrame
        Sorted by ``customer_id``, customers with a purchase day only: ``first_day``, ``last_day``, ``gaps``
        (how many), ``own_gap`` (that quantile, in days; missing without a gap).
    """
    gap = nw.col("gap_days")
    return _per_customer(history, {"gaps": Aggregate(gap, "count"), "own_gap": quantile(gap, share)})


def last_purchase_days(history: History) -> pd.DataFrame:
    """Return each customer's first and last purchase day.

    Parameters
    ----------
    history : History
        What was known before ``as_of``.

    Returns
    -------
    pandas.DataFrame
        Sorted by ``customer_id``, customers with a purchase day only: ``first_day``, ``last_day``.
    """
    return _per_customer(history, {})


def _per_customer(history: History, more: Mapping[str, Aggregate]) -> pd.DataFrame:
    day = nw.col("day").cast(nw.Float64)
    purchase_day = nw.when(nw.col("orders") > 0).then(day).otherwise(nw.lit(None, dtype=nw.Float64))
    sums = {"first_day": Aggregate(purchase_day, "min"), "last_day": Aggregate(purchase_day, "max"), **more}
    table = aggregate(history.days, ["customer_id"], sums).filter(~nw.col("last_day").is_null())
    frame = table.collect().to_pandas().sort_values("customer_id", ignore_index=True)
    numbers = frame.columns.drop("customer_id")
    frame[numbers] = frame[numbers].astype(np.float64)
    return frame.assign(customer_id=frame["customer_id"].astype(str))


def base_gap_days(gaps: pd.DataFrame, as_of_day: int) -> float:
    """Return the median of the customers' own quantiles, over those who bought in the last 365 days.

    The same base and fallback as for the tiers (`segments.fit_segment_rules`).

    Parameters
    ----------
    gaps : pandas.DataFrame, shape (n, ...)
        Of `own_gaps`.
    as_of_day : int
        Days since 1970-01-01.

    Returns
    -------
    float
        Days; three months where nobody has a gap.
    """
    recent = gaps[gaps["last_day"] >= as_of_day - YEAR_DAYS]
    base = recent if len(recent) else gaps
    known = base["own_gap"][base["gaps"] > 0]
    return float(np.median(known)) if len(known) else 3 * _MONTH_DAYS


def own_limits(history: History, rule: RhythmRule) -> pd.DataFrame:
    """Return each customer's silence and limit.

    Parameters
    ----------
    history : History
        What was known before ``as_of``.
    rule : RhythmRule
        Which quantile and bounds; without a base gap, that of the history counts.

    Returns
    -------
    pandas.DataFrame
        Sorted by ``customer_id``, customers with a purchase day only: `own_gaps`, ``silence_days`` and
        ``limit_days``.
    """
    gaps = own_gaps(history, rule.quantile)
    base = base_gap_days(gaps, history.as_of_day) if rule.base_gap_days is None else rule.base_gap_days
    limit = limit_days(
        gaps["gaps"].to_numpy(),
        gaps["own_gap"].to_numpy(),
        base,
        min_days=rule.min_days,
        max_days=rule.max_days,
    )
    return gaps.assign(silence_days=history.as_of_day - gaps["last_day"], limit_days=limit)


def days_to_order(until_limit: np.ndarray, horizon_days: int) -> np.ndarray:
    """Return how many days a customer has left to order before its silence is unusual.

    Parameters
    ----------
    until_limit : numpy.ndarray, shape (n,)
        Limit minus silence, in days; negative for customers past their limit.
    horizon_days : int
        Taken for customers past their limit.

    Returns
    -------
    numpy.ndarray, shape (n,)
        At least 1: the day of ``as_of`` is always left.

    Examples
    --------
    >>> days_to_order(np.array([12.5, 0.0, -3.0]), 90)
    array([12.5,  1. , 90. ])
    """
    return np.where(until_limit < 0, float(horizon_days), np.maximum(until_limit, 1.0))
