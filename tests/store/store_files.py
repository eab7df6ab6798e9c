"""Random orders as daily files, and what `load_ledger` and `customer_tables` make of the same folder."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from patron.ledger import Ledger, at_hand, load_ledger, materialise
from patron.snapshots import CustomerTables, customer_tables
from patron.store import StoredLedger, StoreUpdate, read_store, reading_of, update_store

TODAY = date(2024, 6, 1)
RULES: dict[str, Any] = {
    "refund_prefix": "R",
    "exclude_product_ids": ["POST"],
    "currency": "EUR",
    "threads": 1,
}


def random_rows(seed: int, rows: int = 60, days: int = 25) -> list[dict[str, str]]:
    """Rows as text with everything that happens: refunds, copies, cancellations, rows nobody can use."""
    random_ = random.Random(seed)
    found: list[dict[str, str]] = []
    for number in range(rows):
        moment = datetime(2024, 1, 20) + timedelta(days=random_.randrange(days), hours=random_.choice([0, 9]))
        amount = str(random_.choice([10, 25.5, 25.5, 0, -25.5, 100]))
        row = {
            "customer_id": random_.choice(["a", "b", "c", "d", "7.0", "é"]),
            "ordered_at": moment.strftime("%Y-%m-%d %H:%M:%S"),
            "amount": amount,
            "order_id": random_.choice(["", "o1", "o2", "R3", f"o{number}", f"o{number}"]),
            "product_id": random_.choice(["p1", "p2", "", "POST"]),
            "cost": random_.choice(["", "5", "x"]),
        }
        luck = random_.random()
        if luck < 0.05:
            row["customer_id"] = " "
        elif luck < 0.1:
            row["ordered_at"] = random_.choice(["", "2024-13-01", "soon"])
        elif luck < 0.15:
            row["amount"] = random_.choice(["", "abc", "inf"])
        found.append(row)
        if luck > 0.85:  # the same line again
            found.append(dict(row))
    return found


def write_files(folder: Path, files: dict[str, list[dict[str, str]]]) -> Path:
    """Make the folder hold exactly these files."""
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        if path.name not in files:
            path.unlink()
    for name, rows in files.items():
        frame = pd.DataFrame(rows, columns=list(random_rows(0, 1)[0]))
        text = frame.to_csv(index=False)
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
    return folder


def direct(source: Any, as_of: str | date = "latest", **rules: Any) -> tuple[Ledger, CustomerTables]:
    """Read without a store."""
    ledger = load_ledger(source, as_of=as_of, today=TODAY, **{**RULES, **rules})
    return ledger, customer_tables(ledger.lines, keep=materialise, settle=at_hand)


def stored(
    source: Any, store: Path, as_of: str | date = "latest", **rules: Any
) -> tuple[StoreUpdate, StoredLedger]:
    """Bring the store up to date and read it."""
    reading = reading_of(**{**RULES, **rules})
    done = update_store(source, store, reading)
    return done, read_store(store, reading, as_of=as_of, today=TODAY)


def rows_of(frame: Any) -> list[tuple[Any, ...]]:
    """All rows of a lazy frame, columns by name, in one order; nulls as None."""
    table = frame.collect().to_pandas()
    table = table[sorted(table.columns)].astype(object)
    table = table.where(table.notna(), None)
    return sorted(map(tuple, table.to_numpy().tolist()), key=repr)


def assert_same(got: StoredLedger, ledger: Ledger, tables: CustomerTables) -> None:
    """Lines as a bag, tables and report."""
    assert got.ledger.report.to_dict() == ledger.report.to_dict()
    assert (got.ledger.as_of, got.ledger.currency, got.ledger.minor_digits) == (
        ledger.as_of,
        ledger.currency,
        ledger.minor_digits,
    )
    schema = got.ledger.lines.collect_schema()
    assert {**schema} == {**ledger.lines.collect_schema()}
    assert rows_of(got.ledger.lines) == rows_of(ledger.lines)
    assert rows_of(got.tables.days) == rows_of(tables.days)
    assert got.tables.kinds_of_items == tables.kinds_of_items
    for kind, items in tables.items.items():
        assert rows_of(got.tables.items[kind]) == rows_of(items)


def bytes_of(store: Path) -> dict[str, bytes]:
    """Every file of a store but the lock."""
    return {
        path.relative_to(store).as_posix(): path.read_bytes()
        for path in sorted(store.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }
