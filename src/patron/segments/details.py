"""What people read about a customer's segment: scores, tier, stage, distance to the top, growth.

In:  the customer tables, a day, the rules of a model or of an earlier day.
Out: one row per customer, money in currency units.
Not here: the rules themselves (`segments.rules`), moves between two days (`retention`).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from patron.segments.assign import assign_segments
from patron.segments.rules import TOP_SCORE, SegmentRules, overdue_ratios, rfm_scores
from patron.snapshots import YEAR_DAYS, CustomerTables

#: Nearly top: under the high-value line, with at most this share of it missing (money, purchase days).
NEARLY_TOP_SHARE = 0.25
#: Fast growing: revenue of the last 365 days is at least this many times that of the 365 days before.
FAST_GROWTH_RATIO = 1.5
#: The year before must hold at least half a year of the customer's history.
GROWTH_HISTORY_DAYS = YEAR_DAYS + 180
#: A single large order is no growth: at least so many purchase days last year, and before it.
GROWTH_PURCHASE_DAYS = 3
GROWTH_PURCHASE_DAYS_BEFORE = 2
_SCORES = ("recency_score", "frequency_score", "monetary_score")


def segment_details(
    tables: CustomerTables,
    as_of_day: int,
    rules: SegmentRules,
    *,
    minor_digits: int = 2,
    nearly_top_share: float = NEARLY_TOP_SHARE,
    fast_growth_ratio: float = FAST_GROWTH_RATIO,
) -> pd.DataFrame:
    """Return scores, tier, stage and the numbers behind them for every customer with a purchase day.

    Parameters
    ----------
    tables : CustomerTables
        The customer-day tables.
    as_of_day : int
        Days since 1970-01-01; nothing of this day or later is looked at.
    rules : SegmentRules
        Edges of a model, or of `fit_segment_rules`.
    minor_digits : int
        Decimals of the currency.
    nearly_top_share : float
        How much of the high-value line may be missing to be nearly top.
    fast_growth_ratio : float
        Revenue of the last 365 days over that of the year before, from which on a small account grows fast.

    Returns
    -------
    pandas.DataFrame
        Sorted by ``customer_id``: ``recency_score``, ``frequency_score``, ``monetary_score`` (1 to 5),
        ``tier``, ``value_tier``, ``lifecycle_stage``, ``is_nearly_top``, ``revenue_to_top`` (currency) and
        ``orders_to_top`` (purchase days) missing to the high-value line, ``is_fast_growing``,
        ``days_since_last_order``, ``purchase_days_last_12_months``, ``revenue_last_12_months`` (currency),
        ``revenue_change_ratio`` (last 365 days / the 365 before, missing without), ``overdue_ratio``. A row
        depends on the customer's own rows and the rules only.
    """
    rows = assign_segments(tables, as_of_day, rules)
    scores = rfm_scores(rows, as_of_day, rules)
    unit = 10**minor_digits
    money_short, orders_short = _short_of_the_line(rows, rules)
    before = rows["revenue_year_before"].to_numpy()
    ratio = np.where(before > 0, rows["revenue_year"].to_numpy() / np.where(before > 0, before, 1.0), np.nan)
    return pd.DataFrame(
        {
            "customer_id": rows["customer_id"],
            **{name: scores[name].astype(np.int64) for name in _SCORES},
            **{name: rows[name] for name in ("tier", "value_tier", "lifecycle_stage")},
            "is_nearly_top": _is_nearly_top(rows, rules, money_short, orders_short, nearly_top_share),
            "revenue_to_top": money_short / unit,
            "orders_to_top": orders_short.astype(np.int64),
            "is_fast_growing": _is_fast_growing(rows, as_of_day, scores, fast_growth_ratio),
            "days_since_last_order": (as_of_day - rows["last_day"]).astype(np.int64),
            "purchase_days_last_12_months": rows["purchase_days_year"].astype(np.int64),
            "revenue_last_12_months": rows["revenue_year"] / unit,
            "revenue_change_ratio": ratio,
            "overdue_ratio": overdue_ratios(rows, as_of_day, rules),
        }
    )


def _high_value_line(rules: SegmentRules) -> tuple[float, float]:
    """Return the least revenue (minor units) and the least purchase days per year that score `TOP_SCORE`."""
    edge = TOP_SCORE - 2
    return float(np.floor(rules.money_edges[edge]) + 1), float(np.floor(rules.frequency_edges[edge]) + 1)


def _short_of_the_line(rows: pd.DataFrame, rules: SegmentRules) -> tuple[np.ndarray, np.ndarray]:
    money, orders = _high_value_line(rules)
    return (
        np.maximum(money - rows["revenue_year"].to_numpy(), 0.0),
        np.maximum(orders - rows["purchase_days_year"].to_numpy(), 0.0),
    )


def _is_nearly_top(
    rows: pd.DataFrame, rules: SegmentRules, money_short: np.ndarray, orders_short: np.ndarray, share: float
) -> np.ndarray:
    money, orders = _high_value_line(rules)
    # over the line but not moved yet: the second reading will do it, there is nothing to sell
    is_under = (money_short > 0) | (orders_short > 0)
    # one order is always near: where the line is at two or three a year, a share of it is less than one
    near = (money_short <= share * max(money, 0.0)) & (orders_short <= max(1.0, share * orders))
    return np.asarray(is_under & near & (rows["tier"] != "at_risk") & (rows["value_tier"] != "high_value"))


def _is_fast_growing(rows: pd.DataFrame, as_of_day: int, scores: pd.DataFrame, ratio: float) -> np.ndarray:
    """Compare the last year with the pace of the year before, for small accounts with enough history."""
    age = as_of_day - rows["first_day"].to_numpy()
    # a year before that is only partly covered is scaled up: it begins with an order, so the pace is too high
    days_before = np.clip(age - YEAR_DAYS, 1, YEAR_DAYS)
    pace_before = rows["revenue_year_before"].to_numpy() * YEAR_DAYS / days_before
    days_last_year = rows["purchase_days_year"].to_numpy()
    enough = (
        (age >= GROWTH_HISTORY_DAYS)
        & (days_last_year >= GROWTH_PURCHASE_DAYS)
        & (rows["purchase_days"].to_numpy() - days_last_year >= GROWTH_PURCHASE_DAYS_BEFORE)
    )
    grows = (pace_before > 0) & (rows["revenue_year"].to_numpy() >= ratio * pace_before)
    is_small = scores["monetary_score"].to_numpy() < TOP_SCORE
    return np.asarray(is_small & enough & grows & (rows["tier"] != "at_risk").to_numpy())
