"""A folder of files on disk, all of it or none of it.

One job: write named bytes under their folder's final name at once, and list such a folder without following
links. In: relative names and bytes. Out: a folder, or names and paths. Not here: what the files mean.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import socket
import stat
import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

from patron.errors import ModelError

MAX_FOLDER_BYTES = 1_000_000_000
MAX_FILES = 10_000
STALE_AFTER_SECONDS = 86_400
_DEEPEST = 10
_BINARY = getattr(os, "O_BINARY", 0)

# ASCII only: other letters have several spellings that some file systems treat as one
_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}(/[A-Za-z0-9_][A-Za-z0-9._-]{0,99}){0,9}")
_UNFINISHED = ".patron-unfinished"


def is_safe_file_name(name: object) -> bool:
    r"""Say whether a relative name stays inside its folder on every system.

    Examples
    --------
    >>> is_safe_file_name("churn/trees.txt"), is_safe_file_name("../trees.txt"), is_safe_file_name("C:\\x")
    (True, False, False)
    """
    return isinstance(name, str) and _FILE_NAME.fullmatch(name) is not None


def write_folder(target: Path, files: Mapping[str, bytes]) -> None:
    """Write all files beside `target` under a hidden name, then give the folder its name.

    Parameters
    ----------
    target : Path
        The folder to make. Its parent exists.
    files : mapping of str to bytes
        Relative names (`/` between parts) and contents.

    Raises
    ------
    OSError
        If the disk refuses, or the target came into being in the meantime.
    """
    sweep_unfinished(target.parent)
    unfinished = target.parent / f"{_UNFINISHED}-{_this_host()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    unfinished.mkdir()
    try:
        for name, data in sorted(files.items()):
            _write_file(unfinished / name, data)
        for folder in [unfinished, *(path for path in unfinished.rglob("*") if path.is_dir())]:
            _flush_folder(folder)
        unfinished.rename(target)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    _flush_folder(target.parent)


def read_folder(folder: Path) -> dict[str, Path]:
    """List every file below a folder.

    Parameters
    ----------
    folder : Path
        An existing folder; it may itself be reached through a link.

    Returns
    -------
    dict of str to Path
        Relative name to path, sorted by name.

    Raises
    ------
    ModelError
        If anything inside is a link or not a plain file, or if it is larger than 1 GB or 10,000 files.
    """
    files: dict[str, Path] = {}
    total = 0
    for number, entry in enumerate(_walk(folder, _DEEPEST)):
        if number > MAX_FILES:
            raise _too_large(folder)
        if entry.is_dir(follow_symlinks=False) and len(Path(entry.path).relative_to(folder).parts) < _DEEPEST:
            continue
        name = Path(entry.path).relative_to(folder).as_posix()
        if not entry.is_file(follow_symlinks=False):
            raise ModelError(
                f"{folder}: {name!r} is a link or not a plain file. Copy the model again without links."
            )
        files[name] = Path(entry.path)
        total += entry.stat(follow_symlinks=False).st_size
        if total > MAX_FOLDER_BYTES or len(files) > MAX_FILES:
            raise _too_large(folder)
    return dict(sorted(files.items()))


def sweep_unfinished(parent: Path) -> None:
    """Remove what writers that were killed left behind."""
    for path in parent.glob(f"{_UNFINISHED}-*"):
        if _is_stale(path):
            shutil.rmtree(path, ignore_errors=True)


def read_file(path: Path, limit: int) -> bytes:
    """Read a plain file, or as much of it as shows that it is larger than the limit.

    The listing may be outdated by now: a link, or a pipe that would wait for ever, is refused again.

    Raises
    ------
    OSError
        If it cannot be read or is no plain file.
    """
    handle = os.open(
        path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | _BINARY
    )
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(f"{path.name} is not a plain file")
        return file.read(limit + 1)


def _walk(folder: Path, levels: int) -> Iterator[os.DirEntry[str]]:
    """Yield every entry; links are entries, never ways, and so are folders that lie too deep."""
    with os.scandir(folder) as entries:
        for entry in entries:
            yield entry
            if levels > 1 and entry.is_dir(follow_symlinks=False):
                yield from _walk(Path(entry.path), levels - 1)


def _too_large(folder: Path) -> ModelError:
    """Say that this can hardly be one model."""
    return ModelError(
        f"{folder} holds more than {MAX_FOLDER_BYTES:,} bytes or {MAX_FILES:,} files. "
        "Is this the folder of one model?"
    )


def _write_file(path: Path, data: bytes) -> None:
    """Write a new file and wait for the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    """Wait until the folder's list of names is on the disk, where the system can do that."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _this_host() -> str:
    """Return a short mark of this machine: process numbers mean nothing on another one."""
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]


def _is_stale(path: Path) -> bool:
    """Say whether the writer of an unfinished folder is gone: dead on this machine, or a day old."""
    try:
        age = time.time() - path.stat().st_mtime
    except OSError:
        return False
    host, _, pid = path.name.removeprefix(f"{_UNFINISHED}-").rpartition("-")[0].partition("-")
    return age > STALE_AFTER_SECONDS or (host == _this_host() and not _is_alive(pid))


def _is_alive(pid: str) -> bool:
    """Say whether a process of this machine runs; where that cannot be asked safely, assume so."""
    if os.name != "posix" or not pid.isdigit():
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
