"""Which files a path means. In: a path. Out: files of one kind, or a message. Not here: what is in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from patron.errors import LedgerError
from patron.ledger._options import did_you_mean

#: Ends of file names and the kind they mean.
KINDS = {".parquet": "parquet", ".csv": "csv", ".csv.gz": "csv", ".xlsx": "xlsx"}


@dataclass(frozen=True)
class Files:
    """Files of one kind; ``where`` is what to call them in messages."""

    kind: str
    paths: tuple[Path, ...]
    where: str


def kind_of(path: Path) -> str | None:
    """Return parquet, csv, xlsx or None.

    >>> kind_of(Path("Orders.CSV.gz"))
    'csv'
    """
    name = path.name.lower()
    return next((kind for end, kind in KINDS.items() if name.endswith(end)), None)


def find_files(path: Path) -> Files:
    """Resolve a file or a folder.

    Raises
    ------
    LedgerError
        Nothing there, an unknown kind, an empty file or folder, a folder of several kinds.
    """
    check_there(path)
    paths = _inside(path) if path.is_dir() else [path]
    kinds = sorted({kind_of(p) or "unknown" for p in paths})
    if kinds == ["unknown"]:
        message = f"{path}: cannot tell what kind of file this is; give {_known()}"
        raise LedgerError(message)
    if len(kinds) > 1:
        message = (
            f"{path} mixes {' and '.join(kinds)} files; put the files of one kind into a folder of their own"
        )
        raise LedgerError(message)
    empty = [p for p in paths if p.stat().st_size == 0]
    if empty:
        message = f"{empty[0]} is empty (0 bytes); write the file again"
        raise LedgerError(message)
    return Files(kinds[0], tuple(paths), path.name)


def check_there(path: Path) -> None:
    """Refuse a path that leads nowhere, naming the file it may have meant."""
    if not path.exists():
        raise LedgerError(_not_there(path))


def _inside(folder: Path) -> list[Path]:
    hidden = (".", "_")
    seen = [
        p
        for p in sorted(folder.rglob("*"))
        if p.is_file() and not any(part.startswith(hidden) for part in p.relative_to(folder).parts)
    ]
    paths = [p for p in seen if kind_of(p)]
    if not paths:
        message = f"{folder} holds no {_known()} file; {len(seen)} other files are there"
        raise LedgerError(message)
    return paths


def _known() -> str:
    return ", ".join(list(KINDS)[:-1]) + f" or {list(KINDS)[-1]}"


def _not_there(path: Path) -> str:
    siblings: Sequence[str] = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    return f"{path} does not exist{did_you_mean(path.name, siblings)}; correct ledger.transactions"
