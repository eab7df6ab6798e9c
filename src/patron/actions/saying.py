"""What to say on the phone: a sentence that is true of the customer, then what the playbook adds.

In:  rows of the worklist with their reason codes and facts, and what the playbook has to say.
Out: one text per row, in English or Chinese.
Not here: what to do (`patron.playbook`), why the risk is what it is (`patron.scoring`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from patron.actions.why import is_overdue, own_expected_day
from patron.actions.words import day_in_words, words_of

#: Reason code -> the opening it suggests; the facts of the row decide whether the opening would be true.
LATE, OVERDUE, LESS, SEASON, UNHAPPY = "late", "overdue", "less", "season", "unhappy"
OPENINGS = {
    "silence": LATE,
    "rhythm": LATE,
    "frequency": LATE,
    "order_trend": LESS,
    "spend": LESS,
    "order_value": LESS,
    "order_size": LESS,
    "breadth": LESS,
    "season": SEASON,
    "refunds": UNHAPPY,
}


def opening_of(row: Mapping[str, Any], as_of: date) -> str:
    """Choose how to begin: never a claim that the figures of the row do not bear out.

    Parameters
    ----------
    row : mapping
        ``status``, ``stopped_category``, ``reason_1_code``, ``reason_1_values`` and so on,
        ``next_order_expected_on``, ``last_order_on``, ``revenue_change``, ``churn_risk``, ``tier``.
        With status ``new`` there was one order: there is no rhythm to speak of.
    as_of : date
        Day of the list.

    Returns
    -------
    str
        Key of the opening in `words`, without its ``open_``.

    Examples
    --------
    >>> opening_of({"status": "scored", "reason_1_code": "spend", "revenue_change": 10.0}, date(2024, 7, 1))
    'usual'
    """
    if row.get("status") == "lapsed":
        return "lapsed"
    if row.get("stopped_category"):
        return "stopped"
    # in low risk the reasons say why all is well
    wanted = None if row.get("churn_risk") == "low" else _wanted(row.get("reason_1_code"))
    if wanted == UNHAPPY:
        return UNHAPPY
    change = row.get("revenue_change")
    if (wanted == LATE or row.get("tier") == "at_risk") and is_overdue(row, as_of):
        if row.get("status") == "new":
            return "once"
        # a day is named where the customer has a rhythm of its own: the reason beside it quotes that one
        return OVERDUE if own_expected_day(row) is None else LATE
    if wanted == LESS and isinstance(change, float) and change < 0:
        return LESS
    if wanted == SEASON:
        return SEASON
    return "first" if row.get("status") == "new" else "usual"


def what_to_say(row: Mapping[str, Any], playbook_says: object, as_of: date, language: str) -> str:
    """Write the sentences to read aloud.

    Parameters
    ----------
    row : mapping
        As in `opening_of`, with ``stopped_on``.
    playbook_says : str or None
        The question of the playbook's rule; the opening has one of its own where this is empty.
    as_of : date
        Day of the list.
    language : str
        ``en`` or ``zh``.

    Returns
    -------
    str
    """
    kind, words = opening_of(row, as_of), words_of(language)
    asked = playbook_says.strip() if isinstance(playbook_says, str) else ""
    asked = asked or words[f"ask_{kind}"]
    if not isinstance(row.get("last_order_on"), date):
        return asked
    fact = words[f"open_{kind}"].format(
        last=day_in_words(row.get("last_order_on"), language),
        expected=day_in_words(own_expected_day(row), language),
        category=row.get("stopped_category"),
        bought=day_in_words(row.get("stopped_on"), language),
    )
    return fact + (" " if language == "en" else "") + asked


def _wanted(code: object) -> str | None:
    if not isinstance(code, str):
        return None
    return UNHAPPY if code.startswith(("event", "custom_event")) else OPENINGS.get(code)
