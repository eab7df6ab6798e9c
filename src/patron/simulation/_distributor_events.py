"""What the simulated accounts say and do beside ordering: surveys, tickets, complaints, late payments, calls.

In: accounts and their orders. Out: events and past calls as arrays. Not here: words, frames.

Complaints and low scores come before some departures, not before all; a call changes nothing, so that a
readout of calls finds nothing but chance and choice.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from patron.simulation._distributor_accounts import (
    ACTIONS,
    CLOSED,
    DELIVERY,
    DISSATISFIED,
    EVENTS,
    LATE_REGION,
    PRICE,
    REGIONS,
    WEEKS_PER_YEAR,
    Accounts,
    Floats,
    Whole,
    late_weeks,
    stream_of,
)
from patron.simulation._distributor_orders import Orders, working_day
from patron.simulation._distributor_words import DAMAGED, DEARER, LATE_DELIVERY, POOR_SERVICE

KINDS = ("nps", "csat", "ticket", "complaint", "late_payment")
NPS, CSAT, TICKET, COMPLAINT, LATE_PAYMENT = range(len(KINDS))
COMPLAINTS_PER_YEAR, UPSET_COMPLAINTS_PER_YEAR, UPSET_WEEKS = 0.15, 5.0, 26.0
_TICKETS_PER_YEAR, _TICKET_TOPICS = (0.5, 1.2, 3.0), 6  # by size
_LATE_PER_YEAR, _DAYS_TO_CLOSE = 3.0, (3.5, 2.5, 1.5)  # late payers; median days by size
_SURVEYS_PER_YEAR, _ANSWER_SHARE, _CSAT_SHARE = 1.0, 0.5, 0.5
_UPSET_DROP, _FADING_DROP = 4.0, 1.5
OUTCOMES = ("reached", "ordered", "dismissed", "lost", "none")
REACHED, ORDERED, DISMISSED, LOST, NO_ANSWER = range(len(OUTCOMES))
CALLED_WEEKS, _CALLS_PER_YEAR, _RECENT_CALLS_PER_YEAR, _FADING_CALLS_PER_YEAR = 52.0, 0.5, 0.8, 3.0
_RECENT_WEEKS, _AFTER_WEEKS = 6.0, 16.0
ORDERED_WITHIN_DAYS = 14


class Events(NamedTuple):
    """Events in no order, arrays of shape (m,): days since the start, -1 while not closed or not known."""

    who: Whole
    kind: Whole
    day: Whole
    known_day: Whole
    closed_day: Whole
    topic: Whole
    value: Floats
    respondent: Whole


class Calls(NamedTuple):
    """Past calls in no order: ``reason`` is -1 without one, ``snoozed_days`` 0 without."""

    who: Whole
    day: Whole
    action: Whole
    outcome: Whole
    reason: Whole
    snoozed_days: Whole


def draw_events(accounts: Accounts, weeks: float, seed: int) -> Events:
    """Draw everything that is said or done before the end."""
    stream = stream_of(seed, EVENTS)
    end_day = round(weeks * 7)
    tickets, csat = _tickets(accounts, weeks, end_day, stream)
    pieces = [tickets, csat, _complaints(accounts, weeks, end_day, stream)]
    pieces += [_surveys(accounts, weeks, stream), _late_payments(accounts, weeks, stream)]
    return Events(*(np.concatenate(column) for column in zip(*pieces, strict=True)))


def _moments(rate: Floats, begin: Floats, end: Floats, stream: np.random.Generator) -> tuple[Whole, Floats]:
    """Draw a Poisson process per account: rate per year, from one week to another."""
    span = np.maximum(end - begin, 0.0)
    number = stream.poisson(rate * span / WEEKS_PER_YEAR)
    who = np.repeat(np.arange(number.size), number)
    return who, begin[who] + span[who] * stream.random(who.size)


def _days(week: Floats) -> Whole:
    return np.floor(week * 7.0).astype(np.int64)


def _events(kind: int, who: Whole, day: Whole, **columns: NDArray[np.generic]) -> Events:
    empty = np.full(who.size, -1)
    filled = {
        "known_day": day,
        "closed_day": empty,
        "topic": empty,
        "value": np.full(who.size, np.nan),
        "respondent": empty,
        **columns,
    }
    return Events(who=who, kind=np.full(who.size, kind), day=day, **filled)


def _closing(accounts: Accounts, who: Whole, day: Whole, end_day: int, stream: np.random.Generator) -> Whole:
    """Draw the day a ticket is closed: large accounts are served first, one in forty is forgotten."""
    median = np.array(_DAYS_TO_CLOSE)[accounts.size[who]]
    closed = day + np.ceil(median * np.exp(0.8 * stream.standard_normal(who.size))).astype(np.int64)
    forgotten = stream.random(who.size) < 0.025
    return np.where((closed < end_day) & ~forgotten, closed, -1)


def _tickets(
    accounts: Accounts, weeks: float, end_day: int, stream: np.random.Generator
) -> tuple[Events, Events]:
    """Draw tickets, and how satisfied people were when they were closed: known only then."""
    stop = np.minimum(accounts.left_week, weeks)
    who, week = _moments(np.array(_TICKETS_PER_YEAR)[accounts.size], accounts.arrival_week, stop, stream)
    day = _days(week)
    closed = _closing(accounts, who, day, end_day, stream)
    chances = np.array([0.30, 0.25, 0.15, 0.12, 0.10, 0.08])
    topic = stream.choice(_TICKET_TOPICS, who.size, p=chances)
    late = _in_late_region(accounts, who, week, weeks)
    topic = np.where(late & (stream.random(who.size) < 0.7), 1, topic)
    tickets = _events(TICKET, who, day, closed_day=closed, topic=topic)
    mood = accounts.satisfaction[who] - _drop(accounts, who, week) + stream.normal(0, 1.5, who.size)
    answered = (closed >= 0) & (stream.random(who.size) < _CSAT_SHARE)
    value = np.clip(np.rint(mood / 2.0), 1.0, 5.0)[answered]
    csat = _events(CSAT, who[answered], day[answered], known_day=closed[answered], value=value)
    return tickets, csat


def _in_late_region(accounts: Accounts, who: Whole, week: Floats, weeks: float) -> NDArray[np.bool_]:
    begin, end = late_weeks(weeks)
    return np.asarray((accounts.town[who] % REGIONS == LATE_REGION) & (week >= begin) & (week < end))


def upset_from(accounts: Accounts) -> Floats:
    """Week from which an account is upset: half a year before it leaves; infinite for those who are not."""
    upset = np.isin(accounts.cause, (DISSATISFIED, DELIVERY, PRICE))
    return np.where(upset, np.maximum(accounts.left_week - UPSET_WEEKS, accounts.arrival_week), np.inf)


def _drop(accounts: Accounts, who: Whole, week: Floats) -> Floats:
    """Points by which satisfaction has fallen."""
    upset, fading = week >= upset_from(accounts)[who], week >= accounts.fades_week[who]
    return np.where(upset, _UPSET_DROP, np.where(fading, _FADING_DROP, 0.0))


def _complaints(accounts: Accounts, weeks: float, end_day: int, stream: np.random.Generator) -> Events:
    """Draw complaints: a few at any time, more from those who are about to leave upset."""
    stop, everyone = np.minimum(accounts.left_week, weeks), np.ones(accounts.size.size)
    who, week = _moments(COMPLAINTS_PER_YEAR * everyone, accounts.arrival_week, stop, stream)
    topic = stream.integers(0, 5, who.size)
    upset = np.minimum(upset_from(accounts), stop)
    more, when = _moments(UPSET_COMPLAINTS_PER_YEAR * everyone, upset, stop, stream)
    about = np.where(stream.random(more.size) < 0.5, POOR_SERVICE, DAMAGED)
    cause = accounts.cause[more]
    about = np.where(cause == PRICE, DEARER, np.where(cause == DELIVERY, LATE_DELIVERY, about))
    who, week, topic = (np.concatenate(p) for p in ((who, more), (week, when), (topic, about)))
    day = _days(week)
    return _events(COMPLAINT, who, day, closed_day=_closing(accounts, who, day, end_day, stream), topic=topic)


def _surveys(accounts: Accounts, weeks: float, stream: np.random.Generator) -> Events:
    """Draw about one survey a year, answered by half, by one of two people."""
    stop, rate = np.minimum(accounts.left_week, weeks), np.full(accounts.size.size, _SURVEYS_PER_YEAR)
    who, week = _moments(rate * 2.0 * _ANSWER_SHARE, accounts.arrival_week, stop, stream)
    mood = accounts.satisfaction[who] - _drop(accounts, who, week) + stream.normal(0.0, 1.0, who.size)
    respondent = (stream.random(who.size) < 0.3).astype(np.int64)
    return _events(NPS, who, _days(week), value=np.clip(np.rint(mood), 0.0, 10.0), respondent=respondent)


def _late_payments(accounts: Accounts, weeks: float, stream: np.random.Generator) -> Events:
    stop, late = np.minimum(accounts.left_week, weeks), accounts.days_late
    who, week = _moments(np.where(late > 0.0, _LATE_PER_YEAR, 0.0), accounts.arrival_week, stop, stream)
    value = np.maximum(np.rint(late[who] * stream.standard_gamma(4.0, who.size) / 4.0), 1.0)
    return _events(LATE_PAYMENT, who, _days(week), value=value)


def draw_calls(accounts: Accounts, orders: Orders, weeks: float, weekday: int, seed: int) -> Calls:
    """Draw the calls of the last year: some at random, more when an account fades, a few after it is gone."""
    stream = stream_of(seed, ACTIONS)
    owned = np.where(accounts.owner >= 0, 1.0, 0.0)
    gone = np.minimum(accounts.left_week, weeks)
    begin = np.maximum(accounts.arrival_week, weeks - CALLED_WEEKS)
    after = np.minimum(accounts.left_week + _AFTER_WEEKS, weeks)
    pieces = [
        _moments(_CALLS_PER_YEAR * owned, begin, after, stream),
        _moments(_RECENT_CALLS_PER_YEAR * owned, np.maximum(begin, weeks - _RECENT_WEEKS), after, stream),
        _moments(_FADING_CALLS_PER_YEAR * owned, np.maximum(begin, np.minimum(accounts.fades_week, gone)),
                 after, stream),
    ]  # fmt: skip
    who, week = (np.concatenate(column) for column in zip(*pieces, strict=True))
    day = working_day(week, weekday)
    outcome = _outcomes(accounts, orders, who, week, weeks, stream)
    action = np.where(stream.random(who.size) < 0.7, 0, stream.integers(1, 3, who.size))
    reason = np.where(outcome == DISMISSED, np.where(accounts.cause[who] == CLOSED, 0, 1), -1)
    reason = np.where(outcome == LOST, stream.integers(0, 3, who.size), reason)
    wait = 7 * stream.integers(4, 13, who.size)
    snoozed = np.where((outcome == REACHED) & (stream.random(who.size) < 0.12), wait, 0)
    return Calls(who, day, action, outcome, reason, snoozed)


def _outcomes(
    accounts: Accounts, orders: Orders, who: Whole, week: Floats, weeks: float, stream: np.random.Generator
) -> Whole:
    """Read from the orders who ordered after the call; draw the rest."""
    key = orders.who * (4.0 * weeks) + orders.week  # by account, then time
    following = np.searchsorted(key, who * (4.0 * weeks) + week)
    there = following < key.size
    following = np.minimum(following, key.size - 1)
    soon = there & (orders.who[following] == who)
    soon &= orders.week[following] - week < ORDERED_WITHIN_DAYS / 7.0 - 0.5  # orders move back to Fridays
    left = week >= accounts.left_week[who]
    draw = stream.random(who.size)
    alive = np.where(draw < 0.58, REACHED, np.where(draw < 0.60, DISMISSED, NO_ANSWER))
    closed = accounts.cause[who] == CLOSED
    away = np.where(draw < 0.4, np.where(closed, DISMISSED, LOST), NO_ANSWER)
    return np.where(left, away, np.where(soon, ORDERED, alive))
