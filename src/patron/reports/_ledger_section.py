"""What happened to the rows of the ledger, in words.

In: the ledger report. Out: written rows that add up, reasons, warnings. Not here: the checks themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from patron.reports._language import Language, as_number
from patron.reports._picture import Table


@dataclass(frozen=True)
class LedgerSection:
    """Everything the page says about the data."""

    span: str
    balance: Table
    verdict: str
    adds_up: bool
    aside: Table
    warnings: Sequence[str]


def ledger_section(ledger: Mapping[str, Any], words: Language) -> LedgerSection | None:
    """Write the data section; None where there is no ledger report."""
    if as_number(ledger.get("rows_in")) is None:
        return None
    aside = ledger.get("set_aside") or {}
    verdict, adds_up = _verdict(ledger, aside, words)
    return LedgerSection(
        span=_span(ledger, words),
        balance=_balance(ledger, aside, words),
        verdict=verdict,
        adds_up=adds_up,
        aside=_aside(aside, words),
        warnings=[str(warning) for warning in ledger.get("warnings") or []],
    )


def _rows_aside(aside: Mapping[str, Any]) -> int:
    return sum(int(as_number(entry.get("rows")) or 0) for entry in aside.values())


def _verdict(ledger: Mapping[str, Any], aside: Mapping[str, Any], words: Language) -> tuple[str, bool]:
    rows_in, used, later = (int(as_number(ledger.get(key)) or 0) for key in ("rows_in", "rows_used", "later"))
    accounted = used + later + _rows_aside(aside)
    if accounted != rows_in:
        said = words.text("adds_up_not", rows_in=words.integer(rows_in), accounted=words.integer(accounted))
        return said, False
    numbers = {"rows_in": rows_in, "rows_used": used, "set_aside": accounted - used - later, "later": later}
    return words.text("adds_up", **{key: words.integer(n) for key, n in numbers.items()}), True


def _span(ledger: Mapping[str, Any], words: Language) -> str:
    return words.text(
        "ledger_span",
        customers=words.count("customers", ledger.get("customers")),
        orders=words.integer(ledger.get("orders")),
        first=words.date(ledger.get("first_day")),
        last=words.date(ledger.get("last_day")),
    )


def _balance(ledger: Mapping[str, Any], aside: Mapping[str, Any], words: Language) -> Table:
    amounts = [as_number(entry.get("amount")) for entry in aside.values()]
    total = sum(amount for amount in amounts if amount is not None)
    lines: list[tuple[str, object, object]] = [
        (words.text("rows_in"), ledger.get("rows_in"), ledger.get("amount_in")),
        ("− " + words.text("set_aside_total"), _rows_aside(aside), total),
        (
            "− " + words.text("later", date=words.date(ledger.get("as_of"))),
            ledger.get("later"),
            ledger.get("amount_later"),
        ),
    ]
    lines.append(("= " + words.text("rows_used"), ledger.get("rows_used"), ledger.get("amount_used")))
    if abs(as_number(ledger.get("rounding")) or 0.0) >= 0.005:
        lines.append((words.text("rounding"), None, ledger.get("rounding")))
    header = (words.text("line"), words.text("row_count"), words.text("amount"))
    return Table(
        header, [(name, words.integer(rows), words.exact_money(money)) for name, rows, money in lines]
    )


def _aside(aside: Mapping[str, Any], words: Language) -> Table:
    header = [words.text(key) for key in ("reason", "row_count", "amount", "example")]
    rows = [
        (
            words.label("aside", reason),
            words.integer(entry.get("rows")),
            words.exact_money(entry.get("amount")),
            _example(entry.get("example"), words),
        )
        for reason, entry in aside.items()
        if as_number(entry.get("rows"))
    ]
    return Table(header, rows)


def _example(example: object, words: Language) -> str:
    if example is None or example == "":
        return words.text("missing")
    if isinstance(example, Mapping):
        return ", ".join(f"{key}: {value}" for key, value in example.items())
    return str(example)
