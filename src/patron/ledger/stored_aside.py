"""Rows set aside that lie in Parquet files: of a source, and the copies of lines in a month.

In:  rows as they are found, or copies of lines.
Out: a file whose bytes depend on its rows alone; rows again, those that a ledger of a day sets aside.
Not here: which rows those are (``_check``), the file that people read (``_set_aside``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as arrow
import pyarrow.parquet as parquet

from patron.ledger._check import code_of
from patron.ledger._typed import RowSetAside

_AT_ONCE = 50_000
_SCHEMA = arrow.schema(
    [("line", arrow.int64()), ("code", arrow.int16()), ("day", arrow.int32()), ("raw", arrow.string())]
)
_EPOCH = datetime(1970, 1, 1)
#: Good rows that a rule leaves out: at or after as_of they wait, as lines do.
_THAT_MAY_WAIT = (code_of("excluded"), code_of("refund_ignored"))


def write_rows_aside(rows: Iterable[RowSetAside], path: Path) -> None:
    """Write rows in the order in which they come, a batch at a time; no file where there is none."""
    remaining = iter(rows)
    writer = None
    while batch := list(islice(remaining, _AT_ONCE)):
        writer = writer or parquet.ParquetWriter(path, _SCHEMA, compression="zstd")
        columns = {name: [getattr(row, name) for row in batch] for name in _SCHEMA.names}
        writer.write_table(arrow.table(columns, schema=_SCHEMA))
    if writer is not None:
        writer.close()


def read_rows_aside(path: Path, source: str, before_day: int | None = None) -> Iterator[RowSetAside]:
    """Read what was written.

    Parameters
    ----------
    path : Path
        Of `write_rows_aside`.
    source : str
        What to call the source.
    before_day : int, optional
        Leave out the rows that a ledger known before this day, since 1970-01-01, has waiting.

    Yields
    ------
    RowSetAside
    """
    for row in _rows_of(path):
        waits = before_day is not None and row["code"] in _THAT_MAY_WAIT and row["day"] >= before_day
        if not waits:
            yield RowSetAside(source, **row)


def read_copies(paths: Sequence[Path], digits: int, before_day: int) -> Iterator[RowSetAside]:
    """Read lines left out as copies of others before a day; which of several rows a copy was is not known."""
    for path in paths:
        for line in _rows_of(path):
            if line["day"] < before_day:
                raw = json.dumps(_said(line, digits), ensure_ascii=False)
                yield RowSetAside("", 0, code_of("duplicate"), raw, line["day"])


def _rows_of(path: Path) -> Iterator[dict[str, Any]]:
    with parquet.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=_AT_ONCE):
            yield from batch.to_pylist()


def _said(line: dict[str, Any], digits: int) -> dict[str, str | None]:
    """Name the values of a line as orders do; a refund that was turned is positive again."""
    amount = Decimal(-line["amount_minor"] if line["turned"] else line["amount_minor"])
    said: dict[str, Any] = {
        "customer_id": line["customer_id"],
        "ordered_at": _EPOCH + timedelta(microseconds=line["time_us"]),
        "amount": amount.scaleb(-digits),
    }
    if "cost_minor" in line:
        cost = line["cost_minor"]
        said["cost"] = None if cost is None else Decimal(cost).scaleb(-digits)
    said |= {name: line[name] for name in ("order_id", "product_id", "category", "quantity") if name in line}
    return {name: None if value is None else str(value) for name, value in said.items()}
