"""Versions of a model: registered, listed, found, deleted.

One job: the entries of the registry. In: a store, a model's name, a run id or version. Out: versions as text.
Not here: which of them is champion (`champion`), loading.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from patron.errors import Refused, RegistryError
from patron.model.manifest import is_model_name
from patron.registry._lock import one_at_a_time
from patron.registry._quiet import in_words
from patron.registry.store import Store, local_path
from patron.registry.training import COMPLETE_TAG, MODEL_PATH

CHAMPION = "champion"
PREVIOUS = "previous"
_LONGEST_TAG = 100_000
_NOT_OURS = "was not registered by a complete training of patron"


def register_version(store: Store, *, name: str, run_id: str, tags: Mapping[str, str]) -> str:
    """Register the model of a complete run as a new version.

    Parameters
    ----------
    store : Store
        Where the run is.
    name : str
        The model's name; made in the registry if new.
    run_id : str
        What `log_training` returned.
    tags : mapping of str to str
        Kept with the version.

    Returns
    -------
    str
        The version, "1" for the first.

    Raises
    ------
    RegistryError
        If the name is odd, or the run is unknown or not complete.
    """
    check_name(name)
    with in_words(f"register {name}", store.address.scrub):
        run = store.client.get_run(run_id)
        if run.data.tags.get(COMPLETE_TAG) != "true":
            raise RegistryError(
                f"the run {run_id} is not complete, so its model is not registered. Train again."
            )
        if aliases_of(store, name) is None:
            _create_model(store, name)
        texts = {key: str(value)[:_LONGEST_TAG] for key, value in sorted(tags.items())}
        source = f"{run.info.artifact_uri}/{MODEL_PATH}"
        made = store.client.create_model_version(name, source=source, run_id=run_id, tags=texts)
        return str(made.version)


def delete_version(store: Store, name: str, version: str) -> str | None:
    """Remove a version from the registry; its run and the files of the run stay.

    Parameters
    ----------
    store : Store
        The registry.
    name, version : str
        Which. Its number is not given again.

    Returns
    -------
    str or None
        The run that the version came from.

    Raises
    ------
    RegistryError
        If there is no such version; the message lists those that exist.
    Refused
        If an alias points to it: MLflow itself would drop the alias without a word.
    """
    check_name(name)
    with in_words(f"delete {name}/{version}", store.address.scrub), one_at_a_time(store):
        found = find_version(store, name, version)
        held = sorted(alias for alias, to in (aliases_of(store, name) or {}).items() if to == version)
        if held:
            raise Refused(
                f"version {version} of {name} is {' and '.join(held)} and is not deleted. "
                "Promote another version first, or remove the alias.",
                next_step="patron models CONFIG",
            )
        store.client.delete_model_version(name, version)
    return found.run_id or None


def list_versions(store: Store, name: str, *, metrics: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """List the versions of a model, oldest first.

    Parameters
    ----------
    store : Store
        The registry.
    name : str
        The model.
    metrics : sequence of str, optional
        Which figures of the run to show; all by default.

    Returns
    -------
    list of dict
        `version` (str), `aliases` (sorted list), `created` (UTC, ISO 8601), `run_id`, `tags`, `run_tags`,
        `metrics`, `problem` (None, or why the version cannot be used: not of a complete training, or files
        gone). Empty if there is no such model.
    """
    check_name(name)
    with in_words(f"list the versions of {name}", store.address.scrub):
        aliases = aliases_of(store, name)
        if aliases is None:
            return []
        return [_describe(store, version, aliases, metrics) for version in search_versions(store, name)]


def check_version(store: Store, name: str, version: str) -> None:
    """Make sure that a version is there, and that a complete training of patron made it.

    Parameters
    ----------
    store : Store
        The registry.
    name, version : str
        Which.

    Raises
    ------
    RegistryError
        If not; the message lists the versions there are.
    """
    check_name(name)
    with in_words(f"look up {name}/{version}", store.address.scrub):
        refuse_incomplete(store, find_version(store, name, version))


def check_name(name: str) -> None:
    """Refuse names that could not stand in an address or a path.

    Raises
    ------
    RegistryError
        If the name is odd.
    """
    if not is_model_name(name):
        raise RegistryError(
            f"a model cannot be called {name!r}: use letters, digits, '_', '.' and '-', at most 60, "
            "and begin with a letter or digit."
        )


def find_version(store: Store, name: str, version: str) -> Any:
    """Return MLflow's entry of a version. Call inside `in_words`.

    Raises
    ------
    RegistryError
        If there is none; the message lists those that exist.
    """
    existing = search_versions(store, name)
    for found in existing:
        if str(found.version) == version:
            return found
    raise RegistryError(f"there is no version {version} of {name}; {in_list(existing)}.")


def find_alias(store: Store, name: str, alias: str) -> str:
    """Return the version an alias stands for now. Call inside `in_words`.

    Raises
    ------
    RegistryError
        If no version has it; the message lists the versions and says what to do.
    """
    found = (aliases_of(store, name) or {}).get(alias)
    if found is not None:
        return found
    existing = search_versions(store, name)
    if not existing:
        raise RegistryError(f"no model called {name} is registered yet.", next_step="patron train CONFIG")
    if alias == CHAMPION:
        newest = existing[-1].version
        raise RegistryError(
            f"no version of {name} is champion yet; {in_list(existing)}. "
            "Train a better one, or name the version to score with.",
            next_step=f"patron score CONFIG --model models:/{name}/{newest}",
        )
    known = ", ".join(sorted(aliases_of(store, name) or {})) or "none"
    raise RegistryError(
        f"no version of {name} has the alias {alias!r} (aliases: {known}); {in_list(existing)}."
    )


def refuse_incomplete(store: Store, found: Any) -> None:
    """Refuse a version that no complete training of patron stands behind. Call inside `in_words`.

    Parameters
    ----------
    store : Store
        The registry.
    found : ModelVersion
        Of `find_version`.

    Raises
    ------
    RegistryError
        If it was registered by other means, or its run is gone or not complete.
    """
    if not _is_complete(_run_of(store, found)):
        raise RegistryError(
            f"version {found.version} of {found.name} {_NOT_OURS}, so it can be neither judged nor champion. "
            "Train a model, or name a version that patron train made.",
            next_step="patron models CONFIG",
        )


def search_versions(store: Store, name: str) -> list[Any]:
    """Return MLflow's entries of all versions, oldest first. Call inside `in_words`."""
    found: list[Any] = []
    token: str | None = None
    while True:
        page = store.client.search_model_versions(f"name = '{name}'", page_token=token)
        found += page
        token = page.token
        if not token:
            return sorted(found, key=lambda entry: int(entry.version))


def aliases_of(store: Store, name: str) -> dict[str, str] | None:
    """Return alias to version, None if there is no such model. Call inside `in_words`."""
    from mlflow.exceptions import MlflowException

    try:
        model = store.client.get_registered_model(name)
    except MlflowException as problem:
        if problem.error_code == "RESOURCE_DOES_NOT_EXIST":
            return None
        raise
    return {alias: str(version) for alias, version in model.aliases.items()}


def in_list(existing: Sequence[Any]) -> str:
    """Name the versions that exist, the last twenty at most."""
    names = [str(found.version) for found in existing][-20:]
    return f"versions: {'..., ' if len(existing) > 20 else ''}{', '.join(names) or 'none'}"


def _create_model(store: Store, name: str) -> None:
    """Make a registered model; another process may be faster."""
    from mlflow.exceptions import MlflowException

    try:
        store.client.create_registered_model(name)
    except MlflowException as problem:
        if problem.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def _run_of(store: Store, found: Any) -> Any | None:
    """Return the run behind a version, None where it has none any more."""
    from mlflow.exceptions import MlflowException

    if not found.run_id:
        return None
    try:
        return store.client.get_run(found.run_id)
    except MlflowException as problem:
        if problem.error_code == "RESOURCE_DOES_NOT_EXIST":
            return None
        raise


def _is_complete(run: Any | None) -> bool:
    return run is not None and run.data.tags.get(COMPLETE_TAG) == "true"


def _problem(store: Store, found: Any, run: Any | None) -> str | None:
    """Say why a version cannot be used. Files on a server are looked at when they are fetched."""
    if not _is_complete(run):
        return _NOT_OURS
    path = local_path(found.source)
    if path is None or path.is_dir():
        return None
    moved = store.files is not None and any(store.files.glob(f"*/{found.run_id}/artifacts/{MODEL_PATH}"))
    return None if moved else "its files are gone"


def _describe(
    store: Store, found: Any, aliases: Mapping[str, str], metrics: Sequence[str] | None
) -> dict[str, Any]:
    """Turn MLflow's entry into a plain dict."""
    version, run = str(found.version), _run_of(store, found)
    figures = run.data.metrics if run is not None else {}
    shown = sorted(figures) if metrics is None else [key for key in metrics if key in figures]
    return {
        "version": version,
        "aliases": sorted(alias for alias, target in aliases.items() if target == version),
        "created": datetime.fromtimestamp(found.creation_timestamp / 1000, UTC).isoformat(timespec="seconds"),
        "run_id": found.run_id or None,
        "tags": dict(sorted(found.tags.items())),
        "run_tags": dict(sorted(run.data.tags.items())) if run is not None else {},
        "metrics": {key: figures[key] for key in shown},
        "problem": _problem(store, found, run),
    }
