"""The versions of a model on the screen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from patron.cli import screen

_HEADERS = ("version", "aliases", "as of", "created", "churn", "value", "AUC", "log-loss", "gate", "complete")
_WORDS = (0, 1, 2, 3, 4, 5, 8, 9)


def print_versions(name: str, versions: Sequence[dict[str, Any]], config: Path) -> None:
    """Print one line per version, then what the gate said, then what to do.

    Parameters
    ----------
    name : str
        The model.
    versions : sequence of dict
        Of `workflows.models`.
    config : Path
        For the next command.
    """
    if not versions:
        screen.say(f"No version of {name} is registered yet.")
        screen.say(f"Next: patron train {config}")
        return
    screen.table(f"Versions of {name}", _HEADERS, [_cells(entry) for entry in versions], words=_WORDS)
    for entry in versions:
        for text in (_said(entry), entry["problem"]):
            if text:
                screen.say(f"{entry['version']}: {text}")
    champions = [entry["version"] for entry in versions if "champion" in entry["aliases"]]
    if not champions:
        screen.say(
            f"No version is champion. Next: patron promote {config} --version {versions[-1]['version']}"
        )


def _cells(entry: dict[str, Any]) -> list[str]:
    gate = entry["gate"]
    return [
        entry["version"],
        ", ".join(entry["aliases"]) or "-",
        entry["as_of"] or "-",
        entry["created"][:16].replace("T", " "),
        *[entry["grade"][what] or "-" for what in ("churn", "clv")],
        *["-" if entry[key] is None else f"{entry[key]:.3f}" for key in ("auc", "log_loss")],
        "-" if gate is None else "passed" if gate["promoted"] else "refused",
        "yes" if entry["complete"] else "no",
    ]


def _said(entry: dict[str, Any]) -> str | None:
    return None if entry["gate"] is None else entry["gate"]["reason"]
