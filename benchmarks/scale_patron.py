"""Lines -> features of one or more snapshots through patron.

In: a Parquet file of lines. Out: a Parquet file of features a snapshot. Not here: comparing.
    python benchmarks/scale_patron.py LINES.parquet FOLDER MEMORY DAY [DAY ...]

A large base is answered in chunks of customers, as `patron score` does: the features of 1e8 lines take more
memory than all else, and a row depends on no other customer.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet

from patron.features import FeatureRecipe, build_features
from patron.ledger import at_hand, load_ledger, materialise
from patron.snapshots import (
    CustomerTables,
    customer_chunks,
    customer_tables,
    history_before,
    tables_of_chunk,
    with_first_days,
)

HORIZON_DAYS = 91
#: 1e7 lines are one chunk.
_CUSTOMERS, _CUSTOMER_DAYS = 100_000, 10_000_000


def main(path: str, folder: str, memory: str, *days: str) -> None:
    """Write the features of each day; as of the day after the last order."""
    ledger = load_ledger(path, currency="EUR", memory_limit=memory)
    tables = customer_tables(ledger.lines, keep=materialise, settle=at_hand)
    if len(days) > 1:
        tables = with_first_days(tables, keep=materialise, settle=at_hand)
    for day in map(int, days):
        _write(tables, day, Path(folder, f"patron-{day}.parquet"))


def _write(tables: CustomerTables, day: int, path: Path) -> None:
    recipe = FeatureRecipe(HORIZON_DAYS, kinds_of_items=tables.kinds_of_items)
    chunks = customer_chunks(tables, day, most_customers=_CUSTOMERS, most_days=_CUSTOMER_DAYS)
    if len(chunks) == 1:
        build_features(history_before(tables, day), recipe).to_parquet(path)
        return
    writer = None
    for chunk in chunks:
        part = tables_of_chunk(tables, chunk, day, load=lambda table: table)
        features = pa.Table.from_pandas(build_features(history_before(part, day), recipe))
        writer = writer or parquet.ParquetWriter(path, features.schema)
        writer.write_table(features)
    assert writer is not None
    writer.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
