"""Label `rhythm`: churned when a customer's silence passes its own limit within the horizon.

The limit is a quantile of the customer's own gaps, shrunk to the base's (`snapshots.own_limits`).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from patron.labels.definition import ChurnLabel
from patron.snapshots import CustomerTables, History, own_limits, purchase_days_between


def label_by_rhythm(label: ChurnLabel, history: History, tables: CustomerTables) -> pd.DataFrame:
    """Judge the customers who can pass their limit within the horizon (`labels.label_customers`).

    Left out are those past it already, who have lapsed, and those whose limit lies a horizon ahead or more.
    """
    day = history.as_of_day
    known = own_limits(history, label.rhythm_rule)
    left = known["limit_days"] - known["silence_days"]
    judged = known[(left >= 0) & (left < label.horizon_days)]
    outcome = purchase_days_between(tables, day, day + label.horizon_days)
    came = outcome.set_index("customer_id")["first_day"].reindex(judged["customer_id"]).to_numpy()
    # no order is a missing day, which is not on time either
    on_time = came <= (judged["last_day"] + judged["limit_days"]).to_numpy()
    return pd.DataFrame(
        {
            "customer_id": judged["customer_id"].to_numpy(),
            "churned": (~on_time).astype(np.int64),
            "window_days": left[judged.index].to_numpy(dtype=np.float64),
        }
    )
