"""The chart kinds of the report: paired bars, columns, curves and calibration.

In: plain numbers and finished labels. Out: SVG markup, readable without colour. Not here: what the numbers
mean.
"""

from __future__ import annotations

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

LEFT = 52.0
TOP = 14.0
PLOT_HEIGHT = 220.0


@dataclass(frozen=True)
class PairRow:
    """One group with two shares (0 to 1) and what to write behind each bar."""

    label: str
    first: float
    first_words: str
    second: float
    second_words: str


@dataclass(frozen=True)
class Curve:
    """A line through points in [0, 1] x [0, 1] with its CSS class."""

    name: str
    points: Sequence[tuple[float, float]]
    class_: str


@dataclass(frozen=True)
class Dot:
    """A calibration point with its interval, all in [0, 1]."""

    x: float
    y: float
    low: float | None
    high: float | None


def paired_bars(rows: Sequence[PairRow], names: tuple[str, str], label: str) -> Markup:
    """Draw two horizontal bars per group, dark for the first measure and light for the second."""
    left = min(150.0, max(text_width(row.label, 15) for row in rows) + 14) if rows else LEFT
    widest = max(
        (text_width(w, 12) for row in rows for w in (row.first_words, row.second_words)), default=0.0
    )
    longest = max((max(row.first, row.second) for row in rows), default=0.0)
    x = scale(0, longest, left, WIDTH - widest - 12)
    marks = [legend((("dark", names[0]), ("light", names[1])), 14)]
    for i, row in enumerate(rows):
        y = 32 + i * 46
        marks += [text(left - 10, y + 20, row.label, "name", "end")]
        for j, (share, words) in enumerate(((row.first, row.first_words), (row.second, row.second_words))):
            top = y + j * 17
            marks += [
                rectangle(left, top, x(share) - left, 14, ("dark", "light")[j]),
                text(x(share) + 6, top + 11.5, words, "label"),
            ]
    marks.append(line(left, 26, left, 26 + len(rows) * 46, "axis"))
    return drawing(marks, 30 + len(rows) * 46, label)


@dataclass(frozen=True)
class Column:
    """One column of a time series."""

    tick: str
    value: float
    partial: bool
    hint: str


def columns(bars: Sequence[Column], write: Callable[[float], str], label: str) -> Markup:
    """Draw one column per period; an incomplete one is hatched."""
    steps = ticks(max((bar.value for bar in bars), default=0.0))
    left = max(text_width(write(step), 11) for step in steps) + 10
    y = scale(steps[0], steps[-1], TOP + PLOT_HEIGHT, TOP)
    marks = _horizontal_grid(steps, y, write, left)
    pitch = (WIDTH - left) / max(len(bars), 1)
    every = max(1, -(-len(bars) // max(1, int((WIDTH - left) / 74))))
    for i, bar in enumerate(bars):
        x, height = left + i * pitch, y(0) - y(max(bar.value, 0))
        marks.append(
            rectangle(
                x + pitch * 0.14,
                y(0) - height,
                pitch * 0.72,
                height,
                "hatch" if bar.partial else "dark",
                bar.hint,
            )
        )
        if i % every == 0 and x + text_width(bar.tick, 11) <= WIDTH:
            marks.append(text(x + pitch * 0.14, y(0) + 18, bar.tick))
    return drawing(marks, TOP + PLOT_HEIGHT + 24, label)


def column_pairs(
    pairs: Sequence[tuple[float, float]],
    names: tuple[str, str],
    x_name: str,
    write: Callable[[float], str],
    label: str,
) -> Markup:
    """Draw expected (light) beside actual (dark) for numbered groups."""
    steps = ticks(max((max(pair) for pair in pairs), default=0.0))
    left = max(text_width(write(step), 11) for step in steps) + 10
    y = scale(steps[0], steps[-1], TOP + 26 + PLOT_HEIGHT, TOP + 26)
    marks = [
        legend((("light", names[0]), ("dark", names[1])), 14, left),
        *_horizontal_grid(steps, y, write, left),
    ]
    pitch = (WIDTH - left) / max(len(pairs), 1)
    for i, pair in enumerate(pairs):
        x = left + i * pitch
        for j, value in enumerate(pair):
            top = y(max(value, 0))
            marks.append(
                rectangle(
                    x + pitch * (0.12 + 0.38 * j),
                    top,
                    pitch * 0.36,
                    y(0) - top,
                    ("light", "dark")[j],
                    write(value),
                )
            )
        marks.append(text(x + pitch * 0.49, y(0) + 18, str(i + 1), anchor="middle"))
    marks.append(text((left + WIDTH) / 2, y(0) + 38, x_name, "axis-name", "middle"))
    return drawing(marks, TOP + 26 + PLOT_HEIGHT + 46, label)


def curves(
    lines: Sequence[Curve], axis_names: tuple[str, str], label: str, mark_x: float | None = None
) -> Markup:
    """Draw curves over [0, 1] x [0, 1] with a line legend below; `mark_x` draws a guide at one place."""
    x, y = _unit_plane()
    marks = _unit_grid(x, y, axis_names)
    if mark_x is not None:
        marks.append(line(x(mark_x), y(0), x(mark_x), y(1), "guide"))
        height = (
            max((b for a, b in lines[0].points if abs(a - mark_x) < 1e-9), default=None) if lines else None
        )
        if height is not None:
            marks += [
                _circle(x(mark_x), y(height)),
                text(x(mark_x) - 8, y(height) - 7, f"{height:.0%}", "name", "end"),
            ]
    # drawn last to first, so that the first curve, the one that matters, lies on top
    marks += [
        path([(x(a), y(b)) for a, b in curve.points], "curve " + curve.class_) for curve in reversed(lines)
    ]
    bottom = y(0) + 66
    # a single curve is named by its axis
    for i, curve in enumerate(lines if len(lines) > 1 else ()):
        left, top = LEFT + (i % 2) * 178, bottom + (i // 2) * 22
        marks += [
            line(left, top - 4, left + 30, top - 4, "curve " + curve.class_),
            text(left + 38, top, curve.name, "label"),
        ]
    rows = -(-len(lines) // 2) if len(lines) > 1 else 0
    return drawing(marks, y(0) + 46 + rows * 22 + (8 if rows else 0), label)


def calibration(dots: Sequence[Dot], axis_names: tuple[str, str], ideal: str, label: str) -> Markup:
    """Draw forecast against outcome with intervals and the line of perfect agreement."""
    x, y = _unit_plane()
    marks = _unit_grid(x, y, axis_names)
    marks += [line(x(0), y(0), x(1), y(1), "guide"), text(x(0.93) - 6, y(0.93) - 4, ideal, "tick", "end")]
    for dot in dots:
        if dot.low is not None and dot.high is not None:
            marks.append(line(x(dot.x), y(dot.low), x(dot.x), y(dot.high), "whisker"))
        marks.append(_circle(x(dot.x), y(dot.y)))
    return drawing(marks, y(0) + 46, label)


def _circle(x: float, y: float) -> Markup:
    return element("circle", cx=x, cy=y, r=4.5, class_="dot")


def _unit_plane() -> tuple[Callable[[float], float], Callable[[float], float]]:
    return scale(0, 1, LEFT, WIDTH - 10), scale(0, 1, TOP + 20 + PLOT_HEIGHT + 30, TOP + 20)


def _unit_grid(
    x: Callable[[float], float], y: Callable[[float], float], axis_names: tuple[str, str]
) -> list[Markup]:
    marks = [text(0, 14, axis_names[1], "axis-name")]
    for i in range(0, 101, 20):
        share = i / 100
        marks += [
            line(x(0), y(share), x(1), y(share), "axis" if i == 0 else "grid"),
            text(x(0) - 8, y(share) + 4, f"{i}%", "tick", "end"),
            text(x(share), y(0) + 18, f"{i}%", "tick", "middle"),
        ]
    return [*marks, text(x(0.5), y(0) + 38, axis_names[0], "axis-name", "middle")]


def _horizontal_grid(
    steps: Sequence[float], y: Callable[[float], float], write: Callable[[float], str], left: float
) -> list[Markup]:
    marks = []
    for step in steps:
        marks.append(line(left, y(step), WIDTH, y(step), "axis" if step == 0 else "grid"))
        marks.append(text(left - 6, y(step) + 4, write(step), "tick", "end"))
    return marks
