"""The model card: what a model is for, what it learnt from, how good it was, and who should not use it.

In:  the facts of the manifest and the evaluation. Out: a `Card` (plain sentences and tables), its
Markdown. Not here: the words (`card_en.json`, `card_zh.json`), the page of the report (`patron.reports`).

After Mitchell et al. (2019), "Model Cards for Model Reporting". No time of writing and no run id: the same
training gives the same card.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from patron.model._card_figures import audit, churn_figures, grades, value_figures
from patron.model._card_limits import limits, misuse
from patron.model._card_parts import Card, CardSection, CardTable
from patron.model._card_words import Words, mapping
from patron.model.manifest import FORMAT_VERSION, is_model_name

__all__ = ["CARD", "Card", "CardSection", "CardTable", "card_markdown", "card_of"]

CARD = "model_card.md"


def card_of(facts: Mapping[str, Any], evaluation: Mapping[str, Any], language: str = "en") -> Card:
    """Put a model card together.

    Parameters
    ----------
    facts : mapping
        What `manifest.json` says; what it lacks is left out or said to be unknown.
    evaluation : mapping
        ``evaluation.json``.
    language : str
        ``en`` or ``zh``.

    Returns
    -------
    Card

    Raises
    ------
    ModelError
        If there is no card in this language.

    Examples
    --------
    >>> card = card_of({"name": "demo", "as_of": "2024-03-01"}, {}, "en")
    >>> card.title, card.sections[2].title
    ('Model card: demo', 'What counts as churn')
    """
    words = Words(language)
    name = str(facts.get("name") or words.say("missing"))
    sections = (
        _purpose(facts, evaluation, words),
        _data(facts, evaluation, words),
        _label(facts, evaluation, words),
        churn_figures(evaluation, words),
        value_figures(facts, evaluation, words),
        grades(evaluation, words),
        audit(evaluation, words),
        limits(facts, evaluation, words, through=_through(facts, words)),
        misuse(facts, words),
        _loading(name, words),
        _versions(facts, evaluation, words),
    )
    lead = [words.say("lead", through=_through(facts, words))]
    if mapping(facts.get("config")).get("simulated"):
        lead.append(words.say("simulated"))
    title = words.say("title", name=name)
    return Card(title, language, tuple(lead), tuple(part for part in sections if part is not None))


def card_markdown(card: Card) -> str:
    r"""Write a card as Markdown (CommonMark with tables); names cannot break out of their place.

    Parameters
    ----------
    card : Card
        Of `card_of`.

    Returns
    -------
    str
        Ends with a line break.

    Examples
    --------
    >>> print(card_markdown(card_of({"name": "a_b"}, {}))[:18])
    # Model card: a\_b
    """
    blocks = [f"# {_escaped(card.title)}", *(_escaped(said) for said in card.lead)]
    for section in card.sections:
        blocks.append(f"## {_escaped(section.title)}")
        blocks += [_escaped(section.lead)] if section.lead else []
        blocks += [f"```python\n{section.code}\n```"] if section.code else []
        blocks += [_markdown_table(section.table)] if section.table else []
        blocks += ["\n".join(f"- {_escaped(said)}" for said in section.points)] if section.points else []
    return "\n\n".join(blocks) + "\n"


def _purpose(facts: Mapping[str, Any], evaluation: Mapping[str, Any], words: Words) -> CardSection:
    months = mapping(mapping(facts.get("config")).get("clv")).get("horizon_months", words.say("missing"))
    days = evaluation.get("horizon_days", words.say("missing"))
    points = [
        words.say("purpose_churn", days=days),
        words.say("purpose_value", months=months),
        words.say("purpose_use"),
    ]
    return CardSection("purpose", words.say("purpose"), points=tuple(points))


def _data(facts: Mapping[str, Any], evaluation: Mapping[str, Any], words: Words) -> CardSection:
    ledger, features = (_deep(facts, *path) for path in (("config", "ledger"), ("recipe", "features")))
    first = mapping(mapping(evaluation.get("clv_holdout")).get("tracking")).get("first_day")
    through = _through(facts, words)
    span = words.say("data_span", first=first, through=through) if first else ""
    refunds = ledger.get("refunds")
    rows = [
        ("data_orders", span or words.say("data_until", through=through)),
        ("data_as_of", facts.get("as_of")),
        *_counts(mapping(facts.get("rows")), {"in": "data_rows", "used": "data_used", "later": "data_later"}),
        *_counts(mapping(facts.get("customers") or evaluation.get("counts")), _STATUSES),
        ("data_currency", ledger.get("currency")),
        ("data_timezone", ledger.get("timezone")),
        ("data_refunds", words.name("refunds", refunds) if refunds else None),
        (
            "data_attributes",
            ", ".join(sorted(map(str, features.get("attributes") or ()))) or words.say("none"),
        ),
        ("data_events", ", ".join(map(str, features.get("event_kinds") or ())) or words.say("none")),
    ]
    written = [
        (words.say(key), words.number(value, 0) if isinstance(value, int) else str(value))
        for key, value in rows
        if value is not None
    ]
    table = CardTable((words.say("item"), words.say("value")), tuple(written))
    return CardSection("data", words.say("data"), table=table)


_STATUSES = {
    "customers": "data_customers",
    "scored": "data_scored",
    "new": "data_new",
    "lapsed": "data_lapsed",
    "excluded": "data_excluded",
}


def _counts(found: Mapping[str, Any], keys: Mapping[str, str]) -> list[tuple[str, object]]:
    return [(said, found.get(key)) for key, said in keys.items()]


def _label(facts: Mapping[str, Any], evaluation: Mapping[str, Any], words: Words) -> CardSection:
    recipe = _deep(facts, "recipe", "label")
    kind = recipe.get("kind", "silence")
    said = words.localised(facts.get("label") or evaluation.get("label_in_words"))
    lead = words.say("label_is", label=said)
    points = []
    if kind == "rhythm":
        points.append(words.say("label_rhythm"))
    elif "active_days" in recipe:
        points.append(words.say("label_active", days=recipe["active_days"]))
    if kind == "decline":
        points.append(words.say("label_decline"))
    points.append(words.say("label_no_contract"))
    return CardSection("label", words.say("label"), lead, tuple(points))


def _loading(name: str, words: Words) -> CardSection:
    registered = name.partition("/")[0]  # of a loaded model: name/version
    known = registered if is_model_name(registered) else "NAME"
    code = f'import patron\n\nmodel = patron.load_model("models:/{known}@champion")  # or this folder'
    points = (words.say("loading_mlflow"), words.say("loading_checksums"))
    return CardSection("loading", words.say("loading"), words.say("loading_lead"), points, code=code)


def _versions(facts: Mapping[str, Any], evaluation: Mapping[str, Any], words: Words) -> CardSection:
    shipped = mapping(evaluation.get("clv_holdout")).get("entrant")
    rows = [
        ("version_patron", facts.get("patron_version")),
        ("version_format", FORMAT_VERSION),
        ("version_churn", facts.get("churn_model")),
        ("version_clv", shipped),
        ("version_features", len(facts["feature_names"]) if "feature_names" in facts else None),
        ("version_data", facts.get("data_digest")),
    ]
    written = [(words.say(key), str(value)) for key, value in rows if value is not None]
    written += [(str(k), str(v)) for k, v in sorted(mapping(facts.get("packages")).items())]
    table = CardTable((words.say("item"), words.say("value")), tuple(written))
    return CardSection("versions", words.say("versions"), table=table)


def _deep(facts: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    found: Any = facts
    for key in path:
        found = mapping(found).get(key)
    return mapping(found)


def _through(facts: Mapping[str, Any], words: Words) -> str:
    """Name the last day whose orders could be known: the one before `as_of`."""
    as_of = facts.get("as_of")
    if not isinstance(as_of, str):
        return words.say("missing")
    return (date.fromisoformat(as_of) - timedelta(days=1)).isoformat()


def _markdown_table(table: CardTable) -> str:
    lines: Sequence[Sequence[str]] = [table.header, ["---"] * len(table.header), *table.rows]
    plain = lines[1]
    return "\n".join(
        "| " + " | ".join(cell if line is plain else _escaped(cell) for cell in line) + " |" for line in lines
    )


def _escaped(text: str) -> str:
    """Take their meaning from the characters of Markdown and HTML; blanks and controls become a blank."""
    squeezed = re.sub(r"[\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+", " ", text).strip()
    return re.sub(r"([\\`*_\[\]<>|#~&!])", r"\\\1", squeezed)
