"""The months of a store: customer days, items and orders, from the lines of all sources.

In:  the parts of the sources.
Out: folders that are named by what they were made from.
Not here: what is read back (`read`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import narwhals as nw

from patron.ledger import materialise
from patron.ledger._parquet import parquet_reader, write_sorted
from patron.ledger._reading import Reading
from patron.ledger.segments import Part, Segment, merged
from patron.ledger.stored import MonthLines, fold_lines, orders_of
from patron.snapshots import customer_tables
from patron.store import _layout

_EPOCH = date(1970, 1, 1)
_LINES_AT_ONCE = 500_000
#: The gaps between days look back over months and are worked out when read.
_COLUMNS = {
    "days": ("customer_id", "day", "orders", "lines", "spend", "refund", "cost"),
    "products": ("customer_id", "day", "item", "spend"),
    "categories": ("customer_id", "day", "item", "spend"),
    "orders": ("order", "first_day"),
}
_NO_LINES = {"copies": (), "copy_examples": (), "orders": 0}


class MonthParts(NamedTuple):
    """What a month is made from, in an order that does not depend on the names of the sources."""

    folder: str
    parts: Sequence[Part]
    files: Sequence[str]


def months_of(held: Mapping[str, tuple[str, Segment]], reading: Reading) -> dict[str, MonthParts]:
    """Return the parts of every month, and the folder that a month made of them has."""
    found: dict[str, list[tuple[str, str, Part]]] = {}
    for folder, segment in held.values():
        for name, part in segment.months.items():
            found.setdefault(name, []).append((part.digest, f"{folder}/{name}.parquet", part))
    months = {}
    for name in sorted(found):
        parts = sorted(found[name], key=lambda item: item[:2])
        made_of = [_layout.FORMAT, reading.rules.duplicates, [digest for digest, _, _ in parts]]
        key = hashlib.sha256(json.dumps(made_of).encode()).hexdigest()[:16]
        months[name] = MonthParts(
            f"{_layout.MONTHS}/{name}-{key}",
            [part for _, _, part in parts],
            [path for _, path, part in parts if part.sha256 is not None],
        )
    return months


def build_months(store: Path, months: Mapping[str, MonthParts], reading: Reading) -> None:
    """Write the folders of months.

    Parameters
    ----------
    store : Path
        The store's folder.
    months : mapping of str to MonthParts
        Of `months_of`, those to build.
    reading : Reading
        Duplicates by its rules; memory and threads.
    """
    for together in _batches(months):
        files = [store / path for month in together.values() for path in month.files]
        tables = _tables(files, reading) if files else None
        for name, month in together.items():
            totals, examples = merged(month.parts)
            facts: dict[str, Any] = {"totals": totals, "examples": examples}
            with _layout.written_whole(store, month.folder) as work:
                facts |= _write_month(name, tables, work) if tables and month.files else _NO_LINES
                _layout.write_json(work / "month.json", {**facts, "files": _layout.file_facts(work)})


def _batches(months: Mapping[str, MonthParts]) -> Iterator[dict[str, MonthParts]]:
    """Take small months together: most of the work on one is not about its rows."""
    together: dict[str, MonthParts] = {}
    lines = 0
    for name, month in months.items():
        more = sum(part.lines for part in month.parts)
        if together and lines + more > _LINES_AT_ONCE:
            yield together
            together, lines = {}, 0
        together[name], lines = month, lines + more
    if together:
        yield together


class _Tables(NamedTuple):
    """Of the months that are built together."""

    folded: MonthLines
    columns: Sequence[str]
    frames: Mapping[str, nw.LazyFrame[Any]]


def _tables(files: Sequence[Path], reading: Reading) -> _Tables:
    stored = parquet_reader(reading.memory_limit, reading.threads)(files)
    folded = fold_lines(stored, reading.rules)
    tables = customer_tables(folded.lines, keep=materialise)
    orders = materialise(orders_of(folded.lines), "orders")
    columns = [name for name in stored.collect_schema().names() if name != "source_row"]
    return _Tables(folded, columns, {"days": tables.days, **tables.items, "orders": orders})


def _write_month(name: str, tables: _Tables, work: Path) -> dict[str, Any]:
    first = date.fromisoformat(f"{name}-01")
    start, end = ((day - _EPOCH).days for day in (first, (first + timedelta(days=31)).replace(day=1)))
    rows = {}
    for table, frame in tables.frames.items():
        when = "first_day" if table == "orders" else "day"
        there = frame.collect_schema().names()
        columns = [column for column in _COLUMNS[table] if column in there]
        chosen = frame.filter((nw.col(when) >= start) & (nw.col(when) < end))
        rows[table] = write_sorted(chosen, work / f"{table}.parquet", columns)
    copies = [total for total in tables.folded.copies if start <= total.day < end]
    if copies:
        for name_of, rows_of in (("lines", tables.folded.lines), ("copies", tables.folded.left_out)):
            assert rows_of is not None
            of_month = rows_of.filter((nw.col("day") >= start) & (nw.col("day") < end))
            write_sorted(of_month, work / f"{name_of}.parquet", tables.columns)
    examples = [example for example in tables.folded.copy_examples if start <= example[0] < end]
    return {"copies": copies, "copy_examples": examples, "orders": rows["orders"]}
