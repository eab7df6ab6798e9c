"""Training: the same bytes every time, a run without customers, and the gate."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from trade_project import Project, copied, opened, trade_orders, write_project

from patron.config import load_config
from patron.evaluation import ChurnRecipe
from patron.model import PatronModel, load_model_folder
from patron.registry import get_champion, open_store
from patron.snapshots import to_day
from patron.workflows import score, train
from patron.workflows.base import open_base
from patron.workflows.gate import champion_probability
from patron.workflows.train import terms_of


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a model folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_shuffled_orders_and_other_threads_give_the_same_bytes(
    project: Project, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A fresh store, another folder, one thread for two: the same model folder and the same scores file."""
    shuffled = trade_orders().sample(frac=1, random_state=5, ignore_index=True)
    path = write_project(tmp_path / "elsewhere", tmp_path_factory.getbasetemp(), shuffled)
    config = load_config(path, ["engine.threads=1"])
    again = train(config)
    assert contents(again.folder) == contents(project.trained.folder)
    assert again.folder.name == project.trained.folder.name
    first, second = (score(load_config(p)).path.read_bytes() for p in (copied(project, tmp_path), path))
    assert first == second


def test_the_first_model_becomes_champion(project: Project) -> None:
    """There is nobody to beat."""
    assert project.trained.model == "trade/1"
    assert project.trained.verdict.promote
    assert "no champion yet" in project.trained.verdict.reason


def test_an_identical_model_is_promoted(retrained: Any) -> None:
    """It is exactly as good, and the difference says so: exactly nothing."""
    verdict = retrained.same.verdict
    assert retrained.same.model == "trade/2"
    assert (verdict.difference, verdict.low, verdict.high) == (0.0, 0.0, 0.0)
    assert verdict.promote


def test_an_identical_model_has_the_same_folder(project: Project, retrained: Any) -> None:
    """The name is the hash of the content."""
    assert retrained.same.folder.name == project.trained.folder.name


def test_a_much_worse_model_is_refused(retrained: Any) -> None:
    """A rule against trees that are far better: the champion stays, with the numbers said."""
    verdict = retrained.poor.verdict
    assert not verdict.promote
    assert verdict.difference > 0.02
    assert verdict.reason.startswith("Refused: it could be worse than the champion")
    assert get_champion(retrained.store, "trade") == "2"


def test_the_verdict_is_written_on_the_version(retrained: Any) -> None:
    """For whoever asks in a year why this version is not the champion."""
    version = retrained.store.client.get_model_version("trade", "3")
    assert any(retrained.poor.verdict.reason in str(value) for value in version.tags.values())


def test_the_run_holds_what_people_look_for(project: Project) -> None:
    """Params, metrics, evaluation, plots, config, data digest, model folder."""
    store = open_store("sqlite:///mlflow.db", root=project.folder, experiment="patron")
    run = store.client.get_run(project.trained.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.params["churn.horizon_days"] == "60"
    evaluation = project.trained.learned.evaluation
    assert run.data.metrics["churn.auc"] == pytest.approx(evaluation["churn"]["model"]["auc"])
    assert re.fullmatch(r"[0-9a-f]{64}", run.data.tags["patron.data_sha256"])
    paths = {f.path for f in store.client.list_artifacts(project.trained.run_id)}
    assert {"config.json", "evaluation.json", "ledger.json", "plots", "model"} <= paths


def test_no_customer_is_named_in_the_tracking_store(project: Project) -> None:
    """Neither in the database nor in any file of any run."""
    files = [path for path in project.folder.rglob("*") if path.is_file() and path.suffix != ".parquet"]
    store = [path for path in files if "mlruns" in path.parts or path.name.startswith("mlflow.db")]
    assert len(store) > 10
    named = [path.name for path in store if re.search(rb"K-(\d{4}|none|slow)", path.read_bytes())]
    assert named == []


def test_the_ledger_totals_in_the_run_add_up(project: Project) -> None:
    """Rows in = used + set aside + later, without any example row."""
    store = open_store("sqlite:///mlflow.db", root=project.folder, experiment="patron")
    folder = Path(store.client.download_artifacts(project.trained.run_id, "ledger.json"))
    totals = json.loads(folder.read_text(encoding="utf-8"))
    aside = sum(entry["rows"] for entry in totals["set_aside"].values())
    assert totals["rows_in"] == totals["rows_used"] + aside + totals["later"] == len(project.orders)


@pytest.fixture(scope="module")
def champion(project: Project) -> PatronModel:
    """The first model."""
    return load_model_folder(project.trained.folder)


def recipe_of(project: Project) -> tuple[ChurnRecipe, Any, int]:
    """The candidate's recipe, tables and first day."""
    config = load_config(project.config)
    base = open_base(config)
    first = base.ledger.report.first_day
    return terms_of(config, base).churn, base.tables, to_day(first)


def test_a_champion_of_another_recipe_is_refitted_on_the_data_before_the_window(
    project: Project, champion: PatronModel
) -> None:
    """It was trained after that day: what happened in the window may not speak through it."""
    recipe, _, first_day = recipe_of(project)
    own = replace(recipe, seed=99)
    other = replace(champion, manifest={**champion.manifest, "recipe": own.to_dict()})
    learned = project.trained.learned
    cut = project.orders[project.orders["ordered_at"] < "2023-05-03"]
    # both on one engine: the exponential of another may differ in the last bit
    _, whole = opened(load_config(project.config), project.orders, "2023-07-02")
    _, blind = opened(load_config(project.config), cut, "2023-05-03")
    found, unseen = (champion_probability(other, t, learned, recipe, first_day) for t in (whole, blind))
    assert found is not None
    assert unseen is not None
    np.testing.assert_array_equal(found, unseen)
    assert learned.rehearsal is not None
    assert learned.test is not None
    day = int(learned.test.as_of_day[0])
    candidate = learned.rehearsal.entrants[learned.shipped].probability(learned.test.features, day)
    assert np.abs(found - candidate).max() > 1e-4  # another seed, other trees
    assert np.corrcoef(found, candidate)[0, 1] > 0.8  # and the same customers in the same order


def test_a_champion_of_the_same_recipe_is_the_rehearsal(project: Project, champion: PatronModel) -> None:
    """Refitting it would give what is there already."""
    recipe, tables, first_day = recipe_of(project)
    learned = project.trained.learned
    assert learned.rehearsal is not None
    assert learned.test is not None
    found = champion_probability(champion, tables, learned, recipe, first_day)
    day = int(learned.test.as_of_day[0])
    expected = learned.rehearsal.entrants[learned.shipped].probability(learned.test.features, day)
    np.testing.assert_array_equal(found, expected)


def test_an_older_champion_defends_itself_as_it_is(project: Project, champion: PatronModel) -> None:
    """Trained before the window: its own probabilities of that day."""
    recipe, tables, first_day = recipe_of(project)
    learned = project.trained.learned
    older = replace(champion, manifest={**champion.manifest, "as_of": "2023-05-03"})
    found = champion_probability(older, tables, learned, recipe, first_day)
    ledger, known = opened(load_config(project.config), project.orders, "2023-05-03")
    scores = champion.score_tables(known, ledger).set_index("customer_id")
    assert learned.test is not None
    expected = scores.loc[learned.test.customer_id, "churn_probability"]
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_a_champion_of_another_horizon_cannot_be_compared(project: Project, champion: PatronModel) -> None:
    """Ninety days and sixty are two questions."""
    recipe, tables, first_day = recipe_of(project)
    label = replace(recipe.label, horizon_days=90)
    longer = replace(recipe, label=label, features=replace(recipe.features, horizon_days=90))
    other = replace(champion, manifest={**champion.manifest, "recipe": longer.to_dict()})
    learned = project.trained.learned
    assert champion_probability(other, tables, learned, recipe, first_day) is None
