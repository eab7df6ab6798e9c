"""`patron actions`: returned worklists -> rows of the action log."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from patron.actions import Imported, day_of_scores, import_worklist
from patron.config import Config
from patron.errors import PatronError
from patron.ledger import load_actions
from patron.snapshots import day_of, to_day
from patron.workflows.base import open_ledger
from patron.workflows.score_files import newest_scores, read_scores

Progress = Callable[[str], None]
_ASIDE = {
    "no_customer": "without a customer",
    "no_date": "without a date",
    "unreadable_date": "with a date that cannot be read",
    "unknown_outcome": "with an outcome that is not known",
    "repeated": "that repeat another one",
    "unreadable_snoozed_until": "whose snoozed_until cannot be read (the row is kept without it)",
}


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
    scored_on : date or None
        The day of the newest scores, which the next worklist would be of; None where there are none.
    """

    log_path: Path
    log: pd.DataFrame
    files: tuple[Imported, ...]
    line_to_add: str | None
    scored_on: date | None = None

    @property
    def problems(self) -> list[str]:
        """Rows that were not taken, of all files."""
        return [problem for file in self.files for problem in file.problems]

    @property
    def score_first(self) -> date | None:
        """The first day whose list counts every action; None where that of the newest scores does."""
        latest = None if self.log.empty else day_of(int(self.log["day"].max()))
        if latest is None or (self.scored_on is not None and latest < self.scored_on):
            return None
        return latest + timedelta(days=1)


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
        raise PatronError(missing, next_step="Name the workbooks that came back, with their folder.")
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
        rows = [f"not taken: {problem}" for file in done for problem in file.problems]
        said = [text for file in done for text in file.outweighed]
        raise PatronError([*refused, *rows, *said], next_step=rest if done else None)
    line = None if named else f"actions: {Path(os.path.relpath(log_path, config.folder)).as_posix()}"
    log = load_actions(log_path, csv=csv)
    return ActionsImported(log_path, log, tuple(done), line, _scored_on(config))


def _scored_on(config: Config) -> date | None:
    """Return the day of the list that `patron worklist` would make now."""
    try:
        return day_of_scores(read_scores(newest_scores(config)))
    except PatronError:  # no scores, or none that can be read: score first
        return None


def about_rows(log: pd.DataFrame, name: str) -> list[str]:
    """Say what was set aside in an action log, with the first row of each kind.

    Parameters
    ----------
    log : pandas.DataFrame
        Of `ledger.load_actions`.
    name : str
        What to call it.

    Returns
    -------
    list of str
    """
    said = []
    for reason, rows in log.attrs.get("set_aside", {}).items():
        instance = log.attrs.get("instances", {}).get(reason)
        example = f" (first: {instance})" if instance else ""
        said.append(f"{name} has {rows:,} {'row' if rows == 1 else 'rows'} {_ASIDE[reason]}{example}.")
    return said


def about_strangers(customers: Sequence[str]) -> list[str]:
    """Say how many customers of an action log the ledger does not know, and name one."""
    if not customers:
        return []
    number = "1 customer is" if len(customers) == 1 else f"{len(customers):,} customers are"
    whose = "its" if len(customers) == 1 else "their"
    return [f"{number} not in the ledger, e.g. '{customers[0]}'; {whose} actions are kept."]


def about_log(config: Config, log: pd.DataFrame | None) -> list[str]:
    """Say what is odd about the action log that a config names: rows set aside, customers nobody knows.

    Parameters
    ----------
    config : Config
        Its ``ledger.actions`` names the log.
    log : pandas.DataFrame or None
        As in `workflows.base.Base`.

    Returns
    -------
    list of str
        Empty where there is no log, or nothing odd about it.
    """
    if log is None or config.ledger.actions is None:
        return []
    name = Path(config.ledger.actions).name
    strangers = about_strangers(log.attrs.get("unknown_customers", []))
    return [*about_rows(log, name), *(f"{name}: {text}" for text in strangers)]


def not_counted(log: pd.DataFrame | None, as_of: date) -> list[str]:
    """Say how many actions a list leaves out because they are of its day or later.

    Parameters
    ----------
    log : pandas.DataFrame or None
        Of `ledger.load_actions`.
    as_of : date
        Day of the list.

    Returns
    -------
    list of str
        One text, or none.
    """
    late = 0 if log is None else int((log["day"] >= to_day(as_of)).sum())
    if not late:
        return []
    number = "1 action" if late == 1 else f"{late:,} actions"
    verb = "is" if late == 1 else "are"
    late_for = f"of {as_of} or later {verb} not counted by a list of that day"
    return [f"{number} {late_for}; score a later day first."]
