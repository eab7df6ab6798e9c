"""What was won: the accounts that ordered again after a call.

In:  the action log and the customer tables.
Out: one row per account that reordered after a call, and two sentences about them.
Not here: whether the call was the cause. That an account ordered after a call is no proof that the call did
it: many would have ordered anyway, which only a control group can tell.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from patron.actions.log import days_by_customer, log_before, next_order_day
from patron.scoring import money_in_words
from patron.snapshots import CustomerTables, day_of

#: Outcomes of a call in which somebody was spoken to and the account was not given up.
CALLED = ("reached", "ordered")
_WON_COLUMNS = (
    *("customer_id", "owner", "called_on", "outcome", "first_order_on", "days_to_order"),
    *("orders_since", "revenue_since"),
)


@dataclass(frozen=True)
class Won:
    """The accounts that reordered after a call.

    Parameters
    ----------
    rows : pandas.DataFrame
        One row per account, highest ``revenue_since`` first: ``customer_id``, ``owner``, ``called_on`` (date,
        the last call before the order), ``outcome`` of that call, ``first_order_on`` (date),
        ``days_to_order``, ``orders_since`` and ``revenue_since`` (currency, net of refunds): from that order
        on, before as_of.
    accounts_called : int
        Accounts called within the window: what `rows` is a part of.
    revenue : float
        Sum of ``revenue_since``, currency.
    within_days : int
        The window, days before as_of.
    customers_called : tuple of str
        Who they are.
    """

    rows: pd.DataFrame
    accounts_called: int
    revenue: float
    within_days: int
    customers_called: tuple[str, ...] = ()

    def among(self, customers: Collection[str]) -> Won:
        """Return what was won with some customers only, the number of those called with it."""
        called = tuple(customer for customer in self.customers_called if customer in customers)
        rows = self.rows[self.rows["customer_id"].isin(list(customers))].reset_index(drop=True)
        revenue = round(float(rows["revenue_since"].sum()), 4)
        return Won(rows, len(called), revenue, self.within_days, called)


def accounts_won(
    log: pd.DataFrame | None,
    tables: CustomerTables,
    as_of_day: int,
    *,
    within_days: int = 90,
    minor_digits: int = 2,
) -> Won:
    """Find the accounts that ordered again after a call.

    A call is an action with outcome ``reached`` or ``ordered`` on one of the `within_days` days before as_of.
    It was followed by an order if there is a purchase day after it (on the day itself, too, where the outcome
    is ``ordered``) and before as_of. An account counts once: with its first order after any of its calls, and
    the last call before that order.

    Parameters
    ----------
    log : pandas.DataFrame or None
        Of `ledger.load_actions`.
    tables : CustomerTables
        All days; only those before `as_of_day` are looked at.
    as_of_day : int
        Days since 1970-01-01.
    within_days : int
        How far back calls are looked at.
    minor_digits : int
        Decimals of the currency.

    Returns
    -------
    Won
    """
    known = log_before(log, as_of_day, tables.merges)
    is_call = known["outcome"].isin(CALLED) & (known["day"] >= as_of_day - within_days)
    calls = known[is_call]
    days = days_by_customer(tables, as_of_day, calls["customer_id"])
    found = [
        row
        for customer, rows in calls.groupby("customer_id", sort=True)
        if (row := _won(str(customer), rows, days.get(str(customer)), minor_digits)) is not None
    ]
    frame = pd.DataFrame(found, columns=list(_WON_COLUMNS))
    frame = frame.sort_values(["revenue_since", "customer_id"], ascending=[False, True], ignore_index=True)
    revenue = round(float(frame["revenue_since"].sum()), minor_digits)
    called = tuple(sorted(set(calls["customer_id"])))
    return Won(frame, len(called), revenue, within_days, called)


def _won(
    customer: str, calls: pd.DataFrame, days: pd.DataFrame | None, minor_digits: int
) -> dict[str, Any] | None:
    """Return the row of one account, None where no order followed a call."""
    if days is None:
        return None
    following = [next_order_day(days, row["day"], row["outcome"]) for row in calls.to_dict("records")]
    first = min((day for day in following if day is not None), default=None)
    if first is None:
        return None
    last_call = calls[np.array([day == first for day in following])].iloc[-1]
    since = days[days["day"] >= first]
    return {
        "customer_id": customer,
        "owner": text_or_none(last_call["owner"]),
        "called_on": day_of(last_call["day"]),
        "outcome": last_call["outcome"],
        "first_order_on": day_of(first),
        "days_to_order": first - int(last_call["day"]),
        "orders_since": int(since["orders"].sum()),
        "revenue_since": int(since["net_spend"].sum()) / 10**minor_digits,
    }


def won_in_words(won: Won, *, currency: str | None = None, language: str = "en") -> str:
    """Say in two sentences what was won, and that it proves nothing.

    Parameters
    ----------
    won : Won
        Of `accounts_won`.
    currency : str, optional
        ISO code.
    language : str
        ``en`` or ``zh``.

    Returns
    -------
    str

    Examples
    --------
    >>> won_in_words(Won(pd.DataFrame({"customer_id": ["07"]}), 3, 1250.0, 90), currency="EUR")
    'Won: 1 of 3 accounts called in the last 90 days ordered again, €1,250 since then. That they ...'
    """
    money = money_in_words(won.revenue, currency, 0)
    number, called, days = len(won.rows), won.accounts_called, won.within_days
    if language == "zh":
        if not called:
            return f"近 {days} 天没有联系记录。"
        return (
            f"已赢回：近 {days} 天联系过的 {called:,} 家客户中，{number:,} 家再次下单，此后收入 {money}。"
            "联系之后下单，并不能证明是联系带来的。"
        )
    if not called:
        return f"No account was reached in the last {days} days, as far as the action log says."
    one = "account" if called == 1 else "accounts"
    return (
        f"Won: {number:,} of {called:,} {one} called in the last {days} days ordered again, "
        f"{money} since then. That they ordered after a call does not prove that the call did it."
    )


def text_or_none(value: Any) -> str | None:
    """Return a text, None for anything missing."""
    return None if value is None or pd.isna(value) else str(value)
