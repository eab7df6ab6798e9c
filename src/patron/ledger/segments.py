"""One source of orders -> its lines by month as Parquet files, and what else a report needs of it.

In:  a path or a query, and how it is to be read.
Out: a `Segment`, as plain JSON values, and files.
Not here: which sources there are and what is built from their lines (`patron.store`), a report of them
(`stored`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import narwhals as nw

from patron.errors import LedgerError
from patron.ledger import _check, _totals
from patron.ledger._as_of import as_date
from patron.ledger._copies import OneOfEach
from patron.ledger._currency import minor_digits, settle_currency
from patron.ledger._datetext import SHAPES, ShapeCounts, choose_shapes
from patron.ledger._mapping import match_columns
from patron.ledger._open import open_source
from patron.ledger._parquet import write_sorted
from patron.ledger._reading import Reading, ReadOrders, check_rules_fit
from patron.ledger._set_aside import rows_set_aside
from patron.ledger._totals import RowTotal
from patron.ledger._typed import Source, Typed, TypingPlan
from patron.ledger.engines import materialise
from patron.ledger.stored_aside import write_rows_aside

#: No day is later: nothing waits as "later" in a segment.
_FOR_EVER = 2**31 - 1
#: The file of a segment that holds its rows that are no lines.
ASIDE = "aside.parquet"
_STORED = ("customer_id", "time_us", "amount_minor", "amount_rest", "turned")
_BESIDE = ("order_id", "product_id", "category", "quantity", "cost_minor")


@dataclass(frozen=True)
class Look:
    """What sources must agree on before their values can be read, counted so that it adds up.

    Parameters
    ----------
    columns : tuple of str
        Those of ours that the source has.
    ordered_at : str
        Their name of the column of dates.
    currencies : mapping of str to int
        Rows of each text.
    shapes : mapping of str to int, or None
        Rows of each shape of date; None where dates are no text.
    example : str or None
        A date that could be read both ways.
    """

    columns: tuple[str, ...]
    ordered_at: str
    currencies: Mapping[str, int]
    shapes: Mapping[str, int] | None
    example: str | None

    def covers(self, other: Look) -> bool:
        """Say whether the other brings nothing on which sources would have to agree anew."""
        shapes = self.shapes or {}
        return (
            (self.columns, self.ordered_at, self.shapes is None)
            == (other.columns, other.ordered_at, other.shapes is None)
            and set(other.currencies) <= set(self.currencies)
            and all(shapes.get(name) for name, rows in (other.shapes or {}).items() if rows)
        )


@dataclass(frozen=True)
class Plan:
    """What the sources agreed on: the currency's decimals, and the shapes that this one's dates have."""

    digits: int
    shapes: tuple[str, ...]


@dataclass(frozen=True)
class Part:
    """A month of a segment.

    Parameters
    ----------
    lines, bytes, sha256
        Of the Parquet file; no hash where there is no line, and no file.
    totals : tuple of RowTotal
        All rows by day and code; those without a readable date are of day 0.
    examples : tuple
        Day, code, text: a row of each code that is no line.
    """

    lines: int
    bytes: int
    sha256: str | None
    totals: tuple[RowTotal, ...]
    examples: tuple[tuple[int, int, str], ...]

    @property
    def digest(self) -> str:
        """Of everything that a month built from it depends on."""
        return hashlib.sha256(json.dumps([self.sha256, self.totals, self.examples]).encode()).hexdigest()


@dataclass(frozen=True)
class Segment:
    """What one version of a source holds: by month, and of lines that are no records at all.

    ``aside`` has size and SHA-256 of the file of its rows that are no lines; None where it has none.
    """

    look: Look
    plan: Plan
    unreadable: int
    unreadable_example: str | None
    unreadable_values: Mapping[str, int]
    rows_with_zone: int
    months: Mapping[str, Part]
    aside: Mapping[str, Any] | None

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> Segment:
        """Take what `to_dict` gave."""
        look, plan = found["look"], found["plan"]
        months = {
            name: Part(
                **{
                    **part,
                    "totals": tuple(RowTotal(*total) for total in part["totals"]),
                    "examples": tuple((day, code, text) for day, code, text in part["examples"]),
                }
            )
            for name, part in found["months"].items()
        }
        return cls(
            **{
                **found,
                "look": Look(**{**look, "columns": tuple(look["columns"])}),
                "plan": Plan(plan["digits"], tuple(plan["shapes"])),
                "months": months,
            }
        )


@dataclass(frozen=True)
class OpenedSource:
    """A source that was opened and looked at; its values are not read yet."""

    source: Source
    mapping: Mapping[str, str]
    look: Look


def open_for_segment(source: object, reading: Reading) -> OpenedSource:
    """Open a source and count what all sources must agree on.

    Raises
    ------
    LedgerError
        If it cannot be opened or a column is missing.
    """
    opened = open_source(source, reading.columns, reading.csv, reading.memory_limit, reading.threads)
    mapping = match_columns(opened.columns, reading.columns, opened.where)
    check_rules_fit(reading.rules, mapping)
    currencies = opened.value_counts(mapping["currency"]) if "currency" in mapping else {}
    counts = opened.date_shapes(mapping["ordered_at"])
    look = Look(
        tuple(mapping),
        mapping["ordered_at"],
        dict(sorted(currencies.items())),
        None if counts is None else {name: int(counts.rows.get(name, 0)) for name in counts.rows},
        None if counts is None else counts.example,
    )
    return OpenedSource(opened, mapping, look)


def agree(looks: Iterable[Look], reading: Reading) -> tuple[str | None, tuple[str, ...]]:
    """Settle the currency and the shapes of dates as if all sources were one.

    Returns
    -------
    tuple
        ISO code or None, and the shapes; none where no date is a text.

    Raises
    ------
    LedgerError
        Mixed currencies, or dates that can be read both ways.
    """
    looks = list(looks)
    currencies: dict[str, int] = {}
    shapes: dict[str, int] = {}
    for look in looks:
        for counted, into in ((look.currencies, currencies), (look.shapes or {}, shapes)):
            for name, rows in counted.items():
                into[name] = into.get(name, 0) + rows
    currency = settle_currency(dict(sorted(currencies.items())), reading.currency)
    if not any(look.shapes is not None for look in looks):
        return currency, ()
    counts = ShapeCounts(shapes, min((look.example for look in looks if look.example), default=None))
    return currency, choose_shapes(counts, reading.csv.date_format, looks[0].ordered_at)


def plan_for(look: Look, currency: str | None, shapes: tuple[str, ...], reading: Reading) -> Plan:
    """Return how this source is read; shapes that none of its dates has make no difference."""
    if look.shapes is None:
        return Plan(minor_digits(currency), ())
    if reading.csv.date_format is not None:
        return Plan(minor_digits(currency), shapes)
    counted = {**look.shapes, "month first": look.shapes.get("day first", 0)}
    own = tuple(shape for name, shape in SHAPES.items() if shape in shapes and counted.get(name, 0))
    return Plan(minor_digits(currency), own)


def write_segment(opened: OpenedSource, reading: Reading, plan: Plan, folder: Path) -> Segment:
    """Read the values and write a file for every month that has lines.

    Parameters
    ----------
    opened : OpenedSource
        Of `open_for_segment`.
    reading : Reading
        How.
    plan : Plan
        Of `plan_for`.
    folder : Path
        An empty folder; ``<YYYY-MM>.parquet`` and ``aside.parquet`` are written there.

    Returns
    -------
    Segment
    """
    typed = opened.source.typed(
        opened.mapping, TypingPlan(reading.csv, reading.timezone, plan.digits, plan.shapes)
    )
    booked = _check.book_refunds(typed.frame, reading.rules)
    coded = _check.with_codes(booked, reading.rules, _FOR_EVER)
    months = _write_months(coded, folder)
    codes = {total.code for part in months.values() for total in part.totals}
    if opened.source.unreadable or codes - {_check.LINE}:
        rules = replace(reading.rules, duplicates="keep")  # copies are found among all sources
        orders = ReadOrders(opened.source, typed, booked, rules, None, plan.digits, opened.mapping)
        write_rows_aside(rows_set_aside(orders, coded, OneOfEach(coded, None)) or (), folder / ASIDE)
    return Segment(
        opened.look,
        plan,
        opened.source.unreadable,
        opened.source.unreadable_example,
        *_about_values(typed),
        months,
        facts_of(folder / ASIDE),
    )


def _about_values(typed: Typed) -> tuple[dict[str, int], int]:
    return {name: int(rows) for name, rows in typed.unreadable_values.items()}, int(typed.rows_with_zone)


def _write_months(coded: nw.LazyFrame[Any], folder: Path) -> dict[str, Part]:
    totals = _totals.row_totals(coded)
    aside = any(total.code != _check.LINE for total in totals)
    examples = _totals.day_examples(coded.filter(nw.col("code") != _check.LINE)) if aside else []
    months = sorted({month_of(total.day) for total in totals})
    there = [name for name in _BESIDE if name in coded.collect_schema()]
    columns = [*_STORED, *there, "day", "month", "is_refund"]
    lines = coded.filter(nw.col("code") == _check.LINE).select(*columns)
    if len(months) > 2:  # read once, not for every month
        lines = materialise(lines, "segment")
    parts = {}
    for name in months:
        of_month = tuple(total for total in totals if month_of(total.day) == name)
        rows = sum(total.rows for total in of_month if total.code == _check.LINE)
        size, sha256 = 0, None
        if rows:
            path = folder / f"{name}.parquet"
            write_sorted(lines.filter(nw.col("month") == _month_number(name)), path, columns)
            size, sha256 = path.stat().st_size, sha256_of(path)
        shown = tuple(example for example in examples if month_of(example[0]) == name)
        parts[name] = Part(rows, size, sha256, of_month, shown)
    return parts


def _month_number(name: str) -> int:
    return (int(name[:4]) - 1970) * 12 + int(name[5:]) - 1


def month_of(day: int) -> str:
    """Return the month of a day number.

    >>> month_of(19723)
    '2024-01'
    """
    return as_date(day).isoformat()[:7]


def merged(parts: Iterable[Part]) -> tuple[list[RowTotal], list[tuple[int, int, str]]]:
    """Add up the totals of parts, and take the first example of each day and code."""
    totals: dict[tuple[int, int], RowTotal] = {}
    examples: dict[tuple[int, int], str] = {}
    for part in parts:
        for total in part.totals:
            key = (total.day, total.code)
            so_far = totals.get(key)
            numbers = (
                total[2:] if so_far is None else [a + b for a, b in zip(so_far[2:], total[2:], strict=True)]
            )
            totals[key] = RowTotal(*key, *numbers)
        for day, code, text in part.examples:
            examples[day, code] = min(examples.get((day, code), text), text)
    return [totals[key] for key in sorted(totals)], [(*key, examples[key]) for key in sorted(examples)]


def lines_by_day(parts: Iterable[Part]) -> dict[int, int]:
    """Count the lines of each day, copies included."""
    days: dict[int, int] = {}
    for part in parts:
        for total in part.totals:
            if total.code == _check.LINE:
                days[total.day] = days.get(total.day, 0) + total.rows
    return days


def changed_lines(before: nw.LazyFrame[Any], after: nw.LazyFrame[Any]) -> list[tuple[int, int, int]]:
    """Compare lines as a bag; both frames are of one engine.

    Returns
    -------
    list of tuple
        Day, lines that are new, lines that are gone.
    """
    columns = [name for name in before.collect_schema().names() if name != "source_row"]
    both = [
        frame.select(*columns).with_columns(sign=nw.lit(sign)) for frame, sign in ((before, -1), (after, 1))
    ]
    more = nw.concat(both).group_by(*columns).agg(nw.col("sign").sum().alias("more"))
    new, gone = nw.col("more"), -nw.col("more")
    counted = more.filter(nw.col("more") != 0).with_columns(
        new=nw.when(new > 0).then(new).otherwise(nw.lit(0)),
        gone=nw.when(gone > 0).then(gone).otherwise(nw.lit(0)),
    )
    days = counted.group_by("day").agg(nw.col("new").sum(), nw.col("gone").sum()).collect()
    return [(int(r["day"]), int(r["new"]), int(r["gone"])) for r in days.iter_rows(named=True)]


def facts_of(path: Path) -> dict[str, Any] | None:
    """Return size and SHA-256 of a file; None where there is none."""
    return {"bytes": path.stat().st_size, "sha256": sha256_of(path)} if path.exists() else None


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, as 64 hex digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def same_columns(looks: Mapping[str, Look]) -> None:
    """Refuse sources that do not have the same of our columns; the names are those of the sources.

    Raises
    ------
    LedgerError
        Naming the first two that differ, and how.
    """
    (first, wanted), *others = looks.items()
    for name, look in others:
        lacks = sorted(set(wanted.columns) - set(look.columns))
        more = sorted(set(look.columns) - set(wanted.columns))
        if lacks or more:
            raise LedgerError(
                f"{name} does not have the columns of {first}: it lacks {lacks or 'none'} and has "
                f"{more or 'none'} more; give the files the same columns"
            )
