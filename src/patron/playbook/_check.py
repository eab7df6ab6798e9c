"""Plain values -> checked rules, or every problem of a playbook at once.

In:  what a playbook file holds.
Out: conditions, texts and deadline per rule, and warnings.
Not here: which rule fits whom (`rules`).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any, NamedTuple

from patron.columns import RISKS, STAGES, STATUSES, TIERS
from patron.errors import ConfigError

LANGUAGES = ("en", "zh")
#: Codes of reasons: the drivers of a churn probability (`scoring.DRIVERS`, which lies above this folder).
REASONS = (
    "silence", "season", "order_trend", "frequency", "rhythm", "spend", "order_value", "order_spread",
    "order_size", "refunds", "breadth", "tenure", "event", "attribute", "custom",
)  # fmt: skip
#: Condition -> the values it can have. Excluded customers get no action, and
#: the value tier is the tier without its at-risk rule.
CONDITIONS: dict[str, tuple[str, ...]] = {
    "status": tuple(status for status in STATUSES if status != "excluded"),
    "tier": TIERS,
    "value_tier": tuple(tier for tier in TIERS if tier != "at_risk"),
    "lifecycle_stage": STAGES,
    "churn_risk": RISKS,
    "reason": REASONS,
}
#: Parts of a rule in words; the first must be there.
TEXTS = ("action", "say", "done_by")
When = dict[str, tuple[str, ...]]
Texts = dict[str, str]


class CheckedRule(NamedTuple):
    """One rule without mistakes; texts by language, ``{}`` without."""

    when: When
    action: Texts
    say: Texts
    done_by: Texts
    within_days: int | None


def checked_rules(
    content: Mapping[str, Any], *, tries_customers: bool = True
) -> tuple[list[CheckedRule], list[str]]:
    """Check a whole playbook; trying customers finds the rules that can never fit.

    Raises
    ------
    ConfigError
        With all problems at once.
    """
    rules = content.get("rules") if isinstance(content, Mapping) else None
    if not isinstance(rules, list) or not rules:
        raise ConfigError("A playbook must be a block with the key rules: a list of at least one rule.")
    problems = _unknown(content, ("rules",), "the playbook")
    checked = [_rule(rule, f"rule {number}", problems) for number, rule in enumerate(rules, start=1)]
    if tries_customers and not problems:
        problems = _never_reached([rule.when for rule in checked])
    if problems:
        raise ConfigError(problems)
    return checked, _missing_languages(checked)


def _rule(rule: Any, where: str, problems: list[str]) -> CheckedRule:
    if not isinstance(rule, Mapping):
        problems.append(f"{where} is {rule!r}; it must be a block with when and action.")
        return CheckedRule({}, {}, {}, {}, None)
    problems += _unknown(rule, ("when", *TEXTS, "within_days"), where)
    when = _conditions(rule, where, problems)
    action, say, done_by = (_texts(rule, name, where, problems) for name in TEXTS)
    return CheckedRule(when, action, say, done_by, _within_days(rule, where, problems))


def _conditions(rule: Mapping[str, Any], where: str, problems: list[str]) -> When:
    when = rule.get("when")
    if when is not None and not isinstance(when, Mapping):
        problems.append(
            f"{where}: when is {when!r}; it must be a block of conditions, or {{}} for everybody."
        )
        when = None
    elif "when" not in rule:
        problems.append(f"{where} has no when; write when: {{}} for a rule that takes everybody.")
    return _when(when or {}, where, problems)


def _when(when: Mapping[str, Any], where: str, problems: list[str]) -> When:
    problems += _unknown(when, CONDITIONS, where)
    checked: When = {}
    for key, value in when.items():
        values = value if isinstance(value, list | tuple) else [value]
        known = CONDITIONS.get(key, ())
        wrong = [v for v in values if not isinstance(v, str) or v not in known]
        if key in CONDITIONS:
            problems += [_wrong_value(where, key, v, known) for v in wrong]
            problems += [f"{where}: {key} is an empty list; it fits nobody."] if not values else []
        checked[str(key)] = tuple(dict.fromkeys(str(v) for v in values))
    return checked


def _wrong_value(where: str, key: str, value: object, known: tuple[str, ...]) -> str:
    close = _did_you_mean(str(value), known)
    return f"{where}: {key} is {value!r}; it must be one of {', '.join(known)}.{close}"


def _texts(rule: Mapping[str, Any], name: str, where: str, problems: list[str]) -> Texts:
    given = rule.get(name)
    if given is None and name not in rule and name != "action":
        return {}
    texts = dict.fromkeys(LANGUAGES, given) if isinstance(given, str) else given
    if not isinstance(texts, Mapping) or not texts:
        problems.append(f"{where} has no {name}; write a text, or one per language ({', '.join(LANGUAGES)}).")
        return {}
    problems += _unknown(texts, LANGUAGES, f"{where}, {name}")
    problems += [
        f"{where}: the {name} in {language} is {text!r}; it must be a text."
        for language, text in texts.items()
        if not isinstance(text, str) or not text.strip()
    ]
    return {str(language): str(text).strip() for language, text in texts.items()}


def _within_days(rule: Mapping[str, Any], where: str, problems: list[str]) -> int | None:
    days = rule.get("within_days")
    if days is None:
        return None
    if isinstance(days, bool) or not isinstance(days, int) or days < 0:
        problems.append(f"{where}: within_days is {days!r}; it must be a whole number of days from 0 on.")
        return None
    return days


def _unknown(given: Mapping[str, Any], known: Iterable[str], where: str) -> list[str]:
    names = list(known)
    return [
        f"{where}: {key!r} is not known; known are {', '.join(names)}.{_did_you_mean(str(key), names)}"
        for key in given
        if key not in names
    ]


def _did_you_mean(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(known), n=1)
    return f" Did you mean {close[0]}?" if close else ""


def _missing_languages(rules: list[CheckedRule]) -> list[str]:
    warnings = []
    for number, rule in enumerate(rules, start=1):
        for name, texts in zip(TEXTS, (rule.action, rule.say, rule.done_by), strict=True):
            what = "text" if name == "action" else name
            instead = "English" if "en" in texts else "the other"
            missing = [language for language in LANGUAGES if texts and language not in texts]
            warnings += [f"rule {number} has no {what} in {x}; {instead} is used." for x in missing]
    return warnings


def _never_reached(whens: list[When]) -> list[str]:
    """Rules that fit no customer who is left, found by trying every kind of customer."""
    problems = []
    for number, when in enumerate(whens):
        takers = [_first_taker(whens, kind) for kind in _kinds_of_customers(when)]
        earlier = sorted({taker + 1 for taker in takers if taker is not None})
        if number in takers:
            continue
        if earlier:
            words = f"rule{'s' if len(earlier) > 1 else ''} {', '.join(map(str, earlier))}"
            problems.append(
                f"rule {number + 1} can never fit: all of its customers are taken by {words} above it."
            )
        else:
            problems.append(f"rule {number + 1} can never fit: no customer fulfils all of its conditions.")
    return problems


def _first_taker(whens: list[When], kind: Mapping[str, str | None]) -> int | None:
    fits = (all(kind[key] in values for key, values in when.items()) for when in whens)
    return next((number for number, fit in enumerate(fits) if fit), None)


def _kinds_of_customers(when: When) -> list[dict[str, str | None]]:
    """Every kind of customer that fulfils the conditions, and that can exist; one reason stands for three."""
    choices: list[tuple[str | None, ...]] = []
    for key, known in CONDITIONS.items():
        # a customer without a reason fits every rule that asks for none
        anybody = (None,) if key == "reason" else (*known, None) if key == "churn_risk" else known
        choices.append(when.get(key) or anybody)
    kinds = [dict(zip(CONDITIONS, values, strict=True)) for values in product(*choices)]
    return [kind for kind in kinds if _can_exist(kind)]


def _can_exist(kind: Mapping[str, str | None]) -> bool:
    """Lapsed customers are at risk without a churn probability; the tiers differ for those at risk alone."""
    if kind["status"] == "lapsed" and (kind["tier"] != "at_risk" or kind["churn_risk"] is not None):
        return False
    return kind["tier"] in ("at_risk", kind["value_tier"])
