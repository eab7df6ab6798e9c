"""The model folder, format 1: files, and a manifest that vouches for them.

One job: write and read a folder that any service can check before it trusts it. In: named bytes and facts.
Out: a folder `name@<12 hex of the manifest's SHA-256>`, or its manifest and bytes, each of them verified.
Only the standard library is needed, and nothing in the folder is ever run. Not here: what the files mean.

The manifest holds `format_version`, `name`, `files` (every other file with its SHA-256), `content_sha256` and
whatever facts the caller gives. `content_sha256` is the SHA-256 of the manifest without that line.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from patron.errors import ModelError
from patron.model._folder import (
    MAX_FOLDER_BYTES,
    is_safe_file_name,
    read_file,
    read_folder,
    write_folder,
)
from patron.model._json import MAX_JSON_BYTES, from_json, to_json

FORMAT_VERSION = 1
MANIFEST = "manifest.json"
#: The first version of patron that scores such models as they were trained; models say so in their manifest.
OLDEST_READER = "0.1.0"
MAX_MANIFEST_BYTES = 5_000_000

_MODEL_NAME = re.compile(r"\w[\w.-]{0,59}")
_OURS = ("content_sha256", "files", "format_version", "name")
_AGAIN = "Copy or export the model again."


def is_model_name(name: object) -> bool:
    """Say whether a model may have this name.

    Letters of any script, digits, `_`, `.` and `-`, at most 60; not first a dot or a dash. It is safe
    in a path, in a `models:/` address and in a registry's search.

    Examples
    --------
    >>> is_model_name("online-retail-ii"), is_model_name("客户"), is_model_name("a/b"), is_model_name("a@b")
    (True, True, False, False)
    """
    return isinstance(name, str) and _MODEL_NAME.fullmatch(name) is not None


def write_model(parent: Path, name: str, files: Mapping[str, bytes], facts: Mapping[str, object]) -> Path:
    """Write a model folder, whole or not at all.

    Parameters
    ----------
    parent : Path
        Where model folders live; made if missing.
    name : str
        The model's name (see `is_model_name`).
    files : mapping of str to bytes
        Relative names (ASCII letters, digits, `.`, `_`, `-`, parts joined by `/`) and contents.
    facts : mapping of str to JSON values
        What else the manifest says. Times and run ids do not belong here: they would change the hash.

    Returns
    -------
    Path
        `parent / "<name>@<12 hex>"`. If the same content is there already, it is verified and left alone.

    Raises
    ------
    ModelError
        If a name or a fact is not allowed, the disk refuses, or a folder of that name holds something else.
    """
    manifest = to_json(_manifest(name, files, facts))
    _check_sizes({**files, MANIFEST: manifest})
    target = Path(parent) / f"{name}@{_sha256(manifest)[:12]}"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            write_folder(target, {**files, MANIFEST: manifest})
    except OSError as problem:
        if not target.exists():  # otherwise somebody else has just written the same model
            raise ModelError(
                f"cannot write the model to {target}: {problem}. Check the disk and its rights."
            ) from problem
    _verify_existing(target, manifest)
    return target


def read_model(folder: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Read a model folder and verify every byte of it, under whatever name it has now.

    Parameters
    ----------
    folder : Path
        A folder made by `write_model`, perhaps renamed, copied or downloaded.

    Returns
    -------
    manifest : dict
        The manifest as written.
    files : dict of str to bytes
        Every other file, sorted by name.

    Raises
    ------
    ModelError
        If there is no manifest, it is unreadable, newer than this version, or does not match the folder's
        content; the message names the file. Problems with several files are listed together.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ModelError(f"{folder} is not a folder. Give the folder that holds a model's {MANIFEST}.")
    try:
        paths = read_folder(folder)
        manifest = _read_manifest(folder, paths)
        return manifest, _read_files(folder, paths, manifest["files"])
    except OSError as problem:
        raise ModelError(f"cannot read the model in {folder}: {problem}. {_AGAIN}") from problem


def _manifest(name: str, files: Mapping[str, bytes], facts: Mapping[str, object]) -> dict[str, object]:
    """Check the names and assemble the manifest."""
    if not is_model_name(name):
        raise ModelError(
            f"a model cannot be called {name!r}: use letters, digits, '_', '.' and '-', at most 60, "
            "and begin with a letter or digit."
        )
    problems = [f"a model cannot hold a file called {file!r}" for file in files if not _is_free_name(file)]
    problems += [f"two files differ only in case: {file!r}" for file in _same_but_for_case(files)]
    problems += [f"the fact {key!r} is written by the manifest itself" for key in _OURS if key in facts]
    if problems:
        raise ModelError(problems)
    hashes = {file: _sha256(data) for file, data in files.items()}
    manifest = {**facts, "format_version": FORMAT_VERSION, "name": name, "files": hashes}
    return {**manifest, "content_sha256": _sha256(to_json(manifest))}


def _is_free_name(file: str) -> bool:
    """Say whether a file may have this name beside the manifest."""
    return is_safe_file_name(file) and file.lower() != MANIFEST


def _same_but_for_case(files: Mapping[str, bytes]) -> list[str]:
    """Find names that macOS and Windows would write into one file."""
    lowered = [file.lower() for file in files]
    return sorted(file for file in files if lowered.count(file.lower()) > 1)


def _check_sizes(files: Mapping[str, bytes]) -> None:
    """Refuse to write what would be refused when read."""
    problems = [
        f"{file} would be {len(data):,} bytes, over the limit of {_limit(file):,}"
        for file, data in sorted(files.items())
        if len(data) > _limit(file)
    ]
    total = sum(map(len, files.values()))
    if total > MAX_FOLDER_BYTES:
        problems.append(f"the model would be {total:,} bytes, over the limit of {MAX_FOLDER_BYTES:,}")
    if problems:
        raise ModelError(problems)


def _limit(file: str) -> int:
    """Return the largest size of a file in bytes."""
    if file == MANIFEST:
        return MAX_MANIFEST_BYTES
    return MAX_JSON_BYTES if file.lower().endswith(".json") else MAX_FOLDER_BYTES


def _verify_existing(target: Path, manifest: bytes) -> None:
    """Make sure that what stands under the final name is what was meant."""
    try:
        found, _ = read_model(target)
    except ModelError as problem:
        raise ModelError(
            [f"{target} exists and is damaged: remove it and write the model again", *problem.problems]
        ) from problem
    if to_json(found) != manifest:
        raise ModelError(f"{target} exists and holds another model. Remove it and write the model again.")


def _read_manifest(folder: Path, paths: Mapping[str, Path]) -> dict[str, Any]:
    """Read the manifest and check it against itself."""
    if MANIFEST not in paths:
        raise ModelError(
            f"{folder} holds no {MANIFEST}, so it is not a model folder. Give the folder itself."
        )
    what = str(folder / MANIFEST)
    data = _read_file(paths[MANIFEST], what, MAX_MANIFEST_BYTES)
    manifest = from_json(data, what, MAX_MANIFEST_BYTES)
    if not isinstance(manifest, dict):
        raise ModelError(f"{what} is not a JSON object. {_AGAIN}")
    _check_version(manifest.get("format_version"), what)
    without = {key: value for key, value in manifest.items() if key != "content_sha256"}
    if manifest.get("content_sha256") != _sha256(to_json(without)) or data != to_json(manifest):
        raise ModelError(
            f"{what} was changed after it was written: its content_sha256 does not match. {_AGAIN}"
        )
    if not is_model_name(manifest.get("name")) or not _is_file_list(manifest.get("files")):
        raise ModelError(f"{what} names no model, or lists files that could lie outside the folder. {_AGAIN}")
    return manifest


def _check_version(version: object, what: str) -> None:
    """Refuse formats that this version does not know, and say which of them an update would read."""
    if isinstance(version, int) and not isinstance(version, bool):
        if version > FORMAT_VERSION:
            raise ModelError(
                f"{what} has format_version {version}; this patron reads up to {FORMAT_VERSION}: "
                "this model needs a newer patron. Install it: pip install --upgrade patron"
            )
        if version == FORMAT_VERSION:
            return
    raise ModelError(f"{what} has the unknown format_version {version!r}. {_AGAIN}")


def _is_file_list(files: object) -> bool:
    """Say whether `files` maps safe names to texts."""
    if not isinstance(files, dict):
        return False
    return all(_is_free_name(file) and isinstance(digest, str) for file, digest in files.items())


def _read_files(folder: Path, paths: Mapping[str, Path], listed: Mapping[str, str]) -> dict[str, bytes]:
    """Read every listed file, and compare names and checksums."""
    problems = [f"{folder}: {file!r} is missing. {_AGAIN}" for file in sorted(listed.keys() - paths.keys())]
    extra = sorted(paths.keys() - listed.keys() - {MANIFEST})
    problems += [f"{folder}: {file!r} does not belong to the model. Remove it." for file in extra]
    files: dict[str, bytes] = {}
    for file in sorted(listed.keys() & paths.keys()):
        files[file] = _read_file(paths[file], str(folder / file), _limit(file))
        if _sha256(files[file]) != listed[file]:
            problems.append(f"{folder}: {file!r} was changed after it was written. {_AGAIN}")
    if problems:
        raise ModelError(_some(problems))
    for file in files:
        if file.lower().endswith(".json"):  # here, so that no reader behind this one runs out of stack
            from_json(files[file], str(folder / file))
    return files


def _some(problems: list[str]) -> list[str]:
    """Name the first ten: somebody else's folder can have thousands."""
    return problems[:10] + (
        [f"... and {len(problems) - 10:,} more like these."] if len(problems) > 10 else []
    )


def _read_file(path: Path, what: str, limit: int) -> bytes:
    """Read at most `limit` bytes: a size asked beforehand can be outdated."""
    data = read_file(path, limit)
    if len(data) > limit:
        raise ModelError(f"{what} is larger than {limit:,} bytes and is not read. {_AGAIN}")
    return data


def _sha256(data: bytes) -> str:
    """Return the SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()
