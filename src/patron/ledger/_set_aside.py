"""The file of the rows that cannot be used: where each stands, why it was set aside, what it says.

In:  orders that were read, coded and counted. Out: one CSV file that spreadsheets open.
Not here: which rows those are (``_check``), where a row of a file stands (``_set_aside_duckdb``).

Rows are handed on one at a time, so the file costs no memory whatever its size.
"""

from __future__ import annotations

import csv
import json
import logging
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from patron.columns import FORMULA
from patron.ledger._check import LATER, LINE, code_of, what_is_compared
from patron.ledger._copies import OneOfEach
from patron.ledger._eager import EagerSource
from patron.ledger._reading import ReadOrders
from patron.ledger._typed import RowSetAside
from patron.ledger.report import REASONS, LedgerReport

_log = logging.getLogger(__name__)


def write_set_aside(
    orders: ReadOrders, coded: nw.LazyFrame[Any], each: OneOfEach, report: LedgerReport, path: Path
) -> list[str]:
    """Write ``file, line, reason, raw`` of every row that was set aside, or remove the file where none was.

    Parameters
    ----------
    orders : ReadOrders
        What was read.
    coded : nw.LazyFrame
        Its rows with codes.
    each : OneOfEach
        Its lines, and the copies left out.
    report, path
        As in `write_rows`.

    Returns
    -------
    list of str
        As in `write_rows`.
    """
    return write_rows(lambda: rows_set_aside(orders, coded, each), orders.opened.where, report, path)


def write_rows(
    find: Callable[[], Iterator[RowSetAside] | None], where: str, report: LedgerReport, path: Path
) -> list[str]:
    """Write rows that were set aside, or remove the file where there is none.

    Parameters
    ----------
    find : callable
        Gives the rows, or None where they have no numbers; asked only if there are some.
    where : str
        What to call the source in messages.
    report : LedgerReport
        What was counted.
    path : Path
        The file. An older one is replaced at the end, or removed.

    Returns
    -------
    list of str
        A warning, if the file could not be written or does not hold what was counted.
    """
    try:
        path.unlink(missing_ok=True)  # an older file speaks of other orders
        if not report.set_aside:
            return []
        rows = find()
        if rows is None:
            return [f"rows of {where} have no numbers, so no file lists those set aside"]
        found = _write(rows, path)
    except OSError as error:
        return [f"{path} could not be written ({error.strerror}); no file lists the rows set aside"]
    expected = {reason: aside.rows for reason, aside in report.set_aside.items()}
    if found != expected:
        differ = ", ".join(
            f"{reason} {found.get(reason, 0):,} instead of {expected.get(reason, 0):,}"
            for reason in REASONS
            if found.get(reason, 0) != expected.get(reason, 0)
        )
        path.unlink()
        return [f"the rows set aside could not be found again ({differ}); no file lists them"]
    _log.info("%s rows set aside are listed in %s", sum(found.values()), path)
    return []


def rows_set_aside(
    orders: ReadOrders, coded: nw.LazyFrame[Any], each: OneOfEach
) -> Iterator[RowSetAside] | None:
    """Find the rows, in the order of the source; None where its rows have no order."""
    if isinstance(orders.opened, EagerSource):
        return _frame_rows(orders, orders.opened, coded)
    if not coded.implementation.is_duckdb():
        return None
    from patron.ledger._set_aside_duckdb import duckdb_rows

    return duckdb_rows(orders, coded, each)


def _write(rows: Iterator[RowSetAside], path: Path) -> dict[str, int]:
    """Write the rows beside the file, then rename; count them by reason."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, beside = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".unfinished", dir=path.parent)
    counts: Counter[int] = Counter()
    try:
        with open(handle, "w", encoding="utf-8-sig", newline="") as stream:  # Excel needs the mark
            writer = csv.writer(stream)
            writer.writerow(("file", "line", "reason", "raw"))
            for row in rows:
                counts[row.code] += 1
                writer.writerow((_inert(row.file), row.line or "", REASONS[row.code - 1], _inert(row.raw)))
        Path(beside).chmod(0o644)
        os.replace(beside, path)
    finally:
        Path(beside).unlink(missing_ok=True)
    return {REASONS[code - 1]: rows for code, rows in counts.items()}


def _inert(text: str) -> str:
    """Keep a spreadsheet from running a text."""
    return f"'{text}" if text.startswith(FORMULA) else text


def _frame_rows(orders: ReadOrders, source: EagerSource, coded: nw.LazyFrame[Any]) -> Iterator[RowSetAside]:
    """Rows of a frame: the arrays of the typed frame are in its order."""
    compared = what_is_compared(coded) if orders.rules.duplicates == "drop" else []
    rows = coded.select("code", "day", *compared).collect().to_pandas()
    codes = rows["code"].to_numpy().copy()
    lines = np.flatnonzero(codes == LINE)
    if compared:
        codes[lines[rows[compared].iloc[lines].duplicated().to_numpy()]] = code_of("duplicate")
    names = list(orders.mapping.values())
    places = np.flatnonzero((codes != LINE) & (codes != LATER))
    texts = source.frame.iloc[places, [source.columns.index(name) for name in names]]
    for place, values in zip(places, texts.itertuples(index=False, name=None), strict=True):
        file, line = source.stands_at(int(place))
        said = {n: None if pd.isna(v) else _text(v) for n, v in zip(names, values, strict=True)}
        raw = json.dumps(said, ensure_ascii=False)
        yield RowSetAside(file, line, int(codes[place]), raw, int(rows["day"].iloc[place]))


def _text(value: Any) -> str:
    try:
        return str(value)
    except NotImplementedError:  # pandas, of a time with a zone in a year that dates of Python do not have
        return str(value.to_datetime64())
