"""Numbers, money, dates and words of one language.

In: values. Out: text as a reader of that language writes it. Not here: the words themselves
(`strings_en.json`, `strings_zh.json`: key -> text, ``one|many`` for two plural forms) and what is said
with them.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files

import pandas as pd

from patron.errors import PatronError
from patron.scoring import WITHOUT_DECIMALS, symbol_of


def _table(code: str) -> dict[str, str]:
    """Read the words of one language; the groups in the file are for its editors."""
    groups = json.loads(files("patron.reports").joinpath(f"strings_{code}.json").read_text(encoding="utf-8"))
    return {key: text for group in groups.values() for key, text in group.items()}


TABLES: dict[str, Mapping[str, str]] = {code: _table(code) for code in ("en", "zh")}

#: Short forms of large numbers: Chinese counts in ten thousands, English in thousands.
SCALES: dict[str, tuple[tuple[float, str], ...]] = {
    "en": ((1e9, "bn"), (1e6, "m"), (1e3, "k")),
    "zh": ((1e8, "亿"), (1e4, "万")),
}
SHORT_FROM = 1e5

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
LONG_MONTHS = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)


def as_number(value: object) -> float | None:
    """Give a finite float, or None for anything missing or not a number."""
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def as_date(value: object) -> dt.date | None:
    """Give a date from a date, a timestamp or ISO text; None for anything missing or unreadable."""
    stamp = (
        pd.to_datetime(value, errors="coerce") if isinstance(value, str | dt.date | pd.Timestamp) else None
    )
    return None if stamp is None or pd.isna(stamp) else stamp.date()


@dataclass(frozen=True)
class Language:
    """How one language writes things.

    Parameters
    ----------
    code : str
        ``en`` or ``zh``.
    currency : str or None
        ISO code of every amount; None writes bare numbers.
    decimals : int
        Decimals of single amounts.

    Examples
    --------
    >>> Language("en", "GBP", 0).short_money(1_234_567)
    '£1.23m'
    >>> Language("zh", "CNY", 0).short_money(1_234_567)
    '¥123万'
    """

    code: str
    currency: str | None
    decimals: int

    @property
    def tag(self) -> str:
        """The BCP 47 tag for HTML and for number formats in the browser."""
        return {"en": "en-GB", "zh": "zh-CN"}[self.code]

    @property
    def symbol(self) -> str:
        """What stands before an amount."""
        return symbol_of(self.currency)

    def has(self, key: str) -> bool:
        """Say whether there is a text for `key`."""
        return key in TABLES[self.code]

    def text(self, key: str, **values: object) -> str:
        """Fill in the text of `key`."""
        return TABLES[self.code][key].format(**values)

    def label(self, family: str, value: object) -> str:
        """Give the word for a code such as a tier, or the code itself with its underscores opened."""
        if value is None or pd.isna(value):  # type: ignore[call-overload]
            return self.text("missing")
        key = f"{family}_{value}"
        return self.text(key) if self.has(key) else str(value).replace("_", " ")

    def count(self, key: str, n: object) -> str:
        """Give a number with its noun in the right plural form."""
        number = as_number(n)
        forms = TABLES[self.code][key].split("|")
        return (forms[0] if number == 1 else forms[-1]).format(n=self.integer(n))

    def joined(self, *sentences: str | None) -> str:
        """Put sentences one after another, with a space where the language has one."""
        return (" " if self.code == "en" else "").join(said for said in sentences if said)

    def listing(self, items: Iterable[str]) -> str:
        """Put items side by side."""
        return ("、" if self.code == "zh" else ", ").join(items)

    def titled(self, name: str, said: str) -> str:
        """Put a name before what is said of it."""
        return self.text("titled", name=name, said=said)

    def aside(self, said: str, beside: str) -> str:
        """Put something into brackets after something else."""
        return self.text("aside", said=said, beside=beside)

    def integer(self, value: object) -> str:
        """Write a whole number with separators."""
        return self.number(value, 0)

    def number(self, value: object, digits: int) -> str:
        """Write a number with separators and fixed decimals."""
        number = as_number(value)
        if number is None:
            return self.text("missing")
        # adding zero turns a rounded -0.0 into 0.0, which would print a minus sign before nothing
        return f"{round(number, digits) + 0.0:,.{digits}f}".replace("-", "−")

    def percent(self, value: object, digits: int = 0) -> str:
        """Write a share as percent; tiny and nearly full shares say so instead of 0 and 100."""
        number = as_number(value)
        if number is None:
            return self.text("missing")
        smallest = 10.0**-digits
        if 0 < number * 100 < smallest / 2:
            return f"<{smallest:.{digits}f}%"
        if 100 - smallest / 2 < number * 100 < 100:
            return f">{100 - smallest:.{digits}f}%"
        return self.number(number * 100, digits) + "%"

    def signed_percent(self, value: object, digits: int = 0) -> str:
        """Write a change with its sign."""
        number = as_number(value)
        plus = "+" if number is not None and round(number * 100, digits) > 0 else ""
        return (
            plus + self.number(None if number is None else number * 100, digits) + "%" * (number is not None)
        )

    def money(self, value: object) -> str:
        """Write an amount in full."""
        return self._with_symbol(self.number(value, self.decimals))

    def exact_money(self, value: object) -> str:
        """Write an amount to the currency's last decimal, for sums people compare with their books."""
        return self._with_symbol(self.number(value, 0 if self.currency in WITHOUT_DECIMALS else 2))

    def short_money(self, value: object) -> str:
        """Write an amount in three figures once it is large."""
        number = as_number(value)
        if number is None or abs(number) < SHORT_FROM:
            return self.money(value)
        return self._with_symbol(self._short(number))

    def axis_money(self, value: object) -> str:
        """Write a round amount beside an axis, without decimals that say nothing."""
        whole, _, rest = self.short_money(value).partition(".")
        digits = rest.rstrip("".join(unit for _, unit in SCALES[self.code]))
        kept = digits.rstrip("0")
        return whole + ("." + kept if kept else "") + rest[len(digits) :]

    def _short(self, number: float) -> str:
        rounded = float(f"{number:.3g}")
        size, unit = next(scale for scale in SCALES[self.code] if abs(rounded) >= scale[0])
        shown = rounded / size
        digits = 2 if abs(shown) < 10 else 1 if abs(shown) < 100 else 0
        return self.number(shown, digits) + unit

    def _with_symbol(self, written: str) -> str:
        if written == self.text("missing"):
            return written
        return "−" + self.symbol + written[1:] if written.startswith("−") else self.symbol + written

    def date(self, value: object) -> str:
        """Write a date with the month in words."""
        day = as_date(value)
        if day is None:
            return self.text("missing")
        if self.code == "zh":
            return f"{day.year}年{day.month}月{day.day}日"
        return f"{day.day} {LONG_MONTHS[day.month - 1]} {day.year}"

    def quarter(self, value: object) -> str:
        """Write the quarter a date lies in."""
        day = as_date(value)
        if day is None:
            return self.text("missing")
        number = (day.month + 2) // 3
        return f"{day.year}年第{number}季度" if self.code == "zh" else f"Q{number} {day.year}"

    def month(self, value: str) -> str:
        """Write a month given as ``2011-08``."""
        year, _, number = str(value).partition("-")
        if not (year.isdigit() and number.isdigit() and 1 <= int(number) <= 12):
            return str(value)
        return f"{year}年{int(number)}月" if self.code == "zh" else f"{MONTHS[int(number) - 1]} {year}"


def language_for(code: str, currency: object, typical_amount: float | None) -> Language:
    """Choose the language, and decimals that fit the size of the money.

    Parameters
    ----------
    code : str
        ``en`` or ``zh``.
    currency : object
        ISO code or anything missing.
    typical_amount : float or None
        A usual amount per customer, in currency units.

    Returns
    -------
    Language
        Writes amounts of 100 and more without decimals.

    Raises
    ------
    PatronError
        For a language there is no table for.
    """
    if code not in TABLES:
        raise PatronError(
            f"there is no report in language {code!r}: choose one of {', '.join(TABLES)}",
            next_step="set language: en (or zh) in the config, or pass --lang en",
        )
    iso = currency if isinstance(currency, str) and currency else None
    small = typical_amount is not None and typical_amount < 100 and iso not in WITHOUT_DECIMALS
    return Language(code, iso, 2 if small else 0)
