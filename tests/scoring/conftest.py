"""A trained model and the scores of its base."""

from __future__ import annotations

import pandas as pd
import pytest
from trade_project import Project, opened, trained_project

from patron.config import Config, load_config
from patron.model import PatronModel, load_model_folder


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return trained_project(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session")
def config(project: Project) -> Config:
    return load_config(project.config)


@pytest.fixture(scope="session")
def model(project: Project) -> PatronModel:
    return load_model_folder(project.trained.folder, name="trade/1")


@pytest.fixture(scope="session")
def scores(project: Project, config: Config, model: PatronModel) -> pd.DataFrame:
    """As `patron score` would write them."""
    ledger, tables = opened(config, project.orders)
    return model.score_tables(tables, ledger)
