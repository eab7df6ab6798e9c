"""A campaign whose effect is known: to test estimates, to teach with.

In:  how many accounts, what calling them does, a seed.
Out: one row per account with its arm, what happened, and the true effect; the true averages (`true_effects`).
Not here: any estimate; the order lines behind it (`simulate_ledger`).

Calling an account multiplies its probability of leaving by 1 - save rate of its tier. Margins are
heavy-tailed (log-normal, sigma 1.5): a few accounts hold most of the money, as in real bases. All true
averages have a closed form, so that a test of coverage carries no error of its own.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from patron.errors import PatronError

#: Kind of effect -> share of the leavers that a call keeps, by tier.
SAVE_RATES = {
    "none": {"at_risk": 0.0, "high_value": 0.0, "potential": 0.0, "standard": 0.0},
    "uniform": {"at_risk": 0.3, "high_value": 0.3, "potential": 0.3, "standard": 0.3},
    "tier": {"at_risk": 0.5, "high_value": 0.2, "potential": 0.1, "standard": 0.0},
    # the riskiest are not the ones to call (Ascarza 2018): waking them makes them leave
    "wrong_customers": {"at_risk": -0.15, "high_value": 0.2, "potential": 0.35, "standard": 0.35},
}
_TIERS = ("at_risk", "high_value", "potential", "standard")
_SHARES = np.array([0.3, 0.2, 0.2, 0.3])
_CHURN = np.array([0.55, 0.15, 0.25, 0.3])  # mean probability of leaving, not called
_LOG_MARGIN = np.array([7.0, 8.5, 8.0, 6.5])  # of the year before
_SIGMA, _NOISE, _CONCENTRATION = 1.5, 0.6, 6.0
_MOST = 0.85  # the highest probability of leaving; a harmful call must not lift it over 1
_STAGES = ("declining", "growing", "mature", "new")
_WINDOW = 90 / 365


class TrueEffects(NamedTuple):
    """Averages over all accounts that could be drawn.

    Parameters
    ----------
    retention : float
        Share of accounts kept by the call, less those driven away.
    margin : float
        Margin per account in the window, currency units.
    save_rate : float
        Overall 1 - churn treated / churn control.
    save_rates : dict
        The same by tier.
    """

    retention: float
    margin: float
    save_rate: float
    save_rates: dict[str, float]


def simulate_campaign(
    accounts: int, effect: str = "none", seed: int = 0, *, stratified: bool = True, treated_share: float = 0.5
) -> pd.DataFrame:
    """Draw accounts, assign arms, and let the window of 90 days pass.

    Parameters
    ----------
    accounts : int
        Rows, at least 2.
    effect : str
        ``none``, ``uniform``, ``tier`` or ``wrong_customers`` (`SAVE_RATES`).
    seed : int
        Same seed, same frame.
    stratified : bool
        Draw the arms within tier and half of the margin (True), or among all accounts.
    treated_share : float
        Share of treatment.

    Returns
    -------
    DataFrame
        ``customer_id``, ``group_id`` (its own), ``stratum``, ``arm`` (``treatment`` or ``control``),
        ``tier``, ``lifecycle_stage``, ``churn_probability`` (not called), ``margin_before`` (365 days),
        ``retained`` (bool), ``margin`` (90 days), ``retention_effect`` (true, of this account).

    Raises
    ------
    PatronError
        For an unknown effect.

    Examples
    --------
    >>> frame = simulate_campaign(200, "uniform", seed=1)
    >>> frame["arm"].value_counts().to_dict()
    {'treatment': 100, 'control': 100}
    >>> round(true_effects("uniform").retention, 4)
    0.1005
    """
    if effect not in SAVE_RATES:
        raise PatronError(f"effect must be one of {', '.join(SAVE_RATES)}, not {effect!r}.")
    draw = np.random.default_rng(seed)
    tier = draw.choice(4, accounts, p=_SHARES)
    share = _CHURN[tier] / _MOST
    churn = _MOST * draw.beta(_CONCENTRATION * share, _CONCENTRATION * (1 - share))
    before = draw.lognormal(_LOG_MARGIN[tier], _SIGMA)
    stratum = 2 * tier + (before > np.exp(_LOG_MARGIN[tier])) if stratified else np.zeros(accounts, np.int64)
    treated = _assigned(stratum, treated_share, draw)
    saved = churn * np.array([SAVE_RATES[effect][name] for name in _TIERS])[tier]
    retained = draw.random(accounts) >= churn - treated * saved
    spread = draw.lognormal(-(_NOISE**2) / 2, _NOISE, accounts)
    name = np.array([f"C{number:05d}" for number in range(accounts)])
    return pd.DataFrame(
        {
            "customer_id": name,
            "group_id": name,
            "stratum": stratum.astype(str),
            "arm": np.where(treated, "treatment", "control"),
            "tier": np.array(_TIERS)[tier],
            "lifecycle_stage": np.array(_STAGES)[draw.integers(0, 4, accounts)],
            "churn_probability": churn,
            "margin_before": before,
            "retained": retained,
            "margin": retained * before * _WINDOW * spread,
            "retention_effect": saved,
        }
    )


def true_effects(effect: str) -> TrueEffects:
    """Return what an endless campaign of this kind would show.

    Parameters
    ----------
    effect : str
        As in `simulate_campaign`.

    Returns
    -------
    TrueEffects
    """
    rates = SAVE_RATES[effect]
    kept = _SHARES * _CHURN * np.array([rates[name] for name in _TIERS])
    money = np.exp(_LOG_MARGIN + _SIGMA**2 / 2) * _WINDOW
    overall = float(kept.sum() / (_SHARES * _CHURN).sum())
    return TrueEffects(float(kept.sum()), float((kept * money).sum()), overall, dict(rates))


def _assigned(stratum: np.ndarray, share: float, draw: np.random.Generator) -> np.ndarray:
    """Treat a share of every stratum; what does not divide is drawn along the sorted strata."""
    order = np.lexsort((draw.random(len(stratum)), stratum))
    places = np.arange(len(stratum)) * share + draw.random()
    treated = np.empty(len(stratum), dtype=bool)
    treated[order] = np.floor(places + share) > np.floor(places)
    return treated
