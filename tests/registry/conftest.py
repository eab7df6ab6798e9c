"""A migrated store takes three seconds to make: it is made once per session and copied."""

import shutil
from pathlib import Path

import pytest

from patron.model.manifest import write_model
from patron.registry import Store, log_training, open_store, register_version


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
