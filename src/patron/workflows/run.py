"""`patron run`: the whole week in one command: check -> score -> monitor -> report -> worklist -> retrain.

In:  a config. Out: what every step made, and a journal of the day.
Not here: the steps themselves, a scheduler (cron calls this command).

A second run of the same day, orders and settings does nothing; one that was killed goes on with the step it
was at. Retraining comes last: the week's lists do not wait for it, and the new champion scores next week.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, cast

from patron import __version__
from patron.config import Config
from patron.errors import PatronError, saying_what_to_install
from patron.ledger import LedgerReport
from patron.registry import Store, get_champion, list_versions, open_store
from patron.workflows.base import Base, open_base
from patron.workflows.campaigns import campaigns_of
from patron.workflows.check import check_base
from patron.workflows.digests import tables_digest
from patron.workflows.lists import playbook_of
from patron.workflows.monitor import monitor
from patron.workflows.report import report
from patron.workflows.run_journal import Journal
from patron.workflows.score import refuse_stale, score
from patron.workflows.train import train
from patron.workflows.worklist import worklist

Progress = Callable[[str], None]
#: The result of a step as JSON values, and its files.
Made = tuple[dict[str, Any], list[Path]]
#: What is due again so soon after a training would say the same again.
LEAST_DAYS_BETWEEN_TRAININGS = 28
_LOCK_SECONDS = 5
#: Settings that change no result.
_WHERE_NOT_WHAT = ("engine", "tracking", "publish")


@dataclass(frozen=True)
class Ran:
    """What a weekly run made.

    Parameters
    ----------
    as_of : date
        The day.
    checked : LedgerReport
        Of the orders.
    steps : dict
        Step -> its result, with ``files``: ``train`` (where nothing was ever trained), ``score``,
        ``monitor``, ``report``, ``worklist``, ``retrain``.
    done_before : list of str
        Steps that an earlier run of the same day, orders, settings and champion had done.
    journal : Path
        Where this is kept.
    """

    as_of: date
    checked: LedgerReport
    steps: dict[str, dict[str, Any]]
    done_before: list[str]
    journal: Path

    @property
    def asks_for_a_person(self) -> bool:
        """Whether the model is no longer true, and no better one has taken its place."""
        return self.steps["monitor"]["status"] == "retrain" and not self.steps["retrain"]["promoted"]


def run_week(config: Config, *, progress: Progress = lambda _step: None) -> Ran:
    """Do the week's work.

    Parameters
    ----------
    config : Config
        The whole config.
    progress : callable
        Called with the name of each step as it begins.

    Returns
    -------
    Ran

    Raises
    ------
    Refused
        If the data are stale or have collapsed; what was written before stays.
    PatronError
        If another run is at work, the orders cannot be used, or a step fails; the next run goes on there.
    """
    with _one_at_a_time(config.output_folder):
        progress("check")
        playbook = playbook_of(config)
        base = open_base(config, items=())
        checked = check_base(config, base, playbook)
        if not checked.usable:
            raise PatronError("the orders cannot be used", next_step="patron check CONFIG")
        refuse_stale(config, base.ledger)
        # a day that ends meanwhile must not give the steps different days
        config = config.model_copy(update={"as_of": base.ledger.as_of})
        path = config.output_folder / "weekly" / f"{base.ledger.as_of.isoformat()}.json"
        journal = Journal.open(path, _inputs(config, base))
        before = _catch_up(config, journal, progress)
    return Ran(base.ledger.as_of, checked, journal.steps, before, path)


def _catch_up(config: Config, journal: Journal, progress: Progress) -> list[str]:
    """Do the steps that are not done yet; return the names of the others."""
    store = _store(config)
    champion = get_champion(store, config.name)
    if champion is not None and f"{config.name}/{champion}" not in _champions(journal):
        journal.steps.clear()  # somebody put another model in its place
    is_first = "train" in journal.steps or not list_versions(store, config.name, metrics=())
    before = []
    for name, step in _STEPS.items():
        if name == "train" and not is_first:
            continue
        if journal.done(name) is not None:
            before.append(name)
            continue
        progress(name)
        journal.write(name, *step(config, journal))
    return before


def _champions(journal: Journal) -> set[str]:
    """Return the model that scored, and the one that this run itself has put in its place."""
    steps = journal.steps
    return {
        str(steps[name]["model"])
        for name in ("train", "score", "retrain")
        if steps.get(name, {}).get("model")
    }


def _train(config: Config, _journal: Journal) -> Made:
    done = train(config)
    if not done.verdict.promote:
        raise PatronError(
            f"the first model, {done.model}, does not become champion: {done.verdict.reason}",
            next_step="patron models CONFIG",
        )
    return {"model": done.model, "grade": done.learned.evaluation["grade"]}, [done.folder / "manifest.json"]


def _score(config: Config, _journal: Journal) -> Made:
    done = score(config)
    result = {"model": done.model.name, "counts": done.counts, "warnings": done.warnings}
    return {**result, "published": None if done.published is None else done.published.table}, [done.path]


def _monitor(config: Config, _journal: Journal) -> Made:
    done = monitor(config)
    return {"status": done.status, "rules": [rule.to_dict() for rule in done.rules]}, [done.path]


def _report(config: Config, journal: Journal) -> Made:
    return {}, [report(config, scores_file=_scores_file(journal))]


def _worklist(config: Config, journal: Journal) -> Made:
    done = worklist(config, scores_file=_scores_file(journal))
    return {"calls": len(done.lists.calls), "warnings": done.warnings}, done.files


def _retrain(config: Config, journal: Journal) -> Made:
    due, why = retraining_due(
        cast(date, config.as_of),  # pinned by run_week
        [
            row["run_tags"].get("patron.as_of")
            for row in list_versions(_store(config), config.name, metrics=())
        ],
        journal.steps["monitor"],
        config.monitor.retrain_after_days,
    )
    if not due:
        return {"due": False, "why": why, "model": None, "promoted": False}, []
    done = train(config)
    result = {"due": True, "why": why, "model": done.model, "promoted": done.verdict.promote}
    return {**result, "gate": done.verdict.reason}, [done.folder / "manifest.json"]


_STEPS: dict[str, Callable[[Config, Journal], Made]] = {
    "train": _train,
    "score": _score,
    "monitor": _monitor,
    "report": _report,
    "worklist": _worklist,
    "retrain": _retrain,
}


def retraining_due(
    as_of: date, trained: Sequence[str | None], monitored: Mapping[str, Any], after_days: int | None
) -> tuple[bool, str]:
    """Say whether a training is due: on evidence, or because the last one is long ago.

    Parameters
    ----------
    as_of : date
        The day.
    trained : sequence of str or None
        ``as_of`` of every version there is.
    monitored : mapping
        ``status`` and ``rules`` of the monitoring.
    after_days : int or None
        Age of the last training that is reason enough; None: never.

    Returns
    -------
    due : bool
    why : str

    Examples
    --------
    >>> healthy = {"status": "healthy", "rules": []}
    >>> retraining_due(date(2024, 7, 1), ["2023-06-01"], healthy, 365)
    (True, 'the last training was as of 2023-06-01, 396 days ago')
    >>> retraining_due(date(2024, 7, 1), ["2024-06-15"], {"status": "retrain", "rules": []}, 365)
    (False, 'the last training was as of 2024-06-15, 16 days ago: not again within 28 days')
    """
    known = [date.fromisoformat(day) for day in trained if day is not None]
    age = (as_of - max(known)).days if known else None
    last = (
        "nothing is known of earlier trainings"
        if age is None
        else f"the last training was as of {max(known)}"
    )
    if age is not None:
        last = f"{last}, {age:,} days ago"
    if age is not None and age < LEAST_DAYS_BETWEEN_TRAININGS:
        return False, f"{last}: not again within {LEAST_DAYS_BETWEEN_TRAININGS} days"
    if monitored["status"] == "retrain":
        return True, "; ".join(str(rule["en"]) for rule in monitored["rules"]) or "the monitoring says so"
    if any(rule["rule"] == "data" for rule in monitored["rules"]):
        return False, "the data are to be mended first"
    return age is None or (after_days is not None and age >= after_days), last


def _scores_file(journal: Journal) -> Path:
    return Path(journal.steps["score"]["files"][0])


def _store(config: Config) -> Store:
    return open_store(config.tracking.uri, root=config.folder, experiment=config.tracking.experiment)


def _inputs(config: Config, base: Base) -> dict[str, str]:
    """Return digests of what the results depend on, but for the champion (`_champions`)."""
    settings = {key: value for key, value in config.to_dict().items() if key not in _WHERE_NOT_WHAT}
    text = json.dumps(settings, sort_keys=True, default=str)
    return {
        "patron": __version__,
        "config": hashlib.sha256(text.encode()).hexdigest(),
        "orders": tables_digest(base.tables),
        "campaigns": _digest_of_campaigns(config),
    }


def _digest_of_campaigns(config: Config) -> str:
    """Return a digest of plans and readouts: they decide who is left alone, and by which rates is ranked."""
    found = [(one.plan.to_dict(), one.readout) for one in campaigns_of(config)]
    return hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Hold the lock of an output folder; the system gives it back when a run is killed."""
    with saying_what_to_install():
        from filelock import FileLock, Timeout
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / ".run.lock")
    try:
        lock.acquire(timeout=_LOCK_SECONDS)
    except Timeout:
        raise PatronError(
            f"another patron run is at work in '{folder}'", next_step="Wait until it is done, then try again."
        ) from None
    try:
        yield
    finally:
        lock.release()
