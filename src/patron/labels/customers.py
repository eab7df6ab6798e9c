"""Who is judged on a day, and whether it churned, by the definition that is asked for.

In:  a definition, what was known before the day, and tables that hold what came after.
Out: one row per judged customer.
Not here: features.
"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from patron.labels.decline import label_by_decline
from patron.labels.definition import ChurnLabel
from patron.labels.rhythm import label_by_rhythm
from patron.labels.silence import label_by_silence
from patron.snapshots import CustomerTables, History

_LABELLING: dict[str, Callable[[ChurnLabel, History, CustomerTables], pd.DataFrame]] = {
    "silence": label_by_silence,
    "rhythm": label_by_rhythm,
    "decline": label_by_decline,
}


def label_customers(label: ChurnLabel, history: History, tables: CustomerTables) -> pd.DataFrame:
    """Return the judged customers of a snapshot and their outcomes.

    Parameters
    ----------
    label : ChurnLabel
        What counts as churn.
    history : History
        What was known before the snapshot's day: decides who is judged, and against what.
    tables : CustomerTables
        All days, those of the outcome window included.

    Returns
    -------
    pandas.DataFrame
        Sorted by ``customer_id``: ``churned`` (0 or 1, int64) and ``window_days``, the time that the customer
        has to order: the horizon, or limit minus silence for ``rhythm`` (float64).
    """
    return _LABELLING[label.kind](label, history, tables)
