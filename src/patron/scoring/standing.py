"""Where customers stand by the label that counts as churn: lapsed, at risk, not due, or not to be told.

In:  the settings of a trained model, what was known before a day, the customers of that day.
Out: arrays, one entry per customer; they depend on the customer's own rows and the model only.
Not here: the probability itself (`scoring.score`).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from patron.columns import STATUSES
from patron.scoring.parts import ScoreSettings
from patron.snapshots import YEAR_DAYS, days_to_order


class Standing(NamedTuple):
    """One entry per customer, shape (n,).

    Parameters
    ----------
    limit_days : numpy.ndarray
        Silent for longer is lapsed.
    window_days : numpy.ndarray or int
        How long the customer has to order before it counts as churned; the horizon where it is that of all.
    is_told : numpy.ndarray of bool
        Whether there is a probability: not for the lapsed, nor where the history is too short to tell.
    is_at_risk : numpy.ndarray of bool
        Whether the customer can churn within the horizon at all; those told and not at risk have 0.
    """

    limit_days: np.ndarray
    window_days: np.ndarray | int
    is_told: np.ndarray
    is_at_risk: np.ndarray


def standing_of(
    settings: ScoreSettings,
    as_of_day: int,
    first_day: np.ndarray,
    last_day: np.ndarray,
    own_limit_days: np.ndarray | None,
) -> Standing:
    """Tell where customers stand.

    Parameters
    ----------
    settings : ScoreSettings
        Of the trained model.
    as_of_day : int
        Days since 1970-01-01.
    first_day, last_day : numpy.ndarray, shape (n,)
        Days of the first and the last order.
    own_limit_days : numpy.ndarray, shape (n,), or None
        Each customer's own limit (`snapshots.own_limits`), where the label asks it.

    Returns
    -------
    Standing
    """
    silence = as_of_day - last_day
    horizon = settings.churn_horizon_days
    if own_limit_days is not None:
        left = own_limit_days - silence
        return Standing(
            own_limit_days, days_to_order(left, horizon), left >= 0, (left >= 0) & (left < horizon)
        )
    limit = np.full(len(last_day), float(settings.active_days))
    is_told = silence <= limit
    if settings.decline_share is not None:
        is_told &= as_of_day - first_day >= YEAR_DAYS
    return Standing(limit, horizon, is_told, is_told)


def status_of(
    last_day: np.ndarray, purchase_days: np.ndarray, as_of_day: int, limit_days: float | np.ndarray
) -> np.ndarray:
    """Return lapsed, new or scored for customers with a purchase day.

    Parameters
    ----------
    last_day, purchase_days : numpy.ndarray, shape (n,)
        Day of the last order, and number of days with an order.
    as_of_day : int
        Days since 1970-01-01.
    limit_days : float or numpy.ndarray, shape (n,)
        Silent for longer is lapsed.

    Returns
    -------
    numpy.ndarray of str, shape (n,)
    """
    lapsed = as_of_day - last_day > limit_days
    return np.where(lapsed, "lapsed", np.where(purchase_days < 2, "new", "scored"))


def note_codes(
    settings: ScoreSettings, status: np.ndarray, standing: Standing, late: np.ndarray
) -> np.ndarray:
    """Return the code of each customer's note, empty without one.

    Parameters
    ----------
    settings : ScoreSettings
        Of the trained model.
    status : numpy.ndarray of str, shape (n,)
        Of `status_of`.
    standing : Standing
        Of the same customers.
    late : numpy.ndarray of bool, shape (n,)
        Whether the next order is expected after the churn horizon.

    Returns
    -------
    numpy.ndarray of str, shape (n,)
        Keys of the notes in `scoring.texts`.
    """
    own_limit = settings.label == "rhythm"
    codes = np.where(late, "not_due", "")
    codes = np.where(standing.is_told & ~standing.is_at_risk, "not_due_own_limit", codes)
    codes = np.where(standing.is_told, codes, "short_history")
    return np.where(status == "lapsed", "lapsed_own_limit" if own_limit else "lapsed", codes)


def status_counts(statuses: Any) -> dict[str, int]:
    """Count the customers of each status; the four add up to `customers`.

    Examples
    --------
    >>> status_counts(["scored", "new", "scored"])
    {'customers': 3, 'scored': 2, 'new': 1, 'lapsed': 0, 'excluded': 0}
    """
    found = list(statuses)
    return {"customers": len(found), **{status: found.count(status) for status in STATUSES}}
