"""What lies where in a store, and whether it is whole.

In:  a folder.
Out: the manifest; paths; problems.
Not here: what is in the files.

::

    manifest.json                    what belongs to the store; written last, so it is the commit
    seen.json                        size, time and SHA-256 of files, saves hashing them again
    sources/<content>-<reading>/     source.json, <YYYY-MM>.parquet: the lines of one source by month, and
                                     aside.parquet: its rows that are no lines
    months/<YYYY-MM>-<content>/      month.json, days, products, categories, orders, lines, copies
    .work/                           what is being written; anything there is left over from a killed run
    .lock                            one writer at a time
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from patron.errors import LedgerError
from patron.ledger.segments import sha256_of

FORMAT = 2
MANIFEST, SEEN, SOURCES, MONTHS, WORK, LOCK = (
    *("manifest.json", "seen.json", "sources", "months"),
    *(".work", ".lock"),
)
_OURS = {MANIFEST, MANIFEST + ".new", SEEN, SEEN + ".new", SOURCES, MONTHS, WORK, LOCK}
REBUILD = "patron store CONFIG --rebuild"


@dataclass(frozen=True)
class StoredSource:
    """A source that a version of the store holds: its name, and the folder of its segment."""

    name: str
    folder: str

    @property
    def shown(self) -> str:
        """What to call it where rows of it are listed."""
        return "the query" if re.fullmatch("query-[0-9a-f]{16}", self.name) else self.name


@dataclass(frozen=True)
class Manifest:
    """One version of a store.

    Parameters
    ----------
    version : int
        Counts up with every change.
    reading : mapping
        How rows were read, as plain values.
    currency, digits, columns
        What the sources agreed on.
    sources : tuple of StoredSource
        In the order in which they are read.
    months : mapping of str to str
        ``2024-01`` -> folder.
    lines : mapping of str to list of str
        ``2024-01`` -> the files that hold one of each line.
    aside : mapping
        Lines of the sources that are no records, values that were left empty, times with a zone.
    sha256 : mapping of str to str
        Folder -> SHA-256 of the JSON file in it, which holds those of the other files.
    kept : tuple of str
        Folders of the version before, for readers that began with it.
    """

    version: int
    reading: Mapping[str, Any]
    currency: str | None
    digits: int
    columns: tuple[str, ...]
    sources: tuple[StoredSource, ...]
    months: Mapping[str, str]
    lines: Mapping[str, Sequence[str]]
    aside: Mapping[str, Any]
    sha256: Mapping[str, str]
    kept: tuple[str, ...]

    @property
    def folders(self) -> set[str]:
        """Every folder of this version."""
        return set(self.sha256)


def read_manifest(store: Path) -> Manifest | None:
    """Return the current version; None where there is none yet.

    Raises
    ------
    LedgerError
        If the folder holds something else, or the manifest cannot be used.
    """
    check_ours(store)
    path = store / MANIFEST
    if not path.exists():
        return None
    try:
        found = json.loads(path.read_bytes())
        if found.pop("format") != FORMAT:
            raise ValueError("another version of patron wrote it")
        sources = tuple(StoredSource(**source) for source in found.pop("sources"))
        columns, kept = tuple(found.pop("columns")), tuple(found.pop("kept"))
        return Manifest(**found, columns=columns, sources=sources, kept=kept)
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise LedgerError(f"{path} cannot be used ({problem}); build the store anew: {REBUILD}") from None


def write_manifest(store: Path, manifest: Manifest) -> None:
    """Put a version in force: what it names must be on disk."""
    write_json(store / MANIFEST, {"format": FORMAT, **asdict(manifest)})


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write beside and rename; the same value gives the same bytes."""
    beside = path.with_name(path.name + ".new")
    with beside.open("w", encoding="utf-8") as stream:
        json.dump(value, stream, indent=1, sort_keys=True, ensure_ascii=False)
        stream.write("\n")
        stream.flush()
        os.fsync(stream.fileno())
    beside.replace(path)


def read_json(store: Path, manifest: Manifest, folder: str, name: str) -> dict[str, Any]:
    """Read a JSON file of the store and check that it is the one that was written.

    Raises
    ------
    LedgerError
        If it is missing or was changed.
    """
    path = store / folder / name
    content = path.read_bytes() if path.exists() else b""
    if hashlib.sha256(content).hexdigest() != manifest.sha256[folder]:
        raise damaged(path)
    found: dict[str, Any] = json.loads(content)
    return found


def damaged(path: Path) -> LedgerError:
    """Say that a file of the store is not what was written."""
    state = "was changed" if path.exists() else "is missing"
    return LedgerError(f"{path} {state} since the store was written; build it anew: {REBUILD}")


def check_ours(store: Path) -> None:
    """Refuse a folder that holds anything else: files are removed here.

    Raises
    ------
    LedgerError
        Naming one of the others.
    """
    if store.exists() and not store.is_dir():
        raise LedgerError(f"{store} is a file; ledger.store must be a folder of its own")
    others = sorted(path.name for path in store.iterdir() if path.name not in _OURS) if store.exists() else []
    if others:
        raise LedgerError(
            f"{store} holds {len(others):,} other things, e.g. {others[0]!r}; ledger.store must be a folder "
            "of its own: name a new one"
        )


@contextmanager
def written_whole(store: Path, name: str) -> Iterator[Path]:
    """Give a folder to fill that takes its place ``<store>/<name>`` at once, when it is full."""
    work = store / WORK / Path(name).name
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    yield work
    target = store / name
    target.parent.mkdir(exist_ok=True)
    shutil.rmtree(target, ignore_errors=True)
    work.rename(target)


def remove_leftovers(store: Path, manifest: Manifest | None) -> None:
    """Remove every folder that no version in use names."""
    named = set() if manifest is None else manifest.folders | set(manifest.kept)
    for part in (SOURCES, MONTHS):
        for path in (store / part).glob("*"):
            if f"{part}/{path.name}" not in named:
                shutil.rmtree(path)
    shutil.rmtree(store / WORK, ignore_errors=True)


def file_facts(folder: Path) -> dict[str, dict[str, Any]]:
    """Return size and SHA-256 of the Parquet files in a folder."""
    return {
        path.name: {"bytes": path.stat().st_size, "sha256": sha256_of(path)}
        for path in sorted(folder.glob("*.parquet"))
    }


def check_files(folder: Path, facts: Mapping[str, Mapping[str, Any]], *, verify: bool) -> None:
    """Compare files with what was written: their sizes, and with `verify` every byte.

    Raises
    ------
    LedgerError
        Naming the first that differs.
    """
    for name, fact in facts.items():
        path = folder / name
        if not path.exists() or path.stat().st_size != fact["bytes"]:
            raise damaged(path)
        if verify and sha256_of(path) != fact["sha256"]:
            raise damaged(path)
