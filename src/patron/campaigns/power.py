"""What a campaign could find: the smallest differences that four of five such campaigns would show.

In:  the accounts, what is known of them, the design.
Out: detectable differences in retention and margin, and what more accounts would buy.
Not here: the draw (`assign`), the estimators (`effects`).

By simulation, because a few accounts hold most of the money: in every draw each account stays or leaves by
its own churn probability, brings its own margin of the year before, scaled to the window and by a ratio that
one of the accounts showed in its last window, and the arms are drawn again in the same way. A difference d
is found where |estimate + d| exceeds the bound of its own interval; the detectable one in 80 % of draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import stdtrit

from patron.campaigns.assign import draw_arms
from patron.campaigns.effects import Effect, difference_in_means
from patron.errors import NotEnoughData

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
POWER, DRAWS = 0.8, 500
_SIZES = (0.5, 1.0, 2.0, 4.0)


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
        ``power``, ``draws``, ``sizes``: [{accounts, retention, retention_adjusted, margin, margin_adjusted}]:
        shares and currency per account; None where a size is too small to show anything.
    """
    known, pool = _known(accounts), np.asarray(ratios if len(ratios) else [1.0], dtype=np.float64)
    rows = []
    for factor in _SIZES:
        size = max(4, round(len(accounts) * factor))
        found = _simulated(known, pool, size, (treated_share, window_share), draws, seed)
        smallest = {name: _smallest(parts, alpha) for name, parts in found.items()}
        rows.append({"accounts": size, **{name: _possible(name, d) for name, d in smallest.items()}})
    return {"power": POWER, "draws": draws, "sizes": rows}


def power_of(estimates: Floats, errors: Floats, degrees: Floats, difference: float, alpha: float) -> float:
    """Return the share of draws in which a difference would be found."""
    bound = errors * stdtrit(degrees, 1 - alpha / 2)
    return float((np.abs(estimates + difference) > bound).mean())


class _Known(NamedTuple):
    """What is known of each account, as arrays: its group and stratum, its chances, its money."""

    group: Ints
    stratum: Ints
    churn: Floats
    before: Floats


def _known(accounts: pd.DataFrame) -> _Known:
    return _Known(
        np.unique(accounts["group_id"].to_numpy(dtype=str), return_inverse=True)[1],
        np.unique(accounts["stratum"].to_numpy(dtype=str), return_inverse=True)[1],
        accounts["churn_probability"].to_numpy(dtype=np.float64),
        accounts["margin_before"].to_numpy(dtype=np.float64),
    )


def _simulated(
    known: _Known, pool: Floats, size: int, shares: tuple[float, float], draws: int, seed: int
) -> dict[str, list[tuple[float, float, float]]]:
    """Simulate campaigns without any effect: estimate, error and degrees of freedom of each analysis."""
    rng, (treated_share, window_share) = np.random.default_rng([seed, size]), shares
    found: dict[str, list[tuple[float, float, float]]] = {
        name: [] for name in ("retention", "retention_adjusted", "margin", "margin_adjusted")
    }
    for _ in range(draws):
        drawn = known if size == len(known.group) else _resized(known, size, rng)
        first = np.unique(drawn.group, return_index=True)[1]
        treated = draw_arms(drawn.stratum[first], treated_share, rng)[drawn.group]
        stays = rng.random(len(treated)) >= drawn.churn
        margin = stays * drawn.before * window_share * rng.choice(pool, len(treated))
        try:
            for name, y, before in (
                ("retention", stays.astype(np.float64), np.log1p(np.maximum(drawn.before, 0.0))),
                ("margin", margin, drawn.before),
            ):
                found[name].append(_figures(difference_in_means(y, treated, groups=drawn.group)))
                adjusted = difference_in_means(
                    y, treated, strata=drawn.stratum, groups=drawn.group, covariate=before
                )
                found[f"{name}_adjusted"].append(_figures(adjusted))
        except NotEnoughData:  # so few that an arm cannot carry its strata
            continue
    return found


def _figures(effect: Effect) -> tuple[float, float, float]:
    return effect.estimate, effect.standard_error, effect.degrees_of_freedom


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


def _possible(name: str, difference: float | None) -> float | None:
    """Return a difference, None for a share above 1: no such campaign could show anything."""
    is_beyond = difference is not None and name.startswith("retention") and difference > 1
    return None if is_beyond else difference


def _smallest(parts: Sequence[tuple[float, float, float]], alpha: float) -> float | None:
    """Return the smallest difference with the power asked for."""
    if not parts:
        return None
    estimates, errors, degrees = np.array(parts).T
    usable = np.isfinite(errors) & (errors > 0) & np.isfinite(degrees)
    if usable.mean() < POWER:
        return None
    figures = estimates[usable], errors[usable], degrees[usable]
    highest = 20 * float(errors[usable].max())
    return float(brentq(lambda d: power_of(*figures, d, alpha) - POWER, 0.0, highest, xtol=highest * 1e-6))
