"""What a campaign could find: the smallest differences that four of five such campaigns would show.

In:  the accounts, what is known of them, the design.
Out: detectable differences in retention and margin, and what more accounts would buy.
Not here: the draw (`assign`), the analysis (`analysis`).

By simulation, because a few accounts hold most of the money: in every draw each account stays or leaves by
its own churn probability, brings its own margin of the year before, scaled to the window and by a ratio that
one of the accounts showed in its last window, and the arms are drawn again in the same way. Calling keeps a
share of those who would leave, the save rate; the detectable one is found by the analysis of the plan in
80 % of draws. It is the same chance in all of them, so that a higher save rate only keeps more accounts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from patron.campaigns.analysis import comparison
from patron.campaigns.assign import draw_arms
from patron.campaigns.effects import Comparison
from patron.errors import NotEnoughData

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
POWER, DRAWS = 0.8, 500
OUTCOMES = ("retention", "margin")
_SIZES = (0.5, 1.0, 2.0, 4.0)
_STEPS, _CLOSE = 8, 0.02  # of the search; a third of what 500 draws are sure of, on the normal scale


def detectable(
    accounts: pd.DataFrame,
    ratios: Sequence[float],
    *,
    treated_share: float,
    window_share: float,
    alpha: float = 0.05,
    draws: int = DRAWS,
    seed: int = 0,
) -> dict[str, Any]:
    """Find the detectable differences of a campaign and of smaller and larger ones.

    Parameters
    ----------
    accounts : pandas.DataFrame, shape (n, ...)
        Of `assign`: ``group_id``, ``stratum``; and ``churn_probability``, ``margin_before``.
    ratios : sequence of float
        Margin of a past window / what the year before let expect, of accounts that bought in it.
    treated_share : float
        Of the design.
    window_share : float
        Window / days of ``margin_before``.
    alpha : float
        1 - level.
    draws : int
        Simulated campaigns per size.
    seed : int
        Of the simulation.

    Returns
    -------
    dict
        ``power``, ``draws``, ``sizes``: [{accounts, retention, retention_save_rate, margin,
        margin_save_rate}]: the difference in the share that stays and in currency per account, with the save
        rate that brings it; None where keeping every single account would not show.
    """
    known, pool = _known(accounts), np.asarray(ratios if len(ratios) else [1.0], dtype=np.float64)
    rows = []
    for factor in _SIZES:
        size = max(4, round(len(accounts) * factor))
        campaigns = _drawn(known, pool, size, (treated_share, window_share), draws, seed)
        row: dict[str, Any] = {"accounts": size}
        for outcome in OUTCOMES:
            rate = _smallest(campaigns, outcome, alpha)
            lost = known.churn * (
                1.0 if outcome == "retention" else known.before * window_share * pool.mean()
            )
            row |= {
                outcome: None if rate is None else rate * float(lost.mean()),
                f"{outcome}_save_rate": rate,
            }
        rows.append(row)
    return {"power": POWER, "draws": draws, "sizes": rows}


class _Known(NamedTuple):
    """What is known of each account, as arrays: its group and stratum, its chances, its money."""

    group: Ints
    stratum: Ints
    churn: Floats
    before: Floats


class _Campaign(NamedTuple):
    """A simulated campaign, but for what calling does: its luck is drawn."""

    known: _Known
    treated: Bools
    luck: Floats  # an account leaves where this is below its chance of leaving
    margin: Floats  # of the window, should it stay

    def outcome(self, name: str, save_rate: float) -> Floats:
        leaves = self.luck < self.known.churn * (1 - save_rate * self.treated)
        return np.where(leaves, 0.0, 1.0 if name == "retention" else self.margin)


def _known(accounts: pd.DataFrame) -> _Known:
    return _Known(
        np.unique(accounts["group_id"].to_numpy(dtype=str), return_inverse=True)[1],
        np.unique(accounts["stratum"].to_numpy(dtype=str), return_inverse=True)[1],
        accounts["churn_probability"].to_numpy(dtype=np.float64),
        accounts["margin_before"].to_numpy(dtype=np.float64),
    )


def _drawn(
    known: _Known, pool: Floats, size: int, shares: tuple[float, float], draws: int, seed: int
) -> list[_Campaign]:
    rng, (treated_share, window_share) = np.random.default_rng([seed, size]), shares
    campaigns = []
    for _ in range(draws):
        own = known if size == len(known.group) else _resized(known, size, rng)
        first = np.unique(own.group, return_index=True)[1]
        treated = draw_arms(own.stratum[first], treated_share, rng)[own.group]
        margin = own.before * window_share * rng.choice(pool, len(treated))
        campaigns.append(_Campaign(own, treated, rng.random(len(treated)), margin))
    return campaigns


def _resized(known: _Known, size: int, rng: np.random.Generator) -> _Known:
    """Draw whole groups with replacement until there are enough accounts; copies are groups of their own."""
    order = np.argsort(known.group, kind="stable")
    counts = np.bincount(known.group)
    starts = np.cumsum(counts) - counts
    chosen = rng.integers(len(counts), size=size)
    chosen = chosen[: int(np.searchsorted(np.cumsum(counts[chosen]), size)) + 1]
    rows = np.concatenate([order[starts[one] : starts[one] + counts[one]] for one in chosen])
    copy = np.repeat(np.arange(len(chosen)), counts[chosen])
    return _Known(copy, known.stratum[rows], known.churn[rows], known.before[rows])


def _smallest(campaigns: Sequence[_Campaign], outcome: str, alpha: float) -> float | None:
    """Return the smallest save rate with the power asked for: false position on the normal scale of power."""
    analyses = [_analysis(one, outcome) for one in campaigns]

    def distance(save_rate: float) -> float:
        pairs = zip(analyses, campaigns, strict=True)
        found = [a is not None and a.excludes_zero(c.outcome(outcome, save_rate), alpha) for a, c in pairs]
        half = 0.5 / len(found)  # none and all of the draws have a place on the scale, too
        return float(ndtri(np.clip(np.mean(found), half, 1 - half)) - ndtri(POWER))

    # without an effect the interval excludes zero in a share alpha of the draws
    low, high, below, above = 0.0, 1.0, float(ndtri(alpha) - ndtri(POWER)), distance(1.0)
    if above < 0:
        return None
    for _ in range(_STEPS):
        # nearly a straight line in between; kept off the ends, where a bend would hold it
        rate = low + min(max(below / (below - above), 0.05), 0.95) * (high - low)
        found = distance(rate)
        if abs(found) < _CLOSE:
            return rate
        low, below = (rate, found) if found < 0 else (low, below)
        high, above = (high, above) if found < 0 else (rate, found)
    return low + below / (below - above) * (high - low)


def _analysis(campaign: _Campaign, outcome: str) -> Comparison | None:
    """Return the analysis of the plan; None where an arm is too small for one."""
    known = campaign.known
    try:
        return comparison(
            outcome,
            campaign.treated,
            strata=known.stratum,
            groups=known.group,
            margin_before=known.before,
        )
    except NotEnoughData:
        return None
