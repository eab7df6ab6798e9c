"""Versions of a model, and which of them is champion.

One job: register what a run trained, keep the gate's verdict with it, and move the alias `champion`. In: a
store, a model's name, a run id or version. Out: versions as text. Not here: whether a candidate deserves it
(see `evaluation`), loading.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from patron.errors import RegistryError
from patron.model.manifest import is_model_name
from patron.registry._quiet import in_words
from patron.registry.store import Store
from patron.registry.training import COMPLETE_TAG, MODEL_PATH

CHAMPION = "champion"
PREVIOUS = "previous"
_LONGEST_TAG = 100_000


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
        if _aliases(store, name) is None:
            _create_model(store, name)
        texts = {key: str(value)[:_LONGEST_TAG] for key, value in sorted(tags.items())}
        source = f"{run.info.artifact_uri}/{MODEL_PATH}"
        made = store.client.create_model_version(name, source=source, run_id=run_id, tags=texts)
        return str(made.version)


def get_champion(store: Store, name: str) -> str | None:
    """Return the version that is champion, None if there is none or no such model."""
    check_name(name)
    with in_words(f"look up the champion of {name}", store.address.scrub):
        return (_aliases(store, name) or {}).get(CHAMPION)


def set_champion(store: Store, name: str, version: str, *, reason: str) -> None:
    """Make a version champion; the one before keeps the alias `previous`, so that it can be brought back.

    Parameters
    ----------
    store : Store
        The registry.
    name, version : str
        Which.
    reason : str
        Why, in words; kept with the version as `patron.champion.reason`, the time as `patron.champion.since`.

    Raises
    ------
    RegistryError
        If there is no such version; the message lists those that exist.
    """
    check_name(name)
    with in_words(f"make {name}/{version} champion", store.address.scrub):
        find_version(store, name, version)
        current = (_aliases(store, name) or {}).get(CHAMPION)
        if current is not None and current != version:
            store.client.set_registered_model_alias(name, PREVIOUS, current)
        store.client.set_registered_model_alias(name, CHAMPION, version)
        _tag(store, name, version, {"patron.champion.reason": reason, "patron.champion.since": _now()})


def set_gate_verdict(
    store: Store, name: str, version: str, *, promoted: bool, reason: str, details: Mapping[str, object]
) -> None:
    """Keep what the gate said with the version it judged.

    Parameters
    ----------
    store : Store
        The registry.
    name, version : str
        Which.
    promoted : bool
        The verdict, as the tag `patron.gate.promoted` ("true" or "false").
    reason : str
        In words, as `patron.gate.reason`.
    details : mapping
        The figures behind it, as JSON in `patron.gate.details`; NaN becomes null.

    Raises
    ------
    RegistryError
        If there is no such version.
    """
    check_name(name)
    text = json.dumps(_plain(details), sort_keys=True, ensure_ascii=False, allow_nan=False)
    if len(text) > _LONGEST_TAG:
        raise RegistryError(
            f"the gate's details are {len(text):,} characters, over the limit of {_LONGEST_TAG:,}"
        )
    verdict = {"promoted": str(promoted).lower(), "reason": reason, "details": text, "judged_at": _now()}
    with in_words(f"keep the verdict on {name}/{version}", store.address.scrub):
        find_version(store, name, version)
        _tag(store, name, version, {f"patron.gate.{key}": value for key, value in verdict.items()})


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
        `version` (str), `aliases` (sorted list), `created` (UTC, ISO 8601), `run_id`, `tags`, `metrics`.
        Empty if there is no such model.
    """
    check_name(name)
    with in_words(f"list the versions of {name}", store.address.scrub):
        aliases = _aliases(store, name)
        if aliases is None:
            return []
        return [_describe(store, version, aliases, metrics) for version in _search(store, name)]


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
    existing = _search(store, name)
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
    found = (_aliases(store, name) or {}).get(alias)
    if found is not None:
        return found
    existing = _search(store, name)
    if not existing:
        raise RegistryError(f"no model called {name} is registered yet.", next_step="patron train CONFIG")
    if alias == CHAMPION:
        newest = existing[-1].version
        raise RegistryError(
            f"no version of {name} is champion yet; {in_list(existing)}. "
            "Train a better one, or name the version to score with.",
            next_step=f"patron score CONFIG --model models:/{name}/{newest}",
        )
    known = ", ".join(sorted(_aliases(store, name) or {})) or "none"
    raise RegistryError(
        f"no version of {name} has the alias {alias!r} (aliases: {known}); {in_list(existing)}."
    )


def in_list(existing: Sequence[Any]) -> str:
    """Name the versions that exist, the last twenty at most."""
    names = [str(found.version) for found in existing][-20:]
    return f"versions: {'..., ' if len(existing) > 20 else ''}{', '.join(names) or 'none'}"


def _search(store: Store, name: str) -> list[Any]:
    """Return MLflow's entries of all versions, oldest first."""
    found: list[Any] = []
    token: str | None = None
    while True:
        page = store.client.search_model_versions(f"name = '{name}'", page_token=token)
        found += page
        token = page.token
        if not token:
            return sorted(found, key=lambda entry: int(entry.version))


def _aliases(store: Store, name: str) -> dict[str, str] | None:
    """Return alias to version, None if there is no such model."""
    from mlflow.exceptions import MlflowException

    try:
        model = store.client.get_registered_model(name)
    except MlflowException as problem:
        if problem.error_code == "RESOURCE_DOES_NOT_EXIST":
            return None
        raise
    return {alias: str(version) for alias, version in model.aliases.items()}


def _create_model(store: Store, name: str) -> None:
    """Make a registered model; another process may be faster."""
    from mlflow.exceptions import MlflowException

    try:
        store.client.create_registered_model(name)
    except MlflowException as problem:
        if problem.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def _describe(
    store: Store, found: Any, aliases: Mapping[str, str], metrics: Sequence[str] | None
) -> dict[str, Any]:
    """Turn MLflow's entry into a plain dict."""
    version = str(found.version)
    figures = store.client.get_run(found.run_id).data.metrics if found.run_id else {}
    shown = sorted(figures) if metrics is None else [key for key in metrics if key in figures]
    return {
        "version": version,
        "aliases": sorted(alias for alias, target in aliases.items() if target == version),
        "created": datetime.fromtimestamp(found.creation_timestamp / 1000, UTC).isoformat(timespec="seconds"),
        "run_id": found.run_id,
        "tags": dict(sorted(found.tags.items())),
        "metrics": {key: figures[key] for key in shown},
    }


def _tag(store: Store, name: str, version: str, tags: Mapping[str, str]) -> None:
    """Set tags of a version."""
    for key, value in tags.items():
        store.client.set_model_version_tag(name, version, key, value)


def _plain(value: object) -> object:
    """Make a value fit for JSON: NaN and infinities become null."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _now() -> str:
    """Return the time in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")
