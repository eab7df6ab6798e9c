"""The page of a backtest: one HTML file that loads nothing and names no customer.

In:  the result of a backtest as plain data. Out: HTML text, or a file written beside and renamed.
Not here: its pictures and tables (`_backtest_parts`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup

from patron.reports import _backtest_parts as parts
from patron.reports._language import Language, language_for
from patron.reports._trust import grades
from patron.reports.html import environment_for, package_text
from patron.whole_files import write_text


def write_backtest_page(path: Path, found: Mapping[str, Any], *, title: str, language: str = "en") -> Path:
    """Write the page beside `path` and rename it.

    Parameters
    ----------
    path : Path
        The HTML file; its folder is made.
    found, title, language
        As in `render_backtest`.

    Returns
    -------
    Path
        `path`.
    """
    write_text(path, render_backtest(found, title=title, language=language))
    return path


def render_backtest(found: Mapping[str, Any], *, title: str, language: str = "en") -> str:
    """Render the page of a backtest as one HTML text.

    Parameters
    ----------
    found : mapping
        ``Backtest.to_dict()``.
    title : str
        The heading.
    language : str
        ``en`` or ``zh``.

    Returns
    -------
    str
        HTML without any external resource. The same input gives the same text.

    Raises
    ------
    PatronError
        If the language is unknown.
    """
    words = language_for(language, found.get("currency"), None)
    page = environment_for(words).from_string(package_text("backtest.html.j2"))
    return page.render(
        title=title,
        words=words,
        facts=_facts(found, words),
        verdict=found["verdict_in_words"][language],
        grades=grades(found, words),
        notes=found["notes"],
        churn_table=parts.churn_entrants(found, words),
        differences=parts.difference_table(found, words),
        pictures=[
            parts.level_picture(found, words),
            parts.calibration_over_dates(found, words),
            parts.lift_over_dates(found, words),
        ],
        dates=parts.date_table(found, words),
        groups=parts.group_tables(found, words),
        calls_lead=_calls_lead(found, words),
        profit=parts.profit_picture(found, words),
        clv_table=parts.value_entrants(found, words),
        days=_value_days(found),
        style=Markup(package_text("report.css")),  # noqa: S704
    )


def _facts(found: Mapping[str, Any], words: Language) -> list[tuple[str, str]]:
    cutoffs = found["cutoffs"]
    dates = " · ".join(words.date(block["as_of"]) for block in cutoffs)
    return [
        (words.text("bt_dates"), dates),
        (words.text("bt_judged"), words.integer(sum(block["n"] for block in cutoffs))),
        (words.text("bt_ahead"), words.count("days", found["horizon_days"])),
    ]


def _calls_lead(found: Mapping[str, Any], words: Language) -> str:
    profit = found["churn"]["profit"]
    said = words.text(
        "bt_calls_lead", rate=words.percent(profit["save_rate"]), cost=words.money(profit["cost"])
    )
    return words.joined(said, *(words.text(f"bt_value_{kind}") for kind in profit["value_of"]))


def _value_days(found: Mapping[str, Any]) -> str:
    days = sorted({int(block["evaluation_days"]) for block in found["cutoffs"] if block["evaluation_days"]})
    if not days:
        return ""
    return str(days[0]) if len(days) == 1 else f"{days[0]}–{days[-1]}"
