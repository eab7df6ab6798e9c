"""The chart kinds of the value model: two curves over time, two rows of dots, a heat map, bars under a curve.

In: plain numbers and finished labels. Out: SVG markup; what is expected is dashed or open, what happened is
solid, and both are named where they end. Not here: what the numbers mean.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from patron.reports._svg import (
    WIDTH,
    drawing,
    element,
    line,
    path,
    rectangle,
    scale,
    text,
    text_width,
    ticks,
)

TOP = 30.0
PLOT_HEIGHT = 220.0
_LABEL_GAP = 15.0
_BOLD = 13.6  # bold words of size 12 are so wide
_HEAT_TOP, _HEAT_HIGH = 38.0, 30.0
_DARK_FROM = 0.6  # from this shade on, words on a cell are white

Marks = list[Markup]
Scale = Callable[[float], float]


@dataclass(frozen=True)
class Pace:
    """Two cumulative curves, the expected one in pieces; `marks` are (x, label); `held_from` is the cut."""

    actual: Sequence[tuple[float, float]]
    expected: Sequence[Sequence[tuple[float, float]]]
    marks: Sequence[tuple[float, str]]
    held_from: float
    held_name: str


@dataclass(frozen=True)
class Group:
    """Customers with the same past: a label, a note below it, and two means."""

    label: str
    note: str
    expected: float
    actual: float


@dataclass(frozen=True)
class Heat:
    """Rows of shares in [0, 1], falling from left to right."""

    columns: Sequence[str]
    rows: Sequence[str]
    cells: Sequence[Sequence[float | None]]


@dataclass(frozen=True)
class Bars:
    """Shares per bin, and points of a curve over them; `edges` and `marks` are places on the x axis."""

    edges: Sequence[float]
    shares: Sequence[float]
    curve: Sequence[tuple[float, float]]
    marks: Sequence[tuple[float, str]]


def pace_chart(
    pace: Pace, names: tuple[str, str], y_name: str, write: Callable[[float], str], label: str
) -> Markup:
    """Draw what was expected and what came, added up over time, the held-out part shaded."""
    steps = ticks(max(height for piece in (pace.actual, *pace.expected) for _, height in piece), 5)
    left, right = _left_of(steps, write), _right_of(names)
    x, y = scale(pace.actual[0][0], pace.actual[-1][0], left, right), _heights(steps[-1])
    marks = [
        rectangle(x(pace.held_from), y(steps[-1]), right - x(pace.held_from), PLOT_HEIGHT, "held"),
        *_frame(steps, y, write, left, right, y_name),
        *(text(x(at), y(0) + 18, name, "tick", "middle") for at, name in pace.marks),
    ]
    middle, width = (x(pace.held_from) + right) / 2, text_width(pace.held_name, 11)
    fits = width < right - x(pace.held_from) - 6
    marks.append(
        text(middle if fits else right - 4, y(0) - 8, pace.held_name, "tick", "middle" if fits else "end")
    )
    for curve, class_ in ((pace.actual, "main"), *((piece, "foreseen") for piece in pace.expected)):
        marks.append(path([(x(at), y(height)) for at, height in curve], f"curve {class_}"))
    marks += _named_ends(names, (y(pace.expected[-1][-1][1]), y(pace.actual[-1][1])), right)
    return drawing(marks, y(0) + 26, label)


def groups_chart(
    groups: Sequence[Group],
    names: tuple[str, str],
    axis_names: tuple[str, str],
    write: Callable[[float], str],
    label: str,
) -> Markup:
    """Draw the means of groups as two rows of dots, open for expected, full for actual."""
    steps = ticks(max(max(group.expected, group.actual) for group in groups))
    left, right = _left_of(steps, write), _right_of(names)
    pitch, y = (right - left) / len(groups), _heights(steps[-1])
    places = [left + (i + 0.5) * pitch for i in range(len(groups))]
    marks = _frame(steps, y, write, left, right, axis_names[1])
    for at, group in zip(places, groups, strict=True):
        marks += [
            text(at, y(0) + 18, group.label, "name", "middle"),
            text(at, y(0) + 33, group.note, "tick small", "middle"),
        ]
    actual = [(at, y(group.actual)) for at, group in zip(places, groups, strict=True)]
    expected = [(at, y(group.expected)) for at, group in zip(places, groups, strict=True)]
    marks += [path(actual, "curve main"), path(expected, "curve foreseen")]
    marks += [element("circle", cx=a, cy=b, r=4.5, class_="dot") for a, b in actual]
    marks += [element("circle", cx=a, cy=b, r=4, class_="open") for a, b in expected]
    marks += _named_ends(names, (expected[-1][1], actual[-1][1]), right)
    marks.append(text((left + right) / 2, y(0) + 53, axis_names[0], "axis-name", "middle"))
    return drawing(marks, y(0) + 60, label)


def heat_chart(heat: Heat, axis_names: tuple[str, str], label: str) -> Markup:
    """Draw shares as shaded cells with their percent, and a line where a row passes one half."""
    left = max(text_width(row, 13) for row in heat.rows) + 12
    wide, bottom = (WIDTH - left) / len(heat.columns), _HEAT_TOP + len(heat.rows) * _HEAT_HIGH
    marks = [text(0, 14, axis_names[1], "axis-name")]
    for i, (row, cells) in enumerate(zip(heat.rows, heat.cells, strict=True)):
        top = _HEAT_TOP + i * _HEAT_HIGH
        marks.append(text(left - 8, top + _HEAT_HIGH / 2 + 4.5, row, "name", "end"))
        for j, share in enumerate(cells):
            if share is not None:
                marks += _cell(left + j * wide, top, wide, share)
    for j, column in enumerate(heat.columns):
        marks.append(text(left + (j + 0.5) * wide, bottom + 16, column, "tick", "middle"))
    marks.append(text((left + WIDTH) / 2, bottom + 36, axis_names[0], "axis-name", "middle"))
    marks += _half_line([_first_below_half(cells) for cells in heat.cells], left, wide)
    return drawing(marks, bottom + 44, label)


def bars_chart(bars: Bars, names: tuple[str, str], axis_names: tuple[str, str], label: str) -> Markup:
    """Draw counted shares as bars and expected ones as a curve over them; `names` are curve and bars."""
    steps = ticks(max(*bars.shares, *(share for _, share in bars.curve)))

    def write(share: float) -> str:
        return f"{share * 100:g}%"

    left = _left_of(steps, write)
    x, y = scale(bars.edges[0], bars.edges[-1], left + 2, WIDTH), _heights(steps[-1])
    marks = _frame(steps, y, write, left, WIDTH, axis_names[1])
    marks += [
        rectangle(x(a) + 0.5, y(share), x(b) - x(a) - 1, y(0) - y(share), "light")
        for a, b, share in zip(bars.edges, bars.edges[1:], bars.shares, strict=False)
    ]
    marks.append(path([(x(at), y(share)) for at, share in bars.curve], "curve foreseen"))
    for at, name in bars.marks:
        marks += [line(x(at), y(0), x(at), y(0) + 4, "axis"), text(x(at), y(0) + 18, name, "tick", "middle")]
    marks.append(text((left + WIDTH) / 2, y(0) + 38, axis_names[0], "axis-name", "middle"))
    return drawing([*marks, *_key(names)], y(0) + 46, label)


def _key(names: tuple[str, str]) -> Marks:
    """Name the curve and the bars in the upper right corner."""
    bars = WIDTH - text_width(names[1], _BOLD) - 20
    curve = bars - text_width(names[0], _BOLD) - 46
    return [
        line(curve, 10, curve + 22, 10, "curve foreseen"),
        text(curve + 28, 14, names[0], "label foreseen-name"),
        rectangle(bars, 5, 14, 10, "light"),
        text(bars + 20, 14, names[1], "label actual-name"),
    ]


def _left_of(steps: Sequence[float], write: Callable[[float], str]) -> float:
    return max(text_width(write(step), 11) for step in steps) + 10


def _right_of(names: tuple[str, str]) -> float:
    return WIDTH - max(text_width(name, _BOLD) for name in names) - 8


def _heights(highest: float) -> Scale:
    return scale(0.0, highest, TOP + PLOT_HEIGHT, TOP)


def _frame(
    steps: Sequence[float],
    y: Scale,
    write: Callable[[float], str],
    left: float,
    right: float,
    y_name: str,
) -> Marks:
    marks = [text(0, 14, y_name, "axis-name")]
    for step in steps:
        marks.append(line(left, y(step), right, y(step), "axis" if step == 0 else "grid"))
        marks.append(text(left - 6, y(step) + 4, write(step), "tick", "end"))
    return marks


def _named_ends(names: tuple[str, str], ends: tuple[float, float], right: float) -> Marks:
    """Write the names of expected and actual beside their ends, moved apart where they would touch."""
    middle = (ends[0] + ends[1]) / 2
    apart = max(abs(ends[0] - ends[1]), _LABEL_GAP) / 2
    first = -apart if ends[0] <= ends[1] else apart
    return [
        text(right + 6, middle + first + 4, names[0], "label foreseen-name"),
        text(right + 6, middle - first + 4, names[1], "label actual-name"),
    ]


def _cell(left: float, top: float, wide: float, share: float) -> Marks:
    ink = "on-dark" if share >= _DARK_FROM else "on-light"
    return [
        rectangle(left + 0.5, top + 0.5, wide - 1, _HEAT_HIGH - 1, f"heat-{min(9, int(share * 10))}"),
        text(left + wide / 2, top + _HEAT_HIGH / 2 + 4, f"{share * 100:.0f}", f"cell {ink}", "middle"),
    ]


def _first_below_half(cells: Sequence[float | None]) -> int | None:
    return next((j for j, share in enumerate(cells) if share is not None and share < 0.5), None)


def _half_line(columns: Sequence[int | None], left: float, wide: float) -> Marks:
    """Part the cells below one half from those above them and on their left."""
    pieces: list[list[tuple[float, float]]] = [[]]
    for i, column in enumerate(columns):
        top = _HEAT_TOP + i * _HEAT_HIGH
        if column is None:
            pieces.append([(WIDTH, top + _HEAT_HIGH)])
        else:
            pieces[-1] += [(left + column * wide, top), (left + column * wide, top + _HEAT_HIGH)]
    drawn = [piece for piece in pieces if len(piece) > 1]
    if not drawn:
        return []
    key = [
        line(WIDTH - 56, 27, WIDTH - 34, 27, "curve half"),
        text(WIDTH - 28, 31, "50%", "label foreseen-name"),
    ]
    return [*key, *(path(piece, "curve half") for piece in drawn)]
