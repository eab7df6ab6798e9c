"""What came of the customers of a past day: who churned, and the margin that came in.

In:  customer tables, a day whose window is over. Out: one row per customer.
Not here: what was promised (`patron.monitoring`).
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

from patron.labels import ChurnLabel, label_customers
from patron.segments import margins_of, segment_inputs
from patron.snapshots import CustomerTables, history_before, purchase_days_between

_MONTH_DAYS, _YEAR_DAYS = 30.4375, 365.25


def churn_outcomes(tables: CustomerTables, day: int, label: ChurnLabel) -> pd.DataFrame:
    """Say who churned after a day.

    Parameters
    ----------
    tables : CustomerTables
        Known at least to the end of the window.
    day : int
        The day of the scores, days since 1970-01-01.
    label : ChurnLabel
        What counts as churn.

    Returns
    -------
    pandas.DataFrame
        ``customer_id``, ``churned`` (0 or 1): those whom the label judges.
    """
    judged = label_customers(label, history_before(tables, day), tables)
    return judged[["customer_id", "churned"]].reset_index(drop=True)


def discounted_margins(
    tables: CustomerTables,
    day: int,
    *,
    horizon_months: int,
    annual_discount_rate: float,
    margin: float,
    minor_digits: int,
) -> pd.DataFrame:
    """Add up the margin of each customer after a day, a month discounted from its middle.

    Parameters
    ----------
    tables : CustomerTables
        Known at least to the end of the horizon.
    day : int
        The day of the scores, days since 1970-01-01.
    horizon_months : int
        How far ahead value was promised.
    annual_discount_rate : float
        Yearly rate.
    margin : float
        Margin / revenue where neither lines have a cost nor customers a margin.
    minor_digits : int
        Digits of the currency's minor unit.

    Returns
    -------
    pandas.DataFrame
        ``customer_id``, ``margin`` (currency units); customers without any row are absent.
    """
    history = history_before(tables, day)
    inputs = segment_inputs(history)
    own = pd.Series(margins_of(inputs, history.attributes, margin, None), index=inputs["customer_id"])
    ends = np.round(np.arange(horizon_months + 1) * _MONTH_DAYS).astype(int)
    months = []
    for start, end in pairwise(ends):
        found = purchase_days_between(tables, day + int(start), day + int(end))
        share = (1 + annual_discount_rate) ** (-(start + end) / 2 / _YEAR_DAYS)
        ratio = own.reindex(found["customer_id"]).fillna(margin).to_numpy()
        money = found["net_margin"] if "net_margin" in found else found["net_spend"] * ratio
        months.append(pd.DataFrame({"customer_id": found["customer_id"], "margin": money * share}))
    whole = pd.concat(months, ignore_index=True).groupby("customer_id", sort=True, as_index=False).sum()
    return whole.assign(margin=whole["margin"] / 10**minor_digits)
