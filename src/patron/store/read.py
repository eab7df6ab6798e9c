"""Read a ledger and its customer tables from a store.

In:  a store that is up to date, and a day.
Out: what `load_ledger` and `customer_tables` would give of the same orders.
Not here: bringing it up to date (`update`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import narwhals as nw

from patron.errors import LedgerError, saying_what_to_install
from patron.ledger import Ledger, at_hand, materialise
from patron.ledger._as_of import day_number
from patron.ledger._parquet import ParquetReader, parquet_reader
from patron.ledger._reading import Reading
from patron.ledger._set_aside import write_rows
from patron.ledger._totals import Counted, RowTotal
from patron.ledger._typed import RowSetAside
from patron.ledger.segments import ASIDE
from patron.ledger.stored import StoredSums, choose_as_of, stored_report, used_lines
from patron.ledger.stored_aside import read_copies, read_rows_aside
from patron.snapshots import KINDS_OF_ITEMS, CustomerTables
from patron.snapshots.customer_days import with_gaps
from patron.store import _layout
from patron.store._layout import Manifest

_Months = Mapping[str, Mapping[str, Any]]


class StoredLedger(NamedTuple):
    """A ledger and its customer tables."""

    ledger: Ledger
    tables: CustomerTables


@saying_what_to_install()
def read_store(
    folder: Path,
    reading: Reading,
    *,
    as_of: str | date = "latest",
    today: date | None = None,
    items: Collection[str] = KINDS_OF_ITEMS,
    where: str = "the store",
    set_aside: Path | None = None,
    **beside: Any,
) -> StoredLedger:
    """Read what a store holds before a day.

    Parameters
    ----------
    folder : Path
        A store (`update_store`).
    reading : Reading
        How its rows were read; memory and threads.
    as_of : str or date
        A day, or ``latest``, as in `load_ledger`.
    today : date, optional
        For ``latest``.
    items : collection of str
        Which tables of items are needed (`snapshots.customer_tables`).
    where : str
        What to call the orders in messages.
    set_aside : Path, optional
        A CSV file for the rows that cannot be used, as in `load_ledger`; copies have neither file nor line.
    **beside
        ``attributes``, ``events`` and ``merges``, passed through to the tables.

    Returns
    -------
    StoredLedger

    Raises
    ------
    LedgerError
        If there is no store, it is damaged, or `load_ledger` would refuse the day.
    """
    manifest = _layout.read_manifest(folder)
    if manifest is None:
        raise LedgerError(f"{folder} holds no store yet; build it: patron store CONFIG")
    months = {
        name: _layout.read_json(folder, manifest, path, "month.json")
        for name, path in manifest.months.items()
    }
    for name, path in manifest.months.items():
        _layout.check_files(folder / path, months[name]["files"], verify=False)
    sums = _sums(manifest, months, where)
    day = choose_as_of(sums, as_of, today, reading.timezone)
    read = parquet_reader(reading.memory_limit, reading.threads)
    known = [name for name in months if name <= (day - timedelta(days=1)).isoformat()[:7]]
    days = _table(folder, manifest, months, known, read, "days", day)
    days = materialise(with_gaps(days), "customer_days")

    def count(as_of: date) -> Counted:
        return _count(folder, manifest, months, known, read, days, as_of)

    report = stored_report(sums, day, reading.rules, count, latest=as_of == "latest")
    if set_aside is not None:
        rows = partial(_rows_aside, folder, manifest, months, known, day)
        warnings = write_rows(rows, where, report, set_aside)
        report = replace(report, warnings=[*report.warnings, *warnings])
    lines = read([folder / path for name in known for path in manifest.lines[name]])
    ledger = Ledger(used_lines(lines, day), day, manifest.currency, manifest.digits, report)
    wanted = [kind for kind, column in KINDS_OF_ITEMS.items() if column in manifest.columns and kind in items]
    tables = {kind: at_hand(_table(folder, manifest, months, known, read, kind, day)) for kind in wanted}
    return StoredLedger(
        ledger, CustomerTables(at_hand(days), tables.get("products"), tables.get("categories"), **beside)
    )


def _table(
    store: Path,
    manifest: Manifest,
    months: _Months,
    known: list[str],
    read: ParquetReader,
    table: str,
    as_of: date,
) -> nw.LazyFrame[Any]:
    paths = [
        store / manifest.months[name] / f"{table}.parquet"
        for name in known
        if f"{table}.parquet" in months[name]["files"]
    ]
    frame = read(paths)
    return frame.filter(nw.col("day") < day_number(as_of)).drop("source_row", strict=False)


def _rows_aside(
    store: Path, manifest: Manifest, months: _Months, known: list[str], as_of: date
) -> Iterator[RowSetAside]:
    """Give the rows of each source in its order, then the copies."""
    for source in manifest.sources:
        path = store / source.folder / ASIDE
        if path.exists():
            yield from read_rows_aside(path, source.shown, day_number(as_of))
    paths = [
        store / manifest.months[name] / "copies.parquet"
        for name in known
        if "copies.parquet" in months[name]["files"]
    ]
    yield from read_copies(paths, manifest.digits, day_number(as_of))


def _sums(manifest: Manifest, months: _Months, where: str) -> StoredSums:
    names = ("totals", "examples", "copies", "copy_examples")
    rows = {name: [tuple(row) for month in months.values() for row in month[name]] for name in names}
    columns = ["cost_minor" if name == "cost" else name for name in manifest.columns]
    return StoredSums(
        where=where,
        columns=tuple(columns),
        currency=manifest.currency,
        digits=manifest.digits,
        totals=[RowTotal(*row) for row in rows["totals"]],
        examples=rows["examples"],
        copies=[RowTotal(*row) for row in rows["copies"]],
        copy_examples=rows["copy_examples"],
        **manifest.aside,
    )


def _count(
    store: Path,
    manifest: Manifest,
    months: _Months,
    known: list[str],
    read: ParquetReader,
    days: nw.LazyFrame[Any],
    as_of: date,
) -> Counted:
    """Count customers and orders; those of a month that is over are counted already."""
    with_orders = [name for name in known if months[name]["orders"]]
    files = {name: store / manifest.months[name] / "orders.parquet" for name in with_orders}
    before = nw.col("first_day") < day_number(as_of)
    by_month = {}
    for name in with_orders:
        over = name < as_of.isoformat()[:7]
        orders = months[name]["orders"] if over else _number(read([files[name]]).filter(before), nw.len())
        if orders:
            by_month[(int(name[:4]) - 1970) * 12 + int(name[5:]) - 1] = int(orders)
    total = sum(by_month.values())
    if len(files) > 1 and "order_id" in manifest.columns:  # an order may have lines in several months
        total = _number(read(list(files.values())).filter(before), nw.col("order").n_unique())
    return Counted(_number(days, nw.col("customer_id").n_unique()), total, by_month)


def _number(frame: nw.LazyFrame[Any], counted: nw.Expr) -> int:
    [row] = frame.select(counted.alias("n")).collect().iter_rows(named=True)
    return int(row["n"])
