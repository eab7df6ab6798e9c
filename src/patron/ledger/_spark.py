"""Spark frames as a source of orders.

In:  a PySpark frame. Out: a `Source` whose typed frame stays on Spark.
Not here: reading values. Every batch of rows goes through the readers of eager frames (`_eager`), so that
a text means the same on a laptop and on a cluster. Batches travel by Arrow: by way of pandas' nanoseconds
the year 9999 would be an error and a long id with gaps a float.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa

from patron.arrays import array_frame
from patron.errors import LedgerError
from patron.ledger._datetext import ShapeCounts
from patron.ledger._eager import EagerSource
from patron.ledger._typed import Typed, TypingPlan

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

#: The typed frame in Spark's words, then what `Typed` counts: a batch's numbers stand in its first row.
_ALWAYS = {
    **{"customer_id": "string", "time_us": "bigint", "day": "int", "month": "int"},
    **{"date_state": "int", "date_text": "string"},
    **{"amount_minor": "bigint", "amount_rest": "bigint", "amount_state": "int", "amount_text": "string"},
}
_WHERE_MAPPED = {
    **{"order_id": "string", "product_id": "string", "category": "string"},
    **{"quantity": "double", "cost": "bigint"},
}
_COUNTED = {"bad_quantity": "bigint", "bad_cost": "bigint", "with_zone": "bigint"}
_ARROW = {"string": pa.string(), "bigint": pa.int64(), "int": pa.int32(), "double": pa.float64()}
_WHOLE = {pa.int8(), pa.int16(), pa.int32(), pa.int64()}


@dataclass(frozen=True)
class SparkSource:
    """A Spark frame; ``columns`` are its names, under which it is asked for."""

    frame: DataFrame
    columns: tuple[str, ...]
    where: str = "the Spark frame"
    unreadable: int = 0
    unreadable_example: str | None = None

    def _picked(self, names: Iterable[str]) -> DataFrame:
        """Pick columns by place: Spark's names ignore case and give dots a meaning."""
        places = [self.columns.index(name) for name in names]
        by_place = self.frame.toDF(*(f"c{place}" for place in range(len(self.columns))))
        return by_place.select(*(f"c{place}" for place in places))

    def value_counts(self, name: str) -> dict[str, int]:
        """Rows of each text of a column."""
        counted = self._picked([name]).mapInArrow(partial(_count_values, name), "text string, rows bigint")
        found = counted.groupBy("text").agg({"rows": "sum"}).collect()
        return {text: int(rows) for text, rows in found}

    def date_shapes(self, name: str) -> ShapeCounts | None:
        """Shapes of the texts in a column of dates; None where the column has real dates."""
        picked = self._picked([name])
        if picked.dtypes[0][1] in ("timestamp", "timestamp_ntz", "date"):
            return None
        counted = picked.mapInArrow(partial(_count_shapes, name), "shape string, rows bigint, example string")
        found = counted.groupBy("shape").agg({"rows": "sum", "example": "min"})
        totals = {row["shape"]: row.asDict() for row in found.collect()}
        examples = [row["min(example)"] for row in totals.values() if row["min(example)"] is not None]
        rows = {shape: int(row["sum(rows)"]) for shape, row in totals.items()}
        return ShapeCounts(rows, min(examples, default=None))

    def typed(self, mapping: Mapping[str, str], plan: TypingPlan) -> Typed:
        """Read every mapped column, once: the rows are kept in memory or on the executors' disks."""
        there = {ours: kind for ours, kind in _WHERE_MAPPED.items() if ours in mapping}
        kinds = {**_ALWAYS, **{_typed_name(ours): kind for ours, kind in there.items()}, **_COUNTED}
        needed = sorted(set(mapping.values()))
        read = partial(_read_batches, tuple(needed), dict(mapping), plan, kinds)
        schema = ", ".join(f"{name} {kind}" for name, kind in kinds.items())
        rows = self._picked(needed).mapInArrow(read, schema).persist()
        [sums] = rows.agg(dict.fromkeys(_COUNTED, "sum")).collect()
        counts = {name: int(sums[f"sum({name})"] or 0) for name in _COUNTED}
        bad = {name: counts[f"bad_{name}"] for name in ("quantity", "cost") if name in mapping}
        return Typed(nw.from_native(rows.drop(*_COUNTED)), bad, counts["with_zone"])


def open_spark(frame: Any) -> SparkSource:
    """Take a PySpark frame, or what Spark's own readers made of files.

    Raises
    ------
    LedgerError
        The frame has no rows.
    """
    source = frame if isinstance(frame, SparkSource) else SparkSource(frame, tuple(frame.columns))
    # `isEmpty` reads no column, which Spark refuses on CSV with bad lines
    if not source.unreadable and not source.frame.take(1):
        raise LedgerError(f"{source.where} has no rows; give it the orders")
    return source


def _typed_name(ours: str) -> str:
    return "cost_minor" if ours == "cost" else ours


def _eager(batch: pa.RecordBatch, names: tuple[str, ...]) -> EagerSource:
    """Take a batch as the eager readers want it: whole numbers with gaps stay whole, days become times."""
    frame = batch.to_pandas(types_mapper=_pandas_type, date_as_object=False)
    frame.columns = pd.Index(names)
    return EagerSource(frame, array_frame, "a batch", names)


def _pandas_type(kind: pa.DataType) -> Any:
    return pd.Int64Dtype() if kind in _WHOLE else None


def _count_values(name: str, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        counts = _eager(batch, (name,)).value_counts(name)
        yield pa.RecordBatch.from_pydict(
            {"text": pa.array(counts, pa.string()), "rows": pa.array(counts.values(), pa.int64())}
        )


def _count_shapes(name: str, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        found = _eager(batch, (name,)).date_shapes(name)
        if found is None:
            continue
        example = [found.example] * len(found.rows)
        yield pa.RecordBatch.from_pydict(
            {
                "shape": pa.array(found.rows, pa.string()),
                "rows": pa.array(found.rows.values(), pa.int64()),
                "example": pa.array(example, pa.string()),
            }
        )


def _read_batches(
    names: tuple[str, ...],
    mapping: dict[str, str],
    plan: TypingPlan,
    kinds: dict[str, str],
    batches: Iterable[pa.RecordBatch],
) -> Iterator[pa.RecordBatch]:
    schema = pa.schema([(name, _ARROW[kind]) for name, kind in kinds.items()])
    for batch in batches:
        if batch.num_rows == 0:
            continue
        typed = _eager(batch, names).typed(mapping, plan)
        frame = typed.frame.collect().to_pandas()
        counts = {f"bad_{name}": rows for name, rows in typed.unreadable_values.items()}
        for name in _COUNTED:
            numbers = np.zeros(len(frame), dtype=np.int64)
            numbers[0] = {**counts, "with_zone": typed.rows_with_zone}.get(name, 0)
            frame[name] = numbers
        yield pa.RecordBatch.from_pandas(frame, schema=schema, preserve_index=False)
