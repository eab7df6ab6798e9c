"""Dates written as text.

In: how many texts have which shape. Out: the shapes to parse, decided once for every engine.

A shape is a regular expression that both Python and DuckDB's RE2 understand, with groups ``y mo d hh mi ss
fr ap tz bn y2``.
Not here: applying it (``_eager_dates``, ``_sql_dates``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from patron.errors import LedgerError

#: Groups a shape may have: year, month, day, hour, minute, second, fraction, am/pm, zone, month name, two-
#: digit year.
GROUPS = ("y", "mo", "d", "hh", "mi", "ss", "fr", "ap", "tz", "bn", "y2")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

_ZONE = "(?P<tz>Z|UTC|[+-][0-9]{2}:?[0-9]{2})"
_TIME = (
    "(?:[T ] *(?P<hh>[0-9]{1,2}):(?P<mi>[0-9]{2})(?::(?P<ss>[0-9]{2})(?:[.,](?P<fr>[0-9]{1,9}))?)?"
    f" ?(?P<ap>[AaPp][Mm])? ?{_ZONE}?)?"
)
_YEAR, _MONTH, _DAY = "(?P<y>[1-9][0-9]{3})", "(?P<mo>[0-9]{1,2})", "(?P<d>[0-9]{1,2})"
_NAME, _MARK = "(?P<bn>[A-Za-z]{3,9})", "[-/.]"

SHAPES: dict[str, str] = {
    "year first": f"{_YEAR}{_MARK}{_MONTH}{_MARK}{_DAY}{_TIME}",
    "Chinese": f"{_YEAR}年 ?{_MONTH}月 ?{_DAY}日{_TIME}",
    "eight digits": f"{_YEAR}(?P<mo>[0-9]{{2}})(?P<d>[0-9]{{2}}){_TIME}",
    "day, month name": f"{_DAY}[- /]?{_NAME}[.]?[- /,]*{_YEAR}{_TIME}",
    "month name, day": f"{_NAME}[.]? {_DAY},? {_YEAR}{_TIME}",
    "day first": f"{_DAY}{_MARK}{_MONTH}{_MARK}{_YEAR}{_TIME}",
    "month first": f"{_MONTH}{_MARK}{_DAY}{_MARK}{_YEAR}{_TIME}",
}
#: What to count before deciding: texts that only make sense with the day, or with the month, in front.
_TENS = "(1[3-9]|2[0-9]|3[01])"
PROBES: dict[str, str] = {
    **{name: shape for name, shape in SHAPES.items() if name != "month first"},
    "only day first": f"{_TENS}{_MARK}0?([1-9]|1[0-2]){_MARK}[1-9][0-9]{{3}}([T ].*)?",
    "only month first": f"0?([1-9]|1[0-2]){_MARK}{_TENS}{_MARK}[1-9][0-9]{{3}}([T ].*)?",
}
_DIRECTIVES = {
    "%Y": _YEAR, "%y": "(?P<y2>[0-9]{2})", "%m": _MONTH, "%d": _DAY, "%b": _NAME, "%B": _NAME,
    "%H": "(?P<hh>[0-9]{1,2})", "%I": "(?P<hh>[0-9]{1,2})", "%M": "(?P<mi>[0-9]{1,2})",
    "%S": "(?P<ss>[0-9]{1,2})", "%f": "(?P<fr>[0-9]{1,9})", "%p": "(?P<ap>[AaPp][Mm])", "%z": _ZONE,
}  # fmt: skip


@dataclass(frozen=True)
class ShapeCounts:
    """How a column of text dates looks: rows per probe, and one text that could be read both ways."""

    rows: Mapping[str, int]
    example: str | None = None


def shape_of_format(date_format: str) -> str:
    """Turn a strptime format into a shape.

    >>> import re
    >>> re.fullmatch(shape_of_format("%m/%d/%y %H:%M"), "12/1/10 8:26")["mo"]
    '12'
    """
    parts = re.split("(%[A-Za-z%])", date_format)
    unknown = [p for p in parts if re.fullmatch("%[A-Za-z]", p) and p not in _DIRECTIVES]
    if unknown:
        message = f"csv.date_format {date_format!r} uses {unknown[0]}; known are {' '.join(_DIRECTIVES)}"
        raise LedgerError(message)
    shape = "".join(_DIRECTIVES.get(p, re.escape("%" if p == "%%" else p)) for p in parts)
    groups = re.findall("P<([a-z0-9]+)>", shape)
    if len(set(groups)) < len(groups) or not {"d"} <= set(groups) or not {"y", "y2"} & set(groups):
        message = f"csv.date_format {date_format!r} must name year, month and day once each, like %d/%m/%Y"
        raise LedgerError(message)
    return shape


def choose_shapes(counts: ShapeCounts, date_format: str | None, column: str) -> tuple[str, ...]:
    """Decide how the text dates of a column are read.

    ``03/04/2011`` is only read when other values of the column (``25/04/2011``) say which number is the
    day. A minority of
    less than one in twenty that contradicts them stays unreadable.

    Raises
    ------
    LedgerError
        Nothing decides, or the column mixes both orders.
    """
    if date_format is not None:
        return (shape_of_format(date_format),)
    rows = counts.rows
    chosen = [name for name in SHAPES if name not in ("day first", "month first") and rows.get(name, 0)]
    if not rows.get("day first", 0):
        return tuple(SHAPES[name] for name in chosen)
    day_first, month_first = rows.get("only day first", 0), rows.get("only month first", 0)
    advice = 'say csv: {date_format: "%d/%m/%Y"} or "%m/%d/%Y" (add " %H:%M:%S" where there is a time)'
    if not day_first and not month_first:
        message = (
            f"{rows['day first']:,} dates in {column!r} like {counts.example!r} can be read day "
            "first or month first, "
            f"and no value decides; {advice}"
        )
        raise LedgerError(message)
    if min(day_first, month_first) * 20 > max(day_first, month_first):
        message = (
            f"{column!r} mixes day-first ({day_first:,} rows) and month-first dates ({month_first:,} rows); "
            f"write them one way, or {advice}"
        )
        raise LedgerError(message)
    return tuple(SHAPES[n] for n in [*chosen, "day first" if day_first > month_first else "month first"])
