"""How long something lasts when not all of it has ended yet: Kaplan-Meier.

In:  durations, and which of them have ended; the others are censored.
Out: the curve, the share that has ended by a day, the mean up to a limit.
Not here: what ends: a customer's time, a wait for a second order, a ticket.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def survival(duration: Floats, has_ended: NDArray[np.bool_]) -> tuple[Floats, Floats, Floats, Floats]:
    """Return the Kaplan-Meier curve at the times at which something ended.

    Parameters
    ----------
    duration : ndarray, shape (n,)
        Time to the end, or to the end of what is known.
    has_ended : ndarray of bool, shape (n,)
        Which of the two.

    Returns
    -------
    time, share, ended, at_risk : ndarray, shape (n_distinct_times,)
        Times of ends in ascending order, share still there just after each, how many ended then, and of how
        many. What is censored on a time counts as at risk at that time.

    References
    ----------
    Kaplan & Meier (1958), "Nonparametric estimation from incomplete observations", JASA 53.

    Examples
    --------
    >>> survival(np.array([1.0, 2.0, 2.0, 3.0]), np.array([True, True, False, False]))[1]
    array([0.75, 0.5 ])
    """
    time, ended = np.unique(duration[has_ended], return_counts=True)
    at_risk = len(duration) - np.searchsorted(np.sort(duration), time, side="left")
    share = np.asarray(np.cumprod(1.0 - ended / at_risk), dtype=np.float64)
    return time.astype(np.float64), share, ended.astype(np.float64), at_risk.astype(np.float64)


def restricted_mean(duration: Floats, has_ended: NDArray[np.bool_], limit: float) -> tuple[float, float]:
    """Return the area under the Kaplan-Meier curve up to a limit, and its standard error.

    Parameters
    ----------
    duration, has_ended
        As in `survival`.
    limit : float
        In the unit of `duration`.

    Returns
    -------
    mean, standard_error : float
        In the same unit.

    References
    ----------
    Klein & Moeschberger (2003), "Survival Analysis", section 4.5: the variance is that of Greenwood, summed
    over the ends with the squared area that is left after each.

    Examples
    --------
    >>> mean, error = restricted_mean(np.array([1.0, 3.0]), np.array([True, True]), 3.0)
    >>> mean, round(error, 4)
    (2.0, 0.7071)
    """
    curve = survival(duration, has_ended)
    time, share, ended, at_risk = (column[curve[0] < limit] for column in curve)
    widths = np.diff(np.concatenate([[0.0], time, [limit]]))
    areas = widths * np.concatenate([[1.0], share])
    left = np.cumsum(areas[::-1])[::-1][1:]
    survivors = np.maximum(at_risk - ended, 1.0)
    variance = np.where(at_risk > ended, left**2 * ended / (at_risk * survivors), 0.0)
    return float(areas.sum()), float(np.sqrt(variance.sum()))


@dataclass(frozen=True)
class EndedShare:
    """The share ended by a day, a step function.

    Parameters
    ----------
    days : numpy.ndarray, shape (n_steps,)
        Days on which something ended, ascending.
    share : numpy.ndarray, shape (n_steps,)
        Share ended by the end of that day.
    """

    days: Floats
    share: Floats

    def at(self, days: Floats) -> Floats:
        """Return the share ended by each of some days."""
        return np.concatenate([[0.0], self.share])[np.searchsorted(self.days, days, side="right")]

    def day_of_share(self, share: float) -> float:
        """Return the first day by which a share has ended, NaN where it is never reached."""
        # shares are products of ratios: one that is reached but for rounding is reached
        reached = np.flatnonzero(self.share >= share - 1e-12)
        return float(self.days[reached[0]]) if len(reached) else np.nan


def ended_share(days: Floats, has_ended: NDArray[np.bool_]) -> EndedShare:
    """Estimate the share ended by each day.

    Parameters
    ----------
    days, has_ended
        As in `survival`.

    Returns
    -------
    EndedShare

    Examples
    --------
    >>> curve = ended_share(np.array([1.0, 2.0, 3.0]), np.array([True, False, True]))
    >>> curve.days.tolist(), curve.share.round(3).tolist()
    ([1.0, 3.0], [0.333, 1.0])
    """
    time, share, _, _ = survival(days, has_ended)
    return EndedShare(time, 1.0 - share)
