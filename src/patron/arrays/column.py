"""One column as numpy arrays: values, which are missing, and for texts the distinct ones with a code per row.

In: arrays or a pandas series. Out: the same as a pandas series again. Not here: arithmetic (``operations``).

A missing float is NaN (as in pandas; the ledger has no other use for NaN), a missing text has the code -1,
integers and booleans carry a mask. Rows are taken from a column when they are first asked for.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

Array = np.ndarray[Any, Any]

_UNKNOWN: Any = object()
_DTYPES = {"b": nw.Boolean(), "f": nw.Float64()}


class Texts:
    """Distinct texts, each of which a code stands for."""

    def __init__(self, values: Array) -> None:
        self.values = values

    def __len__(self) -> int:
        return len(self.values)

    @cached_property
    def code_of(self) -> dict[str, int]:
        """Text -> its code."""
        return {text: code for code, text in enumerate(self.values.tolist())}

    @cached_property
    def order(self) -> Array:
        """Codes in the order of their texts, by code point (as every engine orders bytes of UTF-8)."""
        return np.argsort(self.values, kind="stable")

    @cached_property
    def ranks(self) -> Array:
        """Place of each code in that order."""
        ranks = np.empty(len(self.values), dtype=np.int64)
        ranks[self.order] = np.arange(len(self.values))
        return ranks

    @cached_property
    def pandas(self) -> Any:
        """The texts as pandas' own type."""
        return pd.array(self.values, dtype=TEXT)

    def where(self, test: Any) -> Array:
        """Return which texts pass a test."""
        return np.fromiter(map(test, self.values.tolist()), dtype=bool, count=len(self.values))


#: pandas 3 has its own text type; before it the nullable one was the closest.
TEXT: Any = "str" if int(pd.__version__.split(".", maxsplit=1)[0]) >= 3 else "string"


class Column:
    """Values of one kind, with missing ones; `texts` where the values are codes of texts."""

    __slots__ = ("_null", "_rows", "_source", "_values", "groupings", "texts")

    def __init__(self, values: Array, null: Array | None = _UNKNOWN, texts: Texts | None = None) -> None:
        self._values: Array | None = values
        self._null: Any = null
        if null is _UNKNOWN and texts is None and values.dtype.kind != "f":
            self._null = None
        self._source: Column | None = None
        self._rows: Array | None = None
        self.texts = texts
        #: groupings of which this is the first key, by the identity of the others
        self.groupings: dict[tuple[int, ...], Any] = {}

    @property
    def values(self) -> Array:
        """Numbers, booleans or codes of texts."""
        values = self._values
        if values is None:
            source, rows = self._source, self._rows
            if source is None or rows is None:  # another thread has just taken them
                return np.asarray(self._values)
            values = source.values[rows]
            null: Any = None if source._null is None else _UNKNOWN
            if null is not None and source.texts is None and source.kind != "f":
                null = source._null[rows]
                null = null if null.any() else None
            self._null = null
            self._values = values
            self._source = self._rows = None
        return values

    @property
    def null(self) -> Array | None:
        """Which rows are missing; None where none is."""
        values = self.values
        if self._null is _UNKNOWN:
            null = np.isnan(values) if self.texts is None else values < 0
            self._null = null if null.any() else None
        found: Array | None = self._null
        return found

    @property
    def kind(self) -> str:
        """``b``, ``i``, ``f``, or ``t`` for texts."""
        if self.texts is not None:
            return "t"
        return str(self.dtype_of_values.kind)

    @property
    def dtype_of_values(self) -> np.dtype[Any]:
        """Type of the array, without taking rows."""
        source = self._source
        return self.values.dtype if source is None else source.dtype_of_values

    @property
    def dtype(self) -> Any:
        """Type as narwhals names it."""
        if self.texts is not None:
            return nw.String()
        of_values = self.dtype_of_values
        if of_values.kind == "i":
            return nw.Int32() if of_values.itemsize == 4 else nw.Int64()
        return _DTYPES[of_values.kind]

    def take(self, rows: Array) -> Column:
        """Return the rows at these places, read when first used."""
        taken = Column.__new__(Column)
        taken._values, taken._null, taken.texts, taken.groupings = None, _UNKNOWN, self.texts, {}
        taken._source, taken._rows = self, rows
        if self._values is None:
            _ = self.values  # so that chains stay short
        return taken

    def to_pandas(self) -> Any:
        """Return the values as pandas has it: masked types only where integers are missing."""
        values, null = self.values, self.null
        if self.texts is not None:
            return self.texts.pandas.take(values, allow_fill=True)
        if null is None or self.kind == "f":
            return values
        masked = pd.arrays.BooleanArray if self.kind == "b" else pd.arrays.IntegerArray
        return masked(values.astype(np.bool_ if self.kind == "b" else np.int64), null.copy())

    def to_list(self) -> list[Any]:
        """Return plain Python values, None where missing."""
        if self.texts is not None:
            with_none = [*self.texts.values.tolist(), None]
            return [with_none[code] for code in self.values.tolist()]
        found, null = self.values.tolist(), self.null
        return found if null is None else [None if n else v for v, n in zip(found, null, strict=True)]


def text_column(codes: Array, texts: Array) -> Column:
    """Return a column of texts from a code per row (-1 for missing) and the distinct texts."""
    return Column(codes.astype(np.int32, copy=False), texts=Texts(texts))


def column_of(series: pd.Series[Any]) -> Column:
    """Read a pandas series of booleans, numbers or texts."""
    dtype = series.dtype
    if isinstance(dtype, np.dtype) and dtype.kind in "bif":
        width = {"b": np.bool_, "i": np.int32 if dtype.itemsize == 4 else np.int64, "f": np.float64}
        return Column(series.to_numpy().astype(width[dtype.kind], copy=False))
    if pd.api.types.is_bool_dtype(dtype) and not isinstance(dtype, np.dtype):
        return _masked(series, np.bool_)
    if pd.api.types.is_integer_dtype(dtype):
        return _masked(series, np.int64)
    if pd.api.types.is_float_dtype(dtype):
        return Column(series.to_numpy(dtype=np.float64, na_value=np.nan))
    codes, distinct = pd.factorize(series)
    texts = np.asarray(distinct, dtype=object)
    if not all(isinstance(text, str) for text in texts.tolist()):
        raise NotImplementedError(f"a column of {dtype} has no place among arrays of numbers and texts")
    return text_column(codes, texts)


def _masked(series: pd.Series[Any], kind: Any) -> Column:
    null = series.isna().to_numpy(dtype=bool)
    if not null.any():
        return Column(series.to_numpy(dtype=kind))
    return Column(series.fillna(False if kind is np.bool_ else 0).to_numpy(dtype=kind), null)


def same_texts(columns: list[Column]) -> tuple[list[Array], Texts]:
    """Bring columns of texts to codes of the same texts."""
    first = columns[0].texts
    assert first is not None
    if all(column.texts is first for column in columns):
        return [column.values for column in columns], first
    codes = dict(first.code_of)
    made = [columns[0].values]
    for column in columns[1:]:
        assert column.texts is not None
        moved = [codes.setdefault(text, len(codes)) for text in column.texts.values.tolist()]
        made.append(np.array([*moved, -1], dtype=np.int32)[column.values])
    return made, Texts(np.array(list(codes), dtype=object))


def stacked(columns: list[Column]) -> Column:
    """Put columns below one another."""
    if all(column.kind == "t" for column in columns):
        codes, texts = same_texts(columns)
        return Column(np.concatenate(codes), texts=texts)
    kinds = {column.kind for column in columns}
    if len(kinds) > 1:
        raise NotImplementedError(f"columns of different kinds below one another: {sorted(kinds)}")
    values = np.concatenate([column.values for column in columns])
    if values.dtype.kind == "f" or all(column.null is None for column in columns):
        return Column(values)
    nulls = [np.zeros(len(c.values), dtype=bool) if c.null is None else c.null for c in columns]
    return Column(values, np.concatenate(nulls))
