"""Keep what was promised when it was promised: a vintage beside every scores file."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from patron.config import Config
from patron.model import PatronModel
from patron.monitoring import VINTAGE_COLUMNS, Vintage, data_facts, write_vintage
from patron.snapshots import to_day
from patron.workflows.base import Base
from patron.workflows.score_files import read_scores


def vintages_folder(config: Config) -> Path:
    """Return where the vintages of a config lie."""
    return config.output_folder / "vintages"


def keep_vintage(config: Config, model: PatronModel, base: Base, scores: Path) -> list[str]:
    """Keep the scores of a day for `patron monitor`.

    Parameters
    ----------
    config : Config
        With the output folder.
    model : PatronModel
        What scored.
    base : Base
        What was scored.
    scores : Path
        The scores file.

    Returns
    -------
    list of str
        A warning where another model's vintage of that day stands.
    """
    as_of = base.ledger.as_of
    facts = {
        "as_of": as_of.isoformat(),
        "model": model.name,
        "churn_horizon_days": model.parts.settings.churn_horizon_days,
        "clv_horizon_months": model.parts.settings.clv_horizon_months,
        "label": dict(model.manifest["label_definition"]),
        "expected": {name: _churn_metrics(model).get(name) for name in ("auc", "auc_low", "log_loss", "ece")},
        "data": data_facts(base.tables, to_day(as_of)),
    }
    if write_vintage(vintages_folder(config), Vintage(_rows(scores), facts)):
        return []
    return [
        f"the scores that another model made for {as_of} at its time stay what patron monitor judges; to "
        f"replace them, remove '{vintages_folder(config) / as_of.isoformat()}.json'"
    ]


def _rows(scores: Path) -> pd.DataFrame:
    if scores.suffix == ".parquet":
        return pd.read_parquet(scores, columns=list(VINTAGE_COLUMNS))
    return read_scores(scores)[list(VINTAGE_COLUMNS)]


def _churn_metrics(model: PatronModel) -> dict[str, float | None]:
    found = (model.evaluation.get("churn") or {}).get("model") or {}
    return dict(found)
