"""What happened after each past action for one customer: for the account page.

In:  the action log and the customer tables.
Out: one row per action, newest first.
Not here: whether the action was the cause (see `actions.won`).
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from patron.actions.log import days_by_customer, log_before, next_order_day
from patron.actions.won import text_or_none
from patron.snapshots import CustomerTables, day_of

#: How far after an action its revenue is counted, in days.
REVENUE_DAYS = 90
_COLUMNS = (
    *("day", "owner", "action", "outcome", "reason", "next_order_on", "days_to_order"),
    *(f"revenue_within_{REVENUE_DAYS}_days", f"has_{REVENUE_DAYS}_days_passed"),
)


def history_of_actions(
    log: pd.DataFrame | None,
    tables: CustomerTables,
    customer_id: str,
    as_of_day: int,
    *,
    minor_digits: int = 2,
) -> pd.DataFrame:
    """Return what happened after each past action for one customer: for the account page.

    Parameters
    ----------
    log, tables, as_of_day, minor_digits
        As in `won.accounts_won`.
    customer_id : str
        As known on that day.

    Returns
    -------
    pandas.DataFrame
        One row per action, newest first: ``day`` (date), ``owner``, ``action``, ``outcome``, ``reason``,
        ``next_order_on`` (date, None without: the first purchase day after the action; of the same day for
        outcome ``ordered``), ``days_to_order``, ``revenue_within_90_days`` (currency, net, of the 90 days
        after the action, so far as they are before as_of; the day itself counts for outcome ``ordered``),
        ``has_90_days_passed``. The order after an action is not proof that the action brought it.
    """
    known = log_before(log, as_of_day, tables.merges)
    mine = known[known["customer_id"] == customer_id]
    days = days_by_customer(tables, as_of_day, [customer_id]).get(customer_id)
    rows = [_followed(row, days, as_of_day, minor_digits) for row in mine.to_dict("records")[::-1]]
    return pd.DataFrame(rows, columns=list(_COLUMNS)).astype({"days_to_order": "Int64"})


def _followed(
    row: dict[Any, Any], days: pd.DataFrame | None, as_of_day: int, minor_digits: int
) -> dict[str, Any]:
    day, first, revenue = int(row["day"]), None, 0
    if days is not None:
        first = next_order_day(days, day, row["outcome"])
        begins = day if row["outcome"] == "ordered" else day + 1
        window = days[(days["day"] >= begins) & (days["day"] <= day + REVENUE_DAYS)]
        revenue = int(window["net_spend"].sum())
    return {
        "day": day_of(day),
        **{name: text_or_none(row[name]) for name in ("owner", "action", "outcome", "reason")},
        "next_order_on": None if first is None else day_of(first),
        "days_to_order": None if first is None else first - day,
        f"revenue_within_{REVENUE_DAYS}_days": revenue / 10**minor_digits,
        f"has_{REVENUE_DAYS}_days_passed": day + REVENUE_DAYS < as_of_day,
    }
