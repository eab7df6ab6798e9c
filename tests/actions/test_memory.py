"""What a worklist remembers, worked by hand."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest

from patron.actions import log_before, remembered, unknown_customers
from patron.actions.memory import KEPT_OFF
from patron.snapshots import CustomerMerge

TODAY = 1000  # the day of the new list
COOLDOWN = 28


def on(day: int) -> date:
    """The date of a day number, by the calendar."""
    return date(1970, 1, 1) + timedelta(days=day)


def log(*rows: tuple[Any, ...]) -> pd.DataFrame:
    """Rows of customer, day, outcome and, if there are any, reason and day to wait for."""
    full = [(*row, *(None,) * (5 - len(row))) for row in rows]
    frame = pd.DataFrame(full, columns=["customer_id", "day", "outcome", "reason", "snoozed_until_day"])
    return frame.assign(owner=None, action="call")


def candidates(**probability: float) -> pd.DataFrame:
    """Accounts at medium risk who last ordered on day 900."""
    return pd.DataFrame(
        {
            "customer_id": list(probability),
            "churn_risk": "medium",
            "churn_probability": list(probability.values()),
            "last_order_on": on(900),
        }
    )


def earlier(*rows: tuple[Any, ...]) -> pd.DataFrame:
    """Earlier lists: customer, day, risk, probability and, if it was not on the list, why."""
    full = [(*row, *(None,) * (5 - len(row))) for row in rows]
    frame = pd.DataFrame(
        full, columns=["customer_id", "as_of", "churn_risk", "churn_probability", "kept_off"]
    )
    return frame.assign(as_of=[on(day) for day in frame["as_of"]])


def kept_off(*rows: tuple[Any, ...], previous: pd.DataFrame | None = None, **found: Any) -> str | None:
    """Why account "a" stays off, with this log."""
    account = candidates(a=0.5).assign(**found)
    code = remembered(account, log(*rows), previous, TODAY, COOLDOWN).rows["kept_off"].iloc[0]
    assert code is None or isinstance(code, str)
    return code


def test_without_a_log_everybody_is_new() -> None:
    """Nothing is kept off, nothing is remembered."""
    memory = remembered(candidates(a=0.5, b=0.1), None, None, TODAY, COOLDOWN)
    assert memory.rows["since_last"].tolist() == ["new", "new"]
    assert memory.counts == dict.fromkeys(KEPT_OFF, 0)
    assert memory.rows["last_action_on"].tolist() == [None, None]


@pytest.mark.parametrize(
    ("day", "outcome", "code"),
    [
        (TODAY - 1, "reached", "cooldown"),
        (TODAY - 27, "reached", "cooldown"),
        (TODAY - 28, "reached", None),  # four weeks later, on the same weekday, it is back
        (TODAY - 27, "ordered", "cooldown"),
        (TODAY - 1, "none", None),  # nobody answered: try again
        (TODAY - 500, "dismissed", "dismissed"),
        (TODAY - 50, "lost", "lost"),  # after the last order
        (TODAY, "reached", None),  # not known on the day itself
        (TODAY, "dismissed", None),
        (TODAY + 3, "lost", None),
    ],
)
def test_what_a_call_does_to_the_next_list(day: int, outcome: str, code: str | None) -> None:
    """Cooldown, dismissal, loss; and nothing that happens on the day of the list or later."""
    assert kept_off(("a", day, outcome), last_order_on=on(min(900, day - 1))) == code


def test_no_cooldown_when_it_is_switched_off() -> None:
    """cooldown_days 0."""
    memory = remembered(candidates(a=0.5), log(("a", TODAY - 1, "reached")), None, TODAY, 0)
    assert memory.rows["kept_off"].tolist() == [None]


@pytest.mark.parametrize("outcome", ["dismissed", "lost"])
@pytest.mark.parametrize(
    ("called", "ordered", "is_off"),
    [(950, 949, True), (950, 950, True), (950, 951, False), (950, TODAY - 1, False), (950, TODAY, True)],
)
def test_an_order_ends_a_dismissal(outcome: str, called: int, ordered: int, is_off: bool) -> None:
    """One on a later day, before the day of the list."""
    assert kept_off(("a", called, outcome), last_order_on=on(ordered)) == (outcome if is_off else None)


def test_a_dismissal_ends_on_its_day() -> None:
    """snoozed_until is the first day on which it may be called."""
    for until, code in ((TODAY + 1, "dismissed"), (TODAY, None), (TODAY - 3, None)):
        assert kept_off(("a", 950, "dismissed", "fair", until)) == code


def test_a_snooze_holds_until_its_day_whatever_was_ordered() -> None:
    """The customer asked for it."""
    for until, code in ((TODAY + 1, "snoozed"), (TODAY, None)):
        assert kept_off(("a", 950, "reached", None, until), last_order_on=on(990)) == code
        assert kept_off(("a", 950, "none", None, until)) == code


def test_the_last_word_counts() -> None:
    """A newer action ends a dismissal and a snooze; one that nobody answered does not."""
    assert kept_off(("a", 800, "dismissed"), ("a", 950, "reached"), last_order_on=on(700)) is None
    assert kept_off(("a", 950, "dismissed"), ("a", 990, "none")) == "dismissed"
    assert kept_off(("a", 960, "reached", None, 1100), ("a", 965, "reached")) is None
    assert kept_off(("a", 960, "reached", None, 1100), ("a", 965, "none")) == "snoozed"


def test_on_one_day_the_stronger_word_counts() -> None:
    """Whatever the order of the rows."""
    rows = [("a", 990, "dismissed", "closed"), ("a", 990, "reached", None, 1100), ("a", 990, "none")]
    for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0)):
        assert kept_off(*[rows[i] for i in order]) == "dismissed"


def test_the_reason_and_the_day_are_kept() -> None:
    """For the summary and the report."""
    row = remembered(
        candidates(a=0.5), log(("a", 950, "dismissed", "Standort zu", 1040)), None, TODAY, COOLDOWN
    )
    found = row.rows.iloc[0]
    assert (found["kept_off_reason"], found["kept_off_until"]) == ("Standort zu", date(1972, 11, 6))
    assert (found["last_action_on"], found["last_outcome"]) == (date(1972, 8, 8), "dismissed")


@pytest.mark.parametrize(
    ("then", "now", "is_back"),
    [
        (("low", 0.50), ("medium", 0.50), True),  # a level up
        (("medium", 0.41), ("medium", 0.50), False),
        (("medium", 0.40), ("medium", 0.50), True),  # 0.10 exactly
        (("medium", 0.20), ("medium", 0.30), True),  # 0.30 - 0.20 is 0.0999.. in floats
        (("high", 0.90), ("medium", 0.50), False),
        (("medium", None), ("medium", 0.50), False),
        ((None, 0.10), ("medium", 0.50), True),
    ],
)
def test_worse_risk_ends_the_cooldown(then: tuple[Any, Any], now: tuple[Any, Any], is_back: bool) -> None:
    """Against the list it was called from."""
    previous = earlier(("a", 986, *then))
    code = kept_off(("a", 988, "reached"), previous=previous, churn_risk=now[0], churn_probability=now[1])
    assert code == (None if is_back else "cooldown")


def test_risk_is_compared_with_the_list_of_the_call() -> None:
    """Not with last week's, on which it had risen already; without such a list with the oldest after it."""
    call = ("a", 980, "reached")
    lists = [("a", 979, "medium", 0.30), ("a", 986, "medium", 0.45), ("a", 993, "medium", 0.48)]
    assert kept_off(call, previous=earlier(*lists)) is None
    assert kept_off(call, previous=earlier(*lists[1:])) == "cooldown"
    assert (
        kept_off(call, previous=earlier(("a", 960, "medium", 0.1), ("a", 979, "medium", 0.45))) == "cooldown"
    )
    assert kept_off(("a", 979, "reached"), previous=earlier(*lists)) is None  # a list of that very day
    assert kept_off(call) == "cooldown"  # nothing to compare with


@pytest.mark.parametrize(
    "row", [("a", 988, "dismissed"), ("a", 988, "lost"), ("a", 988, "reached", None, 1100)]
)
def test_risk_does_not_end_a_dismissal_or_a_snooze(row: tuple[Any, ...]) -> None:
    """A closed site grows riskier every week."""
    assert kept_off(row, previous=earlier(("a", 986, "low", 0.01)), churn_risk="high") is not None


def test_new_worse_and_same() -> None:
    """Against the newest earlier list, on which kept-off accounts did not stand."""
    previous = earlier(
        ("same", 993, "medium", 0.45),
        ("worse", 993, "low", 0.45),
        ("off", 993, "medium", 0.45, "cooldown"),
        ("older", 986, "medium", 0.45),
        ("today", TODAY, "medium", 0.45),
    )
    now = candidates(same=0.5, worse=0.5, off=0.5, older=0.5, today=0.5, unseen=0.5)
    found = remembered(now, None, previous, TODAY, COOLDOWN).rows
    assert found.set_index("customer_id")["since_last"].to_dict() == {
        "same": "same",
        "worse": "worse",
        "off": "new",
        "older": "new",
        "today": "new",
        "unseen": "new",
    }


def test_an_account_back_because_of_its_risk_is_worse() -> None:
    """Though it was not on the last list."""
    previous = earlier(("a", 986, "low", 0.1), ("a", 993, "low", 0.1, "cooldown"))
    row = remembered(candidates(a=0.5), log(("a", 988, "reached")), previous, TODAY, COOLDOWN).rows.iloc[0]
    assert (row["kept_off"], row["since_last"]) == (None, "worse")


def test_scores_serve_as_an_earlier_list() -> None:
    """Dates as text, no column kept_off; a frame without as_of is one list before every call."""
    scores = pd.DataFrame({"customer_id": ["a"], "churn_risk": ["low"], "churn_probability": [0.1]})
    for previous in (
        scores,
        scores.assign(as_of="1972-09-13"),
        scores.assign(as_of=pd.Timestamp("1972-09-13")),
    ):
        memory = remembered(candidates(a=0.5), log(("a", 990, "reached")), previous, TODAY, COOLDOWN)
        assert memory.rows["since_last"].tolist() == ["worse"]
        assert memory.rows["kept_off"].tolist() == [None]


def test_nobody_is_lost_and_everybody_is_counted() -> None:
    """One row per candidate in their order and with their index; the counts are the codes."""
    rows = [("d1", 990, "dismissed"), ("d2", 980, "dismissed"), ("l", 990, "lost"), ("c", 999, "reached")]
    rows += [("s", 990, "reached", None, 1001), ("stranger", 990, "lost")]
    now = candidates(s=0.5, free=0.5, d2=0.5, c=0.5, l=0.5, d1=0.5).set_axis([5, 3, 9, 1, 0, 7])
    memory = remembered(now, log(*rows), None, TODAY, COOLDOWN)
    assert memory.rows["customer_id"].tolist() == now["customer_id"].tolist()
    assert memory.rows.index.tolist() == [5, 3, 9, 1, 0, 7]
    assert memory.counts == {"dismissed": 2, "lost": 1, "snoozed": 1, "cooldown": 1}
    assert memory.rows["kept_off"].notna().sum() == sum(memory.counts.values())


def test_later_actions_change_nothing() -> None:
    """What is logged on the day of the list or after it could just as well not be there."""
    known = [("a", 950, "dismissed", "x"), ("b", 990, "reached")]
    later = [("a", 1000, "reached"), ("b", 1001, "lost"), ("c", 1000, "dismissed", "y", 1500)]
    now = candidates(a=0.5, b=0.5, c=0.5)
    without = remembered(now, log(*known), None, TODAY, COOLDOWN)
    with_later = remembered(now, log(*known, *later), None, TODAY, COOLDOWN)
    pd.testing.assert_frame_equal(with_later.rows, without.rows)


def test_a_rekeyed_customer_is_remembered_under_the_new_id() -> None:
    """Once the merge is known; earlier lists too."""
    merge = CustomerMerge("old", "a", 995)
    previous = earlier(("old", 993, "medium", 0.5))
    for day, code, since in ((1000, "cooldown", "same"), (995, None, "new")):
        memory = remembered(
            candidates(a=0.5), log(("old", 990, "reached")), previous, day, 28, merges=(merge,)
        )
        assert memory.rows[["kept_off", "since_last"]].iloc[0].tolist() == [code, since]


def test_no_candidates() -> None:
    """An empty list."""
    memory = remembered(candidates(), log(("a", 950, "lost")), None, TODAY, COOLDOWN)
    assert len(memory.rows) == 0
    assert sum(memory.counts.values()) == 0


def test_strangers_in_the_log_are_named() -> None:
    """Kept in the log, listed once each."""
    rows = log(("b", 1, "lost"), ("x", 1, "lost"), ("x", 2, "lost"))
    assert unknown_customers(rows, ["a", "b"]) == ["x"]
    assert log_before(rows, 2)["customer_id"].tolist() == ["b", "x"]


def scaled(rows: pd.DataFrame, model: str, label: str | None, horizon: int = 60) -> pd.DataFrame:
    """Say by which model, label and horizon the risk of these rows is meant."""
    return rows.assign(model=model, churn_label=label, churn_horizon_days=horizon)


@pytest.mark.parametrize(
    ("then", "is_comparable"),
    [
        (("m/1", "silence", 60), True),
        (("m/2", "silence", 60), True),  # trained again
        (("m/1", "rhythm", 60), False),
        (("m/2", "silence", 90), False),
        (("m/1", None, 60), True),  # a list that names no label, by the same model
        (("m/2", None, 60), False),
    ],
)
def test_risks_of_another_scale_are_not_compared(
    then: tuple[str, str | None, int], is_comparable: bool
) -> None:
    """0.1 of one label and 0.5 of another say nothing about a change: cooldown stays, nothing is worse."""
    previous = scaled(earlier(("a", 986, "low", 0.1), ("b", 986, "low", 0.1)), *then)
    now = scaled(candidates(a=0.5, b=0.5), "m/1", "silence")
    found = remembered(now, log(("a", 988, "reached")), previous, TODAY, COOLDOWN).rows
    assert found["kept_off"].tolist() == [None if is_comparable else "cooldown", None]
    assert found["since_last"].tolist()[1] == ("worse" if is_comparable else "same")


def test_the_call_is_compared_with_the_nearest_list_of_its_scale() -> None:
    """Between the label of the call and today's there was a change: the first list since then counts."""
    before = scaled(earlier(("a", 979, "low", 0.1)), "m/1", "rhythm")
    for probability, code in ((0.45, "cooldown"), (0.35, None)):
        since = scaled(earlier(("a", 986, "medium", probability)), "m/2", "silence")
        memory = remembered(
            scaled(candidates(a=0.5), "m/2", "silence"),
            log(("a", 980, "reached")),
            pd.concat([before, since]),
            TODAY,
            COOLDOWN,
        )
        assert memory.rows["kept_off"].tolist() == [code]


def test_from_one_list_to_the_other() -> None:
    """Who lapsed since the last list is worse off; who came back is new on the call list."""
    previous = earlier(*((name, 993, "medium", 0.5) for name in ("lapsed", "back", "stays", "gone")))
    previous["list"] = ["call", "win_back", "call", "win_back"]
    now = candidates(lapsed=0.5, back=0.5, stays=0.5, gone=0.5)
    now["list"] = ["win_back", "call", "call", "win_back"]
    found = remembered(now, None, previous, TODAY, COOLDOWN).rows
    assert found["since_last"].tolist() == ["worse", "new", "same", "same"]


@pytest.mark.parametrize("outcome", ["dismissed", "lost"])
@pytest.mark.parametrize("day", [940, 950, 960])
def test_a_call_that_nobody_answered_ends_no_dismissal(outcome: str, day: int) -> None:
    """Whatever day it names to wait for, before, on or after the day of the dismissal."""
    rows = [("a", 950, outcome, "closed"), ("a", day, "none", None, 970)]
    assert kept_off(*rows) == outcome
    until = remembered(candidates(a=0.5), log(*rows), None, TODAY, COOLDOWN).rows["kept_off_until"]
    assert until.tolist() == [None]


def test_the_day_that_nobody_answered_for_is_waited_for() -> None:
    """Until then also once the dismissal is over; the later of two days counts; a newer word ends it."""
    over = ("a", 950, "dismissed", "fair", 970)
    assert kept_off(over, ("a", 960, "none", None, TODAY + 1)) == "snoozed"
    assert kept_off(over, ("a", 960, "none", None, TODAY)) is None
    waits = [("a", 940, "reached", None, TODAY + 9), ("a", 950, "none", None, TODAY + 5)]
    row = remembered(candidates(a=0.5), log(*waits), None, TODAY, COOLDOWN).rows.iloc[0]
    assert (row["kept_off"], row["kept_off_until"]) == ("snoozed", on(TODAY + 9))
    assert kept_off(("a", 950, "none", None, TODAY + 5), ("a", 960, "reached")) is None
