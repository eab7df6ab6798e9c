"""Join what is remembered of each account (`memory`) to the rows of a list that is being made.

In:  described accounts, the action log and earlier lists.
Out: the same rows with ``left_off``, ``left_off_detail`` and ``since_last``.
Not here: the rules of the memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pandas as pd

from patron.actions.accounts import Beside
from patron.actions.memory import remembered
from patron.snapshots import to_day

_ASKED = (
    *("customer_id", "churn_risk", "churn_probability", "last_order_on"),
    *("list", "model", "churn_label", "churn_horizon_days"),
)


def with_memory(rows: pd.DataFrame, beside: Beside, as_of: date, cooldown_days: int) -> pd.DataFrame:
    """Add what is remembered.

    Parameters
    ----------
    rows : pandas.DataFrame, shape (n, ...)
        Of `accounts`. Risks are compared with those of earlier lists of the same ``churn_label`` (where the
        rows name none: of the same ``model``) and ``churn_horizon_days``.
    beside : Beside
        With ``log``, ``previous`` and ``merges``.
    as_of : date
        Day of the list; only what happened before it counts.
    cooldown_days : int
        How long a called account stays off, unless its risk worsens.

    Returns
    -------
    pandas.DataFrame, shape (n, ...)
        With ``left_off`` (None where nothing is remembered), ``left_off_detail`` (the reason in the log),
        ``left_off_until`` (date or None) and ``since_last``.
    """
    # lapsed customers are on the win-back list, all others on the call list
    which = rows["status"].eq("lapsed").map({True: "win_back", False: "call"})
    found = remembered(
        rows.assign(list=which).reindex(columns=list(_ASKED)),
        beside.log,
        beside.previous,
        to_day(as_of),
        cooldown_days,
        merges=beside.merges,
    ).rows
    remembering = rows.assign(
        left_off=found["kept_off"],
        left_off_detail=found["kept_off_reason"],
        left_off_until=found["kept_off_until"],
        since_last=found["since_last"],
    )
    return _without_controls(remembering, beside.held_out)


def _without_controls(rows: pd.DataFrame, held_out: Mapping[str, date]) -> pd.DataFrame:
    """Leave the control accounts of running campaigns off: calling them would spoil the comparison."""
    until = rows["customer_id"].map(held_out)
    is_control = until.notna()
    if not is_control.any():
        return rows
    return rows.assign(
        left_off=rows["left_off"].astype(object).mask(is_control, "control"),
        left_off_detail=rows["left_off_detail"].astype(object).mask(is_control, None),
        left_off_until=rows["left_off_until"].astype(object).mask(is_control, until),
    )
