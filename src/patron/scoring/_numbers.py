"""Numbers of a reason as people say them.

In:  the values behind a reason. Out: short texts without language, None where a number is missing.
Not here: words (`_reasons_en`, `_reasons_zh`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

#: For fewer values than this pandas costs more than it saves.
_FEW = 16

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


def significant(values: np.ndarray, digits: int) -> np.ndarray:
    """Round to so many significant digits, to the same bits as writing each number and reading it back.

    Parameters
    ----------
    values : numpy.ndarray of float64
        May hold missing values.
    digits : int
        1 to 15.

    Returns
    -------
    numpy.ndarray of the same shape

    Examples
    --------
    >>> significant(np.array([1 / 3, 123456.0, 0.0]), 4).tolist()
    [0.3333, 123500.0, 0.0]
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        power = np.floor(np.log10(np.abs(values)))
        shift = digits - 1 - power
        # powers of ten up to this are exact, and so is one rounding of a product or quotient with them
        easy = np.abs(shift) <= 22
        ten = 10.0 ** np.where(easy, np.abs(shift), 0.0)
        scaled = np.where(shift >= 0, values * ten, values / ten)
        whole = np.rint(scaled)
        found = np.where(shift >= 0, whole / ten, whole * ten)
        easy &= (np.abs(whole) >= 10.0 ** (digits - 1)) & (np.abs(whole) < 10.0**digits)
        # near the middle between two numbers a product may have been rounded to the other side
        easy &= np.abs(np.abs(scaled - np.floor(scaled)) - 0.5) > 1e-4
    plain_ones = easy | (values == 0.0) | np.isnan(values)
    found = np.where(easy, found, values)
    for place in zip(*np.nonzero(~plain_ones), strict=True):
        found[place] = float(f"{values[place]:.{digits - 1}e}")
    return found


def factorized(values: np.ndarray) -> tuple[np.ndarray, list[Any]]:
    """Return which of the known values each one is (-1: missing), and the known values.

    Parameters
    ----------
    values : numpy.ndarray, shape (n,)
        Numbers, or texts and None.

    Returns
    -------
    codes : numpy.ndarray of int, shape (n,)
    known : list

    Examples
    --------
    >>> factorized(np.array(["b", None, "b"], dtype=object))
    (array([ 0, -1,  0]), ['b'])
    """
    if len(values) > _FEW:
        codes, known = pd.factorize(values)
        return codes, known.tolist()
    found: dict[Any, int] = {}
    places = [-1 if v is None or v != v else found.setdefault(v, len(found)) for v in values.tolist()]
    return np.array(places, dtype=np.int64), list(found)


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
