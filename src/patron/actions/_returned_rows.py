"""The rows of a worklist that came back: which sheets and columns they stand in, whatever the language.

In:  a worklist XLSX, in English or Chinese, sheets and columns in any order.
Out: raw rows of the action log with their places in the file.
Not here: what the cells mean (`ledger.actions`), adding them to the log (`actions.returned`).
"""

from __future__ import annotations

import re
import warnings
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from patron.actions.columns import DAY_OF_THE_LIST_PROPERTY, WORKLIST_COLUMNS
from patron.errors import PatronError

#: Column of the worklist -> column of the log.
_OF_THE_LOG = {
    "customer_id": "customer_id",
    "owner": "owner",
    "action": "action",
    "outcome": "outcome",
    "outcome_on": "happened_at",
    "outcome_note": "reason",
    "snoozed_until": "snoozed_until",
}
#: A column that somebody may add to a returned list: not to be called before this day.
_SNOOZE_HEADERS = ("snoozed_until", "snooze until", "snoozed until", "暂缓至", "暂不联系至")
_FILLED_IN = ("outcome", "happened_at", "reason", "snoozed_until")
_DATES = ("happened_at", "snoozed_until")
_SERIAL_DAYS = range(20_000, 80_000)  # a date whose cell lost its format: 1954 to 2119
_HEADER_WITHIN = 20  # rows: a list may open with lines of text
_DAY_MONTH = re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})[-/.]([0-9]{4})")


class FilledIn(NamedTuple):
    """The rows of a workbook that somebody filled in.

    Parameters
    ----------
    rows : pandas.DataFrame
        As the log would hold them: `ledger.actions.ACTION_COLUMNS`, raw.
    places : list of str
        File, sheet and number of each row.
    problems : list of str
        Rows that cannot be taken, with their places; they are not in `rows`.
    dated_by_the_list : int
        Rows without a date that got the day of the list.
    listed_on : date or None
        The day of the list, where the workbook says it.
    """

    rows: pd.DataFrame
    places: list[str]
    problems: list[str]
    dated_by_the_list: int
    listed_on: date | None


def filled_in_rows(path: Path) -> FilledIn:
    """Read the rows of a returned worklist in which somebody filled in an outcome, a date or a note.

    Parameters
    ----------
    path : Path
        ``.xlsx``.

    Returns
    -------
    FilledIn

    Raises
    ------
    PatronError
        The file is no workbook, or no sheet of it is a worklist.
    """
    book = _opened(path)
    listed_on = _list_day(book)
    records, places, problems, dated, sheets = [], [], [], 0, 0
    for sheet in book.worksheets:
        cells = [list(row) for row in sheet.iter_rows(values_only=True)]
        start, columns = _header(cells)
        sheets += start > 0
        for number, row in enumerate(cells[start:] if start else [], start=start + 1):
            record = {name: _cell(row, at, name, book.epoch) for name, at in columns.items()}
            if all(record.get(name) is None for name in _FILLED_IN):
                continue
            place = f"{path.name}, sheet '{sheet.title}', row {number}"
            if record.get("happened_at") is None:
                record["happened_at"] = None if listed_on is None else listed_on.isoformat()
                dated += listed_on is not None
            doubt = _ambiguous(record)
            if doubt is not None:
                problems.append(f"{place}: {doubt}")
                continue
            records.append(record)
            places.append(place)
    if not sheets:
        wanted = [WORKLIST_COLUMNS[name] for name in ("customer_id", "outcome")]
        headers = " and ".join(f"'{column.en}' ({column.zh})" for column in wanted)
        raise PatronError(f"{path.name} is no worklist: no sheet has the columns {headers}.")
    return FilledIn(_raw_frame(records), places, problems, dated, listed_on)


def _raw_frame(records: list[dict[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(records, columns=list(dict.fromkeys(_OF_THE_LOG.values())), dtype=object)
    return frame.where(frame.notna(), None)


def _opened(path: Path) -> Any:
    from openpyxl import load_workbook

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # styles and printer settings that openpyxl does not know
            return load_workbook(path, data_only=True)
    except FileNotFoundError:
        raise PatronError(
            f"There is no file '{path}'.", next_step="Name the workbook that came back, with its folder."
        ) from None
    # whatever a damaged part makes openpyxl stumble over (XML, zip, an attribute): it is the file's fault
    except Exception as error:
        said = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
        raise PatronError(
            f"{path.name} cannot be read as a spreadsheet ({said}). Save it as .xlsx and import that."
        ) from None


def _list_day(book: Any) -> date | None:
    """Return the day of the list, from the workbook's properties."""
    text = str(getattr(book.properties, DAY_OF_THE_LIST_PROPERTY, None) or "")
    found = re.search(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text)
    try:
        return date.fromisoformat(found[0]) if found else None
    except ValueError:
        return None


def _header(cells: list[list[Any]]) -> tuple[int, dict[str, int]]:
    """Return the number of the header's row, 0 without one, and which column of the log is where."""
    names: dict[str, str] = {}
    for ours, theirs in _OF_THE_LOG.items():
        column = WORKLIST_COLUMNS.get(ours)
        headers = _SNOOZE_HEADERS if column is None else (ours, column.en, column.zh)
        names |= {header.casefold(): theirs for header in headers}
    for number, row in enumerate(cells[:_HEADER_WITHIN], start=1):
        texts = [str(cell).strip().casefold() if cell is not None else "" for cell in row]
        columns = {names[text]: at for at, text in reversed(list(enumerate(texts))) if text in names}
        if {"customer_id", "outcome"} <= set(columns):
            return number, columns
    return 0, {}


def _cell(row: list[Any], at: int, name: str, epoch: Any) -> Any:
    """Return a cell as the log would write it: trimmed text, a day as 2011-09-10, None for nothing."""
    from openpyxl.utils.datetime import from_excel

    value = row[at] if at < len(row) else None
    if name in _DATES and isinstance(value, int | float) and value in _SERIAL_DAYS:
        value = from_excel(int(value), epoch)
    if isinstance(value, datetime | date):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, str):
        return value.strip() or None
    return value


def _ambiguous(record: dict[str, Any]) -> str | None:
    """Write the dates of a record as 2011-09-10; say which one can be read in two ways."""
    for name in _DATES:
        match = _DAY_MONTH.fullmatch(str(record.get(name)))
        if match is None:
            continue
        first, mark, second, year = int(match[1]), match[2], int(match[3]), int(match[4])
        if first <= 12 and second <= 12 and first != second and mark != ".":
            return f"the date '{match[0]}' can be read day first or month first; write it like 2011-09-10"
        day, month = (second, first) if second > 12 else (first, second)
        record[name] = f"{year:04d}-{month:02d}-{day:02d}"
    return None
