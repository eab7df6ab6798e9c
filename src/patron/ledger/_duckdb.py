"""DuckDB, the embedded engine. In: a relation of raw columns. Out: the typed frame as a DuckDB relation.

Not here: opening files (``_duckdb_files``), which rows count (``_check``).
"""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd

from patron.arrays import Column, array_frame, text_column
from patron.ledger import _sql as sql
from patron.ledger._datetext import PROBES, ShapeCounts
from patron.ledger._eager_numbers import OK
from patron.ledger._typed import Typed, TypingPlan

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
    """A relation inside DuckDB: a Parquet scan, or a table of the text a CSV file held."""

    connection: duckdb.DuckDBPyConnection
    relation: str
    kinds: Mapping[str, str]
    where: str
    stored_zones: Mapping[str, str]
    is_table: bool
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
        """Read every mapped column."""
        query = self._typed_query(mapping, plan)
        if plan.date_shapes or self.is_table:  # text is read once; real types are cheap to read again
            table = fresh_name("typed")
            self.connection.execute(f"CREATE TABLE {sql.identifier(table)} AS {query}")
            if self.is_table:
                self.connection.execute(f"DROP TABLE {self.relation}")
            query = f"SELECT * FROM {sql.identifier(table)}"
        names = [n for n in ("quantity", "cost") if n in mapping]
        sums = ", ".join(["coalesce(sum(zoned), 0)", *(f"coalesce(sum({n}_bad), 0)" for n in names)])
        zoned, *bad = query_rows(self.connection, f"SELECT {sums} FROM ({query})")[0]
        unused = ", ".join(["zoned", *(f"{n}_bad" for n in names)])
        relation = self.connection.sql(f"SELECT * EXCLUDE ({unused}) FROM ({query})")
        return Typed(nw.from_native(relation), dict(zip(names, map(int, bad), strict=True)), int(zoned))

    def _typed_query(self, mapping: Mapping[str, str], plan: TypingPlan) -> str:
        # our own names first, so that no column of theirs can be mistaken for one of ours
        own = {f"raw_{ours}": sql.identifier(theirs) for ours, theirs in mapping.items()}
        kinds = {ours: self.kinds[theirs] for ours, theirs in mapping.items()}
        texts = [n for n in ("customer_id", *TEXT_COLUMNS) if n in mapping]
        zone = self.stored_zones.get(mapping["ordered_at"], "UTC")
        additions = [
            [{name: sql.text_expression(f"raw_{name}", kinds[name]) for name in texts}],
            _moment_stages(kinds["ordered_at"], plan, zone),
            *(
                sql.number_stages(n, kinds[n], plan.csv)
                for n in ("amount", "cost", "quantity")
                if n in mapping
            ),
        ]
        query = f"SELECT {_listed(own)} FROM {self.relation}"
        for together in zip_longest(*additions, fillvalue={}):
            stage = {name: expression for part in together for name, expression in part.items()}
            query = f"SELECT *, {_listed(stage)} FROM ({query})"
        typed = {name: name for name in texts} | _MOMENT_COLUMNS | _amount_columns(plan.minor_digits)
        typed |= _optional_numbers(mapping, plan.minor_digits)
        return f"SELECT {_listed(typed)} FROM ({query})"


_MOMENT_COLUMNS = {
    "time_us": "coalesce(epoch_us(moment), 0)",
    "day": "coalesce(moment::DATE - DATE '1970-01-01', 0)::INTEGER",
    "month": "coalesce((year(moment) - 1970) * 12 + month(moment) - 1, 0)::INTEGER",
    "date_state": "CASE WHEN moment IS NOT NULL THEN 0 WHEN moment_text IS NULL THEN 1 ELSE 2 END",
    "date_text": "CASE WHEN moment IS NULL THEN moment_text END",
    "zoned": "CASE WHEN moment IS NOT NULL AND has_zone THEN 1 ELSE 0 END",
}


def _moment_stages(kind: str, plan: TypingPlan, stored_zone: str) -> list[dict[str, str]]:
    """Columns ``moment``, ``moment_text``.

    (where there is no moment) and ``has_zone`` from ``raw_ordered_at``.
    """
    if sql.is_moment(kind):
        left_alone = sql.has_zone(kind) and plan.timezone is None
        moment = sql.moment_expression("raw_ordered_at", kind, plan.timezone, stored_zone)
        text = "CASE WHEN NOT isfinite(raw_ordered_at) THEN raw_ordered_at::VARCHAR END"
        return [{"moment": moment, "moment_text": text, "has_zone": str(left_alone).lower()}]
    shapes = list(enumerate(plan.date_shapes))
    tries = [sql.parts_moment(f"parts_{i}", shape, plan.timezone) for i, shape in shapes]
    zone = "false" if plan.timezone else f"regexp_matches(moment_text, {sql.literal(_ZONE_AT_END)})"
    return [
        {"moment_text": sql.text_expression("raw_ordered_at", kind), "no_moment": "NULL::TIMESTAMP"},
        {f"parts_{i}": sql.shape_parts("moment_text", shape) for i, shape in shapes},
        {"moment": f"coalesce({', '.join([*tries, 'no_moment'])})", "has_zone": zone},
    ]


_ZONE_AT_END = ":[0-9]{2}.*(Z|UTC|[+-][0-9]{2}:?[0-9]{2})$"


def _amount_columns(digits: int) -> dict[str, str]:
    minor, rest, state = sql.minor_expression("amount", digits)
    return {
        "amount_minor": minor,
        "amount_rest": rest,
        "amount_state": state,
        "amount_text": f"CASE WHEN amount_state <> {OK} THEN amount_text END",
    }


def _optional_numbers(mapping: Mapping[str, str], digits: int) -> dict[str, str]:
    columns = {}
    if "quantity" in mapping:
        columns["quantity"] = f"CASE WHEN quantity_state = {OK} THEN quantity_value END"
        columns["quantity_bad"] = "CASE WHEN quantity_state > 1 THEN 1 ELSE 0 END"
    if "cost" in mapping:
        minor, _, state = sql.minor_expression("cost", digits)
        columns["cost_minor"] = f"CASE WHEN {state} = {OK} THEN {minor} END"
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
