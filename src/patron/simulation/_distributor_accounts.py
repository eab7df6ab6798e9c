"""Who buys from the simulated distributor: what they are like, when they come, when and why they leave.

In: how many accounts, for how many weeks, a seed. Out: arrays, one value per account, in weeks and own money.
Not here: orders, words, dates.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from patron.simulation._distributor_words import HABITS

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Flags = NDArray[np.bool_]

WEEKS_PER_YEAR = 365.25 / 7
WHO, LIVES, ORDERS, LINES, RETURNS, EVENTS, ACTIONS, NAMES = range(8)  # the streams of a seed
CAUSES = ("faded", "dissatisfied", "price", "closed", "silent", "onboarding", "delivery")
FADED, DISSATISFIED, PRICE, CLOSED, SILENT, ONBOARDING, DELIVERY = range(len(CAUSES))
_CAUSE_SHARES = (0.35, 0.25, 0.15, 0.15, 0.10)
SIZE_SHARES = (0.60, 0.30, 0.10)
LEAVING_PER_YEAR = (0.17, 0.12, 0.07)  # by size, small first
RHYTHM_SHARES = (0.15, 0.45, 0.30, 0.10)  # weekly, monthly, quarterly, yearly
_RHYTHM_WEEKS = ((1.0, 2.0), (3.5, 6.0), (11.0, 15.0), (50.0, 54.0))
_RHYTHM_SHAPES = (6.0, 8.0, 10.0, 60.0)  # gamma shape of the gaps: the larger, the steadier
_LOG_VALUE, _LOG_VALUE_SPREAD = (5.0, 6.1, 7.2), 1.10
NEW_SHARE, ONBOARDING_SHARE = 0.40, 0.15
# the two troubles: a warehouse of one region is late, later everything becomes dearer; shares of the span
_LATE_FROM, LATE_WEEKS, PRICE_RISE_AT = 0.55, 10.0, 0.72
REGIONS, LATE_REGION, DELIVERY_SHARE = 4, 0, 0.20
ONE_STOPS_SHARE = 0.15
_ACCOUNTS_PER_GROUP, _ACCOUNTS_PER_OWNER, _MOST_OWNERS = 40, 50, 100
NO_OWNER_SHARE = 0.04


class Accounts(NamedTuple):
    """The truth, arrays of shape (n,) unless said otherwise.

    Parameters
    ----------
    industry, size, town, owner : ndarray of int
        Positions in the words; ``owner`` is -1 without one.
    usual_gap_weeks, gap_shape : ndarray
        Own rhythm: gaps are gamma with this mean (season apart) and shape.
    mean_value, trend_per_year : ndarray
        Own money per order, and the log by which it grows in a year.
    arrival_week, left_week, fades_week : ndarray
        First order; leaving for good and the beginning of fading, infinite where that never comes.
    leaving_per_year : ndarray
        Rate at which it leaves, the two troubles apart.
    cause : ndarray of int
        Why it leaves, a position in `CAUSES`.
    weights : ndarray, shape (n, 12)
        Share of each category in its spending, 0 for those it never buys.
    drop_rank : ndarray, shape (n, 12)
        0 to 1: how far fading must have come for the category to be dropped.
    stopped_category, stopped_week : ndarray
        The category it gave up while it went on buying others, -1 and infinite for most.
    satisfaction, days_late : ndarray
        Mean answer on 0 to 10; mean days by which it pays late, 0 for those who pay in time.
    group, group_place : ndarray of int
        Buying group, -1 for most, and the place among its sites.
    """

    industry: Whole
    size: Whole
    town: Whole
    owner: Whole
    usual_gap_weeks: Floats
    gap_shape: Floats
    mean_value: Floats
    trend_per_year: Floats
    arrival_week: Floats
    left_week: Floats
    fades_week: Floats
    leaving_per_year: Floats
    cause: Whole
    weights: Floats
    drop_rank: Floats
    stopped_category: Whole
    stopped_week: Floats
    satisfaction: Floats
    days_late: Floats
    group: Whole
    group_place: Whole


class Lives(NamedTuple):
    """When accounts come and go; see `Accounts`."""

    arrival_week: Floats
    left_week: Floats
    fades_week: Floats
    leaving_per_year: Floats
    cause: Whole


def stream_of(seed: int, purpose: int) -> np.random.Generator:
    """Open one of the streams of a seed: more events, say, change no order."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(purpose,)))


def late_weeks(weeks: float) -> tuple[float, float]:
    """From which week to which the late region's warehouse is late."""
    return _LATE_FROM * weeks, _LATE_FROM * weeks + LATE_WEEKS


def draw_accounts(accounts: int, weeks: float, seed: int, towns: int) -> Accounts:
    """Draw everybody."""
    stream = stream_of(seed, WHO)
    industry = stream.integers(0, len(HABITS), accounts)
    size = stream.choice(3, accounts, p=SIZE_SHARES)
    town = stream.integers(0, towns, accounts)
    owners = min(max(3, accounts // _ACCOUNTS_PER_OWNER), _MOST_OWNERS)
    owner = np.where(stream.random(accounts) < NO_OWNER_SHARE, -1, stream.integers(0, owners, accounts))
    group, place = _groups(accounts, stream)
    head = _head_of(group, place)
    industry, owner = industry[head], np.where(owner < 0, -1, owner[head])
    kind = stream.choice(len(RHYTHM_SHARES), accounts, p=RHYTHM_SHARES)
    low, high = np.array(_RHYTHM_WEEKS)[kind].T
    gap = low + (high - low) * stream.random(accounts)
    value = np.exp(np.array(_LOG_VALUE)[size] + _LOG_VALUE_SPREAD * stream.standard_normal(accounts))
    value *= np.maximum(gap / 4.0, 1.0) ** 0.3  # who orders seldom orders more at a time
    trend = stream.normal(0.02, 0.10, accounts)
    weights, drop_rank = _assortment(industry, stream)
    lives = _lives(gap, size, town, weeks, stream_of(seed, LIVES))
    stopped, when = _one_stopped(weights, lives.arrival_week, weeks, stream)
    return Accounts(
        industry, size, town, owner, gap, np.array(_RHYTHM_SHAPES)[kind], value, trend, *lives,
        weights, drop_rank, stopped, when, stream.normal(8.2, 1.0, accounts),
        np.where(stream.random(accounts) < 0.2, stream.gamma(2.0, 6.0, accounts), 0.0), group, place,
    )  # fmt: skip


def _groups(accounts: int, stream: np.random.Generator) -> tuple[Whole, Whole]:
    """Put some accounts into buying groups of two to six sites."""
    sizes = stream.integers(2, 7, max(1, accounts // _ACCOUNTS_PER_GROUP))
    sizes = sizes[np.cumsum(sizes) <= accounts]
    members = stream.permutation(accounts)[: sizes.sum()]
    group, place = np.full(accounts, -1), np.zeros(accounts, dtype=np.int64)
    group[members] = np.repeat(np.arange(sizes.size), sizes)
    place[members] = np.arange(members.size) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return group, place


def _head_of(group: Whole, place: Whole) -> Whole:
    """Row of the first site of an account's group; its own row without a group."""
    head = np.arange(group.size)
    heads = np.flatnonzero((group >= 0) & (place == 0))
    first = np.zeros(group.max() + 1 if group.size else 0, dtype=np.int64)
    first[group[heads]] = heads
    return np.where(group >= 0, first[np.maximum(group, 0)] if first.size else head, head)


def _assortment(industry: Whole, stream: np.random.Generator) -> tuple[Floats, Floats]:
    """Choose what each account buys: its industry's habits decide; everybody buys something."""
    habits = np.array(HABITS)[industry]
    buys = stream.random(habits.shape) < habits
    buys[np.arange(industry.size), habits.argmax(axis=1)] = True
    weights = np.where(buys, stream.standard_gamma(1.5, habits.shape) * (0.3 + habits), 0.0)
    return weights / weights.sum(axis=1, keepdims=True), stream.random(habits.shape)


def _lives(gap: Floats, size: Whole, town: Whole, weeks: float, stream: np.random.Generator) -> Lives:
    accounts = gap.size
    is_new = stream.random(accounts) < NEW_SHARE
    before = np.minimum(gap, weeks) * stream.random(accounts)  # customers since before the ledger begins
    arrival = np.where(is_new, weeks * stream.random(accounts), before)
    rate = np.array(LEAVING_PER_YEAR)[size]
    left = arrival + stream.standard_exponential(accounts) / rate * WEEKS_PER_YEAR
    cause = stream.choice(len(_CAUSE_SHARES), accounts, p=_CAUSE_SHARES)
    rise = PRICE_RISE_AT * weeks
    after_rise = (cause == PRICE) & (arrival < rise) & (left < weeks)
    left = np.where(after_rise, rise + 3.0 + stream.random(accounts) * 0.2 * weeks, left)
    late = late_weeks(weeks)[0]
    there = (town % REGIONS == LATE_REGION) & (arrival < late) & (left > late)
    upset = there & (stream.random(accounts) < DELIVERY_SHARE)
    left = np.where(upset, late + 3.0 + 20.0 * stream.random(accounts), left)
    cause = np.where(upset, DELIVERY, cause)
    only_once = is_new & (stream.random(accounts) < ONBOARDING_SHARE)
    left = np.where(only_once, arrival + 1e-6, left)
    cause = np.where(only_once, ONBOARDING, cause)
    lasts = np.minimum(np.maximum(12.0 + 18.0 * stream.random(accounts), 3.0 * gap), 60.0)
    fades = left - np.minimum(lasts, 0.6 * (left - arrival))
    slowly = (cause == FADED) | ((cause == DISSATISFIED) & (stream.random(accounts) < 0.5))
    return Lives(arrival, left, np.where(slowly, fades, np.inf), rate, cause)


def _one_stopped(
    weights: Floats, arrival: Floats, weeks: float, stream: np.random.Generator
) -> tuple[Whole, Floats]:
    """Let some give up one category, not their main one, in the second half of their time."""
    accounts = len(weights)
    wanted = (weights > 0) & (weights < weights.max(axis=1, keepdims=True))
    category = (stream.random(weights.shape) * wanted).argmax(axis=1)
    stops = wanted.any(axis=1) & (stream.random(accounts) < ONE_STOPS_SHARE)
    when = arrival + (weeks - arrival) * (0.5 + 0.5 * stream.random(accounts))
    return np.where(stops, category, -1), np.where(stops, when, np.inf)
