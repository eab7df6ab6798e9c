"""Versions, the gate's verdict and the champion."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from patron.errors import Refused, RegistryError
from patron.registry import (
    ChampionMoved,
    Store,
    check_version,
    delete_version,
    get_champion,
    list_versions,
    look_back,
    register_version,
    set_champion,
    set_gate_verdict,
    swap_champion,
)

Record = Callable[..., str]


def test_versions_count_from_one(store: Store, run_id: str) -> None:
    """The first version of a new model is "1", the next "2"."""
    given = [register_version(store, name="demo", run_id=run_id, tags={}) for _ in range(2)]
    assert given == ["1", "2"]


def test_an_incomplete_run_is_not_registered(store: Store, run_id: str) -> None:
    """Without the mark of success a run's model may be half there."""
    store.client.delete_tag(run_id, "patron.complete")
    with pytest.raises(RegistryError, match="is not complete, so its model is not registered"):
        register_version(store, name="demo", run_id=run_id, tags={})
    assert list_versions(store, "demo") == []


def test_an_unknown_run_is_refused(store: Store) -> None:
    """MLflow's sentence is passed on."""
    with pytest.raises(RegistryError, match=r"cannot register demo: Run with id=0000 not found"):
        register_version(store, name="demo", run_id="0000", tags={})


@pytest.mark.parametrize("name", ["", "a/b", "a:b", "a@b", "x' or '1'='1", "..", "a b", "a%b"])
def test_odd_names_are_refused_everywhere(store: Store, name: str) -> None:
    """One rule for names: they stand in addresses, paths and the registry's search language."""
    calls: list[Callable[[], object]] = [
        lambda: register_version(store, name=name, run_id="0", tags={}),
        lambda: get_champion(store, name),
        lambda: set_champion(store, name, "1", reason=""),
        lambda: set_gate_verdict(store, name, "1", promoted=True, reason="", details={}),
        lambda: list_versions(store, name),
        lambda: delete_version(store, name, "1"),
        lambda: look_back(store, name),
        lambda: check_version(store, name, "1"),
    ]
    for call in calls:
        with pytest.raises(RegistryError, match="a model cannot be called"):
            call()


def test_names_of_any_script_work(store: Store, run_id: str) -> None:
    """A Chinese name can be registered, promoted and listed."""
    register_version(store, name="客户-流失", run_id=run_id, tags={})
    set_champion(store, "客户-流失", "1", reason="第一个")
    assert get_champion(store, "客户-流失") == "1"


def test_without_a_model_there_is_no_champion(store: Store) -> None:
    """An unknown model is no error here: the first training asks too."""
    assert get_champion(store, "demo") is None


def test_without_promotion_there_is_no_champion(two_versions: Store) -> None:
    """Registering promotes nothing."""
    assert get_champion(two_versions, "demo") is None


def test_the_former_champion_stays_at_hand(two_versions: Store) -> None:
    """Promoting 2 after 1 leaves 1 as `previous`."""
    set_champion(two_versions, "demo", "1", reason="first")
    set_champion(two_versions, "demo", "2", reason="better")
    aliases = {entry["version"]: entry["aliases"] for entry in list_versions(two_versions, "demo")}
    assert aliases == {"1": ["previous"], "2": ["champion"]}


def test_promoting_the_champion_again_keeps_the_former_one(two_versions: Store) -> None:
    """A repeated promotion does not make a version its own predecessor."""
    for version in ("1", "2", "2"):
        set_champion(two_versions, "demo", version, reason="again")
    aliases = {entry["version"]: entry["aliases"] for entry in list_versions(two_versions, "demo")}
    assert aliases == {"1": ["previous"], "2": ["champion"]}


def test_a_promotion_says_why_and_when(two_versions: Store) -> None:
    """Reason and time stay with the version."""
    set_champion(two_versions, "demo", "1", reason="没有旧模型")
    tags = list_versions(two_versions, "demo")[0]["tags"]
    assert tags["patron.champion.reason"] == "没有旧模型"
    since = datetime.fromisoformat(tags["patron.champion.since"])
    assert abs(datetime.now(UTC) - since) < timedelta(minutes=5)


@pytest.mark.parametrize("version", ["3", "0", "01", "latest", "-1", ""])
def test_promoting_an_unknown_version_lists_the_known(two_versions: Store, version: str) -> None:
    """The error names what exists, and the champion stays."""
    set_champion(two_versions, "demo", "1", reason="first")
    with pytest.raises(RegistryError, match=rf"no version {version} of demo; versions: 1, 2\."):
        set_champion(two_versions, "demo", version, reason="")
    assert get_champion(two_versions, "demo") == "1"


def test_the_gates_verdict_is_kept_as_json(two_versions: Store) -> None:
    """Verdict, reason and figures are tags; NaN is null."""
    details = {"log_loss": {"low": -0.02, "high": float("nan")}, "n": 12}
    set_gate_verdict(two_versions, "demo", "2", promoted=False, reason="not better", details=details)
    tags = list_versions(two_versions, "demo")[1]["tags"]
    assert (tags["patron.gate.promoted"], tags["patron.gate.reason"]) == ("false", "not better")
    kept = json.loads(tags["patron.gate.details"])
    assert kept == {"log_loss": {"low": -0.02, "high": None}, "n": 12}


def test_a_promotion_does_not_overwrite_the_gates_verdict(two_versions: Store) -> None:
    """A person may promote what the gate refused; both stay on record."""
    set_gate_verdict(two_versions, "demo", "1", promoted=False, reason="worse", details={})
    set_champion(two_versions, "demo", "1", reason="by hand")
    tags = list_versions(two_versions, "demo")[0]["tags"]
    assert (tags["patron.gate.reason"], tags["patron.champion.reason"]) == ("worse", "by hand")


def test_the_list_shows_runs_tags_and_chosen_figures(
    store: Store, model_folder: Path, record: Record
) -> None:
    """Each version comes with its run and the figures asked for, in that order."""
    run_id = record(store, model_folder, metrics={"auc": 0.8, "ece": 0.02, "n": 5})
    register_version(store, name="demo", run_id=run_id, tags={"grade": "A"})
    (entry,) = list_versions(store, "demo", metrics=["ece", "auc", "absent"])
    assert (entry["version"], entry["run_id"], entry["tags"]) == ("1", run_id, {"grade": "A"})
    assert list(entry["metrics"].items()) == [("ece", 0.02), ("auc", 0.8)]
    assert entry["created"].endswith("+00:00")


def test_versions_are_listed_by_number(store: Store, run_id: str) -> None:
    """Version 10 comes after 9, not after 1."""
    for _ in range(11):
        register_version(store, name="demo", run_id=run_id, tags={})
    assert [entry["version"] for entry in list_versions(store, "demo")] == [str(n) for n in range(1, 12)]


def test_a_model_nobody_registered_has_no_versions(store: Store) -> None:
    """The list is empty rather than an error."""
    assert list_versions(store, "demo") == []


def aliases(store: Store, name: str = "demo") -> dict[str, list[str]]:
    """Version -> its aliases."""
    return {entry["version"]: entry["aliases"] for entry in list_versions(store, name)}


def test_a_champion_that_changed_meanwhile_is_not_overrun(two_versions: Store) -> None:
    """Whoever decided against version 1, or against nobody, must look again once 2 is champion."""
    set_champion(two_versions, "demo", "2", reason="faster")
    for expected, was in (("1", "version 1"), (None, "none")):
        with pytest.raises(ChampionMoved, match=f"changed from {was} to version 2 while this was decided"):
            set_champion(two_versions, "demo", "1", reason="", expected=expected)
    assert aliases(two_versions) == {"1": [], "2": ["champion"]}
    set_champion(two_versions, "demo", "1", reason="", expected="2")
    assert aliases(two_versions) == {"1": ["champion"], "2": ["previous"]}


def test_an_expected_absence_of_a_champion_is_compared_too(two_versions: Store) -> None:
    """A version that no longer is champion is not silently replaced by another."""
    with pytest.raises(ChampionMoved, match="changed from version 1 to none"):
        set_champion(two_versions, "demo", "2", reason="", expected="1")
    set_champion(two_versions, "demo", "2", reason="", expected=None)
    assert get_champion(two_versions, "demo") == "2"


def test_a_rollback_swaps_champion_and_previous(two_versions: Store) -> None:
    """And a second one swaps them back; the reason is kept."""
    for version in ("1", "2"):
        set_champion(two_versions, "demo", version, reason="first")
    assert look_back(two_versions, "demo") == ("2", "1")
    swap_champion(two_versions, "demo", "2", "1", reason="complaints")
    assert aliases(two_versions) == {"1": ["champion"], "2": ["previous"]}
    assert list_versions(two_versions, "demo")[0]["tags"]["patron.champion.reason"] == "complaints"
    swap_champion(two_versions, "demo", *look_back(two_versions, "demo"), reason="")
    assert aliases(two_versions) == {"1": ["previous"], "2": ["champion"]}


def test_a_rollback_of_what_changed_meanwhile_is_refused(two_versions: Store) -> None:
    """Neither alias may have moved since it was looked at."""
    for version in ("1", "2"):
        set_champion(two_versions, "demo", version, reason="first")
    with pytest.raises(ChampionMoved, match="changed from version 1 to version 2"):
        swap_champion(two_versions, "demo", "1", "2", reason="")
    two_versions.client.set_registered_model_alias("demo", "previous", "2")
    with pytest.raises(ChampionMoved, match="the version before the champion of demo changed meanwhile"):
        swap_champion(two_versions, "demo", "2", "1", reason="")
    assert get_champion(two_versions, "demo") == "2"


def test_without_anything_to_go_back_to_a_rollback_says_why(two_versions: Store) -> None:
    """No model, no champion, no champion before it, a move that was interrupted: four sentences."""
    with pytest.raises(RegistryError, match="no model called other is registered yet"):
        look_back(two_versions, "other")
    with pytest.raises(RegistryError, match=r"no version of demo is champion.*versions: 1, 2\. Promote"):
        look_back(two_versions, "demo")
    set_champion(two_versions, "demo", "1", reason="first")
    with pytest.raises(RegistryError, match="version 1 is the first champion of demo: there is none before"):
        look_back(two_versions, "demo")
    two_versions.client.set_registered_model_alias("demo", "previous", "1")
    with pytest.raises(RegistryError, match=r"both champion and previous: .* interrupted"):
        look_back(two_versions, "demo")


@pytest.mark.parametrize("alias", ["champion", "previous", "shadow"])
def test_a_version_with_an_alias_is_not_deleted(two_versions: Store, alias: str) -> None:
    """MLflow itself would delete it and drop the alias without a word."""
    two_versions.client.set_registered_model_alias("demo", alias, "2")
    with pytest.raises(Refused, match=f"version 2 of demo is {alias} and is not deleted") as caught:
        delete_version(two_versions, "demo", "2")
    assert caught.value.next_step == "patron models CONFIG"
    assert aliases(two_versions) == {"1": [], "2": [alias]}


def test_a_deleted_version_leaves_its_run_and_its_number(
    two_versions: Store, run_id: str, tmp_path: Path
) -> None:
    """The entry goes, the run and its files stay, and the number is not given again."""
    assert delete_version(two_versions, "demo", "2") == run_id
    assert (tmp_path / "mlruns" / "patron" / run_id / "artifacts" / "model").is_dir()
    assert register_version(two_versions, name="demo", run_id=run_id, tags={}) == "3"
    assert list(aliases(two_versions)) == ["1", "3"]
    with pytest.raises(RegistryError, match=r"there is no version 2 of demo; versions: 1, 3\."):
        delete_version(two_versions, "demo", "2")


@pytest.fixture
def by_hand(two_versions: Store, tmp_path: Path) -> Store:
    """Version 3 was registered in MLflow's own way: a folder of somebody's, no run."""
    two_versions.client.create_model_version("demo", source=(tmp_path / "theirs").as_uri())
    return two_versions


def test_a_version_registered_by_hand_is_shown_and_refused(by_hand: Store) -> None:
    """It is in the list, cannot be champion by our commands, and can be deleted."""
    ours, _, theirs = list_versions(by_hand, "demo")
    assert ours["problem"] is None
    assert theirs["problem"] == "was not registered by a complete training of patron"
    assert (theirs["run_id"], theirs["metrics"], theirs["run_tags"]) == (None, {}, {})
    for call in (
        lambda: check_version(by_hand, "demo", "3"),
        lambda: set_champion(by_hand, "demo", "3", reason=""),
    ):
        with pytest.raises(RegistryError, match="version 3 of demo was not registered by a complete"):
            call()
    assert delete_version(by_hand, "demo", "3") is None


def test_a_rollback_to_a_version_registered_by_hand_is_refused(by_hand: Store) -> None:
    """Whoever set the alias in MLflow's pages."""
    set_champion(by_hand, "demo", "1", reason="")
    by_hand.client.set_registered_model_alias("demo", "previous", "3")
    with pytest.raises(RegistryError, match="version 3 of demo was not registered by a complete training"):
        look_back(by_hand, "demo")


def test_a_version_whose_run_is_gone_is_shown(two_versions: Store, run_id: str) -> None:
    """`mlflow gc` removes runs and leaves versions."""
    assert two_versions.address.database is not None
    with closing(sqlite3.connect(two_versions.address.database)) as connection:
        for table in ("latest_metrics", "metrics", "params", "tags", "runs"):
            connection.execute(f"DELETE FROM {table} WHERE run_uuid = ?", [run_id])
        connection.commit()
    problems = [entry["problem"] for entry in list_versions(two_versions, "demo")]
    assert problems == ["was not registered by a complete training of patron"] * 2


def test_a_version_whose_files_are_gone_says_so(two_versions: Store, run_id: str, tmp_path: Path) -> None:
    """Before anybody tries to score with it."""
    shutil.rmtree(tmp_path / "mlruns" / "patron" / run_id)
    assert [entry["problem"] for entry in list_versions(two_versions, "demo")] == ["its files are gone"] * 2


def test_the_verdict_is_a_file_of_the_run_too(two_versions: Store, run_id: str) -> None:
    """`gate.json` holds figures, decision and reason, and no time: the same judgement gives the same file."""
    details = {"difference": float("nan"), "n": 12}
    told = []
    for _ in range(2):
        set_gate_verdict(two_versions, "demo", "2", promoted=False, reason="更差", details=details)
        told.append(Path(two_versions.client.download_artifacts(run_id, "gate.json")).read_bytes())
    assert told[0] == told[1]
    expected = {"decision": "refused", "difference": None, "n": 12, "reason": "更差"}
    assert json.loads(told[0]) == expected


def test_a_lock_that_is_held_is_named_after_a_while(
    two_versions: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sentence says which file, so that nobody waits for ever."""
    from filelock import FileLock

    from patron.registry import _lock

    monkeypatch.setattr(_lock, "_WAIT_SECONDS", 0.05)
    with (
        FileLock(f"{two_versions.address.database}.lock"),
        pytest.raises(RegistryError, match=r"mlflow\.db for 0.05 seconds\. If none is running, remove"),
    ):
        set_champion(two_versions, "demo", "1", reason="")
    set_champion(two_versions, "demo", "1", reason="")
