"""Whose answer to the NPS question counts on a day: the latest of each respondent within twelve months.

In:  events, a day, the scale of the question.
Out: one row per respondent of a customer, and the answers that cannot be.
Not here: the score (`retention`), whom to ask next (`actions`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from patron.metrics import promoter_groups

#: An answer counts this long.
ANSWER_DAYS = 365


class NpsAnswers(NamedTuple):
    """Answers that count on a day.

    Parameters
    ----------
    latest : pandas.DataFrame
        Sorted by ``customer_id`` and ``respondent``, one row each: ``value``, ``group`` (1 promoter, 0
        passive, -1 detractor), ``happened_day``.
    impossible : pandas.DataFrame
        Rows of the same time with an answer outside the scale or without a value; they replace none.
    """

    latest: pd.DataFrame
    impossible: pd.DataFrame


def latest_answers(
    events: pd.DataFrame, day: int, scale: tuple[float, float], *, within_days: int = ANSWER_DAYS
) -> NpsAnswers:
    """Return the latest possible answer of each respondent before a day.

    Parameters
    ----------
    events : pandas.DataFrame
        Of `history_before`, whose customers have their newest ids; without a ``respondent`` the customer
        answered.
    day : int
        Days since 1970-01-01. An answer counts if it was known before the day and given in the
        `within_days` before it; of two answers of one day the lower one counts.
    scale : (float, float)
        Lowest and highest answer.
    within_days : int
        How long an answer counts.

    Returns
    -------
    NpsAnswers

    Raises
    ------
    PatronError
        If the scale does not go up.
    """
    given, known = events["happened_day"], events["known_day"]
    asked = events[(events["kind"] == "nps") & (known < day) & (given < day) & (given >= day - within_days)]
    own = asked["customer_id"].astype(object)
    who = asked["respondent"].astype(object).fillna(own) if "respondent" in asked else own
    group = promoter_groups(asked["value"].to_numpy(dtype=np.float64), scale)
    asked = asked.assign(customer_id=own, respondent=who, group=group)
    key = ["customer_id", "respondent"]
    ordered = asked[asked["group"].notna()].sort_values(
        [*key, "happened_day", "value"], ascending=[True, True, True, False]
    )
    latest = ordered.drop_duplicates(key, keep="last")
    columns = [*key, "value", "group", "happened_day"]
    return NpsAnswers(latest[columns].reset_index(drop=True), asked[asked["group"].isna()])
