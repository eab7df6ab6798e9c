"""`patron report`: scores + evaluation + data report -> one HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from patron.actions import day_of_scores
from patron.config import Config
from patron.errors import PatronError
from patron.ledger import LedgerReport
from patron.model import PatronModel
from patron.model.card import card_of
from patron.reports import Desk, write_report
from patron.scoring import in_language, status_counts
from patron.workflows.backtest import newest_backtest
from patron.workflows.base import open_base
from patron.workflows.campaigns import campaigns_of
from patron.workflows.desk import collect_desk
from patron.workflows.lists import playbook_of
from patron.workflows.monitor import newest_monitoring
from patron.workflows.score import open_model
from patron.workflows.score_files import newest_scores, read_scores


def report(
    config: Config, *, scores_file: Path | None = None, language: str | None = None, out: Path | None = None
) -> Path:
    """Write the report on a scores file.

    Parameters
    ----------
    config : Config
        The whole config.
    scores_file : Path, optional
        The newest one below the output folder when None.
    language : str, optional
        ``en`` or ``zh``; the config's when None.
    out : Path, optional
        HTML file; below the output folder when None.

    Returns
    -------
    Path

    Raises
    ------
    PatronError
        If there are no scores yet.
    """
    scores = read_scores(scores_file or newest_scores(config))
    model = open_model(config, model_reference(config, str(scores["model"].iloc[0])), to_score=False)
    base = open_base(config.model_copy(update={"as_of": day_of_scores(scores)}))
    desk = collect_desk(config, base, model, scores, language=language or config.language)
    return report_on(config, scores, model, base.ledger.report, desk=desk, language=language, out=out)


def model_reference(config: Config, model: str) -> str:
    """Turn the column ``model`` back into what loads it: ``name/version``, or a folder of the output."""
    if "/" in model:
        return f"models:/{model}"
    folder = config.output_folder / "models" / model
    if not folder.is_dir():
        raise PatronError(
            f"These scores were made with the model folder '{model}', which is not in '{folder.parent}'. "
            "Copy it there, or score with a registered model."
        )
    return str(folder)


def report_on(
    config: Config,
    scores: pd.DataFrame,
    model: PatronModel,
    ledger: LedgerReport,
    *,
    desk: Desk | None = None,
    language: str | None = None,
    out: Path | None = None,
) -> Path:
    """Write the report on scores that are at hand.

    Parameters
    ----------
    config : Config
        For the title, the language and the output folder.
    scores : pandas.DataFrame
        Score rows.
    model : PatronModel
        What scored.
    ledger : LedgerReport
        The data report of the same day.
    desk : Desk, optional
        Of `workflows.desk.collect_desk`: what the report shows beside the scores.
    language, out
        As in `report`.

    Returns
    -------
    Path
    """
    as_of = str(scores["as_of"].iloc[0])
    tongue = language or config.language
    parts = model.parts
    scores = in_language(scores, playbook_of(config), tongue, active_days=parts.settings.active_days)
    name = f"{as_of}.html" if tongue == config.language else f"{as_of}.{tongue}.html"
    evaluation: dict[str, Any] = {**model.evaluation, "counts": status_counts(scores["status"])}
    return write_report(
        out or config.output_folder / "reports" / name,
        scores=scores,
        evaluation=evaluation,
        ledger=ledger.to_dict(),
        title=config.name,
        language=tongue,
        backtest=newest_backtest(config, as_of),
        desk=desk,
        monitoring=newest_monitoring(config, as_of),
        campaigns=[
            (one.plan.to_dict(), one.readout if one.plan.ends_on.isoformat() <= as_of else None)
            for one in campaigns_of(config)
            if one.plan.as_of <= as_of
        ],
        simulated=config.simulated,
        card=card_of({**model.manifest, "name": model.name}, model.evaluation, tongue),
    )
