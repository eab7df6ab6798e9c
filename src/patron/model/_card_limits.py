"""What a model does not know, and who should not use it.

In:  the facts of the manifest, the evaluation. Out: sections of a card. Not here: how good it
was (`_card_figures`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from patron.model._card_parts import CardSection
from patron.model._card_words import Words, finite, mapping

#: Below this many judged customers the 95 % interval of an AUC is wider than 0.1.
SMALL_BASE = 300
#: As in the grades of the value and of the churn model.
_TOLERATED_BIAS, _TOLERATED_GAP = 0.15, 0.03
#: From this share of the active customers on, those with one purchase day are worth a sentence.
_MANY_NEW = 0.1


def limits(
    facts: Mapping[str, Any], evaluation: Mapping[str, Any], words: Words, *, through: str
) -> CardSection:
    """Say what the model cannot know, and what its figures leave out."""
    days = evaluation.get("horizon_days", words.say("missing"))
    points = [
        words.say("limit_orders"),
        words.say("limit_causes"),
        _horizons(facts, evaluation, words),
        *_of_the_figures(evaluation, words),
        *_of_the_base(facts, evaluation, words),
        words.say("limit_drift", through=through, days=days),
    ]
    return CardSection("limits", words.say("limits"), points=tuple(points))


def misuse(facts: Mapping[str, Any], words: Words) -> CardSection:
    """Say who should leave the model alone."""
    label = mapping(mapping(facts.get("recipe")).get("label"))
    kind, keys = label.get("kind", "silence"), ["people", "others", "terms", "staff", "contract"]
    points = [words.say(f"misuse_{key}") for key in keys]
    if kind in ("rhythm", "decline"):
        points.append(words.say(f"misuse_{kind}"))
    if kind != "rhythm" and "active_days" in label:
        points.append(words.say("misuse_slow", days=label["active_days"]))
    return CardSection("misuse", words.say("misuse"), points=tuple(points))


def _horizons(facts: Mapping[str, Any], evaluation: Mapping[str, Any], words: Words) -> str:
    tested = mapping(evaluation.get("clv_holdout")).get("evaluation_days")
    return words.say(
        "limit_horizons",
        days=evaluation.get("horizon_days", words.say("missing")),
        months=mapping(mapping(facts.get("config")).get("clv")).get("horizon_months", words.say("missing")),
        tested=words.say("limit_days", days=tested) if tested else words.say("limit_untested"),
    )


def _of_the_figures(evaluation: Mapping[str, Any], words: Words) -> list[str]:
    said, holdout = [], mapping(evaluation.get("clv_holdout"))
    entrant = str(holdout.get("entrant") or "btyd")
    bias = finite(mapping(mapping(evaluation.get("clv")).get(entrant)).get("bias"))
    if bias is not None and abs(bias) > _TOLERATED_BIAS:
        said.append(words.say("limit_bias", bias=words.signed_percent(bias)))
    gap = finite(mapping(mapping(evaluation.get("churn")).get("model")).get("ece"))
    if gap is not None and gap > _TOLERATED_GAP:
        said.append(words.say("limit_calibration", gap=words.percent(gap)))
    return said + [words.say("limit_value", warning=text) for text in holdout.get("warnings") or []]


def _of_the_base(facts: Mapping[str, Any], evaluation: Mapping[str, Any], words: Words) -> list[str]:
    said, judged = [], finite(evaluation.get("n"))
    if judged is not None and 0 < judged < SMALL_BASE:
        said.append(words.say("limit_small", n=words.number(judged, 0)))
    counts = mapping(facts.get("customers") or evaluation.get("counts"))
    new, scored = finite(counts.get("new")) or 0.0, finite(counts.get("scored")) or 0.0
    if new > _MANY_NEW * (new + scored):
        share = words.percent(new / (new + scored), 0)
        said.append(words.say("limit_new", n=words.number(new, 0), share=share))
    suspicious = [str(text) for text in evaluation.get("warnings") or []]
    return said + [words.say("limit_attributes", columns=text) for text in suspicious]
