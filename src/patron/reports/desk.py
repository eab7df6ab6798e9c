"""What the Monday desk shows beside the scores: one record of optional tables.

In: tables of the retention and action functions, in the shapes those give. Out: a `Desk` for
`reports.render_report`. Not here: who computes them (`workflows`), how they are drawn (`_desk_sections`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd


@dataclass(frozen=True)
class Trialled:
    """A list that has to earn its place on past dates.

    Parameters
    ----------
    rows : pandas.DataFrame
        The list.
    sentence : str
        What the trial on past dates found, in the report's language.
    is_shown : bool
        False where it was no better than the simple rule: the sentence is shown then, the list is not.
    """

    rows: pd.DataFrame
    sentence: str = ""
    is_shown: bool = True


@dataclass(frozen=True)
class AccountHistory:
    """What one account did, for its timeline.

    Parameters
    ----------
    purchase_days : sequence of (datetime.date, float)
        Net amount of every purchase day, currency, oldest first.
    revenue_by_month : sequence of (datetime.date, float)
        Net revenue of the 365 days before each date, currency.
    risk : sequence of (datetime.date, float)
        Churn probability of past scorings, by as_of.
    usual_gap_days, limit_days : float or None
        The gap to expect, and the silence that is no longer usual for this account.
    silence_days : int or None
        Days since the last purchase day.
    """

    purchase_days: Sequence[tuple[dt.date, float]] = ()
    revenue_by_month: Sequence[tuple[dt.date, float]] = ()
    risk: Sequence[tuple[dt.date, float]] = ()
    usual_gap_days: float | None = None
    limit_days: float | None = None
    silence_days: int | None = None


@dataclass(frozen=True)
class Desk:
    """Everything the report shows beside the scores; None (or empty) where there is nothing.

    Parameters
    ----------
    retention : pandas.DataFrame, optional
        Of `retention.retention_metrics`, by month, overall.
    retention_years : pandas.DataFrame, optional
        The same for the last two years before `as_of`, the older first.
    cohorts : pandas.DataFrame, optional
        Of `retention.cohorts`.
    lifespan : mapping, optional
        Of `retention.lifespan`: ``mean_years``, ``low``, ``high``, ``limit_years``, ``customers``, ``lost``;
        and of `retention.lifetime_value`: ``ltv``, ``clv``, ``return_on_acquisition``.
    migration, movers : pandas.DataFrame, optional
        Of `retention.migration` and `retention.movers`, between `moved_since` and the day of the report.
    moved_since : datetime.date, optional
        The earlier date.
    concentration : mapping, optional
        ``top_20_percent_share``, ``gini``, ``customers``.
    worklist, win_back : pandas.DataFrame, optional
        Of `actions.worklist`, `actions.win_back_list`.
    judged : pandas.DataFrame, optional
        Every candidate of both lists: ``customer_id``, ``left_off`` (None: on the list, else why not) and,
        where known, ``left_off_detail``, ``left_off_until``, ``due_on`` (dates), ``owner``, ``owner_rank``.
    left_off : mapping
        Reason -> how many accounts stay off the list.
    won : str, optional
        What came after calls, in the report's language.
    stopped, peers : Trialled, optional
        Of `actions.stopped_categories`, `actions.peers_also_buy`.
    second_orders, second_order_rates, referrals, surveys, topics, response_times, groups : optional
        pandas.DataFrame each: the lists of `patron.actions`.
    accounts : pandas.DataFrame, optional
        ``customer_id`` and any of ``name``, ``owner``.
    histories : mapping
        Customer -> `AccountHistory`, for the accounts whose details show a timeline.
    active_days : int, optional
        Who counts as active in `retention`, days.
    """

    retention: pd.DataFrame | None = None
    retention_years: pd.DataFrame | None = None
    cohorts: pd.DataFrame | None = None
    lifespan: Mapping[str, Any] | None = None
    migration: pd.DataFrame | None = None
    movers: pd.DataFrame | None = None
    moved_since: dt.date | None = None
    concentration: Mapping[str, Any] | None = None
    worklist: pd.DataFrame | None = None
    win_back: pd.DataFrame | None = None
    judged: pd.DataFrame | None = None
    left_off: Mapping[str, int] = field(default_factory=dict)
    won: str | None = None
    stopped: Trialled | None = None
    peers: Trialled | None = None
    second_orders: pd.DataFrame | None = None
    second_order_rates: pd.DataFrame | None = None
    referrals: pd.DataFrame | None = None
    surveys: pd.DataFrame | None = None
    topics: pd.DataFrame | None = None
    response_times: pd.DataFrame | None = None
    groups: pd.DataFrame | None = None
    accounts: pd.DataFrame | None = None
    histories: Mapping[str, AccountHistory] = field(default_factory=dict)
    active_days: int | None = None


def has_rows(frame: pd.DataFrame | None) -> bool:
    """Say whether there is anything to show.

    Examples
    --------
    >>> has_rows(None), has_rows(pd.DataFrame({"x": []})), has_rows(pd.DataFrame({"x": [1]}))
    (False, False, True)
    """
    return frame is not None and len(frame) > 0
