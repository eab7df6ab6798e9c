"""A store gives what the orders give when they are read directly, however they came in."""

from __future__ import annotations

import random
import tempfile
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_files import RULES, assert_same, bytes_of, direct, random_rows, rows_of, stored, write_files

from patron.errors import LedgerError
from patron.store import reading_of, update_store

DAYS = ("latest", date(2024, 1, 27), date(2024, 2, 1), date(2024, 2, 10))


def split(rows: list[dict[str, str]], seed: int, number: int) -> list[dict[str, list[dict[str, str]]]]:
    """Deal the rows out to files, by day with some late, and return the folder after each delivery."""
    random_ = random.Random(seed)
    first_rows, rest = rows[:5], rows[5:]
    rest = sorted(rest, key=lambda row: (row["ordered_at"] if random_.random() < 0.8 else "9", row["amount"]))
    files: dict[str, list[dict[str, str]]] = {"f00.csv": first_rows}
    deliveries = [dict(files)]
    for k in range(number):
        part = rest[k * len(rest) // number : (k + 1) * len(rest) // number]
        files[f"f{k + 1:02d}.csv"] = [*part, *random_.sample(rows, 2)]  # some lines come twice
        deliveries.append(dict(files))
    return deliveries


def check(seed: int, number: int, day: str | date) -> None:
    """Lines, tables and the report, after the last delivery and after a correction and a removal."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        deliveries = split(random_rows(seed), seed, number)
        for files in deliveries:
            source = write_files(root / "orders", files)
            update_store(source, root / "store", reading_of(**RULES))
        _, got = stored(source, root / "store", day)
        assert_same(got, *direct(source, day))
        last = {name: rows[1:] for name, rows in deliveries[-1].items() if name != "f00.csv"}
        source = write_files(root / "orders", last)
        _, got = stored(source, root / "store", day)
        assert_same(got, *direct(source, day))
        # whatever the way there, the months of the same files are the same
        stored(source, root / "other", day)
        one, two = (bytes_of(root / name) for name in ("store", "other"))
        months = [path for path in two if path.startswith("months/")]
        assert months
        assert {path: one.get(path) for path in months} == {path: two[path] for path in months}


EXAMPLES = {"derandomize": True, "deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
WAYS = {"seed": st.integers(0, 10**6), "number": st.integers(1, 3), "day": st.sampled_from(DAYS)}


def test_deliveries_give_what_reading_directly_gives() -> None:
    """Files by day, late rows, lines that come twice, rows nobody can use."""
    check(4, 1, date(2024, 2, 1))


@pytest.mark.slow
@settings(max_examples=40, **EXAMPLES)
@given(**WAYS)
def test_any_deliveries_give_what_reading_directly_gives(seed: int, number: int, day: str | date) -> None:
    """The same, more of it."""
    check(seed, number, day)


def test_other_rules_give_what_reading_directly_gives(tmp_path: Path) -> None:
    """The rules that the others leave at their defaults."""
    rules = {"duplicates": "keep", "refunds": "ignore"}
    rows = random_rows(5, 40, 10)
    source = write_files(tmp_path / "orders", {"a.csv": rows[:25], "b.csv": rows[20:]})
    _, got = stored(source, tmp_path / "store", **rules)
    assert_same(got, *direct(source, **rules))


def test_dates_and_the_currency_are_agreed_on_over_all_files(tmp_path: Path) -> None:
    """`03/04/2024` alone can be read both ways; another file decides for all."""
    head = "customer_id,ordered_at,amount,currency\n"
    folder = tmp_path / "orders"
    folder.mkdir()
    (folder / "a.csv").write_text(head + "a,03/04/2024,12.5,\n", encoding="utf-8")
    rules = {"currency": None, "refund_prefix": None, "exclude_product_ids": ()}
    with pytest.raises(LedgerError, match="day first or month first"):
        stored(folder, tmp_path / "store", **rules)
    (folder / "b.csv").write_text(head + "b,25/04/2024,7,JPY\n", encoding="utf-8")
    _, got = stored(folder, tmp_path / "store", **rules)
    assert_same(got, *direct(folder, **rules))
    assert rows_of(got.ledger.lines.select("customer_id", "day", "amount_minor")) == [
        (12, "a", 19816),  # 2024-04-03, half-even without decimals
        (7, "b", 19838),
    ]


def test_what_comes_after_the_day_changes_nothing_before_it(tmp_path: Path) -> None:
    """Orders at or after as_of wait in the store."""
    day = date(2024, 2, 1)
    rows = random_rows(9, 40)
    early = [row for row in rows if row["ordered_at"] < "2024-02"]
    _, before = stored(write_files(tmp_path / "orders", {"a.csv": early}), tmp_path / "store", day)
    known = rows_of(before.tables.days), rows_of(before.tables.products), rows_of(before.ledger.lines)
    late = [row for row in rows if row["ordered_at"] >= "2024-02"]
    assert late
    _, after = stored(
        write_files(tmp_path / "orders", {"a.csv": early, "b.csv": late}), tmp_path / "store", day
    )
    assert (rows_of(after.tables.days), rows_of(after.tables.products), rows_of(after.ledger.lines)) == known
    assert after.ledger.report.later > 0
