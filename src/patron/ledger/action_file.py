"""The file of the action log: rows are added, never twice, and what is there stays as it is.

In:  actions in the form of `load_actions`, the path of a CSV file.
Out: the file with the new rows at its end, written beside and renamed, one writer at a time.
Not here: where the rows come from (`patron.actions.returned`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from patron.errors import LedgerError
from patron.ledger._options import CsvOptions, csv_options
from patron.ledger._small_table import read_csv_text
from patron.ledger.actions import ACTION_COLUMNS, STRENGTH, parsed_actions, with_apostrophe
from patron.whole_files import whole_file

_WAIT_SECONDS = 30.0
_KEY = ["customer_id", "day", "owner", "action", "outcome", "reason", "snoozed_until_day"]


class Appended(NamedTuple):
    """What became of the rows.

    Parameters
    ----------
    added : int
        Rows now at the end of the file.
    already_there : int
        Rows that the file, or an earlier one of these rows, already held.
    outweighed : tuple of str
        One text per added row that does not count: the log says something stronger of the same customer,
        owner and day. Where it was meant as a correction, the other row must be taken out of the file.
    """

    added: int
    already_there: int
    outweighed: tuple[str, ...] = ()


def append_actions(rows: pd.DataFrame, path: Path, *, csv: Mapping[str, str] | None = None) -> Appended:
    """Add actions to a log; adding the same rows again changes nothing.

    Parameters
    ----------
    rows : pandas.DataFrame
        As `load_actions` returns them.
    path : Path
        A ``.csv`` file, made where it is missing. Beside it lies a lock, ``.<name>.lock``.
    csv : mapping of str to str, optional
        As in `load_ledger`; the file is read and written so.

    Returns
    -------
    Appended

    Raises
    ------
    LedgerError
        The file is no CSV, cannot be read, is being written by somebody else, or cannot hold a text.
    """
    # imported here: a service that scores does without filelock
    from filelock import FileLock, Timeout

    options = csv_options(csv)
    if path.suffix.lower() != ".csv" or path.is_dir():
        raise LedgerError(
            f"Rows cannot be added to the action log '{path.name}': it is no .csv file. Save it as .csv and "
            "name that under ledger.actions."
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(path.with_name(f".{path.name}.lock"), timeout=_WAIT_SECONDS):
            return _append(rows, path, options)
    except Timeout:
        raise LedgerError(
            f"The action log '{path.name}' is being written by another process; try again when it is done."
        ) from None


def _append(rows: pd.DataFrame, path: Path, options: CsvOptions) -> Appended:
    there = _existing(path, options)
    known = parsed_actions(there, options)
    known = known[known["problem"] == ""]
    seen = set(_keys(known))
    is_new = []
    for key in _keys(rows):
        is_new.append(key not in seen)
        seen.add(key)
    new = rows[np.array(is_new, dtype=bool)]
    if len(new) or not path.exists():
        _write(pd.concat([there, _as_written(new, options)], ignore_index=True).fillna(""), path, options)
    return Appended(len(new), len(rows) - len(new), tuple(_outweighed(new, known)))


def _outweighed(new: pd.DataFrame, known: pd.DataFrame) -> Iterator[str]:
    """Name the new rows that say less than another one of the same customer, owner and day."""
    strongest: dict[tuple[Any, ...], str] = {}
    for *who, outcome in ((*key[:3], key[4]) for rows in (known, new) for key in _keys(rows)):
        there = strongest.setdefault(tuple(who), outcome)
        strongest[tuple(who)] = max(there, outcome, key=STRENGTH.__getitem__)
    for customer, day, owner, _, outcome, *_ in _keys(new):
        counts = strongest[customer, day, owner]
        if STRENGTH[outcome] < STRENGTH[counts]:
            by = "" if owner is None else f" by {owner}"
            yield (
                f"'{outcome}' for customer '{customer}' on {date(1970, 1, 1) + timedelta(days=int(day))}{by} "
                f"changes nothing, as the log says '{counts}' of that day; if that was a mistake, take it "
                "out of the log"
            )


def _existing(path: Path, options: CsvOptions) -> pd.DataFrame:
    if not path.exists() or path.stat().st_size == 0:
        return pd.DataFrame({name: pd.Series(dtype=str) for name in ACTION_COLUMNS})
    there = read_csv_text(path, options)
    missing = [name for name in ACTION_COLUMNS[:2] if name not in there]
    if missing:
        message = f"{path.name} is no action log: it lacks {' and '.join(missing)}; correct ledger.actions"
        raise LedgerError(message)
    if "outcome" not in there:  # a log of contacts: it must not turn into a log of calls nobody answered
        there["outcome"] = "reached"
    return there


def _keys(rows: pd.DataFrame) -> list[tuple[Any, ...]]:
    cells = rows.reindex(columns=_KEY).astype(object)
    return list(cells.where(cells.notna(), None).itertuples(index=False, name=None))


def _as_written(rows: pd.DataFrame, options: CsvOptions) -> pd.DataFrame:
    """Return rows as text; what a spreadsheet would run goes behind an apostrophe."""
    texts = {
        name: [_neutral(value) for value in rows[name]]
        for name in ("customer_id", "owner", "action", "outcome", "reason")
    }
    days = {"happened_at": rows["day"], "snoozed_until": rows["snoozed_until_day"]}
    dates = {name: [_date_text(day, options) for day in values] for name, values in days.items()}
    return pd.DataFrame(texts | dates)[list(ACTION_COLUMNS)]


def _neutral(value: Any) -> str:
    text = "" if value is None or pd.isna(value) else str(value)
    return with_apostrophe(text)


def _date_text(day: Any, options: CsvOptions) -> str:
    if pd.isna(day):
        return ""
    moment = date(1970, 1, 1) + timedelta(days=int(day))
    return moment.isoformat() if options.date_format is None else moment.strftime(options.date_format)


def _write(table: pd.DataFrame, path: Path, options: CsvOptions) -> None:
    try:
        with whole_file(path) as beside:
            # with this end of line a carriage return inside a text is quoted, too
            table.to_csv(
                beside, index=False, sep=options.separator, encoding=_encoding(path, options),
                lineterminator="\r\n",
            )  # fmt: skip
    except UnicodeEncodeError as error:
        text = str(error.object)[error.start : error.end]
        raise LedgerError(
            f"{path.name}: csv.encoding {options.encoding} cannot hold {text!r}; save the log as utf-8"
        ) from None


def _encoding(path: Path, options: CsvOptions) -> str:
    """Keep the mark at the beginning of a file that has one: a spreadsheet put it there."""
    has_mark = options.is_utf8 and path.exists() and path.read_bytes()[:3] == b"\xef\xbb\xbf"
    return "utf-8-sig" if has_mark else options.encoding
