"""What a worklist remembers: who was called a short while ago, who asked for time, who is not to be called.

In:  the candidates of a new list, the action log, earlier lists.
Out: for each candidate whether it stays off the list and why, and whether it is new, worse or the same.
Not here: choosing among those that stay (`actions.worklist`), what was won (`actions.won`).

An account stays off the list as

- ``dismissed`` or ``lost``: its last action says so. It ends when the account orders again on a later day or
  on the day it was snoozed until, whichever comes first; a newer action (reached, say) ends it, too.
- ``snoozed``: the last action says to wait until a day, and that day has not come.
- ``cooldown``: it was reached, or ordered, less than `cooldown_days` ago; unless its risk worsened: since the
  newest earlier list made on or before the day of the call (where the account was on none, the oldest made
  after it) its ``churn_risk`` went up a level, or its ``churn_probability`` rose by 0.10 or more. Only risks
  on one scale are compared: of the same label and horizon of churn.

The first that applies counts. An action without an outcome (nobody answered) changes nothing, but may snooze;
the day it names ends no dismissal.
Risk lifts the cooldown only: a closed site grows riskier every week, and somebody who asked to be called in
May is not called in March because he is silent.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import pandas as pd

from patron.actions.last_word import (
    LastWord,
    is_cooling,
    kept_off_by,
    last_words,
    number_or_none,
    text_or_none,
)
from patron.actions.log import log_before
from patron.columns import RISKS
from patron.snapshots import CustomerMerge, day_of, merge_customers, to_day

#: Why an account stays off the list, in the order in which it is asked.
KEPT_OFF = ("dismissed", "lost", "snoozed", "cooldown")
#: A churn probability that rose by this much is a risk that worsened.
WORSE_BY = 0.10
_ALMOST = 1e-9  # 0.3 - 0.2 is a little less than 0.1
_ROW = (
    *("customer_id", "kept_off", "kept_off_reason", "kept_off_until"),
    *("last_action_on", "last_outcome", "since_last"),
)


@dataclass(frozen=True)
class Memory:
    """What is remembered of each candidate.

    Parameters
    ----------
    rows : pandas.DataFrame
        One row per candidate, in their order: ``customer_id``, ``kept_off`` (`KEPT_OFF`, None for an account
        that may be called), ``kept_off_reason`` (the reason in the log, None without), ``kept_off_until``
        (date; None where only an order ends it), ``last_action_on`` (date, None without), ``last_outcome``,
        ``since_last`` (``new``, ``worse`` or ``same``).
    counts : dict of str to int
        Accounts kept off by reason, every reason of `KEPT_OFF` present.
    """

    rows: pd.DataFrame
    counts: dict[str, int]


class _Standing(NamedTuple):
    """How risky an account was on the day of a list, by which model, and which list that was."""

    day: int
    risk: str | None
    probability: float | None
    was_on_the_list: bool
    list: str | None
    model: str | None
    label: str | None
    horizon_days: float | None


def remembered(
    candidates: pd.DataFrame,
    log: pd.DataFrame | None,
    previous: pd.DataFrame | None,
    as_of_day: int,
    cooldown_days: int,
    *,
    merges: Sequence[CustomerMerge] = (),
) -> Memory:
    """Say which candidates stay off a new list and why, and how the others stand since the last one.

    Parameters
    ----------
    candidates : pandas.DataFrame
        ``customer_id``, ``churn_risk``, ``churn_probability``, ``last_order_on`` (date), one row each. If
        there are any: ``list`` (``call`` or ``win_back``), ``model``, ``churn_label``,
        ``churn_horizon_days``.
    log : pandas.DataFrame or None
        Of `ledger.load_actions`. Only actions before `as_of_day` count.
    previous : pandas.DataFrame or None
        Earlier lists or scores, one or several below each other: ``customer_id``, ``as_of`` (date),
        ``churn_risk``, ``churn_probability`` and, if there are any, ``kept_off`` (filled for an account that
        was looked at but not on the list) and the further columns of `candidates`. Risks are compared where
        ``churn_label`` and ``churn_horizon_days`` are the same (where one of the two has no label: where the
        models are; where the earlier row has none of the three: always). Rows with an ``as_of`` on or after
        `as_of_day` are left out; without a column ``as_of`` all rows count as one list made before every
        call.
    as_of_day : int
        Day of the new list, days since 1970-01-01.
    cooldown_days : int
        An account called on day d may be on a list again from day d + `cooldown_days` on.
    merges : sequence of CustomerMerge
        Re-keyed customers: what was done for the old id is remembered for the new one.

    Returns
    -------
    Memory

    Examples
    --------
    >>> from datetime import date
    >>> candidates = pd.DataFrame({"customer_id": ["a", "b"], "churn_risk": ["high", "low"],
    ...     "churn_probability": [0.8, 0.1], "last_order_on": [date(1970, 1, 2)] * 2})
    >>> log = pd.DataFrame({"customer_id": ["b"], "day": [30], "outcome": ["reached"]})
    >>> remembered(candidates, log, None, as_of_day=40, cooldown_days=28).rows["kept_off"].tolist()
    [None, 'cooldown']
    """
    last = last_words(log_before(log, as_of_day, merges))
    cooling = {customer for customer, action in last.items() if is_cooling(action, as_of_day, cooldown_days)}
    standings = _standings(previous, as_of_day, merges, cooling)
    newest = max((s.day for rows in standings.values() for s in rows), default=None)
    rows = [
        _row(row, last.get(row["customer_id"]), standings.get(row["customer_id"], []), newest,
             as_of_day, cooldown_days)
        for row in candidates.to_dict("records")
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=list(_ROW), dtype=object, index=candidates.index)
    counts = {reason: int((frame["kept_off"] == reason).sum()) for reason in KEPT_OFF}
    return Memory(frame, counts)


def _row(
    row: dict[Any, Any],
    last: LastWord | None,
    standings: list[_Standing],
    newest: int | None,
    as_of_day: int,
    cooldown_days: int,
) -> dict[str, Any]:
    """Return the memory of one candidate; `newest` is the day of the newest earlier list."""
    now = _standing(row, as_of_day, was_on_the_list=True)
    code, until, is_lifted = None, None, False
    if last is not None:
        code, until = kept_off_by(last, _day(row.get("last_order_on")), as_of_day, cooldown_days)
        is_lifted = code == "cooldown" and _is_worse(now, _at_the_call(now, standings, last.day))
    if is_lifted:
        code, until = None, None
    return {
        "customer_id": row["customer_id"],
        "kept_off": code,
        "kept_off_reason": last.reason if last is not None and code is not None else None,
        "kept_off_until": None if until is None else day_of(until),
        "last_action_on": None if last is None else day_of(last.day),
        "last_outcome": None if last is None else last.outcome,
        "since_last": "worse" if is_lifted else _since_last(now, standings, newest),
    }


def _at_the_call(now: _Standing, standings: list[_Standing], call_day: int) -> _Standing | None:
    """Return how an account stood when it was called: the newest list by then, else the oldest after it."""
    alike = [then for then in standings if _is_on_one_scale(now, then)]
    before = [then for then in alike if then.day <= call_day]
    return before[-1] if before else alike[0] if alike else None


def _is_on_one_scale(now: _Standing, then: _Standing) -> bool:
    """Say whether two risks mean the same: of one label and horizon; one model, where no label is known."""
    if then.model is None and then.label is None and then.horizon_days is None:
        return True  # a frame of the caller's own making: it would not pass what cannot be compared
    if now.horizon_days != then.horizon_days:
        return False
    if now.label is None or then.label is None:
        return now.model == then.model
    return now.label == then.label


def _is_worse(now: _Standing, then: _Standing | None) -> bool:
    if then is None or not _is_on_one_scale(now, then):
        return False
    if now.risk in RISKS and then.risk in RISKS and RISKS.index(now.risk) > RISKS.index(then.risk):
        return True
    if now.probability is None or then.probability is None:
        return False
    return now.probability - then.probability >= WORSE_BY - _ALMOST


def _since_last(now: _Standing, standings: list[_Standing], newest: int | None) -> str:
    on_the_last_list = [s for s in standings if s.day == newest and s.was_on_the_list]
    if not on_the_last_list:
        return "new"
    then = on_the_last_list[-1]
    if None not in (now.list, then.list) and now.list != then.list:
        # it lapsed since then, or it came back
        return "worse" if now.list == "win_back" else "new"
    return "worse" if _is_worse(now, then) else "same"


def _standings(
    previous: pd.DataFrame | None, as_of_day: int, merges: Sequence[CustomerMerge], cooling: Collection[str]
) -> dict[str, list[_Standing]]:
    """Return how customers stood on the earlier lists, oldest first: all on the newest, some on each."""
    if previous is None or previous.empty:
        return {}
    day_of_text = {value: _day(value) for value in previous["as_of"].unique()} if "as_of" in previous else {}
    days = previous["as_of"].map(day_of_text) if day_of_text else pd.Series(-1, index=previous.index)
    names = merge_customers(merges, as_of_day)
    ids = previous["customer_id"].astype(str)
    ids = ids.replace(names) if names else ids
    is_earlier = days < as_of_day
    is_asked = is_earlier & ((days == days[is_earlier].max()) | ids.isin(list(cooling)))
    rows = previous[is_asked].assign(customer_id=ids[is_asked], _day=days[is_asked])
    found: dict[str, list[_Standing]] = {}
    for row in rows.to_dict("records"):
        standing = _standing(row, int(row["_day"]), was_on_the_list=text_or_none(row.get("kept_off")) is None)
        found.setdefault(row["customer_id"], []).append(standing)
    for standings in found.values():
        standings.sort(key=lambda s: (s.day, s.was_on_the_list, s.probability or 0.0))
    return found


def _standing(row: dict[Any, Any], day: int, *, was_on_the_list: bool) -> _Standing:
    return _Standing(
        day=day,
        risk=text_or_none(row.get("churn_risk")),
        probability=number_or_none(row.get("churn_probability")),
        was_on_the_list=was_on_the_list,
        list=text_or_none(row.get("list")),
        model=text_or_none(row.get("model")),
        label=text_or_none(row.get("churn_label")),
        horizon_days=number_or_none(row.get("churn_horizon_days")),
    )


def _day(value: Any) -> int | None:
    """Return the day number of a date, a timestamp or an ISO text."""
    if value is None or pd.isna(value):
        return None
    moment: date = pd.Timestamp(value).date()
    return to_day(moment)
