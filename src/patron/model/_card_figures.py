"""How good a model was, as a card tells it: figures beside the best naive rule, grades, label audit.

In:  the evaluation. Out: sections of a card. Not here: how the figures are found (`patron.evaluation`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from patron.model._card_parts import CardSection, CardTable
from patron.model._card_words import Words, finite, mapping

_CHURN_FIGURES = ("auc", "log_loss", "brier", "ece", "top_decile_lift")


def churn_figures(evaluation: Mapping[str, Any], words: Words) -> CardSection:
    """Set the churn model beside the naive rule with the lowest log-loss, on the newest test period."""
    churn, title = mapping(evaluation.get("churn")), words.say("churn")
    model = mapping(churn.get("model"))
    if not model:
        return CardSection("churn", title, words.say("churn_none"))
    rule, facts = best_rule(churn)
    lead = words.say(
        "churn_test",
        date=evaluation.get("evaluated_as_of"),
        n=words.number(evaluation.get("n"), 0),
        days=evaluation.get("horizon_days"),
        rate=words.percent(churn.get("rate")),
        said=words.percent(churn.get("mean_probability")),
    )
    name = words.name("entrant", rule)
    header = (words.say("measure"), words.say("model"), words.say("churn_rule", rule=name))
    rows = [(words.say(key), words.ranged(model, key), words.ranged(facts, key)) for key in _CHURN_FIGURES]
    points = [*_churn_sentences(churn, name, words), words.say("interval_note"), words.say("limit_periods")]
    return CardSection("churn", title, lead, tuple(points), CardTable(header, tuple(rows)))


def _churn_sentences(churn: Mapping[str, Any], rule: str, words: Words) -> list[str]:
    difference = mapping(churn.get("auc_difference"))
    if churn.get("kind") == "rule":
        said = [words.say("churn_rule_ships", rule=words.name("entrant", churn.get("name")))]
    else:
        said = [words.say("churn_ships", name=words.name("entrant", churn.get("name")), rule=rule)]
        if finite(difference.get("difference")) is not None:
            value, low, high = (words.number(difference.get(k)) for k in ("difference", "low", "high"))
            said.append(words.say("churn_auc", value=value, low=low, high=high))
    skill = finite(mapping(churn.get("skill")).get("high"))
    if skill is not None and skill >= 0:
        said.append(words.say("churn_skill_none"))
    return said


def best_rule(churn: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Find the naive rule with the lowest log-loss; an empty name where there is none."""
    rules = {str(name): mapping(facts) for name, facts in mapping(churn.get("baselines")).items()}
    losses = {
        name: loss for name, facts in rules.items() if (loss := finite(facts.get("log_loss"))) is not None
    }
    best = min(losses, key=lambda name: (losses[name], name), default="")
    return best, rules.get(best, {})


def value_figures(facts: Mapping[str, Any], evaluation: Mapping[str, Any], words: Words) -> CardSection:
    """Set the value forecast that ships beside last year carried forward, over the held-out days."""
    holdout, entrants = mapping(evaluation.get("clv_holdout")), mapping(evaluation.get("clv"))
    name = str(holdout.get("entrant") or "btyd")
    shipped, rule, title = mapping(entrants.get(name)), mapping(entrants.get("last_year")), words.say("clv")
    if not shipped:
        return CardSection("clv", title, words.say("clv_none"))
    currency = mapping(mapping(facts.get("config")).get("ledger")).get("currency")
    rows = [
        (
            words.say("mae", unit=currency or words.say("data_currency")),
            *_both(shipped, rule, "mae", words, 2),
        ),
        (words.say("gini"), *_both(shipped, rule, "gini", words, 3)),
        (words.say("bias"), *(words.signed_percent(row.get("bias")) for row in (shipped, rule))),
        (
            words.say("interval_coverage"),
            words.percent(shipped.get("interval_coverage")),
            words.percent(rule.get("interval_coverage"))
            if rule.get("interval_coverage") is not None
            else "–",
        ),
    ]
    header = (words.say("measure"), words.say("model"), words.say("last_year"))
    points = [
        words.say("clv_ships", name=words.name("entrant", name)),
        *_total(mapping(holdout.get("total")), currency, words),
        words.say("clv_no_interval"),
    ]
    lead = words.say("clv_test", days=holdout.get("evaluation_days", words.say("missing")))
    return CardSection("clv", title, lead, tuple(points), CardTable(header, tuple(rows)))


def _both(
    first: Mapping[str, Any], second: Mapping[str, Any], key: str, words: Words, digits: int
) -> list[str]:
    return [words.number(row.get(key), digits) for row in (first, second)]


def _total(total: Mapping[str, Any], currency: object, words: Words) -> list[str]:
    ends = {key: finite(total.get(key)) for key in ("expected", "low", "high", "actual")}
    low, high, actual = ends["low"], ends["high"], ends["actual"]
    if ends["expected"] is None or low is None or high is None or actual is None:
        return []
    said = words.say("clv_total", **{key: words.amount(value, currency) for key, value in ends.items()})
    return [said, words.say("clv_inside" if low <= actual <= high else "clv_outside")]


def grades(evaluation: Mapping[str, Any], words: Words) -> CardSection:
    """Say both grades and what they mean."""
    letters, rows = mapping(evaluation.get("grade")), []
    for subject, tested in (("churn", "churn"), ("clv", "clv")):
        letter = str(letters.get(subject) or "–")
        judged = bool(mapping(evaluation.get(tested)))
        meaning = words.name(subject, letter) if judged and letter in "ABC" else words.say("grade_none")
        rows.append((words.say(f"grade_of_{subject}", letter=letter), meaning))
    header = (words.say("grade"), words.say("meaning"))
    return CardSection("grades", words.say("grades"), table=CardTable(header, tuple(rows)))


def audit(evaluation: Mapping[str, Any], words: Words) -> CardSection | None:
    """Set the definition of churn beside the two others; None where they were not compared."""
    found = mapping(evaluation.get("label_audit"))
    kinds = {str(kind): mapping(facts) for kind, facts in mapping(found.get("definitions")).items() if facts}
    if not kinds:
        return None
    heads = ("audit_definition", "audit_judged", "audit_rate", "audit_came_back", "audit_auc")
    rows = tuple(
        _audit_row(kind, facts, str(found.get("chosen")), words) for kind, facts in sorted(kinds.items())
    )
    points = [
        words.say(
            "audit_agreement",
            first=_label_name(pair["labels"][0], words),
            second=_label_name(pair["labels"][1], words),
            equal=words.percent(pair.get("share_equal"), 0),
            n=words.number(pair["n"], 0),
            kappa=words.number(pair.get("kappa"), 2),
        )
        for pair in found.get("agreement") or []
        if pair.get("n")
    ]
    lead = words.say("audit_lead", n=len(found.get("snapshots") or []))
    table = CardTable(tuple(words.say(head) for head in heads), rows)
    return CardSection("audit", words.say("audit"), lead, tuple(points), table)


def _audit_row(kind: str, facts: Mapping[str, Any], chosen: str, words: Words) -> tuple[str, ...]:
    name = _label_name(kind, words)
    model, back = mapping(facts.get("model")), mapping(facts.get("came_back"))
    return (
        words.say("audit_in_use", label=name) if kind == chosen else name,
        words.percent(facts.get("labelled_share_of_active"), 0),
        words.percent(facts.get("churn_rate")),
        words.percent(back.get("share"), 0),
        words.number(model.get("auc")),
    )


def _label_name(kind: object, words: Words) -> str:
    return words.name("kind", kind)
