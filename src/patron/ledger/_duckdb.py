"""DuckDB, the embedded engine. In: a relation of raw columns. Out: the typed frame as a DuckDB relation.

Not here: opening files (``_duckdb_files``), which rows count (``_check``).
"""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd

from patron.arrays import Column, array_frame, text_column
from patron.errors import saying_what_to_free
from patron.ledger import _sql as sql
from patron.ledger._csv_records import CsvPart
from patron.ledger._datetext import PROBES, ShapeCounts
from patron.ledger._eager_numbers import OK
from patron.ledger._typed import Typed, TypingPlan

#: Numbers the rows of a typed frame, where its source can (`_copies`).
SOURCE_ROW = "source_row"
TEXT_COLUMNS = ("order_id", "product_id", "category")
#: From about here on DuckDB answers the features of a table faster than arrays do (`benchmarks/engines.py`).
_MOST_ROWS_AS_ARRAYS = 300_000


def connect(memory_limit: str | None, threads: int | None) -> duckdb.DuckDBPyConnection:
    """Open an in-memory database that spills to its own temporary folder.

    (removed when the connection closes).
    """
    settings: dict[str, Any] = {
        "autoinstall_known_extensions": "false",
        "preserve_insertion_order": "false",
        "temp_directory": str(Path(tempfile.gettempdir()) / f"patron-{uuid.uuid4().hex}"),
    }
    if memory_limit is not None:
        settings["memory_limit"] = memory_limit.replace(" ", "")
    if threads is not None:
        settings["threads"] = threads
    connection = duckdb.connect(config=settings)
    connection.execute("SET TimeZone = 'UTC'")
    return connection


@dataclass(frozen=True)
class DuckSource:
    """A relation inside DuckDB: a scan, a table, or a table of the text that the records of CSV files held.

    ``files`` are what its rows came from, in their order, where that is files.
    """

    connection: duckdb.DuckDBPyConnection
    relation: str
    kinds: Mapping[str, str]
    where: str
    stored_zones: Mapping[str, str]
    files: Sequence[Path | CsvPart] = ()
    unreadable: int = 0
    unreadable_example: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The header."""
        return tuple(self.kinds)

    def value_counts(self, name: str) -> dict[str, int]:
        """Rows of each text of a column."""
        text = sql.text_expression(sql.identifier(name), self.kinds[name])
        query = (
            f"SELECT {text} AS t, count(*) FROM {self.relation} GROUP BY t HAVING t IS NOT NULL ORDER BY t"
        )
        return dict(query_rows(self.connection, query))

    def date_shapes(self, name: str) -> ShapeCounts | None:
        """Shapes of the texts in a column of dates; None where the column has real dates."""
        kind = self.kinds[name]
        if sql.is_moment(kind):
            return None
        counts = ", ".join(
            f"coalesce(sum(n) FILTER (regexp_full_match(t, {sql.literal(pattern)})), 0)::BIGINT"
            for pattern in PROBES.values()
        )
        example = f"min(t) FILTER (regexp_full_match(t, {sql.literal(PROBES['day first'])}))"
        text = sql.text_expression(sql.identifier(name), kind)
        row = query_rows(
            self.connection,
            f"SELECT {counts}, {example} FROM (SELECT {text} AS t, count(*) AS n FROM "
            f"{self.relation} GROUP BY t)",
        )[0]
        return ShapeCounts(dict(zip(PROBES, row[:-1], strict=True)), row[-1])

    def typed(self, mapping: Mapping[str, str], plan: TypingPlan) -> Typed:
        """Read every mapped column.

        Text is read once, into a table. Real types are cheap to read again: their frame reads the source in
        every query, without the work on values that a first look has shown not to need it.
        """
        number = row_number(self.connection, self.relation, self.kinds)
        query = self._typed_query(mapping, plan, number, ())
        is_csv = any(isinstance(file, CsvPart) for file in self.files)
        is_text = bool(plan.date_shapes) or is_csv
        if is_text:
            table = fresh_name("typed")
            self.connection.execute(f"CREATE TABLE {sql.identifier(table)} AS {query}")
            if is_csv:
                self.connection.execute(f"DROP TABLE {self.relation}")
            same = "*" if number else f"* REPLACE (rowid AS {SOURCE_ROW})"  # of the source, for `_set_aside`
            query = f"SELECT {same} FROM {sql.identifier(table)}"
        names = [n for n in ("quantity", "cost") if n in mapping]
        looked_at = [] if is_text else self._that_may_be_plain(mapping)
        sums = ["coalesce(sum(zoned), 0)", *(f"coalesce(sum({n}_bad), 0)" for n in names)]
        sums += [f"coalesce(bool_and({n}_plain), true)" for n in looked_at]
        zoned, *found = query_rows(self.connection, f"SELECT {', '.join(sums)} FROM ({query})")[0]
        bad = {name: int(rows) for name, rows in zip(names, found, strict=False)}
        plain: list[str] = []
        if not is_text:
            plain = [n for n, is_plain in zip(looked_at, found[len(names) :], strict=True) if is_plain]
            query = self._typed_query(mapping, plan, number, plain)
        unused = ["zoned", *(f"{n}_bad" for n in names), *(f"{n}_plain" for n in mapping if n not in plain)]
        unused += [] if number or is_text else [SOURCE_ROW]
        chosen = f"SELECT * EXCLUDE ({', '.join(unused)}) FROM ({query})"
        return Typed(nw.from_native(self.connection.sql(chosen)), bad, int(zoned))

    def _that_may_be_plain(self, mapping: Mapping[str, str]) -> list[str]:
        """Return our columns of types for which `_typed_query` has a short way."""
        kinds = {ours: self.kinds[theirs] for ours, theirs in mapping.items()}
        texts = [n for n in _texts(mapping) if kinds[n] == "VARCHAR"]
        numbers = [n for n in _NUMBERS if n in mapping and sql.is_number(kinds[n])]
        moments = [n for n in ("ordered_at",) if sql.is_moment(kinds[n]) and not sql.has_zone(kinds[n])]
        return [*texts, *numbers, *moments]

    def _typed_query(
        self, mapping: Mapping[str, str], plan: TypingPlan, number: str | None, plain: Collection[str]
    ) -> str:
        """Write the query; every value of a plain column is readable, and every text is as it should be."""
        # our own names first, so that no column of theirs can be mistaken for one of ours
        own = {f"raw_{ours}": sql.identifier(theirs) for ours, theirs in mapping.items()}
        kinds = {ours: self.kinds[theirs] for ours, theirs in mapping.items()}
        texts = _texts(mapping)
        zone = self.stored_zones.get(mapping["ordered_at"], "UTC")
        additions = [
            [{n: f"raw_{n}" if n in plain else sql.text_expression(f"raw_{n}", kinds[n]) for n in texts}],
            _plain_moment_stages()
            if "ordered_at" in plain
            else _moment_stages(kinds["ordered_at"], plan, zone),
            *(
                sql.plain_number_stages(n) if n in plain else sql.number_stages(n, kinds[n], plan.csv)
                for n in _NUMBERS
                if n in mapping
            ),
        ]
        query = f"SELECT {_listed(own)}, {number or 'NULL::BIGINT'} AS {SOURCE_ROW} FROM {self.relation}"
        for together in zip_longest(*additions, fillvalue={}):
            stage = {name: expression for part in together for name, expression in part.items()}
            query = f"SELECT *, {_listed(stage)} FROM ({query})"
        typed = {name: name for name in texts} | _moment_columns("ordered_at" in plain)
        typed |= _amount_columns(plan.minor_digits, "amount" in plain)
        typed |= _optional_numbers(mapping, plan.minor_digits, plain)
        typed |= {f"{n}_plain": _is_plain(n, kinds[n], plan.minor_digits) for n in kinds if n not in plain}
        return f"SELECT {_listed(typed)}, {SOURCE_ROW} FROM ({query})"


_NUMBERS = ("amount", "cost", "quantity")


def _texts(mapping: Mapping[str, str]) -> list[str]:
    return [name for name in ("customer_id", *TEXT_COLUMNS) if name in mapping]


def _is_plain(name: str, kind: str, digits: int) -> str:
    """Test a value for the short way of `_typed_query`."""
    if name == "ordered_at":
        return "moment IS NOT NULL"
    if name in _NUMBERS:
        return f"{sql.minor_expression(name, digits)[2]} = {OK}"
    return f"(raw_{name} IS NULL OR {sql.stands_as_it_is(f'raw_{name}')})" if kind == "VARCHAR" else "false"


def row_number(connection: duckdb.DuckDBPyConnection, relation: str, kinds: Mapping[str, str]) -> str | None:
    """Return what numbers the rows of a relation, the same in every query; None where nothing does."""
    taken = {name.lower() for name in kinds}
    for columns, number in (
        (("file_index", "file_row_number"), "((file_index::BIGINT << 40) | file_row_number)"),
        (("rowid",), "rowid"),
    ):
        with suppress(duckdb.Error):
            connection.execute(f"SELECT {number} FROM {relation} LIMIT 0")
            return number if taken.isdisjoint(columns) else None
    return None


def _moment_columns(is_plain: bool) -> dict[str, str]:
    columns = {
        "time_us": "epoch_us(moment)",
        "day": "(moment::DATE - DATE '1970-01-01')::INTEGER",
        "month": "((year(moment) - 1970) * 12 + month(moment) - 1)::INTEGER",
    }
    if not is_plain:
        columns = {name: f"coalesce({expression}, 0)" for name, expression in columns.items()}
    state = "CASE WHEN moment IS NOT NULL THEN 0 WHEN moment_text IS NULL THEN 1 ELSE 2 END"
    return columns | {
        "date_state": "0" if is_plain else state,
        "date_text": "CASE WHEN moment IS NULL THEN moment_text END",
        "zoned": "CASE WHEN moment IS NOT NULL AND has_zone THEN 1 ELSE 0 END",
    }


def _plain_moment_stages() -> list[dict[str, str]]:
    return [{"moment": "raw_ordered_at::TIMESTAMP", "moment_text": "NULL::VARCHAR", "has_zone": "false"}]


def _moment_stages(kind: str, plan: TypingPlan, stored_zone: str) -> list[dict[str, str]]:
    """Columns ``moment``, ``moment_text``.

    (where there is no moment) and ``has_zone`` from ``raw_ordered_at``.
    """
    if sql.is_moment(kind):
        left_alone = sql.has_zone(kind) and plan.timezone is None
        found = sql.moment_expression("raw_ordered_at", kind, plan.timezone, stored_zone)
        text = {"moment_text": "CASE WHEN moment IS NULL THEN raw_ordered_at::VARCHAR END"}
        return [{"found": found, "has_zone": str(left_alone).lower()}, _MOMENT, text]
    shapes = list(enumerate(plan.date_shapes))
    tries = [sql.parts_moment(f"parts_{i}", shape, plan.timezone) for i, shape in shapes]
    zone = "false" if plan.timezone else f"regexp_matches(moment_text, {sql.literal(_ZONE_AT_END)})"
    return [
        {"moment_text": sql.text_expression("raw_ordered_at", kind), "no_moment": "NULL::TIMESTAMP"},
        {f"parts_{i}": sql.shape_parts("moment_text", shape) for i, shape in shapes},
        {"found": f"coalesce({', '.join([*tries, 'no_moment'])})", "has_zone": zone},
        _MOMENT,
    ]


_MOMENT = {"moment": f"CASE WHEN {sql.written_year('found')} THEN found END"}

_ZONE_AT_END = ":[0-9]{2}.*(Z|UTC|[+-][0-9]{2}:?[0-9]{2})$"


def _amount_columns(digits: int, is_plain: bool) -> dict[str, str]:
    minor, rest, state = sql.minor_expression("amount", digits, is_plain)
    return {
        "amount_minor": minor,
        "amount_rest": rest,
        "amount_state": state,
        "amount_text": f"CASE WHEN amount_state <> {OK} THEN amount_text END",
    }


def _optional_numbers(mapping: Mapping[str, str], digits: int, plain: Collection[str]) -> dict[str, str]:
    columns = {}
    if "quantity" in mapping:
        columns["quantity"] = f"CASE WHEN quantity_state = {OK} THEN quantity_value END"
        columns["quantity_bad"] = "CASE WHEN quantity_state > 1 THEN 1 ELSE 0 END"
    if "cost" in mapping:
        minor, _, state = sql.minor_expression("cost", digits, "cost" in plain)
        columns["cost_minor"] = minor if "cost" in plain else f"CASE WHEN {state} = {OK} THEN {minor} END"
        columns["cost_bad"] = f"CASE WHEN {state} > 1 THEN 1 ELSE 0 END"
    return columns


def _listed(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{expression} AS {name}" for name, expression in columns.items())


def query_rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    """Run a query whose result is small."""
    return connection.execute(query).fetchall()


def fresh_name(name: str) -> str:
    """Return a table name nobody else uses."""
    safe = "".join(c if c.isascii() and c.isalnum() else "_" for c in name)
    return f"patron_{safe}_{uuid.uuid4().hex[:12]}"


@saying_what_to_free()
def keep_table(frame: nw.LazyFrame[Any], name: str) -> nw.LazyFrame[Any]:
    """Run the query and keep its result as a table in the connection it came from."""
    relation = frame.to_native()
    table = fresh_name(name)
    relation.create(table)
    kept: nw.LazyFrame[Any] = nw.from_native(
        relation.query(fresh_name("view"), f"SELECT * FROM {sql.identifier(table)}")
    )
    return kept


def as_arrays_if_small(kept: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Move a small table into arrays: DuckDB plans every query anew, which takes longer than its answer."""
    relation: duckdb.DuckDBPyRelation = kept.to_native()
    if relation.count("*").fetchall()[0][0] > _MOST_ROWS_AS_ARRAYS:
        return kept
    return as_arrays(relation)


def as_arrays(relation: duckdb.DuckDBPyRelation) -> nw.LazyFrame[Any]:
    """Run the query and move its result into arrays."""
    return array_frame({column: _as_column(values) for column, values in relation.fetchnumpy().items()})


def _as_column(values: Any) -> Column:
    """Take a column of DuckDB's: numbers as they are, texts as codes."""
    missing = np.ma.getmaskarray(values)
    plain = np.ma.getdata(values)
    if plain.dtype.kind == "O":
        codes, texts = pd.factorize(plain)
        codes = np.where(missing, -1, codes)
        return text_column(codes, np.asarray(texts, dtype=object))
    if plain.dtype.kind == "f":
        return Column(np.where(missing, np.nan, plain))
    width = {"b": np.bool_, "i": np.int32 if plain.dtype.itemsize == 4 else np.int64}
    return Column(
        plain.astype(width.get(plain.dtype.kind, np.int64), copy=False), missing if missing.any() else None
    )


def column_kinds(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    """Return the SQL type of each column."""
    return {row[0]: row[1] for row in query_rows(connection, f"DESCRIBE SELECT * FROM {relation}")}
