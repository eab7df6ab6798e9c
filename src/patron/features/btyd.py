"""Outputs of the "buy till you die" model as features.

The model's parameters come from orders before the snapshot: refitted per snapshot in training, stored in
the model for scoring (a customer's row must not depend on who else is scored).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from patron.clv import CLVModel
from patron.snapshots import History, days_to_order, purchase_summary


def btyd(
    history: History,
    model: CLVModel,
    horizon_days: int,
    minor_digits: int,
    limits: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Predict each customer's future with a fitted model.

    Parameters
    ----------
    history : History
        What was known before ``as_of``.
    model : CLVModel
        Fitted on orders before the same day (or earlier).
    horizon_days : int
        The churn horizon.
    minor_digits : int
        Decimals of the currency.
    limits : pandas.DataFrame, optional
        Of `limits.days_until_limit`: each customer's own window then takes the horizon's place.

    Returns
    -------
    pandas.DataFrame
        ``customer_id`` and four columns.
    """
    summary = purchase_summary(history, minor_digits=minor_digits)
    weeks: float | np.ndarray = horizon_days / 7
    if limits is not None:
        left = limits.set_index("customer_id")["days_until_limit"].reindex(summary["customer_id"])
        weeks = days_to_order(left.to_numpy(), horizon_days) / 7
    return pd.DataFrame(
        {
            "customer_id": summary["customer_id"],
            "alive_probability": model.alive_probability(summary),
            "no_order_probability": model.no_order_probability(summary, weeks),
            "expected_orders_in_horizon": model.expected_orders(summary, weeks),
            "expected_order_value": model.expected_order_value(summary),
        }
    )
