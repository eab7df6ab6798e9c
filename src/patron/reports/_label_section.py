"""What another definition of churn would decide: the label in use beside the two others.

In: ``label_audit`` of the evaluation. Out: a table and sentences. Not here: how the numbers are found
(`evaluation.label_audit`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from patron.reports._language import Language, as_number
from patron.reports._picture import Table

_MEASURES = ("judged", "rate", "came_back", "auc", "like", "same_top")


@dataclass(frozen=True)
class LabelSection:
    """The definitions beside each other; `meanings` holds pairs of a name and its definition in words."""

    lead: str
    meanings: list[tuple[str, str]]
    table: Table
    agreement: list[str]


def label_section(audit: Mapping[str, Any], words: Language) -> LabelSection | None:
    """Set the definitions of churn beside each other; None where they were not compared."""
    found = {kind: facts for kind, facts in (audit.get("definitions") or {}).items() if facts}
    if not found:
        return None
    chosen = str(audit.get("chosen"))
    days = audit.get("snapshots") or []
    lead = words.text("audit_lead", label=words.label("label", chosen), n=words.integer(len(days)))
    meanings = [
        (words.label("label", kind), str((facts.get("in_words") or {}).get(words.code) or ""))
        for kind, facts in found.items()
    ]
    header = [words.text("audit_label"), *(words.text(f"audit_{name}") for name in _MEASURES)]
    rows = [_row(kind, facts, chosen, words) for kind, facts in found.items()]
    agreement = [_agreement(pair, words) for pair in audit.get("agreement") or [] if pair.get("n")]
    return LabelSection(lead, meanings, Table(header, rows), agreement)


def _row(kind: str, facts: Mapping[str, Any], chosen: str, words: Language) -> list[str]:
    name = words.label("label", kind)
    model, back = facts.get("model") or {}, facts.get("came_back") or {}
    return [
        words.text("audit_in_use", label=name) if kind == chosen else name,
        words.percent(facts.get("labelled_share_of_active")),
        words.percent(facts.get("churn_rate"), 1),
        words.percent(back.get("share")),
        words.number(model.get("auc"), 3),
        words.number(model.get("spearman"), 2),
        words.percent(model.get("top_decile_overlap")),
    ]


def _agreement(pair: Mapping[str, Any], words: Language) -> str:
    first, second = (words.label("label", kind) for kind in pair["labels"])
    kappa = as_number(pair.get("kappa"))
    return words.text(
        "audit_agreement",
        first=first,
        second=second,
        n=words.count("customers", pair["n"]),
        equal=words.percent(pair.get("share_equal")),
        kappa=words.text("missing") if kappa is None else words.number(kappa, 2),
    )
