"""Estimates with their intervals, one below the other, beside a line at zero.

In:  finished labels and numbers. Out: SVG markup, readable without colour.
Not here: what the numbers mean.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from patron.reports._svg import WIDTH, drawing, element, line, scale, text, text_width

_PITCH, _TOP = 34.0, 12.0


@dataclass(frozen=True)
class IntervalRow:
    """One estimate; what to write behind it."""

    label: str
    value: float
    low: float
    high: float
    words: str


def intervals(
    rows: Sequence[IntervalRow], write: Callable[[float], str], axis_name: str, label: str
) -> Markup:
    """Draw a dot and a whisker per row.

    Parameters
    ----------
    rows : sequence of IntervalRow
        From the top.
    write : callable
        Writes a number of the axis.
    axis_name, label : str
        Below the axis; the text alternative.

    Returns
    -------
    Markup
    """
    left = min(150.0, max(text_width(row.label, 13) for row in rows) + 14)
    right = WIDTH - max(text_width(row.words, 12) for row in rows) - 16
    low, high = min(0.0, *(row.low for row in rows)), max(0.0, *(row.high for row in rows))
    x = scale(low, high, left + 8, right)
    bottom = _TOP + len(rows) * _PITCH
    marks = [line(x(0), _TOP - 4, x(0), bottom, "axis")]
    for place, row in enumerate(rows):
        y = _TOP + (place + 0.5) * _PITCH
        marks += [
            text(left - 8, y + 4, row.label, "name", "end"),
            line(x(row.low), y, x(row.high), y, "whisker"),
            element("circle", cx=x(row.value), cy=y, r=4.5, class_="dot"),
            text(right + 8, y + 4, row.words, "label"),
        ]
    for end in sorted({low, 0.0, high}):
        # an end close to zero would be written over it
        if end == 0 or abs(x(end) - x(0)) > text_width(write(end)) / 2 + text_width(write(0.0)) / 2 + 6:
            marks.append(text(x(end), bottom + 16, write(end), "tick", "middle"))
    marks.append(text((left + right) / 2, bottom + 36, axis_name, "axis-name", "middle"))
    return drawing(marks, bottom + 44, label)
