"""The tracking store.

One job: open it. In: `tracking.uri`, the config's folder, an experiment's name. Out: a `Store` that the
other files of this folder work with; no global state of MLflow is touched. Not here: what is written to it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from patron.errors import RegistryError
from patron.registry._address import Address, read_address
from patron.registry._quiet import in_words
from patron.registry._sqlite import ensure_database, is_made

if TYPE_CHECKING:
    from mlflow import MlflowClient

FILES_FOLDER = "mlruns"


@dataclass(frozen=True)
class Store:
    """An open tracking store and registry. Made by `open_store`.

    Parameters
    ----------
    address : Address
        Where it is; printing it shows no secrets.
    experiment : str
        The experiment that training runs belong to.
    files : Path or None
        Where a local store keeps the files of its runs; None on a server.
    cache : Path
        Where models are downloaded to from a server.
    client : MlflowClient
        Bound to this store.
    """

    address: Address
    experiment: str
    files: Path | None
    cache: Path
    client: MlflowClient = field(repr=False)


def open_store(
    uri: str, *, root: Path, experiment: str, create: bool = True, cache: Path | None = None
) -> Store:
    """Open the store, and make it first if it is a local one that does not exist.

    Parameters
    ----------
    uri : str
        `sqlite:///mlflow.db` (relative to `root`), `sqlite:////absolute/path.db` or `http(s)://...`.
        `${NAME}` stands for an environment variable, so that no password need be written down.
    root : Path
        The config's folder.
    experiment : str
        Name of the experiment; it is made with the first run.
    create : bool, default True
        False: refuse where there is no local store yet, instead of making an empty one.
    cache : Path, optional
        Where models from a server are kept; by default `mlruns/downloaded` under `root`.

    Returns
    -------
    Store

    Raises
    ------
    RegistryError
        If the address is of another kind, a variable is missing, the file is not an MLflow store, was made
        by another version of MLflow, or the server does not answer.
    """
    address = read_address(uri, Path(root))
    files = None
    if address.database is not None:
        if not create and not is_made(address.database):
            raise RegistryError(
                f"there is no tracking store at {address.database} yet: nothing has been trained here.",
                next_step="patron train CONFIG",
            )
        files = address.database.parent / FILES_FOLDER
    with in_words(f"open the tracking store {address.shown}", address.scrub):
        if address.database is not None and files is not None:
            ensure_database(address.database, files)
        client = _connect(address.uri)
    kept = cache if cache is not None else Path(root) / FILES_FOLDER / "downloaded"
    return Store(address, experiment, files, kept, client)


def _connect(uri: str) -> MlflowClient:
    """Bind a client to the store and ask it something, so that a bad store is noticed here."""
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=uri, registry_uri=uri)
    client.search_experiments(max_results=1)
    return client


def experiment_id(store: Store) -> str:
    """Return the experiment's id, making it if it is new. Call inside `in_words`.

    Raises
    ------
    RegistryError
        If the store was moved or copied: its experiment would go on writing into the old folder.
    """
    from mlflow.exceptions import MlflowException

    location = None if store.files is None else store.files / _folder_name(store.experiment)
    found = store.client.get_experiment_by_name(store.experiment)
    if found is None:
        place = None if location is None else location.as_uri()
        try:
            return str(store.client.create_experiment(store.experiment, place))
        except MlflowException as problem:
            found = store.client.get_experiment_by_name(store.experiment)
            if found is None:  # not merely another process that was faster
                raise problem
    _check_place(found.artifact_location, location, store.experiment)
    return str(found.experiment_id)


def local_path(uri: str) -> Path | None:
    """Return the path that a `file:` address or a plain path names, None for any other."""
    from mlflow.utils.file_utils import local_file_uri_to_path
    from mlflow.utils.uri import is_local_uri

    return Path(local_file_uri_to_path(uri)) if is_local_uri(uri) else None  # type: ignore[no-untyped-call]


def _check_place(known: str, expected: Path | None, experiment: str) -> None:
    """Notice a moved store: its experiment lies where ours would, in another folder."""
    place = local_path(known)
    if expected is None or place is None or place == expected:
        return
    if place.parts[-2:] == expected.parts[-2:]:
        raise RegistryError(
            f"the experiment {experiment!r} keeps its files in {place}, not beside its store in "
            f"{expected.parent.parent}: the store was moved or copied. Give tracking.experiment a new name; "
            "models registered before can still be used."
        )


def _folder_name(experiment: str) -> str:
    """Return a folder name for an experiment; two that collide share a folder, which does no harm."""
    return re.sub(r"[^\w.-]+", "_", experiment).strip(".") or "experiment"
