"""The trained project, and a copy of it in which two more models were trained."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from trade_project import Project, copied, trained_project

from patron.config import Config, load_config
from patron.registry import Store, open_store
from patron.workflows import Trained, train


class Retrained(NamedTuple):
    """A store with three versions: the first champion, the same again, a poor one."""

    config: Config
    store: Store
    same: Trained
    poor: Trained


def store_of(config: Config) -> Store:
    """Open the store of a config."""
    return open_store(config.tracking.uri, root=config.folder, experiment=config.tracking.experiment)


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return trained_project(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session")
def retrained(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Retrained:
    path = copied(project, tmp_path_factory.mktemp("retrained"))
    # a copied store keeps its old runs where they were; new ones go to an experiment of their own
    config = load_config(path, ["tracking.experiment=again"])
    same = train(config)
    poor = train(load_config(path, ["tracking.experiment=again", "churn.model=rule"]))
    return Retrained(config, store_of(config), same, poor)


@pytest.fixture
def copy(project: Project, tmp_path: Path) -> Callable[..., Config]:
    """Return a function: overrides -> the config of a copy that a test may change."""
    path = copied(project, tmp_path)
    return lambda *overrides: load_config(path, list(overrides))
