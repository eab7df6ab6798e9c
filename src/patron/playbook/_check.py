"""Plain values -> checked rules, or every problem of a playbook at once.

In:  what a playbook file holds.
Out: conditions and texts per rule, and warnings.
Not here: which rule fits whom (`rules`).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any

from patron.columns import RISKS, STAGES, STATUSES, TIERS
from patron.errors import ConfigError

LANGUAGES = ("en", "zh")
#: Condition -> the values it can have; None where any text will do. Excluded customers get no action, and
#: the value tier is the tier without its at-risk rule.
CONDITIONS: dict[str, tuple[str, ...] | None] = {
    "status": tuple(status for status in STATUSES if status != "excluded"),
    "tier": TIERS,
    "value_tier": tuple(tier for tier in TIERS if tier != "at_risk"),
    "lifecycle_stage": STAGES,
    "churn_risk": RISKS,
    "reason": None,
}
When = dict[str, tuple[str, ...]]
Action = dict[str, str]


def checked_rules(content: Mapping[str, Any]) -> tuple[list[tuple[When, Action]], list[str]]:
    """Check a whole playbook.

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
    if not problems:
        problems = _never_reached([when for when, _ in checked])
    if problems:
        raise ConfigError(problems)
    return checked, _missing_languages([action for _, action in checked])


def _rule(rule: Any, where: str, problems: list[str]) -> tuple[When, Action]:
    if not isinstance(rule, Mapping):
        problems.append(f"{where} is {rule!r}; it must be a block with when and action.")
        return {}, {}
    problems += _unknown(rule, ("when", "action"), where)
    when = rule.get("when")
    if when is not None and not isinstance(when, Mapping):
        problems.append(
            f"{where}: when is {when!r}; it must be a block of conditions, or {{}} for everybody."
        )
        when = None
    elif "when" not in rule:
        problems.append(f"{where} has no when; write when: {{}} for a rule that takes everybody.")
    return _when(when or {}, where, problems), _action(rule.get("action"), where, problems)


def _when(when: Mapping[str, Any], where: str, problems: list[str]) -> When:
    problems += _unknown(when, CONDITIONS, where)
    checked: When = {}
    for key, value in when.items():
        values = value if isinstance(value, list | tuple) else [value]
        known = CONDITIONS.get(key)
        wrong = [
            v for v in values if not isinstance(v, str) or not v or (known is not None and v not in known)
        ]
        if key in CONDITIONS:
            problems += [_wrong_value(where, key, v, known) for v in wrong]
            problems += [f"{where}: {key} is an empty list; it fits nobody."] if not values else []
        checked[str(key)] = tuple(str(v) for v in values)
    return checked


def _wrong_value(where: str, key: str, value: object, known: tuple[str, ...] | None) -> str:
    choices = f"one of {', '.join(known)}" if known else "the code of a reason, as text"
    return f"{where}: {key} is {value!r}; it must be {choices}.{_did_you_mean(str(value), known or ())}"


def _action(action: Any, where: str, problems: list[str]) -> Action:
    texts = dict.fromkeys(LANGUAGES, action) if isinstance(action, str) else action
    if not isinstance(texts, Mapping) or not texts:
        problems.append(f"{where} has no action; write a text, or one per language ({', '.join(LANGUAGES)}).")
        return {}
    problems += _unknown(texts, LANGUAGES, f"{where}, action")
    problems += [
        f"{where}: the action in {language} is {text!r}; it must be a text."
        for language, text in texts.items()
        if not isinstance(text, str) or not text.strip()
    ]
    return {str(language): str(text).strip() for language, text in texts.items()}


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


def _missing_languages(actions: list[Action]) -> list[str]:
    return [
        f"rule {number} has no text in {language}; {'English' if 'en' in action else 'the other'} is used."
        for number, action in enumerate(actions, start=1)
        for language in LANGUAGES
        if language not in action
    ]


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
        nullable = (None,) if key in ("churn_risk", "reason") else ()
        choices.append(when.get(key) or ((*known, *nullable) if known else nullable))
    kinds = [dict(zip(CONDITIONS, values, strict=True)) for values in product(*choices)]
    return [kind for kind in kinds if _can_exist(kind)]


def _can_exist(kind: Mapping[str, str | None]) -> bool:
    """Lapsed customers are at risk, and have no churn probability any more."""
    return kind["status"] != "lapsed" or (kind["tier"] == "at_risk" and kind["churn_risk"] is None)
