"""Makes order lines like a wholesaler's, as many as wanted, in bounded memory.

In: a path and a number of lines. Out: Parquet, the same bytes for the same seed. Not here: measuring.
    python benchmarks/b2b_lines.py LINES.parquet 1e7

Three years in the order of time; two or three lines an order; heavy-tailed customers (1e7 lines: 1e5), half
of whom leave for a successor on some day; 2 % refunds, one order in 300 cancelled on its day, one row in
20,000 twice.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

_FIRST_DAY, _DAYS, _PRODUCTS = "2021-01-04", 1096, 20_000
_LINES_PER_CUSTOMER = 100


def make_lines(
    path: Path, lines: int, *, customers: int | None = None, seed: int = 1, files: int = 1
) -> Path:
    """Write `lines` lines to the file `path`, or to `files` Parquet files in the folder `path`."""
    slots = max((customers or lines // _LINES_PER_CUSTOMER) // 2, 1)
    parts = [path] if files == 1 else [path / f"part-{number:05d}.parquet" for number in range(files)]
    parts[0].parent.mkdir(parents=True, exist_ok=True)
    edges = [lines * number // files for number in range(files + 1)]
    with duckdb.connect(config={"memory_limit": "1GB"}) as connection:
        for part, start, stop in zip(parts, edges[:-1], edges[1:], strict=True):
            rows = _rows(lines, slots, seed, start, stop)
            connection.execute(f"COPY ({rows}) TO '{part}' (FORMAT parquet, COMPRESSION zstd)")
    return path


def _rows(lines: int, slots: int, seed: int, start: int, stop: int) -> str:
    """Row by row from hashes of its number: no state, so any part of the rows can be made alone."""
    draw = f"(hash({{}}, {seed}) % 1000000007 / 1000000007.0::DOUBLE)".format
    return f"""
WITH numbered AS (  -- a copy repeats the line before it, of the same order
    SELECT CASE WHEN hash(range, 'copy', {seed}) % 20000 = 0 AND range * 2 // 5 = (range - 1) * 2 // 5
        THEN range - 1 ELSE range END AS line FROM range({start}, {stop})
), ordered AS (
    SELECT line, line * 2 // 5 AS number,
        hash(number, 'cancel', {seed}) % 300 = 0 AS cancelled,
        floor({_DAYS} * (line / {lines}::DOUBLE))::INTEGER AS day,
        floor({slots} * pow({draw("number, 'customer'")}, 2.2))::BIGINT AS slot
    FROM numbered
), bought AS (
    SELECT *, CASE WHEN cancelled THEN number ELSE line END AS choice,
        floor({_PRODUCTS} * pow({draw("choice, 'product'")}, 2))::BIGINT AS product,
        1 + hash(choice, 'quantity', {seed}) % 24 AS pieces,
        100 + hash(product, 'price', {seed}) % 20000 AS cents,
        day > {_DAYS} * 1.5 * {draw("slot, 'leaves'")} AS is_successor,
        CASE WHEN cancelled THEN line % 2 = 1 ELSE hash(line, 'refund', {seed}) % 50 = 0 END AS returned
    FROM ordered
)
SELECT 'C' || lpad((slot * 2 + is_successor::INTEGER)::VARCHAR, 8, '0') AS customer_id,
    TIMESTAMP '{_FIRST_DAY}' + to_days(day)
        + to_seconds((25200 + hash(number, 'time', {seed}) % 43200)::BIGINT) AS ordered_at,
    'O' || lpad(number::VARCHAR, 10, '0') AS order_id,
    'P' || lpad(product::VARCHAR, 5, '0') AS product_id,
    'group ' || lpad((product % 40)::VARCHAR, 2, '0') AS category,
    (CASE WHEN returned THEN -1 ELSE 1 END * pieces::BIGINT)::DOUBLE AS quantity,
    (CASE WHEN returned THEN -1 ELSE 1 END * (pieces * cents)::BIGINT)::DOUBLE / 100 AS amount,
    round((pieces * cents * (55 + product % 30))::DOUBLE / 100) / 100 AS cost
FROM bought"""


if __name__ == "__main__":
    make_lines(Path(sys.argv[1]), int(float(sys.argv[2])))
