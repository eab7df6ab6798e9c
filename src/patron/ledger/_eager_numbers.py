"""Numbers of eager frames. In: a pandas series of any kind. Out: float64 and what went wrong, per row."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from patron.ledger._eager_text import factorized, plain_series, text_of
from patron.ledger._numbertext import INFINITE, NEGATIVES, number_pattern
from patron.ledger._options import CsvOptions

OK, MISSING, UNREADABLE, NOT_FINITE = 0, 1, 2, 3
#: Beyond it a float no longer holds every minor unit.
LARGEST_MINOR = 2.0**53


@dataclass(frozen=True)
class Numbers:
    """One value per row.

    ``value`` (0 unless ok), ``state`` (0 ok, 1 missing, 2 unreadable, 3 not finite), ``text`` if bad.
    """

    value: np.ndarray[Any, Any]
    state: np.ndarray[Any, Any]
    text: np.ndarray[Any, Any]


def read_numbers(series: pd.Series[Any], options: CsvOptions) -> Numbers:
    """Read a column of numbers or of text."""
    series = plain_series(series)
    kind = series.dtype
    if pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind):
        values = series.to_numpy(dtype="float64", na_value=np.nan)
        state = np.where(np.isnan(values), MISSING, np.where(np.isfinite(values), OK, NOT_FINITE))
        text = np.full(len(values), None, dtype=object)
        text[state == NOT_FINITE] = np.where(values[state == NOT_FINITE] > 0, "inf", "-inf")
        return Numbers(np.where(state == OK, values, 0.0) + 0.0, state, text)  # no negative zero
    codes, distinct = factorized(series)
    read = text_reader(options)
    parsed = [_one(value, read) for value in distinct] + [(0.0, MISSING, None)]
    value = np.array([p[0] for p in parsed], dtype=float)
    state = np.array([p[1] for p in parsed], dtype=int)
    text = np.array([p[2] for p in parsed], dtype=object)
    return Numbers(value[codes] + 0.0, state[codes], text[codes])


def _one(value: object, read: Callable[[str], tuple[float, int]]) -> tuple[float, int, str | None]:
    if isinstance(value, Real | Decimal) and not isinstance(value, bool | np.bool_):
        number = float(value)
        if np.isnan(number):
            return 0.0, MISSING, None
        return (number, OK, None) if np.isfinite(number) else (0.0, NOT_FINITE, str(number))
    text = text_of(value)
    if text is None:
        return 0.0, MISSING, None
    number, state = read(text)
    return number, state, None if state == OK else text


def text_reader(options: CsvOptions) -> Callable[[str], tuple[float, int]]:
    """Return a function text -> (number, state)."""
    whole, infinite = re.compile(number_pattern(options)), re.compile(INFINITE)

    def read(text: str) -> tuple[float, int]:
        text = text.replace("\u2212", "-")
        for pattern, replacement in NEGATIVES:
            text = re.sub(pattern, replacement, text)
        if not whole.fullmatch(text):
            return 0.0, NOT_FINITE if infinite.fullmatch(text) else UNREADABLE
        if options.thousands:
            text = text.replace(options.thousands, "")
        number = float(text.replace(options.decimal, "."))
        return (number, OK) if np.isfinite(number) else (0.0, NOT_FINITE)

    return read


def minor_units(
    numbers: Numbers, digits: int
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Round half-even to minor units; also what rounding took, in millionths of a unit, and the state."""
    exact = numbers.value * float(10**digits)
    state = np.where((numbers.state == OK) & (np.abs(exact) > LARGEST_MINOR), NOT_FINITE, numbers.state)
    exact = np.where(state == OK, exact, 0.0)
    minor = np.rint(exact)
    return minor.astype(np.int64), np.rint((exact - minor) * 1e6).astype(np.int64), state
