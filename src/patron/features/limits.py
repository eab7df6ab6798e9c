"""How long a customer may stay silent until that is unusual for it: for the churn label `rhythm`."""

from __future__ import annotations

import pandas as pd

from patron.snapshots import History, RhythmRule, own_limits


def days_until_limit(history: History, rule: RhythmRule) -> pd.DataFrame:
    """Return the customer's own limit minus its silence.

    Parameters
    ----------
    history : History
        What was known before ``as_of``.
    rule : RhythmRule
        Which silence is usual; fitted, so that a row does not depend on the others.

    Returns
    -------
    pandas.DataFrame
        ``customer_id`` and ``days_until_limit`` (negative for customers past their limit).
    """
    known = own_limits(history, rule)
    left = known["limit_days"] - known["silence_days"]
    return pd.DataFrame({"customer_id": known["customer_id"], "days_until_limit": left})
