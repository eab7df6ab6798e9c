"""`patron train` from the command line: what it prints, for people and for programs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from trade_project import trade_orders, write_project

Run = Callable[..., Any]
SMALL = ["--set", "snapshots.max_count=5", "--set", "churn.horizon_days=45"]


@pytest.fixture
def fresh(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that was never trained, of 80 customers."""
    orders = trade_orders()
    few = orders[orders["customer_id"] < "K-0080"]
    return write_project(tmp_path / "fresh", tmp_path_factory.getbasetemp(), few)


def test_train_json(fresh: Path) -> None:
    """A program of its own: one object on stdout, everything else on stderr; the keys of the contract."""
    command = [sys.executable, "-m", "patron", "train", str(fresh), "--json", *SMALL]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert set(found) >= {"model", "folder", "run_id", "grade", "promoted", "evaluation"}
    assert found["model"] == "trade/1"
    assert found["promoted"] is True
    assert set(found["grade"]) == {"churn", "clv"}
    assert Path(found["folder"]).is_absolute()
    assert json.loads(Path(found["evaluation"]).read_text())["horizon_days"] == 45
    assert "Traceback" not in done.stderr


def test_train_prints_the_model_beside_the_rules(patron: Run, fresh: Path) -> None:
    """Metrics with intervals, grades, what the gate said, and the next command; steps on stderr."""
    said = patron("train", fresh, *SMALL)
    assert said.code == 0, said.err
    for words in ("rfm_logistic", "longest_silence", "(ships)", "AUC", "Brier", "Grade "):
        assert words in said.out
    assert "trade/1 is champion now" in said.out
    assert f"Next: patron score {fresh}" in said.out
    assert "purchase models" in said.err


def test_a_second_training_that_is_refused_exits_0(patron: Run, fresh: Path) -> None:
    """No better model is no error; the reason is said."""
    assert patron("train", fresh, *SMALL, "--set", "churn.model=lightgbm").code == 0
    said = patron("train", fresh, *SMALL, "--set", "churn.model=logistic", "--json")
    found = json.loads(said.out)
    assert said.code == 0
    assert found["model"] == "trade/2"
    assert found["promoted"] is ("Promoted" in found["reason"])


def test_an_earlier_day_is_trained(patron: Run, fresh: Path) -> None:
    """--as-of wins over the config."""
    said = patron("train", fresh, *SMALL, "--as-of", "2023-05-01", "--json")
    evaluation = json.loads(Path(json.loads(said.out)["evaluation"]).read_text())
    assert evaluation["as_of"] == "2023-05-01"


def test_lightgbm_on_a_short_log_works(patron: Run, fresh: Path) -> None:
    """Asked for by name, with hardly a window to compare anything on."""
    words = [
        "--set",
        "churn.model=lightgbm",
        "--set",
        "snapshots.max_count=3",
        "--set",
        "churn.horizon_days=60",
    ]
    said = patron("train", fresh, *words, "--json")
    assert said.code == 0, said.err
    assert json.loads(said.out)["promoted"] is True


def test_a_log_too_short_to_judge_goes_all_the_way(
    patron: Run, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Half a year: a rule ships, not judged and said so; scores and report follow; no second champion."""
    orders = trade_orders()
    recent = orders[orders["ordered_at"] >= "2023-01-01"]
    config = write_project(tmp_path / "short", tmp_path_factory.getbasetemp(), recent)
    words = ["--set", "churn.horizon_days=70"]
    first = patron("train", config, *words)
    assert first.code == 0, first.err
    assert "Not judged" in first.out
    assert "trade/1 is champion now" in first.out
    assert patron("score", config).code == 0
    assert patron("report", config).code == 0
    assert "trade/2 is not champion: no window to judge on" in patron("train", config, *words).out
