"""A picture as the page shows it: title, drawing, what to see in it, and the table behind it.

In: nothing. Out: two small record types. Not here: any drawing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup


@dataclass(frozen=True)
class Table:
    """A small table of written cells: words in the first column and those of `texts`, else numbers."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    texts: Sequence[int] = ()


@dataclass(frozen=True)
class Picture:
    """A figure of the report.

    Parameters
    ----------
    title : str
        What it answers.
    caption : str
        What to see in it.
    drawing : Markup or None
        Inline SVG; None where the data is missing.
    table : Table
        The numbers behind it.
    """

    title: str
    caption: str
    drawing: Markup | None = None
    table: Table = field(default_factory=lambda: Table((), ()))
