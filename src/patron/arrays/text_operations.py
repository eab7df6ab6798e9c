"""Texts row by row: each distinct text is looked at once.

In: columns and plain values. Out: columns. Not here: comparisons and choices (``operations``).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from patron.arrays.column import Array, Column, Texts, text_column
from patron.arrays.keys import joint_keys
from patron.arrays.operations import Value, as_texts


def as_text(column: Value) -> Column:
    """Write whole numbers and booleans as texts."""
    if not isinstance(column, Column):
        return as_texts(None if column is None else str(column))
    if column.texts is not None:
        return column
    if column.kind == "f":
        raise NotImplementedError("a cast of floats to texts on arrays: engines write them differently")
    distinct, codes = np.unique(column.values, return_inverse=True)
    words = [str(value).lower() for value in distinct.tolist()]
    if column.null is not None:
        codes = np.where(column.null, -1, codes)
    return text_column(codes, np.array(words, dtype=object))


def of_texts(column: Value) -> tuple[Array, Texts]:
    """Return codes and texts of a column of texts."""
    if not isinstance(column, Column) or column.texts is None:
        raise NotImplementedError("a function of texts on another column")
    return column.values, column.texts


def begins(column: Value, prefix: str) -> Column:
    """Test how texts begin."""
    codes, texts = of_texts(column)
    return _test(codes, texts.where(lambda text: text.startswith(prefix)))


def ends(column: Value, suffix: str) -> Column:
    """Test how texts end."""
    codes, texts = of_texts(column)
    return _test(codes, texts.where(lambda text: text.endswith(suffix)))


def is_one_of(column: Value, wanted: Collection[object]) -> Column:
    """Test whether values are among some."""
    if isinstance(column, Column) and column.texts is not None:
        among = set(wanted)
        return _test(column.values, column.texts.where(among.__contains__))
    if not isinstance(column, Column):
        raise NotImplementedError("is_in of a plain value on arrays")
    return Column(np.isin(column.values, np.array(list(wanted))), column.null)


def _test(codes: Array, hit: Array) -> Column:
    null = codes < 0
    return Column(np.append(hit, False)[codes], null if null.any() else None)


def replaced(column: Value, old: Sequence[str], new: Sequence[str]) -> tuple[Column, Column]:
    """Return which texts are among the old ones, and the new ones in their place."""
    codes, texts = of_texts(column)
    step = dict(zip(old, new, strict=True))
    moved = [step.get(text) for text in texts.values.tolist()]
    names = {name: code for code, name in enumerate(dict.fromkeys(n for n in moved if n is not None))}
    of_code = np.array([*(-1 if n is None else names[n] for n in moved), -1], dtype=np.int32)
    return Column(of_code[codes] >= 0), text_column(of_code[codes], np.array(list(names), dtype=object))


def joined(columns: Sequence[Value], separator: str, rows: int) -> Column:
    """Write texts one after the other; missing where one of them is."""
    parts = [as_text(column) for column in columns]
    parts = [
        part if len(part.values) == rows else part.take(np.zeros(rows, dtype=np.int64)) for part in parts
    ]
    codes = joint_keys(parts).codes
    _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    pieces = [part.take(first).to_list() for part in parts]
    made = [None if None in row else separator.join(row) for row in zip(*pieces, strict=True)]
    names = {text: code for code, text in enumerate(dict.fromkeys(t for t in made if t is not None))}
    of_row = np.array([-1 if text is None else names[text] for text in made], dtype=np.int32)
    return text_column(of_row[inverse] if rows else of_row, np.array(list(names), dtype=object))
