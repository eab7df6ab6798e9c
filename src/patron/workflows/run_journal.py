"""What a weekly run has done already, so that a second one of the same day goes on or does nothing.

In:  a file, what the run depends on. Out: the results of steps that need not be done again.
Not here: the steps (`workflows.run`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from patron.whole_files import write_text


@dataclass
class Journal:
    """The results of a day's run, written after every step.

    Parameters
    ----------
    path : Path
        JSON file.
    inputs : mapping
        What the results depend on: the settings, the orders.
    steps : dict
        Step -> its result, in the order they were done.
    """

    path: Path
    inputs: Mapping[str, Any]
    steps: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def open(cls, path: Path, inputs: Mapping[str, Any]) -> Journal:
        """Take over what an earlier run of the same inputs has done.

        Parameters
        ----------
        path : Path
            JSON file, which need not be there; one that cannot be read counts as none.
        inputs : mapping
            Of this run.

        Returns
        -------
        Journal
        """
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            kept = {}
        is_same = isinstance(kept, dict) and kept.get("inputs") == dict(inputs)
        return cls(path, inputs, dict(kept["steps"]) if is_same else {})

    def done(self, step: str) -> dict[str, Any] | None:
        """Return the result of a step, if its files are still there; scores must have the same bytes."""
        result = self.steps.get(step)
        if result is None or not all(Path(file).is_file() for file in result.get("files", ())):
            return None
        if "sha256" in result and _sha256(Path(result["files"][0])) != result["sha256"]:
            return None
        return result

    def write(self, step: str, result: Mapping[str, Any], files: Sequence[Path] = ()) -> dict[str, Any]:
        """Keep the result of a step and forget those that came after it the last time.

        Parameters
        ----------
        step : str
            Which.
        result : mapping
            JSON values.
        files : sequence of Path
            What it wrote.

        Returns
        -------
        dict
            The result as kept, with ``files``.
        """
        kept = {**result, "files": [str(file.resolve()) for file in files]}
        if step == "score":
            kept["sha256"] = _sha256(files[0])
        names = list(self.steps)
        if step in self.steps:
            self.steps = {name: self.steps[name] for name in names[: names.index(step)]}
        self.steps[step] = kept
        text = json.dumps({"inputs": dict(self.inputs), "steps": self.steps}, indent=1, ensure_ascii=False)
        write_text(self.path, text + "\n")
        return kept


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
