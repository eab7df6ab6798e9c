"""The sheet that explains a list: what was won, how to read it, where everybody else is.

In:  a `Monday`. Out: lines of a sheet, and the same sentences for other pages.
Not here: the lists themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from patron.actions._xlsx import LineSheet
from patron.actions.monday import Monday
from patron.actions.won import won_in_words
from patron.actions.words import day_in_words, words_of
from patron.scoring import money_in_words


def title_of(found: Monday) -> str:
    """Return the heading of a list: its day, and whose it is."""
    words = words_of(found.facts.language)
    day = day_in_words(found.facts.as_of, found.facts.language)
    if not found.is_of_one_owner:
        return words["title"].format(as_of=day)
    return words["title_owner"].format(as_of=day, owner=found.owner or words["no_owner"])


def how_to_read(found: Monday) -> list[str]:
    """Return the sentences that explain the figures of a list."""
    facts, words = found.facts, words_of(found.facts.language)
    terms = facts.terms
    values = {
        "save_rate": f"{terms.save_rate:.0%}" if terms.save_rate >= 0.01 else f"{terms.save_rate:.2%}",
        "cost": money_in_words(terms.cost, facts.currency, 2),
        "months": facts.horizon_months,
        "capacity": terms.capacity,
        "due_end": day_in_words(facts.as_of + timedelta(days=terms.due_days), facts.language),
    }
    measured = terms.measured
    if measured is not None:
        rates = [(words.get(f"tier_{tier}", tier), rate) for tier, rate in measured.by_tier.items()]
        said = [f"{tier} {rate:.0%} [{low:.0%}, {high:.0%}]" for tier, (rate, low, high) in rates]
        values["rates"] = words["separator"].join(said)
        values["campaign"] = measured.campaign
        values["ended"] = day_in_words(measured.ended_on, facts.language)
    keys = (
        "how_value" if measured is None else "how_value_measured",
        *(["how_value_by_customer"] if measured is not None and measured.by_customer is not None else []),
        "how_interval",
        "how_due",
        "how_win_back",
        "how_fill_in",
    )
    return [words[key].format(**values) for key in keys]


def left_off_in_words(counts: Mapping[str, int], language: str) -> list[tuple[str, int]]:
    """Return where every candidate is, in words; reasons that nobody has are left out."""
    words = words_of(language)
    always = ("candidates", "on_list")
    return [(words.get(f"left_{code}", code), n) for code, n in counts.items() if n or code in always]


def read_me_sheet(found: Monday) -> LineSheet:
    """Return the sheet.

    Parameters
    ----------
    found : Monday
        Of everybody or of one owner; only its own counts are shown.

    Returns
    -------
    LineSheet
    """
    facts = found.facts
    words = words_of(facts.language)
    lines: list[str | list[Any]] = [words["simulated"], ""] if facts.is_simulated else []
    lines += [f"# {title_of(found)}", ""]
    won = won_in_words(found.won, currency=facts.currency, language=facts.language)
    lines += [f"# {words['won_title']}", won]
    lines += _won_table(found, words) if len(found.won.rows) else []
    lines += ["", f"# {words['how_title']}", *how_to_read(found)]
    for title, counts in (("left_title", found.counts), ("left_title_win_back", found.counts_back)):
        lines += ["", f"# {words[title]}"]
        lines += [[said, n] for said, n in left_off_in_words(counts, facts.language)]
    lines += ["", [words["model"], facts.model], [words["currency"], facts.currency]]
    mark = f" ({words['simulated_short']})" if facts.is_simulated else ""
    return LineSheet(words["sheet_read_me"] + mark, lines)


def _won_table(found: Monday, words: Mapping[str, str]) -> list[list[Any]]:
    names = ("customer", "owner", "called", "ordered", "days", "revenue")
    columns = (
        *("customer_id", "owner", "called_on", "first_order_on"),
        *("days_to_order", "revenue_since"),
    )
    heads: list[Any] = [f"# {words['won_head_' + name]}" for name in names]
    return [heads, *found.won.rows[list(columns)].astype(object).values.tolist()]
