"""Any order source -> lines that can be trusted.

In: a path or a frame. Out: a `Ledger`. Not here: customers, events, features.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import narwhals as nw

from patron.errors import LedgerError, saying_what_to_free, saying_what_to_install
from patron.ledger import _as_of, _check, _totals
from patron.ledger._copies import one_of_each
from patron.ledger._options import (
    all_or_every_problem,
    as_of_day,
    check_engine,
    check_timezone,
    csv_options,
    ledger_rules,
)
from patron.ledger._reading import Reading, ReadOrders, read_orders
from patron.ledger._set_aside import write_set_aside
from patron.ledger._write_report import Findings, no_line_left, write_report
from patron.ledger.report import LedgerReport

_log = logging.getLogger(__name__)
#: No day is later.
_FOR_EVER = 2**31 - 1


@dataclass(frozen=True)
class Ledger:
    """Orders that can be trusted, and what it took.

    Parameters
    ----------
    lines : nw.LazyFrame
        Usable lines strictly before ``as_of``: ``customer_id`` String, ``day`` Int32 (days since 1970-01-01),
        ``amount_minor`` Int64 (refund lines negative), ``is_refund`` Boolean, and where the source has them
        ``order_id``,
        ``product_id``, ``category`` String, ``quantity`` Float64, ``cost_minor`` Int64. In no particular
        order.
    as_of : date
        Everything before the start of this day is known.
    currency : str or None
        ISO code.
    minor_digits : int
        ``amount_minor`` is the amount times 10 to this power.
    report : LedgerReport
        Rows and money in, used and set aside.
    """

    lines: nw.LazyFrame[Any]
    as_of: date
    currency: str | None
    minor_digits: int
    report: LedgerReport


@saying_what_to_install()
@saying_what_to_free()
def load_ledger(
    source: object,
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
    as_of: str | date = "latest",
    today: date | None = None,
    memory_limit: str | None = None,
    threads: int | None = None,
    set_aside: Path | None = None,
) -> Ledger:
    """Read orders, check every row and keep the lines.

    Parameters
    ----------
    source : path, pandas, Polars, Arrow or narwhals frame
        ``.parquet``, ``.csv``, ``.csv.gz``, ``.xlsx`` or a folder of files of one kind. Parquet and CSV
        stay in DuckDB, a Polars
        frame stays in Polars, the rest is kept in arrays.
    columns : mapping of str to str, optional
        Ours -> theirs. A column of ours that the source has under the same name is taken; map it to None to
        leave it out.
    csv : mapping of str to str, optional
        ``encoding``, ``separator``, ``decimal``, ``thousands``, ``date_format``; the last three hold for
        any text column.
    currency : str, optional
        ISO code; sets the minor unit (2 decimals without).
    timezone : str, optional
        Business time zone that times with a zone are converted to; times without one are taken as they stand.
    refunds : {"net", "ignore"}
        ``ignore`` sets refund lines aside.
    refund_prefix : str, optional
        Order ids starting with it are refunds; their positive lines are booked as negative.
    exclude_product_ids, exclude_order_id_prefixes : sequence of str
        What is no sale.
    duplicates : {"drop", "keep"}
        Rows identical in every mapped column.
    as_of : str or date
        A day, or ``latest``: the day after the last order not later than today.
    today : date, optional
        For ``latest``; the current day in `timezone` when not given.
    memory_limit : str, optional
        Of DuckDB, like ``4GB``; larger work spills to disk.
    threads : int, optional
        Of DuckDB.
    set_aside : Path, optional
        A CSV file (``file, line, reason, raw``) of every row that is set aside. Where none is, there is no
        such file afterwards; one that cannot be written is a warning of the report.

    Returns
    -------
    Ledger
        The lines and the report.

    Raises
    ------
    LedgerError
        Anything the user can fix: what, how many, an instance, what to do.

    Examples
    --------
    >>> import pandas as pd
    >>> days = ["2024-01-05", "2024-02-05", "2024-02-06"]
    >>> orders = {"customer_id": ["007", "007", None], "ordered_at": days, "amount": [12.5, -2.5, 3.0]}
    >>> orders = pd.DataFrame(orders)
    >>> ledger = load_ledger(orders, as_of="2024-03-01")
    >>> ledger.report.rows_used, ledger.report.amount_used, dict(ledger.report.set_aside)["no_customer"].rows
    (2, 10.0, 1)
    """
    options, wanted_day, rules, _, _ = all_or_every_problem(
        partial(csv_options, csv),
        partial(as_of_day, as_of),
        partial(
            ledger_rules, refunds, refund_prefix, exclude_product_ids, exclude_order_id_prefixes, duplicates
        ),
        partial(check_timezone, timezone),
        partial(check_engine, memory_limit, threads),
    )
    reading = Reading(columns, options, rules, currency, timezone, memory_limit, threads)
    return _cut(read_orders(source, reading), wanted_day, today or _today(timezone), set_aside)


def _today(timezone: str | None) -> date:
    return datetime.now(ZoneInfo(timezone) if timezone else None).date()


def _cut(orders: ReadOrders, wanted: date | None, today: date, set_aside: Path | None) -> Ledger:
    opened, booked, rules, digits = orders.opened, orders.booked, orders.rules, orders.digits
    totals = _totals.row_totals(_check.with_codes(booked, rules, _FOR_EVER))
    days = _totals.count_days(totals)
    as_of = wanted or (_as_of.latest_as_of(days, today) if days else today)
    if days:
        _as_of.check_as_of(days, as_of)
    cut = _totals.cut_totals(totals, _as_of.day_number(as_of))
    codes = _totals.total_codes(cut)
    coded = _check.with_codes(booked, rules, _as_of.day_number(as_of))
    examples = _totals.code_examples(coded, codes)
    if _check.LINE not in codes:
        raise LedgerError(no_line_left(opened, codes, examples, digits))
    each = lines, left_out = one_of_each(coded, rules)
    used = [total for total in cut if total.code == _check.LINE]
    typed, sums = orders.typed, _totals.sum_ledger(lines, left_out, used)
    unreadable, zoned = typed.unreadable_values, typed.rows_with_zone
    findings = Findings(opened, unreadable, zoned, rules, days, codes, examples, sums, wanted is None)
    report = write_report(findings, as_of, orders.currency, digits)
    if set_aside is not None:
        warnings = write_set_aside(orders, coded, each, report, set_aside)
        report = replace(report, warnings=[*report.warnings, *warnings])
    _log.info("%s rows in, %s used, as of %s", report.rows_in, report.rows_used, as_of)
    return Ledger(_check.line_columns(lines), as_of, orders.currency, digits, report)
