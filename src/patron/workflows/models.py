"""`patron models`, `promote`, `rollback`: the versions of a model, and which of them is used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from patron.config import Config
from patron.errors import PatronError, RegistryError
from patron.model import PatronModel, load_model_folder
from patron.registry import (
    Store,
    check_version,
    delete_version,
    get_champion,
    list_versions,
    look_back,
    open_store,
    resolve,
    set_champion,
    swap_champion,
)
from patron.snapshots import to_day
from patron.workflows.base import Base, open_base
from patron.workflows.gate import Gated, gate
from patron.workflows.own_features import own_functions
from patron.workflows.rehearsal import rehearse
from patron.workflows.verdicts import decide, verdict_json

Progress = Callable[[str], None]
_SHOWN = {"auc": "churn.auc", "log_loss": "churn.log_loss"}


@dataclass(frozen=True)
class Promoted:
    """What a promotion did, or would do.

    Parameters
    ----------
    model : str
        ``name/version``.
    promoted : bool
        Whether it is champion now, or would be.
    reason : str
        Why, in words.
    before : str or None
        The version that was champion, None if there was none.
    gate : dict or None
        The figures (`workflows.verdicts.verdict_json`); None where the version was champion already.
    dry_run : bool
        True where nothing was changed.
    """

    model: str
    promoted: bool
    reason: str
    before: str | None
    gate: dict[str, Any] | None
    dry_run: bool


@dataclass(frozen=True)
class RolledBack:
    """What a rollback did, or would do.

    Parameters
    ----------
    model : str
        ``name/version`` that is champion now, or would be.
    before : str
        ``name/version`` that was champion, and is ``previous`` now.
    dry_run : bool
        True where nothing was changed.
    """

    model: str
    before: str
    dry_run: bool


def models(config: Config) -> list[dict[str, Any]]:
    """List the versions of a config's model, oldest first.

    Parameters
    ----------
    config : Config
        With ``name`` and ``tracking``.

    Returns
    -------
    list of dict
        ``version``, ``aliases``, ``as_of``, ``created``, ``grade`` {churn, clv}, ``auc``, ``log_loss``,
        ``gate`` {promoted, reason, judged_at} or None, ``complete``, ``problem``, ``run_id``; None for what
        is not known.
    """
    return [_row(entry) for entry in list_versions(_opened(config), config.name)]


def _row(entry: dict[str, Any]) -> dict[str, Any]:
    tags, of_run = entry["tags"], entry["run_tags"]
    promoted = tags.get("patron.gate.promoted")
    verdict = None
    if promoted is not None:
        verdict = {"promoted": promoted == "true"}
        verdict |= {key: tags.get(f"patron.gate.{key}") for key in ("reason", "judged_at")}
    return {
        "version": entry["version"],
        "aliases": entry["aliases"],
        "as_of": of_run.get("patron.as_of"),
        "created": entry["created"],
        "grade": {what: of_run.get(f"patron.grade.{what}") for what in ("churn", "clv")},
        **{key: entry["metrics"].get(metric) for key, metric in _SHOWN.items()},
        "gate": verdict,
        "complete": entry["problem"] is None,
        "problem": entry["problem"],
        "run_id": entry["run_id"],
    }


def delete_model(config: Config, version: str) -> str | None:
    """Remove a version from the registry; the files of its run stay.

    Parameters
    ----------
    config : Config
        With ``name`` and ``tracking``.
    version : str
        Which; one that an alias points to is refused.

    Returns
    -------
    str or None
        The run it came from.
    """
    return delete_version(_opened(config), config.name, version)


def promote(
    config: Config,
    version: str,
    *,
    dry_run: bool = False,
    progress: Progress = lambda _step: None,
) -> Promoted:
    """Judge a version against the champion on the newest window, and make it champion if it passes.

    Parameters
    ----------
    config : Config
        The whole config; its orders are what is judged by.
    version : str
        The candidate.
    dry_run : bool
        Say what would happen, and change nothing.
    progress : callable
        Called with the name of each step as it begins.

    Returns
    -------
    Promoted

    Raises
    ------
    RegistryError
        If there is no such version, or no complete training made it.
    ModelError
        If its files are damaged, or a feature of the user's own is another one now.
    NotEnoughData
        If the orders are too few for its horizon.
    """
    progress("model")
    store, name = _opened(config), config.name
    check_version(store, name, version)
    label = f"{name}/{version}"
    champion = get_champion(store, name)
    candidate = _loaded(store, config, version)
    if champion == version:
        return _again(store, name, version, dry_run)
    progress("orders")
    base = open_base(config)
    progress("rehearsal")
    judge = _judge(store, config, base, candidate)
    progress("gate")
    gated = judge() if dry_run else decide(store, name, version, judge)
    figures = verdict_json(name, version, gated)
    return Promoted(label, gated.verdict.promote, gated.verdict.reason, gated.champion, figures, dry_run)


def rollback(config: Config, *, dry_run: bool = False) -> RolledBack:
    """Make the version before the champion champion again; the one that was becomes ``previous``.

    Parameters
    ----------
    config : Config
        With ``name`` and ``tracking``; no orders are read.
    dry_run : bool
        Say what would happen, and change nothing.

    Returns
    -------
    RolledBack

    Raises
    ------
    RegistryError
        If there is no version to go back to, or it cannot be read: the champion then stays.
    """
    store, name = _opened(config), config.name
    champion, previous = look_back(store, name)
    try:
        load_model_folder(resolve(store, f"models:/{name}/{previous}", name=name).folder, to_score=False)
    except PatronError as problem:
        raise RegistryError(
            [f"version {previous} of {name} cannot be read, so {champion} stays champion", *problem.problems],
            next_step="patron models CONFIG",
        ) from None
    if not dry_run:
        reason = f"Rolled back from version {champion}."
        swap_champion(store, name, champion, previous, reason=reason)
    return RolledBack(f"{name}/{previous}", f"{name}/{champion}", dry_run)


def _judge(store: Store, config: Config, base: Base, candidate: PatronModel) -> Callable[[], Gated]:
    """Rehearse once; what is returned looks the champion up each time it is called."""
    ledger = base.ledger
    first_day = to_day(ledger.report.first_day or ledger.as_of)
    rehearsal, recipe = rehearse(
        candidate, base.tables, to_day(ledger.as_of), first_day, threads=config.engine.threads
    )
    return lambda: gate(store, config.name, base.tables, rehearsal, recipe, first_day, candidate=candidate)


def _again(store: Store, name: str, version: str, dry_run: bool) -> Promoted:
    """Say that the champion was named; at most, finish a promotion that was interrupted."""
    reason = f"Version {version} is champion already."
    (entry,) = [found for found in list_versions(store, name, metrics=()) if found["version"] == version]
    if not dry_run and "patron.champion.since" not in entry["tags"]:
        set_champion(store, name, version, reason="An interrupted promotion was finished.", expected=version)
    return Promoted(f"{name}/{version}", True, reason, version, None, dry_run)


def _opened(config: Config) -> Store:
    """Open the store of a config; where there is none, nothing was trained."""
    tracking = config.tracking
    return open_store(tracking.uri, root=config.folder, experiment=tracking.experiment, create=False)


def _loaded(store: Store, config: Config, version: str) -> PatronModel:
    found = resolve(store, f"models:/{config.name}/{version}", name=config.name)
    return load_model_folder(found.folder, name=found.label, features=own_functions(config))
