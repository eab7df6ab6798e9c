"""Bring a store up to date: read what is new, rebuild the months it touches.

In:  a path or a query, a folder, and how rows are read.
Out: `StoreUpdate`; the store on disk.
Not here: reading a ledger from it (`read`).
"""

from __future__ import annotations

import logging
import shutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from patron.errors import LedgerError, saying_what_to_install
from patron.ledger._parquet import parquet_reader
from patron.ledger._reading import Reading
from patron.ledger.segments import ASIDE, Part, Segment, changed_lines, lines_by_day, sha256_of
from patron.store import _layout, _months, _sources
from patron.store._layout import Manifest, StoredSource
from patron.store._lock import one_writer

_log = logging.getLogger(__name__)
_Held = Mapping[str, tuple[str, Segment]]


@dataclass(frozen=True)
class StoreUpdate:
    """What bringing a store up to date did.

    Parameters
    ----------
    version : int
        Of the store; the same as before where nothing changed.
    files_read, files_unchanged, files_removed : int
        Sources; a query is one.
    rows_new : int
        Lines that the version before did not hold.
    rows_late : int
        Those of them dated before the newest day that it held.
    rows_gone : int
        Lines that it held and no source has any more: of corrected or removed files.
    months_rebuilt, months : int
        Months that were built, and all of them.
    built_anew : str or None
        Why nothing of the version before could be used.
    """

    version: int
    files_read: int
    files_unchanged: int
    files_removed: int
    rows_new: int
    rows_late: int
    rows_gone: int
    months_rebuilt: int
    months: int
    built_anew: str | None = None


@saying_what_to_install()
def update_store(
    source: Any,
    folder: Path,
    reading: Reading,
    *,
    rebuild: bool = False,
    verify: bool = False,
    wait_seconds: float = 60,
) -> StoreUpdate:
    """Bring a store up to date with its sources; doing it again changes nothing.

    Parameters
    ----------
    source : path or SqlQuery
        A file, a folder of files or a query, as in `load_ledger`.
    folder : Path
        Of the store alone; made where it is not there.
    reading : Reading
        How rows are read. Where it differs from the time before, everything is read again.
    rebuild : bool
        Forget what is there.
    verify : bool
        Compare every byte of the store with what was written, not the sizes only.
    wait_seconds : float
        How long to wait for another writer.

    Returns
    -------
    StoreUpdate

    Raises
    ------
    LedgerError
        A folder that is not a store's, a damaged store, another writer, or anything `load_ledger` refuses;
        the version before stays in force.
    """
    _check_apart(source, folder)
    _layout.check_ours(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with one_writer(folder, wait_seconds):
        if rebuild:
            _forget(folder)
        manifest = _layout.read_manifest(folder)
        done = _update(source, folder, reading, manifest, verify=verify)
    _log.info(
        "store version %s: %s new lines, %s months built", done.version, done.rows_new, done.months_rebuilt
    )
    return done


def _check_apart(source: Any, store: Path) -> None:
    if isinstance(source, str | Path) and store.resolve().is_relative_to(Path(source).resolve()):
        raise LedgerError(
            f"the store {store} lies in the folder of the orders, {source}; name a folder outside of it"
        )


def _forget(store: Path) -> None:
    for name in (_layout.MANIFEST, _layout.SEEN):
        (store / name).unlink(missing_ok=True)
    for name in (_layout.SOURCES, _layout.MONTHS, _layout.WORK):
        shutil.rmtree(store / name, ignore_errors=True)


def _update(
    source: Any, store: Path, reading: Reading, manifest: Manifest | None, *, verify: bool
) -> StoreUpdate:
    values = _sources.reading_values(reading)
    anew = manifest is not None and manifest.reading != values
    before = {} if manifest is None else held_by(store, manifest, verify=verify)
    usable = {} if anew else before
    brought = _sources.bring_in(store, _sources.inputs_of(source, store), reading, usable)
    months = _months.months_of(brought.held, reading)
    wanted = {name: month for name, month in months.items() if not (store / month.folder).is_dir()}
    _months.build_months(store, wanted, reading)
    new = _manifest(store, manifest, brought, months, values)
    changes = (0, 0, 0)
    if manifest is None or new != replace(manifest, version=new.version, kept=new.kept):
        changes = _changes(store, usable, brought.held, reading)
        _layout.write_manifest(store, new)
    else:
        new = manifest
    _layout.remove_leftovers(store, new)
    return StoreUpdate(
        new.version,
        len(brought.read),
        len(brought.held) - len(brought.read),
        len(set(usable) - set(brought.held)),
        *changes,
        months_rebuilt=len(wanted),
        months=len(months),
        built_anew="the rules for reading orders changed" if anew else None,
    )


def held_by(store: Path, manifest: Manifest, *, verify: bool) -> dict[str, tuple[str, Segment]]:
    """Read the segments of a version and check that its files are there.

    Raises
    ------
    LedgerError
        If one is missing or was changed.
    """
    held = {}
    for source in manifest.sources:
        segment = Segment.from_dict(_layout.read_json(store, manifest, source.folder, "source.json"))
        facts: dict[str, Mapping[str, Any]] = {
            f"{name}.parquet": {"bytes": part.bytes, "sha256": part.sha256}
            for name, part in segment.months.items()
            if part.sha256 is not None
        }
        facts |= {ASIDE: segment.aside} if segment.aside else {}
        _layout.check_files(store / source.folder, facts, verify=verify)
        held[source.name] = source.folder, segment
    for folder in manifest.months.values():
        found = _layout.read_json(store, manifest, folder, "month.json")
        _layout.check_files(store / folder, found["files"], verify=verify)
    return held


def _manifest(
    store: Path,
    before: Manifest | None,
    brought: _sources.Brought,
    months: Mapping[str, _months.MonthParts],
    reading: Mapping[str, Any],
) -> Manifest:
    folders = {folder: "source.json" for folder, _ in brought.held.values()}
    folders |= {month.folder: "month.json" for month in months.values()}
    lines = {}
    for name, month in months.items():
        own = f"{month.folder}/lines.parquet"
        lines[name] = [own] if (store / own).exists() else list(month.files)
    return Manifest(
        version=1 if before is None else before.version + 1,
        reading=reading,
        currency=brought.currency,
        digits=brought.digits,
        columns=brought.columns,
        sources=tuple(StoredSource(name, folder) for name, (folder, _) in brought.held.items()),
        months={name: month.folder for name, month in months.items()},
        lines=lines,
        aside=_aside([segment for _, segment in brought.held.values()]),
        sha256={folder: sha256_of(store / folder / name) for folder, name in sorted(folders.items())},
        kept=() if before is None else tuple(sorted(before.folders - set(folders))),
    )


def _aside(held: list[Segment]) -> dict[str, Any]:
    values = sum((Counter(segment.unreadable_values) for segment in held), Counter[str]())
    names = {name: values[name] for segment in held for name in segment.unreadable_values}
    return {
        "unreadable": sum(segment.unreadable for segment in held),
        "unreadable_example": next((s.unreadable_example for s in held if s.unreadable_example), None),
        "unreadable_values": names,
        "rows_with_zone": sum(segment.rows_with_zone for segment in held),
    }


def _changes(store: Path, before: _Held, after: _Held, reading: Reading) -> tuple[int, int, int]:
    """Count the lines that are new, those of them that are late, and those that are gone."""
    old, new = _parts(before), _parts(after)
    newest = max(lines_by_day(part for part, _, _ in old.values()), default=-(10**9))
    days: list[tuple[int, int, int]] = []
    for month in sorted({key[0] for key in {**old, **new}}):
        added = _more(new, old, month)
        removed = _more(old, new, month)
        if added and removed:
            read = parquet_reader(reading.memory_limit, reading.threads)
            frames = [read([store / path for _, path in side if path]) for side in (removed, added)]
            days += changed_lines(*frames)
        else:
            days += [(day, rows, 0) for part, _ in added for day, rows in lines_by_day([part]).items()]
            days += [(day, 0, rows) for part, _ in removed for day, rows in lines_by_day([part]).items()]
    late = sum(rows for day, rows, _ in days if day < newest)
    return sum(rows for _, rows, _ in days), late, sum(gone for _, _, gone in days)


_Parts = dict[tuple[str, str], tuple[Part, str, int]]


def _parts(held: _Held) -> _Parts:
    """Return month and digest -> the part, its file, and how many sources have it; empty ones left out."""
    found: _Parts = {}
    for folder, segment in held.values():
        for month, part in segment.months.items():
            if part.sha256 is not None:
                key = month, part.sha256
                found[key] = part, f"{folder}/{month}.parquet", found.get(key, (part, "", 0))[2] + 1
    return found


def _more(these: _Parts, those: _Parts, month: str) -> list[tuple[Part, str]]:
    more = []
    for key, (part, path, times) in these.items():
        if key[0] == month:
            more += [(part, path)] * (times - those.get(key, (part, "", 0))[2])
    return more
