"""How many of those who would have left a call keeps: by tier, with what is known about it.

In:  tier, arm and outcome of every account of a campaign.
Out: `SaveRate` per tier and overall; `posterior_save_rate`, what the worklist may count on.
Not here: the ranking (`actions`).

The save rate is 1 - churn treated / churn control. Ratios of churn are averaged on the log scale; half an
account is added to each of the four counts of a tier where one of them is zero (Woolf, Haldane, Anscombe).
Tiers are shrunk to what they share (`shrinkage`). Where groups were assigned as a whole, variances are
multiplied by the design effect of the campaign.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import ndtri

from patron.campaigns.effects import difference_in_means
from patron.campaigns.shrinkage import random_effects


class SaveRate(NamedTuple):
    """One tier's measured save rate; below zero where the calls drove accounts away.

    Parameters
    ----------
    tier : str
        ``overall`` for all accounts.
    n_treated, n_control : int
        Accounts.
    churn_treated, churn_control : float
        Shares without an order in the window.
    raw : float or None
        1 - treated / control of this tier alone; None without churn in control.
    save_rate, low, high : float
        Shrunk, with its interval.
    standard_error : float
        Of ``save_rate``, on its own scale.
    """

    tier: str
    n_treated: int
    n_control: int
    churn_treated: float
    churn_control: float
    raw: float | None
    save_rate: float
    low: float
    high: float
    standard_error: float


class PosteriorRate(NamedTuple):
    """A save rate to count on: mean and 95 % interval."""

    mean: float
    low: float
    high: float


def save_rates(accounts: pd.DataFrame, *, alpha: float = 0.05) -> tuple[SaveRate, list[SaveRate]]:
    """Measure save rates by intention to treat.

    Parameters
    ----------
    accounts : DataFrame
        ``tier``, ``group_id``, ``arm`` (``treatment`` or ``control``), ``retained``.
    alpha : float
        1 - level of the intervals.

    Returns
    -------
    tuple
        Overall; one per tier that has accounts in both arms, by name.

    Examples
    --------
    >>> accounts = pd.DataFrame({"tier": "at_risk", "arm": ["treatment"] * 100 + ["control"] * 100,
    ...     "retained": [True] * 70 + [False] * 30 + [True] * 50 + [False] * 50})
    >>> accounts["group_id"] = accounts.index
    >>> overall, tiers = save_rates(accounts)
    >>> round(overall.save_rate, 2), round(overall.low, 2), round(overall.high, 2)
    (0.4, 0.14, 0.58)
    """
    effect = _design_effect(accounts)
    by_tier = [(str(name), _counts(part)) for name, part in accounts.groupby("tier", sort=True)]
    both = [(name, counts) for name, counts in by_tier if counts[0] and counts[2]]
    whole = _counts(accounts)
    ratio, variance = _log_ratio(whole, effect)
    overall = _rate("overall", whole, ratio, variance**0.5, alpha)
    logs = np.array([_log_ratio(counts, effect) for _, counts in both])
    found = random_effects(logs[:, 0], logs[:, 1])
    tiers = [
        _rate(name, counts, shrunk, error, alpha)
        for (name, counts), shrunk, error in zip(both, found.shrunk, found.shrunk_error, strict=True)
    ]
    return overall, tiers


def posterior_save_rate(measured: SaveRate, assumed: float) -> PosteriorRate:
    """Combine a measurement with what the config assumed before it.

    The assumption counts as a normal prior with its own size as standard deviation, so that a weak test moves
    it little and does not empty the worklist, and a strong one replaces it.

    Parameters
    ----------
    measured : SaveRate
        Of a finished, valid campaign.
    assumed : float
        ``actions`` save rate of the config, above zero.

    Returns
    -------
    PosteriorRate
        Each within -1 to 1.

    Examples
    --------
    >>> weak = SaveRate("at_risk", 20, 20, 0.5, 0.5, 0.0, 0.0, -0.9, 0.6, 0.3)
    >>> round(posterior_save_rate(weak, 0.1).mean, 2)
    0.09
    """
    precision = np.array([assumed**-2.0, measured.standard_error**-2.0])
    mean = float(precision @ [assumed, measured.save_rate] / precision.sum())
    half = float(ndtri(0.975) / np.sqrt(precision.sum()))
    low, middle, high = np.clip([mean - half, mean, mean + half], -1.0, 1.0).tolist()
    return PosteriorRate(middle, low, high)


def _counts(part: pd.DataFrame) -> tuple[int, int, int, int]:
    """Return accounts and leavers of the treated, then of control."""
    treated, left = part["arm"].eq("treatment"), ~part["retained"].astype(bool)
    return (
        int(treated.sum()),
        int((treated & left).sum()),
        int((~treated).sum()),
        int((~treated & left).sum()),
    )


def _log_ratio(counts: tuple[int, int, int, int], design_effect: float) -> tuple[float, float]:
    """Return log(churn treated / churn control) and its variance."""
    n, left, m, lost = counts
    add = 0.5 if 0 in (left, lost, n - left, m - lost) else 0.0
    a, b, c, d = left + add, n + 2 * add, lost + add, m + 2 * add
    return float(np.log(a / b * d / c)), float(1 / a - 1 / b + 1 / c - 1 / d) * design_effect


def _rate(
    tier: str, counts: tuple[int, int, int, int], log_ratio: float, error: float, alpha: float
) -> SaveRate:
    n, left, m, lost = counts
    reach = float(ndtri(1 - alpha / 2)) * error
    raw = 1 - (left / n) / (lost / m) if lost else None
    low, rate, high = (float(1 - np.exp(log_ratio + move)) for move in (reach, 0.0, -reach))
    return SaveRate(tier, n, m, left / n, lost / m, raw, rate, low, high, float((1 - rate) * error))


def _design_effect(accounts: pd.DataFrame) -> float:
    """Return how much wider the error is because groups were assigned as a whole; at least 1."""
    if accounts["group_id"].nunique() == len(accounts):
        return 1.0
    y, treated = accounts["retained"].to_numpy(dtype=float), accounts["arm"].eq("treatment").to_numpy()
    single = difference_in_means(y, treated).standard_error
    grouped = difference_in_means(y, treated, groups=accounts["group_id"].to_numpy()).standard_error
    return max(1.0, (grouped / single) ** 2) if single > 0 else 1.0
