"""The lists as files: a workbook for people, a CSV beside it, and a small table that the next list remembers.

In:  a `Monday`. Out: files, written beside and renamed; the same lists give the same bytes.
Not here: HTML pages (`patron.reports`), the file that comes back filled in (`returned`).
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pandas as pd

from patron.actions._xlsx import TableSheet, safe_cell, workbook_bytes
from patron.actions.columns import OUTCOME_WORDS, WORKLIST_COLUMNS, WorklistColumn
from patron.actions.monday import Monday
from patron.actions.read_me import read_me_sheet, title_of
from patron.actions.win_back import WIN_BACK_COLUMNS
from patron.actions.words import code_in_words, words_of
from patron.errors import PatronError
from patron.whole_files import whole_file

CODES = ("tier", "lifecycle_stage", "churn_risk", "since_last")
ENDINGS = (".xlsx", ".csv")
#: How far back earlier lists are looked at, days: longer than any sensible cooldown.
REMEMBERED_DAYS = 400
_REMEMBERED = (
    "as_of", "list", "customer_id", "owner", "model", "churn_label", "churn_horizon_days", "churn_risk",
    "churn_probability", "kept_off", "kept_off_reason",
)  # fmt: skip
_NUMBERS = ("churn_horizon_days", "churn_probability")
_NEEDED = ("as_of", "list", "customer_id", "churn_risk", "churn_probability", "kept_off")
_NAME_OF_A_LIST = re.compile(r"(\d{4}-\d{2}-\d{2})\.parquet")


def check_worklist_name(path: Path) -> None:
    """Refuse a name that is neither a workbook nor a CSV, before the work is done.

    Raises
    ------
    PatronError
        If the ending is another one.
    """
    if path.suffix.lower() not in ENDINGS:
        raise PatronError(f"A worklist is written as .xlsx or .csv, not '{path.name}'. Change --out.")


def in_words(rows: pd.DataFrame, columns: Mapping[str, WorklistColumn], language: str) -> pd.DataFrame:
    """Return rows with these columns, codes said in words."""
    said = rows.reindex(columns=list(columns))
    return said.assign(
        **{
            name: [code_in_words(name, code, language) for code in said[name]]
            for name in CODES
            if name in columns
        }
    )


def workbook(found: Monday) -> bytes:
    """Return the workbook: worklist, win back, read me.

    Parameters
    ----------
    found : Monday
        Of everybody or of one owner.

    Returns
    -------
    bytes
        XLSX; the first row of both lists is the header, text cannot run as a formula.
    """
    facts, words = found.facts, words_of(found.facts.language)
    mark = f" ({words['simulated_short']})" if facts.is_simulated else ""
    header = title_of(found) + (f"   {words['simulated']}" if facts.is_simulated else "")
    place = 1 if facts.language == "zh" else 0
    choices = {"outcome": [pair[place] for pair in OUTCOME_WORDS.values()]}
    tables = [
        TableSheet(words[key] + mark, columns, in_words(rows, columns, facts.language), choices, header)
        for key, columns, rows in (
            ("sheet_calls", WORKLIST_COLUMNS, found.calls),
            ("sheet_win_back", WIN_BACK_COLUMNS, found.win_back),
        )
    ]
    return workbook_bytes(
        [*tables, read_me_sheet(found)],
        day=facts.as_of,
        title=title_of(found),
        language=facts.language,
        choice_error=words["outcome_error"].format(words=", ".join(choices["outcome"])),
    )


def csv_bytes(
    rows: pd.DataFrame, columns: Mapping[str, WorklistColumn], language: str, *, is_simulated: bool = False
) -> bytes:
    """Return a list as CSV: UTF-8 with the mark that spreadsheets look for, text that they do not run.

    Parameters
    ----------
    rows : pandas.DataFrame
        The worklist or the win-back list.
    columns : mapping
        `WORKLIST_COLUMNS` or `WIN_BACK_COLUMNS`.
    language : str
        Of headers and codes.
    is_simulated : bool
        A last column says so in every row.

    Returns
    -------
    bytes
    """
    said = in_words(rows, columns, language)
    safe = pd.DataFrame({name: [safe_cell(value) for value in said[name]] for name in columns}, dtype=object)
    safe.columns = pd.Index([column.header(language) for column in columns.values()])
    if is_simulated:
        words = words_of(language)
        safe[words["simulated_column"]] = words["simulated_yes"]
    return safe.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")


def write_list(found: Monday, path: Path) -> list[Path]:
    """Write the lists: one workbook, or one CSV for each list.

    Parameters
    ----------
    found : Monday
        Of everybody or of one owner.
    path : Path
        ``.xlsx`` or ``.csv``; the win-back list goes to ``NAME.win_back.csv`` beside it.

    Returns
    -------
    list of Path

    Raises
    ------
    PatronError
        If the ending is another one.
    """
    check_worklist_name(path)
    if path.suffix.lower() == ".xlsx":
        return [write_bytes(path, workbook(found))]
    facts, beside = found.facts, path.with_name(f"{path.stem}.win_back{path.suffix}")
    return [
        write_bytes(to, csv_bytes(rows, columns, facts.language, is_simulated=facts.is_simulated))
        for to, rows, columns in (
            (path, found.calls, WORKLIST_COLUMNS),
            (beside, found.win_back, WIN_BACK_COLUMNS),
        )
    ]


def write_memory(found: Monday, folder: Path) -> Path:
    """Write what the next list remembers of this one: every candidate and whether it was on the list.

    Parameters
    ----------
    found : Monday
        Of everybody.
    folder : Path
        ``YYYY-MM-DD.parquet`` is written into it.

    Returns
    -------
    Path
    """
    parts = [
        judged.assign(list=name)
        for name, judged in (("call", found.judged), ("win_back", found.judged_back))
        if len(judged)
    ]
    rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["customer_id"])
    rows = rows.assign(as_of=found.facts.as_of.isoformat())
    rows = rows.rename(columns={"left_off": "kept_off", "left_off_detail": "kept_off_reason"})
    rows = rows.reindex(columns=list(_REMEMBERED))
    texts = rows.columns.drop(list(_NUMBERS))
    rows[texts] = rows[texts].astype(object).where(rows[texts].notna(), None)
    rows[list(_NUMBERS)] = rows[list(_NUMBERS)].apply(pd.to_numeric).astype("float64")
    rows = rows.sort_values(["list", "customer_id"], ignore_index=True)
    return write_bytes(folder / f"{found.facts.as_of.isoformat()}.parquet", _parquet(rows))


def read_earlier_lists(folder: Path, as_of: date) -> pd.DataFrame | None:
    """Read what earlier lists remember, below each other.

    Parameters
    ----------
    folder : Path
        Of `write_memory`; it may be missing.
    as_of : date
        Day of the new list: lists of that day or later are left out, and those of more than
        `REMEMBERED_DAYS` before.

    Returns
    -------
    pandas.DataFrame or None
        For `memory.remembered`; None without an earlier list.

    Raises
    ------
    PatronError
        If files are there that cannot be read, are named after a day that there is none of, or are no lists.
    """
    found, problems = [], []
    for path in sorted(folder.glob("*.parquet")):
        named = _NAME_OF_A_LIST.fullmatch(path.name)
        if named is None:
            continue
        try:
            if 0 < (as_of - _day_of_name(path, named[1])).days <= REMEMBERED_DAYS:
                found.append(_read(path))
        except PatronError as error:
            problems += error.problems
    if problems:
        raise PatronError(
            problems, next_step="Remove it (what it remembers is lost), or bring it back from a copy."
        )
    return pd.concat(found, ignore_index=True) if found else None


def write_bytes(path: Path, content: bytes) -> Path:
    """Write beside and rename, so that nobody opens half a list; the folder is made."""
    with whole_file(path) as beside:
        beside.write_bytes(content)
    return path


def _day_of_name(path: Path, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise PatronError(
            f"'{path}' is named like an earlier worklist, but there is no day {text}."
        ) from None


def _read(path: Path) -> pd.DataFrame:
    try:
        rows = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        said = (str(error).splitlines() or [type(error).__name__])[0]
        raise PatronError(f"'{path}' cannot be read as an earlier worklist ({said}).") from None
    missing = [name for name in _NEEDED if name not in rows]
    if missing:
        raise PatronError(
            f"'{path}' is no earlier worklist: it lacks the column{'s' * (len(missing) > 1)} "
            f"{', '.join(missing)}."
        )
    return rows


def _parquet(rows: pd.DataFrame) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(name, pa.float64() if name in _NUMBERS else pa.string()) for name in rows.columns])
    written = io.BytesIO()
    table = pa.Table.from_pandas(rows, schema=schema, preserve_index=False)
    pq.write_table(table.replace_schema_metadata(None), written)
    return written.getvalue()
