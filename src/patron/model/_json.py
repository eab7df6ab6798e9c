"""JSON as a model folder holds it.

One job: values to canonical bytes and back. Out: the same content always gives the same bytes; anything that
is not plain, finite, moderate JSON is refused with a sentence. Not here: what the JSON means.
"""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from patron.errors import ModelError

MAX_JSON_BYTES = 10_000_000
#: Values in one file, about: each of them costs memory, however few bytes it is written with.
MAX_JSON_VALUES = 1_000_000
MAX_JSON_DEPTH = 64


def to_json(value: object) -> bytes:
    r"""Write a value as canonical JSON.

    Keys are sorted, the indent is two spaces, the text is UTF-8 and ends with a line break.

    Parameters
    ----------
    value : object
        Mappings with text keys, lists, tuples, text, finite numbers, booleans and None.

    Returns
    -------
    bytes
        The same bytes for the same content.

    Raises
    ------
    ModelError
        If a value is not finite, is no JSON type, or holds text that is not valid Unicode.

    Examples
    --------
    >>> to_json({"b": 1, "a": [0.5]})
    b'{\n  "a": [\n    0.5\n  ],\n  "b": 1\n}\n'
    """
    try:
        text = json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False)
        return (text + "\n").encode("utf-8")
    except (TypeError, ValueError, RecursionError) as problem:
        raise ModelError(
            f"this cannot be written as JSON: {problem}. Give finite numbers, text, lists and mappings."
        ) from problem


def from_json(data: bytes, what: str, max_bytes: int = MAX_JSON_BYTES) -> Any:
    """Read JSON that somebody else wrote.

    Parameters
    ----------
    data : bytes
        UTF-8 text.
    what : str
        Name of the file, for the error message.
    max_bytes : int, default 10,000,000
        Larger files are refused unread.

    Returns
    -------
    object
        The parsed value.

    Raises
    ------
    ModelError
        If it is too large, not UTF-8, not JSON, holds NaN or infinity or a key twice, or nests deeper than
        64 levels.
    """
    if len(data) > max_bytes:
        raise ModelError(
            f"{what} is {len(data):,} bytes; over {max_bytes:,} it is not read. Export the model again."
        )
    if data.count(b",") + data.count(b"[") + data.count(b"{") > MAX_JSON_VALUES:
        raise ModelError(
            f"{what} holds over {MAX_JSON_VALUES:,} values and is not read. Export the model again."
        )
    try:
        value = json.loads(
            data.decode("utf-8"),
            parse_constant=_refuse_constant,
            parse_float=_finite,
            object_pairs_hook=_each_key_once,
        )
    except RecursionError as problem:
        raise _too_deep(what) from problem
    except ValueError as problem:
        raise ModelError(f"{what} is not readable JSON ({problem}). Export the model again.") from problem
    _check_depth(value, what)
    return value


def _refuse_constant(constant: str) -> NoReturn:
    """Python's reader takes NaN and Infinity; JSON does not."""
    raise ValueError(f"{constant} is not a JSON number")


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Readers differ in which of two equal keys counts."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice in one mapping")
    return found


def _finite(digits: str) -> float:
    """Read a number that fits: 1e999 would silently become infinity."""
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits[:20]} is too large a number")
    return number


def _check_depth(value: object, what: str) -> None:
    """Walk level by level, so that the check itself cannot run out of stack."""
    level = [value]
    for _ in range(MAX_JSON_DEPTH + 1):
        level = [child for item in level for child in _children(item)]
        if not level:
            return
    raise _too_deep(what)


def _children(item: object) -> list[object]:
    """Return what is nested directly in a JSON value; only containers can nest further."""
    inside = item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
    return [child for child in inside if isinstance(child, dict | list)]


def _too_deep(what: str) -> ModelError:
    """Say that a file nests too deeply."""
    return ModelError(
        f"{what} nests deeper than {MAX_JSON_DEPTH} levels and is not read. Export the model again."
    )
