"""The sufficient statistics of the "buy till you die" models, one row per customer.

The literature's symbols: `repeat_orders` is x (frequency), `weeks_first_to_last_order` is t_x (recency),
`weeks_observed` is T, `mean_repeat_order_value` is the mean of z over the repeat orders.
"""

from __future__ import annotations

import narwhals as nw
import numpy as np
import pandas as pd

from patron.snapshots.aggregate import Aggregate, aggregate, count, total
from patron.snapshots.customer_days import LOG_SCALE
from patron.snapshots.history import History


def purchase_summary(history: History, *, minor_digits: int = 2) -> pd.DataFrame:
    """Summarise each customer's purchase days before `as_of`.

    Parameters
    ----------
    history : History
        What was known before `as_of`.
    minor_digits : int
        Decimals of the currency.

    Returns
    -------
    pandas.DataFrame
        Sorted by ``customer_id``: ``repeat_orders`` (purchase days after the first),
        ``weeks_first_to_last_order``, ``weeks_observed`` (= (as_of - 1 day - first purchase day) / 7),
        ``mean_repeat_order_value`` (currency per repeat purchase day, 0 without), ``sum_log_gap_weeks``
        (sum of the logarithms of the gaps in weeks; the regularity of ordering needs it).

    References
    ----------
    Fader, Hardie & Lee (2005), "Counting Your Customers the Easy Way", section 3.
    """
    is_repeat = ~nw.col("gap_days").is_null()
    sums = (
        aggregate(
            history.days.filter(nw.col("orders") > 0),
            ["customer_id"],
            {
                "first_day": Aggregate(nw.col("day"), "min"),
                "last_day": Aggregate(nw.col("day"), "max"),
                "repeat_orders": count(is_repeat),
                "repeat_spend": total("spend", is_repeat),
                "log_gap": Aggregate(nw.col("log_gap"), "float_sum"),
            },
        )
        .collect()
        .to_pandas()
        .sort_values("customer_id", ignore_index=True)
    )
    repeats = sums["repeat_orders"].to_numpy(np.int64)
    value = sums["repeat_spend"].to_numpy(np.int64) / 10**minor_digits / np.maximum(repeats, 1)
    return pd.DataFrame(
        {
            "customer_id": sums["customer_id"],
            "repeat_orders": repeats,
            "weeks_first_to_last_order": (sums["last_day"] - sums["first_day"]).to_numpy(np.int64) / 7,
            "weeks_observed": (history.as_of_day - 1 - sums["first_day"]).to_numpy(np.int64) / 7,
            "mean_repeat_order_value": value,
            "sum_log_gap_weeks": sums["log_gap"].fillna(0.0).to_numpy(np.float64) / LOG_SCALE
            - repeats * np.log(7.0),
        }
    )
