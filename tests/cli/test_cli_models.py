"""`patron models`, `promote`, `rollback`, `export`: what they print, and their exit codes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from trade_project import Project

from patron.config import load_config
from patron.registry import Store, log_training, open_store, register_version, set_champion
from patron.workflows import rehearsal

Run = Callable[..., Any]


@pytest.fixture
def store(config: Path, project: Project) -> Store:
    """The registry of the copy, where version 2 is the same model again."""
    store = open_store("sqlite:///mlflow.db", root=config.parent, experiment="again")
    run_id = log_training(
        store,
        run_name="again",
        params={},
        metrics={},
        tags={},
        files={},
        model_folder=project.trained.folder,
    )
    register_version(store, name="trade", run_id=run_id, tags={})
    return store


@pytest.fixture
def candidate(project: Project, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return a function: let this entrant of the training's rehearsal be what is judged."""
    learned = project.trained.learned

    def ship(entrant: str) -> None:
        ready = rehearsal.Rehearsal(learned.test, learned.rehearsal, entrant), learned.recipe
        monkeypatch.setattr(sys.modules["patron.workflows.models"], "rehearse", lambda *_a, **_k: ready)

    return ship


def test_models_prints_a_line_per_version_and_what_the_gate_said(
    patron: Run, config: Path, store: Store
) -> None:
    """Aliases, day, figures; the verdicts below; nothing on stderr."""
    said = patron("models", config)
    assert (said.code, said.err) == (0, "")
    lines = said.out.splitlines()
    assert lines[0] == "Versions of trade"
    assert lines[2].split()[:3] == ["1", "champion", "2023-07-02"]
    assert lines[3].split()[:2] == ["2", "-"]
    assert "1: There is no champion yet: the first model is taken." in lines


def test_models_json(patron: Run, config: Path, store: Store) -> None:
    """One object; null for what is not known."""
    found = json.loads(patron("models", config, "--json").out)
    assert found["model"] == "trade"
    assert [entry["version"] for entry in found["versions"]] == ["1", "2"]
    keys = {"version", "aliases", "as_of", "created", "grade", "auc", "log_loss", "gate", "complete"}
    assert keys <= set(found["versions"][0])
    assert found["versions"][1]["gate"] is None


def test_deleting_what_is_in_use_exits_3_and_the_rest_says_what_stays(
    patron: Run, config: Path, store: Store
) -> None:
    """The champion is kept; another version goes, its run stays."""
    refused = patron("models", config, "--delete", "1")
    assert (refused.code, refused.out) == (3, "")
    assert "version 1 of trade is champion and is not deleted" in refused.err
    assert f"Next: patron models {config}" in refused.err
    done = patron("models", config, "--delete", "2")
    assert done.code == 0
    assert "trade/2 is deleted from the registry. Its run" in done.out
    assert patron("models", config, "--delete", "2").code == 1


def test_a_refused_promotion_exits_3_with_reason_and_next_command(
    patron: Run, config: Path, store: Store, candidate: Callable[[str], None]
) -> None:
    """A dry run too; with --json the object is printed all the same."""
    candidate("longest_silence")
    dry = patron("promote", config, "--version", "2", "--dry-run")
    assert (dry.code, dry.out) == (3, "")
    assert "Refused: trade/2 would not become champion: it could be worse than the champion" in dry.err
    assert f"Next: patron models {config}" in dry.err
    told = patron("promote", config, "--version", "2", "--json")
    found = json.loads(told.out)
    assert (told.code, told.err, found["promoted"], found["before"]) == (3, "", False, "1")
    assert found["gate"]["candidate"] == "trade/2"


def test_a_promotion_and_a_rollback_say_what_is_used_now(
    patron: Run, config: Path, store: Store, project: Project, candidate: Callable[[str], None]
) -> None:
    """Each with the next command; a rollback back again."""
    candidate(project.trained.learned.shipped)
    done = patron("promote", config, "--version", "2")
    assert done.code == 0, done.err
    assert "trade/2 is champion now: log-loss +0.0000 [+0.0000, +0.0000]" in done.out
    assert f"Next: patron score {config}" in done.out
    dry = patron("rollback", config, "--dry-run")
    assert dry.out == "trade/1 would be champion, and trade/2 previous.\n"
    assert "trade/1 is champion again; trade/2 is previous." in patron("rollback", config).out
    back = json.loads(patron("rollback", config, "--json").out)
    assert back == {"model": "trade/2", "before": "trade/1", "dry_run": False}


def test_a_rollback_without_a_version_before_exits_1(patron: Run, config: Path) -> None:
    """And says which command can help."""
    said = patron("rollback", config)
    assert (said.code, said.out) == (1, "")
    assert "version 1 is the first champion of trade: there is none before it" in said.err
    assert f"Next: patron promote {config} --version V" in said.err


def test_without_a_champion_the_list_says_what_to_do(patron: Run, config: Path, store: Store) -> None:
    """Somebody removed the alias in MLflow's pages."""
    store.client.delete_registered_model_alias("trade", "champion")
    said = patron("models", config)
    assert f"No version is champion. Next: patron promote {config} --version 2" in said.out


def test_export_prints_the_folder(patron: Run, config: Path, project: Project, tmp_path: Path) -> None:
    """Nothing else, so that a script can use it; absolute in JSON."""
    said = patron("export", "--model", "models:/trade@champion", "--to", tmp_path / "out", "--config", config)
    folder = tmp_path / "out" / project.trained.folder.name
    assert (said.code, said.out, said.err) == (0, f"{folder}\n", "")
    assert (folder / "manifest.json").is_file()
    found = json.loads(patron("export", "--model", folder, "--to", tmp_path / "two", "--json").out)
    assert Path(found["folder"]).is_absolute()
    assert found["own_features"] == []


@pytest.mark.parametrize(
    "words", [["promote", "c.yaml"], ["export", "--model", "m"], ["export", "--to", "d"], ["rollback"]]
)
def test_what_is_left_out_exits_2(patron: Run, words: list[str]) -> None:
    """Before anything is read."""
    said = patron(*words)
    assert (said.code, said.out) == (2, "")
    assert said.err


def test_the_champion_named_again_is_no_refusal(patron: Run, config: Path) -> None:
    """Exit 0, without a rehearsal."""
    settings = load_config(config)
    store = open_store(settings.tracking.uri, root=config.parent, experiment="patron")
    set_champion(store, "trade", "1", reason="test")
    said = patron("promote", config, "--version", "1")
    assert said.code == 0
    assert "Version 1 is champion already" in said.out
