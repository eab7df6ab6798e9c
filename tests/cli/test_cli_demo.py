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
