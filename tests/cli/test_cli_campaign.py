"""`patron campaign` and `patron monitor` as a user has them: lines, one JSON object, exit codes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from trade_project import Project, copied

from patron.config import load_config
from patron.workflows import design_campaign, score

Run = Callable[..., Any]
START = "2023-03-02"


@pytest.fixture(scope="module")
def made(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The config of a project with scores of the first day and a campaign of 40 days."""
    path = copied(project, tmp_path_factory.mktemp("campaigns"))
    text = path.read_text(encoding="utf-8").replace("as_of: 2023-07-02", f"as_of: {START}")
    path.write_text(text + "worklist: {capacity: 1000, cost: 3}\n", encoding="utf-8")
    score(load_config(path))
    design_campaign(load_config(path), "spring", window_days=40, size=80)
    return path


@pytest.fixture
def begun(made: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    shutil.copytree(made.parent, tmp_path / "copy")
    path = tmp_path / "copy" / made.name
    text = path.read_text(encoding="utf-8")  # an experiment stays beside the store that it was made in
    path.write_text(text + "tracking: {experiment: again}\n", encoding="utf-8")
    return path


def test_a_campaign_from_design_to_readout(patron: Run, begun: Path) -> None:
    """Too early is exit 3 without an effect; at the end files, page and next step are named."""
    early = patron("campaign", "readout", begun, "--name", "spring", "--as-of", "2023-03-20")
    assert early.code == 3
    assert early.out.startswith("Too early: the window ends on 2023-04-11, in 22 days")
    assert "Retention" not in early.out
    folder = begun.parent / "runs" / "campaigns" / "spring"
    assert not (folder / "readout.json").exists()
    done = patron("campaign", "readout", begun, "--name", "spring", "--as-of", "2023-04-12")
    assert done.code == 0, done.err
    for part in ("Retention, points", "Margin per account", "Save rates", "readout.json", "readout.html"):
        assert part in done.out
    assert done.out.splitlines()[-1].startswith("Next: patron worklist ")
    found = json.loads(
        patron("campaign", "readout", begun, "--name", "spring", "--as-of", "2023-04-12", "--json").out
    )
    assert found["file"] == str((folder / "readout.json").resolve())
    assert found["verdict"]["en"] in done.out
    assert found["window"] == [START, str(date.fromisoformat(START) + timedelta(days=40))]


def test_mistakes_are_one_sentence(patron: Run, begun: Path) -> None:
    """No traceback: a name that is not there, one that is taken, one that is none."""
    for words, said in (
        (("readout", begun, "--name", "autumn"), "there is no campaign 'autumn'"),
        (("design", begun, "--name", "spring"), "there is a campaign 'spring' already"),
        (("design", begun, "--name", "../up"), "cannot be the name of a campaign"),
        (("readout", begun, "--name", "../models"), "cannot be the name of a campaign"),
        (("design", begun, "--name", "all", "--treated-share", "1"), "leaves nobody for an arm"),
    ):
        found = patron("campaign", *words)
        assert found.code in (1, 2)
        assert said in found.err
        assert "Traceback" not in found.err


def test_the_design_as_json(patron: Run, begun: Path) -> None:
    """The plan as it lies on disk; running campaigns keep their accounts."""
    said = patron("campaign", "design", begun, "--name", "other", "--size", "20", "--json")
    assert said.code == 0, said.err
    found = json.loads(said.out)
    plan = json.loads((Path(found["folder"]) / "plan.json").read_text(encoding="utf-8"))
    assert {key: found[key] for key in plan} == plan
    excluded = found["excluded"]
    assert (excluded["control"], excluded["in_another_campaign"]) == (40, 40)
    assert found["accounts"] == 20


def test_the_design_on_the_screen(patron: Run, begun: Path) -> None:
    """What could be found, who is called, what to do next."""
    said = patron("campaign", "design", begun, "--name", "other", "--size", "20")
    assert said.code == 0, said.err
    assert "Smallest effect that 80% of campaigns of a size would find" in said.out
    assert "Campaign other: 10 accounts to call, 10 to leave alone" in said.out
    assert said.out.splitlines()[-1].startswith("Next: patron worklist ")


def test_monitor_says_its_status_by_exit_code(
    patron: Run, begun: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """3 where the model should be trained again, 0 where it is healthy or there is something to watch."""
    said = patron("monitor", begun, "--as-of", "2023-05-10", "--json")
    assert said.code in (0, 3), said.err
    found = json.loads(said.out)
    assert said.code == (3 if found["status"] == "retrain" else 0)
    assert Path(found["file"]).is_absolute()
    shown = patron("monitor", begun, "--as-of", "2023-05-10")
    assert shown.code == said.code
    assert "Promised and realised" in shown.out
    assert found["status"].capitalize() in shown.out
    judging = import_module("patron.workflows.monitor")
    monkeypatch.setattr(judging, "status_of", lambda _rules: "retrain")
    again = patron("monitor", begun, "--as-of", "2023-05-10")
    assert again.code == 3
    assert again.out.splitlines()[-1].startswith("Next: patron train ")
