"""Pandas, Polars and Arrow frames. In: an eager frame. Out: the typed frame, on arrays or in Polars.

Columns are read with pandas and numpy, the same code for every eager engine; Polars comes back as Polars,
the others as arrays (`patron.arrays`), which answer the same queries.
Not here: which rows count (``_check``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from patron.arrays import Column, array_frame, text_column
from patron.errors import LedgerError
from patron.ledger._datetext import ShapeCounts
from patron.ledger._eager_dates import count_shapes, is_text_dates, read_dates
from patron.ledger._eager_numbers import OK, minor_units, read_numbers
from patron.ledger._eager_text import distinct_texts, plain_series
from patron.ledger._typed import Typed, TypingPlan

_DAY_US = 86_400_000_000
_MONTH_EPOCH = np.datetime64("1970-01", "M")

Columns = Mapping[str, Column | np.ndarray[Any, Any]]


@dataclass(frozen=True)
class EagerSource:
    """An eager frame with the engine it goes back to; where its rows stand, if that is in files."""

    frame: pd.DataFrame
    to_engine: Callable[[Columns], nw.LazyFrame[Any]]
    where: str
    columns: tuple[str, ...]
    unreadable: int = 0
    unreadable_example: str | None = None
    stands: Sequence[tuple[str, int]] = ()

    def stands_at(self, place: int) -> tuple[str, int]:
        """Return what a row's file is called and its number there, from 1 on."""
        return self.stands[place] if self.stands else (self.where, place + 1)

    def _series(self, name: str) -> pd.Series[Any]:
        return plain_series(self.frame.iloc[:, self.columns.index(name)].reset_index(drop=True))

    def value_counts(self, name: str) -> dict[str, int]:
        """Rows of each text of a column."""
        codes, texts = distinct_texts(self._series(name))
        rows = np.bincount(codes[codes >= 0], minlength=len(texts))
        return {str(text): int(n) for text, n in zip(texts, rows, strict=True)}

    def date_shapes(self, name: str) -> ShapeCounts | None:
        """Shapes of the texts in a column of dates; None where the column has real dates."""
        series = self._series(name)
        return count_shapes(series) if is_text_dates(series) else None

    def typed(self, mapping: Mapping[str, str], plan: TypingPlan) -> Typed:
        """Read every mapped column."""
        dates = read_dates(self._series(mapping["ordered_at"]), plan.date_shapes, plan.timezone)
        moment = dates.micros.astype("datetime64[us]")
        amounts = read_numbers(self._series(mapping["amount"]), plan.csv)
        minor, rest, state = minor_units(amounts, plan.minor_digits)
        columns: dict[str, Any] = {
            "customer_id": text_column(*distinct_texts(self._series(mapping["customer_id"]))),
            "time_us": dates.micros,
            "day": (dates.micros // _DAY_US).astype(np.int32),
            "month": (moment.astype("datetime64[M]") - _MONTH_EPOCH).astype(np.int32),
            "date_state": dates.state.astype(np.int32),
            "date_text": _said(dates.text),
            "amount_minor": minor,
            "amount_rest": rest,
            "amount_state": state.astype(np.int32),
            "amount_text": _said(amounts.text),
        }
        for name in ("order_id", "product_id", "category"):
            if name in mapping:
                columns[name] = text_column(*distinct_texts(self._series(mapping[name])))
        bad = {}
        if "quantity" in mapping:
            quantity = read_numbers(self._series(mapping["quantity"]), plan.csv)
            columns["quantity"] = np.where(quantity.state == OK, quantity.value, np.nan)
            bad["quantity"] = int((quantity.state > 1).sum())
        if "cost" in mapping:
            cost, _, cost_state = minor_units(
                read_numbers(self._series(mapping["cost"]), plan.csv), plan.minor_digits
            )
            unknown = cost_state != OK
            columns["cost_minor"] = Column(cost, unknown if unknown.any() else None)
            bad["cost"] = int((cost_state > 1).sum())
        return Typed(self.to_engine(columns), bad, dates.with_zone)


def open_frame(source: object) -> EagerSource:
    """Take a pandas, Polars, Arrow or narwhals frame.

    Raises
    ------
    LedgerError
        The object is no frame, or has no rows.
    """
    if isinstance(source, pd.DataFrame):
        return pandas_source(source, "the frame")
    frame = narwhals_frame(source)
    backend = frame.implementation
    # integers with gaps would become floats on the way to pandas and lose digits of long ids
    whole = [name for name, kind in frame.schema.items() if kind.is_integer() and kind != nw.Boolean]
    if backend.is_pyarrow():  # it makes dates of Python, which have no year 10000
        whole += [name for name, kind in frame.schema.items() if kind == nw.Date]
    texts = frame.with_columns(nw.col(*whole).cast(nw.String)) if whole else frame
    if backend.is_polars():
        return _source(texts.to_pandas(), _to_polars, "the frame")
    return _source(texts.to_pandas(), array_frame, "the frame")


def pandas_source(frame: pd.DataFrame, where: str, stands: Sequence[tuple[str, int]] = ()) -> EagerSource:
    """Take a pandas frame as it is."""
    return replace(_source(frame, array_frame, where), stands=stands)


def _source(
    frame: pd.DataFrame, to_engine: Callable[[Columns], nw.LazyFrame[Any]], where: str
) -> EagerSource:
    if frame.empty:
        message = f"{where} has no rows; give it the orders"
        raise LedgerError(message)
    return EagerSource(frame, to_engine, where, tuple(str(name) for name in frame.columns))


def narwhals_frame(source: object) -> nw.DataFrame[Any]:
    """Take any frame narwhals knows, collected.

    Raises
    ------
    LedgerError
        The object is no frame.
    """
    try:
        frame = nw.from_native(source) if not isinstance(source, nw.DataFrame | nw.LazyFrame) else source  # type: ignore[call-overload]
    except TypeError:
        message = (
            f"orders of type {type(source).__name__} cannot be read; give a path, a pandas, Polars "
            "or Arrow frame"
        )
        raise LedgerError(message) from None
    result: nw.DataFrame[Any] = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
    return result


def _to_polars(columns: Columns) -> nw.LazyFrame[Any]:
    frame = array_frame(columns).collect().to_pandas()
    return nw.from_native(nw.from_native(frame).to_polars()).lazy()


def _said(texts: np.ndarray[Any, Any]) -> Column:
    """Keep what could not be read, None elsewhere."""
    codes, distinct = pd.factorize(texts)
    return text_column(codes, np.asarray(distinct, dtype=object))
