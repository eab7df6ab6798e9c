"""Any order source -> every row, read and typed but not yet cut at a day.

In:  a path or a frame, and how it is to be read.
Out: `ReadOrders`, from which lines are made (`load`, `patron.store`).
Not here: which day counts, the report.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import narwhals as nw

from patron.errors import LedgerError
from patron.ledger import _check
from patron.ledger._currency import minor_digits, settle_currency
from patron.ledger._datetext import choose_shapes
from patron.ledger._mapping import match_columns
from patron.ledger._open import open_source
from patron.ledger._options import (
    CsvOptions,
    Rules,
    all_or_every_problem,
    check_engine,
    check_timezone,
    csv_options,
    ledger_rules,
)
from patron.ledger._typed import Source, Typed, TypingPlan


@dataclass(frozen=True)
class Reading:
    """How rows are to be read: the checked arguments of `load_ledger`.

    Parameters
    ----------
    columns : mapping or None
        Ours -> theirs.
    csv : CsvOptions
        Marks, encoding, dates.
    rules : Rules
        Which of the readable rows count as lines.
    currency, timezone : str or None
        ISO code; business time zone.
    memory_limit, threads
        Of DuckDB.
    """

    columns: Mapping[str, str | None] | None = None
    csv: CsvOptions = field(default_factory=CsvOptions)
    rules: Rules = field(default_factory=Rules)
    currency: str | None = None
    timezone: str | None = None
    memory_limit: str | None = None
    threads: int | None = None


def reading_of(
    *,
    columns: Mapping[str, str | None] | None = None,
    csv: Mapping[str, str] | None = None,
    currency: str | None = None,
    timezone: str | None = None,
    refunds: str = "net",
    refund_prefix: str | None = None,
    exclude_product_ids: Sequence[str] = (),
    exclude_order_id_prefixes: Sequence[str] = (),
    duplicates: str = "drop",
    memory_limit: str | None = None,
    threads: int | None = None,
) -> Reading:
    """Check the arguments of `load_ledger` that say how rows are read.

    Raises
    ------
    LedgerError
        All problems at once.
    """
    options, rules, _, _ = all_or_every_problem(
        partial(csv_options, csv),
        partial(
            ledger_rules, refunds, refund_prefix, exclude_product_ids, exclude_order_id_prefixes, duplicates
        ),
        partial(check_timezone, timezone),
        partial(check_engine, memory_limit, threads),
    )
    return Reading(columns, options, rules, currency, timezone, memory_limit, threads)


@dataclass(frozen=True)
class ReadOrders:
    """Every row of a source.

    Parameters
    ----------
    opened : Source
        Where the rows came from.
    typed : Typed
        What reading them took.
    booked : nw.LazyFrame
        The typed rows with refunds booked (`_check.book_refunds`).
    rules : Rules
        Which of them count as lines.
    currency : str or None
        ISO code.
    digits : int
        Decimals of the currency.
    mapping : mapping of str to str
        Ours -> theirs, the columns that were read.
    """

    opened: Source
    typed: Typed
    booked: nw.LazyFrame[Any]
    rules: Rules
    currency: str | None
    digits: int
    mapping: Mapping[str, str]


def read_orders(source: object, reading: Reading) -> ReadOrders:
    """Open a source and read every mapped column of every row.

    Parameters
    ----------
    source : path or frame
        As in `load_ledger`.
    reading : Reading
        How.

    Returns
    -------
    ReadOrders

    Raises
    ------
    LedgerError
        If the source cannot be opened, a column is missing or the currencies are mixed.
    """
    opened = open_source(source, reading.columns, reading.csv, reading.memory_limit, reading.threads)
    mapping = match_columns(opened.columns, reading.columns, opened.where)
    check_rules_fit(reading.rules, mapping)
    found = opened.value_counts(mapping["currency"]) if "currency" in mapping else {}
    currency = settle_currency(found, reading.currency)
    digits = minor_digits(currency)
    counts = opened.date_shapes(mapping["ordered_at"])
    shapes = choose_shapes(counts, reading.csv.date_format, mapping["ordered_at"]) if counts else ()
    typed = opened.typed(mapping, TypingPlan(reading.csv, reading.timezone, digits, shapes))
    booked = _check.book_refunds(typed.frame, reading.rules)
    return ReadOrders(opened, typed, booked, reading.rules, currency, digits, mapping)


def check_rules_fit(rules: Rules, mapping: Mapping[str, str]) -> None:
    """Refuse a rule about a column that is not there."""
    problems = []
    for setting, given, column in (
        ("refund_prefix", rules.refund_prefix, "order_id"),
        ("exclude.order_id_prefixes", rules.exclude_order_id_prefixes, "order_id"),
        ("exclude.product_ids", rules.exclude_product_ids, "product_id"),
    ):
        if given and column not in mapping:
            problems.append(f"{setting} needs {column}, which is not mapped; add it to ledger.columns")
    if problems:
        raise LedgerError(problems)
