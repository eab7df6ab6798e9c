"""`patron actions`: returned worklists -> rows of the action log."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from patron.actions import Imported, import_worklist
from patron.config import Config
from patron.errors import PatronError
from patron.ledger import load_actions
from patron.workflows.base import open_ledger

Progress = Callable[[str], None]


@dataclass(frozen=True)
class ActionsImported:
    """What became of the returned worklists.

    Parameters
    ----------
    log_path : Path
        The action log.
    log : pandas.DataFrame
        What it holds now (`ledger.load_actions`).
    files : tuple of Imported
        One per worklist.
    line_to_add : str or None
        The line that the block ``ledger`` of the config lacks; None where it names the log.
    """

    log_path: Path
    log: pd.DataFrame
    files: tuple[Imported, ...]
    line_to_add: str | None

    @property
    def problems(self) -> list[str]:
        """Rows that were not taken, of all files."""
        return [problem for file in self.files for problem in file.problems]


def import_actions(
    config: Config, files: Sequence[Path], *, progress: Progress = lambda _step: None
) -> ActionsImported:
    """Add what salespeople filled in to the action log of a config.

    Parameters
    ----------
    config : Config
        Its ``ledger.actions`` names the log; without it, ``actions.csv`` in the output folder is used.
    files : sequence of Path
        Returned worklists, ``.xlsx``.
    progress : callable
        Called with the name of each step as it begins.

    Returns
    -------
    ActionsImported

    Raises
    ------
    PatronError
        Files that are not there, before anything is written; a file that is no worklist.
    """
    missing = [f"There is no file '{file}'." for file in files if not file.is_file()]
    if missing:
        raise PatronError(missing)
    named = config.ledger.actions
    log_path = config.output_folder / "actions.csv" if named is None else config.path(named)
    csv = config.ledger.csv.model_dump()
    progress("orders")
    lines = open_ledger(config).lines
    customers = set(lines.select("customer_id").unique().collect().to_pandas()["customer_id"])
    progress("worklists")
    done, refused = [], []
    for file in files:
        try:
            done.append(import_worklist(file, log_path, csv=csv, customers=customers))
        except PatronError as error:
            refused += error.problems
    if refused:
        rest = "The other files are imported; importing them again changes nothing."
        raise PatronError(refused, next_step=rest if done else None)
    line = None if named else f"actions: {Path(os.path.relpath(log_path, config.folder)).as_posix()}"
    return ActionsImported(log_path, load_actions(log_path, csv=csv), tuple(done), line)
