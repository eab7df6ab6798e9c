"""The data report on the screen."""

from __future__ import annotations

from pathlib import Path

from patron.cli import screen
from patron.ledger import LedgerReport


def print_data_report(report: LedgerReport, config: Path, set_aside: Path | None = None) -> None:
    """Print rows and money in, used and set aside, then the months.

    Parameters
    ----------
    report : LedgerReport
        Of a checked ledger.
    config : Path
        For the next command.
    set_aside : Path, optional
        The file of the rows set aside.
    """
    unit = report.currency or ""
    aside = sum(entry.rows for entry in report.set_aside.values())
    rows = [
        ("rows in", f"{report.rows_in:,}", f"{report.amount_in:,.2f}", ""),
        ("used", f"{report.rows_used:,}", f"{report.amount_used:,.2f}", ""),
        (f"later than {report.as_of}", f"{report.later:,}", f"{report.amount_later:,.2f}", ""),
        *(
            (f"set aside: {reason}", f"{entry.rows:,}", f"{entry.amount:,.2f}", entry.example or "")
            for reason, entry in report.set_aside.items()
        ),
    ]
    screen.table(
        f"Orders before {report.as_of}", ["", "rows", f"amount {unit}".strip(), "for instance"], rows
    )
    screen.say(
        f"{report.rows_in:,} rows in = {report.rows_used:,} used + {aside:,} set aside "
        f"+ {report.later:,} later."
    )
    if set_aside is not None:
        screen.say(f"The rows set aside, each with its line and reason: {set_aside}")
    screen.say(
        f"{report.customers:,} customers, {report.orders:,} orders, {report.first_day} to {report.last_day}; "
        f"rounding {report.rounding:,.2f}."
    )
    screen.say("")
    months = [(m.month, f"{m.orders:,}", f"{m.revenue:,.2f}") for m in report.months]
    screen.table("By month, to compare with the ERP", ["month", "orders", f"revenue {unit}".strip()], months)
    for warning in report.warnings:
        screen.say(f"Warning: {warning}")
    if report.usable:
        screen.say(f"Next: patron train {config}")
