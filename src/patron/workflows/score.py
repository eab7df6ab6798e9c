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
from patron.ledger import Ledger, check_freshness
from patron.ledger.publish import Published
from patron.model import PatronModel, load_model_folder
from patron.registry import is_registered, open_store, resolve
from patron.scoring import check_scores_name, read_written
from patron.workflows.base import Base, open_base, reading_rules
from patron.workflows.batch import Advance, Batch, score_in_chunks
from patron.workflows.own_features import own_functions
from patron.workflows.publishing import publish
from patron.workflows.score_files import read_scores, scores_path
from patron.workflows.vintages import keep_vintage

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
    batch : Batch
        Counts, parts, seconds.
    base : Base
        What was scored.
    warnings : list of str
        What a reader should know: settings that changed since training.
    published : Published or None
        What went to the database that the config names.
    """

    path: Path
    model: PatronModel
    batch: Batch
    base: Base
    warnings: list[str]
    published: Published | None = None

    @property
    def counts(self) -> dict[str, int]:
        """Customers by status."""
        return self.batch.counts

    @property
    def scores(self) -> pd.DataFrame:
        """The rows, read from the file each time: a run holds none of them in memory."""
        return read_written(self.path) if self.path.suffix == ".parquet" else read_scores(self.path)


def score(
    config: Config,
    *,
    model: str | None = None,
    out: Path | None = None,
    allow_stale: bool = False,
    features: Mapping[str, FeatureFunction] | None = None,
    progress: Progress = lambda _step: None,
    advance: Advance = lambda _done, _all: None,
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
    advance : callable
        Called with the customers scored and all of them, part by part.

    Returns
    -------
    Scored

    Raises
    ------
    Refused
        If the data are stale or have collapsed; the last output stays, and so do unfinished parts.
    PatronError
        If the scores cannot be published; their file is whole.
    """
    if out is not None:
        check_scores_name(out)
    progress("model")
    loaded = open_model(config, model, features=features)
    progress("orders")
    base = open_base(config, items=loaded.parts.recipe.items)
    if not allow_stale:
        refuse_stale(config, base.ledger)
    progress("scores")
    path = out or scores_path(config, base.ledger.as_of)
    batch = score_in_chunks(loaded, base, path, language=config.language, advance=advance)
    kept = keep_vintage(config, loaded, base, path)
    warnings = [*changed_since(config, loaded), *batch.notes, *kept]
    return Scored(path, loaded, batch, base, warnings, publish(config, path, progress))


def changed_since(config: Config, model: PatronModel) -> list[str]:
    """Name the settings that shape a model and have changed: scores follow the model, not the config.

    Parameters
    ----------
    config : Config
        As it is now.
    model : PatronModel
        Trained by what it was.

    Returns
    -------
    list of str
        Nothing, or one sentence.
    """
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


def refuse_stale(config: Config, ledger: Ledger) -> None:
    """Raise `Refused` if the orders are stale or have collapsed.

    Parameters
    ----------
    config : Config
        With ``freshness``.
    ledger : Ledger
        The orders.
    """
    limits = config.freshness
    # an as_of chosen by hand is a look back: how old it is says nothing about the feed
    today = date.today() if config.as_of == "latest" else ledger.as_of
    problems = check_freshness(
        ledger,
        as_of=ledger.as_of,
        today=today,
        max_age_days=limits.max_age_days,
        min_volume_ratio=limits.min_volume_ratio or None,
    )
    if problems:
        raise Refused(
            problems, next_step="Bring newer orders, or repeat with --allow-stale if this is as it should be."
        )
