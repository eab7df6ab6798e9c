"""The parts of a batch that are finished, and a manifest that vouches for them.

In:  score rows of chunks, what the batch is.
Out: a folder with ``part-00000.parquet`` .. and ``manifest.json``, both written beside and renamed.
Not here: scoring, and who may write to the folder (`workflows.batch`).
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from patron.errors import PatronError
from patron.scoring import status_counts, write_scores

FORMAT = 1
_MANIFEST = "manifest.json"


class ScoreParts:
    """Finished parts of a batch.

    Parameters
    ----------
    folder : Path
        Where they lie.
    identity : mapping
        What the batch is, as JSON values: parts of any other batch are not used.
    """

    def __init__(self, folder: Path, identity: Mapping[str, Any]) -> None:
        self.folder = folder
        self.identity = identity
        self.resumed: set[int] = set()
        self.notes: list[str] = []
        self._done: dict[int, dict[str, Any]] = {}

    @classmethod
    def open(cls, folder: Path, identity: Mapping[str, Any]) -> ScoreParts:
        """Take up what an earlier run of the same batch has finished; remove what another batch left.

        Parameters
        ----------
        folder, identity
            As in the class.

        Returns
        -------
        ScoreParts
        """
        parts = cls(folder, identity)
        found = _manifest(folder)
        if found is not None and found.get("format") == FORMAT and found.get("identity") == identity:
            parts._done = {int(number): facts for number, facts in found["parts"].items()}
            return parts
        leftover = [file for file in sorted(folder.iterdir()) if file.name != "lock"]
        for file in leftover:
            file.unlink()
        if any(file.suffix == ".parquet" for file in leftover):
            parts.notes.append(f"{_other(found, identity)}; all customers were scored anew")
        parts._keep()
        return parts

    def is_done(self, number: int, data_sha256: str) -> bool:
        """Say whether a part is there, whole, and was made of the same data; if so it counts as resumed."""
        facts = self._done.get(number)
        if facts is None:
            return False
        if facts["data_sha256"] != data_sha256:
            self.notes.append(f"part {number} was made of other data and is made again")
        elif _sha256(self._path(number)) != facts["sha256"]:
            self.notes.append(f"part {number} was damaged and is made again")
        else:
            self.resumed.add(number)
            return True
        return False

    def write(self, number: int, scores: pd.DataFrame, data_sha256: str, *, customers: int) -> None:
        """Write a part and enter it in the manifest.

        Raises
        ------
        PatronError
            If it has not a row for each customer.
        """
        if len(scores) != customers:
            raise PatronError(f"Part {number} has {len(scores):,} rows for {customers:,} customers.")
        path = write_scores(scores, self._path(number))
        self._done[number] = {
            "rows": len(scores),
            "counts": status_counts(scores["status"]),
            "data_sha256": data_sha256,
            "sha256": _sha256(path),
        }
        self._keep()

    def checked(self) -> list[Path]:
        """Return the files of all parts in their order, each with the bytes that were written.

        Raises
        ------
        PatronError
            If one was changed since.
        """
        damaged = [n for n, facts in self._done.items() if _sha256(self._path(n)) != facts["sha256"]]
        if damaged:
            raise PatronError(
                f"{len(damaged)} of {len(self._done)} parts of the scores changed after they were written, "
                f"e.g. '{self._path(damaged[0]).name}'.",
                next_step="Run patron score again: it makes them anew.",
            )
        return [self._path(number) for number in sorted(self._done)]

    def _path(self, number: int) -> Path:
        return self.folder / f"part-{number:05d}.parquet"

    def _keep(self) -> None:
        done = {str(number): facts for number, facts in sorted(self._done.items())}
        text = json.dumps({"format": FORMAT, "identity": self.identity, "parts": done}, indent=1)
        beside = self.folder / f"{_MANIFEST}.unfinished"
        beside.write_text(text + "\n", encoding="utf-8")
        os.replace(beside, self.folder / _MANIFEST)


def _manifest(folder: Path) -> dict[str, Any] | None:
    """Read the manifest; one that is damaged is as good as none."""
    try:
        found = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and isinstance(found.get("parts"), dict) else None


def _other(found: Mapping[str, Any] | None, identity: Mapping[str, Any]) -> str:
    """Say in what the batch that was begun differs from this one."""
    begun = (found or {}).get("identity")
    if not isinstance(begun, dict):
        return "an unfinished run had left no readable manifest"
    changed = sorted(key for key, value in identity.items() if begun.get(key) != value)
    return f"an unfinished run was of another {' and '.join(changed) or 'format'}"


def _sha256(path: Path) -> str | None:
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
