"""The whole week in one command: everything is made, once, and a broken run goes on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from filelock import FileLock
from trade_project import Project, write_project

from patron.config import Config, load_config
from patron.errors import PatronError, Refused
from patron.monitoring import Rule
from patron.workflows import design_campaign, run, run_week
from patron.workflows.run import Ran, retraining_due

Copy = Callable[..., Config]
WEEK = ["score", "monitor", "report", "worklist", "retrain"]
HEALTHY: dict[str, Any] = {"status": "healthy", "rules": []}


def bytes_of(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Name -> content and time of change of every file of the output but the models."""
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".run.lock"
    }


def test_a_week_is_done_once(copy: Copy) -> None:
    """Every step has its files; the same command again changes no byte; a lost file is made again."""
    config = copy("tracking.experiment=again")
    first = run_week(config)
    assert first.done_before == []
    assert list(first.steps) == WEEK
    assert first.steps["score"]["counts"]["customers"] == len(
        pd.read_parquet(first.steps["score"]["files"][0])
    )
    assert first.steps["retrain"] | {"why": ""} == {
        "due": False, "why": "", "model": None, "promoted": False, "files": [],
    }  # fmt: skip
    for step in ("score", "monitor", "report", "worklist"):
        assert all(Path(file).is_file() for file in first.steps[step]["files"]), step
    made = bytes_of(config.output_folder)
    second = run_week(config)
    assert second.done_before == WEEK
    assert bytes_of(config.output_folder) == made
    Path(first.steps["report"]["files"][0]).unlink()
    third = run_week(config)
    assert third.done_before == ["score", "monitor"]
    assert Path(third.steps["report"]["files"][0]).is_file()


def test_a_broken_run_goes_on_where_it_was(copy: Copy, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that fails leaves those before it done; a spoilt scores file is made again."""
    config = copy("tracking.experiment=again")

    def breaks(*_: object, **__: object) -> None:
        raise PatronError("no room")

    with monkeypatch.context() as patched:
        patched.setattr(run, "worklist", breaks)
        with pytest.raises(PatronError, match="no room"):
            run_week(config)
    done = run_week(config)
    assert done.done_before == ["score", "monitor", "report"]
    scores = Path(done.steps["score"]["files"][0])
    before = scores.read_bytes()
    scores.write_bytes(before[:-10])
    assert run_week(config).done_before == []
    assert scores.read_bytes() == before


def test_a_new_campaign_is_another_run(copy: Copy) -> None:
    """Whoever is drawn to be left alone after the list was made is off it when the run is started again."""
    config = copy("tracking.experiment=again", "worklist.capacity=1000")
    before = listed(run_week(config))
    designed = design_campaign(config, "spring", window_days=30, size=40)
    controls = set(designed.assignment.query("arm == 'control'")["customer_id"])
    again = run_week(config)
    assert "worklist" not in again.done_before
    assert controls & before
    assert not controls & listed(again)


def listed(done: Ran) -> set[str]:
    """Every cell of the sheet of calls."""
    calls = next(file for file in done.steps["worklist"]["files"] if Path(file).suffix == ".xlsx")
    return set(pd.read_excel(calls, sheet_name=0, dtype=str).to_numpy().ravel())


def test_other_orders_are_another_run(copy: Copy) -> None:
    """One more order before the day, and nothing that was made still counts; stale orders are refused."""
    config = copy("tracking.experiment=again")
    run_week(config)
    path = config.path(str(config.ledger.transactions))
    orders = pd.read_parquet(path)
    pd.concat([orders, orders.tail(1).assign(order_id="one more")]).to_parquet(path)
    assert run_week(config).done_before == []
    made = bytes_of(config.output_folder)
    stale = config.model_copy(update={"as_of": date(2024, 7, 1)})
    with pytest.raises(Refused, match="hold no order row"):
        run_week(stale)
    assert bytes_of(config.output_folder) == made


def test_one_run_at_a_time(copy: Copy, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second one says so and touches nothing."""
    config = copy("tracking.experiment=again")
    monkeypatch.setattr(run, "_LOCK_SECONDS", 0.1)
    config.output_folder.mkdir(exist_ok=True)
    with (
        FileLock(config.output_folder / ".run.lock"),
        pytest.raises(PatronError, match="another patron run is at work"),
    ):
        run_week(config)
    assert not (config.output_folder / "weekly").exists()


def test_the_first_week_trains(
    project: Project, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Where nothing was ever trained, the week begins with it; the second run does not train again."""
    session = tmp_path_factory.getbasetemp()
    path = write_project(tmp_path / "new", session, project.orders)
    config = load_config(path, ["snapshots.max_count=4", "clv.model=btyd", "churn.model=rule"])
    first = run_week(config)
    assert list(first.steps) == ["train", *WEEK]
    assert first.steps["train"]["model"] == first.steps["score"]["model"] == "trade/1"
    assert "not again within 28 days" in first.steps["retrain"]["why"]
    assert run_week(config).done_before == ["train", *WEEK]


def test_a_champion_put_there_by_a_person_scores_again(copy: Copy, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lists of the day were another model's."""
    config = copy("tracking.experiment=again")
    run_week(config)
    monkeypatch.setattr(run, "get_champion", lambda _store, _name: "2")
    assert run_week(config).done_before == []


def test_retraining_on_evidence_promotes_or_asks_for_a_person(
    copy: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model that is no longer true is trained again, through the gate; refused means exit 3."""
    config = copy("tracking.experiment=again")
    seen = []

    class Monitored:
        status = "retrain"
        rules = (Rule("calibration", "damage", "twice as many left as promised", "", {}),)
        path = config.folder / "orders.parquet"

    class Trained:
        model = "trade/2"
        folder = config.folder
        verdict = type("Verdict", (), {"promote": False, "reason": "no better"})

    (config.folder / "manifest.json").write_text("{}", encoding="utf-8")
    monkeypatch.setattr(run, "monitor", lambda _config: Monitored)
    monkeypatch.setattr(run, "train", lambda _config: seen.append(1) or Trained)
    monkeypatch.setattr(run, "LEAST_DAYS_BETWEEN_TRAININGS", 0)
    done = run_week(config)
    assert seen == [1]
    assert done.steps["retrain"]["why"] == "twice as many left as promised"
    assert done.asks_for_a_person


@pytest.mark.parametrize(
    ("trained", "monitored", "after_days", "due", "why"),
    [
        (["2023-06-01", None], HEALTHY, 365, True, "396 days ago"),
        (["2023-06-01"], HEALTHY, None, False, "396 days ago"),
        (["2024-01-01"], HEALTHY, 365, False, "182 days ago"),
        (
            ["2024-01-01"],
            {"status": "watch", "rules": [{"rule": "drift", "en": "x"}]},
            365,
            False,
            "182 days",
        ),
        (
            ["2023-01-01"],
            {"status": "watch", "rules": [{"rule": "data", "en": "x"}]},
            365,
            False,
            "mended first",
        ),
        (
            ["2024-01-01"],
            {"status": "retrain", "rules": [{"rule": "auc", "en": "worse"}]},
            None,
            True,
            "worse",
        ),
        (["2024-06-15"], {"status": "retrain", "rules": []}, 365, False, "not again within 28 days"),
        ([], HEALTHY, 365, True, "nothing is known"),
    ],
)
def test_when_a_training_is_due(
    trained: list[str | None], monitored: dict[str, Any], after_days: int | None, due: bool, why: str
) -> None:
    """On evidence first, then by the calendar, never on broken data and never twice in a month."""
    found = retraining_due(date(2024, 7, 1), trained, monitored, after_days)
    assert found[0] is due
    assert why in found[1]
