"""`patron export`: a registered model or a folder, verified and copied to where it is needed."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from patron.config import Config
from patron.model.manifest import read_model, write_model
from patron.registry import Store, is_registered, open_store, resolve

_LOCAL_STORE = "sqlite:///mlflow.db"
_BY_MANIFEST = ("content_sha256", "files", "format_version", "name")


@dataclass(frozen=True)
class Exported:
    """What was exported.

    Parameters
    ----------
    folder : Path
        The copy, ``<name>@<12 hex>``.
    model : str
        ``name/version``, or the name of the folder it came from.
    own_features : list of str
        Functions of the user's that the model was trained with; they do not travel with it.
    """

    folder: Path
    model: str
    own_features: list[str]


def export(model: str, to: Path, *, config: Config | None = None) -> Exported:
    """Copy a model folder, after every byte of it was verified.

    Parameters
    ----------
    model : str
        ``models:/name@alias``, ``models:/name/version`` or a folder.
    to : Path
        Where the copy goes, as ``to/<name>@<12 hex>``: written beside and renamed. The same content there
        already is verified and left alone.
    config : Config, optional
        Names the tracking store of a registered model; without it the variable ``MLFLOW_TRACKING_URI``
        does, or ``mlflow.db`` in the working directory.

    Returns
    -------
    Exported

    Raises
    ------
    RegistryError
        If there is no such model.
    ModelError
        If it is damaged, or ``to`` cannot be written.
    """
    with tempfile.TemporaryDirectory(prefix="patron-export-") as cache:
        store = _store(config, Path(cache)) if is_registered(model) else None
        found = resolve(store, model, name="NAME" if config is None else config.name)
        manifest, files = read_model(found.folder)
    facts = {key: value for key, value in manifest.items() if key not in _BY_MANIFEST}
    folder = write_model(to.expanduser().resolve(), str(manifest["name"]), files, facts)
    recipe = manifest.get("recipe", {})
    custom = recipe.get("features", {}).get("custom", []) if isinstance(recipe, dict) else []
    return Exported(folder, found.label, [str(entry.get("name")) for entry in custom])


def _store(config: Config | None, cache: Path) -> Store:
    """Open the store that knows a registered model."""
    if config is not None:
        tracking = config.tracking
        return open_store(tracking.uri, root=config.folder, experiment=tracking.experiment, create=False)
    uri = os.environ.get("MLFLOW_TRACKING_URI") or _LOCAL_STORE
    return open_store(uri, root=Path.cwd(), experiment="patron", create=False, cache=cache)
