"""What each family of features costs, alone and together, for one snapshot and for twelve.

In: a folder and a number of lines. Out: tables, in CPU seconds over all threads. Not here: other programs
(`scale_lines`).
    python benchmarks/scale_features.py LINES.parquet
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from b2b_lines import make_lines
from scale_process import measured

from patron.features import FeatureRecipe, build_features, feature_names
from patron.features.build import DAY_GROUPS, sums_of
from patron.ledger import Ledger, load_ledger, materialise
from patron.snapshots import (
    KINDS_OF_ITEMS,
    CustomerTables,
    customer_tables,
    history_before,
    to_day,
    with_first_days,
)

GROUPS = (*DAY_GROUPS, "breadth")
_SNAPSHOTS, _EVERY_DAYS = 12, 30
Result = TypeVar("Result")


def run(folder: Path, lines: int) -> None:
    """Print the tables of a process of its own."""
    print(measured("scale_features", make_lines(folder / "lines.parquet", lines)).said, end="")


def seconds(work: Callable[..., Result], *arguments: Any) -> tuple[float, Result]:
    """Return CPU seconds, and what came of it."""
    start = time.process_time()
    result = work(*arguments)
    return time.process_time() - start, result


def main(path: str) -> None:
    """Measure steps, families and snapshots on the same tables."""
    loading, ledger = seconds(lambda: load_ledger(path, currency="EUR", memory_limit="4GB"))
    steps = {"lines, read and checked": loading} | _tables(ledger)
    steps["customer days"], tables = seconds(_built, ledger, tuple(KINDS_OF_ITEMS))
    steps["customer days"] -= steps["products by day"] + steps["categories by day"]
    steps["first days of items"], kept = seconds(lambda: with_first_days(tables, keep=materialise))
    day = to_day(ledger.as_of)
    print("| step | CPU s |\n|---|---|")
    for name, spent in steps.items():
        print(f"| {name} | {spent:.1f} |")
    costs = _families(tables, day)
    one, twelve = costs["all"], _snapshots(kept, day, _SNAPSHOTS)
    lines_s = sum(spent for name, spent in steps.items() if name != "first days of items")
    whole_s = sum(steps.values()) + twelve
    print(
        "\n| snapshots | first days kept | features CPU s | from lines CPU s | / one |\n|---|---|---|---|---|"
    )
    print(f"| 1 | no | {one:.1f} | {lines_s + one:.1f} | 1.0 |")
    print(f"| 12 | yes | {twelve:.1f} | {whole_s:.1f} | {whole_s / (lines_s + one):.1f} |")
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\npeak {peak_mb:,.0f} MB with all of this in memory")


def _built(ledger: Ledger, items: tuple[str, ...]) -> CustomerTables:
    return customer_tables(ledger.lines, keep=materialise, items=items)


def _tables(ledger: Ledger) -> dict[str, float]:
    """Return what each table of items adds to the days."""
    days, _ = seconds(_built, ledger, ())
    return {f"{kind} by day": seconds(_built, ledger, (kind,))[0] - days for kind in KINDS_OF_ITEMS}


def _families(tables: CustomerTables, day: int) -> dict[str, float]:
    """Print each family alone, and all of them."""
    print("\n| family | columns | sums over days | CPU s |\n|---|---|---|---|")
    costs = {}
    for name, groups in {**{group: (group,) for group in GROUPS}, "all": GROUPS}.items():
        recipe = FeatureRecipe(91, groups=groups, kinds_of_items=tables.kinds_of_items)
        history = history_before(tables, day)
        costs[name] = min(seconds(build_features, history, recipe)[0] for _ in range(2))
        print(f"| {name} | {len(feature_names(recipe))} | {len(sums_of(recipe, day))} | {costs[name]:.2f} |")
    return costs


def _snapshots(tables: CustomerTables, day: int, count: int) -> float:
    recipe = FeatureRecipe(91, groups=GROUPS, kinds_of_items=tables.kinds_of_items)
    days = [day - _EVERY_DAYS * back for back in range(count)]
    return sum(seconds(build_features, history_before(tables, day), recipe)[0] for day in days)


if __name__ == "__main__":
    main(sys.argv[1])
