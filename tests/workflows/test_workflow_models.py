"""Versions, promotion, rollback and export, on the trained project."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
from trade_project import Project, opened

from patron.config import Config, load_config
from patron.errors import ModelError, RegistryError
from patron.evaluation import Verdict
from patron.metrics import log_loss
from patron.model import load_model_folder
from patron.model.manifest import read_model
from patron.registry import Store, get_champion, log_training, open_store, register_version, set_champion
from patron.snapshots import to_day
from patron.workflows import export, models, promote, rollback
from patron.workflows.gate import Gated, champion_probability, gate
from patron.workflows.rehearsal import Rehearsal
from patron.workflows.verdicts import decide


class Versions(NamedTuple):
    """A copy of the project in which version 2 is the same model again, not promoted."""

    config: Config
    store: Store


@pytest.fixture
def versions(project: Project, copy: Callable[..., Config]) -> Versions:
    # a copied store keeps its old runs where they were; new ones go to an experiment of their own
    config = copy("tracking.experiment=again")
    store = open_store(config.tracking.uri, root=config.folder, experiment="again")
    run_id = log_training(
        store,
        run_name="again",
        params={},
        metrics={"churn.auc": 0.5},
        tags={"patron.as_of": "2023-07-02", "patron.grade.churn": "B", "patron.grade.clv": "C"},
        files={},
        model_folder=project.trained.folder,
    )
    register_version(store, name="trade", run_id=run_id, tags={})
    return Versions(config, store)


@pytest.fixture
def rehearsed(project: Project, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return a function: let the entrant of this name be the candidate, without fitting it all again."""
    learned = project.trained.learned

    def ship(entrant: str) -> None:
        name = learned.shipped if entrant == "the one that ships" else entrant
        ready = Rehearsal(learned.test, learned.rehearsal, name), learned.recipe
        monkeypatch.setattr(sys.modules["patron.workflows.models"], "rehearse", lambda *_a, **_k: ready)

    return ship


def aliases(config: Config) -> dict[str, str]:
    """Alias -> version."""
    return {alias: entry["version"] for entry in models(config) for alias in entry["aliases"]}


def fingerprint(folder: Path) -> dict[str, str]:
    """Every file below a folder."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_a_promotion_judges_as_the_training_did(project: Project, versions: Versions) -> None:
    """Fitted again from what the model remembers: the training's own figures, no better than its twin."""
    done = promote(versions.config, "2")
    assert done.gate is not None
    assert (done.promoted, done.before) == (True, "1")
    assert (done.gate["difference"], done.gate["difference_low"], done.gate["difference_high"]) == (0, 0, 0)
    evaluation = project.trained.learned.evaluation
    assert done.gate["n"] == evaluation["n"]
    assert done.gate["evaluated_as_of"] == evaluation["evaluated_as_of"]
    model_loss = evaluation["churn"]["model"]["log_loss"]
    assert done.gate["log_loss"]["candidate"] == pytest.approx(model_loss, abs=1e-12)
    best = min(entry["log_loss"] for entry in evaluation["churn"]["baselines"].values())
    assert done.gate["log_loss"]["best_rule"] == pytest.approx(best, abs=1e-12)
    assert aliases(versions.config) == {"champion": "2", "previous": "1"}


def test_the_list_says_what_each_version_is(versions: Versions) -> None:
    """Day, grades, figures, verdict; a version that nobody judged has none."""
    first, second = models(versions.config)
    assert (first["aliases"], first["as_of"], first["complete"]) == (["champion"], "2023-07-02", True)
    assert first["gate"]["promoted"] is True
    assert "no champion yet" in first["gate"]["reason"]
    assert (second["auc"], second["log_loss"], second["gate"]) == (0.5, None, None)
    assert second["grade"] == {"churn": "B", "clv": "C"}


def test_a_refused_version_says_why_on_itself_and_in_its_run(
    versions: Versions, rehearsed: Callable[[str], None]
) -> None:
    """A rule against trees: no alias moves; tags and `gate.json` say the same."""
    rehearsed("longest_silence")
    done = promote(versions.config, "2")
    assert not done.promoted
    assert done.reason.startswith("Refused: it could be worse than the champion")
    assert aliases(versions.config) == {"champion": "1"}
    entry = models(versions.config)[1]
    assert entry["gate"] == {
        "promoted": False,
        "reason": done.reason,
        "judged_at": entry["gate"]["judged_at"],
    }
    written = Path(versions.store.client.download_artifacts(entry["run_id"], "gate.json"))
    told = json.loads(written.read_text(encoding="utf-8"))
    assert told == {**(done.gate or {}), "decision": "refused", "reason": done.reason}


@pytest.mark.parametrize("entrant", ["longest_silence", "the one that ships"])
def test_a_dry_run_changes_nothing(
    versions: Versions, rehearsed: Callable[[str], None], entrant: str
) -> None:
    """Not a byte of the store, whichever way it would go."""
    rehearsed(entrant)
    before = fingerprint(versions.config.folder)
    done = promote(versions.config, "2", dry_run=True)
    assert done.dry_run
    assert done.promoted is (entrant == "the one that ships")
    assert fingerprint(versions.config.folder) == before


def test_the_champion_itself_is_not_judged(versions: Versions) -> None:
    """It is said, and an interrupted promotion is finished: its reason is written."""
    versions.store.client.delete_model_version_tag("trade", "1", "patron.champion.since")
    done = promote(versions.config, "1")
    assert (done.promoted, done.gate, done.reason) == (True, None, "Version 1 is champion already.")
    tags = versions.store.client.get_model_version("trade", "1").tags
    assert tags["patron.champion.reason"] == "An interrupted promotion was finished."


def test_a_version_that_is_not_there_or_not_ours_is_refused(versions: Versions) -> None:
    """Before any order is read."""
    versions.store.client.create_model_version("trade", source=(versions.config.folder / "x").as_uri())
    with pytest.raises(RegistryError, match=r"there is no version 7 of trade; versions: 1, 2, 3\."):
        promote(versions.config, "7")
    with pytest.raises(RegistryError, match="version 3 of trade was not registered by a complete training"):
        promote(versions.config, "3")
    assert models(versions.config)[2]["problem"] == "was not registered by a complete training of patron"


def judged(project: Project, versions: Versions, **more: object) -> Gated:
    """The gate on the training's own rehearsal."""
    learned = project.trained.learned
    _, tables = opened(versions.config, project.orders, "2023-07-02")
    first_day = to_day(project.orders["ordered_at"].min().date())
    return gate(versions.store, "trade", tables, learned, learned.recipe, first_day, **more)  # type: ignore[arg-type]


def test_a_candidate_that_has_not_seen_the_window_speaks_for_itself(
    project: Project, versions: Versions
) -> None:
    """Trained before that day: judged by its own trees, not by a refit."""
    learned = project.trained.learned
    model = load_model_folder(project.trained.folder)
    older = replace(model, manifest={**model.manifest, "as_of": "2023-05-03"})
    found = judged(project, versions, candidate=older)
    _, tables = opened(versions.config, project.orders, "2023-07-02")
    said = champion_probability(older, tables, learned, learned.recipe, 0)
    assert learned.test is not None
    assert said is not None
    assert found.verdict.candidate_loss == pytest.approx(log_loss(learned.test.churned, said))
    assert found.verdict.candidate_loss != judged(project, versions).verdict.candidate_loss


def break_champion(versions: Versions, how: str) -> None:
    """Make version 2 champion, and damage or lose its files."""
    set_champion(versions.store, "trade", "2", reason="test")
    run_id = versions.store.client.get_model_version("trade", "2").run_id
    (manifest,) = (versions.config.folder / "mlruns/again" / run_id).rglob("manifest.json")
    if how == "gone":
        shutil.rmtree(versions.config.folder / "mlruns/again" / run_id / "artifacts")
    else:
        manifest.write_bytes(manifest.read_bytes().replace(b"trade", b"trode", 1))


@pytest.mark.parametrize(
    ("how", "words"), [("gone", "files of trade/2 are gone"), ("damaged", "was changed")]
)
def test_a_champion_that_cannot_be_read_is_replaced_by_a_person_only(
    project: Project, versions: Versions, rehearsed: Callable[[str], None], how: str, words: str
) -> None:
    """A training is refused, and says how to go on; `promote` judges by the naive rule; rollback works."""
    break_champion(versions, how)
    trained = judged(project, versions).verdict
    assert not trained.promote
    assert "version 2 is champion and cannot be read" in trained.reason
    assert words in trained.reason
    assert trained.reason.endswith("patron promote CONFIG --version V")
    rehearsed("the one that ships")
    asked = promote(versions.config, "1", dry_run=True)
    assert asked.promoted
    assert "no worse than the best naive rule" in asked.reason
    rehearsed("longest_silence")
    assert not promote(versions.config, "1", dry_run=True).promoted
    assert rollback(versions.config).model == "trade/1"


def test_a_champion_that_moved_is_judged_against_again(versions: Versions) -> None:
    """The verdict that is kept is the one against the champion that was replaced."""
    seen = []

    def judge() -> Gated:
        champion = get_champion(versions.store, "trade")
        seen.append(champion)
        if len(seen) == 1:  # meanwhile somebody else promotes
            set_champion(versions.store, "trade", "2", reason="meanwhile")
        return Gated(Verdict(True, f"better than {champion}", None, None, None), champion)

    gated = decide(versions.store, "trade", "1", judge)
    assert seen == ["1", "2"]
    assert (gated.champion, gated.verdict.promote) == ("2", True)
    assert models(versions.config)[0]["gate"]["reason"] == "better than 2"
    assert aliases(versions.config) == {"champion": "1", "previous": "2"}


def test_a_champion_that_never_stands_still_is_left_alone(versions: Versions) -> None:
    """After three judgements it is refused, and said on the version."""

    def judge() -> Gated:
        champion = get_champion(versions.store, "trade")
        set_champion(versions.store, "trade", "2" if champion == "1" else "1", reason="meanwhile")
        return Gated(Verdict(True, "better", None, None, None), champion)

    gated = decide(versions.store, "trade", "2", judge)
    assert not gated.verdict.promote
    assert "while this was decided" in gated.verdict.reason
    assert models(versions.config)[1]["gate"]["promoted"] is False


def test_a_rollback_brings_back_the_one_before(versions: Versions) -> None:
    """A dry run says so and changes nothing; again swaps them back."""
    set_champion(versions.store, "trade", "2", reason="test")
    before = fingerprint(versions.config.folder)
    told = rollback(versions.config, dry_run=True)
    assert (told.model, told.before, told.dry_run) == ("trade/1", "trade/2", True)
    assert fingerprint(versions.config.folder) == before
    rollback(versions.config)
    assert aliases(versions.config) == {"champion": "1", "previous": "2"}
    assert rollback(versions.config).model == "trade/2"


def test_a_rollback_to_damaged_files_leaves_the_champion(versions: Versions) -> None:
    """A bad champion is better than one that cannot be loaded."""
    break_champion(versions, "damaged")
    set_champion(versions.store, "trade", "1", reason="test")
    with pytest.raises(RegistryError) as caught:
        rollback(versions.config)
    assert caught.value.problems[0] == "version 2 of trade cannot be read, so 1 stays champion"
    assert "was changed after it was written" in caught.value.problems[1]
    assert aliases(versions.config) == {"champion": "1", "previous": "2"}


def test_an_export_is_the_same_folder(
    project: Project, versions: Versions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By alias, version and folder, with the config's store, the variable's, or the working directory's."""
    source = read_model(project.trained.folder)
    by_config = export("models:/trade@champion", tmp_path / "a", config=versions.config)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", versions.store.address.uri)
    by_variable = export("models:/trade/2", tmp_path / "b")
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    monkeypatch.chdir(versions.config.folder)
    by_place = export("models:/trade/1", tmp_path / "b")  # the same content again
    by_folder = export(str(project.trained.folder), tmp_path / "c")
    done = [by_config, by_variable, by_place, by_folder]
    assert [read_model(each.folder) == source for each in done] == [True] * 4
    assert {each.folder.name for each in done} == {project.trained.folder.name}
    assert [each.model for each in done[:3]] == ["trade/1", "trade/2", "trade/1"]
    assert {path.name for path in (tmp_path / "b").iterdir()} == {project.trained.folder.name}


def test_a_damaged_model_is_not_exported(versions: Versions, tmp_path: Path) -> None:
    """Nothing is written."""
    break_champion(versions, "damaged")
    with pytest.raises(ModelError, match="was changed after it was written"):
        export("models:/trade@champion", tmp_path / "out", config=versions.config)
    assert not (tmp_path / "out").exists()


def test_without_a_store_an_export_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And leaves no empty store behind."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RegistryError, match="there is no tracking store at"):
        export("models:/trade@champion", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_before_the_first_training_there_is_nothing_to_list(project: Project, tmp_path: Path) -> None:
    """The next step is said."""
    shutil.copy(project.config, tmp_path / "patron.yaml")
    config = load_config(tmp_path / "patron.yaml")
    for call in (models, rollback):
        with pytest.raises(RegistryError, match="nothing has been trained") as caught:
            call(config)
        assert caught.value.next_step == "patron train CONFIG"
