"""How far this time of the year lies above or below a model's usual level of churn.

In:  a model's log-odds on matured snapshots, what happened, and how many purchase days each day saw.
Out: a shift of all log-odds for a given day, from what the same season brought a year before.
Not here: the shape of the risk between customers (the scorers), calibration (`calibrate`).

A model learned from many snapshots knows the average season. Where the rate of churn swings over the year,
the window that lies ahead is better foreseen by the window one year ago than by the latest ones, which belong
to another season. Only part of that shift is applied: as much as past seasons have come back in the orders.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy.special import expit

_YEAR_DAYS = 365
_BLOCK_DAYS = 30
#: A snapshot this near to the day one year ago still tells its season.
_NEAR_DAYS = 15
#: Between two snapshots further apart than this (a quarter of a year) the season is not known.
_WIDEST_GAP_DAYS = 92
#: Snapshots must span this much of the last year for their mean to be free of the season.
_WHOLE_YEAR_DAYS = 300
#: Where nothing is known about how well seasons return, half of the shift is applied; this belief counts as
#: much as this many blocks of evidence.
_PRIOR_WEIGHT, _PRIOR_BLOCKS = 0.5, 6
_FEWEST_PAIRS = 3


class DailyPurchases(NamedTuple):
    """Purchase days of the whole base, by day.

    Parameters
    ----------
    first_day : int
        First day of the log (days since 1970-01-01).
    counts : numpy.ndarray of int64, shape (n_days,)
        Customers who bought on each day from then on.
    """

    first_day: int
    counts: np.ndarray

    def before(self, day: int) -> DailyPurchases:
        """Return the days before a day: nothing later may be known.

        Quiet days at the end are there whether or not the log goes on behind them.
        """
        known = max(day - self.first_day, 0)
        counts = self.counts[:known]
        return DailyPurchases(self.first_day, np.pad(counts, (0, known - len(counts))))


@dataclass(frozen=True)
class SeasonShift:
    """What to add to the log-odds on a given day.

    Parameters
    ----------
    days : tuple of int
        Snapshots whose level is known (days since 1970-01-01), ascending.
    levels : tuple of float
        Log-odds by which churn at each of them lay above the model.
    usual : float
        The mean level over the last year.
    weight : float
        Share of last year's shift that is applied, 0 to 1.
    """

    days: tuple[int, ...] = ()
    levels: tuple[float, ...] = ()
    usual: float = 0.0
    weight: float = 0.0

    def at(self, as_of_day: int) -> float:
        """Return the shift in log-odds; 0 where no snapshot stands one year before the day.

        Examples
        --------
        >>> SeasonShift(days=(100, 130), levels=(0.2, 0.4), usual=0.1, weight=0.5).at(480)
        0.1
        """
        days, year_ago = np.array(self.days, dtype=np.int64), as_of_day - _YEAR_DAYS
        if not (np.abs(days - year_ago) <= _NEAR_DAYS).any() and not _between_near_snapshots(days, year_ago):
            return 0.0
        level = float(np.interp(year_ago, days, self.levels))
        return round(self.weight * (level - self.usual), 10)

    def to_dict(self) -> dict[str, Any]:
        """Return the shift as JSON-able data."""
        return {**vars(self), "days": list(self.days), "levels": list(self.levels)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> SeasonShift:
        """Read what `to_dict` wrote."""
        return cls(**{**data, "days": tuple(data["days"]), "levels": tuple(data["levels"])})


def fit_season(
    score: np.ndarray,
    churned: np.ndarray,
    as_of_day: np.ndarray,
    daily: DailyPurchases | None,
    *,
    horizon_days: int,
    active_days: int,
) -> SeasonShift:
    """Learn the level of churn at each snapshot, and how well seasons return.

    Parameters
    ----------
    score : numpy.ndarray, shape (n,)
        The model's log-odds on the rows it was fitted on.
    churned, as_of_day : numpy.ndarray of int, shape (n,)
        Outcome and snapshot of each row.
    daily : DailyPurchases or None
        None where it is not known: no shift then.
    horizon_days : int
        Nothing later than the newest snapshot plus this is looked at.
    active_days : int
        A snapshot younger than this (in days of log) sees only customers who bought lately, so that its
        level says nothing about the season.

    Returns
    -------
    SeasonShift
    """
    if daily is None or len(as_of_day) == 0:
        return SeasonShift()
    known = daily.before(int(as_of_day.max()) + horizon_days)
    days = [int(day) for day in np.unique(as_of_day) if day - daily.first_day >= active_days]
    levels = [_level(score[as_of_day == day], churned[as_of_day == day]) for day in days]
    lately = [(day, level) for day, level in zip(days, levels, strict=True) if day > days[-1] - _YEAR_DAYS]
    whole_year = bool(lately) and lately[-1][0] - lately[0][0] >= _WHOLE_YEAR_DAYS
    usual = float(np.mean([level for _, level in lately])) if whole_year else 0.0
    return SeasonShift(tuple(days), tuple(levels), usual, returning_share(known))


def returning_share(daily: DailyPurchases) -> float:
    """Return how much of last year's season came back, judged by purchase days in blocks of 30 days.

    The correlation between each block and the one a year before, both without the trend of the whole log, is
    the share of a season's swing that repeats itself; few blocks are shrunk towards a half.

    Parameters
    ----------
    daily : DailyPurchases
        What is known.

    Returns
    -------
    float
        0 to 1.

    Examples
    --------
    >>> counts = 100 + 50 * np.sin(np.arange(1095) * 2 * np.pi / 365)
    >>> returning_share(DailyPurchases(0, counts.astype(np.int64))) > 0.8
    True
    """
    blocks = len(daily.counts) // _BLOCK_DAYS
    pairs = blocks - _YEAR_DAYS // _BLOCK_DAYS
    if pairs < _FEWEST_PAIRS:
        return _PRIOR_WEIGHT
    newest_first = daily.counts[::-1][: blocks * _BLOCK_DAYS].reshape(blocks, _BLOCK_DAYS).sum(axis=1)
    swing = np.log(newest_first + 0.5)
    when = np.arange(blocks) - (blocks - 1) / 2
    swing = swing - swing.mean() - when * float((when * swing).sum() / (when * when).sum())
    now, year_ago = swing[:pairs], swing[blocks - pairs :]
    spread = float(np.std(now) * np.std(year_ago))
    if spread < 1e-9:  # every block alike: there is no season to return
        return _PRIOR_WEIGHT
    correlation = float(np.mean((now - now.mean()) * (year_ago - year_ago.mean()))) / spread
    shrunk = (pairs * correlation + _PRIOR_BLOCKS * _PRIOR_WEIGHT) / (pairs + _PRIOR_BLOCKS)
    return round(float(np.clip(shrunk, 0.0, 1.0)), 10)


def _between_near_snapshots(days: np.ndarray, day: int) -> bool:
    """Say whether a day lies between two snapshots that are near enough to each other."""
    after = int(np.searchsorted(days, day))
    return 0 < after < len(days) and int(days[after] - days[after - 1]) <= _WIDEST_GAP_DAYS


def _level(score: np.ndarray, churned: np.ndarray) -> float:
    """Return the shift of all log-odds that makes the mean probability equal the churn rate."""
    from scipy.optimize import brentq  # at use: slow to import, and scoring does without

    # half a customer on either side keeps a rate of 0 or 1 finite
    rate = (float(churned.sum()) + 0.5) / (len(churned) + 1)
    return round(float(brentq(lambda shift: float(expit(score + shift).mean()) - rate, -60, 60)), 10)
