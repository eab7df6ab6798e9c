"""The second order: who should have made it by now, and how many of each cohort did.

In:  customer tables, a day.
Out: first-order accounts past the usual day, second-order rates by cohort.
Not here: churn of those who order regularly.
"""

from __future__ import annotations

from typing import NamedTuple

import narwhals as nw
import numpy as np
import pandas as pd

from patron.errors import PatronError
from patron.metrics import EndedShare, ended_share, wilson_interval
from patron.snapshots import Aggregate, CustomerTables, aggregate, day_of, history_before, to_day, total

_PERIODS = {"month": "M", "quarter": "Q", "year": "Y"}


class SecondOrderTiming(NamedTuple):
    """When second orders come.

    Parameters
    ----------
    usual_days : float
        Days from the first order by which half of those who ever order again have done so; NaN where nobody
        has.
    share_ever : float
        Share that orders again, as far as the log reaches.
    ordered_again : EndedShare
        Share by day after the first order.
    """

    usual_days: float
    share_ever: float
    ordered_again: EndedShare


def second_order_timing(tables: CustomerTables, as_of_day: int) -> SecondOrderTiming:
    """Return how long after the first order the second one comes.

    Accounts that have not ordered again yet count for as long as they have been watched (Kaplan-Meier): the
    plain median of the second orders seen so far would be too short, because slow ones are still to come.

    Parameters
    ----------
    tables : CustomerTables
        The customer-day tables.
    as_of_day : int
        Days since 1970-01-01; nothing of this day or later is looked at.

    Returns
    -------
    SecondOrderTiming
    """
    return _timing(_first_and_second(tables, as_of_day), as_of_day)


def second_order_due(
    tables: CustomerTables, as_of_day: int, *, forget_after_days: int = 365, minor_digits: int = 2
) -> pd.DataFrame:
    """List accounts with one purchase day, past the usual day of a second order.

    Parameters
    ----------
    tables : CustomerTables
        The customer-day tables.
    as_of_day : int
        Days since 1970-01-01; nothing of this day or later is looked at.
    forget_after_days : int
        Accounts whose only order is older are left out.
    minor_digits : int
        Decimals of the currency.

    Returns
    -------
    pandas.DataFrame
        ``customer_id``, ``first_order_on`` (date), ``days_since_first_order``, ``usual_second_order_on``
        (date), ``days_late``, ``second_order_probability`` (that it still comes, as far as the log reaches),
        ``revenue`` (currency, of the first order's day); most revenue first.
    """
    orders = _first_and_second(tables, as_of_day)
    timing = _timing(orders, as_of_day)
    waited = as_of_day - orders["first_day"]
    due = orders[orders["second_day"].isna() & (waited > timing.usual_days) & (waited <= forget_after_days)]
    waited = as_of_day - due["first_day"]
    by_now = timing.ordered_again.at(waited.to_numpy(dtype=np.float64))
    found = pd.DataFrame(
        {
            "customer_id": due["customer_id"],
            "first_order_on": [day_of(day) for day in due["first_day"]],
            "days_since_first_order": waited.astype(np.int64),
            "usual_second_order_on": [day_of(int(day + timing.usual_days)) for day in due["first_day"]],
            "days_late": (waited - timing.usual_days).astype(np.int64),
            "second_order_probability": (timing.share_ever - by_now) / np.maximum(1.0 - by_now, 1e-12),
            "revenue": due["first_value"] / 10**minor_digits,
        }
    )
    return found.sort_values(["revenue", "customer_id"], ascending=[False, True], ignore_index=True)


def second_order_rates(
    tables: CustomerTables, as_of_day: int, *, every: str = "quarter", within_days: int = 180
) -> pd.DataFrame:
    """Return the share of each cohort that ordered a second time.

    Parameters
    ----------
    tables : CustomerTables
        The customer-day tables.
    as_of_day : int
        Days since 1970-01-01; nothing of this day or later is looked at.
    every : str
        Cohorts by ``month``, ``quarter`` or ``year`` of the first order.
    within_days : int
        A second purchase day up to so many days after the first counts.

    Returns
    -------
    pandas.DataFrame
        ``cohort`` (date, its first day), ``customers``, ``ordered_again`` (until now), ``ordered_within``
        (within `within_days`), ``second_order_rate`` with ``second_order_rate_low`` and ``_high`` (95 %,
        Wilson): of those within; missing while not every customer of the cohort has been watched for so long.

    Raises
    ------
    PatronError
        If `every` is not known.
    """
    if every not in _PERIODS:
        raise PatronError(f"every is {every!r}; it must be one of {', '.join(_PERIODS)}.")
    orders = _first_and_second(tables, as_of_day)
    periods = pd.to_datetime([day_of(day) for day in orders["first_day"]]).to_period(_PERIODS[every])
    within = (orders["second_day"] - orders["first_day"]) <= within_days
    grouped = orders.assign(
        cohort=periods.start_time.date, again=orders["second_day"].notna(), within=within
    ).groupby("cohort")
    found = grouped.agg(
        customers=("customer_id", "size"), ordered_again=("again", "sum"), ordered_within=("within", "sum")
    )
    last_day = [period.end_time.date() for period in sorted(set(periods))]
    is_over = np.array([to_day(day) + within_days < as_of_day for day in last_day], dtype=bool)
    low, high = wilson_interval(found["ordered_within"].to_numpy(float), found["customers"].to_numpy(float))
    rate = (found["ordered_within"] / found["customers"]).to_numpy()
    shares = {"second_order_rate": rate, "second_order_rate_low": low, "second_order_rate_high": high}
    return found.assign(**{name: np.where(is_over, x, np.nan) for name, x in shares.items()}).reset_index()


def _first_and_second(tables: CustomerTables, as_of_day: int) -> pd.DataFrame:
    """Return the first and second purchase day of every customer, and the value of the first."""
    days = history_before(tables, as_of_day).days.filter(nw.col("orders") > 0)
    day, missing = nw.col("day").cast(nw.Float64), nw.lit(None, dtype=nw.Float64)
    later = nw.when(~nw.col("gap_days").is_null()).then(day).otherwise(missing)
    table = aggregate(
        days,
        ["customer_id"],
        {
            "first_day": Aggregate(day, "min"),
            "second_day": Aggregate(later, "min"),
            "first_value": total("spend", nw.col("gap_days").is_null()),
        },
    )
    frame = table.collect().to_pandas()
    numbers = frame[["first_day", "second_day", "first_value"]].astype(np.float64)
    frame = numbers.assign(customer_id=frame["customer_id"].astype(str))
    return frame.sort_values("customer_id", ignore_index=True)


def _timing(orders: pd.DataFrame, as_of_day: int) -> SecondOrderTiming:
    again = orders["second_day"].notna().to_numpy()
    end = orders["second_day"].fillna(float(as_of_day))
    curve = ended_share((end - orders["first_day"]).to_numpy(dtype=np.float64), again)
    ever = float(curve.share[-1]) if len(curve.share) else 0.0
    usual = curve.day_of_share(ever / 2) if ever else np.nan
    return SecondOrderTiming(usual, ever, curve)
