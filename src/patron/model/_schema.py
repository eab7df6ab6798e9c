"""What a value read from JSON may be, in a few small words, and the reading of one by them.

In:  a parsed value and a shape. Out: the value with the keys that the shape knows, or the place where it is
something else. Not here: the shapes of a model's files (`_shapes`).

A shape is a function of a value and its place that returns the value or raises `Misfit`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

Shape = Callable[[Any, str], Any]

#: Columns of a feature matrix, at most.
MOST_FEATURES = 2_000

_SHOWN = 40
# line breaks are text; other control characters have no business in a name, a sentence or a table
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


class Misfit(ValueError):
    """A value is not what its place asks for."""


def anything(value: Any, _place: str) -> Any:
    """Take whatever JSON can hold: it is shown to people and reaches no formula."""
    return value


def number(low: float, high: float, *, whole: bool = False) -> Shape:
    """Take a number within bounds (both allowed); true and false are none.

    Examples
    --------
    >>> number(0, 1)(0.5, "share")
    0.5
    """

    def read(value: Any, place: str) -> int | float:
        kind = int if whole else int | float
        if isinstance(value, bool) or not isinstance(value, kind) or not low <= value <= high:
            raise _misfit(value, place, f"a {'whole ' if whole else ''}number from {low:g} to {high:g}")
        return value

    return read


def text(most: int = 5_000, pattern: str = ".*") -> Shape:
    """Take text of at most so many characters, without control characters."""
    compiled = re.compile(pattern, re.DOTALL)

    def read(value: Any, place: str) -> str:
        if (
            not isinstance(value, str)
            or len(value) > most
            or _CONTROL.search(value)
            or not compiled.fullmatch(value)
        ):
            raise _misfit(value, place, f"a text of at most {most:,} plain characters")
        return value

    return read


def choice(*allowed: object) -> Shape:
    """Take one of a few texts or truth values."""

    def read(value: Any, place: str) -> Any:
        if not any(value is one or (isinstance(one, str) and value == one) for one in allowed):
            raise _misfit(value, place, "one of " + ", ".join(map(str, allowed)))
        return value

    return read


def maybe(shape: Shape) -> Shape:
    """Take null as well."""
    return lambda value, place: None if value is None else shape(value, place)


def listed(shape: Shape, most: int, least: int = 0) -> Shape:
    """Take a list of such values."""

    def read(value: Any, place: str) -> list[Any]:
        if not isinstance(value, list) or not least <= len(value) <= most:
            raise _misfit(value, place, f"a list of {least:,} to {most:,}")
        return [shape(one, f"{place}[{number}]") for number, one in enumerate(value)]

    return read


def mapped(shape: Shape, most: int, key: Shape | None = None) -> Shape:
    """Take a mapping from texts to such values."""
    read_key = key or text(300)

    def read(value: Any, place: str) -> dict[str, Any]:
        if not isinstance(value, dict) or len(value) > most:
            raise _misfit(value, place, f"a mapping of at most {most:,}")
        return {
            read_key(name, f"a key of {place}"): shape(one, f"{place}.{name[:_SHOWN]}")
            for name, one in value.items()
        }

    return read


def record(
    needed: Mapping[str, Shape], more: Mapping[str, Shape] | None = None, *, open_: bool = False
) -> Shape:
    """Take a mapping with these keys.

    Parameters
    ----------
    needed, more : mapping of str to shape
        Keys that must be there, and keys that may.
    open_ : bool
        Whether other keys are kept; otherwise they are left out: the format gains keys that an older reader
        does not know.
    """
    shapes = {**needed, **(more or {})}

    def read(value: Any, place: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise _misfit(value, place, "a mapping")
        lacking = [key for key in needed if key not in value]
        if lacking:
            raise Misfit(f"{place or 'it'} lacks {', '.join(lacking)}")
        known = {
            key: shapes[key](one, f"{place}.{key}".lstrip(".")) for key, one in value.items() if key in shapes
        }
        return {**value, **known} if open_ else known

    return read


def one_of_kinds(kinds: Mapping[str, Shape]) -> Shape:
    """Take a mapping whose ``kind`` says which shape it has."""
    which = choice(*kinds)

    def read(value: Any, place: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise _misfit(value, place, "a mapping")
        kind = which(value.get("kind"), f"{place}.kind")
        rest = kinds[kind]({name: one for name, one in value.items() if name != "kind"}, place)
        return {"kind": kind, **rest}

    return read


def _misfit(value: Any, place: str, expected: str) -> Misfit:
    """Show the value only where it is short: a model may hold names of a firm's own."""
    if isinstance(value, dict | list):
        shown = f"a {'mapping' if isinstance(value, dict) else 'list'} of {len(value):,}"
    elif isinstance(value, int) and not isinstance(value, bool) and abs(value) > 10**_SHOWN:
        shown = "a huge number"
    else:
        shown = ascii(value)[:_SHOWN]
    return Misfit(f"{place[:120] or 'it'} is {shown}, not {expected}")
