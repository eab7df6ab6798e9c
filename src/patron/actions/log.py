"""The action log as it was known on a day: earlier actions only, under the ids that customers had then.

In:  the log of `ledger.load_actions`.
Out: its rows before a day, and the customers of a log that the ledger does not know.
Not here: what follows from them (`actions.memory`, `actions.won`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import narwhals as nw
import pandas as pd

from patron.ledger.actions import STRENGTH
from patron.snapshots import CustomerMerge, CustomerTables, history_before, merge_customers

_COLUMNS = ("customer_id", "day", "owner", "action", "outcome", "reason", "snoozed_until_day")


def log_before(
    log: pd.DataFrame | None, as_of_day: int, merges: Sequence[CustomerMerge] = ()
) -> pd.DataFrame:
    """Return the actions of the days before a day.

    Parameters
    ----------
    log : pandas.DataFrame or None
        Of `ledger.load_actions`; None for no log.
    as_of_day : int
        Days since 1970-01-01, exclusive: an action of this very day is not known yet.
    merges : sequence of CustomerMerge
        An action of an old id counts for the new one, once the merge is known.

    Returns
    -------
    pandas.DataFrame
        Rows of the log, sorted by customer, day and strength of the outcome (`ledger.actions.STRENGTH`).

    Examples
    --------
    >>> log = pd.DataFrame({"customer_id": ["a", "a"], "day": [9, 10], "outcome": ["reached", "lost"]})
    >>> log_before(log, 10)["outcome"].tolist()
    ['reached']
    """
    if log is None:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in _COLUMNS})
    known = log[log["day"] < as_of_day].reindex(columns=list(_COLUMNS))
    names = merge_customers(merges, as_of_day)
    ids = [names.get(customer, customer) for customer in known["customer_id"]]
    known = known.assign(customer_id=ids, strength=[STRENGTH[str(code)] for code in known["outcome"]])
    order = ["customer_id", "day", "strength", "owner", "action", "reason", "snoozed_until_day"]
    return known.sort_values(order, ignore_index=True).drop(columns="strength")


def unknown_customers(log: pd.DataFrame, customers: Iterable[str]) -> list[str]:
    """Return the customers of a log that are not among those given, sorted.

    Parameters
    ----------
    log : pandas.DataFrame
        Of `ledger.load_actions`.
    customers : iterable of str
        The ids that the ledger knows.

    Returns
    -------
    list of str
    """
    return sorted(set(log["customer_id"]) - set(customers))


def days_by_customer(
    tables: CustomerTables, as_of_day: int, customers: Iterable[str]
) -> dict[str, pd.DataFrame]:
    """Return what some customers bought and gave back, by day, before a day.

    Parameters
    ----------
    tables : CustomerTables
        All days.
    as_of_day : int
        Days since 1970-01-01, exclusive.
    customers : iterable of str
        Ids as of that day.

    Returns
    -------
    dict of str to pandas.DataFrame
        ``day``, ``orders``, ``net_spend`` (minor units, spend less refunds), sorted by day; customers
        without any row are absent.
    """
    wanted = sorted(set(customers))
    if not wanted:
        return {}
    days = history_before(tables, as_of_day).days.filter(nw.col("customer_id").is_in(wanted))
    frame = days.select("customer_id", "day", "orders", "spend", "refund").collect().to_pandas()
    frame["net_spend"] = frame["spend"] - frame["refund"]
    frame = frame.sort_values(["customer_id", "day"])
    columns = ["day", "orders", "net_spend"]
    return {str(c): rows[columns].reset_index(drop=True) for c, rows in frame.groupby("customer_id")}


def next_order_day(days: pd.DataFrame, action_day: int, outcome: str) -> int | None:
    """Return the first purchase day after an action; the day itself counts if the outcome was an order.

    Parameters
    ----------
    days : pandas.DataFrame
        Of one customer, from `days_by_customer`.
    action_day : int
        Days since 1970-01-01.
    outcome : str
        Of the action.

    Returns
    -------
    int or None

    Examples
    --------
    >>> days = pd.DataFrame({"day": [10, 14], "orders": [1, 1]})
    >>> next_order_day(days, 10, "reached"), next_order_day(days, 10, "ordered")
    (14, 10)
    """
    begins = int(action_day) + (0 if outcome == "ordered" else 1)
    following = days.loc[(days["orders"] > 0) & (days["day"] >= begins), "day"]
    return None if following.empty else int(following.min())
