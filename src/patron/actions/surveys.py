"""Whom to ask: promoters for a referral, accounts without a survey for an answer.

In:  customer tables with events, score rows, a day.
Out: lists of accounts, most valuable first.
Not here: the net promoter score itself (`retention`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from patron.errors import NotEnoughData, PatronError
from patron.snapshots import ANSWER_DAYS, CustomerTables, day_of, history_before, latest_answers

#: Where a log holds no closings, a complaint counts as open for so long.
COMPLAINT_OPEN_DAYS = 180
_BESIDE = ("name", "owner", "tier", "churn_risk", "clv", "revenue_last_12_months")


def referral_candidates(
    tables: CustomerTables,
    as_of_day: int,
    scores: pd.DataFrame,
    *,
    nps_scale: tuple[float, float] = (0, 10),
    within_days: int = ANSWER_DAYS,
) -> pd.DataFrame:
    """List promoters who can be asked for a referral.

    An account is listed where, by the latest answer that each respondent gave within `within_days`, somebody
    is a promoter (9 or 10 of 0 to 10, `metrics.promoter_groups`) and nobody a detractor; its churn risk is
    low, its tier is not at risk, and no complaint is open. Answers outside the scale are left out.
    Where the log closes no complaint at all, those of the last 180 days count as open.

    Parameters
    ----------
    tables : CustomerTables
        With events.
    as_of_day : int
        Days since 1970-01-01; nothing of this day or later is looked at.
    scores : pandas.DataFrame
        Score rows of that day: ``customer_id``, ``churn_risk``, ``tier``, and what else is to stand beside.
    nps_scale : (float, float)
        Lowest and highest answer.
    within_days : int
        How long an answer counts.

    Returns
    -------
    pandas.DataFrame
        ``customer_id``, ``respondents`` (promoters, text), ``nps`` (the highest answer), ``answered_on``
        (date, the newest of them), and of the scores ``name``, ``owner``, ``tier``, ``churn_risk``, ``clv``,
        ``revenue_last_12_months`` where they are there; highest ``clv`` (else revenue) first.

    Raises
    ------
    NotEnoughData
        If there are no events.
    PatronError
        If the scale does not go up.
    """
    events = _events(tables, as_of_day)
    answers = latest_answers(events, as_of_day, nps_scale, within_days=within_days).latest
    unhappy = answers.loc[answers["group"] < 0, "customer_id"]
    promoters = answers[(answers["group"] > 0) & ~answers["customer_id"].isin(unhappy)]
    healthy = scores.loc[(scores["churn_risk"] == "low") & (scores["tier"] != "at_risk"), "customer_id"]
    free = promoters[
        promoters["customer_id"].isin(healthy)
        & ~promoters["customer_id"].isin(customers_with_open_complaint(events, as_of_day))
    ]
    found = free.groupby("customer_id", as_index=False).agg(
        respondents=("respondent", lambda who: ", ".join(sorted(who))),
        nps=("value", "max"),
        answered_day=("happened_day", "max"),
    )
    found.insert(3, "answered_on", pd.Series([day_of(day) for day in found["answered_day"]], dtype=object))
    return _by_value(found.drop(columns="answered_day"), scores)


def survey_due(
    tables: CustomerTables,
    as_of_day: int,
    scores: pd.DataFrame,
    *,
    kinds: Sequence[str] = ("nps", "csat"),
    within_days: int = ANSWER_DAYS,
) -> pd.DataFrame:
    """List active accounts that gave no answer to a survey within `within_days`.

    Parameters
    ----------
    tables : CustomerTables
        With events.
    as_of_day : int
        Days since 1970-01-01; nothing of this day or later is looked at.
    scores : pandas.DataFrame
        Score rows of that day: ``customer_id``, ``status``, and what else is to stand beside.
    kinds : sequence of str
        Which events are surveys.
    within_days : int
        How long an answer counts.

    Returns
    -------
    pandas.DataFrame
        ``customer_id``, ``last_surveyed_on`` (date, missing without one), ``days_since_survey`` (missing
        likewise), and the columns of the scores as in `referral_candidates`; most valuable first.

    Raises
    ------
    NotEnoughData
        If there are no events.
    """
    events = _events(tables, as_of_day)
    last = events[events["kind"].isin(list(kinds))].groupby("customer_id")["happened_day"].max()
    active = scores.loc[scores["status"].isin(["scored", "new"]), ["customer_id"]]
    day = last.reindex(active["customer_id"]).to_numpy(dtype=np.float64)
    found = pd.DataFrame(
        {
            "customer_id": active["customer_id"].to_numpy(),
            "last_surveyed_on": pd.Series(
                [None if np.isnan(x) else day_of(int(x)) for x in day], dtype=object
            ),
            "days_since_survey": as_of_day - day,
        }
    )
    return _by_value(found[~(day >= as_of_day - within_days)], scores)


def customers_with_open_complaint(events: pd.DataFrame, as_of_day: int) -> set[str]:
    """Return who has a complaint that is not closed.

    Parameters
    ----------
    events : pandas.DataFrame
        Events known before the day (`snapshots.history_before`).
    as_of_day : int
        Days since 1970-01-01.

    Returns
    -------
    set of str
        Where no complaint of the log was ever closed, everybody with one in the last 180 days.
    """
    complaints = events[events["kind"] == "complaint"]
    if "closed_day" in complaints and complaints["closed_day"].notna().any():
        is_open = complaints["closed_day"].isna()
    else:
        is_open = complaints["known_day"] >= as_of_day - COMPLAINT_OPEN_DAYS
    return set(complaints.loc[is_open, "customer_id"])


def _events(tables: CustomerTables, as_of_day: int) -> pd.DataFrame:
    events = history_before(tables, as_of_day).events
    if events is None:
        raise NotEnoughData("There are no events, so no survey answers.", "Map a file under ledger.events.")
    return events


def _by_value(found: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """Put what the scores know beside a list, and the most valuable first."""
    beside = [name for name in _BESIDE if name in scores]
    value = next((name for name in ("clv", "revenue_last_12_months") if name in beside), None)
    if value is None:
        raise PatronError("The scores hold neither clv nor revenue_last_12_months, so nothing to sort by.")
    joined = found.merge(scores[["customer_id", *beside]], on="customer_id", how="left")
    return joined.sort_values([value, "customer_id"], ascending=[False, True], ignore_index=True)
