"""A process that kills itself right before a chosen call into MLflow; run as a script, once for many kills.

`killed_process.py FOLDER SCENARIO-CALL-K...` reads `FOLDER/mlflow.db` (a migrated store) and `FOLDER/model`
(a model folder), and for each job forks a child that works in a folder of the job's name: it carries the
scenario out and sends itself SIGKILL before the K-th CALL (from 0; `any` for any change). Importing MLflow
takes seconds; forking takes none. Writes one JSON object: job -> how its children ended (`-9` killed, `0`
carried out).
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import mlflow

from patron.evaluation import Verdict
from patron.registry import (
    Store,
    get_champion,
    log_training,
    look_back,
    open_store,
    register_version,
    set_champion,
    set_gate_verdict,
    swap_champion,
)
from patron.workflows.gate import Gated
from patron.workflows.verdicts import decide

CHANGES = (
    "create_experiment",
    "create_run",
    "log_batch",
    "log_inputs",
    "log_artifacts",
    "log_text",
    "set_terminated",
    "set_tag",
    "create_registered_model",
    "create_model_version",
    "set_model_version_tag",
    "set_registered_model_alias",
)


def store_in(folder: Path) -> Store:
    return open_store("sqlite:///mlflow.db", root=folder, experiment="patron")


def register(store: Store, model: Path) -> str:
    """Log and register the tiny model, as a training does."""
    run_id = log_training(
        store,
        run_name="train",
        params={"seed": 1},
        metrics={"churn.auc": 0.8},
        tags={"patron.as_of": "2024-01-01"},
        files={"evaluation.json": b"{}"},
        model_folder=model,
    )
    return register_version(store, name="demo", run_id=run_id, tags={})


def carry_out(store: Store, version: str) -> None:
    """Write the verdict and move the champion."""
    champion = get_champion(store, "demo")
    set_gate_verdict(store, "demo", version, promoted=True, reason="better", details={"n": 3})
    set_champion(store, "demo", version, reason="better", expected=champion)


def train(store: Store, model: Path) -> None:
    carry_out(store, register(store, model))


def promote(store: Store, _model: Path) -> None:
    carry_out(store, "3")


def rollback(store: Store, _model: Path) -> None:
    swap_champion(store, "demo", *look_back(store, "demo"), reason="back")


def race(store: Store, model: Path) -> None:
    """Two at once: both have looked at the champion before either of them moves it."""
    version, looks = register(store, model), []
    assert store.address.database is not None
    folder = store.address.database.parent

    def judge() -> Gated:
        looks.append(get_champion(store, "demo"))
        (folder / f"looked-{version}").touch()
        deadline = time.monotonic() + 60
        while len(list(folder.glob("looked-*"))) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        return Gated(Verdict(True, "better", None, None, None), looks[-1])

    gated = decide(store, "demo", version, judge)
    told = {"version": version, "looks": looks, "judged_against": gated.champion}
    (folder / f"told-{version}.json").write_text(json.dumps(told), encoding="utf-8")


SCENARIOS = {"train": train, "promote": promote, "rollback": rollback, "race": race}


def kill_before(call: str, number: int) -> None:
    """Count the changes that the client is asked for; the one with this number is never made."""
    left = [number]

    def counting(real: Callable[..., object]) -> Callable[..., object]:
        def change(*args: object, **more: object) -> object:
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left[0] -= 1
            return real(*args, **more)

        return change

    for name in CHANGES if call == "any" else (call,):
        setattr(mlflow.MlflowClient, name, counting(getattr(mlflow.MlflowClient, name)))


def in_a_child(work: Callable[[], None]) -> int:
    """Fork; return the child's process id."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        work()
        code = 0
    finally:
        sys.stderr.flush()
        os._exit(code)


def begin(root: Path, job: str) -> Callable[[], None]:
    """Return what a child does in its folder; for all but a training three versions are there already."""
    scenario, call, number = job.split("-")
    folder = root / job

    def work() -> None:
        store = store_in(folder)
        kill_before(call, int(number))
        SCENARIOS[scenario](store, root / "model")

    folder.mkdir()
    shutil.copy(root / ("mlflow.db" if scenario in ("train", "race") else "three.db"), folder / "mlflow.db")
    return work


def prepare(root: Path) -> None:
    """Make a store of three versions: 1 was champion before 2, and 3 is new."""

    def work() -> None:
        store = store_in(root / "three")
        for _ in range(3):
            register(store, root / "model")
        for version in ("1", "2"):
            set_champion(store, "demo", version, reason="first")

    (root / "three").mkdir()
    shutil.copy(root / "mlflow.db", root / "three" / "mlflow.db")
    assert os.waitstatus_to_exitcode(os.waitpid(in_a_child(work), 0)[1]) == 0
    shutil.copy(root / "three" / "mlflow.db", root / "three.db")


def main() -> None:
    root = Path(sys.argv[1])
    (root / "warm").mkdir()
    shutil.copy(root / "mlflow.db", root / "warm" / "mlflow.db")
    store_in(root / "warm")  # what MLflow imports on the way, each child has from the start
    prepare(root)
    outcomes = {}
    for job in sys.argv[2:]:
        work = begin(root, job)
        children = [in_a_child(work) for _ in range(2 if job.startswith("race") else 1)]
        outcomes[job] = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    sys.stdout.write(json.dumps(outcomes))


if __name__ == "__main__":
    main()
