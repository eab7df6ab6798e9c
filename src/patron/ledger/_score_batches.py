"""A scores file, batch by batch. In: Parquet or CSV. Out: Arrow batches with the types of a score row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as arrow
import pyarrow.compute as compute
import pyarrow.csv as csv
import pyarrow.parquet as parquet

from patron.columns import SCORE_COLUMNS
from patron.errors import LedgerError

_ROWS_AT_ONCE = 50_000
_TYPES = {"int": arrow.int64(), "float": arrow.float64(), "date": arrow.date32()}
_GUARDED = r"^'[=+\-@\t\r]"  # how a CSV of scores keeps a spreadsheet from running a text


def read_batches(path: Path) -> Any:
    """Open a scores file.

    Parameters
    ----------
    path : Path
        ``.parquet``, ``.csv`` or a folder of Parquet parts, of `patron score`.

    Returns
    -------
    pyarrow.RecordBatchReader

    Raises
    ------
    LedgerError
        If it cannot be read, or holds what no score row has.
    """
    try:
        names, batches = _csv_batches(path) if path.suffix == ".csv" else _parquet_batches(path)
    except (arrow.ArrowException, OSError) as error:
        reason = (str(error).splitlines() or ["unreadable"])[0]
        raise LedgerError(f"{path.name}: cannot be read as scores ({reason})") from None
    unknown = [name for name in names if name not in SCORE_COLUMNS]
    if unknown or "customer_id" not in names or "as_of" not in names:
        raise LedgerError(f"{path.name} is no scores file")
    schema = arrow.schema([(name, _type(name)) for name in names])
    return arrow.RecordBatchReader.from_batches(schema, (batch.cast(schema) for batch in batches))


def _type(name: str) -> Any:
    return _TYPES.get(SCORE_COLUMNS[name].kind, arrow.string())


def _parquet_batches(path: Path) -> tuple[list[str], Iterator[Any]]:
    files = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    if not files:
        raise LedgerError(f"{path.name}: holds no part of scores, no file that ends in .parquet")
    opened = [parquet.ParquetFile(file) for file in files]
    batches = (batch for file in opened for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE))
    return opened[0].schema_arrow.names, batches


def _csv_batches(path: Path) -> tuple[list[str], Iterator[Any]]:
    convert = csv.ConvertOptions(
        column_types={name: _type(name) for name in SCORE_COLUMNS}, strings_can_be_null=True, null_values=[""]
    )
    reader = csv.open_csv(
        path, parse_options=csv.ParseOptions(newlines_in_values=True), convert_options=convert
    )
    return reader.schema.names, (_unguarded(batch) for batch in reader)


def _unguarded(batch: Any) -> Any:
    columns = [
        compute.if_else(
            compute.match_substring_regex(column, _GUARDED), compute.utf8_slice_codeunits(column, 1), column
        )
        if column.type == arrow.string()
        else column
        for column in batch.columns
    ]
    return arrow.RecordBatch.from_arrays(columns, names=batch.schema.names)
