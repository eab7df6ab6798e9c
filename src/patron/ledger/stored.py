"""Lines that lie in files -> what a report needs of a month, and the report of all months.

In:  the lines of a month; the sums of every month.
Out: one of each line; a `LedgerReport` equal to that of `load_ledger`.
Not here: the files (`segments`, `patron.store`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import narwhals as nw

from patron.errors import LedgerError
from patron.ledger import _as_of, _check, _totals
from patron.ledger._as_of import day_number
from patron.ledger._copies import one_of_each
from patron.ledger._options import Rules, as_of_day
from patron.ledger._totals import Counted, LedgerSums, RowTotal
from patron.ledger._write_report import Findings, no_line_left, write_report
from patron.ledger.report import LedgerReport

_Example = tuple[int, int, str]


class MonthLines(NamedTuple):
    """One of each line of some months; the copies left out, and their totals and examples by day."""

    lines: nw.LazyFrame[Any]
    left_out: nw.LazyFrame[Any] | None
    copies: tuple[RowTotal, ...]
    copy_examples: tuple[_Example, ...]


@dataclass(frozen=True)
class StoredSums:
    """Everything that a report of stored lines is made from, added up over sources and months.

    Parameters
    ----------
    where : str
        What to call the source in messages.
    columns : tuple of str
        Of the lines.
    currency, digits
        ISO code; its decimals.
    totals, examples
        All rows of the sources by day and code (`segments.Part`).
    copies, copy_examples
        Of `MonthLines`.
    unreadable, unreadable_example, unreadable_values, rows_with_zone
        As in `segments.Segment`.
    """

    where: str
    columns: tuple[str, ...]
    currency: str | None
    digits: int
    totals: Sequence[RowTotal]
    examples: Sequence[_Example]
    copies: Sequence[RowTotal]
    copy_examples: Sequence[_Example]
    unreadable: int
    unreadable_example: str | None
    unreadable_values: Mapping[str, int]
    rows_with_zone: int


def fold_lines(stored: nw.LazyFrame[Any], rules: Rules) -> MonthLines:
    """Leave out the copies of lines, as `load_ledger` does."""
    lines, left_out = one_of_each(stored.with_columns(code=nw.lit(_check.LINE)), rules)
    if left_out is None:
        return MonthLines(lines, None, (), ())
    coded = left_out.with_columns(code=nw.lit(_check.LINE))
    totals, examples = _totals.row_totals(coded, "copies"), _totals.day_examples(coded)
    return MonthLines(lines, left_out, tuple(totals), tuple(examples))


def used_lines(lines: nw.LazyFrame[Any], as_of: date) -> nw.LazyFrame[Any]:
    """Cut stored lines at a day, in the layout of `Ledger.lines`."""
    return _check.line_columns(lines.filter(nw.col("day") < day_number(as_of)))


def orders_of(lines: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Return each ``order`` with a positive line once a month, and the ``first_day`` of such a line."""
    order = _totals.order_key(lines.collect_schema().names())
    sold = lines.filter(nw.col("amount_minor") > 0).select("day", "month", order=order)
    return sold.group_by("order", "month").agg(first_day=nw.col("day").min())


def choose_as_of(stored: StoredSums, as_of: str | date, today: date | None, timezone: str | None) -> date:
    """Return the day that a ledger of these lines is known before, as `load_ledger` does.

    Raises
    ------
    LedgerError
        No line can be used, or the day leaves none.
    """
    wanted = as_of_day(as_of)
    today = today or datetime.now(ZoneInfo(timezone) if timezone else None).date()
    days = _totals.count_days(stored.totals)
    day = wanted or (_as_of.latest_as_of(days, today) if days else today)
    if days:
        _as_of.check_as_of(days, day)
    codes = _totals.total_codes(_totals.cut_totals(stored.totals, day_number(day)))
    if _check.LINE not in codes:
        raise LedgerError(no_line_left(stored, codes, _examples(stored.examples, day), stored.digits))
    return day


def stored_report(
    stored: StoredSums, as_of: date, rules: Rules, count: Callable[[date], Counted], *, latest: bool
) -> LedgerReport:
    """Write the report that `load_ledger` would write of the same rows.

    Parameters
    ----------
    stored : StoredSums
        All months.
    as_of : date
        Of `choose_as_of`.
    rules : Rules
        Which rows count.
    count : callable
        Answers what takes a query.
    latest : bool
        Whether the day was found, not given.

    Returns
    -------
    LedgerReport
    """
    cut = _totals.cut_totals(stored.totals, day_number(as_of))
    codes, examples = _totals.total_codes(cut), _examples(stored.examples, as_of)
    days, sums = _totals.count_days(stored.totals), _sums(stored, cut, as_of, count(as_of))
    values, zoned = stored.unreadable_values, stored.rows_with_zone
    found = Findings(stored, values, zoned, rules, days, codes, examples, sums, latest)
    return write_report(found, as_of, stored.currency, stored.digits)


def _sums(stored: StoredSums, cut: Sequence[RowTotal], as_of: date, counted: Counted) -> LedgerSums:
    used = [total for total in cut if total.code == _check.LINE]
    copies = [total for total in stored.copies if total.day < day_number(as_of)]
    shown = _examples(stored.copy_examples, as_of).get(_check.LINE, {})
    return _totals.add_up(stored.columns, used, copies, counted, shown)


def _examples(found: Sequence[_Example], as_of: date) -> dict[int, Mapping[str, str]]:
    """Take the first of each code, without those that wait."""
    waiting = (_check.LINE, _check.code_of("excluded"), _check.code_of("refund_ignored"))
    first: dict[int, str] = {}
    for day, code, text in found:
        if code not in waiting or day < day_number(as_of):
            first[code] = min(first.get(code, text), text)
    return {code: _totals.split_example(text) for code, text in first.items()}
