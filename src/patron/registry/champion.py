"""Which version is champion, how it got there, and how it is brought back.

One job: move the aliases `champion` and `previous`, and keep the gate's verdict with the version it judged.
In: a store, a model's name, versions. Out: nothing but what the store then says. Not here: whether a
candidate deserves it (see `evaluation`), registering and deleting (`versions`).

Every move is two calls to MLflow, and a kill may fall between them. They are ordered so that `champion`
points to a whole version at any moment; the same promotion given again finishes the move.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime

from patron.errors import RegistryError
from patron.registry._lock import one_at_a_time
from patron.registry._quiet import in_words
from patron.registry.store import Store
from patron.registry.versions import (
    CHAMPION,
    PREVIOUS,
    aliases_of,
    check_name,
    find_version,
    in_list,
    refuse_incomplete,
    search_versions,
)

#: Whoever is champion: the move is made without a comparison.
WHOEVER = "*"
_LONGEST_TAG = 100_000
_VERDICT_FILE = "gate.json"


class ChampionMoved(RegistryError):
    """Another process moved the champion since it was looked at."""


def get_champion(store: Store, name: str) -> str | None:
    """Return the version that is champion, None if there is none or no such model."""
    check_name(name)
    with in_words(f"look up the champion of {name}", store.address.scrub):
        return (aliases_of(store, name) or {}).get(CHAMPION)


def set_champion(
    store: Store, name: str, version: str, *, reason: str, expected: str | None = WHOEVER
) -> None:
    """Make a version champion; the one before keeps the alias `previous`, so that it can be brought back.

    Parameters
    ----------
    store : Store
        The registry.
    name, version : str
        Which.
    reason : str
        Why, in words; kept with the version as `patron.champion.reason`, the time as `patron.champion.since`.
    expected : str or None
        The version that was champion when the decision was made, None if there was none; `WHOEVER` does not
        ask.

    Raises
    ------
    RegistryError
        If there is no such version (the message lists those that exist), or it is not of a complete training.
    ChampionMoved
        If the champion is not the expected one any more.
    """
    check_name(name)
    with in_words(f"make {name}/{version} champion", store.address.scrub), one_at_a_time(store):
        refuse_incomplete(store, find_version(store, name, version))
        current = (aliases_of(store, name) or {}).get(CHAMPION)
        _compare(name, current, expected)
        # previous first: killed in between, the old champion goes on and the same command can be repeated
        if current is not None and current != version:
            store.client.set_registered_model_alias(name, PREVIOUS, current)
        store.client.set_registered_model_alias(name, CHAMPION, version)
        _tag(store, name, version, {"patron.champion.reason": reason, "patron.champion.since": _now()})


def look_back(store: Store, name: str) -> tuple[str, str]:
    """Return the champion and the version that a rollback would bring back.

    Parameters
    ----------
    store : Store
        The registry.
    name : str
        The model.

    Returns
    -------
    (str, str)
        Champion and previous.

    Raises
    ------
    RegistryError
        If there is no champion, nothing before it, or what was before it is not of a complete training.
    """
    check_name(name)
    with in_words(f"look up the champion of {name}", store.address.scrub):
        existing = search_versions(store, name)
        if not existing:
            raise RegistryError(f"no model called {name} is registered yet.", next_step="patron train CONFIG")
        aliases = aliases_of(store, name) or {}
        champion, previous = aliases.get(CHAMPION), aliases.get(PREVIOUS)
        if champion is None:
            problem = f"no version of {name} is champion, so there is nothing to roll back"
        elif previous is None:
            problem = f"version {champion} is the first champion of {name}: there is none before it"
        elif previous == champion:
            problem = (
                f"version {champion} of {name} is both champion and previous: a promotion or a rollback "
                "was interrupted, and which version was before is not known"
            )
        else:
            refuse_incomplete(store, find_version(store, name, previous))
            return champion, previous
    raise RegistryError(
        f"{problem}; {in_list(existing)}. Promote the one you want.",
        next_step="patron promote CONFIG --version V",
    )


def swap_champion(store: Store, name: str, champion: str, previous: str, *, reason: str) -> None:
    """Make the previous version champion and the champion previous.

    Parameters
    ----------
    store : Store
        The registry.
    name : str
        The model.
    champion, previous : str
        Of `look_back`.
    reason : str
        Why, kept as with `set_champion`.

    Raises
    ------
    ChampionMoved
        If either is not what it was.
    """
    with in_words(f"make {name}/{previous} champion again", store.address.scrub), one_at_a_time(store):
        aliases = aliases_of(store, name) or {}
        _compare(name, aliases.get(CHAMPION), champion)
        if aliases.get(PREVIOUS) != previous:
            raise ChampionMoved(f"the version before the champion of {name} changed meanwhile. Try again.")
        # champion first: whoever rolls back wants the bad one out of use
        store.client.set_registered_model_alias(name, CHAMPION, previous)
        store.client.set_registered_model_alias(name, PREVIOUS, champion)
        _tag(store, name, previous, {"patron.champion.reason": reason, "patron.champion.since": _now()})


def set_gate_verdict(
    store: Store, name: str, version: str, *, promoted: bool, reason: str, details: Mapping[str, object]
) -> None:
    """Keep what the gate said with the version it judged, and as `gate.json` in its run.

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
        The figures behind it, as JSON in `patron.gate.details`; NaN becomes null. The time is the tag
        `patron.gate.judged_at` only: the same judgement gives the same `gate.json`.

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
        found = find_version(store, name, version)
        if found.run_id:
            whole = {**details, "decision": "promoted" if promoted else "refused", "reason": reason}
            written = json.dumps(_plain(whole), indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
            store.client.log_text(found.run_id, written + "\n", _VERDICT_FILE)
        _tag(store, name, version, {f"patron.gate.{key}": value for key, value in verdict.items()})


def _compare(name: str, current: str | None, expected: str | None) -> None:
    """Refuse to move a champion that is not the one that was judged."""
    if expected not in (WHOEVER, current):
        was, now = (f"version {v}" if v else "none" for v in (expected, current))
        raise ChampionMoved(
            f"the champion of {name} changed from {was} to {now} while this was decided. Try again."
        )


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
