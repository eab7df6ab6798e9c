"""Lines in Parquet to features in Parquet: patron beside SQL and pandas written for the purpose.

In: a folder and a number of lines. Out: a table, once the features of all are equal. Not here: the entrants.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from b2b_lines import make_lines
from scale_process import Cost, measured

_AS_OF = date(2024, 1, 5)
_DAYS = [str((_AS_OF - timedelta(days=30 * back) - date(1970, 1, 1)).days) for back in range(12)]
LAST_DAY = _DAYS[0]
#: Twelve snapshots in pandas only up to this size.
_PANDAS_LINES = 1_000_000


def run(folder: Path, lines: int) -> None:
    """Print seconds, CPU seconds, memory, and ratios to the floor and to SQL, of one and twelve snapshots."""
    path = make_lines(folder / "lines.parquet", lines)
    floor = measured("scale_floor", path)
    measured("scale_floor", path)
    print("| entrant | snapshots | wall s | CPU s | peak MB | wall / floor | CPU / SQL |")
    print("|---|---|---|---|---|---|---|")
    _print("floor", 0, floor, floor, None)
    for days in (_DAYS[:1], _DAYS):
        sql = measured("scale_sql", path, folder, *days)
        _print("SQL", len(days), sql, floor, sql)
        patron = measured("scale_patron", path, folder, "4GB", *days)
        _print("patron", len(days), patron, floor, sql)
        _refuse_differences(folder, "sql", days)
        if len(days) == 1 or lines <= _PANDAS_LINES:
            _print("pandas", len(days), measured("scale_pandas", path, folder, *days), floor, sql)
            _refuse_differences(folder, "pandas", days)


def _print(name: str, snapshots: int, cost: Cost, floor: Cost, sql: Cost | None) -> None:
    ratio = f"{cost.cpu_s / sql.cpu_s:.2f}" if sql else ""
    print(
        f"| {name} | {snapshots or ''} | {cost.wall_s:.1f} | {cost.cpu_s:.1f} | {cost.peak_mb:,.0f} "
        f"| {cost.wall_s / floor.wall_s:.1f} | {ratio} |",
        flush=True,
    )


def _refuse_differences(folder: Path, other: str, days: list[str]) -> None:
    """End the benchmark where features differ by more than the rounding of floats."""
    for day in days:
        ours, theirs = (
            pd.read_parquet(folder / f"{name}-{day}.parquet").set_index("customer_id").sort_index()
            for name in ("patron", other)
        )
        assert list(ours.index) == list(theirs.index), f"{other}: other customers on {day}"
        for name in theirs:
            one, two = (table[name].to_numpy(float, na_value=np.nan) for table in (ours, theirs))
            assert np.allclose(one, two, rtol=1e-9, atol=1e-9, equal_nan=True), f"{other}: {name} on {day}"
