"""What the desk adds to the customers in the page: names, owners, places on the worklist, timelines.

In: ranked customers and a `Desk`. Out: more columns of the JSON block, each null where nothing is known. Not
here: the score columns (`_customer_list`).
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from patron.reports._customer_list import CONTROL, days_between, templates
from patron.reports._language import Language
from patron.reports.desk import AccountHistory, Desk, has_rows

#: Order days drawn at most in the details of a row; older ones are left out.
MOST_STICKS = 160


def account_names(desk: Desk | None) -> dict[str, str]:
    """Give customer -> name where a name is known."""
    if desk is None or desk.accounts is None or "name" not in desk.accounts:
        return {}
    known = desk.accounts.dropna(subset=["name"])
    return dict(zip(known["customer_id"].astype(str), known["name"].astype(str), strict=True))


def owners(desk: Desk | None) -> list[str]:
    """Give the owners of accounts in alphabetical order; none where no file names any."""
    if desk is None or desk.accounts is None or "owner" not in desk.accounts:
        return []
    return sorted({str(owner) for owner in desk.accounts["owner"].dropna()})


def desk_payload(customers: pd.DataFrame, desk: Desk | None, words: Language) -> dict[str, Any]:
    """Turn what the desk knows of the listed customers into columns.

    Parameters
    ----------
    customers : pandas.DataFrame
        Of `_customer_list.ranked`.
    desk : Desk, optional
        None gives columns of null.
    words : Language
        Decides the decimals of money.

    Returns
    -------
    dict
        ``name``, ``owner``, ``list`` (rank), ``due`` (days from as_of), ``say``, ``history``.
    """
    ids = customers["customer_id"].astype(str)
    columns: dict[str, Any] = dict.fromkeys(("name", "owner", "list", "owner_rank", "due", "say"))
    columns["history"] = {}
    if desk is None:
        return columns
    names = account_names(desk)
    if names:
        columns["name"] = [CONTROL.sub(" ", names.get(i, "")) for i in ids]
    columns["owner"] = _owner_column(ids, desk)
    if desk.worklist is not None and has_rows(desk.worklist):
        columns |= _list_columns(customers, desk.worklist)
    as_of = pd.to_datetime(customers["as_of"], errors="coerce").max()
    if desk.histories and not pd.isna(as_of):
        found = {i: desk.histories.get(customer) for i, customer in enumerate(ids)}
        day = as_of.date()
        columns["history"] = {str(i): compact(h, day, words) for i, h in found.items() if h is not None}
    return columns


def _owner_column(ids: pd.Series, desk: Desk) -> dict[str, Any] | None:
    known = owners(desk)
    if not known or desk.accounts is None:
        return None
    places = {name: i for i, name in enumerate(known)}
    of = desk.accounts.drop_duplicates("customer_id").set_index("customer_id")["owner"]
    rows = [places.get(owner, -1) if isinstance(owner, str) else -1 for owner in ids.map(of)]
    return {"names": known, "rows": rows}


def _list_columns(customers: pd.DataFrame, worklist: pd.DataFrame) -> dict[str, Any]:
    on_list = worklist.assign(customer_id=worklist["customer_id"].astype(str)).set_index("customer_id")
    found = on_list.reindex(customers["customer_id"].astype(str))
    columns: dict[str, Any] = {"list": _whole(found["rank"])}
    columns["owner_rank"] = _whole(found["owner_rank"]) if "owner_rank" in found else columns["list"]
    due = found["due_on"] if "due_on" in found else pd.Series([None] * len(found), dtype=object)
    columns["due"] = days_between(due.reset_index(drop=True), customers["as_of"].reset_index(drop=True))
    columns["say"] = templates(found["say"] if "say" in found else [None] * len(found))
    return columns


def _whole(values: pd.Series) -> list[int | None]:
    return [None if pd.isna(v) else int(v) for v in values]


def compact(history: AccountHistory, as_of: dt.date, words: Language) -> dict[str, Any]:
    """Write a timeline in few numbers: days before as_of, money in the page's smallest unit.

    Examples
    --------
    >>> told = AccountHistory([(dt.date(2024, 1, 1), 20.0)], [(dt.date(2024, 1, 1), 0.0)], [], 14.2, None, 9)
    >>> compact(told, dt.date(2024, 1, 10), Language("en", "GBP", 0))
    {'d': [[9, 20]], 'r': [[9, 0]], 'p': [], 'g': 14, 'l': None, 's': 9}
    """
    unit = 10**words.decimals
    return {
        "d": _ago(history.purchase_days[-MOST_STICKS:], as_of, unit),
        "r": _ago(history.revenue_by_month, as_of, unit),
        "p": _ago(history.risk, as_of, 1000),
        "g": _rounded(history.usual_gap_days),
        "l": _rounded(history.limit_days),
        "s": history.silence_days,
    }


def _ago(points: Sequence[tuple[dt.date, float]], as_of: dt.date, unit: float) -> list[list[int]]:
    return [[(as_of - day).days, round(value * unit)] for day, value in points if math.isfinite(value)]


def _rounded(value: float | None) -> int | None:
    return None if value is None or not math.isfinite(value) else round(value)


def list_sentences(desk: Desk | None, words: Language) -> list[str]:
    """Say what is on the worklist, who stays off it and why, and what was won; nothing without a list."""
    if desk is None or desk.worklist is None:
        return []
    frame = desk.worklist
    held = frame["owner"].nunique() if "owner" in frame else 0
    gain = float(frame["risk_x_value"].sum()) if "risk_x_value" in frame else 0.0
    said = [
        words.text(
            "list_lead",
            n=words.integer(len(frame)),
            owners=words.count("list_owners", held) if held else words.text("no_owner"),
            gain=words.short_money(gain),
        )
    ]
    if desk.won:
        said.append(desk.won)
    left = [
        words.text(f"left_{r}", n=words.integer(n))
        for r, n in desk.left_off.items()
        if n and words.has(f"left_{r}")
    ]
    if left:
        said.append(words.text("list_left_off", reasons=("、" if words.code == "zh" else ", ").join(left)))
    return said
