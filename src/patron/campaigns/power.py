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
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import stdtrit

from patron.campaigns.assign import TREATMENT, assign
from patron.campaigns.effects import difference_in_means
from patron.errors import NotEnoughData

Floats = NDArray[np.float64]
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
        What `assign` takes, and ``churn_probability``, ``margin_before``.
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
        shares and currency per account; None where a size is too small to be analysed.
    """
    rows = []
    for factor in _SIZES:
        size = max(4, round(len(accounts) * factor))
        found = _sizes_draws(accounts, ratios, size, treated_share, window_share, draws, seed)
        rows.append({"accounts": size, **{name: _smallest(parts, alpha) for name, parts in found.items()}})
    return {"power": POWER, "draws": draws, "sizes": rows}


def power_of(estimates: Floats, errors: Floats, degrees: Floats, difference: float, alpha: float) -> float:
    """Return the share of draws in which a difference would be found."""
    bound = errors * stdtrit(degrees, 1 - alpha / 2)
    return float((np.abs(estimates + difference) > bound).mean())


def _sizes_draws(
    accounts: pd.DataFrame,
    ratios: Sequence[float],
    size: int,
    treated_share: float,
    window_share: float,
    draws: int,
    seed: int,
) -> dict[str, list[tuple[float, float, float]]]:
    """Simulate campaigns without any effect: estimate, error and degrees of freedom of each analysis."""
    rng = np.random.default_rng([seed, size])
    pool = np.asarray(ratios if len(ratios) else [1.0], dtype=np.float64)
    found: dict[str, list[tuple[float, float, float]]] = {
        name: [] for name in ("retention", "retention_adjusted", "margin", "margin_adjusted")
    }
    for _ in range(draws):
        drawn = accounts if size == len(accounts) else _resized(accounts, size, rng)
        try:
            design = assign(drawn, treated_share=treated_share, seed=int(rng.integers(2**31)))
            stays = rng.random(len(design)) >= design["churn_probability"].to_numpy()
            before = design["margin_before"].to_numpy()
            margin = stays * before * window_share * rng.choice(pool, len(design))
            for name, y in (("retention", stays.astype(float)), ("margin", margin)):
                for suffix, covariate in (("", None), ("_adjusted", before)):
                    found[name + suffix].append(_analysed(design, y, covariate))
        except NotEnoughData:
            continue
    return found


def _analysed(design: pd.DataFrame, y: Floats, covariate: Floats | None) -> tuple[float, float, float]:
    treated = design["arm"].eq(TREATMENT).to_numpy()
    groups = design["group_id"].to_numpy()
    strata = None if covariate is None else design["stratum"].to_numpy()
    effect = difference_in_means(y, treated, strata=strata, groups=groups, covariate=covariate)
    return effect.estimate, effect.standard_error, effect.degrees_of_freedom


def _resized(accounts: pd.DataFrame, size: int, rng: np.random.Generator) -> pd.DataFrame:
    """Draw whole groups with replacement until there are enough accounts; copies are groups of their own."""
    groups = list(accounts.groupby("group_id", sort=True).indices.values())
    chosen, total = [], 0
    while total < size:
        chosen.append(groups[int(rng.integers(len(groups)))])
        total += len(chosen[-1])
    rows = accounts.iloc[np.concatenate(chosen)].reset_index(drop=True)
    copy = np.repeat(np.arange(len(chosen)), [len(one) for one in chosen])
    return rows.assign(
        customer_id=[f"{i:07d}" for i in range(len(rows))], group_id=[f"{i:07d}" for i in copy]
    )


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
