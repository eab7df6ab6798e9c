"""One run per training: complete and marked so, or visibly failed."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from patron.errors import RegistryError
from patron.model.manifest import read_model
from patron.registry import Store
from patron.registry.training import flatten

Record = Callable[..., str]


def test_a_run_holds_params_metrics_tags_and_files(
    store: Store, model_folder: Path, record: Record, tmp_path: Path
) -> None:
    """What was given can be read back from MLflow."""
    (tmp_path / "plot.png").write_bytes(b"png")
    files = {"evaluation.json": b"{}", "plots/lift.png": tmp_path / "plot.png"}
    run_id = record(store, model_folder, files=files, tags={"patron.as_of": "2011-09-01"})
    run = store.client.get_run(run_id)
    assert run.data.params == {"churn.horizon_days": "90"}
    assert run.data.metrics == {"churn.auc": 0.8}
    assert run.data.tags["patron.as_of"] == "2011-09-01"
    assert (run.info.run_name, run.info.status) == ("first", "FINISHED")
    folder = tmp_path / "mlruns" / "patron" / run_id / "artifacts"
    assert (folder / "evaluation.json").read_bytes() == b"{}"
    assert (folder / "plots" / "lift.png").read_bytes() == b"png"


def test_the_model_in_the_run_verifies(store: Store, model_folder: Path, run_id: str, tmp_path: Path) -> None:
    """The run's `model/` holds the model folder, byte for byte."""
    inner = tmp_path / "mlruns/patron" / run_id / "artifacts/model/artifacts/model"
    assert read_model(inner) == read_model(model_folder)


def test_figures_that_are_not_finite_are_left_out(store: Store, model_folder: Path, record: Record) -> None:
    """NaN and infinity are no figures."""
    metrics = {"good": 1, "nan": float("nan"), "inf": float("inf")}
    assert store.client.get_run(record(store, model_folder, metrics=metrics)).data.metrics == {"good": 1.0}


def test_more_values_than_one_batch_arrive(store: Store, model_folder: Path, record: Record) -> None:
    """MLflow takes 100 params at a time; 250 of them, 250 figures and 250 tags are all there."""
    keys = [f"k{number:03}" for number in range(250)]
    run_id = record(
        store,
        model_folder,
        params=dict.fromkeys(keys, 1),
        metrics=dict.fromkeys(keys, 1),
        tags=dict.fromkeys(keys, "x"),
    )
    data = store.client.get_run(run_id).data
    assert (set(data.params), set(data.metrics)) == (set(keys), set(keys))
    assert set(keys) <= set(data.tags)


def test_long_values_are_cut(store: Store, model_folder: Path, record: Record) -> None:
    """MLflow's limits do not end a training."""
    run_id = record(store, model_folder, params={"long": "x" * 7000}, tags={"long": "y" * 9000})
    data = store.client.get_run(run_id).data
    assert data.params["long"] == "x" * 5999 + "…"
    assert data.tags["long"] == "y" * 7999 + "…"


def test_nested_settings_become_dotted_keys() -> None:
    """Settings are flattened, sorted, and written as JSON where they are no text."""
    nested = {"b": {"d": None, "c": [1, "二"]}, "a": "text", "e": {}}
    assert flatten(nested) == {"a": "text", "b.c": '[1, "二"]', "b.d": "null", "e": "{}"}


def test_the_data_is_named_by_digest_and_holds_no_rows(
    store: Store, model_folder: Path, record: Record
) -> None:
    """The dataset of a run is a name and a digest: no schema, no profile, no path."""
    run = store.client.get_run(record(store, model_folder, data=("orders", "ab" * 32)))
    dataset = run.inputs.dataset_inputs[0].dataset
    assert (dataset.name, dataset.digest, dataset.source) == ("orders", "ab" * 18, '{"name": "orders"}')
    assert (dataset.schema, dataset.profile) == (None, None)
    assert run.data.tags["patron.data.sha256"] == "ab" * 32


@pytest.mark.parametrize("problem", [KeyboardInterrupt, SystemExit, ValueError])
def test_an_interrupted_run_is_failed_and_not_complete(
    store: Store,
    model_folder: Path,
    record: Record,
    monkeypatch: pytest.MonkeyPatch,
    problem: type[BaseException],
) -> None:
    """Ctrl-C, a termination and any error leave a run that says FAILED."""
    import mlflow

    def fail(*_: object) -> None:
        raise problem

    with monkeypatch.context() as patch:
        patch.setattr(mlflow.MlflowClient, "log_artifacts", fail)
        with pytest.raises(problem):
            record(store, model_folder)
    experiment = store.client.get_experiment_by_name("patron")
    (run,) = store.client.search_runs([experiment.experiment_id])
    assert run.info.status == "FAILED"
    assert "patron.complete" not in run.data.tags


def test_the_mark_of_success_is_set_last(
    store: Store, model_folder: Path, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is written to a run after `patron.complete`, so a kill at any moment leaves it without."""
    import mlflow

    calls: list[tuple[str, object]] = []
    for name in ("create_run", "log_batch", "log_inputs", "log_artifacts", "set_terminated", "set_tag"):
        real = getattr(mlflow.MlflowClient, name)

        def call(
            self: object, *args: object, _name: str = name, _real: object = real, **more: object
        ) -> object:
            calls.append((_name, args[1] if len(args) > 1 else None))
            return _real(self, *args, **more)  # type: ignore[operator]

        monkeypatch.setattr(mlflow.MlflowClient, name, call)
    record(store, model_folder, data=("orders", "ab"), files={"a.json": b"{}"})
    assert calls[-1] == ("set_tag", "patron.complete")


def test_runs_of_killed_processes_are_marked(
    store: Store, model_folder: Path, record: Record, run_id: str
) -> None:
    """A run whose process is gone becomes KILLED; those of living processes and other machines stay."""
    experiment = store.client.get_run(run_id).info.experiment_id
    here = socket.gethostname()
    owners = {
        "dead": (here, "4194305"),
        "alive": (here, str(os.getpid())),
        "elsewhere": ("another-host", "4194305"),
    }
    runs = {
        who: store.client.create_run(experiment, tags={"patron.host": host, "patron.pid": pid}).info.run_id
        for who, (host, pid) in owners.items()
    }
    record(store, model_folder)
    statuses = {who: store.client.get_run(run).info.status for who, run in runs.items()}
    assert statuses == {"dead": "KILLED", "alive": "RUNNING", "elsewhere": "RUNNING"}


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a\\b", "model/extra.json", ""])
def test_files_may_not_leave_the_run_or_enter_the_model(
    store: Store, model_folder: Path, record: Record, name: str
) -> None:
    """An extra file in `model/` would make the model unreadable."""
    with pytest.raises(RegistryError, match="a run cannot hold a file called"):
        record(store, model_folder, files={name: b""})


def test_a_folder_that_is_no_model_is_refused_before_a_run_begins(
    store: Store, record: Record, tmp_path: Path
) -> None:
    """No run is made for a training without a model."""
    with pytest.raises(RegistryError, match="is not a model folder"):
        record(store, tmp_path)
    assert store.client.get_experiment_by_name("patron") is None


def test_nothing_reaches_the_terminal(
    store: Store, model_folder: Path, record: Record, capfd: pytest.CaptureFixture[str]
) -> None:
    """MLflow's links, log lines and progress bars stay away."""
    record(store, model_folder)
    assert capfd.readouterr() == ("", "")


def test_a_moved_store_does_not_write_into_the_old_folder(
    store: Store, model_folder: Path, record: Record, run_id: str, tmp_path: Path
) -> None:
    """Addresses in the database are absolute: after a move the training says what to do."""
    from patron.registry import open_store

    moved = tmp_path / "moved"
    moved.mkdir()
    for name in ("mlflow.db", "mlruns"):
        (tmp_path / name).rename(moved / name)
    again = open_store("sqlite:///mlflow.db", root=moved, experiment="patron")
    with pytest.raises(RegistryError, match=r"was moved or copied\. Give tracking.experiment a new name"):
        record(again, model_folder)
    assert not (tmp_path / "mlruns").exists()


def test_an_experiment_may_have_any_name(
    store: Store, model_folder: Path, record: Record, tmp_path: Path
) -> None:
    """Characters that no folder may have are replaced in the folder only."""
    from patron.registry import open_store

    odd = open_store("sqlite:///mlflow.db", root=tmp_path, experiment="../客户/Q3: 100 %")
    run_id = record(odd, model_folder)
    assert (tmp_path / "mlruns" / "_客户_Q3_100_" / run_id / "artifacts/model/MLmodel").is_file()
