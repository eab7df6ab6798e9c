"""Sites of one buying group seen together: what the group is worth, which site fell silent, whom to tell.

In:  score rows and the customers' attributes of the same day.
Out: one row per group; one note per site.
Not here: who is whose parent (`ledger.hierarchy`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from itertools import takewhile
from math import fsum
from typing import Any

import numpy as np
import pandas as pd

from patron.columns import RISKS
from patron.errors import PatronError
from patron.ledger import top_parents
from patron.snapshots import to_day

#: A site that fell silent longer ago is no news for its sisters.
NEWS_DAYS = 365
#: What sites share of their names is a name from so many letters on.
_LEAST_SHARED_LETTERS = 4
_MONEY = ("clv", "value_at_risk", "revenue_last_12_months")
_FACTS = ("status", "tier", "churn_risk", "last_order_on", *_MONEY)
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_TEXTS = {
    "en": {
        "one": "Sister site {name} has not ordered since {date}",
        "more": "{count} sister sites fell silent, the latest is {name} (last order {date})",
        "others_one": "A sister site of a colleague fell silent",
        "others": "{count} sister sites of colleagues fell silent",
        "group_of": "Group of {name}",
        "between": ". ",
        "end": ".",
    },
    "zh": {
        "one": "同集团网点“{name}”自{date}起未再下单",
        "more": "{count}家同集团网点已停止下单，最近一家是“{name}”（最后下单{date}）",
        "others_one": "由同事负责的1家同集团网点已停止下单",
        "others": "由同事负责的{count}家同集团网点已停止下单",
        "group_of": "{name}所属集团",
        "between": "；",
        "end": "。",
    },
}


def buying_groups(
    scores: pd.DataFrame,
    attributes: pd.DataFrame | None,
    *,
    renamed: Mapping[str, str] | None = None,
    language: str = "en",
) -> pd.DataFrame:
    """Roll the sites of each buying group up to their top parent.

    Parameters
    ----------
    scores : pandas.DataFrame
        Score rows of one day.
    attributes : pandas.DataFrame or None
        With ``parent_id`` and optionally ``name``; where they changed over time (``valid_from_day``), what
        was known before the scores' ``as_of`` counts.
    renamed : mapping, optional
        Old id -> new id of customers re-keyed by that day (`snapshots.merge_customers`).
    language : str
        ``en`` or ``zh``: of the words in ``name`` and between ``silent_sites``.

    Returns
    -------
    pandas.DataFrame
        One row per group, which is a top parent and everybody below it, the largest ``value_at_risk`` first:
        ``group_id``, ``name`` (of the top parent; where the customer file has none, what the names
        of its sites begin with, else of the largest site, else the id), ``sites`` (members who ever ordered,
        the top parent among them if it does), ``sites_active`` (of them not lapsed), ``clv``,
        ``value_at_risk``, ``revenue_last_12_months`` (currency, sums over the sites; missing where no
        site has one), ``silent_sites`` (names of those lapsed or at risk, empty without), ``highest_risk``
        (low, medium, high; None where all have lapsed). Groups of which no site ever ordered are left out.

    Examples
    --------
    >>> scores = pd.DataFrame({"customer_id": ["a", "b"], "as_of": "2024-06-01",
    ...     "status": ["scored", "lapsed"], "tier": ["standard", "at_risk"], "churn_risk": ["low", None],
    ...     "clv": [500.0, 20.0], "value_at_risk": [30.0, None], "revenue_last_12_months": [900.0, 0.0],
    ...     "last_order_on": ["2024-05-20", "2023-05-03"]})
    >>> customers = pd.DataFrame({"customer_id": ["a", "b"], "parent_id": ["HQ", "HQ"]})
    >>> buying_groups(scores, customers)[["group_id", "sites", "sites_active", "clv"]].values.tolist()
    [['HQ', 2, 1, 520.0]]
    """
    known = _as_known(scores, attributes, renamed)
    names = _names(known)
    groups = _sites(scores, known).groupby("group_id")
    rows = [_group(str(top), sites, names, language) for top, sites in groups]
    columns = ["group_id", "name", "sites", "sites_active", *_MONEY, "silent_sites", "highest_risk"]
    table = pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(_MONEY, np.float64))
    return table.sort_values(["value_at_risk", "group_id"], ascending=[False, True], ignore_index=True)


def sister_notes(
    scores: pd.DataFrame,
    attributes: pd.DataFrame | None,
    *,
    language: str = "en",
    renamed: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Tell each site which other site of its group fell silent within the last 365 days.

    Parameters
    ----------
    scores, attributes, renamed
        As in `buying_groups`. With an ``owner``, sites of other owners are counted and not named: a list that
        goes to one account manager says nothing about a colleague's accounts.
    language : str
        ``en`` or ``zh``.

    Returns
    -------
    pandas.DataFrame
        One row per site of a group, sorted by ``customer_id``: ``customer_id``, ``group_id``, ``sister_note``
        (empty where all sisters still order, or fell silent too long ago to be news).
    """
    known = _as_known(scores, attributes, renamed)
    sites, names = _sites(scores, known), _names(known)
    as_of_day = _as_of_day(scores) or 0
    last_day = [None if pd.isna(on) else to_day(_date(on)) for on in sites["last_order_on"]]
    silence = as_of_day - np.array(last_day, dtype=np.float64)
    sites = sites.assign(silence=silence, is_news=sites["is_silent"] & (silence <= NEWS_DAYS))
    notes: dict[str, str] = {}
    for _, members in sites.groupby("group_id"):
        news = members[members["is_news"]].sort_values(["silence", "customer_id"]).to_dict("records")
        for site in members.to_dict("records"):
            sisters = [other for other in news if other["customer_id"] != site["customer_id"]]
            notes[site["customer_id"]] = _note(site["owner"], sisters, names, language)
    sites = sites.assign(sister_note=[notes[name] for name in sites["customer_id"]])
    return sites.sort_values("customer_id", ignore_index=True)[["customer_id", "group_id", "sister_note"]]


def _as_known(
    scores: pd.DataFrame, attributes: pd.DataFrame | None, renamed: Mapping[str, str] | None
) -> pd.DataFrame:
    """Return the attributes known before the scores' day, one row per customer, under the ids of that day."""
    if attributes is None or "parent_id" not in attributes:
        return pd.DataFrame({"customer_id": [], "parent_id": []}, dtype=object)
    known, day = attributes, _as_of_day(scores)
    if "valid_from_day" in known and day is not None:
        known = known[known["valid_from_day"] < day].sort_values("valid_from_day", kind="stable")
        known = known.drop_duplicates("customer_id", keep="last").drop(columns="valid_from_day")
    ids = known["customer_id"].astype(str)
    twice = ids[ids.duplicated()]
    if len(twice):
        raise PatronError(
            f"attributes: {twice.nunique():,} customers are there more than once, e.g. '{twice.min()}'. "
            "Keep one row each, or add valid_from."
        )
    new_ids = renamed or {}
    known = known.assign(
        customer_id=[new_ids.get(name, name) for name in ids],
        parent_id=[new_ids.get(name, name) for name in map(_text, known["parent_id"])],
        is_old=[name in new_ids for name in ids],
    )
    # the row under the new id counts; one of an old id stands in where there is none
    known = known.sort_values(["is_old", "customer_id"], kind="stable").drop_duplicates("customer_id")
    return known.drop(columns="is_old")


def _as_of_day(scores: pd.DataFrame) -> int | None:
    return to_day(_date(scores["as_of"].iloc[0])) if "as_of" in scores and len(scores) else None


def _date(value: Any) -> date:
    return pd.Timestamp(value).date()


def _sites(scores: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Return the score rows of those who ordered and belong to a group, with group and owner."""
    tops = top_parents(known)
    groups = set(tops[tops.index != tops])
    rows = scores.loc[scores["status"] != "excluded", ["customer_id", *_FACTS]]
    ids = rows["customer_id"].astype(str)
    owners = dict(zip(known["customer_id"], known["owner"], strict=True)) if "owner" in known else {}
    rows = rows.assign(
        customer_id=ids,
        group_id=[tops.get(name, name) for name in ids],
        owner=[_text(owners.get(name)) for name in ids],
        is_silent=(rows["status"] == "lapsed") | (rows["tier"] == "at_risk"),
    )
    return rows[rows["group_id"].isin(groups)].sort_values("customer_id", ignore_index=True)


def _names(known: pd.DataFrame) -> dict[str, str]:
    if "name" not in known:
        return {}
    pairs = zip(known["customer_id"], known["name"], strict=True)
    return {customer: _text(name) for customer, name in pairs if _text(name)}


def _text(value: object) -> str:
    return "" if value is None or value is pd.NA or value != value else str(value)


def _group(top: str, sites: pd.DataFrame, names: Mapping[str, str], language: str) -> tuple[Any, ...]:
    silent = [names.get(name, name) for name in sites["customer_id"][sites["is_silent"]]]
    sums = [fsum(sites[name].dropna()) if sites[name].notna().any() else np.nan for name in _MONEY]
    seen = [risk for risk in RISKS if (sites["churn_risk"] == risk).any()]
    active = int((sites["status"] != "lapsed").sum())
    return (
        top,
        names.get(top) or _name_of_sites(sites, names, language) or top,
        len(sites),
        active,
        *sums,
        _listing(silent, language),
        seen[-1] if seen else None,
    )


def _listing(names: list[str], language: str) -> str:
    """Put names side by side; those that hold commas themselves are kept apart by more than a comma."""
    if language == "zh":
        return "、".join(names)
    return ("; " if any("," in name for name in names) else ", ").join(names)


def _name_of_sites(sites: pd.DataFrame, names: Mapping[str, str], language: str) -> str | None:
    """Name a group that has no name of its own after its sites."""
    known = [names[site] for site in sites["customer_id"] if site in names]
    shared = _shared_beginning(known) if len(known) > 1 else ""
    if shared:
        return shared
    by_size = sites[sites["customer_id"].isin(names.keys())].sort_values(
        ["revenue_last_12_months", "customer_id"], ascending=[False, True], na_position="last"
    )
    largest = by_size["customer_id"].tolist()[:1]
    return _TEXTS[language]["group_of"].format(name=names[largest[0]]) if largest else None


def _shared_beginning(names: list[str]) -> str:
    """Return the whole words that all names begin with; empty where they say too little.

    Examples
    --------
    >>> _shared_beginning(["Kingham Foods (Hull)", "Kingham Foods (Ely)"])
    'Kingham Foods'
    >>> _shared_beginning(["The Oak", "The Ash"]), _shared_beginning(["福诚幼儿园（杭州店）", "福诚幼儿园"])
    ('', '福诚幼儿园')
    """
    alike = takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
    shared = "".join(letters[0] for letters in alike)
    rest = [name[len(shared) : len(shared) + 1] for name in names]
    if any(letter.isascii() and letter.isalnum() for letter in rest):
        shared = shared.rpartition(" ")[0]  # within a word: take what comes before it
    shared = shared.rstrip(" -–—,;:/·.(（[【，、")
    return shared if len(shared) >= _LEAST_SHARED_LETTERS else ""


def _note(owner: str, sisters: list[dict[Any, Any]], names: Mapping[str, str], language: str) -> str:
    """Name the latest silent sister of the same owner; count those of others."""
    texts = _TEXTS[language]
    own = [sister for sister in sisters if sister["owner"] == owner]
    others, said = len(sisters) - len(own), []
    if own:
        name = names.get(own[0]["customer_id"], own[0]["customer_id"])
        text = texts["one"] if len(own) == 1 else texts["more"]
        said.append(
            text.format(name=name, count=len(own), date=_date_text(own[0]["last_order_on"], language))
        )
    if others:
        said.append(texts["others_one"] if others == 1 else texts["others"].format(count=others))
    return texts["between"].join(said) + texts["end"] if said else ""


def _date_text(value: Any, language: str) -> str:
    on = _date(value)
    if language == "zh":
        return f"{on.year}年{on.month}月{on.day}日"
    return f"{on.day} {_MONTHS[on.month - 1]} {on.year}"
