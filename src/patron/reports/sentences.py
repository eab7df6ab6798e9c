"""Three sentences a person can read aloud.

In: scores and their evaluation. Out: how many customers, how good the forecast is against the naive rules,
how much value is at risk. Not here: the page around them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from patron.reports._language import Language, as_number, language_for
from patron.reports._totals import (
    TOP,
    Totals,
    exact_sum,
    first_value,
    numbers,
    tidy_scores,
    totals,
    typical_amount,
)


def three_sentences(
    scores: pd.DataFrame, evaluation: Mapping[str, Any], *, language: str = "en"
) -> list[str]:
    """Say what the scores amount to.

    Parameters
    ----------
    scores : pandas.DataFrame
        Score rows, schema version 1.
    evaluation : mapping
        The content of ``evaluation.json``; anything in it may be missing.
    language : str
        ``en`` or ``zh``.

    Returns
    -------
    list of str
        Three sentences.

    Raises
    ------
    PatronError
        If the scores lack `customer_id` or `status`, or the language is unknown.

    Examples
    --------
    >>> scores = pd.DataFrame({"customer_id": ["1"], "status": ["new"], "as_of": ["2011-09-10"]})
    >>> three_sentences(scores, {})[0]
    'On 10 September 2011 you have 1 active customer; 0 more have lapsed.'
    """
    frame = tidy_scores(scores)
    words = language_for(language, first_value(frame, "currency"), typical_amount(frame))
    return sentences_of(totals(frame), evaluation, words)


def sentences_of(
    sums: Totals, evaluation: Mapping[str, Any], words: Language, worklist: pd.DataFrame | None = None
) -> list[str]:
    """Say the three sentences from totals that are already there, and what a worklist covers."""
    return [_base(sums, words), _skill(evaluation, words), _risk(sums, words, worklist)]


def best_rule(churn: Mapping[str, Any]) -> str | None:
    """Name the naive rule with the lowest log-loss, as the grade does; None if no rule has one.

    Examples
    --------
    >>> best_rule({"baselines": {"a": {"log_loss": 0.4, "auc": 0.7}, "b": {"log_loss": 0.5, "auc": 0.8}}})
    'a'
    """
    losses = {
        name: as_number(row.get("log_loss")) for name, row in sorted((churn.get("baselines") or {}).items())
    }
    known = {name: value for name, value in losses.items() if value is not None}
    return min(known, key=lambda name: known[name]) if known else None


def _base(sums: Totals, words: Language) -> str:
    risk = words.text("say_base_risk", high=words.integer(sums.high_risk), days=sums.horizon_days)
    return words.text(
        "say_base",
        as_of=words.date(sums.as_of),
        active=words.count("active_customers", sums.active),
        lapsed=words.integer(sums.lapsed),
        risk=risk if sums.high_risk and sums.horizon_days else "",
    )


def _skill(evaluation: Mapping[str, Any], words: Language) -> str:
    churn = evaluation.get("churn") or {}
    auc = as_number((churn.get("model") or {}).get("auc"))
    grade = (evaluation.get("grade") or {}).get("churn")
    if auc is None:
        return words.text("say_skill_none")
    in_100 = words.number(auc * 100, 0)
    if churn.get("kind") == "rule":
        return words.text("say_skill_rule", model=in_100)
    verdict = words.text(f"verdict_{grade}" if words.has(f"verdict_{grade}") else "verdict_none")
    rule = best_rule(churn)
    found = None if rule is None else as_number(churn["baselines"][rule].get("auc"))
    if rule is None or found is None:
        return words.text("say_skill_alone", model=in_100, verdict=verdict)
    best = words.number(found * 100, 0)
    name = _lower_first(words.label("entrant", rule))
    return words.text("say_skill", model=in_100, rule=name, best=best, verdict=verdict)


def _risk(sums: Totals, words: Language, worklist: pd.DataFrame | None) -> str:
    if sums.value_at_risk <= 0 or sums.value <= 0:
        return words.text("say_risk_none")
    few = sums.active <= TOP
    return words.text(
        "say_risk_top_one" if few else "say_risk",
        at_risk=words.short_money(sums.value_at_risk),
        value=words.short_money(sums.value),
        months=sums.horizon_months or 12,
        top=TOP,
        share=words.percent(sums.top_value_at_risk / sums.value_at_risk),
        listed=_listed(worklist, words),
    )


def _listed(worklist: pd.DataFrame | None, words: Language) -> str:
    """Say what the calls of the week cover; nothing without any."""
    if worklist is None or worklist.empty or "value_at_risk" not in worklist:
        return ""
    covered = exact_sum(numbers(worklist, "value_at_risk"))
    return words.text(
        "say_risk_listed", calls=words.count("calls", len(worklist)), money=words.short_money(covered)
    )


def _lower_first(name: str) -> str:
    """Lower the first letter inside a sentence, but not of an abbreviation such as RFM."""
    return name if name[1:2].isupper() else name[:1].lower() + name[1:]
