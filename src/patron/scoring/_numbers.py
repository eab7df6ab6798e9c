"""Numbers of a reason as people say them.

In:  the values behind a reason. Out: short texts without language, None where a number is missing.
Not here: words (`_reasons_en`, `_reasons_zh`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

#: Feature (or a word such as ``effect``) -> number, word, or names.
Values = Mapping[str, "float | str | Sequence[str]"]


class Facts(NamedTuple):
    """What is said about one driver of one customer.

    Parameters
    ----------
    now : str
        The customer's present.
    past : str
        Its own past, to hold the present against; empty where there is none.
    comparable : bool
        Whether the present is a number that other customers have as well.
    """

    now: str
    past: str = ""
    comparable: bool = True


def number_of(values: Values, name: str) -> float | None:
    """Return a number, None where it is missing or a word."""
    value = values.get(name)
    return float(value) if isinstance(value, int | float) else None


def plain(value: float) -> str:
    """Write a number as people do: whole from 10 on, one decimal below where it needs one.

    Examples
    --------
    >>> plain(1234.5), plain(3.0), plain(2.54)
    ('1,234', '3', '2.5')
    """
    whole = abs(value) >= 10 or f"{value:.1f}".endswith(".0")
    return f"{value + 0.0:,.0f}" if whole else f"{value:.1f}"


def whole_days(value: float) -> int:
    """Round to whole days, half up, at least one.

    Examples
    --------
    >>> whole_days(10.5), whole_days(0.2)
    (11, 1)
    """
    return max(int(value + 0.5), 1)


def halves(value: float) -> tuple[str, float]:
    """Write a count; the median of two counts lies between them. Also gives the number for the plural.

    Examples
    --------
    >>> halves(2.0), halves(2.5)
    (('2', 2.0), ('2–3', 3.0))
    """
    return (plain(value), value) if value == int(value) else (f"{int(value)}–{int(value) + 1}", value + 0.5)


def percent(value: float) -> str:
    """Write a share as percent; more than nothing is never 0%.

    Examples
    --------
    >>> percent(0.124), percent(0.001)
    ('12%', '<1%')
    """
    return "<1%" if 0 < value < 0.005 else f"{100 * value:.0f}%"


def earlier_half(values: Values, last: str, both: str) -> float | None:
    """Return what lies in the longer of two windows less what lies in the shorter."""
    recent, everything = number_of(values, last), number_of(values, both)
    return None if recent is None or everything is None else max(everything - recent, 0.0)


def told_names(values: Values, prefix: str) -> list[str]:
    """Return the features to tell, strongest first; all of them, by name, where none are singled out."""
    told = values.get("told")
    if isinstance(told, Sequence) and not isinstance(told, str):
        return [name for name in told if name in values]
    return sorted(name for name in values if name.startswith(prefix))
