"""What both typing edges agree on.

In: nothing. Out: the plan they are given, the frame they return, the source's protocol.

The typed frame has ``customer_id`` text or null; ``day``, ``month`` (since 1970), ``time_us`` (wall time),
``date_state``,
``date_text``; ``amount_minor``, ``amount_rest`` (what rounding took, in millionths of a minor unit),
``amount_state``, ``amount_text``;
and, where mapped, ``order_id``, ``product_id``, ``category``, ``quantity``, ``cost_minor``. States: 0 ok, 1
missing, 2 unreadable,
3 not finite. Numbers of a bad row are 0, its text is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import narwhals as nw

from patron.ledger._datetext import ShapeCounts
from patron.ledger._options import CsvOptions


@dataclass(frozen=True)
class TypingPlan:
    """How to read the columns."""

    csv: CsvOptions
    timezone: str | None
    minor_digits: int
    date_shapes: tuple[str, ...]


@dataclass(frozen=True)
class Typed:
    """The typed frame; rows whose optional numbers were unreadable; rows whose time zone was left alone."""

    frame: nw.LazyFrame[Any]
    unreadable_values: Mapping[str, int]
    rows_with_zone: int


class RowSetAside(NamedTuple):
    """A row that is no line: its file, its line or number there from 1 on (0: not known), code, text, day."""

    file: str
    line: int
    code: int
    raw: str
    day: int = 0


class Source(Protocol):
    """Orders before anything is decided about them."""

    @property
    def where(self) -> str:
        """What to call it in messages."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Its header."""

    @property
    def unreadable(self) -> int:
        """Lines that are no records at all."""

    @property
    def unreadable_example(self) -> str | None:
        """One of them."""

    def value_counts(self, name: str) -> dict[str, int]:
        """Rows of each text of a column."""

    def date_shapes(self, name: str) -> ShapeCounts | None:
        """Shapes of the texts in a column of dates."""

    def typed(self, mapping: Mapping[str, str], plan: TypingPlan) -> Typed:
        """Read every mapped column."""
