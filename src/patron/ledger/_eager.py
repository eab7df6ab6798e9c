"""Pandas, Polars and Arrow frames. In: an eager frame. Out: the typed frame on the frame's own engine.

Columns are read with pandas and numpy, the same code for every eager engine; Polars comes back as Polars.
Not here: which rows count (``_check``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from patron.errors import LedgerError
from patron.ledger._datetext import ShapeCounts
from patron.ledger._eager_dates import count_shapes, is_text_dates, read_dates
from patron.ledger._eager_numbers import OK, minor_units, read_numbers
from patron.ledger._eager_text import TEXT, distinct_texts, plain_series, plain_texts
from patron.ledger._typed import Typed, TypingPlan

_DAY_US = 86_400_000_000
_MONTH_EPOCH = np.datetime64("1970-01", "M")


@dataclass(frozen=True)
class EagerSource:
    """An eager frame with the engine it goes back to."""

    frame: pd.DataFrame
    to_engine: Callable[[pd.DataFrame], nw.LazyFrame[Any]]
    where: str
    columns: tuple[str, ...]
    unreadable: int = 0
    unreadable_example: str | None = None

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
            "customer_id": plain_texts(self._series(mapping["customer_id"])),
            "time_us": dates.micros,
            "day": (dates.micros // _DAY_US).astype(np.int32),
            "month": (moment.astype("datetime64[M]") - _MONTH_EPOCH).astype(np.int32),
            "date_state": dates.state.astype(np.int32),
            "date_text": pd.Series(dates.text, dtype=TEXT),
            "amount_minor": minor,
            "amount_rest": rest,
            "amount_state": state.astype(np.int32),
            "amount_text": pd.Series(amounts.text, dtype=TEXT),
        }
        for name in ("order_id", "product_id", "category"):
            if name in mapping:
                columns[name] = plain_texts(self._series(mapping[name]))
        bad = {}
        if "quantity" in mapping:
            quantity = read_numbers(self._series(mapping["quantity"]), plan.csv)
            columns["quantity"] = np.where(quantity.state == OK, quantity.value, np.nan)
            bad["quantity"] = int((quantity.state > 1).sum())
        if "cost" in mapping:
            cost, _, cost_state = minor_units(
                read_numbers(self._series(mapping["cost"]), plan.csv), plan.minor_digits
            )
            columns["cost_minor"] = pd.array(cost, dtype="Int64")
            columns["cost_minor"][cost_state != OK] = pd.NA
            bad["cost"] = int((cost_state > 1).sum())
        return Typed(self.to_engine(pd.DataFrame(columns)), bad, dates.with_zone)


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
    texts = frame.with_columns(nw.col(*whole).cast(nw.String)) if whole else frame
    if backend.is_polars():
        return _source(texts.to_pandas(), _to_polars, "the frame")
    return _source(texts.to_pandas(), _to_pandas, "the frame")


def pandas_source(frame: pd.DataFrame, where: str) -> EagerSource:
    """Take a pandas frame as it is."""
    return _source(frame, _to_pandas, where)


def _source(
    frame: pd.DataFrame, to_engine: Callable[[pd.DataFrame], nw.LazyFrame[Any]], where: str
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


def _to_pandas(frame: pd.DataFrame) -> nw.LazyFrame[Any]:
    return nw.from_native(frame).lazy()


def _to_polars(frame: pd.DataFrame) -> nw.LazyFrame[Any]:
    return nw.from_native(nw.from_native(frame).to_polars()).lazy()
