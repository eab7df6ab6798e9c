"""The net promoter score: each respondent's latest answer within twelve months.

In:  events, a day, the scale of the question.
Out: promoters, detractors and answers per customer.
Not here: the interval (`shares.promoter_interval`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from patron.retention.ledger_days import Ints, LedgerDays

#: An answer counts this long.
ANSWER_DAYS = 365
#: Cut points as shares of the scale, halfway between 8 and 9 and between 6 and 7 on a scale of 0 to 10.
_PROMOTER_FROM, _DETRACTOR_UP_TO = 0.85, 0.65


class Answers(NamedTuple):
    """Counts per customer; arrays of shape (n_customers,).

    Parameters
    ----------
    promoters, detractors, answers : ndarray of int
        Latest answers of respondents.
    impossible : ndarray of int
        Answers outside the scale or without a value: counted here and left out elsewhere.
    """

    promoters: Ints
    detractors: Ints
    answers: Ints
    impossible: Ints


def promoter_groups(value: np.ndarray, scale: tuple[int, int]) -> np.ndarray:
    """Tell promoters, passives and detractors apart.

    On 0 to 10: promoters answer 9 or 10, detractors 0 to 6. On another scale the same shares of it count:
    from 85 % of the way up, and up to 65 %; on 1 to 5 that is 5 and 1 to 3, on 1 to 10 it is 9 to 10 and 1
    to 6.

    Parameters
    ----------
    value : ndarray, shape (n,)
        Answers.
    scale : (int, int)
        Lowest and highest answer.

    Returns
    -------
    ndarray, shape (n,)
        1 promoter, 0 passive, -1 detractor; missing for an answer outside the scale.

    References
    ----------
    Reichheld (2003), "The one number you need to grow", Harvard Business Review.

    Examples
    --------
    >>> promoter_groups(np.array([10.0, 9, 8, 7, 6, 0, 11]), (0, 10))
    array([ 1.,  1.,  0.,  0., -1., -1., nan])
    >>> promoter_groups(np.array([5.0, 4, 3, 1]), (1, 5))
    array([ 1.,  0., -1., -1.])
    """
    low, high = scale
    place = (np.asarray(value, dtype=np.float64) - low) / (high - low)
    group = np.where(place > _PROMOTER_FROM, 1.0, np.where(place < _DETRACTOR_UP_TO, -1.0, 0.0))
    return np.where((place >= 0) & (place <= 1), group, np.nan)


def latest_answers(
    events: pd.DataFrame | None, days: LedgerDays, end_day: int, scale: tuple[int, int]
) -> Answers:
    """Count the latest answer of each respondent in the twelve months before a day.

    Parameters
    ----------
    events : DataFrame or None
        Of `ledger.load_events`; without a ``respondent`` the customer answered.
    days : LedgerDays
        Whose customers count: those with an order or a refund before the day.
    end_day : int
        Days since 1970-01-01; what was known before it counts. Of two answers on one day the lower one
        counts.
    scale : (int, int)
        Lowest and highest answer.

    Returns
    -------
    Answers
    """
    n = len(days.customer_id)
    if events is None:
        return Answers(*[np.zeros(n, dtype=np.int64)] * 4)
    asked = events[
        (events["kind"] == "nps")
        & (events["known_day"] < end_day)
        & (events["happened_day"] < end_day)
        & (events["happened_day"] >= end_day - ANSWER_DAYS)
    ]
    asked = asked.assign(code=days.codes_of(asked["customer_id"]))
    known = days.day[days.first_row] < end_day
    asked = asked[(asked["code"] >= 0) & known[asked["code"].to_numpy()]]
    asked = asked.assign(group=promoter_groups(asked["value"].to_numpy(dtype=np.float64), scale))
    possible = asked[asked["group"].notna()]
    who: pd.Series | str = ""
    if "respondent" in possible:
        # a customer that answered itself is one respondent, under its old id and its new one
        who = possible["respondent"].where(possible["respondent"] != possible["customer_id"]).fillna("")
    latest = (
        possible.assign(who=who)
        .sort_values(["happened_day", "known_day", "value"], ascending=[True, True, False])
        .drop_duplicates(["code", "who"], keep="last")
    )

    def counted(rows: pd.DataFrame) -> Ints:
        return np.bincount(rows["code"].to_numpy(dtype=np.int64), minlength=n).astype(np.int64)

    return Answers(
        promoters=counted(latest[latest["group"] > 0]),
        detractors=counted(latest[latest["group"] < 0]),
        answers=counted(latest),
        impossible=counted(asked[asked["group"].isna()]),
    )
