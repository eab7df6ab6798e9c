"""Label `decline`: churned when a customer earns much less than in the same days last year.

Margin is spend less refunds, less costs where order lines carry them. A customer who earned nothing in those
days is compared with its mean per horizon over the year before.
"""

from __future__ import annotations

from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from patron.labels.definition import ChurnLabel
from patron.snapshots import (
    YEAR_DAYS,
    Aggregate,
    CustomerTables,
    History,
    aggregate,
    last_purchase_days,
    purchase_days_between,
    total,
)


def label_by_decline(label: ChurnLabel, history: History, tables: CustomerTables) -> pd.DataFrame:
    """Judge the active customers known for a year or longer (`labels.label_customers`)."""
    day, horizon = history.as_of_day, label.horizon_days
    known = last_purchase_days(history)
    is_judged = (day - known["last_day"] <= label.active_days) & (day - known["first_day"] >= YEAR_DAYS)
    customer = known.loc[is_judged, "customer_id"].reset_index(drop=True)
    usual = _usual_margin(history, horizon).reindex(customer, fill_value=0.0).to_numpy()
    outcome = purchase_days_between(tables, day, day + horizon).set_index("customer_id")
    earned = outcome["net_margin" if "net_margin" in outcome else "net_spend"]
    now = earned.reindex(customer, fill_value=0).to_numpy(dtype=np.float64)
    # money is whole minor units: a share of them that is one, too, must not fail by rounding
    churned = (now < np.round(label.share * usual, 6)).astype(np.int64)
    return pd.DataFrame({"customer_id": customer, "churned": churned, "window_days": float(horizon)})


def _usual_margin(history: History, horizon_days: int) -> pd.Series:
    """Return what each customer earned in the same days last year, else per horizon over that year."""
    year_ago = history.as_of_day - YEAR_DAYS
    same_days = (nw.col("day") >= year_ago) & (nw.col("day") < year_ago + horizon_days)
    margin = _margin(history.days)
    sums: dict[str, Aggregate] = {
        "same_days": total(margin, same_days),
        "year": total(margin, nw.col("day") >= year_ago),
    }
    frame = aggregate(history.days, ["customer_id"], sums).collect().to_pandas()
    same, year = (frame[name].to_numpy(dtype=np.float64) for name in sums)
    usual = np.where(same > 0, same, year * horizon_days / YEAR_DAYS)
    return pd.Series(usual, index=frame["customer_id"].astype(str).to_numpy())


def _margin(days: nw.LazyFrame[Any]) -> nw.Expr:
    revenue = nw.col("spend") - nw.col("refund")
    return revenue - nw.col("cost") if "cost" in days.collect_schema().names() else revenue
