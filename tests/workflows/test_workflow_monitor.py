"""From scores that were kept to a status, as a scheduler has it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from trade_project import Project, copied

from patron.config import Config, load_config
from patron.errors import PatronError
from patron.workflows import monitor, score

START, LATER = "2023-03-02", "2023-05-10"
HORIZON = 60
QUICK = ("tracking.experiment=again",)


@pytest.fixture(scope="module")
def scored(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The config of a project with scores of the first day."""
    path = copied(project, tmp_path_factory.mktemp("monitored"))
    score(on(path, START), model=champion(path))
    return path


@pytest.fixture
def kept(scored: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    shutil.copytree(scored.parent, tmp_path / "copy")
    return tmp_path / "copy" / scored.name


def on(path: Path, day: str) -> Config:
    return load_config(path, [*QUICK, f"as_of={day}"])


def champion(path: Path) -> str:
    """The model in use, by its address: a folder's scores would be another model's."""
    return f"models:/{load_config(path).name}@champion"


def test_promises_are_held_against_the_orders(kept: Path) -> None:
    """Counted again with plain pandas: who was promised what, and who ordered within 60 days."""
    found = monitor(on(kept, LATER))
    vintage = found.vintages[0]
    assert (vintage["as_of"], vintage["is_due"], vintage["due_on"]) == (START, True, "2023-05-01")
    scores = pd.read_parquet(kept.parent / "runs" / "scores" / f"{START}.parquet")
    promised = scores.dropna(subset="churn_probability")
    orders = pd.read_parquet(kept.parent / "orders.parquet")
    start = pd.Timestamp(START)
    window = orders[orders["ordered_at"].between(start, start + pd.Timedelta(days=HORIZON), inclusive="left")]
    daily = window.assign(day=window["ordered_at"].dt.floor("D")).groupby(["customer_id", "day"])["amount"]
    bought = {customer for (customer, _), amount in daily.sum().items() if amount > 0}
    left = [one not in bought for one in promised["customer_id"]]
    assert vintage["n"] == len(promised)
    assert vintage["promised"] == pytest.approx(promised["churn_probability"].mean())
    assert vintage["realised"] == pytest.approx(np.mean(left))
    tiers = {row["value"]: row for row in vintage["by"]["tier"]}
    own = promised.assign(left=left).groupby("tier")["left"].mean()
    assert {name: row["realised"] for name, row in tiers.items()} == pytest.approx(own.to_dict())


def test_nothing_is_judged_before_its_time(kept: Path) -> None:
    """A day before the horizon is over there is only a date."""
    found = monitor(on(kept, "2023-04-30"))
    assert [v["is_due"] for v in found.vintages] == [False]
    assert "realised" not in found.vintages[0]


def test_orders_at_or_after_the_day_change_nothing(kept: Path) -> None:
    """The same JSON to the byte."""
    before = monitor(on(kept, LATER)).path.read_bytes()
    path = kept.parent / "orders.parquet"
    orders = pd.read_parquet(path)
    late = orders[orders["ordered_at"] >= LATER]
    spoilt = late.assign(customer_id="K-other", amount=1e5)
    pd.concat([orders[orders["ordered_at"] < LATER], spoilt], ignore_index=True).to_parquet(path)
    assert monitor(on(kept, LATER)).path.read_bytes() == before


def test_changed_promises_are_refused(kept: Path) -> None:
    """A vintage is what was said then; a changed byte is named."""
    rows = next((kept.parent / "runs" / "vintages").glob("*.parquet"))
    frame = pd.read_parquet(rows)
    frame.assign(churn_probability=0.5).to_parquet(rows)
    with pytest.raises(PatronError, match=r"2023-03-02\.parquet"):
        monitor(on(kept, LATER))


def test_the_run_in_mlflow_says_the_same(kept: Path) -> None:
    """Status, model and rules as tags, promised and realised as metrics, the whole as an artefact."""
    config = on(kept, LATER)
    found = monitor(config)
    client = MlflowClient(f"sqlite:///{kept.parent / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("again")
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id], "tags.patron.status != ''")
    assert len(runs) == 1
    tags, metrics = runs[0].data.tags, runs[0].data.metrics
    assert tags["patron.status"] == found.status
    assert tags["patron.as_of"] == LATER
    assert tags["patron.model"] == found.model
    assert metrics["newest.realised"] == found.vintages[0]["realised"]
    assert json.loads(found.path.read_text(encoding="utf-8")) == found.to_dict()
