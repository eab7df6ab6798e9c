"""The data report.

In: exact sums. Out: what was used, what was set aside and why, in currency. Not here: words for people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

#: Why a row is no line, in the order in which the reasons are tried.
REASONS = (
    "unreadable_line",
    "no_customer",
    "no_date",
    "unreadable_date",
    "no_amount",
    "unreadable_amount",
    "not_finite_amount",
    "excluded",
    "refund_ignored",
    "duplicate",
)


@dataclass(frozen=True)
class SetAside:
    """Rows set aside for one reason.

    Parameters
    ----------
    rows : int
        How many.
    amount : float
        Their readable money, in currency units.
    example : str or None
        One of them, in words.
    """

    rows: int
    amount: float
    example: str | None


@dataclass(frozen=True)
class MonthTotal:
    """A month to compare with the ERP.

    Parameters
    ----------
    month : str
        Like ``2011-08``.
    orders : int
        Distinct orders with a positive line (purchase days where there is no order id).
    revenue : float
        Net revenue of the used lines, refunds subtracted, in currency units.
    """

    month: str
    orders: int
    revenue: float


@dataclass(frozen=True)
class LedgerReport:
    """Rows in = rows used + rows set aside + later rows, and the same for money.

    Parameters
    ----------
    as_of, first_day, last_day : date
        The ledger is known before ``as_of``; first and last day of the used lines.
    currency : str or None
        ISO code.
    rows_in, rows_used, later : int
        Rows; ``later`` are good rows at or after ``as_of``.
    set_aside : mapping of str to SetAside
        Reason -> rows, in the order of `REASONS`; only reasons that occur.
    amount_in, amount_used, amount_later : float
        Readable money in currency units, as booked (refund lines negative).
    rounding : float
        Amounts minus their minor units, summed over the used lines, in currency units.
    customers, orders : int
        Distinct customers of the used lines; distinct orders with a positive line.
    months : list of MonthTotal
        Every month with a used line.
    warnings : list of str
        What a person should look at.
    usable : bool
        At least two customers and orders on at least two days: enough to try to train.
    """

    as_of: date
    first_day: date
    last_day: date
    currency: str | None
    rows_in: int
    rows_used: int
    later: int
    set_aside: Mapping[str, SetAside]
    amount_in: float
    amount_used: float
    amount_later: float
    rounding: float
    customers: int
    orders: int
    months: list[MonthTotal]
    warnings: list[str]
    usable: bool

    def to_dict(self, *, examples: bool = True) -> dict[str, Any]:
        """Return the report as plain JSON values.

        Parameters
        ----------
        examples : bool
            False leaves out the instances: for places where no customer's row may go.

        Returns
        -------
        dict
            Dates as ISO text, null for what is missing.
        """
        return {
            **{name: getattr(self, name).isoformat() for name in ("as_of", "first_day", "last_day")},
            **{
                name: getattr(self, name)
                for name in (
                    "currency",
                    "rows_in",
                    "rows_used",
                    "later",
                    "amount_in",
                    "amount_used",
                    "amount_later",
                )
            },
            "set_aside": {
                reason: {"rows": s.rows, "amount": s.amount, **({"example": s.example} if examples else {})}
                for reason, s in self.set_aside.items()
            },
            "rounding": self.rounding,
            "customers": self.customers,
            "orders": self.orders,
            "months": [{"month": m.month, "orders": m.orders, "revenue": m.revenue} for m in self.months],
            "warnings": list(self.warnings),
            "usable": self.usable,
        }
