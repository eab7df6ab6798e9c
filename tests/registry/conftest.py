"""A migrated store takes three seconds to make: it is made once per session and copied."""

import os
import shutil
from pathlib import Path

import pytest
from trade_project import Project, trained_project

from patron.model.manifest import write_model
from patron.registry import Store, log_training, open_store, register_version, set_champion


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("migrated")
    open_store("sqlite:///mlflow.db", root=root, experiment="patron")
    return root / "mlflow.db"


@pytest.fixture
def store(tmp_path: Path, migrated: Path) -> Store:
    shutil.copy(migrated, tmp_path / "mlflow.db")
    return open_store("sqlite:///mlflow.db", root=tmp_path, experiment="patron")


@pytest.fixture
def model_folder(tmp_path: Path) -> Path:
    return write_model(
        tmp_path / "models", "demo", {"churn/trees.txt": b"tree", "clv.json": b"{}"}, {"h": 90}
    )


@pytest.fixture
def run_id(store: Store, model_folder: Path) -> str:
    return log(store, model_folder)


@pytest.fixture
def two_versions(store: Store, run_id: str) -> Store:
    for _ in range(2):
        register_version(store, name="demo", run_id=run_id, tags={})
    return store


def log(store: Store, model_folder: Path, **changes: object) -> str:
    given: dict[str, object] = {
        "run_name": "first",
        "params": {"churn": {"horizon_days": 90}},
        "metrics": {"churn.auc": 0.8},
        "tags": {},
        "files": {},
        "model_folder": model_folder,
    }
    return log_training(store, **{**given, **changes})  # type: ignore[arg-type]


@pytest.fixture
def record() -> object:
    return log


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return trained_project(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session")
def registered(tmp_path_factory: pytest.TempPathFactory, migrated: Path, project: Project) -> Store:
    """The trained project's model as `trade/1`, champion, in a store of its own: MLflow writes beside it."""
    root = tmp_path_factory.mktemp("registered")
    shutil.copy(migrated, root / "mlflow.db")
    store = open_store("sqlite:///mlflow.db", root=root, experiment="patron")
    run_id = log(store, project.trained.folder)
    set_champion(store, "trade", register_version(store, name="trade", run_id=run_id, tags={}), reason="")
    return store


@pytest.fixture(scope="session")
def mlflow_environment(registered: Store) -> dict[str, str]:
    """For processes that load the registered model; pickles are refused, and nothing is reported home."""
    return {
        **os.environ,
        "MLFLOW_TRACKING_URI": registered.client.tracking_uri,
        "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
