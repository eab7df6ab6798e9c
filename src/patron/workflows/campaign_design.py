"""`patron campaign design`: a day's candidates -> who is called and who is left alone, kept for good."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from patron.actions import NOT_DUE, OVER_CAPACITY, day_of_scores
from patron.campaigns import (
    ANALYSIS,
    PLAN,
    TREATMENT,
    CampaignPlan,
    assign,
    assignment_bytes,
    campaign_outcomes,
    check_name,
    detectable,
    running,
    write_campaign,
)
from patron.config import Config
from patron.errors import NotEnoughData, PatronError
from patron.ledger import top_parents
from patron.model import PatronModel
from patron.snapshots import history_before, to_day
from patron.workflows.base import Base, open_base
from patron.workflows.campaigns import campaigns_folder, campaigns_of
from patron.workflows.lists import lists_of
from patron.workflows.report import model_reference
from patron.workflows.score import open_model
from patron.workflows.score_files import newest_scores, read_scores

Progress = Callable[[str], None]
COVARIATE_DAYS, ALPHA = 365, 0.05
_STRATA = ("tier", "lifecycle_stage", "half of value at risk")
_HYPOTHESIS = "Calling an account on the worklist makes it likelier to order within the window."


@dataclass(frozen=True)
class Designed:
    """A campaign that was written down.

    Parameters
    ----------
    plan : CampaignPlan
        As written.
    assignment : pandas.DataFrame
        Who was assigned what.
    folder : Path
        With ``plan.json`` and ``assignment.csv``.
    """

    plan: CampaignPlan
    assignment: pd.DataFrame
    folder: Path

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: the plan, and where it lies."""
        return {**self.plan.to_dict(), "folder": str(self.folder.resolve())}


def design_campaign(
    config: Config,
    name: str,
    *,
    scores_file: Path | None = None,
    window_days: int = 90,
    treated_share: float = 0.5,
    size: int | None = None,
    cost: float | None = None,
    progress: Progress = lambda _step: None,
) -> Designed:
    """Assign the accounts of a day's worklist to treatment and control.

    Parameters
    ----------
    config : Config
        The whole config.
    name : str
        Of the campaign.
    scores_file : Path, optional
        The newest one below the output folder when None.
    window_days : int
        How long outcomes are counted.
    treated_share : float
        Share of the buying groups that is called.
    size : int, optional
        So many candidates with the largest risk x value, also those beyond the list's capacity and those who
        are not due this week; the list when None.
    cost : float, optional
        Of calling one account; the config's ``worklist.cost`` when None.
    progress : callable
        Called with the name of each step as it begins.

    Returns
    -------
    Designed

    Raises
    ------
    PatronError
        If the name is taken or none, or there are no scores.
    NotEnoughData
        With fewer than two groups in an arm.
    """
    folder = _free_folder(config, name)
    path = scores_file or newest_scores(config)
    scores = read_scores(path)
    as_of = day_of_scores(scores)
    progress("orders")
    config = config.model_copy(update={"as_of": as_of})
    base = open_base(config)
    model = open_model(config, model_reference(config, str(scores["model"].iloc[0])), to_score=False)
    progress("accounts")
    accounts, excluded = _accounts(config, base, model, scores, size)
    design = assign(accounts, treated_share=treated_share, seed=config.seed)
    design["assigned_on"] = as_of.isoformat()
    progress("power")
    content = assignment_bytes(design)
    plan = CampaignPlan(
        name=name,
        hypothesis=_HYPOTHESIS,
        as_of=as_of.isoformat(),
        window_days=window_days,
        alpha=ALPHA,
        treated_share=treated_share,
        strata=_STRATA,
        covariate_days=COVARIATE_DAYS,
        seed=config.seed,
        cost_per_account=config.worklist.cost if cost is None else cost,
        currency=base.ledger.currency,
        **_counts(design),
        power=_power(config, base, model, design, window_days, treated_share),
        analysis=ANALYSIS,
        excluded=excluded,
        scores_sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        assignment_sha256=hashlib.sha256(content).hexdigest(),
    )
    write_campaign(folder, plan, content)
    return Designed(plan, design, folder)


def _free_folder(config: Config, name: str) -> Path:
    """Refuse a name that is none or taken before the work is done, not after."""
    check_name(name)
    folder = campaigns_folder(config) / name
    if (folder / PLAN).exists():
        raise PatronError(
            f"there is a campaign '{name}' already, and an assignment never changes.",
            next_step="Choose another name with --name.",
        )
    return folder


def _counts(design: pd.DataFrame) -> dict[str, int]:
    called = int(design["arm"].eq(TREATMENT).sum())
    groups = int(design["group_id"].nunique())
    return {"accounts": len(design), "groups": groups, "treated": called, "control": len(design) - called}


def _accounts(
    config: Config, base: Base, model: PatronModel, scores: pd.DataFrame, size: int | None
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return the accounts that take part, and how many candidates do not, by reason."""
    lists, _ = lists_of(config, base, model, scores, language=config.language, stopped=None)
    judged = lists.judged
    eligible = judged["left_off"].isna() | (_could_be_called(judged) & (size is not None))
    excluded = judged.loc[~eligible, "left_off"].value_counts()
    others = running(campaigns_of(config), day_of_scores(scores))
    taken = {customer for one in others for customer in one.assignment["customer_id"]}
    chosen = judged[eligible & ~judged["customer_id"].isin(taken)].head(size or len(judged))
    counts = {str(reason): int(n) for reason, n in excluded.items()}
    in_other = int((eligible & judged["customer_id"].isin(taken)).sum())
    counts |= {"in_another_campaign": in_other} if in_other else {}
    if chosen.empty:
        raise NotEnoughData("no account is left for a campaign", next_step="patron worklist CONFIG")
    known = scores.set_index("customer_id").loc[chosen["customer_id"]]
    columns = ("tier", "lifecycle_stage", "churn_probability", "value_at_risk", "clv")
    accounts = known[list(columns)].reset_index()
    attributes = history_before(base.tables, to_day(day_of_scores(scores))).attributes
    tops = None if attributes is None or "parent_id" not in attributes else top_parents(attributes)
    own = accounts["customer_id"]
    accounts["group_id"] = own if tops is None else own.map(tops).fillna(own)
    past = _past(base, model, accounts, 0)
    return accounts.assign(margin_before=past["margin_before"].to_numpy()), counts


def _could_be_called(judged: pd.DataFrame) -> pd.Series:
    """Say which accounts a longer list of a longer time would hold: they come due within the window."""
    return judged["left_off"].isin((OVER_CAPACITY, NOT_DUE)) & (judged["risk_x_value"] > 0)


def _past(base: Base, model: PatronModel, accounts: pd.DataFrame, days_ago: int) -> pd.DataFrame:
    """Return what the accounts did in the days up to now, and before them."""
    return campaign_outcomes(
        base.tables,
        accounts["customer_id"].tolist(),
        start_day=to_day(base.ledger.as_of) - days_ago,
        window_days=days_ago,
        covariate_days=COVARIATE_DAYS,
        margin=model.parts.settings.margin,
        minor_digits=base.ledger.minor_digits,
    )


def _power(
    config: Config,
    base: Base,
    model: PatronModel,
    accounts: pd.DataFrame,
    window_days: int,
    treated_share: float,
) -> dict[str, Any]:
    """Simulate on the accounts' own last window: how far its margins lay from those of the year before."""
    share = window_days / COVARIATE_DAYS
    past = _past(base, model, accounts, window_days)
    bought = past[(past["margin"] > 0) & (past["margin_before"] > 0)]
    ratios = (bought["margin"] / (bought["margin_before"] * share)).tolist()
    usable = accounts.assign(churn_probability=accounts["churn_probability"].fillna(0.5))
    found = detectable(
        usable, ratios, treated_share=treated_share, window_share=share, alpha=ALPHA, seed=config.seed
    )
    return {**found, "accounts_behind_margins": len(bought), "basis": _basis(len(bought))}


def _basis(accounts: int) -> str:
    if not accounts:
        return "no account bought in the window before: margins as the year before, without their scatter"
    return f"scatter of margins as of {accounts} accounts in the window before"
