"""Whether a value model keeps pace with the orders: repeat orders added up week by week.

In: a fitted model and the customer tables. Out: a small JSON-able dict, sums over customers only.
Not here: single customers or groups of them (``pictures``), any drawing (``reports``).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from patron.clv.estimator import CLVModel
from patron.errors import NotEnoughData, PatronError
from patron.snapshots import (
    Aggregate,
    CustomerTables,
    History,
    aggregate,
    count,
    day_text,
    history_before,
)

Floats = NDArray[np.float64]

_MOST_POINTS = 260  # five years of weeks


class _Arrivals(NamedTuple):
    """Customers known before the cut: day of the first order, and how many had theirs on that day."""

    day: NDArray[np.int64]
    customers: Floats


def tracking(model: CLVModel, tables: CustomerTables, cut_day: int, end_day: int) -> dict[str, Any]:
    """Add up repeat orders week by week, expected and actual, beyond the day to which the model was fitted.

    Expected before the start of a day is the sum of ``model.expected_orders_since_first`` over the customers
    whose first order lies before it; the histories themselves are not used.

    Parameters
    ----------
    model : CLVModel
        Fitted to what lies before ``cut_day``.
    tables : CustomerTables
        The customer-day tables.
    cut_day, end_day : int
        End of what the model saw, end of what is known; days since 1970-01-01, exclusive.

    Returns
    -------
    dict
        ``first_day``, ``cut`` and ``as_of`` (ISO dates), ``customers`` (with a first order before the cut;
        later ones are in neither curve), ``days`` (since ``first_day``; a week apart, more over many years),
        ``expected`` and ``actual`` (repeat purchase days before each of them), ``held_out`` (``expected`` and
        ``actual`` between cut and end).

    Raises
    ------
    NotEnoughData
        When nobody ordered before the cut.

    References
    ----------
    Fader, Hardie & Lee (2005), Marketing Science 24(2), figure 4: tracking plot of cumulative repeat sales.
    """
    if not cut_day < end_day:
        raise PatronError(f"the cut ({day_text(cut_day)}) must lie before the end ({day_text(end_day)})")
    arrivals, repeats = _arrivals_and_repeats(history_before(tables, end_day), cut_day)
    if not arrivals.day.size:
        raise NotEnoughData(f"nobody ordered before {day_text(cut_day)}")
    start = int(arrivals.day.min())
    days = _weeks_around(cut_day, start, end_day)
    expected = _expected_until(model, arrivals, days)
    actual = np.array([float(repeats[repeats.index < day].sum()) for day in days])
    held = days.tolist().index(cut_day)
    return {
        "first_day": day_text(start),
        "cut": day_text(cut_day),
        "as_of": day_text(end_day),
        "customers": int(arrivals.customers.sum()),
        "days": [int(day) - start for day in days],
        # six digits: a picture shows no more
        "expected": [float(f"{orders:.6g}") for orders in expected],
        "actual": [int(orders) for orders in actual],
        "held_out": {
            "expected": float(expected[-1] - expected[held]),
            "actual": int(actual[-1] - actual[held]),
        },
    }


def _arrivals_and_repeats(history: History, cut_day: int) -> tuple[_Arrivals, pd.Series]:
    """Count first and repeat purchase days of customers known before the cut, by day."""
    days = history.days.filter(nw.col("orders") > 0)
    first = aggregate(days, ["customer_id"], {"first_day": Aggregate(nw.col("day"), "min")})
    first = first.filter(nw.col("first_day") < cut_day)
    arrived = aggregate(first, ["first_day"], {"n": count(nw.col("first_day") < cut_day)})
    repeats = days.join(first, on="customer_id").filter(nw.col("day") > nw.col("first_day"))
    repeated = aggregate(repeats, ["day"], {"n": count(nw.col("orders") > 0)})
    arrivals = arrived.collect().to_pandas().sort_values("first_day")
    orders = repeated.collect().to_pandas().astype({"day": "int64"})
    return (
        _Arrivals(arrivals["first_day"].to_numpy(np.int64), arrivals["n"].to_numpy(np.float64)),
        orders.set_index("day")["n"],
    )


def _weeks_around(cut_day: int, start: int, end_day: int) -> NDArray[np.int64]:
    """Count weeks from the cut in both directions, up to the two ends."""
    step = 7 * max(1, -(-(end_day - start) // (7 * _MOST_POINTS)))
    before = np.arange(cut_day, start, -step)
    after = np.arange(cut_day, end_day, step)
    return np.unique(np.concatenate([[start], before, after, [end_day]])).astype(np.int64)


def _expected_until(model: CLVModel, arrivals: _Arrivals, days: NDArray[np.int64]) -> Floats:
    """Expect so many repeat orders before each day."""
    start = int(arrivals.day.min())
    # weeks observed run to the day before, as in the purchase summary
    per_customer = model.expected_orders_since_first(np.arange(int(days.max()) - start) / 7)
    totals = []
    for day in days:
        known = arrivals.day < day
        totals.append(float((arrivals.customers[known] * per_customer[day - 1 - arrivals.day[known]]).sum()))
    return np.array(totals)
