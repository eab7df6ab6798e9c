"""`patron score`: champion -> fresh orders -> one row per customer, written beside and renamed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from patron.config import Config
from patron.errors import Refused
from patron.features import FeatureFunction
from patron.ledger import check_freshness
from patron.model import PatronModel, load_model_folder
from patron.registry import is_registered, open_store, resolve
from patron.scoring import check_scores_name, status_counts, write_scores
from patron.workflows.base import Base, open_base, reading_rules
from patron.workflows.own_features import own_functions

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Scored:
    """What a scoring made.

    Parameters
    ----------
    path : Path
        The scores file.
    model : PatronModel
        What scored.
    counts : dict
        Customers by status.
    scores : pandas.DataFrame
        The rows.
    base : Base
        What was scored.
    warnings : list of str
        What a reader should know: settings that changed since training.
    """

    path: Path
    model: PatronModel
    counts: dict[str, int]
    scores: pd.DataFrame
    base: Base
    warnings: list[str]


def score(
    config: Config,
    *,
    model: str | None = None,
    out: Path | None = None,
    allow_stale: bool = False,
    features: Mapping[str, FeatureFunction] | None = None,
    progress: Progress = lambda _step: None,
) -> Scored:
    """Score the customer base of a config.

    Parameters
    ----------
    config : Config
        The whole config.
    model : str, optional
        ``models:/name@alias``, ``models:/name/version`` or a folder; the champion when None.
    out : Path, optional
        ``.parquet`` or ``.csv``; below the config's output folder when None.
    allow_stale : bool
        Score even if the data are stale or have collapsed.
    features : mapping, optional
        Name -> function: own features beside those that the config names.
    progress : callable
        Called with the name of each step as it begins.

    Returns
    -------
    Scored

    Raises
    ------
    Refused
        If the data are stale or have collapsed; the last output stays.
    """
    if out is not None:
        check_scores_name(out)
    progress("model")
    loaded = open_model(config, model, features=features)
    progress("orders")
    base = open_base(config)
    if not allow_stale:
        _refuse_stale(config, base)
    progress("scores")
    scores = loaded.score_tables(base.tables, base.ledger, language=config.language)
    progress("file")
    path = write_scores(scores, out or scores_path(config, base.ledger.as_of))
    return Scored(path, loaded, status_counts(scores["status"]), scores, base, _changed_since(config, loaded))


def _changed_since(config: Config, model: PatronModel) -> list[str]:
    """Name the settings that shape a model and have changed: scores follow the model, not the config."""
    trained, now = model.manifest.get("config", {}), config.to_dict()
    blocks = ("churn", "clv", "features", "segments", "snapshots")
    changed = [
        f"{block}.{key}"
        for block in blocks
        for key, value in now[block].items()
        if block in trained and trained[block].get(key, value) != value
    ]
    rules = {
        key: value
        for key, value in reading_rules(config).items()
        if model.ledger_rules.get(key, value) != value
    }
    changed += [f"ledger.{key}" for key in rules]
    if not changed:
        return []
    return [f"{', '.join(changed)} changed since the model was trained; train again for them to count"]


def open_model(
    config: Config,
    reference: str | None,
    *,
    features: Mapping[str, FeatureFunction] | None = None,
    to_score: bool = True,
) -> PatronModel:
    """Load the model a reference names; MLflow is opened only for a registered one.

    Parameters
    ----------
    config : Config
        With ``tracking`` and ``name``.
    reference : str or None
        The champion when None.
    features : mapping, optional
        Name -> function: own features beside those that the config names.
    to_score : bool
        False for reading only: no function of the user's is imported, and the model may not be able to score.

    Returns
    -------
    PatronModel
    """
    how: dict[str, Any] = {"to_score": to_score}
    if to_score:
        how["features"] = own_functions(config, features)
    wanted = reference or f"models:/{config.name}@champion"
    if not is_registered(wanted):
        return load_model_folder(Path(wanted), **how)
    store = open_store(
        config.tracking.uri, root=config.folder, experiment=config.tracking.experiment, create=False
    )
    found = resolve(store, wanted, name=config.name)
    return load_model_folder(found.folder, name=found.label, **how)


def scores_path(config: Config, as_of: date) -> Path:
    """Return where the scores of a day are written unless the user says otherwise."""
    return config.output_folder / "scores" / f"{as_of.isoformat()}.parquet"


def _refuse_stale(config: Config, base: Base) -> None:
    limits = config.freshness
    # an as_of chosen by hand is a look back: how old it is says nothing about the feed
    today = date.today() if config.as_of == "latest" else base.ledger.as_of
    problems = check_freshness(
        base.ledger,
        as_of=base.ledger.as_of,
        today=today,
        max_age_days=limits.max_age_days,
        min_volume_ratio=limits.min_volume_ratio or None,
    )
    if problems:
        raise Refused(
            problems, next_step="Bring newer orders, or repeat with --allow-stale if this is as it should be."
        )
