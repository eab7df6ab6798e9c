"""Rows set aside in files and databases that DuckDB reads.

In:  the coded rows, numbered. Out: file, line and text of each, in order.
Not here: writing them (``_set_aside``).

A row of a CSV file is found again by its place among the whole records of the file, which is read once
more, as bytes. Others are found by their number, in a join with the source.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import narwhals as nw
import numpy as np

from patron.ledger import _sql as sql
from patron.ledger._check import LATER, LINE, code_of
from patron.ledger._copies import OneOfEach
from patron.ledger._csv_records import Block, CsvPart, as_text, read_blocks
from patron.ledger._duckdb import SOURCE_ROW, DuckSource, fresh_name, row_number
from patron.ledger._reading import ReadOrders
from patron.ledger._typed import RowSetAside

_AT_ONCE = 50_000
#: `_duckdb` numbers the rows of files so: the file's place, then the row's in it.
_BITS_OF_ROW = 40


def duckdb_rows(
    orders: ReadOrders, coded: nw.LazyFrame[Any], each: OneOfEach
) -> Iterator[RowSetAside] | None:
    """Find the rows set aside; None where nothing numbers the rows."""
    source = orders.opened
    if not isinstance(source, DuckSource) or SOURCE_ROW not in coded.collect_schema():
        return None
    found = _numbers_codes_days(coded, each)
    parts = [part for part in source.files if isinstance(part, CsvPart)]
    if parts:
        return _csv_rows(parts, _Ahead(found))
    return _relation_rows(source, list(orders.mapping.values()), found)


def _numbers_codes_days(coded: nw.LazyFrame[Any], each: OneOfEach) -> duckdb.DuckDBPyRelation:
    aside = coded.filter(~nw.col("code").is_in([LINE, LATER])).select(SOURCE_ROW, "code", "day")
    if each.left_out is not None:
        copies = each.left_out.select(SOURCE_ROW, nw.lit(code_of("duplicate")).alias("code"), "day")
        aside = nw.concat([aside, copies])
    relation: duckdb.DuckDBPyRelation = aside.sort(SOURCE_ROW).to_native()
    return relation


def _relation_rows(
    source: DuckSource, names: Sequence[str], found: duckdb.DuckDBPyRelation
) -> Iterator[RowSetAside]:
    view = fresh_name("aside")
    number = row_number(source.connection, source.relation, source.kinds)
    pairs = ", ".join(f"{sql.literal(name)}, {sql.identifier(name)}::VARCHAR" for name in names)
    there = f"SELECT {number} AS patron_row, json_object({pairs}) AS patron_raw FROM {source.relation}"
    query = (
        f"SELECT a.{SOURCE_ROW}, a.code, s.patron_raw, a.day FROM {view} a JOIN ({there}) s "
        f"ON s.patron_row = a.{SOURCE_ROW} ORDER BY ALL"
    )
    joined = found.query(view, query)
    assert joined is not None
    labels = file_labels([file for file in source.files if isinstance(file, Path)])
    for batch in joined.to_arrow_reader(_AT_ONCE):
        for row, code, raw, day in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            file, place = divmod(row, 1 << _BITS_OF_ROW) if labels else (0, row)
            yield RowSetAside(labels[file] if labels else source.where, place + 1, code, raw, day)


def _csv_rows(parts: Sequence[CsvPart], ahead: _Ahead) -> Iterator[RowSetAside]:
    labels = file_labels([part.file.shown for part in parts])
    first = 0
    for label, part in zip(labels, parts, strict=True):
        for block in read_blocks(part.file.utf8_chunks(), part.file.separator, len(part.file.header)):
            records = np.flatnonzero(block.whole)
            rows, *said = ahead.below(first + len(records))
            yield from _block_rows(label, block, records[rows - first], *said)
            first += len(records)


def _block_rows(
    label: str,
    block: Block,
    places: np.ndarray[Any, Any],
    codes: np.ndarray[Any, Any],
    days: np.ndarray[Any, Any],
) -> Iterator[RowSetAside]:
    broken = np.flatnonzero(~block.whole)
    reasons = np.full(len(broken), code_of("unreadable_line"))
    both, why = np.concatenate([places, broken]), np.concatenate([codes, reasons])
    when = np.concatenate([days, np.zeros_like(broken)])
    for k in np.argsort(both, kind="stable"):
        text = as_text(block.record(both[k]))
        yield RowSetAside(label, int(block.lines[both[k]]), int(why[k]), text, int(when[k]))


def file_labels(paths: Sequence[Path]) -> list[str]:
    """Name files as short as tells them apart: relative to the folder that holds them all.

    >>> file_labels([Path("/a/b/2024/x.csv"), Path("/a/b/2025/x.csv")])
    ['2024/x.csv', '2025/x.csv']
    """
    if len(paths) < 2:
        return [path.name for path in paths]
    common = Path(*_shared([path.parent.parts for path in paths]))
    return [path.relative_to(common).as_posix() for path in paths]


def _shared(folders: Sequence[tuple[str, ...]]) -> list[str]:
    shared = []
    for parts in zip(*folders, strict=False):
        if len(set(parts)) > 1:
            break
        shared.append(parts[0])
    return shared


class _Ahead:
    """Numbers, codes and days in order of the numbers, read as far as they are asked for."""

    def __init__(self, found: duckdb.DuckDBPyRelation) -> None:
        self._batches = iter(found.to_arrow_reader(_AT_ONCE))
        self._held: list[np.ndarray[Any, Any]] = [np.empty(0, dtype=np.int64)] * 3

    def below(self, row: int) -> list[np.ndarray[Any, Any]]:
        """Take those with smaller numbers."""
        while not len(self._held[0]) or self._held[0][-1] < row:
            batch = next(self._batches, None)
            if batch is None:
                break
            more = (column.to_numpy() for column in batch.columns)
            self._held = [np.concatenate(pair) for pair in zip(self._held, more, strict=True)]
        cut = int(np.searchsorted(self._held[0], row))
        taken = [column[:cut] for column in self._held]
        self._held = [column[cut:] for column in self._held]
        return taken
