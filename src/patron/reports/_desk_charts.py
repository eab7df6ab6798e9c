"""The chart kinds of the Monday desk: rates with intervals, gains against losses, shaded grids.

In: plain numbers and finished labels. Out: SVG markup, readable without colour: what counts stands in words
or differs in pattern. Not here: what the numbers mean, one account's own pictures (`_account_charts`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from patron.reports._svg import (
    WIDTH,
    drawing,
    element,
    legend,
    line,
    path,
    rectangle,
    scale,
    text,
    text_width,
    ticks,
)

TOP = 30.0
PLOT_HEIGHT = 200.0
_CELL_HIGH = 28.0
_DARK_FROM = 0.6  # from this shade on, words on a cell are white
_TICK_ROOM = 62.0


@dataclass(frozen=True)
class RatePoint:
    """One period's share (0 to 1) with its interval; an unsettled one is drawn open."""

    tick: str
    value: float
    low: float | None
    high: float | None
    is_settled: bool = True


@dataclass(frozen=True)
class Flow:
    """One period's gains (new and won back) and losses, as counts."""

    tick: str
    new: float
    won_back: float
    lost: float
    hint: str


@dataclass(frozen=True)
class GridCell:
    """A cell: shade in [0, 1], words inside, and words for a resting pointer."""

    shade: float
    words: str
    hint: str = ""


def rate_chart(
    points: Sequence[RatePoint], guides: Sequence[tuple[float, str]], y_name: str, label: str
) -> Markup:
    """Draw shares over time with their intervals; `guides` are levels with words beside them."""
    seen = [v for p in points for v in (p.value, p.low) if v is not None] + [level for level, _ in guides]
    floor = max(0.0, math.floor((min(seen) - 0.01) * 10) / 10) if seen else 0.0
    left, right = 44.0, WIDTH - max((text_width(words, 11) + 6 for _, words in guides), default=4.0)
    y = scale(floor, 1.0, TOP + PLOT_HEIGHT, TOP)
    pitch = (right - left) / max(len(points), 1)
    places = [left + (i + 0.5) * pitch for i in range(len(points))]
    marks = [text(0, 14, y_name, "axis-name"), *_share_grid(floor, y, left, right)]
    for level, words in guides:
        marks += [
            line(left, y(level), right, y(level), "guide"),
            text(right + 4, y(level) + 4, words, "tick"),
        ]
    marks.append(path([(x, y(p.value)) for x, p in zip(places, points, strict=True)], "curve main"))
    for x, point in zip(places, points, strict=True):
        if point.low is not None and point.high is not None:
            marks.append(line(x, y(point.low), x, y(point.high), "whisker"))
        marks.append(
            element("circle", cx=x, cy=y(point.value), r=4, class_="dot" if point.is_settled else "hollow")
        )
    marks += _period_ticks([p.tick for p in points], places, y(floor) + 18, right - left)
    return drawing(marks, y(floor) + 26, label)


def flow_chart(bars: Sequence[Flow], names: tuple[str, str, str], label: str) -> Markup:
    """Draw new and won-back customers above the line, lost ones below it."""
    top = max((bar.new + bar.won_back for bar in bars), default=0.0)
    bottom = max((bar.lost for bar in bars), default=0.0)
    steps = ticks(max(top, bottom), whole=True)
    step = steps[1]
    high, low = math.ceil(top / step - 1e-9) * step, -math.ceil(bottom / step - 1e-9) * step
    left = max(text_width(f"{s:,.0f}", 11) for s in steps) + 10
    y = scale(low, high, TOP + PLOT_HEIGHT, TOP)
    marks = [legend((("light", names[0]), ("hatch", names[1]), ("dark", names[2])), 14, 0)]
    for i in range(round(low / step), round(high / step) + 1):
        marks += [
            line(left, y(i * step), WIDTH, y(i * step), "axis" if i == 0 else "grid"),
            text(left - 6, y(i * step) + 4, f"{abs(i * step):,.0f}", "tick", "end"),
        ]
    pitch = (WIDTH - left) / max(len(bars), 1)
    places = [left + (i + 0.5) * pitch for i in range(len(bars))]
    for x, bar in zip(places, bars, strict=True):
        at, wide = x - pitch * 0.36, pitch * 0.72
        both = bar.new + bar.won_back
        marks += [
            rectangle(at, y(bar.new), wide, y(0) - y(bar.new), "light", bar.hint),
            rectangle(at, y(both), wide, y(bar.new) - y(both), "hatch", bar.hint),
            rectangle(at, y(0), wide, y(-bar.lost) - y(0), "dark", bar.hint),
        ]
    marks += _period_ticks([bar.tick for bar in bars], places, y(low) + 18, WIDTH - left)
    return drawing(marks, y(low) + 26, label)


def grid_chart(
    columns: Sequence[str],
    rows: Sequence[str],
    cells: Sequence[Sequence[GridCell | None]],
    axis_names: tuple[str, str],
    label: str,
) -> Markup:
    """Draw shaded cells with words in them; a missing cell stays empty."""
    left = max((text_width(row, 12.5) for row in rows), default=0.0) + 12
    wide = (WIDTH - left) / max(len(columns), 1)
    size = "cell" if wide >= 26 else "cell small"
    marks = [text(0, 13, axis_names[0], "axis-name"), text(WIDTH, 13, axis_names[1], "axis-name", "end")]
    lines = _wrapped(columns, wide)
    top_of_cells = 24 + 12.0 * max((len(words) for words in lines), default=1)
    for j, words in enumerate(lines):
        for k, part in enumerate(words):
            marks.append(text(left + (j + 0.5) * wide, 32 + k * 12, part, "tick", "middle"))
    for i, (row, row_cells) in enumerate(zip(rows, cells, strict=True)):
        top = top_of_cells + 6 + i * _CELL_HIGH
        marks.append(text(left - 8, top + _CELL_HIGH / 2 + 4.5, row, "name", "end"))
        for j, cell in enumerate(row_cells):
            if cell is not None:
                marks += _grid_cell(left + j * wide, top, wide, cell, size)
    return drawing(marks, top_of_cells + 10 + len(rows) * _CELL_HIGH, label)


def _grid_cell(left: float, top: float, wide: float, cell: GridCell, size: str) -> list[Markup]:
    ink = "on-dark" if cell.shade >= _DARK_FROM else "on-light"
    shade = f"heat-{min(9, max(0, int(cell.shade * 10)))}"
    return [
        rectangle(left + 0.5, top + 0.5, wide - 1, _CELL_HIGH - 1, shade, cell.hint or None),
        text(left + wide / 2, top + _CELL_HIGH / 2 + 4, cell.words, f"{size} {ink}", "middle"),
    ]


def _wrapped(names: Sequence[str], wide: float) -> list[list[str]]:
    """Break the heads of columns into lines where a word does not fit beside the next."""
    return [name.split(" ") if text_width(name, 11) > wide - 4 else [name] for name in names]


def _share_grid(floor: float, y: Callable[[float], float], left: float, right: float) -> list[Markup]:
    step = 0.2 if floor < 0.35 else 0.1 if floor < 0.75 else 0.05
    marks = []
    for i in range(round((1 - floor) / step) + 1):
        level = 1 - i * step
        if level < floor - 1e-9:
            break
        marks += [
            line(left, y(level), right, y(level), "grid"),
            text(left - 6, y(level) + 4, f"{level * 100:.0f}%", "tick", "end"),
        ]
    return [*marks, line(left, y(floor), right, y(floor), "axis")]


def _period_ticks(names: Sequence[str], places: Sequence[float], y: float, width: float) -> list[Markup]:
    """Write as many of the periods' names as fit side by side."""
    room = max((text_width(name, 11) for name in names), default=_TICK_ROOM) + 18
    every = max(1, -(-len(names) // max(1, int(width / room))))
    return [
        text(min(place, WIDTH - text_width(name, 11) / 2), y, name, "tick", "middle")
        for i, (name, place) in enumerate(zip(names, places, strict=True))
        if (len(names) - 1 - i) % every == 0 and place - text_width(name, 11) / 2 >= 0
    ]
