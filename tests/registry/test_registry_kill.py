"""A kill between any two calls to MLflow leaves a store that goes on; two at once leave one champion."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from patron.model.manifest import read_model, write_model
from patron.registry import (
    Store,
    get_champion,
    list_versions,
    open_store,
    register_version,
    resolve,
    set_champion,
)

pytestmark = pytest.mark.skipif(os.name != "posix", reason="fork and SIGKILL")
Record = Callable[..., str]

#: Job -> versions registered, champion and previous afterwards.
KILLED = {
    "train-log_artifacts-1": (0, None, None),  # the model's files
    "train-set_registered_model_alias-0": (1, None, None),  # registered, judged, not champion yet
    "promote-set_registered_model_alias-0": (3, "2", "1"),
    "promote-set_registered_model_alias-1": (3, "2", "2"),
    "rollback-set_registered_model_alias-1": (3, "1", "1"),
}
RACE = "race-any-1000"


def run_jobs(root: Path, migrated: Path, jobs: list[str]) -> dict[str, list[int]]:
    """Let the children work; return how each ended."""
    shutil.copy(migrated, root / "mlflow.db")
    write_model(root, "demo", {"churn/trees.txt": b"tree", "clv.json": b"{}"}, {}).rename(root / "model")
    script = Path(__file__).with_name("killed_process.py")
    done = subprocess.run(
        [sys.executable, script, root, *jobs], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    ended: dict[str, list[int]] = json.loads(done.stdout)
    return ended


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Path:
    """Folders that the killed left behind, one for each job."""
    root = tmp_path_factory.mktemp("killed")
    ended = run_jobs(root, migrated, [*KILLED, RACE])
    assert ended == {job: [0, 0] if job == RACE else [-9] for job in ended}
    assert set(ended) == {*KILLED, RACE}
    return root


def opened(folder: Path, experiment: str = "patron") -> Store:
    return open_store("sqlite:///mlflow.db", root=folder, experiment=experiment)


def aliases(store: Store) -> dict[str, str]:
    """Alias -> version."""
    return {alias: entry["version"] for entry in list_versions(store, "demo") for alias in entry["aliases"]}


def go_on(store: Store, model: Path, record: Record) -> None:
    """Train, promote and fetch what is champion, as if nothing had happened."""
    before = get_champion(store, "demo")
    run_id = record(store, model)
    version = register_version(store, name="demo", run_id=run_id, tags={})
    set_champion(store, "demo", version, reason="next", expected=before)
    assert get_champion(store, "demo") == version
    if before is not None:
        assert aliases(store)["previous"] == before
    read_model(resolve(store, "models:/demo@champion", name="demo").folder)


def statuses(store: Store) -> list[str]:
    """Of every run there is."""
    ids = [found.experiment_id for found in store.client.search_experiments()]
    return sorted(run.info.status for run in store.client.search_runs(ids))


@pytest.mark.parametrize("job", KILLED)
def test_after_a_kill_the_registry_is_whole_and_goes_on(root: Path, job: str, record: Record) -> None:
    """The champion is the old one or the new one, every version is complete, the same again finishes it.

    And the next training works, and marks a run that was killed.
    """
    count, champion, previous = KILLED[job]
    # a training goes on in its experiment; the others' store was copied, where a training takes a new one
    store = opened(root / job, "patron" if job.startswith("train") else "again")
    versions = list_versions(store, "demo")
    assert [entry["problem"] for entry in versions] == [None] * count
    found = aliases(store)
    assert (found.get("champion"), found.get("previous")) == (champion, previous)
    if job.startswith("promote"):  # whichever of the two aliases it was killed before
        set_champion(store, "demo", "3", reason="again", expected=champion)
        assert aliases(store) == {"champion": "3", "previous": "2"}
    open_runs = statuses(store).count("RUNNING")
    assert open_runs == (job == "train-log_artifacts-1")
    go_on(store, root / "model", record)
    assert statuses(store).count("KILLED") == open_runs
    assert "RUNNING" not in statuses(store)


def test_of_two_trainings_at_once_each_is_judged_against_the_champion_of_its_move(root: Path) -> None:
    """Both saw none; one became champion, the other was judged again, against it."""
    told = [json.loads((root / RACE / f"told-{n}.json").read_text(encoding="utf-8")) for n in (1, 2)]
    first, second = sorted(told, key=lambda one: len(one["looks"]))
    assert first["looks"] == [None]
    assert second["looks"] == [None, first["version"]]
    assert second["judged_against"] == first["version"]
    store = opened(root / RACE)
    assert aliases(store) == {"champion": second["version"], "previous": first["version"]}
    assert [entry["problem"] for entry in list_versions(store, "demo")] == [None, None]


@pytest.mark.slow
@pytest.mark.parametrize("scenario", ["train", "promote", "rollback"])
def test_a_kill_before_any_call_leaves_a_registry_that_goes_on(
    tmp_path: Path, migrated: Path, scenario: str, record: Record
) -> None:
    """Every single change that a scenario makes, until it makes no more."""
    jobs = [f"{scenario}-any-{number}" for number in range(40)]
    ended = run_jobs(tmp_path, migrated, jobs)
    killed = [job for job in jobs if ended[job] == [-9]]
    assert 4 <= len(killed) < len(jobs)
    assert [ended[job] for job in jobs[len(killed) :]] == [[0]] * (len(jobs) - len(killed))
    for job in killed:
        store = opened(tmp_path / job, "patron" if scenario == "train" else "again")
        assert {entry["problem"] for entry in list_versions(store, "demo")} <= {None}
        if scenario != "train":
            assert get_champion(store, "demo") in ("1", "2", "3")
        go_on(store, tmp_path / "model", record)
        assert "RUNNING" not in statuses(store)
