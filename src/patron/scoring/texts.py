"""Reasons and notes in words, in English and Chinese; numbers come in, sentences a person can read aloud go out.

What is said about each driver stands in `_reasons_en` and `_reasons_zh`.
"""

from __future__ import annotations

from types import ModuleType
from typing import NamedTuple

from patron.scoring import _reasons_en, _reasons_zh
from patron.scoring._numbers import Values, number_of

_LANGUAGES: dict[str, ModuleType] = {"en": _reasons_en, "zh": _reasons_zh}

#: Driver -> the features that other customers can be quoted by, the best known first.
COMPARED: dict[str, tuple[str, ...]] = {
    "silence": ("days_since_last_order",),
    "season": ("purchase_days_same_window_last_year",),
    "order_trend": ("purchase_days_last_90_days", "spend_last_90_days"),
    "spend_trend": ("spend_last_90_days",),
    "frequency": ("purchase_days_last_365_days", "median_gap_days"),
    "spend": ("spend_last_365_days",),
    "order_value": ("mean_order_value",),
    "order_spread": ("order_value_spread_ratio",),
    "order_size": ("lines_per_purchase_day",),
    "refunds": ("refund_ratio",),
    "breadth": ("products_last_180_days", "categories_last_180_days"),
    "tenure": ("days_since_first_order",),
}


class ReasonParts(NamedTuple):
    """A reason in parts, each in words.

    Parameters
    ----------
    now : str
        The customer's present.
    past : str or None
        The customer's own past; None where there is nothing to hold against.
    peers_low, peers_medium, peers_high : str or None
        The typical number of customers at that risk; None where it is not known or not comparable.
    """

    now: str
    past: str | None
    peers_low: str | None
    peers_medium: str | None
    peers_high: str | None


_NOTES = {
    "en": {
        "excluded": "no purchase day before as_of",
        "lapsed": "silent for longer than {active_days} days: lapsed, not scored for churn",
        "lapsed_own_limit": "silent for longer than is usual for this customer: lapsed, not scored for churn",
        "not_due": "not_due: the next order is expected after the churn horizon",
        "not_due_own_limit": "not_due: its silence cannot become unusual for this customer within the churn horizon",
        "short_history": "a customer for under a year: there is no last year to compare with, so no churn probability",
    },
    "zh": {
        "excluded": "基准日之前没有下单日",
        "lapsed": "超过 {active_days} 天未下单：已流失，不再评估流失概率",
        "lapsed_own_limit": "未下单的时间已超过该客户自己的常态：已流失，不再评估流失概率",
        "not_due": "not_due：预计下一次下单在预测期之后",
        "not_due_own_limit": "not_due：在预测期内，其未下单的时间不会超过该客户自己的常态",
        "short_history": "成为客户不足一年，没有去年同期可比，因此没有流失概率",
    },
}


def driver_name(code: str, language: str) -> str:
    """Return what a driver is called.

    Parameters
    ----------
    code : str
        Driver, as in ``reason_1_code``.
    language : str
        ``en`` or ``zh``.

    Returns
    -------
    str

    Examples
    --------
    >>> driver_name("silence", "en")
    'Time since the last order'
    """
    return str(_LANGUAGES[language].DRIVER_NAMES[code])


def reason_text(code: str, values: Values, language: str) -> str:
    """Render a reason in words: the customer, its own past, and other customers.

    What raises the risk is held against customers at low risk, what lowers it against those at high risk;
    against the whole base where a model does not know them.

    Parameters
    ----------
    code : str
        Driver, as in ``reason_1_code``.
    values : mapping
        As in ``reason_1_values``.
    language : str
        ``en`` or ``zh``.

    Returns
    -------
    str

    Examples
    --------
    >>> values = {"effect": "raises", "days_since_last_order": 64, "median_gap_days": 21,
    ...           "peers_low_days_since_last_order": 18}
    >>> reason_text("silence", values, "en")
    'last order 64 days ago, usually every 21 days; typical for customers at low risk: 18 days'
    """
    words = _LANGUAGES[language]
    facts = words.DRIVER_FACTS[code](values)
    said = str(words.JOIN.join(part for part in (facts.now, facts.past) if part))
    beside = _beside(code, values, language) if facts.comparable else None
    return said if beside is None else said + str(words.PEERS[beside[0]]).format(beside[1])


def _beside(code: str, values: Values, language: str) -> tuple[str, str] | None:
    """Choose whom and what to quote: the first number that bears the reason out.

    A reason rests on several numbers; one of them may lie the other way, and quoting it would contradict the
    sentence it stands in.
    """
    level, other = ("high", "low") if values.get("effect") == "lowers" else ("low", "high")
    own = [name for name in COMPARED.get(code, ()) if name in values]
    for name in own:
        here, there = (number_of(values, f"peers_{x}_{name}") for x in (level, other))
        number, typical = number_of(values, name), _quoted(name, values, f"peers_{level}_", language)
        if (
            here is None
            or number is None
            or typical is None
            or typical == _quoted(name, values, "", language)
        ):
            continue
        # on the far side of those it is held against, seen from where the others lie
        if there is None or (number - here) * (there - here) > 0:
            return level, typical
    known = any(number_of(values, f"peers_{level}_{name}") is not None for name in own)
    typical = _quoted(own[0], values, "peers_", language) if own and not known else None
    return None if typical is None else ("all", typical)


def reason_parts(code: str, values: Values, language: str) -> ReasonParts:
    """Return the parts of a reason, with all three levels of risk beside it.

    Parameters
    ----------
    code : str
        Driver, as in ``reason_1_code``.
    values : mapping
        As in ``reason_1_values``.
    language : str
        ``en`` or ``zh``.

    Returns
    -------
    ReasonParts

    Examples
    --------
    >>> reason_parts("tenure", {"days_since_first_order": 30, "peers_low_days_since_first_order": 900}, "en")
    ReasonParts(now='a customer for 30 days', past=None, peers_low='2.5 years', peers_medium=None, peers_high=None)
    """
    facts = _LANGUAGES[language].DRIVER_FACTS[code](values)
    name = next((name for name in COMPARED.get(code, ()) if name in values), None)
    low, medium, high = (
        None if name is None else _quoted(name, values, f"peers_{level}_", language)
        for level in ("low", "medium", "high")
    )
    return ReasonParts(facts.now, facts.past or None, low, medium, high)


def _quoted(name: str, values: Values, prefix: str, language: str) -> str | None:
    """Write a number as it is quoted, None where it is not known."""
    number = number_of(values, prefix + name)
    return None if number is None else str(_LANGUAGES[language].QUOTED[name](values, number))


def note_text(code: str, language: str, **facts: object) -> str:
    """Render a note in words.

    Parameters
    ----------
    code : str
        ``excluded``, ``lapsed``, ``lapsed_own_limit``, ``not_due``, ``not_due_own_limit`` or ``short_history``.
    language : str
        ``en`` or ``zh``.
    **facts
        Numbers in the text.

    Returns
    -------
    str
    """
    return _NOTES[language][code].format(**facts)


def note_in_language(note: object, language: str, **facts: object) -> str | None:
    """Say a note in another language.

    Parameters
    ----------
    note : object
        As written by `note_text`, in any language; missing without a note.
    language : str
        ``en`` or ``zh``.
    **facts
        Numbers in the text.

    Returns
    -------
    str or None
        None for what is no note of ours.

    Examples
    --------
    >>> note_in_language("基准日之前没有下单日", "en")
    'no purchase day before as_of'
    """
    for words in _NOTES.values():
        for code in words:
            if ("{" not in words[code] or facts) and words[code].format(**facts) == note:
                return note_text(code, language, **facts)
    return None
