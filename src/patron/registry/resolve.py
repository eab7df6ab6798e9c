"""From what a user calls a model to a folder on this machine.

One job: read `--model`. In: `models:/name@alias`, `models:/name/version` or a folder. Out: name, version and
a local folder. An alias is looked up once: whatever moves it meanwhile, one scoring uses one version. Of a
registered version, which is an MLflow model with code in it, only the model folder is taken: nothing is run.
Not here: reading and verifying the folder (see `patron.model`).
"""

from __future__ import annotations

import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from patron.errors import ModelError, RegistryError
from patron.model.manifest import MANIFEST, read_model
from patron.registry._quiet import in_words
from patron.registry.pyfunc import INNER_FOLDER
from patron.registry.store import Store, local_path
from patron.registry.training import MODEL_PATH
from patron.registry.versions import check_name, find_alias, find_version

_ADDRESS = re.compile(r"models:/+(?P<name>[^/@]+)(?:@(?P<alias>[\w-]+)|/(?P<version>[1-9][0-9]*))")
_FORMS = "Give models:/name@alias, models:/name/version or a folder"


@dataclass(frozen=True)
class ResolvedModel:
    """A model that is on this machine now.

    Parameters
    ----------
    name : str
        Its registered name, or the folder's name.
    version : str or None
        Its registered version; None for a folder.
    folder : Path
        Where it is. Read only.

    Examples
    --------
    >>> ResolvedModel("demo", "3", Path("model")).label
    'demo/3'
    """

    name: str
    version: str | None
    folder: Path

    @property
    def label(self) -> str:
        """What the score column `model` says: `name/version`, or the folder's name."""
        return self.name if self.version is None else f"{self.name}/{self.version}"


def is_registered(reference: str) -> bool:
    """Say whether a reference needs the registry; a folder does not, and then MLflow is never imported.

    Examples
    --------
    >>> is_registered("models:/demo@champion"), is_registered("models/demo@0123456789ab")
    (True, False)
    """
    return reference.startswith("models:")


def resolve(store: Store | None, reference: str, *, name: str) -> ResolvedModel:
    """Find a model and bring it to this machine.

    Parameters
    ----------
    store : Store or None
        The registry; None will do for a folder.
    reference : str
        `models:/name@alias`, `models:/name/version` or a folder.
    name : str
        The model's name in the config, for messages.

    Returns
    -------
    ResolvedModel

    Raises
    ------
    RegistryError
        If the reference is of no known form, or the alias, the version, its files or the folder do not exist.
    """
    if not is_registered(reference):
        return _folder(reference, name)
    found = _ADDRESS.fullmatch(reference)
    if found is None or store is None:
        raise RegistryError(f"{reference!r} names no model. {_FORMS}, such as models:/{name}@champion.")
    check_name(found["name"])
    with in_words(f"fetch {reference}", store.address.scrub):
        version = found["version"] or find_alias(store, found["name"], found["alias"])
        entry = find_version(store, found["name"], version)
        return ResolvedModel(found["name"], version, _bring(store, entry))


def _folder(reference: str, name: str) -> ResolvedModel:
    """Take a folder as it is."""
    folder = Path(reference).expanduser()
    if not folder.is_dir():
        raise RegistryError(f"there is no folder {reference!r}. {_FORMS}, such as models:/{name}@champion.")
    folder = folder.resolve()
    return ResolvedModel(folder.name, None, folder)


def _bring(store: Store, entry: Any) -> Path:
    """Return a local folder with the model folder of a version; nothing else of the artifact is looked at."""
    path = local_path(entry.source)
    if path is None:
        target = store.cache / f"{entry.name}-{entry.version}-{entry.run_id}"
        return _download(store, entry.source, target)
    if path.is_dir():
        return _inner_folder(path, f"{entry.name}/{entry.version}")
    moved = sorted(store.files.glob(f"*/{entry.run_id}/artifacts/{MODEL_PATH}")) if store.files else []
    if not moved:
        raise RegistryError(
            f"the files of {entry.name}/{entry.version} are gone: there is no folder {path}. "
            "Restore it, or train again."
        )
    return _inner_folder(
        moved[0], f"{entry.name}/{entry.version}"
    )  # the store was moved, and its files with it


def _inner_folder(path: Path, label: str) -> Path:
    """Find the model folder: inside an MLflow model, or, in old versions, all there is."""
    steps = (path, path / "artifacts", path / INNER_FOLDER)
    if any(step.is_symlink() for step in steps[1:]):
        raise RegistryError(f"the files of {label} hold a link where the model should be. Train again.")
    if steps[-1].is_dir():
        return steps[-1]
    if (path / MANIFEST).is_file():
        return path
    raise RegistryError(
        f"the files of {label} hold no model: there is no {INNER_FOLDER} in {path}. Train again."
    )


def _download(store: Store, source: str, target: Path) -> Path:
    """Fetch a version's model folder once; a damaged copy is fetched again.

    Parameters
    ----------
    store : Store
        The registry.
    source : str
        Where the version's files are. Only the model folder is fetched: the code beside it stays there.
    target : Path
        Where to keep it.
    """
    if _is_whole(target):
        return target
    shutil.rmtree(target, ignore_errors=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".partial-", dir=target.parent) as partial:
        got = _fetch(store, f"{source}/{_where_inside(store, source)}".rstrip("/"), Path(partial))
        try:
            got.rename(target)
        except OSError:
            if not _is_whole(target):  # not merely another process that was faster
                raise
    return target


def _where_inside(store: Store, source: str) -> str:
    """Say where the model folder is: inside an MLflow model, or, in old versions, all there is."""
    from mlflow.artifacts import list_artifacts

    uri = store.client.tracking_uri
    names = {Path(item.path).name for item in list_artifacts(artifact_uri=source, tracking_uri=uri)}
    return "" if MANIFEST in names else INNER_FOLDER


def _fetch(store: Store, source: str, into: Path) -> Path:
    """Download one folder; what lands elsewhere, or is a link, is not taken."""
    from mlflow.artifacts import download_artifacts

    uri = store.client.tracking_uri
    got = Path(
        download_artifacts(artifact_uri=source, dst_path=str(into), tracking_uri=uri, registry_uri=uri)
    )
    if not got.is_dir() or got.is_symlink() or not got.resolve().is_relative_to(into.resolve()):
        raise RegistryError("the artifact holds no model folder where it should be. Train again.")
    return got


def _is_whole(folder: Path) -> bool:
    """Say whether a model folder is there and undamaged."""
    try:
        read_model(folder)
    except ModelError:
        return False
    return True
