"""A tracking server by its address: the same flow, checked downloads, one line when it is off."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from trade_project import Project, trained_project

from patron.config import Config, load_config
from patron.errors import RegistryError
from patron.model.manifest import read_model
from patron.registry import (
    Store,
    get_champion,
    log_training,
    open_store,
    register_version,
    set_champion,
)
from patron.workflows import export, models, promote, rollback, score, train

_SETTINGS = ["snapshots.max_count=4", "churn.model=logistic"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_healthy(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """At most a minute."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=1):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(log.read_text(encoding="utf-8")[-2000:])


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Iterator[str]:
    """The address of an MLflow server in a folder of its own."""
    root = tmp_path_factory.mktemp("server")
    shutil.copy(migrated, root / "server.db")
    port, log = free_port(), root / "server.log"
    words = ["--backend-store-uri", f"sqlite:///{root / 'server.db'}", "--workers", "1"]
    words += ["--artifacts-destination", str(root / "artifacts"), "--host", "127.0.0.1", "--port", str(port)]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "mlflow", "server", *words],
            cwd=root,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"},
        )
        try:
            wait_until_healthy(process, f"http://127.0.0.1:{port}", log)
            yield f"http://127.0.0.1:{port}"
        finally:
            os.killpg(process.pid, 9)  # the server and its worker
            process.wait(timeout=20)


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return trained_project(tmp_path_factory.getbasetemp())


@pytest.fixture
def config(project: Project, server: str, tmp_path: Path) -> Config:
    """The project's config, with the server in place of the local store."""
    for name in (project.config.name, "orders.parquet"):
        shutil.copy(project.folder / name, tmp_path / name)
    address = server.replace("http://", "http://somebody:geheimnis@")
    return load_config(tmp_path / project.config.name, [f"tracking.uri={address}", *_SETTINGS])


def log_and_register(store: Store, folder: Path, name: str) -> None:
    run_id = log_training(
        store, run_name="another", params={}, metrics={}, tags={}, files={}, model_folder=folder
    )
    register_version(store, name=name, run_id=run_id, tags={})


def test_versions_over_http_are_listed_moved_verified_and_exported(
    config: Config, project: Project, tmp_path: Path
) -> None:
    """As with a local store; a download is kept, and fetched anew if damaged."""
    named = config.model_copy(update={"name": "twins"})
    store = open_store(config.tracking.uri, root=config.folder, experiment="patron")
    for version in ("1", "2"):
        log_and_register(store, project.trained.folder, "twins")
        set_champion(store, "twins", version, reason="test")
    assert [entry["complete"] for entry in models(named)] == [True, True]
    assert rollback(named).model == "twins/1"
    (kept,) = (config.folder / "mlruns" / "downloaded").glob("twins-1-*")
    (damaged,) = kept.rglob("clv.json")
    damaged.write_bytes(b"{}")
    exported = export("models:/twins@champion", tmp_path / "out", config=named)
    assert read_model(exported.folder) == read_model(project.trained.folder)
    assert damaged.read_bytes() == (project.trained.folder / "clv.json").read_bytes()
    assert not (tmp_path / "mlflow.db").exists()


@pytest.mark.slow
def test_training_promotion_and_scoring_work_over_http(config: Config, project: Project) -> None:
    """The whole way, with the verdict kept on the server."""
    trained = train(config)
    assert trained.model == "trade/1"
    store = open_store(config.tracking.uri, root=config.folder, experiment="patron")
    log_and_register(store, project.trained.folder, "trade")
    done = promote(config, "2")
    assert get_champion(store, "trade") == ("2" if done.promoted else "1")
    assert models(config)[1]["gate"]["promoted"] is done.promoted
    set_champion(store, "trade", "2", reason="for the test")
    assert set(score(config).scores["model"]) == {"trade/2"}
    assert rollback(config).model == "trade/1"


def test_a_server_that_is_off_gives_one_line_soon_and_no_password(tmp_path: Path) -> None:
    """From the command line: exit 1, nothing of the credentials, in seconds."""
    config = tmp_path / "patron.yaml"
    config.write_text(
        "name: trade\nledger: {transactions: orders.parquet, currency: EUR}\n"
        f"tracking: {{uri: 'http://somebody:geheimnis@127.0.0.1:{free_port()}'}}\n",
        encoding="utf-8",
    )
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "patron", "models", str(config)], capture_output=True, text=True, timeout=120
    )
    assert time.monotonic() - began < 60
    assert (done.returncode, done.stdout) == (1, "")
    assert "cannot open the tracking store http://***@127.0.0.1" in done.stderr
    assert "geheimnis" not in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 2


def test_an_unknown_version_on_a_server_is_named(server: str, tmp_path: Path) -> None:
    """The same sentence as with a local store, without the address's password."""
    address = server.replace("http://", "http://somebody:geheimnis@")
    store = open_store(address, root=tmp_path, experiment="patron")
    with pytest.raises(RegistryError, match=r"there is no version 9 of nobody; versions: none") as caught:
        set_champion(store, "nobody", "9", reason="")
    assert "geheimnis" not in str(caught.value)
