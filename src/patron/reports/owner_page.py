"""The page of one account manager: whom to call, whom to win back, what was won; one HTML file.

In:  a `Monday` that is one owner's (or everybody's). Out: HTML text that loads nothing.
Not here: which accounts are listed and what is said about them (`patron.actions`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from patron.actions import (
    WIN_BACK_COLUMNS,
    Monday,
    how_to_read,
    left_off_in_words,
    printable,
    title_of,
    won_in_words,
)
from patron.actions.columns import WORKLIST_COLUMNS, WorklistColumn
from patron.actions.words import code_in_words, words_of
from patron.reports._desk_tables import named
from patron.reports._language import Language, language_for
from patron.reports.html import environment_for, package_text, simulated_banner

#: Columns shown as small facts below each account, where there is something to show.
_FACTS = (
    "last_order_on",
    "revenue_last_12_months",
    "revenue_change",
    "value_at_risk",
    "stopped_categories",
    "group_id",
    "sister_note",
    "campaign",
)


def render_owner_page(found: Monday) -> str:
    """Render the page.

    Parameters
    ----------
    found : Monday
        Of `actions.of_owner`; nothing of other owners is in it, so nothing of them is on the page.

    Returns
    -------
    str
        HTML without any external resource. The same input gives the same text.

    Raises
    ------
    PatronError
        If the language is unknown.
    """
    facts, calls, back = found.facts, found.calls, found.win_back
    words = language_for(facts.language, facts.currency, _typical(calls))
    said = words_of(facts.language)
    page = environment_for(words).from_string(package_text("owner.html.j2"))
    written = page.render(
        title=title_of(found),
        words=words,
        simulated=simulated_banner(simulated=facts.is_simulated),
        facts=_head(found, calls, words),
        won={
            "sentence": won_in_words(found.won, currency=facts.currency, language=facts.language),
            "table": _won_table(found, words, said),
        },
        calls=[_card(row, "risk_x_value", WORKLIST_COLUMNS, words) for row in calls.to_dict("records")],
        back=[_card(row, "clv_if_kept", WIN_BACK_COLUMNS, words) for row in back.to_dict("records")],
        how=how_to_read(found),
        left_off=[
            {"header": [said[title], ""], "rows": _counts(counts, words)}
            for title, counts in (("left_title", found.counts), ("left_title_win_back", found.counts_back))
        ],
        style=Markup(package_text("report.css")),  # noqa: S704
    )
    return printable(written)


def _typical(calls: pd.DataFrame) -> float | None:
    return float(np.median(calls["risk_x_value"].astype(float))) if len(calls) else None


def _head(found: Monday, calls: pd.DataFrame, words: Language) -> list[tuple[str, str]]:
    return [
        (words.text("own_day"), words.date(found.facts.as_of)),
        (words.text("own_calls"), words.integer(len(calls))),
        (words.text("own_total"), words.money(calls["risk_x_value"].astype(float).sum())),
        (words.text("own_model"), found.facts.model),
    ]


def _card(
    row: Mapping[Any, Any], worth: str, columns: Mapping[str, WorklistColumn], words: Language
) -> dict[str, Any]:
    """Put one account into the words of its card."""
    low, high = row.get("risk_x_value_low"), row.get("risk_x_value_high")
    meta = [
        row["customer_id"] if _there(row["name"]) else "",
        *(_labelled(name, row, columns, words) for name in ("tier", "lifecycle_stage", "since_last")),
    ]
    due = columns["due_on"].header(words.code)
    when = [words.text("own_tag", name=due, value=words.date(row["due_on"]))]
    if _there(row["deadline_on"]):
        when.append(words.text("own_by", date=words.date(row["deadline_on"])))
    when.append(row["done_by"] if _there(row["done_by"]) else "")
    if _there(row.get("churn_probability")):
        when.append(words.text("own_chance", share=words.percent(row["churn_probability"])))
    return {
        "place": row["owner_rank"],
        "name": row["name"] if _there(row["name"]) else row["customer_id"],
        "meta": [text for text in meta if text],
        "worth": words.money(row[worth]),
        "worth_name": columns[worth].header(words.code),
        "range": words.text("own_range", low=words.money(low), high=words.money(high)) if _there(low) else "",
        "when": [text for text in when if text],
        **{key: row[name] if _there(row[name]) else "" for key, name in _TEXTS.items()},
        "facts": [
            (columns[name].header(words.code), _fact(row[name], columns[name].kind, words))
            for name in _FACTS
            if name in columns and _there(row[name])
        ],
    }


def _labelled(
    name: str, row: Mapping[Any, Any], columns: Mapping[str, WorklistColumn], words: Language
) -> str:
    """Say a code with what it is a code of: a new customer is not one that is new on the list."""
    said = code_in_words(name, row.get(name), words.code)
    return words.text("own_tag", name=columns[name].header(words.code), value=said) if said else ""


_TEXTS = {"why": "reason", "do": "action", "say": "say"}


def _fact(value: Any, kind: str, words: Language) -> str:
    if kind == "money":
        return words.money(value)
    return words.date(value) if kind == "date" else str(value)


def _there(value: Any) -> bool:
    return value is not None and not pd.isna(value) and value != ""


def _won_table(found: Monday, words: Language, said: Mapping[str, str]) -> dict[str, Any] | None:
    if not len(found.won.rows):
        return None
    keys = ("called", "ordered", "days", "revenue")
    names = _names(found)
    rows = [
        (
            named(row["customer_id"], names, words),
            words.date(row["called_on"]),
            words.date(row["first_order_on"]),
            words.integer(row["days_to_order"]),
            words.money(row["revenue_since"]),
        )
        for row in found.won.rows.to_dict("records")
    ]
    return {"header": [said["customer"], *(said[f"won_head_{key}"] for key in keys)], "rows": rows}


def _names(found: Monday) -> dict[str, str]:
    """Return the names of every candidate, on the list or not."""
    return {
        str(row["customer_id"]): str(row["name"])
        for judged in (found.judged, found.judged_back)
        for row in judged.reindex(columns=["customer_id", "name"]).to_dict("records")
        if _there(row["name"])
    }


def _counts(counts: Mapping[str, int], words: Language) -> list[tuple[str, str]]:
    return [(said, words.integer(n)) for said, n in left_off_in_words(counts, words.code)]
