"""What a worklist says about an account beside its rank: its owner, why, what to do and say, what it bought.

In:  score rows and what stands beside them (attributes, the playbook, stopped categories, sister sites).
Out: one row per account with the columns that the worklist and the win-back list share.
Not here: who is listed and in which order (`worklist`, `win_back`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, cast

import numpy as np
import pandas as pd

from patron.actions.saying import what_to_say
from patron.actions.why import why_to_call
from patron.actions.words import day_in_words, words_of
from patron.playbook import Playbook, load_playbook
from patron.snapshots import CustomerMerge

#: So many stopped categories are named, the largest first.
NAMED_CATEGORIES = 3


@dataclass(frozen=True)
class Beside:
    """What stands beside the scores; whatever is missing leaves its columns empty.

    Parameters
    ----------
    attributes : pandas.DataFrame, optional
        One row per customer, as valid on the day: ``customer_id``, ``name``, ``owner``.
    revenue_before : pandas.Series, optional
        ``customer_id`` -> revenue of the 12 months before the last 12 (currency); from the ratio of the
        score row where it is left out, which cannot tell it for customers without revenue in the last 12.
    stopped : pandas.DataFrame, optional
        Of `actions.stopped_categories`.
    sisters : pandas.DataFrame, optional
        Of `actions.sister_notes`: ``customer_id``, ``group_id``, ``sister_note``.
    log : pandas.DataFrame, optional
        What was done before (`ledger.load_actions`).
    previous : pandas.DataFrame, optional
        Earlier lists below each other (`files.read_earlier_lists`); None makes every account new.
    merges : tuple of CustomerMerge
        Re-keyed customers: what was done for the old id counts for the new one.
    playbook : Playbook, optional
        The built-in one if left out.
    held_out : mapping
        Customer -> the day until which a campaign leaves it alone: control accounts are on no list.
    campaigns : mapping
        Customer -> the running campaign that is to call it.
    language : str
        ``en`` or ``zh``: of what is said; the reasons come as the scores have them.
    """

    attributes: pd.DataFrame | None = None
    revenue_before: pd.Series[float] | None = None
    stopped: pd.DataFrame | None = None
    sisters: pd.DataFrame | None = None
    log: pd.DataFrame | None = None
    previous: pd.DataFrame | None = None
    merges: tuple[CustomerMerge, ...] = ()
    playbook: Playbook | None = None
    held_out: Mapping[str, date] = field(default_factory=dict)
    campaigns: Mapping[str, str] = field(default_factory=dict)
    language: str = "en"


#: Scores alone.
NOTHING = Beside()


def day_of_scores(scores: pd.DataFrame) -> date:
    """Return the one ``as_of`` of a scores table."""
    return pd.Timestamp(str(scores["as_of"].iloc[0])).date()


def accounts(scores: pd.DataFrame, beside: Beside) -> pd.DataFrame:
    """Describe accounts.

    Parameters
    ----------
    scores : pandas.DataFrame, shape (n, ...)
        Score rows; columns that are missing count as null.
    beside : Beside
        What else is known.

    Returns
    -------
    pandas.DataFrame, shape (n, ...)
        Of the same order, index from 0: the columns of the score row, and ``owner``, ``name`` (None without),
        ``reason``, ``action``, ``say``, ``done_by``, ``within_days``, ``revenue_change``,
        ``stopped_categories``, ``group_id``, ``sister_note``, ``campaign``.
    """
    rows = scores.reset_index(drop=True)
    rows = rows.assign(customer_id=rows["customer_id"].astype(str))
    for name in ("last_order_on", "next_order_expected_on"):
        rows[name] = _dates(rows, name)
    for name in ("owner", "name"):
        rows[name] = _texts(beside.attributes, name, rows["customer_id"])
    for name in ("group_id", "sister_note"):
        rows[name] = _texts(beside.sisters, name, rows["customer_id"])
    rows["campaign"] = pd.Series([beside.campaigns.get(i) for i in rows["customer_id"]], dtype=object)
    rows["revenue_change"] = _revenue_change(rows, beside.revenue_before)
    stopped = _stopped_by_customer(beside.stopped, beside.language)
    for name in ("stopped_category", "stopped_on", "stopped_categories"):
        rows[name] = pd.Series([stopped.get(i, {}).get(name) for i in rows["customer_id"]], dtype=object)
    rows["reason"] = _reasons(rows, beside.language)
    return _with_playbook(rows, beside)


def _with_playbook(rows: pd.DataFrame, beside: Beside) -> pd.DataFrame:
    chosen = (beside.playbook or load_playbook()).choose(rows, beside.language)
    as_of = day_of_scores(rows) if len(rows) else date.min
    said = [
        what_to_say(cast("Mapping[str, Any]", row), says, as_of, beside.language)
        for row, says in zip(rows.to_dict("records"), chosen["say"], strict=True)
    ]
    return rows.assign(
        action=_or_none(chosen["action"]),
        done_by=_or_none(chosen["done_by"]),
        within_days=chosen["within_days"].to_numpy(dtype=np.float64),
        say=pd.Series(said, index=rows.index, dtype=object),
    )


def _or_none(texts: pd.Series[Any]) -> pd.Series[Any]:
    return pd.Series([text or None for text in texts], index=texts.index, dtype=object)


def deadlines(due_on: list[date], within_days: np.ndarray) -> pd.Series[Any]:
    """Return the last day for each call: so many days after it is due; None where the playbook sets none.

    Examples
    --------
    >>> deadlines([date(2024, 7, 1)] * 2, np.array([3, np.nan])).tolist()
    [datetime.date(2024, 7, 4), None]
    """
    days = [
        None if np.isnan(days) else day + timedelta(days=int(days))
        for day, days in zip(due_on, within_days, strict=True)
    ]
    return pd.Series(days, dtype=object)


def texts_by_customer(table: pd.DataFrame | None, name: str) -> dict[str, str]:
    """Return a text column per customer; customers without one, or with a blank one, are left out.

    Examples
    --------
    >>> table = pd.DataFrame({"customer_id": ["a", "b", "c", "d"], "owner": [7.0, None, " ", " Bo "]})
    >>> texts_by_customer(table, "owner")
    {'a': '7', 'd': 'Bo'}
    """
    if table is None or name not in table:
        return {}
    pairs = zip(table["customer_id"].astype(str), table[name], strict=True)
    said = {i: _text(value) for i, value in pairs if value is not None and not pd.isna(value)}
    return {i: text for i, text in said.items() if text}


def _text(value: Any) -> str:
    """Write a cell as text: a column of whole numbers with a gap in it holds 7.0 for 7."""
    is_whole = isinstance(value, float | np.floating) and float(value).is_integer()
    return str(int(value)) if is_whole else str(value).strip()


def _dates(rows: pd.DataFrame, name: str) -> pd.Series[Any]:
    given = rows[name] if name in rows else [None] * len(rows)
    days = [None if value is None or pd.isna(value) else pd.Timestamp(value).date() for value in given]
    return pd.Series(days, index=rows.index, dtype=object)


def _texts(table: pd.DataFrame | None, name: str, ids: pd.Series[Any]) -> pd.Series[Any]:
    """Look up a text per customer; blank is missing."""
    known = texts_by_customer(table, name)
    return pd.Series([known.get(i) for i in ids], index=ids.index, dtype=object)


def _revenue_change(rows: pd.DataFrame, before: pd.Series[float] | None) -> np.ndarray:
    """Return revenue of the last 12 months less that of the 12 before; NaN where nothing was bought then."""
    now = _numbers(rows, "revenue_last_12_months")
    if before is not None:
        then = before.reindex(rows["customer_id"]).to_numpy(dtype=np.float64)
    else:
        ratio = _numbers(rows, "revenue_change_ratio")
        then = np.divide(now, ratio, out=np.full(len(rows), np.nan), where=(ratio != 0) & np.isfinite(ratio))
    # whole hundredths: a quotient must not bring back more digits than the money had
    return np.round(np.where(then > 0, now - then, np.nan), 2)


def _numbers(rows: pd.DataFrame, name: str) -> np.ndarray:
    if name not in rows:
        return np.full(len(rows), np.nan)
    return pd.to_numeric(rows[name], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)


def _stopped_by_customer(stopped: pd.DataFrame | None, language: str) -> dict[str, Mapping[str, Any]]:
    """Name each customer's stopped categories, the one with the largest revenue first."""
    if stopped is None or stopped.empty:
        return {}
    words = words_of(language)
    ordered = stopped.sort_values(
        ["customer_id", "revenue_year_before", "category"], ascending=[True, False, True], kind="stable"
    )
    found: dict[str, Mapping[str, Any]] = {}
    for customer, rows in ordered.groupby("customer_id", sort=False):
        items = list(zip(rows["category"].astype(str), rows["last_bought_on"], strict=True))
        named = [
            words["stopped_one"].format(category=item, date=day_in_words(day, language))
            for item, day in items[:NAMED_CATEGORIES]
        ]
        if len(items) > NAMED_CATEGORIES:
            named.append(words["more"].format(n=len(items) - NAMED_CATEGORIES))
        found[str(customer)] = {
            "stopped_category": items[0][0],
            "stopped_on": items[0][1],
            "stopped_categories": words["separator"].join(named),
        }
    return found


def _reasons(rows: pd.DataFrame, language: str) -> pd.Series[Any]:
    """Say of each account why to call it."""
    as_of = day_of_scores(rows) if len(rows) else date.min
    said = [why_to_call(cast("Mapping[str, Any]", row), as_of, language) for row in rows.to_dict("records")]
    return pd.Series(said, index=rows.index, dtype=object)
