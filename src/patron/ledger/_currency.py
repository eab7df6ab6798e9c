"""Currencies and their minor units (ISO 4217). Not here: exchange rates; a ledger holds one currency."""

from __future__ import annotations

import re
from collections.abc import Mapping

from patron.errors import LedgerError

_ZERO_DIGITS = frozenset(
    [
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "UYI",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ]
)
_THREE_DIGITS = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])
_FOUR_DIGITS = frozenset(["CLF", "UYW"])
_ALSO_WRITTEN = {"RMB": "CNY", "人民币": "CNY", "元": "CNY", "€": "EUR", "£": "GBP"}


def minor_digits(currency: str | None) -> int:
    """Digits after the decimal mark; 2 where no currency is named.

    >>> minor_digits("JPY"), minor_digits("KWD"), minor_digits(None)
    (0, 3, 2)
    """
    if currency in _ZERO_DIGITS:
        return 0
    if currency in _THREE_DIGITS:
        return 3
    return 4 if currency in _FOUR_DIGITS else 2


def iso_code(text: str) -> str:
    """Return the ISO code for what people write: case, blanks and a few usual names."""
    code = text.strip().upper()
    return _ALSO_WRITTEN.get(code, code)


def settle_currency(found: Mapping[str, int], configured: str | None) -> str | None:
    """Agree on the ledger's one currency.

    Parameters
    ----------
    found : mapping of str to int
        Rows of each value of the currency column; empty without one.
    configured : str, optional
        What the config says.

    Raises
    ------
    LedgerError
        Two currencies, another one than configured, or a code that is none.
    """
    counts: dict[str, int] = {}
    for text, rows in found.items():
        counts[iso_code(text)] = counts.get(iso_code(text), 0) + rows
    wanted = iso_code(configured) if configured else None
    listed = ", ".join(f"{code} {rows:,} rows" for code, rows in sorted(counts.items()))
    if len(counts) > 1:
        message = (
            f"the ledger holds {len(counts)} currencies ({listed}); give one file per currency, or "
            "convert it first"
        )
        raise LedgerError(message)
    code = next(iter(counts), wanted)
    if wanted and code != wanted:
        message = (
            f"ledger.currency is {wanted}, but the currency column says {listed}; correct ledger.currency"
        )
        raise LedgerError(message)
    if code is not None and not re.fullmatch("[A-Z]{3}", code):
        message = f"currency {code!r} is not an ISO code; write three letters, e.g. GBP, EUR or CNY"
        raise LedgerError(message)
    return code
