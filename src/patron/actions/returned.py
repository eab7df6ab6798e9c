"""A worklist that came back: what salespeople filled in becomes rows of the action log.

In:  a worklist XLSX with outcomes, in English or Chinese, sheets and columns in any order.
Out: rows for the log, and every row that cannot be taken, with its number and what to write instead.
Not here: the file of the log (`ledger.append_actions`), what follows from it (`actions.memory`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from patron.actions._returned_rows import filled_in_rows
from patron.actions.columns import OUTCOME_WORDS
from patron.ledger import append_actions
from patron.ledger.actions import parsed_actions, problem_in_words
from patron.snapshots import day_of, to_day

#: Days before its list; an outcome dated earlier is a mistake: in January the old year is typed.
EARLIEST_DAYS = 60


@dataclass(frozen=True)
class Imported:
    """What became of a returned worklist.

    Parameters
    ----------
    path : Path
        The worklist.
    filled_in : int
        Rows with anything in the outcome columns: added + already_there + the rows with problems.
    added, already_there : int
        Rows that are new in the log; rows it already held.
    problems : tuple of str
        One text per row that was not taken: file, sheet, row, what is wrong, what to do.
    dated_by_the_list : int
        Rows without a date of their own: they count from the day of the list.
    unknown_customers : tuple of str
        Ids that the ledger does not know; their rows are taken.
    outweighed : tuple of str
        One text per row that was added although the log says something stronger of that day: it changes
        nothing as long as that row stands there.
    """

    path: Path
    filled_in: int
    added: int
    already_there: int
    problems: tuple[str, ...]
    dated_by_the_list: int
    unknown_customers: tuple[str, ...]
    outweighed: tuple[str, ...] = ()


def import_worklist(
    path: Path,
    log_path: Path,
    *,
    csv: Mapping[str, str] | None = None,
    customers: Collection[str] | None = None,
    today: date | None = None,
) -> Imported:
    """Add the outcomes of a returned worklist to the action log; doing it twice changes nothing.

    Parameters
    ----------
    path : Path
        ``.xlsx``, as `patron worklist` wrote it and salespeople filled it in.
    log_path : Path
        The action log, ``.csv``; made where it is missing.
    csv : mapping of str to str, optional
        How the log is written, as in `ledger.load_ledger`.
    customers : collection of str, optional
        Ids of the ledger: an id that lost its leading zeros gets them back where that is unambiguous.
    today : date, optional
        The day after which no outcome can lie; the machine's day when None.

    Returns
    -------
    Imported

    Raises
    ------
    PatronError
        The file is no workbook or holds no worklist; the log cannot be written. The log is then unchanged.
    """
    found = filled_in_rows(path)
    rows = parsed_actions(found.rows)
    latest = to_day(today or date.today())
    problems, good = list(found.problems), []
    for position, (problem, day) in enumerate(zip(rows["problem"], rows["day"], strict=True)):
        raw = found.rows.iloc[position]
        text = _problem(str(problem), bool(rows["bad_snooze"].iloc[position]), raw)
        if text is None:
            text = _out_of_time(int(day), latest, found.listed_on)
        text = text or _without_outcome(raw)
        good.append(text is None)
        if text is not None:
            problems.append(f"{found.places[position]}: {text}")
    kept = rows[np.array(good, dtype=bool)].reset_index(drop=True)
    kept["customer_id"] = _known_ids(kept["customer_id"], customers)
    unknown = () if customers is None else tuple(sorted(set(kept["customer_id"]) - set(customers)))
    done = append_actions(kept, log_path, csv=csv)
    filled_in = len(rows) + len(found.problems)
    return Imported(
        path, filled_in, done.added, done.already_there, tuple(problems), found.dated_by_the_list, unknown,
        tuple(f"{path.name}: {text}" for text in done.outweighed),
    )  # fmt: skip


def _problem(problem: str, is_bad_snooze: bool, raw: pd.Series[Any]) -> str | None:
    if problem:
        return problem_in_words(problem, raw)
    return problem_in_words("unreadable_snoozed_until", raw) if is_bad_snooze else None


def _out_of_time(day: int, latest: int, listed_on: date | None) -> str | None:
    """Say what is wrong with a day after today, or long before the list was written: a year mistaken."""
    if day > latest:
        return f"the date {day_of(day)} lies in the future; correct it"
    if listed_on is not None and day < to_day(listed_on) - EARLIEST_DAYS:
        return (
            f"the date {day_of(day)} lies more than {EARLIEST_DAYS} days before the list of {listed_on}; "
            "correct it (the year?)"
        )
    return None


def _without_outcome(raw: pd.Series[Any]) -> str | None:
    if raw["outcome"] is not None:
        return None
    choice = ", ".join(f"{en} ({zh})" for en, zh in OUTCOME_WORDS.values())
    return f"there is a note or a date but no outcome; choose one of {choice}"


def _known_ids(ids: pd.Series[Any], customers: Collection[str] | None) -> list[str]:
    """Give an id back what a spreadsheet took: an apostrophe of its own, or zeros where that is clear."""
    known = set(customers or ())
    stripped: dict[str, list[str]] = {}
    for customer in known:
        stripped.setdefault(customer.lstrip("0"), []).append(customer)
    found = []
    for customer in map(str, ids):
        alike = stripped.get(customer.lstrip("0"), [])
        if customer not in known and f"'{customer}" in known:
            found.append(f"'{customer}")
        else:
            found.append(alike[0] if customer not in known and len(alike) == 1 else customer)
    return found
