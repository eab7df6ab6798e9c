"""What an account has stopped buying although it still buys: the first sign of a customer who is leaving.

In:  customer tables, a day.
Out: one row per account and category (or product) that is overdue against the account's own rhythm in it.
Not here: whether that says more than the bare silence (`product_trial`), accounts overdue as a whole.
"""

from __future__ import annotations

from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from patron.actions.items import YEAR_DAYS, items_of, kind_of_items
from patron.snapshots import (
    Aggregate,
    CustomerTables,
    History,
    RhythmRule,
    aggregate,
    count,
    day_of,
    history_before,
    limit_days,
    own_limits,
    quantile,
    total,
)

#: Purchase days of a category below which an account has no rhythm in it.
MIN_PURCHASE_DAYS = 3
_DECIMALS = 9
COLUMNS = (
    "customer_id", "category", "last_bought_on", "usual_gap_days", "days_late_ratio", "revenue_year_before",
)  # fmt: skip


def stopped_categories(
    tables: CustomerTables,
    as_of_day: int,
    *,
    by: str = "auto",
    active_days: int = 180,
    rule: RhythmRule | None = None,
    forget_after_days: int = YEAR_DAYS,
    minor_digits: int = 2,
) -> pd.DataFrame:
    """List what accounts that still buy have stopped buying.

    A category has stopped where the days since its last purchase day exceed the account's own limit in it:
    the quantile of its gaps, shrunk to the base's, within bounds, as for the churn label ``rhythm``, but
    never below the quantile itself. The account must not be overdue by the same rule, nor silent for more
    than `active_days`. What nobody bought in the last 90 days is no longer sold, and left out.

    Parameters
    ----------
    tables : CustomerTables
        With categories or products.
    as_of_day : int
        Days since 1970-01-01; nothing of this day or later is looked at.
    by : str
        ``categories``, ``products``, or ``auto``: categories where there are any.
    active_days : int
        Days of silence after which an account is lapsed.
    rule : RhythmRule, optional
        Quantile and bounds of the limit.
    forget_after_days : int
        What was last bought longer ago is old news, and left out.
    minor_digits : int
        Decimals of the currency.

    Returns
    -------
    pandas.DataFrame
        ``customer_id``, ``category`` (or the product), ``last_bought_on`` (date), ``usual_gap_days`` (median
        gap), ``days_late_ratio`` (days since / limit, above 1), ``revenue_year_before`` (currency, in the 365
        days up to its last purchase day); most revenue first.

    Raises
    ------
    NotEnoughData
        If the order lines name neither categories nor products.
    """
    kind = kind_of_items(tables, by)
    history = history_before(tables, as_of_day)
    pairs = rhythm_of_pairs(history, kind, active_days=active_days, rule=rule or RhythmRule())
    is_stopped = (pairs["days_late_ratio"] > 1) & (pairs["silence_days"] <= forget_after_days)
    stopped = pairs[is_stopped]
    stopped = stopped.assign(
        last_bought_on=[day_of(day) for day in stopped["last_day"]],
        revenue_year_before=stopped["spend_year"] / 10**minor_digits,
    )
    found = stopped.rename(columns={"item": "category", "gap_median": "usual_gap_days"})[list(COLUMNS)]
    return found.sort_values(
        ["revenue_year_before", "customer_id", "category"],
        ascending=[False, True, True],
        ignore_index=True,
    )


def rhythm_of_pairs(history: History, kind: str, *, active_days: int, rule: RhythmRule) -> pd.DataFrame:
    """Return the rhythm of each category with one, of accounts that are not overdue themselves.

    Parameters
    ----------
    history : History
        What was known before a day.
    kind : str
        ``categories`` or ``products``.
    active_days : int
        Days of silence after which an account is lapsed.
    rule : RhythmRule
        Quantile and bounds of the limit.

    Returns
    -------
    pandas.DataFrame
        Sorted by ``customer_id`` and ``item``: ``purchase_days``, ``last_day``, ``gap_median``,
        ``silence_days``, ``limit_days``, ``days_late_ratio``, ``spend_year`` (minor units).
    """
    pairs = _pairs(items_of(history, kind), rule.quantile)
    # engines interpolate with another last digit: a silence that equals its limit must be late on none
    gaps, own = pairs["gaps"].to_numpy(), np.round(pairs["gap_high"].to_numpy(), _DECIMALS)
    # without pairs there is nothing to bound, and any base will do
    base = float(np.median(own)) if len(own) else rule.max_days
    shrunk = limit_days(gaps, own, base, min_days=rule.min_days, max_days=rule.max_days)
    # a base that buys other things more often must not make a slow rhythm late
    limit = np.round(np.maximum(shrunk, own), _DECIMALS)
    silence = history.as_of_day - pairs["last_day"].to_numpy()
    ratio = np.round(silence / limit, _DECIMALS)
    pairs = pairs.assign(silence_days=silence, limit_days=limit, days_late_ratio=ratio)
    accounts = own_limits(history, rule)
    alive = accounts["silence_days"] <= np.minimum(accounts["limit_days"], active_days)
    return pairs[pairs["customer_id"].isin(accounts.loc[alive, "customer_id"])].reset_index(drop=True)


def _pairs(items: nw.LazyFrame[Any], share: float) -> pd.DataFrame:
    """Summarise the gaps between purchase days of each customer and item."""
    key, day = ["customer_id", "item"], nw.col("day")
    known = items.with_columns(
        gap=(day - day.shift(1).over(*key, order_by="day")).cast(nw.Float64), last=day.max().over(*key)
    )
    gap = nw.col("gap")
    table = aggregate(
        known,
        key,
        {
            "purchase_days": count(~nw.col("spend").is_null()),
            "last_day": Aggregate(day, "max"),
            "gaps": Aggregate(gap, "count"),
            "gap_high": quantile(gap, share),
            "gap_median": Aggregate(gap, "median"),
            "spend_year": total("spend", day > nw.col("last") - YEAR_DAYS),
        },
    ).filter(nw.col("purchase_days") >= MIN_PURCHASE_DAYS)
    frame = table.collect().to_pandas()
    numbers = [name for name in frame.columns if name not in key]
    texts, floats = frame[key].astype(str), frame[numbers].astype(np.float64)
    frame = pd.concat([texts, floats], axis=1)
    return frame.sort_values(key, ignore_index=True)
