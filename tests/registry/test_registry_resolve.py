"""What a user calls a model becomes a folder on this machine."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from patron.errors import RegistryError
from patron.model.manifest import read_model
from patron.registry import Store, open_store, resolve, set_champion
from patron.registry.resolve import _download


def test_a_version_resolves_to_its_files(two_versions: Store, model_folder: Path) -> None:
    """`models:/name/1` is the folder that was logged."""
    found = resolve(two_versions, "models:/demo/1", name="demo")
    assert (found.name, found.version, found.label) == ("demo", "1", "demo/1")
    assert read_model(found.folder) == read_model(model_folder)


def test_an_alias_resolves_to_the_version_behind_it(two_versions: Store) -> None:
    """The caller learns the version, so that what moves later does not matter."""
    set_champion(two_versions, "demo", "2", reason="better")
    assert resolve(two_versions, "models:/demo@champion", name="demo").label == "demo/2"


def test_the_former_champion_can_be_brought_back(two_versions: Store) -> None:
    """A rollback is resolving `previous` and promoting it."""
    for version in ("1", "2"):
        set_champion(two_versions, "demo", version, reason="")
    former = resolve(two_versions, "models:/demo@previous", name="demo").version
    set_champion(two_versions, "demo", str(former), reason="rollback")
    assert resolve(two_versions, "models:/demo@champion", name="demo").version == "1"
    assert resolve(two_versions, "models:/demo@previous", name="demo").version == "2"


def test_without_a_champion_the_versions_are_named(two_versions: Store) -> None:
    """The error ends with the command that helps."""
    words = r"no version of demo is champion yet; versions: 1, 2\. Train a better one, or name the version"
    with pytest.raises(RegistryError, match=words):
        resolve(two_versions, "models:/demo@champion", name="demo")


def test_an_unknown_alias_names_aliases_and_versions(two_versions: Store) -> None:
    """A typing mistake shows what there is."""
    set_champion(two_versions, "demo", "1", reason="")
    with pytest.raises(RegistryError, match=r"alias 'champ' \(aliases: champion\); versions: 1, 2\."):
        resolve(two_versions, "models:/demo@champ", name="demo")


def test_an_unknown_version_names_the_versions(two_versions: Store) -> None:
    """A number that does not exist shows those that do."""
    with pytest.raises(RegistryError, match=r"no version 7 of demo; versions: 1, 2\."):
        resolve(two_versions, "models:/demo/7", name="demo")


def test_an_unknown_model_says_train_first(store: Store) -> None:
    """Nothing registered, nothing to promote."""
    with pytest.raises(RegistryError, match="no model called demo is registered yet") as caught:
        resolve(store, "models:/demo@champion", name="demo")
    assert caught.value.next_step == "patron train CONFIG"


@pytest.mark.parametrize(
    "reference",
    [
        "models:/demo",
        "models:/demo/latest",
        "models:/demo/Production",
        "models:/demo@",
        "models:/demo/1/x",
        "models:",
    ],
)
def test_other_addresses_are_refused_with_the_forms_that_work(two_versions: Store, reference: str) -> None:
    """Stages, `latest` and bare names are no references."""
    with pytest.raises(
        RegistryError, match=r"names no model\. Give models:/name@alias, models:/name/version or a"
    ):
        resolve(two_versions, reference, name="demo")


@pytest.mark.parametrize("reference", ["runs:/0123/model", "nowhere", "s3://bucket/model"])
def test_a_folder_that_is_not_there_is_refused(two_versions: Store, reference: str) -> None:
    """Whatever is no address is taken as a folder."""
    with pytest.raises(RegistryError, match=r"there is no folder .* Give models:/name@alias"):
        resolve(two_versions, reference, name="demo")


def test_a_folder_needs_neither_store_nor_mlflow(model_folder: Path) -> None:
    """A service that loads from a folder never imports MLflow."""
    code = (
        "import sys; from patron.registry import resolve;"
        f"found = resolve(None, {str(model_folder)!r}, name='demo');"
        "print(found.label, found.version, 'mlflow' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout.split() == [model_folder.name, "None", "False"]


def test_a_moved_store_still_finds_its_models(
    two_versions: Store, tmp_path: Path, model_folder: Path
) -> None:
    """Addresses in the database are absolute; the files are found beside the store all the same."""
    moved = tmp_path / "moved"
    moved.mkdir()
    for name in ("mlflow.db", "mlruns"):
        (tmp_path / name).rename(moved / name)
    again = open_store("sqlite:///mlflow.db", root=moved, experiment="patron")
    found = resolve(again, "models:/demo/1", name="demo")
    assert found.folder.is_relative_to(moved)
    assert read_model(found.folder) == read_model(model_folder)


def test_deleted_files_are_said_to_be_gone(two_versions: Store, tmp_path: Path) -> None:
    """The registry may know a version whose files somebody removed."""
    (tmp_path / "mlruns").rename(tmp_path / "thrown-away")
    with pytest.raises(RegistryError, match="the files of demo/1 are gone: there is no folder"):
        resolve(two_versions, "models:/demo/1", name="demo")


def test_a_download_is_made_once_and_again_if_damaged(
    two_versions: Store, model_folder: Path, tmp_path: Path
) -> None:
    """A whole copy is used as it is, a damaged one is fetched again, nothing unfinished stays."""
    target = tmp_path / "cache" / "demo-1"
    source = two_versions.client.get_model_version("demo", "1").source
    first = _download(two_versions, source, target).stat().st_ino
    assert _download(two_versions, source, target).stat().st_ino == first
    (target / "clv.json").write_bytes(b"damaged")
    assert read_model(_download(two_versions, source, target)) == read_model(model_folder)
    assert [path.name for path in target.parent.iterdir()] == ["demo-1"]


def test_versions_of_older_trainings_still_resolve(store: Store, model_folder: Path, tmp_path: Path) -> None:
    """Their files are the model folder itself, without MLflow's around it; also when they are downloaded."""
    old = tmp_path / "old" / "model"
    shutil.copytree(model_folder, old)
    store.client.create_registered_model("demo")
    store.client.create_model_version("demo", source=old.as_uri())
    assert read_model(resolve(store, "models:/demo/1", name="demo").folder) == read_model(model_folder)
    assert read_model(_download(store, old.as_uri(), tmp_path / "kept")) == read_model(model_folder)


def test_only_the_model_folder_is_fetched(two_versions: Store, model_folder: Path, tmp_path: Path) -> None:
    """The code beside it stays where it is."""
    source = two_versions.client.get_model_version("demo", "1").source
    kept = _download(two_versions, source, tmp_path / "kept")
    assert sorted(p.name for p in kept.iterdir()) == sorted(p.name for p in model_folder.iterdir())


@pytest.mark.parametrize("change", ["missing", "link", "linked parent", "file"])
def test_an_artifact_without_a_plain_model_folder_is_refused(
    two_versions: Store, tmp_path: Path, model_folder: Path, change: str
) -> None:
    """Nothing outside the version's files is read, however they point there."""
    source = two_versions.client.get_model_version("demo", "1").source
    artifacts = Path(source.removeprefix("file://")) / "artifacts"
    shutil.rmtree(artifacts if change == "linked parent" else artifacts / "model")
    if change == "link":
        (artifacts / "model").symlink_to(model_folder)
    elif change == "linked parent":
        (tmp_path / "else").mkdir()
        shutil.copytree(model_folder, tmp_path / "else" / "model")
        artifacts.symlink_to(tmp_path / "else")
    elif change == "file":
        (artifacts / "model").write_bytes(b"")
    with pytest.raises(RegistryError, match=r"the files of demo/1 hold (no model|a link)") as refused:
        resolve(two_versions, "models:/demo/1", name="demo")
    assert len(str(refused.value).splitlines()) == 1
