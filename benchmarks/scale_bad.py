"""Measure orders with bad rows: a CSV file of which 5 % is corrupted in twenty ways, beside the clean file.

In:  a folder and a number of lines (1e6 at most: twenty ways need no more).
Out: a table; every count, line and text is compared with what was written down when the file was made.
Not here: the ways (`tests/ledger/corruptions`).
"""

from __future__ import annotations

import csv
import sys
from itertools import zip_longest
from pathlib import Path

from scale_process import HERE, Cost, measured

sys.path.insert(0, str(HERE.parent / "tests" / "ledger"))

from corruptions import RULES, Corrupted, Row, corrupted

_MOST_LINES, _SHARE, _TIMES = 1_000_000, 0.05, 3


def run(folder: Path, lines: int) -> None:
    """Print what the bad rows cost, each case in a process of its own."""
    records = min(lines, _MOST_LINES)
    bad, clean, aside = folder / "bad.csv", folder / "clean.csv", folder / "set_aside.csv"
    clean.write_bytes(corrupted(records, share=0).data)
    made = corrupted(round(records * (1 - _SHARE)), _SHARE)
    bad.write_bytes(made.data)
    floor = _best(clean)
    _show(f"clean, {records:,} records", floor, floor)
    _show(f"{len(made.rows) / made.records:.1%} corrupted", _best(bad), floor)
    with_file = _best(bad, aside)
    _show("and the file of the rows set aside", with_file, floor)
    _check(made, with_file.said, aside)
    print(f"{len(made.rows):,} rows set aside: every count, line and text is as it was made; nothing is lost")
    for path in (bad, clean, aside):
        path.unlink()


def _best(*arguments: object) -> Cost:
    """Return the run of least CPU time."""
    return min((measured("scale_bad", *arguments) for _ in range(_TIMES)), key=lambda cost: cost.cpu_s)


def _show(what: str, cost: Cost, floor: Cost) -> None:
    print(
        f"{what:<38} {cost.wall_s:7.2f} s {cost.cpu_s:7.2f} cpu s {cost.peak_mb:7,.0f} MB "
        f"{cost.cpu_s / floor.cpu_s:5.2f}x",
        flush=True,
    )


def _check(made: Corrupted, said: str, aside: Path) -> None:
    counts = ", ".join(f"{reason} {rows}" for reason, rows in sorted(made.counts.items()))
    expected = f"{made.records} in, {made.records - len(made.rows)} used, {counts}"
    assert said.strip() == expected, f"counted: {said}made: {expected}"
    with aside.open(encoding="utf-8-sig", newline="") as stream:
        for row, wanted in zip_longest(csv.DictReader(stream), made.rows):
            found = Row(int(row["line"]), row["reason"], row["raw"])
            assert found == wanted, f"listed: {found}, made: {wanted}"


def _load(path: Path, aside: Path | None) -> None:
    from patron.ledger import load_ledger

    report = load_ledger(path, set_aside=aside, as_of="2024-06-01", **RULES).report
    counts = ", ".join(f"{reason} {entry.rows}" for reason, entry in sorted(report.set_aside.items()))
    print(f"{report.rows_in} in, {report.rows_used} used, {counts}")


if __name__ == "__main__":
    _load(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
