"""The five figures at the top, the model's name, and the definitions at the end.

In: totals and evaluation. Out: written values. Not here: the sentences, which the terminal says too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from patron.reports._language import Language, as_number
from patron.reports._totals import Totals
from patron.reports._trust import in_language
from patron.reports.desk import Desk

TERMS = ("label", "probability", "at_risk", "value", "range", "tier", "stage", "status")


@dataclass(frozen=True)
class HeadlineFigure:
    """One large number with a line below it; `exact` is the number in full."""

    name: str
    value: str
    note: str
    exact: str


def figures(sums: Totals, words: Language, desk: Desk | None = None) -> list[HeadlineFigure]:
    """Write active customers, high risk, value at risk, value and revenue.

    Where the desk knows the retention rate of the last year, it stands in the place of the customers at high
    risk, whom the first sentence counts.
    """
    months = sums.horizon_months or 12
    notes: dict[str, dict[str, object]] = {
        "active": {"new": words.integer(sums.new), "lapsed": words.integer(sums.lapsed)},
        "risk": {
            "share": words.percent(_share(sums.high_risk, sums.active)),
            "money": words.short_money(sums.high_risk_value_at_risk),
        },
        "at_risk": {"share": words.percent(_share(sums.value_at_risk, sums.value)), "months": months},
        "value": {"lapsed": words.short_money(sums.lapsed_value)},
        "revenue": {"orders": words.integer(sums.orders)},
    }
    counts = {"active": sums.active, "risk": sums.high_risk}
    amounts = {"at_risk": sums.value_at_risk, "value": sums.value, "revenue": sums.revenue}
    found = [
        HeadlineFigure(
            words.text(f"figure_{key}", months=months),
            words.integer(counts[key]) if key in counts else words.short_money(amounts[key]),
            words.text(f"figure_{key}_note", **notes[key]),
            words.integer(counts[key]) if key in counts else words.exact_money(amounts[key]),
        )
        for key in notes
    ]
    retention = retention_figure(desk, words)
    return found if retention is None else [found[0], retention, *found[2:]]


def retention_figure(desk: Desk | None, words: Language) -> HeadlineFigure | None:
    """Write the retention rate of the last year, and how it changed; None where it is not known."""
    years = None if desk is None else desk.retention_years
    if years is None or not len(years):
        return None
    now = as_number(years["retention_rate"].iloc[-1])
    then = as_number(years["retention_rate"].iloc[-2]) if len(years) > 1 else None
    if now is None:
        return None
    change = words.text("figure_retention_first")
    if then is not None:
        points = round((now - then) * 100, 1)
        key = "same" if points == 0 else "up" if points > 0 else "down"
        change = words.text(f"figure_retention_{key}", points=words.number(abs(points), 1))
    start = words.integer(years["customers_start"].iloc[-1])
    note = words.text("figure_retention_note", customers=start, change=change)
    return HeadlineFigure(words.text("figure_retention"), words.percent(now), note, words.percent(now, 2))


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None


def _sentence(said: str, words: Language) -> str:
    stop = "。" if words.code == "zh" else "."
    return said[:1].upper() + said[1:] + ("" if said[-1] in ".。" else stop)


def model_name(sums: Totals, evaluation: Mapping[str, Any], words: Language) -> str:
    """Write the model's name with its kind in words."""
    kind = (evaluation.get("churn") or {}).get("kind")
    name = sums.model or words.text("missing")
    return words.text("model_kind", name=name, kind=words.label("kind", kind)) if kind else name


def definitions(sums: Totals, evaluation: Mapping[str, Any], words: Language) -> list[tuple[str, str]]:
    """Give every term of the report with its definition."""
    months, days = sums.horizon_months or 12, sums.horizon_days or words.text("missing")
    found = {term: words.text(f"def_{term}", months=months, days=days) for term in TERMS}
    said = evaluation.get("label_in_words")
    # the evaluation's own label wins, even in another language: it may differ from the standard one
    label = in_language(said, words) or (said if isinstance(said, str) and said else None)
    if label:
        found["label"] = _sentence(label, words)
    return [(words.text(f"term_{term}", months=months), found[term]) for term in TERMS]
