"""What the action log says last about each account, and whether that keeps it off a list by itself.

In:  the rows of the log before a day, of `log.log_before`.
Out: the last word per customer, why it stays off and until when.
Not here: risk, which may end a cooldown (`actions.memory`).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import pandas as pd


class LastWord(NamedTuple):
    """What the log says last about an account; `wait_until_day` is of calls that say nothing else."""

    day: int
    outcome: str
    reason: str | None
    snoozed_until_day: float | None
    wait_until_day: float | None


def last_words(log: pd.DataFrame) -> dict[str, LastWord]:
    """Return what each customer's last action with an outcome says, and the latest day to wait for.

    Of the actions of one day the strongest counts, and is the last in the log; the day that a weaker one
    names is waited for, too.
    """
    found: dict[str, LastWord] = {}
    for row in log.to_dict("records"):
        customer, outcome = str(row["customer_id"]), str(row["outcome"])
        snooze, wait = number_or_none(row["snoozed_until_day"]), None
        before = found.get(customer)
        if outcome == "none":
            before = before or LastWord(int(row["day"]), outcome, text_or_none(row["reason"]), None, None)
            found[customer] = before._replace(wait_until_day=_later(before.wait_until_day, snooze))
            continue
        if before is not None and before.day == row["day"]:
            wait = before.wait_until_day
            if before.outcome == outcome:
                snooze = _later(before.snoozed_until_day, snooze)
            else:
                wait = _later(wait, before.snoozed_until_day)
        found[customer] = LastWord(int(row["day"]), outcome, text_or_none(row["reason"]), snooze, wait)
    return found


def _later(day: float | None, other: float | None) -> float | None:
    return max((d for d in (day, other) if d is not None), default=None)


def kept_off_by(
    last: LastWord, last_order_day: int | None, as_of_day: int, cooldown_days: int
) -> tuple[str | None, int | None]:
    """Return why an account stays off before its risk is looked at, and until which day."""
    snoozed_until = None if last.snoozed_until_day is None else int(last.snoozed_until_day)
    waits = [day for day in (last.wait_until_day,) if day is not None]
    if last.outcome in ("dismissed", "lost"):
        has_ordered_again = last_order_day is not None and last.day < last_order_day < as_of_day
        is_over = has_ordered_again or (snoozed_until is not None and snoozed_until <= as_of_day)
        if not is_over:
            return last.outcome, snoozed_until
    elif snoozed_until is not None:
        waits.append(snoozed_until)
    if waits and max(waits) > as_of_day:
        return "snoozed", int(max(waits))
    if is_cooling(last, as_of_day, cooldown_days):
        return "cooldown", last.day + cooldown_days
    return None, None


def is_cooling(last: LastWord, as_of_day: int, cooldown_days: int) -> bool:
    """Say whether an account was reached, or ordered, less than a cooldown ago."""
    return last.outcome in ("reached", "ordered") and as_of_day < last.day + cooldown_days


def text_or_none(value: Any) -> str | None:
    """Return a text; None for nothing."""
    return None if value is None or pd.isna(value) or value == "" else str(value)


def number_or_none(value: Any) -> float | None:
    """Return a number; None for nothing."""
    return None if value is None or pd.isna(value) else float(value)
