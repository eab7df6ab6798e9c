"""Money as people read it: the same symbols in reasons, worklists, reports and on the screen.

In:  an amount in currency units and an ISO code. Out: text.
Not here: short forms such as £1.2m (`patron.reports`).
"""

from __future__ import annotations

SYMBOLS = {
    "AUD": "A$",
    "CAD": "C$",
    "CNY": "¥",
    "EUR": "€",
    "GBP": "£",
    "HKD": "HK$",
    "INR": "₹",
    "JPY": "¥",
    "KRW": "₩",
    "TWD": "NT$",
    "USD": "$",
}
WITHOUT_DECIMALS = frozenset({"JPY", "KRW", "CLP", "ISK", "VND"})
#: From this amount on decimals say nothing.
WHOLE_FROM = 100


def symbol_of(currency: str | None) -> str:
    """Return what stands before an amount: the symbol, else the code and a space; nothing without a currency.

    Examples
    --------
    >>> symbol_of("GBP"), symbol_of("chf"), symbol_of(None)
    ('£', 'CHF ', '')
    """
    return SYMBOLS.get(currency.upper(), f"{currency.upper()} ") if currency else ""


def money_in_words(amount: float, currency: str | None, digits: int | None = None) -> str:
    """Write an amount with its symbol.

    Parameters
    ----------
    amount : float
        In currency units.
    currency : str or None
        ISO code.
    digits : int, optional
        Decimals; unless given, none from 100 on and two below.

    Returns
    -------
    str

    Examples
    --------
    >>> money_in_words(1234.5, "EUR", 2), money_in_words(-43331.2, "GBP"), money_in_words(5, "CHF")
    ('€1,234.50', '−£43,331', 'CHF 5.00')
    """
    if currency and currency.upper() in WITHOUT_DECIMALS:
        digits = 0
    elif digits is None:
        digits = 0 if abs(amount) >= WHOLE_FROM else 2
    rounded = round(amount, digits) + 0.0
    return f"{'−' if rounded < 0 else ''}{symbol_of(currency)}{abs(rounded):,.{digits}f}"
