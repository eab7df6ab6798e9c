"""From exact sums to the report and its warnings. In: findings. Out: a `LedgerReport`. Not here: the sums."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from patron.ledger._as_of import DayCount, as_date, early_warning
from patron.ledger._check import LATER, code_of
from patron.ledger._options import Rules
from patron.ledger._totals import CodeTotal, LedgerSums, LineTotals
from patron.ledger.report import REASONS, LedgerReport, MonthTotal, SetAside

_MANY_DUPLICATES = 0.10


class Origin(Protocol):
    """Where rows came from, and the lines there that are no records."""

    @property
    def where(self) -> str:
        """What to call it in messages."""

    @property
    def unreadable(self) -> int:
        """Lines that are no records at all."""

    @property
    def unreadable_example(self) -> str | None:
        """One of them."""


@dataclass(frozen=True)
class Findings:
    """Everything the check found."""

    origin: Origin
    unreadable_values: Mapping[str, int]
    rows_with_zone: int
    rules: Rules
    days: list[DayCount]
    codes: Mapping[int, CodeTotal]
    examples: Mapping[int, Mapping[str, str]]
    sums: LedgerSums
    latest: bool


def write_report(found: Findings, as_of: date, currency: str | None, digits: int) -> LedgerReport:
    """Turn integers into the report."""
    sums, lines = found.sums, found.sums.lines
    scale = 10**digits
    aside = _set_aside(found, lines, scale)
    later = found.codes.get(LATER, CodeTotal(0, 0, 0))
    two_days = sum(d.orders > 0 for d in found.days if as_date(d.day) < as_of) >= 2
    return LedgerReport(
        as_of=as_of,
        first_day=as_date(lines.first_day),
        last_day=as_date(lines.last_day),
        currency=currency,
        rows_in=sum(c.rows for c in found.codes.values()) + found.origin.unreadable,
        rows_used=lines.rows,
        later=later.rows,
        set_aside=aside,
        amount_in=sum(c.amount for c in found.codes.values()) / scale,
        amount_used=lines.amount / scale,
        amount_later=later.amount / scale,
        rounding=lines.rest / 1e6 / scale,
        customers=lines.customers,
        orders=sums.orders,
        months=[
            MonthTotal(_month(m), sums.month_orders.get(m, 0), total / scale)
            for m, total in sums.month_amounts.items()
        ],
        warnings=_warnings(found, lines, later.rows),
        usable=lines.customers >= 2 and two_days,
    )


def _month(months: int) -> str:
    return f"{1970 + months // 12:04d}-{months % 12 + 1:02d}"


def _set_aside(found: Findings, lines: LineTotals, scale: int) -> dict[str, SetAside]:
    aside = {}
    for reason in REASONS:
        total = found.codes.get(code_of(reason))
        if reason == "unreadable_line" and found.origin.unreadable:
            aside[reason] = SetAside(found.origin.unreadable, 0.0, found.origin.unreadable_example)
        elif reason == "duplicate" and lines.copies:
            shown = example_in_words(found.sums.copy, scale)
            aside[reason] = SetAside(lines.copies, lines.copies_amount / scale, shown)
        elif total is not None:
            shown = example_in_words(found.examples[code_of(reason)], scale)
            aside[reason] = SetAside(total.rows, total.amount / scale, shown)
    return aside


def example_in_words(parts: Mapping[str, str], scale: int) -> str:
    """Describe one row by what can be read of it; lines, which have no states, are readable."""
    words = [f"{name} {parts[name]!r}" for name in ("customer_id", "order_id") if parts[name]]
    if parts["date_state"] in ("", "0"):
        words.append(f"on {as_date(int(parts['day']))}")
    elif parts["date_text"]:
        words.append(f"date {parts['date_text']!r}")
    if parts["amount_state"] in ("", "0"):
        words.append(f"amount {int(parts['amount_minor']) / scale}")
    elif parts["amount_text"]:
        words.append(f"amount {parts['amount_text']!r}")
    return ", ".join(words) or "an empty row"


def no_line_left(
    opened: Origin, codes: Mapping[int, CodeTotal], examples: Mapping[int, Mapping[str, str]], digits: int
) -> list[str]:
    """Say why no row can be used."""
    rows = sum(c.rows for c in codes.values()) + opened.unreadable
    reasons = (
        [f"unreadable_line {opened.unreadable:,} ({opened.unreadable_example})"] if opened.unreadable else []
    )
    for reason in REASONS:
        if code_of(reason) in codes:
            shown = example_in_words(examples[code_of(reason)], 10**digits)
            reasons.append(f"{reason} {codes[code_of(reason)].rows:,} (e.g. {shown})")
    if LATER in codes:
        reasons.append(f"later {codes[LATER].rows:,}")
    first = (
        f"{opened.where}: none of {rows:,} rows can be used: {'; '.join(reasons)}; correct "
        "ledger.columns or csv"
    )
    return [first, *_text_hints(codes, examples)]


def _text_hints(codes: Mapping[int, CodeTotal], examples: Mapping[int, Mapping[str, str]]) -> list[str]:
    said = []
    amount, date_ = code_of("unreadable_amount"), code_of("unreadable_date")
    if amount in codes:
        text = examples[amount]["amount_text"]
        advice = _mark_advice(text)
        said += [f"{codes[amount].rows:,} amounts like {text!r} are unreadable; {advice}"] if advice else []
    if date_ in codes:
        said.append(
            f"{codes[date_].rows:,} dates like {examples[date_]['date_text']!r} are unreadable; "
            "where they follow "
            'a format of their own, say csv: {date_format: "%m/%d/%y %H:%M"} or the like'
        )
    return said


def _mark_advice(text: str) -> str:
    if re.fullmatch(r"[+-]?([0-9]{1,3}([.][0-9]{3})+|[0-9]+),[0-9]{1,2}", text):
        thousands = ', thousands: "."' if "." in text else ""
        return f'if the comma is the decimal mark, say csv: {{decimal: ","{thousands}}}'
    if re.fullmatch(r"[+-]?[0-9]{1,3}(,[0-9]{3})+([.][0-9]*)?", text):
        return 'if the comma groups thousands, say csv: {thousands: ","}'
    return ""


def _warnings(found: Findings, lines: LineTotals, later: int) -> list[str]:
    columns = found.sums.columns
    said = [
        *_text_hints(found.codes, found.examples),
        *early_warning(found.days),
        *_typing_warnings(found),
        *_cost_warning(found.sums.without_cost),
    ]
    if found.latest and later:
        said.append(f"{later:,} rows are dated after the last order up to today and wait as 'later'")
    turned = sum(c.turned for c in found.codes.values())
    if turned:
        said.append(
            f"{turned:,} lines of orders starting with {found.rules.refund_prefix!r} have a positive amount; "
            "they are booked as refunds (negative)"
        )
    missing = [name for name in ("order_id", "product_id") if name not in columns]
    share = lines.copies / (lines.rows + lines.copies)
    if missing and share > _MANY_DUPLICATES:
        said.append(
            f"{lines.copies:,} rows ({share:.0%}) are dropped as duplicates while "
            f"{' and '.join(missing)} is not mapped; "
            "map it under ledger.columns, or set duplicates: keep"
        )
    if lines.float_ids * 2 > lines.rows:
        said.append(
            f"{lines.float_ids:,} customer ids end in '.0' (an id column saved as a number); export "
            "them as text"
        )
    if lines.customers == 1:
        said.append("all lines belong to one customer; nothing can be trained on them")
    if lines.first_day == lines.last_day:
        said.append(f"all lines are on one day, {as_date(lines.first_day)}; nothing can be trained on them")
    return said


def _cost_warning(bare: int | None) -> list[str]:
    return [f"{bare:,} order lines have no cost; their whole amount counts as margin"] if bare else []


def _typing_warnings(found: Findings) -> list[str]:
    said = [
        f"{rows:,} values of {name} are unreadable and left empty; the rows are used"
        for name, rows in found.unreadable_values.items()
        if rows
    ]
    if found.rows_with_zone:
        said.append(
            f"{found.rows_with_zone:,} order times carry a time zone and are taken as they stand; "
            "set ledger.timezone to convert them"
        )
    return said
