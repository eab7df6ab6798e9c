"""A trained model folder, shared by the tests that only read it."""

from __future__ import annotations

import pandas as pd
import pytest
from trade_project import Project, trained_project

from patron.model import PatronModel, load_model_folder


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return trained_project(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session")
def model(project: Project) -> PatronModel:
    return load_model_folder(project.trained.folder)


@pytest.fixture(scope="session")
def scores(project: Project, model: PatronModel) -> pd.DataFrame:
    return model.score(project.orders, as_of="2023-07-02")
