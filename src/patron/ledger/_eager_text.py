"""Text and ids of eager frames.

In: a pandas series of any kind. Out: plain trimmed text, each distinct value looked at once.
"""

from __future__ import annotations

import math
from datetime import date, datetime
from decimal import Decimal
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd

from patron.ledger._numbertext import BLANKS, NOTHING

_EXACT = 2.0**53


def plain_series(series: pd.Series[Any]) -> pd.Series[Any]:
    """Take off the Arrow and categorical wrappings that behave differently from pandas' own types."""
    if isinstance(series.dtype, pd.CategoricalDtype):
        return series.astype(object)
    if not isinstance(series.dtype, pd.ArrowDtype):
        return series
    if pd.api.types.is_integer_dtype(series.dtype):
        return series.astype("Int64")
    if pd.api.types.is_float_dtype(series.dtype):
        return series.astype("float64")
    return series.astype(object)


def text_of(value: object) -> str | None:
    """Return the plain text of one value, None for nothing.

    >>> text_of(12345.0), text_of(" 0012\u3000"), text_of(float("nan"))
    ('12345', '0012', None)
    """
    if isinstance(value, str):
        text = value.strip(BLANKS)
        return None if text in NOTHING else text
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Real | Decimal):
        return _number_text(value)
    return str(value)


def _number_text(value: Any) -> str | None:
    if isinstance(value, Integral):
        return str(int(value))
    if not math.isfinite(value):
        return None
    if value == math.floor(value) and abs(value) < _EXACT:
        return str(int(value))
    return str(value if isinstance(value, Decimal) else float(value))


def factorized(series: pd.Series[Any]) -> tuple[np.ndarray[Any, Any], list[object]]:
    """Return row codes (-1 = missing) and the distinct values."""
    try:
        codes, values = pd.factorize(series)
    except TypeError:  # lists and the like cannot be told apart by hash
        codes, values = pd.factorize(series.map(str))
    return np.asarray(codes), list(values)


def distinct_texts(series: pd.Series[Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return row codes (-1 = nothing there) and the distinct plain texts."""
    codes, values = factorized(plain_series(series))
    of_value, texts = pd.factorize(np.array([*(text_of(v) for v in values), None], dtype=object))
    return np.asarray(of_value)[codes], np.asarray(texts, dtype=object)


def plain_texts(series: pd.Series[Any]) -> pd.Series[Any]:
    """Return ids or names as trimmed text without nothings."""
    codes, texts = distinct_texts(series)
    return pd.Series(with_missing(texts)[codes], dtype=TEXT)


def with_missing(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Append None, which the code -1 then picks."""
    return np.array([*values, None], dtype=object)


#: pandas 3 has its own text type; before it the nullable one was the closest.
TEXT = "str" if int(pd.__version__.split(".", maxsplit=1)[0]) >= 3 else "string"
