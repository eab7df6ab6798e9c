"""The report: one HTML file that loads nothing.

In: scores, evaluation, ledger report. Out: HTML text, or a file written beside and renamed. Not here: the
pictures, the words and the numbers in them.
"""

from __future__ import annotations

import base64
import hashlib
import os
import tempfile
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from patron.columns import RISKS, STAGES, TIERS
from patron.reports._backtest_parts import backtest_section
from patron.reports._base_pictures import base_pictures
from patron.reports._customer_list import STATUSES, payload, ranked, safe_json
from patron.reports._headline import definitions, figures, model_name
from patron.reports._importance_section import importance_pictures
from patron.reports._label_section import label_section
from patron.reports._language import MONTHS, SCALES, TABLES, Language, language_for
from patron.reports._ledger_section import ledger_section
from patron.reports._metrics_table import churn_table, clv_table
from patron.reports._totals import TOP, first_value, numbers, tidy_scores, totals, typical_amount
from patron.reports._trust import (
    calibration_picture,
    difference_sentence,
    grades,
    lift_picture,
    value_picture,
)
from patron.reports._value_section import total_sentence, value_section
from patron.reports.sentences import sentences_of

#: Texts the page fills in by itself; they travel in the JSON block.
PAGE_TEXTS = (
    "missing",
    "showing",
    "totals",
    "page",
    "none_found",
    "days_ago",
    "in_days",
    "overdue_days",
    "range",
    "change",
    "details_of",
    "detail_reasons",
    "detail_numbers",
    "detail_action",
    "detail_note",
    "detail_next",
    "detail_orders",
    "detail_expected",
    "detail_order_value",
    "detail_alive",
    "detail_kept",
    "detail_silent",
    "detail_value_tier",
    "detail_range",
)
#: Sort key -> text of the column's head, in the order of the table.
COLUMNS = {
    "customer": "col_customer",
    "at_risk": "col_at_risk",
    "probability": "col_probability",
    "value": "col_value",
    "tier": "col_tier",
    "stage": "col_stage",
    "last": "col_last",
    "revenue": "col_revenue",
    "reason": "col_reason",
    "action": "col_action",
}


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
) -> Path:
    """Write the report beside `path` and rename it, so that a reader never meets half a file.

    Parameters
    ----------
    path : Path
        The HTML file; its folder is made.
    scores, evaluation, ledger, title, language, model_facts, backtest
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
    )
    write_text(path, page)
    return path


def write_text(path: Path, text: str) -> None:
    """Write a text beside `path` and rename it; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8"))
        # mkstemp makes files for the owner alone; a report is as readable as any other output
        Path(beside).chmod(0o666 & ~_umask())
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def render_report(
    *,
    scores: pd.DataFrame,
    evaluation: Mapping[str, Any],
    ledger: Mapping[str, Any],
    title: str,
    language: str = "en",
    model_facts: Mapping[str, Any] | None = None,
    backtest: Mapping[str, Any] | None = None,
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
    customers = ranked(frame)
    script = package_text("report.js")
    page = environment_for(words).from_string(package_text("report.html.j2"))
    return page.render(
        title=title,
        words=words,
        sums=sums,
        months=months,
        model=model_name(sums, evaluation, words),
        tested_after=evaluation.get("evaluated_as_of"),
        figures=figures(sums, words),
        sentences=sentences_of(sums, evaluation, words),
        columns={key: words.text(name, months=months) for key, name in COLUMNS.items()},
        codes={"tier": TIERS, "stage": STAGES, "risk": RISKS[::-1]},
        lapsed=sums.lapsed,
        first_customers=_first_rows(customers, words),
        pictures=base_pictures(frame, ledger, words, months),
        trust=_trust(evaluation, words),
        labels=label_section(evaluation.get("label_audit") or {}, words),
        value=value_section(evaluation.get("clv_holdout") or {}, words),
        data=ledger_section(ledger, words),
        facts=model_facts or {},
        backtest=backtest_section(backtest, words),
        definitions=definitions(sums, evaluation, words),
        style=Markup(package_text("report.css")),  # noqa: S704
        script=Markup(script),  # noqa: S704
        script_hash=base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii"),
        customers=safe_json(_page_data(customers, words, months, sums.as_of)),
    )


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


def _page_data(customers: pd.DataFrame, words: Language, months: int, as_of: object) -> dict[str, Any]:
    families = {"tier": TIERS, "stage": STAGES, "risk": RISKS, "status": STATUSES}
    texts = {key: TABLES[words.code][key].replace("{months}", str(months)) for key in PAGE_TEXTS}
    return {
        "asOf": None if as_of is None else str(as_of),
        "language": words.code,
        "symbol": words.symbol,
        "decimals": words.decimals,
        "scales": SCALES[words.code],
        "monthNames": MONTHS,
        "text": texts,
        "codes": families,
        "labels": {
            family: [words.label(family, code) for code in codes] for family, codes in families.items()
        },
        "heads": {key: words.text(name, months=months) for key, name in COLUMNS.items()},
        "columns": payload(customers, words),
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


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
