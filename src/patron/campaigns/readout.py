"""What a campaign came to: by intention to treat, once, at the end of its window.

In:  the plan, who was assigned what, what each account did in the window.
Out: `Readout`, the content of ``readout.json``.
Not here: estimators (`effects`, `redraw`, `save_rates`), outcomes (`outcomes`), uplift (`uplift`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from patron.campaigns.analysis import comparison
from patron.campaigns.assign import TREATMENT
from patron.campaigns.checks import balance, sample_ratio
from patron.campaigns.effects import Effect, difference_in_means
from patron.campaigns.plan import CampaignPlan
from patron.campaigns.readout_words import verdict_words
from patron.campaigns.redraw import difference_redrawn
from patron.campaigns.save_rates import save_rates
from patron.campaigns.shrinkage import random_effects
from patron.errors import NotEnoughData

#: Each account's margin is capped at this quantile of all accounts, for the estimate without heavy tails.
CAP_QUANTILE = 0.99


@dataclass(frozen=True)
class Readout:
    """The result of a campaign.

    Parameters
    ----------
    code : str
        ``helped``, ``harmed``, ``not_shown``, ``invalid`` (the arms are not those that were drawn) or
        ``too_early`` (then there is no effect in it).
    content : mapping
        Plain values: what stands in ``readout.json``.
    """

    code: str
    content: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return dict(self.content)


def read_out(
    plan: CampaignPlan, assignment: pd.DataFrame, outcomes: pd.DataFrame | None, *, as_of: date
) -> Readout:
    """Read a campaign out.

    Parameters
    ----------
    plan : CampaignPlan
        What was to be done.
    assignment : pandas.DataFrame
        `files.ASSIGNMENT_COLUMNS`.
    outcomes : pandas.DataFrame or None
        `outcomes.campaign_outcomes` of the assigned ids, row by row; None before the end of the window: an
        effect that nobody has seen cannot be stopped at a lucky moment.
    as_of : date
        Day of the data.

    Returns
    -------
    Readout
    """
    found = assignment if outcomes is None else assignment[outcomes["is_known"].to_numpy()]
    groups = found.drop_duplicates("group_id")["arm"].eq(TREATMENT)
    ratio = sample_ratio(int(groups.sum()), int((~groups).sum()), plan.treated_share)
    treated = int(assignment["arm"].eq(TREATMENT).sum())
    content: dict[str, Any] = {
        "name": plan.name,
        "as_of": as_of.isoformat(),
        "plan_digest": plan.to_dict()["digest"],
        "window": [plan.as_of, plan.ends_on.isoformat()],
        "days_left": max(0, (plan.ends_on - as_of).days),
        "counts": {
            "treatment": treated,
            "control": len(assignment) - treated,
            "groups": int(assignment["group_id"].nunique()),
        },
        "srm": ratio._asdict(),
        "balance": [row._asdict() for row in balance(assignment)],
    }
    if outcomes is None:
        return _ended("too_early", content, plan)
    accounts = assignment.drop(columns="margin_before").merge(
        outcomes, on="customer_id", validate="one_to_one"
    )
    content |= _effects(accounts, plan)
    if ratio.is_mismatch:
        return _ended("invalid", content, plan)
    decided = content["retention"]["adjusted"]
    code = "helped" if _above(decided["low"]) else "harmed" if _below(decided["high"]) else "not_shown"
    return _ended(code, content, plan)


def _effects(accounts: pd.DataFrame, plan: CampaignPlan) -> dict[str, Any]:
    margin, retained = (accounts[name].to_numpy(dtype=np.float64) for name in ("margin", "retained"))
    capped = np.minimum(margin, np.quantile(margin, CAP_QUANTILE))
    money = _outcome(accounts, "margin", margin, plan)
    money["robust"] = _adjusted(accounts, "margin", capped, plan)
    overall, tiers = save_rates(accounts, alpha=plan.alpha)
    called = int(accounts["arm"].eq(TREATMENT).sum())
    cost, gained = called * plan.cost_per_account, money["adjusted"]
    incremental = {
        name: None if gained[key] is None else gained[key] * called
        for name, key in (("margin", "estimate"), ("margin_low", "low"), ("margin_high", "high"))
    }
    return {
        "unknown_accounts": int((~accounts["is_known"]).sum()),
        "retention": _outcome(accounts, "retention", retained, plan),
        "margin": money,
        "by_tier": _within(accounts, "tier"),
        "by_stage": _within(accounts, "lifecycle_stage"),
        "save_rate": overall._asdict(),
        "save_rates": [rate._asdict() for rate in tiers],
        "cost": cost,
        "incremental": incremental,
        "return_ratio": incremental["margin"] / cost if cost and incremental["margin"] is not None else None,
        "uplift": None,
    }


def _outcome(accounts: pd.DataFrame, name: str, y: np.ndarray, plan: CampaignPlan) -> dict[str, Any]:
    """Return the plain difference and the adjusted one."""
    treated, groups = accounts["arm"].eq(TREATMENT).to_numpy(), accounts["group_id"].to_numpy()
    strata = accounts["stratum"].to_numpy()
    raw = difference_redrawn(y, treated, strata=strata, groups=groups, alpha=plan.alpha, seed=plan.seed)
    return {"raw": _effect(raw, name), "adjusted": _adjusted(accounts, name, y, plan)}


def _adjusted(accounts: pd.DataFrame, name: str, y: np.ndarray, plan: CampaignPlan) -> dict[str, Any]:
    analysis = comparison(
        name,
        accounts["arm"].eq(TREATMENT).to_numpy(),
        strata=accounts["stratum"].to_numpy(),
        groups=accounts["group_id"].to_numpy(),
        margin_before=accounts["margin_before"].to_numpy(dtype=np.float64),
    )
    return _effect(analysis.effect(y, plan.alpha), name)


def _within(accounts: pd.DataFrame, column: str) -> list[dict[str, Any]]:
    """Return the difference in retention by tier or stage, each pulled towards what they share."""
    found = []
    for name, part in accounts.groupby(column, sort=True):
        treated = part["arm"].eq(TREATMENT).to_numpy()
        try:
            effect = difference_in_means(
                part["retained"].to_numpy(dtype=np.float64), treated, groups=part["group_id"].to_numpy()
            )
        except NotEnoughData:
            continue
        if effect.standard_error > 0:
            found.append((str(name), effect))
    if not found:
        return []
    pulled = random_effects([e.estimate for _, e in found], [e.standard_error**2 for _, e in found])
    reach = 1.959963984540054
    return [
        {
            "value": name,
            "n_treated": effect.n_treated,
            "n_control": effect.n_control,
            "raw": effect.estimate,
            "estimate": float(shrunk),
            "low": float(shrunk - reach * error),
            "high": float(shrunk + reach * error),
        }
        for (name, effect), shrunk, error in zip(found, pulled.shrunk, pulled.shrunk_error, strict=True)
    ]


def _ended(code: str, content: dict[str, Any], plan: CampaignPlan) -> Readout:
    en, zh = verdict_words(code, content, plan.currency)
    return Readout(code, {**content, "verdict": {"code": code, "en": en, "zh": zh}})


def _effect(effect: Effect, outcome: str) -> dict[str, Any]:
    """Return plain values; null where a figure is not defined, shares no further apart than all and none."""
    if outcome == "retention":
        effect = effect._replace(low=max(effect.low, -1.0), high=min(effect.high, 1.0))
    return {
        key: None if isinstance(value, float) and not np.isfinite(value) else value
        for key, value in effect._asdict().items()
    }


def _above(low: float | None) -> bool:
    return low is not None and low > 0


def _below(high: float | None) -> bool:
    return high is not None and high < 0
