"""Why to call an account: what raises its risk, or what is at stake where nothing does.

In:  rows of the worklist with their reasons, the values behind these, and money.
Out: one text per row, in English or Chinese.
Not here: why the risk is what it is (`patron.scoring`); in low risk that says why all is well, which is no
reason to call.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

import numpy as np

from patron.actions.words import day_in_words, words_of
from patron.scoring import money_in_words, percent

#: So many drivers are named.
NAMED_REASONS = 2
#: A median of fewer gaps is no rhythm to quote a day from.
GAPS_OF_A_RHYTHM = 3
#: A smaller change of revenue is none.
SMALLEST_CHANGE = 0.01


class OwnGap(NamedTuple):
    """The usual gap between two orders, as the reasons of a row quote it.

    Parameters
    ----------
    days : int
        Median of the customer's own gaps, whole days.
    gaps : int
        How many gaps it is the median of.
    """

    days: int
    gaps: int


def own_gap(row: Mapping[str, Any]) -> OwnGap | None:
    """Find the usual gap in the values behind the reasons, None where none of them rests on it.

    Examples
    --------
    >>> own_gap({"reason_2_values": '{"median_gap_days": 59.5, "purchase_days": 7}'})
    OwnGap(days=60, gaps=6)
    """
    for rank in (1, 2, 3):
        values = _values(row, rank)
        gap, orders = values.get("median_gap_days"), values.get("purchase_days")
        if isinstance(gap, int | float) and isinstance(orders, int | float):
            return OwnGap(max(int(gap + 0.5), 1), int(orders) - 1)
    return None


def own_expected_day(row: Mapping[str, Any]) -> date | None:
    """Return the day of the next order by the customer's own gap, None without a rhythm of its own.

    The score's ``next_order_expected_on`` leans towards the gap of all customers; beside a reason that quotes
    the own gap it would give one customer two rhythms.
    """
    gap, last = own_gap(row), row.get("last_order_on")
    if gap is None or gap.gaps < GAPS_OF_A_RHYTHM or not isinstance(last, date):
        return None
    return last + timedelta(days=gap.days)


def is_overdue(row: Mapping[str, Any], as_of: date) -> bool:
    """Say whether the next order should have come: by the score, and by the own gap where one is known."""
    expected, gap, last = row.get("next_order_expected_on"), own_gap(row), row.get("last_order_on")
    if not isinstance(expected, date) or expected >= as_of:
        return False
    return gap is None or not isinstance(last, date) or last + timedelta(days=gap.days) < as_of


def why_to_call(row: Mapping[str, Any], as_of: date, language: str) -> str | None:
    """Write why to call.

    Parameters
    ----------
    row : mapping
        ``reason_1`` to ``reason_3`` with ``reason_1_values`` and so on (their ``effect`` counts; without it a
        reason raises the risk unless ``churn_risk`` is low), ``status``, ``value_at_risk``,
        ``revenue_last_12_months``, ``revenue_change`` and ``currency`` (currency units),
        ``stopped_categories``, ``next_order_expected_on``, ``last_order_on``.
    as_of : date
        Day of the list.
    language : str
        ``en`` or ``zh``; the reasons come as the row has them.

    Returns
    -------
    str or None
        Sentences; None where nothing is known.

    Examples
    --------
    >>> row = {"reason_1": "34 orders in the last year", "churn_risk": "low", "value_at_risk": 340.0,
    ...        "revenue_last_12_months": 5800.0, "revenue_change": -4200.0, "currency": "GBP"}
    >>> why_to_call(row, date(2024, 1, 8), "en")
    'At low risk, still £340 is at stake: £5,800 of revenue in the last 12 months, down 42% on the 12 before.'
    """
    raising = [row[f"reason_{rank}"] for rank in (1, 2, 3) if _raises(row, rank)]
    said = raising[:NAMED_REASONS] or _at_stake(row, as_of, language)
    return "".join(_sentence(text, language) for text in said).strip() or None


def _raises(row: Mapping[str, Any], rank: int) -> bool:
    text = row.get(f"reason_{rank}")
    if not isinstance(text, str) or not text:
        return False
    effect = _values(row, rank).get("effect")
    return effect == "raises" if isinstance(effect, str) else row.get("churn_risk") != "low"


def _at_stake(row: Mapping[str, Any], as_of: date, language: str) -> list[str]:
    """Say what would be lost, what the account no longer buys, and when its next order is due."""
    if row.get("status") == "lapsed":
        return []
    words, said = words_of(language), []
    value = _number(row, "value_at_risk")
    if value is not None and value > 0:
        key = "stake_low_risk" if row.get("churn_risk") == "low" else "stake"
        amount = money_in_words(value, _currency(row))
        said.append(words[key].format(value=amount) + _revenue(row, words))
    stopped = row.get("stopped_categories")
    if isinstance(stopped, str) and stopped:
        said.append(words["stake_stopped"].format(categories=stopped))
    return [*said, *_next_order(row, as_of, language)]


def _revenue(row: Mapping[str, Any], words: Mapping[str, str]) -> str:
    now, change = _number(row, "revenue_last_12_months"), _number(row, "revenue_change")
    if now is None:
        return ""
    written = words["stake_revenue"].format(revenue=money_in_words(now, _currency(row)))
    before = None if change is None else now - change
    if change is None or before is None or before <= 0 or -change / before < SMALLEST_CHANGE:
        return written
    return written + words["stake_less"].format(share=percent(-change / before))


def _next_order(row: Mapping[str, Any], as_of: date, language: str) -> list[str]:
    """Name the day of the list's own column where it lies ahead, else that of the customer's own gap."""
    words, expected = words_of(language), row.get("next_order_expected_on")
    if not isinstance(expected, date):
        return []
    if expected >= as_of:
        return [words["stake_expected"].format(date=day_in_words(expected, language))]
    if not is_overdue(row, as_of):
        return []
    own = own_expected_day(row)
    if own is None:
        return [words["stake_overdue"]]
    return [words["stake_was_expected"].format(date=day_in_words(own, language))]


def _values(row: Mapping[str, Any], rank: int) -> Mapping[str, Any]:
    text = row.get(f"reason_{rank}_values")
    if not isinstance(text, str):
        return {}
    try:
        values = json.loads(text)
    except ValueError:
        return {}
    return values if isinstance(values, dict) else {}


def _number(row: Mapping[str, Any], name: str) -> float | None:
    value = row.get(name)
    is_number = isinstance(value, int | float | np.number) and bool(np.isfinite(value))
    return float(value) if value is not None and is_number else None


def _currency(row: Mapping[str, Any]) -> str | None:
    currency = row.get("currency")
    return currency if isinstance(currency, str) and currency else None


def _sentence(text: str, language: str) -> str:
    return f"{text}。" if language == "zh" else f"{text[0].upper()}{text[1:]}. "
