"""`patron demo`, end to end, once: the first thing a new user sees."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest
from filelock import FileLock
from openpyxl import load_workbook

import patron
from patron.columns import SCORE_COLUMNS


class Demo(NamedTuple):
    """The folder, and what stood on the two streams."""

    folder: Path
    out: str
    err: str


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """Run by the first of the test processes that gets here; the others read what it said."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    folder, said = shared / "demo", shared / "demo.json"
    with FileLock(f"{said}.lock"):
        if not said.exists():
            folder.mkdir()
            command = [sys.executable, "-m", "patron", "demo", "--dir", "shop"]
            done = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=True)
            said.write_text(json.dumps([done.stdout, done.stderr]))
    return Demo(folder, *json.loads(said.read_text()))


def labelled(demo: Demo, label: str) -> str:
    """Return what stands behind a label in the list of results."""
    lines = [line for line in demo.out.splitlines() if line.startswith(f"{label}:")]
    assert len(lines) == 1
    return lines[0].split(":", 1)[1].strip()


def test_three_sentences_can_be_read_aloud(demo: Demo) -> None:
    """How many customers, how good the model is, how much is at risk."""
    sentences = [line for line in demo.out.splitlines() if line.startswith("- ")]
    assert len(sentences) == 3
    scores = pd.read_parquet(labelled(demo, "Scores"))
    active = scores["status"].isin(["scored", "new"]).sum()
    assert f"{active} active customers" in sentences[0]
    assert all(line.endswith(".") for line in sentences)


def test_the_paths_at_the_end_exist(demo: Demo) -> None:
    """Scores, report and config, to be opened by whoever reads this."""
    for label in ("Scores", "Report", "Config"):
        path = Path(labelled(demo, label))
        assert path.is_absolute()
        assert path.is_file()


def test_the_scores_are_complete(demo: Demo) -> None:
    """Every customer of the sample."""
    scores = pd.read_parquet(labelled(demo, "Scores"))
    assert list(scores.columns) == list(SCORE_COLUMNS)
    assert len(scores) == 2357


def test_the_run_and_the_model_are_registered(demo: Demo) -> None:
    """The address that is printed loads."""
    model = patron.load_model(
        f"models:/{labelled(demo, 'Model')}", tracking_uri=f"sqlite:///{demo.folder / 'shop' / 'mlflow.db'}"
    )
    assert model.name == labelled(demo, "Model")
    assert (demo.folder / "shop" / "mlruns" / "patron" / labelled(demo, "MLflow run")).is_dir()


def test_steps_are_shown_on_stderr(demo: Demo) -> None:
    """And nothing that looks like an accident."""
    assert "churn model" in demo.err
    for word in ("Traceback", "Warning", "WARNING"):
        assert word not in demo.err


def test_everything_lies_in_the_folder(demo: Demo) -> None:
    """Nothing is left beside it."""
    assert [path.name for path in demo.folder.iterdir()] == ["shop"]


def test_the_evaluation_says_how_good_it_is(demo: Demo) -> None:
    """On CDNOW recency tells nearly everything; the ranking is well above chance."""
    folder = next((demo.folder / "shop" / "runs" / "models").iterdir())
    evaluation = json.loads((folder / "evaluation.json").read_text(encoding="utf-8"))
    assert evaluation["churn"]["model"]["auc"] > 0.7
    assert evaluation["counts"]["customers"] == 2357


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """`patron demo --b2b --lang zh`, run once: a minute of one core."""
    folder = tmp_path_factory.mktemp("desk")
    command = [sys.executable, "-m", "patron", "demo", "--b2b", "--lang", "zh"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=True)
    return Demo(folder, done.stdout, done.stderr)


@pytest.mark.slow
def test_desk_says_first_that_it_is_simulated(desk: Demo) -> None:
    """In the first line, the report and the worklists."""
    assert desk.out.startswith("模拟数据")
    assert "模拟" in Path(labelled(desk, "Report")).read_text(encoding="utf-8")
    sheets = load_workbook(labelled(desk, "Worklist"), read_only=True).sheetnames
    assert len(sheets) >= 2
    assert [sheet for sheet in sheets if "模拟" not in sheet] == []


@pytest.mark.slow
def test_desk_has_sentences_and_a_command_to_paste(desk: Demo) -> None:
    """Three about the customers, one about past calls; the next command works."""
    assert len([line for line in desk.out.splitlines() if line.startswith("- ")]) == 4
    follows = labelled(desk, "Next").split()
    assert follows[:2] == ["patron", "account"]
    command = [sys.executable, "-m", *follows]
    assert subprocess.run(command, capture_output=True, cwd=desk.folder, check=False).returncode == 0


@pytest.mark.slow
def test_desk_every_account_is_made_up(desk: Demo) -> None:
    """Ids begin with SIM-; three scorings, eight, four and no weeks old."""
    files = sorted(Path(labelled(desk, "Scores")).parent.glob("*.parquet"))
    assert [path.stem for path in files] == ["2023-11-13", "2023-12-11", "2024-01-08"]
    for path in files:
        assert pd.read_parquet(path)["customer_id"].str.startswith("SIM-").all()


@pytest.mark.slow
def test_desk_each_owner_has_files_of_the_own(desk: Demo) -> None:
    """A workbook and a page each, accounts without an owner included."""
    folder = Path(labelled(desk, "By owner"))
    owners = pd.read_csv(desk.folder / "patron-desk" / "customers.csv")["owner"].nunique()
    assert len(list(folder.glob("*.xlsx"))) in (owners, owners + 1)
    assert len(list(folder.glob("*.html"))) == len(list(folder.glob("*.xlsx")))


@pytest.mark.slow
def test_desk_everything_lies_in_the_folder(desk: Demo) -> None:
    """Nothing is left beside it, and nothing looks like an accident."""
    assert [path.name for path in desk.folder.iterdir()] == ["patron-desk"]
    for word in ("Traceback", "Warning", "WARNING"):
        assert word not in desk.err


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_files_of_the_distributor_are_a_project(language: str, tmp_path: Path) -> None:
    """The config fits the files: every row is used, calls and events are read, it is marked."""
    from patron.config import load_config
    from patron.workflows import check, write_distributor
    from patron.workflows.base import open_base

    made = patron.simulate_distributor(40, language=language, seed=1)
    assert write_distributor(tmp_path, made) == made.as_of
    config = load_config(tmp_path / "patron.yaml")
    report = check(config)
    assert (report.rows_in, report.rows_used) == (len(made.orders), len(made.orders))
    assert report.currency == made.currency
    assert (config.simulated, config.language, str(config.as_of)) == (True, language, str(made.as_of))
    base = open_base(config)
    assert base.actions is not None
    assert len(base.actions) == len(made.actions)
    assert base.tables.events is not None
    assert len(base.tables.events) == len(made.events)
