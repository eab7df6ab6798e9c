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
from patron.snapshots import latest_answers


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


def answers_before(
    events: pd.DataFrame | None, days: LedgerDays, end_day: int, scale: tuple[float, float]
) -> Answers:
    """Count the latest answer of each respondent in the twelve months before a day.

    Parameters
    ----------
    events : DataFrame or None
        Of `snapshots.history_before`, at this day or a later one.
    days : LedgerDays
        Whose customers count: those with an order or a refund before the day.
    end_day : int
        Days since 1970-01-01; what was known before it counts (`snapshots.latest_answers`).
    scale : (float, float)
        Lowest and highest answer.

    Returns
    -------
    Answers
    """
    n = len(days.customer_id)
    if events is None:
        return Answers(*[np.zeros(n, dtype=np.int64)] * 4)
    latest, impossible = latest_answers(events, end_day, scale)
    known = days.day[days.first_row] < end_day

    def counted(rows: pd.DataFrame) -> Ints:
        code = days.codes_of(rows["customer_id"])
        code = code[code >= 0]
        return np.bincount(code[known[code]], minlength=n).astype(np.int64)

    return Answers(
        promoters=counted(latest[latest["group"] > 0]),
        detractors=counted(latest[latest["group"] < 0]),
        answers=counted(latest),
        impossible=counted(impossible),
    )
