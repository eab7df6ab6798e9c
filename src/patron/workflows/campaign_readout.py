"""`patron campaign readout`: a finished campaign + fresh orders -> what it came to, and save rates."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from patron.campaigns import (
    READOUT,
    Campaign,
    Readout,
    campaign_outcomes,
    check_name,
    judge_uplift,
    read_campaign,
    read_out,
    write_uplift,
)
from patron.config import Config
from patron.errors import PatronError
from patron.evaluation import known_until
from patron.features import coded_features
from patron.registry import log_result, open_store
from patron.reports import render_readout
from patron.snapshots import day_of, to_day
from patron.whole_files import write_text
from patron.workflows.base import Base, open_base
from patron.workflows.campaigns import campaigns_folder, uplift_features
from patron.workflows.score import open_model

Progress = Callable[[str], None]


@dataclass(frozen=True)
class CampaignRead:
    """A campaign that was read out.

    Parameters
    ----------
    campaign : Campaign
        Plan and assignment.
    readout : Readout
        What it came to.
    path : Path or None
        ``readout.json``; None before the end of the window.
    page : Path or None
        The same for people, ``readout.html``.
    """

    campaign: Campaign
    readout: Readout
    path: Path | None
    page: Path | None = None


def read_out_campaign(config: Config, name: str, *, progress: Progress = lambda _step: None) -> CampaignRead:
    """Compare the treated with the control accounts of a campaign, once its window is over.

    Parameters
    ----------
    config : Config
        The whole config.
    name : str
        Of the campaign.
    progress : callable
        Called with the name of each step as it begins.

    Returns
    -------
    CampaignRead

    Raises
    ------
    PatronError
        If there is no such campaign, its files were changed, or MLflow refuses the run.
    """
    check_name(name)
    folder = campaigns_folder(config) / name
    if not folder.is_dir():
        known = ", ".join(sorted(path.name for path in campaigns_folder(config).glob("*") if path.is_dir()))
        raise PatronError(
            f"there is no campaign '{name}' in '{campaigns_folder(config)}'; there is {known or 'none'}.",
            next_step=f"patron campaign design CONFIG --name {name}",
        )
    campaign = read_campaign(folder)
    progress("orders")
    base = open_base(config)
    plan = campaign.plan
    # orders that end before the window does must not look like accounts that left
    until = day_of(known_until(base.tables, to_day(base.ledger.as_of)))
    if until < plan.ends_on:
        return CampaignRead(campaign, read_out(plan, campaign.assignment, None, as_of=until), None)
    progress("readout")
    outcomes = campaign_outcomes(
        base.tables,
        campaign.assignment["customer_id"].tolist(),
        start_day=to_day(plan.assigned_on),
        window_days=plan.window_days,
        covariate_days=plan.covariate_days,
        margin=config.clv.margin,
        minor_digits=base.ledger.minor_digits,
    )
    found = read_out(plan, campaign.assignment, outcomes, as_of=until)
    found = replace(
        found, content={**found.content, "uplift": _uplift(config, base, campaign, outcomes, folder)}
    )
    text = json.dumps(found.to_dict(), indent=1, allow_nan=False, ensure_ascii=False)
    write_text(folder / READOUT, text + "\n")
    page = folder / "readout.html"
    said = render_readout(
        plan.to_dict(), found.to_dict(), language=config.language, is_simulated=config.simulated
    )
    write_text(page, said)
    progress("tracking")
    _log(config, plan.name, found)
    return CampaignRead(campaign, found, folder / READOUT, page)


def _uplift(
    config: Config, base: Base, campaign: Campaign, outcomes: pd.DataFrame, folder: Path
) -> dict[str, Any] | None:
    """Say whether a ranking by uplift would have found the right accounts better; None without a champion."""
    try:
        recipe = open_model(config, None, to_score=False).parts.recipe
    except PatronError:
        return None
    rows = campaign.assignment.drop(columns="margin_before").merge(outcomes, on="customer_id")
    features = uplift_features(base, recipe, campaign.plan.assigned_on)
    known = features.reindex(rows["customer_id"]).reset_index(drop=True)
    found = judge_uplift(rows, known, categorical=coded_features(recipe), seed=campaign.plan.seed)
    digest = None if found.models is None else write_uplift(folder, found.models)
    return {**found.to_dict(), "models_sha256": digest}


def _log(config: Config, name: str, found: Readout) -> None:
    store = open_store(config.tracking.uri, root=config.folder, experiment=config.tracking.experiment)
    content = found.content
    effects = {outcome: content[outcome]["adjusted"] for outcome in ("retention", "margin")}
    figures = {
        f"{outcome}.{key}": effect[key]
        for outcome, effect in effects.items()
        for key in ("estimate", "low", "high")
    }
    figures["save_rate"] = content["save_rate"]["save_rate"]
    log_result(
        store,
        "campaign",
        run_name=f"campaign {name}",
        result=found.to_dict(),
        metrics={key: float(value) for key, value in figures.items() if value is not None},
        tags={
            "patron.as_of": str(content["as_of"]),
            "patron.campaign": name,
            "patron.verdict": found.code,
            "patron.plan": str(content["plan_digest"]),
        },
    )
