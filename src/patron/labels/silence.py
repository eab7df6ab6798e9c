"""Label `silence`: churned when there is no purchase day within the horizon."""

from __future__ import annotations

import numpy as np
import pandas as pd

LABEL_IN_WORDS = {
    "en": "no purchase day in the {horizon_days} days from as_of on",
    "zh": "自基准日起 {horizon_days} 天内没有下单日",
}


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
