"""The report: one HTML file that loads nothing.

In: scores, evaluation, ledger report. Out: HTML text, or a file written beside and renamed. Not here: the
pictures, the words and the numbers in them.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from patron.columns import RISKS, STAGES, TIERS
from patron.model.card import Card
from patron.reports._backtest_parts import backtest_section
from patron.reports._base_pictures import base_pictures
from patron.reports._campaigns_section import campaign_sentences
from patron.reports._cohort_section import cohort_section
from patron.reports._customer_list import ranked, safe_json
from patron.reports._desk_lists import list_sections
from patron.reports._desk_payload import account_names, list_sentences, owners
from patron.reports._headline import definitions, figures, model_name
from patron.reports._importance_section import importance_pictures
from patron.reports._label_section import label_section
from patron.reports._language import TABLES, Language, language_for
from patron.reports._ledger_section import ledger_section
from patron.reports._metrics_table import churn_table, clv_table
from patron.reports._monitoring_section import monitoring_section
from patron.reports._moves_section import moves_section
from patron.reports._page_data import page_data, table_heads
from patron.reports._retention_section import retention_section
from patron.reports._sections import Section
from patron.reports._totals import TOP, Totals, first_value, numbers, tidy_scores, totals, typical_amount
from patron.reports._trust import (
    calibration_picture,
    difference_sentence,
    grades,
    lift_picture,
    value_picture,
)
from patron.reports._value_section import total_sentence, value_section
from patron.reports.desk import Desk
from patron.reports.sentences import sentences_of
from patron.whole_files import write_text

#: The sections in the order of the page, and those that are always there.
SECTIONS = (
    "summary", "call", "moves", "retention", "cohorts", "base", "products", "lists", "groups", "trust",
    "value", "data", "about", "words",
)  # fmt: skip
ALWAYS = frozenset({"summary", "call", "base", "trust", "data", "words"})


def write_report(
    path: Path,
    *,
    scores: pd.DataFrame,
    evaluation: Mapping[str, Any],
    ledger: Mapping[str, Any],
    title: str,
    language: str = "en",
    model_facts: Mapping[str, Any] | None = None,
    backtest: Mapping[str, Any] | None = None,
    desk: Desk | None = None,
    simulated: bool = False,
    card: Card | None = None,
    monitoring: Mapping[str, Any] | None = None,
    campaigns: Sequence[tuple[Mapping[str, Any], Mapping[str, Any] | None]] = (),
) -> Path:
    """Write the report beside `path` and rename it, so that a reader never meets half a file.

    Parameters
    ----------
    path : Path
        The HTML file; its folder is made.
    scores, evaluation, ledger, title, language, model_facts, backtest, desk, simulated, card
    monitoring, campaigns
        As in `render_report`.

    Returns
    -------
    Path
        `path`.

    Raises
    ------
    PatronError
        As in `render_report`; nothing is written then.
    """
    page = render_report(
        scores=scores,
        evaluation=evaluation,
        ledger=ledger,
        title=title,
        language=language,
        model_facts=model_facts,
        backtest=backtest,
        desk=desk,
        simulated=simulated,
        card=card,
        monitoring=monitoring,
        campaigns=campaigns,
    )
    write_text(path, page)
    return path


def render_report(
    *,
    scores: pd.DataFrame,
    evaluation: Mapping[str, Any],
    ledger: Mapping[str, Any],
    title: str,
    language: str = "en",
    model_facts: Mapping[str, Any] | None = None,
    backtest: Mapping[str, Any] | None = None,
    desk: Desk | None = None,
    simulated: bool = False,
    card: Card | None = None,
    monitoring: Mapping[str, Any] | None = None,
    campaigns: Sequence[tuple[Mapping[str, Any], Mapping[str, Any] | None]] = (),
) -> str:
    """Render the report as one HTML text.

    Parameters
    ----------
    scores : pandas.DataFrame
        Score rows, schema version 1; `customer_id` and `status` are needed, other columns may be missing.
    evaluation : mapping
        The content of ``evaluation.json``; a missing part is said to be not available.
    ledger : mapping
        ``LedgerReport.to_dict()``; amounts in currency units.
    title : str
        The heading.
    language : str
        ``en`` or ``zh``.
    model_facts : mapping, optional
        Name -> number or text, shown in a table as given.
    backtest : mapping, optional
        The newest ``Backtest.to_dict()``; its verdict and dates are shown.
    desk : Desk, optional
        Retention, movers, the worklist and the lists; what it lacks has no section.
    simulated : bool
        A banner on top says in both languages that the data are made up.
    card : Card, optional
        Of `model.card.card_of` in the language of the page; without it there is no section about the model.
    monitoring : mapping, optional
        The newest result of `patron monitor`.
    campaigns : sequence of (mapping, mapping or None), optional
        Plan and readout of each campaign with a control group, the one that began first first.

    Returns
    -------
    str
        HTML without any external resource. The same input gives the same text.

    Raises
    ------
    PatronError
        If the scores lack `customer_id` or `status`, or the language is unknown.
    """
    frame = tidy_scores(scores)
    words = language_for(
        language, first_value(frame, "currency") or ledger.get("currency"), typical_amount(frame)
    )
    sums = totals(frame, ledger=ledger)
    months = sums.horizon_months or 12
    customers, listed = ranked(frame), None if desk is None else desk.worklist
    parts = _desk_parts(desk, sums, words)
    evidence = _evidence(evaluation, ledger, backtest, words)
    shown = {*ALWAYS, *parts, "value" if evidence["value"] else "", "about" if card else ""}
    page = environment_for(words).from_string(package_text("report.html.j2"))
    return page.render(
        title=title,
        words=words,
        sums=sums,
        months=months,
        simulated=simulated_banner(simulated=simulated),
        model=model_name(sums, evaluation, words),
        tested_after=evaluation.get("evaluated_as_of"),
        figures=figures(sums, words, desk),
        sentences=sentences_of(sums, evaluation, words, listed),
        columns=table_heads(desk, words, months),
        codes={"tier": TIERS, "stage": STAGES, "risk": RISKS[::-1]},
        owners=owners(desk),
        listed=0 if listed is None else len(listed),
        list_sentences=list_sentences(desk, words),
        lapsed=sums.lapsed,
        first_customers=_first_rows(customers, words),
        parts=parts,
        nav=[name for name in SECTIONS if name in shown],
        pictures=base_pictures(frame, ledger, words, months, desk),
        facts=model_facts or {},
        card=card,
        monitored=monitoring_section(monitoring, words),
        campaigns=campaign_sentences(campaigns, str(sums.as_of), words),
        **evidence,
        definitions=definitions(sums, evaluation, words),
        **_style_and_script(),
        customers=safe_json(page_data(customers, desk, words, months, sums)),
    )


def _evidence(
    evaluation: Mapping[str, Any],
    ledger: Mapping[str, Any],
    backtest: Mapping[str, Any] | None,
    words: Language,
) -> dict[str, Any]:
    """Say how far the figures can be trusted, and what they rest on."""
    return {
        "trust": _trust(evaluation, words),
        "labels": label_section(evaluation.get("label_audit") or {}, words),
        "value": value_section(evaluation.get("clv_holdout") or {}, words),
        "data": ledger_section(ledger, words),
        "backtest": backtest_section(backtest, words),
    }


def _style_and_script() -> dict[str, str]:
    """Give the style sheet, the script, and the hash by which the page's policy lets that script run."""
    script = package_text("report.js")
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    return {
        "style": Markup(package_text("report.css")),  # noqa: S704
        "script": Markup(script),  # noqa: S704
        "script_hash": digest,
    }


def _desk_parts(desk: Desk | None, sums: Totals, words: Language) -> dict[str, Section]:
    """Give the sections the desk has something for, by name."""
    if desk is None:
        return {}
    names = account_names(desk)
    found = [
        moves_section(desk, words, names, sums.as_of),
        retention_section(desk, words),
        cohort_section(desk, words),
        *list_sections(desk, words, names),
    ]
    return {part.name: part for part in found if part is not None}


def simulated_banner(*, simulated: bool) -> list[str]:
    """Say in every language that the data are made up, whatever the language of the page."""
    return [table["simulated_banner"] for table in TABLES.values()] if simulated else []


def _trust(evaluation: Mapping[str, Any], words: Language) -> dict[str, Any]:
    churn, clv = evaluation.get("churn") or {}, evaluation.get("clv") or {}
    holdout = evaluation.get("clv_holdout") or {}
    return {
        "grades": grades(evaluation, words),
        "pictures": [
            calibration_picture(churn, words),
            lift_picture(churn, words),
            value_picture(clv, holdout, words),
            *importance_pictures(evaluation, words),
        ],
        "churn_table": churn_table(churn, words),
        "clv_table": clv_table(clv, words),
        "difference": difference_sentence(churn, words),
        "total": total_sentence(holdout, words),
        "value_warnings": [str(said) for said in holdout.get("warnings") or []],
        "n": evaluation.get("n"),
        "date": evaluation.get("evaluated_as_of"),
    }


def _first_rows(customers: pd.DataFrame, words: Language) -> Sequence[Sequence[str]]:
    """Write the first rows for readers whose mail program runs no scripts."""
    top = customers.head(TOP)
    columns = [
        top["customer_id"].tolist(),
        [words.money(amount) for amount in numbers(top, "value_at_risk")],
        [words.percent(share) for share in numbers(top, "churn_probability")],
        [words.label("tier", tier) for tier in top["tier"]],
        [_text(reason) for reason in top["reason_1"]],
    ]
    return list(zip(*columns, strict=True))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def environment_for(words: Language) -> Environment:
    """Return what renders the templates of this folder in one language."""
    environment = Environment(
        loader=FunctionLoader(package_text),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["say"] = words.text
    return environment


def package_text(name: str) -> str:
    """Read a template, style sheet or script of this folder."""
    return files("patron.reports").joinpath(name).read_text(encoding="utf-8")
