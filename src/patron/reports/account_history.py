"""What single accounts did, from the customer-day table: order days, rolling revenue, own rhythm, past risk.

In: the days and limits of some customers, past scorings. Out: `AccountHistory` per customer. Not here:
pictures of it, which tables it comes from (`workflows`).
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from patron.reports.desk import AccountHistory
from patron.snapshots import day_of, to_day

YEAR_DAYS = 365
#: Months of rolling revenue shown at most.
MOST_MONTHS = 36


def account_histories(
    days: pd.DataFrame,
    as_of_day: int,
    *,
    rhythm: pd.DataFrame | None = None,
    past_scores: Iterable[pd.DataFrame] = (),
    minor_digits: int = 2,
) -> dict[str, AccountHistory]:
    """Tell what each customer of a customer-day table did.

    Parameters
    ----------
    days : pandas.DataFrame
        ``customer_id``, ``day`` (days since 1970-01-01), ``orders``, ``spend``, ``refund`` (minor units);
        rows at or after `as_of_day` are left out.
    as_of_day : int
        Days since 1970-01-01.
    rhythm : pandas.DataFrame, optional
        ``customer_id``, ``limit_days`` and ``usual_gap_days``.
    past_scores : iterable of pandas.DataFrame
        Scores of one day each, with ``customer_id``, ``as_of``, ``churn_probability``.
    minor_digits : int
        Decimals of the currency.

    Returns
    -------
    dict of str to AccountHistory

    Examples
    --------
    >>> days = pd.DataFrame({"customer_id": "a", "day": [19700, 19730], "orders": 1, "spend": [500, 700],
    ...                      "refund": 0})
    >>> told = account_histories(days, 19740)["a"]
    >>> [amount for _, amount in told.purchase_days], told.silence_days
    ([5.0, 7.0], 10)
    """
    known = days[days["day"] < as_of_day].sort_values(["customer_id", "day"])
    limits = {} if rhythm is None else rhythm.set_index("customer_id").to_dict("index")
    risks = _risks(past_scores, set(known["customer_id"]), day_of(as_of_day))
    unit = 10**minor_digits
    return {
        str(customer): _history(own, as_of_day, limits.get(customer, {}), risks.get(str(customer), []), unit)
        for customer, own in known.groupby("customer_id", sort=True)
    }


def _history(
    own: pd.DataFrame,
    as_of_day: int,
    limits: Mapping[Any, float],
    risk: list[tuple[dt.date, float]],
    unit: int,
) -> AccountHistory:
    bought = own[own["orders"] > 0]
    net = ((own["spend"] - own["refund"]) / unit).to_numpy(dtype=float)
    amounts = ((bought["spend"] - bought["refund"]) / unit).tolist()
    last = int(bought["day"].max()) if len(bought) else None
    return AccountHistory(
        [(day_of(int(day)), amount) for day, amount in zip(bought["day"], amounts, strict=True)],
        _rolling(own["day"].to_numpy(dtype=np.int64), net, as_of_day),
        risk,
        _finite(limits.get("usual_gap_days")),
        _finite(limits.get("limit_days")),
        None if last is None else as_of_day - last,
    )


def _rolling(days: np.ndarray, net: np.ndarray, as_of_day: int) -> list[tuple[dt.date, float]]:
    """Sum the 365 days before each month's start since the first order, and before as_of."""
    if not len(days):
        return []
    first, last = day_of(int(days[0])), day_of(as_of_day)
    months = range(first.year * 12 + first.month, last.year * 12 + last.month)
    starts = [dt.date(month // 12, month % 12 + 1, 1) for month in months][-MOST_MONTHS:]
    ends = [*starts, *([last] if not starts or starts[-1] < last else [])]
    until = np.array([to_day(end) for end in ends])
    sums = np.concatenate([[0.0], np.cumsum(net)])
    revenue = sums[np.searchsorted(days, until)] - sums[np.searchsorted(days, until - YEAR_DAYS)]
    return [(end, round(float(amount), 2)) for end, amount in zip(ends, revenue, strict=True)]


def _risks(
    past_scores: Iterable[pd.DataFrame], customers: set[str], as_of: dt.date
) -> dict[str, list[tuple[dt.date, float]]]:
    found: dict[str, list[tuple[dt.date, float]]] = {}
    for scores in past_scores:
        own = scores[scores["customer_id"].isin(customers) & scores["churn_probability"].notna()]
        rows = zip(own["customer_id"], own["as_of"], own["churn_probability"], strict=True)
        for customer, day, chance in rows:
            on = pd.Timestamp(day).date()
            if on <= as_of:
                found.setdefault(str(customer), []).append((on, float(chance)))
    return {customer: sorted(dict(points).items()) for customer, points in found.items()}


def _finite(value: float | None) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None
