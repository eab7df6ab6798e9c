"""SVG marks as escaped text.

In: numbers and labels in the drawing's own units. Out: markup that inherits the page's fonts and colours
through CSS classes. Not here: which chart is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from markupsafe import Markup, escape

WIDTH = 400.0


def coordinate(value: float) -> str:
    """Write a coordinate with at most one decimal."""
    written = f"{value:.1f}"
    return written.removesuffix(".0") if written != "-0.0" else "0"


def element(name: str, *children: str, **attributes: object) -> Markup:
    """Build one element; text children are escaped, underscores in attribute names become hyphens.

    Examples
    --------
    >>> str(element("text", "a < b", x=1.25, class_="tick"))
    '<text x="1.2" class="tick">a &lt; b</text>'
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    inside = Markup("").join(escape(child) for child in children)
    return Markup(f"<{name}{written}>{inside}</{name}>") if children else Markup(f"<{name}{written}/>")  # noqa: S704


def _value(value: object) -> str:
    return coordinate(value) if isinstance(value, int | float) else str(escape(value))


def text(x: float, y: float, words: str, class_: str = "tick", anchor: str = "start") -> Markup:
    """Write words at a point; `anchor` is start, middle or end."""
    return element("text", words, x=x, y=y, class_=class_, text_anchor=None if anchor == "start" else anchor)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    """Draw a straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def rectangle(
    x: float, y: float, width: float, height: float, class_: str, hint: str | None = None
) -> Markup:
    """Draw a bar, with words that show when a pointer rests on it."""
    inside = (element("title", hint),) if hint else ()
    return element("rect", *inside, x=x, y=y, width=max(width, 0), height=max(height, 0), class_=class_)


def path(points: Iterable[tuple[float, float]], class_: str) -> Markup:
    """Draw a line through points."""
    steps = " ".join(f"{'L' if i else 'M'}{coordinate(x)} {coordinate(y)}" for i, (x, y) in enumerate(points))
    return element("path", d=steps, class_=class_)


def drawing(marks: Iterable[str], height: float, label: str) -> Markup:
    """Wrap marks into a picture that scales with the page; `label` is its text alternative."""
    return element(
        "svg",
        *marks,
        viewBox=f"0 0 {coordinate(WIDTH)} {coordinate(height)}",
        role="img",
        aria_label=label,
        class_="chart",
    )


def scale(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    """Map [low, high] to [start, end] of the drawing."""
    span = (high - low) or 1.0
    return lambda value: start + (value - low) / span * (end - start)


def ticks(top: float, wanted: int = 4, *, whole: bool = False) -> list[float]:
    """Give round axis values from 0 to at least `top`; of counts (`whole`) no halves.

    Examples
    --------
    >>> ticks(870)
    [0.0, 250.0, 500.0, 750.0, 1000.0]
    >>> ticks(10), ticks(10, whole=True), ticks(2, whole=True)
    ([0.0, 2.5, 5.0, 7.5, 10.0], [0.0, 5.0, 10.0], [0.0, 1.0, 2.0])
    """
    if not top > 0:
        return [0.0, 1.0]
    raw = max(top / wanted, 1.0) if whole else top / wanted
    size = 10.0 ** math.floor(math.log10(raw))
    steps = [size * m for m in (1, 2, 2.5, 5, 10)]
    step = next(s for s in steps if s >= raw * 0.999 and (s == round(s) or not whole))
    return [step * i for i in range(math.ceil(top / step - 1e-9) + 1)]


def legend(entries: Sequence[tuple[str, str]], y: float, x: float = 0.0) -> Markup:
    """Write a row of swatches with words; each entry is (class of the swatch, words)."""
    marks = []
    for class_, words in entries:
        marks += [rectangle(x, y - 9, 14, 10, class_), text(x + 20, y, words, "label")]
        x += 36 + text_width(words)
    return Markup("").join(marks)


def text_width(words: str, size: float = 12.0) -> float:
    """Estimate how wide words will be; a Chinese character is as wide as it is high."""
    return sum(size if ord(letter) > 0x2E80 else size * 0.55 for letter in words)
