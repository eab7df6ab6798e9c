"""Measures the customer-day store: building it, one more day, nothing new, features from it.

In: a folder and a number of lines. Out: a table. Not here: features from the lines (`scale_lines`).
"""

from __future__ import annotations

import shutil
import sys
from datetime import date
from pathlib import Path

import duckdb
from b2b_lines import make_lines
from scale_process import Cost, measured

_SNAPSHOT_EVERY_DAYS, _HORIZON_DAYS, _MEMORY = 30, 91, "1GB"


def run(folder: Path, lines: int) -> None:
    """Print what each step costs, each in a process of its own, Python's start included."""
    orders, store = folder / "store-orders", folder / "store"
    for path in (orders, store):
        shutil.rmtree(path, ignore_errors=True)
    last, as_of = _orders_by_month(orders, folder, lines)
    full = _step("update", orders, store)
    _show("full build, 36 monthly files", full, full)
    shutil.move(last, orders / "the-day.parquet")
    _show("one more day", _step("update", orders, store), full)
    _show("nothing new", _step("update", orders, store), full)
    floor = min((_step("floor", orders) for _ in range(3)), key=lambda cost: cost.wall_s)
    _show("floor: read the columns of the lines, one group-by", floor, floor)
    for number in (1, 12):
        days = [as_of - k * _SNAPSHOT_EVERY_DAYS for k in range(number)]
        _show(f"features from the store, {number} snapshots", _step("features", store, *days), floor)
    size = sum(path.stat().st_size for path in store.rglob("*") if path.is_file())
    print(f"size of the store {size / 1e6:,.0f} MB, of the orders {_size(orders) / 1e6:,.0f} MB")


def _orders_by_month(orders: Path, folder: Path, lines: int) -> tuple[Path, int]:
    """Write 36 files and keep the last day aside; return its file and the day after it (since 1970)."""
    make_lines(orders, lines, files=36)
    newest, day = sorted(orders.iterdir())[-1], folder / "store-day.parquet"
    with duckdb.connect() as connection:
        rows = f"read_parquet('{newest}')"
        answer = connection.execute(f"SELECT max(ordered_at)::DATE FROM {rows}").fetchone()
        assert answer is not None
        for test, path in (("=", day), ("<", folder / "store-rest.parquet")):
            chosen = f"SELECT * FROM {rows} WHERE ordered_at::DATE {test} DATE '{answer[0]}'"
            connection.execute(f"COPY ({chosen}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
    shutil.move(folder / "store-rest.parquet", newest)
    return day, (answer[0] - date(1970, 1, 1)).days + 1


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


def _step(*arguments: object) -> Cost:
    return measured("scale_store", *arguments)


def _show(what: str, cost: Cost, one: Cost) -> None:
    shares = f"{cost.wall_s / one.wall_s:7.3f}x {cost.cpu_s / one.cpu_s:7.3f}x"
    print(
        f"{what:52} {cost.wall_s:7.1f} s {cost.cpu_s:7.1f} CPU s {cost.peak_mb:6,.0f} MB {shares}", flush=True
    )


def update(orders: str, store: str) -> None:
    """Bring the store up to date."""
    from patron.store import reading_of, update_store

    update_store(Path(orders), Path(store), reading_of(currency="EUR", memory_limit=_MEMORY))


def features(store: str, *days: str) -> None:
    """Read the store and build the features of each day, as `workflows.base` does for one and for several."""
    from patron.features import FeatureRecipe, build_features
    from patron.ledger import at_hand, materialise
    from patron.snapshots import history_before, with_first_days
    from patron.store import read_store, reading_of

    tables = read_store(Path(store), reading_of(currency="EUR", memory_limit=_MEMORY)).tables
    if len(days) > 1:
        tables = with_first_days(tables, keep=materialise, settle=at_hand)
    recipe = FeatureRecipe(_HORIZON_DAYS, kinds_of_items=tables.kinds_of_items)
    for day in map(int, days):
        build_features(history_before(tables, day), recipe)


def floor(orders: str) -> None:
    """Read every column of the lines and group them once."""
    rows = f"read_parquet('{orders}/*.parquet')"
    columns = "customer_id, order_id, product_id, category, quantity, amount, cost, ordered_at"
    with duckdb.connect() as connection:
        connection.execute(f"SELECT {', '.join(f'max({name})' for name in columns.split(', '))} FROM {rows}")
        connection.execute(
            f"SELECT customer_id, count(*), sum(amount) FROM {rows} GROUP BY customer_id"
        ).fetchnumpy()


if __name__ == "__main__":
    {"update": update, "features": features, "floor": floor}[sys.argv[1]](*sys.argv[2:])
