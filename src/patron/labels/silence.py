"""Label `silence`: churned when there is no purchase day within the horizon."""

from __future__ import annotations

import numpy as np
import pandas as pd

from patron.labels.definition import ChurnLabel
from patron.snapshots import CustomerTables, History, last_purchase_days, purchase_days_between


def label_by_silence(label: ChurnLabel, history: History, tables: CustomerTables) -> pd.DataFrame:
    """Judge the customers silent for at most ``active_days`` (`labels.label_customers`)."""
    day = history.as_of_day
    known = last_purchase_days(history)
    active = known.loc[day - known["last_day"] <= label.active_days, ["customer_id"]]
    outcome = purchase_days_between(tables, day, day + label.horizon_days)
    judged = active.assign(
        churned=silence_label(active["customer_id"], outcome), window_days=float(label.horizon_days)
    )
    return judged.reset_index(drop=True)


def silence_label(customer_id: pd.Series, outcome: pd.DataFrame) -> np.ndarray:
    """Return 1 for customers without a purchase day in the outcome window, else 0.

    Parameters
    ----------
    customer_id : pandas.Series, shape (n_customers,)
        The customers of a snapshot.
    outcome : pandas.DataFrame
        ``customer_id`` and ``purchase_days`` in ``[as_of, as_of + horizon)``
        (`snapshots.purchase_days_between`).

    Returns
    -------
    numpy.ndarray of int64, shape (n_customers,)
    """
    came_back = set(outcome.loc[outcome["purchase_days"] > 0, "customer_id"])
    return np.array([customer not in came_back for customer in customer_id], dtype=np.int64)
