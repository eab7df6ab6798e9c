"""Versions, the gate's verdict and the champion."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from patron.errors import RegistryError
from patron.registry import (
    Store,
    get_champion,
    list_versions,
    register_version,
    set_champion,
    set_gate_verdict,
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
