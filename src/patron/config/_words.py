"""What is wrong with a config, in words.

In:  pydantic's errors.
Out: one sentence per problem: the full path of the key, what it is, what it must be, and the likely typo.
Not here: the rules themselves (`schema`, `_rules`).
"""

from __future__ import annotations

import datetime
import difflib
import types
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

_KINDS: tuple[tuple[type, str], ...] = (
    (bool, "yes/no"),
    (int, "a whole number"),
    (float, "a number"),
    (str, "text"),
    (datetime.date, "a date"),
)


class _Place(NamedTuple):
    path: str
    annotation: Any
    limits: Sequence[Any]
    unit: str
    siblings: tuple[str, ...]


def problems_of(errors: Sequence[ErrorDetails], root: type[BaseModel]) -> dict[str, str]:
    """One sentence per path."""
    found: dict[str, str] = {}
    for error in errors:
        place = _place(error["loc"], root)
        found.setdefault(place.path, _sentence(error, place, root))
    return found


def section_of(annotation: Any) -> type[BaseModel] | None:
    """Find the section class a key holds, if it holds one."""
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _place(loc: Sequence[str | int], root: type[BaseModel]) -> _Place:
    place, section = _Place("", root, (), "", ()), root if loc else None
    for part in loc:
        if isinstance(part, int):
            item = (get_args(place.annotation) or (Any,))[0]
            place = place._replace(path=f"{place.path}[{part}]", annotation=item, limits=())
        elif section is None:
            break  # the member of a union, which is no key
        else:
            place = _key(place.path, part, section)
            section = section_of(place.annotation)
    return place


def _key(parent: str, key: str, section: type[BaseModel]) -> _Place:
    path, siblings = f"{parent}.{key}".lstrip("."), tuple(section.model_fields)
    field = section.model_fields.get(key)
    if field is None:
        return _Place(path, None, (), "", siblings)
    extra = field.json_schema_extra
    unit = str(extra.get("unit", "")) if isinstance(extra, dict) else ""
    return _Place(path, field.annotation, field.metadata, unit, siblings)


def _sentence(error: ErrorDetails, place: _Place, root: type[BaseModel]) -> str:
    if error["type"] == "extra_forbidden":
        return f"{place.path} is not a setting.{_did_you_mean(place, root)}"
    if error["type"] == "missing":
        return f"{place.path} is missing; it is needed."
    if error["type"] == "value_error" and isinstance(error["input"], Mapping | BaseModel):
        return f"{place.path}: {error['ctx']['error']}."
    own_words = error["type"] == "value_error"
    wanted = str(error["ctx"]["error"]) if own_words else must_be(place.annotation, place.limits)
    unit = f" ({place.unit})" if place.unit and not own_words else ""
    quotes = (
        "; put it in quotes" if wanted.startswith("text") and isinstance(error["input"], int | float) else ""
    )
    return f"{place.path} is {shown(error['input'])}; it must be {wanted}{unit}{quotes}."


def _did_you_mean(place: _Place, root: type[BaseModel]) -> str:
    parent, _, key = place.path.rpartition(".")
    close = difflib.get_close_matches(key, place.siblings, n=1)
    if close:
        return f" Did you mean {f'{parent}.{close[0]}'.lstrip('.')}?"
    elsewhere = [path for path in _paths(root) if path.rpartition(".")[2] == key]
    if elsewhere:
        return f" Did you mean {elsewhere[0]}?"
    return f" Known here: {', '.join(place.siblings)}."


def _paths(section: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for key, field in section.model_fields.items():
        yield prefix + key
        inner = section_of(field.annotation)
        if inner is not None:
            yield from _paths(inner, f"{prefix}{key}.")


def shown(value: object) -> str:
    """Show a value in a message: short, with its kind, never the values of a block (they may be secret)."""
    if value is None:
        return "empty"
    if isinstance(value, Mapping):
        return f"a block of keys ({', '.join(map(str, value))})"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    kind = next((words for kind, words in _KINDS if isinstance(value, kind)), type(value).__name__)
    text = (
        f"'{value}'"
        if isinstance(value, str)
        else str(value).lower()
        if isinstance(value, bool)
        else str(value)
    )
    return f"{text if len(text) <= 60 else text[:57] + '...'} ({kind})"


def must_be(annotation: Any, limits: Sequence[Any] = ()) -> str:
    """Say what a key accepts."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return must_be(args[0], (*limits, *args[1:]))
    if origin in (Union, types.UnionType):
        return " or ".join(must_be(member, limits) for member in args)
    if origin is Literal:
        return f"{'one of ' if len(args) > 1 else ''}{', '.join(map(str, args))}"
    if origin is tuple:
        return "a list of text" if args[0] is not int else "two whole numbers, the lower one first"
    if section_of(annotation):
        return f"a block with {', '.join(annotation.model_fields)}"
    words = (
        "left out"
        if annotation is type(None)
        else next((w for k, w in _KINDS if k is annotation), "another value")
    )
    return words + (_range(limits) if annotation in (int, float) else "")


def _range(limits: Sequence[Any]) -> str:
    bounds = {
        key: getattr(limit, key)
        for limit in limits
        for key in ("ge", "gt", "le", "lt")
        if hasattr(limit, key)
    }
    if "ge" in bounds and "le" in bounds:
        return f" from {bounds['ge']} to {bounds['le']}"
    words = {"ge": " of at least {}", "gt": " above {}", "le": " up to {}", "lt": " below {}"}
    return ",".join(words[key].format(bound) for key, bound in bounds.items())
