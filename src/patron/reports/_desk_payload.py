"""What the desk adds to the customers in the page: names, owners, places on the worklist, timelines.

In: ranked customers and a `Desk`. Out: more columns of the JSON block, each null where nothing is known. Not
here: the score columns (`_customer_list`).
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from patron.reports._customer_list import CONTROL, days_between, templates
from patron.reports._language import Language, as_date, as_number
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
        ``name``, ``owner``, ``list`` (rank), ``due`` (days from as_of), ``say``, ``off`` (why it is on no
        list), ``control`` (left alone by a campaign; null where no account is), ``history``.
    """
    ids = customers["customer_id"].astype(str)
    columns: dict[str, Any] = dict.fromkeys(
        ("name", "owner", "list", "owner_rank", "due", "say", "off", "control")
    )
    columns["history"] = {}
    if desk is None:
        return columns
    names = account_names(desk)
    if names:
        columns["name"] = [CONTROL.sub(" ", names.get(i, "")) for i in ids]
    columns["owner"] = _owner_column(ids, desk)
    if desk.worklist is not None and has_rows(desk.worklist):
        columns |= _list_columns(customers, desk.worklist)
    if desk.judged is not None and has_rows(desk.judged):
        columns["off"] = templates(_why_off(customers, desk.judged, words))
        controls = set(desk.judged.loc[desk.judged["left_off"].eq("control"), "customer_id"].astype(str))
        columns["control"] = [i in controls for i in ids] if controls else None
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


def _why_off(customers: pd.DataFrame, judged: pd.DataFrame, words: Language) -> list[str | None]:
    """Say of each customer why it is on no list; None of those on one."""
    off = judged[judged["left_off"].notna()]
    rows = dict(zip(off["customer_id"].astype(str), off.to_dict("records"), strict=True))
    days = zip(customers["customer_id"].astype(str), customers["as_of"], strict=True)
    return [None if i not in rows else why_off(rows[i], as_date(day), words) for i, day in days]


def why_off(row: Mapping[Any, Any], as_of: dt.date | None, words: Language) -> str:
    """Say why an account is on no list.

    Examples
    --------
    >>> row = {"left_off": "snoozed", "left_off_until": dt.date(2024, 5, 2)}
    >>> why_off(row, dt.date(2024, 1, 8), Language("en", "GBP", 0))
    'Put off until 2 May 2024.'
    """
    code = str(row["left_off"])
    detail, until = row.get("left_off_detail"), as_date(row.get("left_off_until"))
    due, owner, rank = as_date(row.get("due_on")), row.get("owner"), as_number(row.get("owner_rank"))
    values: dict[str, object] = {}
    if code == "not_due" and due is not None and as_of is not None and due > as_of:
        values["due"] = words.date(due)
    elif code == "over_capacity" and rank and isinstance(owner, str):
        values |= {"rank": words.integer(rank), "owner": owner}
    elif code in ("control", "cooldown", "snoozed") and until is not None:
        values["until"] = words.date(until)
    elif code in ("dismissed", "lost") and isinstance(detail, str) and detail:
        values["detail"] = detail
    key = f"off_{code}" + ("_with" if values else "")
    return words.text(key, **values) if words.has(key) else words.label("left", code)


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
    if frame.empty:
        return [words.text("list_empty"), *_left_off(desk, words)]
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
    return said + _left_off(desk, words)


def _left_off(desk: Desk, words: Language) -> list[str]:
    left = [
        words.text(f"left_{r}", n=words.integer(n))
        for r, n in desk.left_off.items()
        if n and words.has(f"left_{r}")
    ]
    return [words.text("list_left_off", reasons=words.listing(left))] if left else []
