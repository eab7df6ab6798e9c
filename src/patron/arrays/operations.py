"""Row by row: arithmetic, comparisons, logic of three values, choices.

In: columns and plain Python values. Out: a column, or a plain value where no column is involved.
Not here: texts (``text_operations``), groups (``aggregation``).

As in SQL, a missing value makes a result missing, `false and missing` is false, and an unknown condition
chooses the alternative. Integers are computed in 64 bits.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import narwhals as nw
import numpy as np

from patron.arrays.column import Array, Column, Texts, same_texts

Value = Column | int | float | bool | str | None

_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "__eq__": operator.eq,
    "__ne__": operator.ne,
    "__lt__": operator.lt,
    "__le__": operator.le,
    "__gt__": operator.gt,
    "__ge__": operator.ge,
}
_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "__add__": np.add,
    "__sub__": np.subtract,
    "__mul__": np.multiply,
    "__truediv__": np.true_divide,
}
_KINDS: list[tuple[Any, Any]] = [(nw.Int64, np.int64), (nw.Int32, np.int32), (nw.Boolean, np.bool_)]
_FLOATS: dict[str, Callable[[Any], Any]] = {"sqrt": np.sqrt, "exp": np.exp}


def numbers_of(value: Value) -> Any:
    """Return an array of 64 bits, or the plain number (NaN for nothing)."""
    if not isinstance(value, Column):
        return np.nan if value is None else value
    if value.texts is not None:
        raise NotImplementedError("numbers are expected where a column of texts is given")
    values = value.values
    return values.astype(np.int64) if values.dtype.kind in "bi" and values.itemsize < 8 else values


def null_of(value: Value) -> Array | None:
    """Return which rows are missing."""
    return value.null if isinstance(value, Column) else None


def either(first: Array | None, second: Array | None) -> Array | None:
    """Join two masks."""
    if first is None:
        return second
    return first if second is None else first | second


def numeric(values: Array, null: Array | None) -> Column:
    """Return a column of numbers; floats carry their missing values themselves."""
    if values.dtype.kind == "f":
        if null is not None:
            values = np.where(null, np.nan, values)
        return Column(values)
    return Column(values, null)


def arithmetic(name: str, left: Value, right: Value) -> Value:
    """Compute two operands."""
    if name.startswith("__r") and name not in _ARITHMETIC:
        name, left, right = f"__{name[3:]}", right, left
    if name in ("__floordiv__", "__mod__"):
        return _divide_whole(name, left, right)
    if name not in _ARITHMETIC:
        raise NotImplementedError(f"{name} on arrays")
    made: Any = _ARITHMETIC[name](numbers_of(left), numbers_of(right))
    if not (isinstance(left, Column) or isinstance(right, Column)):
        plain: Value = made.item() if isinstance(made, np.generic) else made
        return plain
    return numeric(made, either(null_of(left), null_of(right)))


def _divide_whole(name: str, left: Value, right: Value) -> Value:
    """Divide and round down; what is left has the divisor's sign."""
    if not isinstance(left, Column) or isinstance(right, Column) or not right:
        raise NotImplementedError(f"{name} on arrays with a divisor that is no plain number but 0")
    how = np.floor_divide if name == "__floordiv__" else np.mod
    return numeric(how(numbers_of(left), right), left.null)


def compare(name: str, left: Value, right: Value) -> Column:
    """Compare two operands."""
    how = _COMPARISONS[name]
    if isinstance(left, Column) and left.texts is not None:
        return _compare_texts(how, left, right)
    if right is None or left is None:
        column = left if isinstance(left, Column) else right
        rows = len(column.values) if isinstance(column, Column) else 0
        return Column(np.zeros(rows, dtype=bool), np.ones(rows, dtype=bool))
    values_left = left.values if isinstance(left, Column) else left
    values_right = right.values if isinstance(right, Column) else right
    return Column(how(values_left, values_right), either(null_of(left), null_of(right)))


def _compare_texts(how: Callable[[Any, Any], Any], left: Column, right: Value) -> Column:
    assert left.texts is not None
    if isinstance(right, str):
        hit = left.texts.where(lambda text: how(text, right))
        return Column(np.append(hit, False)[left.values], left.null)
    if isinstance(right, Column) and right.texts is not None and how in (operator.eq, operator.ne):
        codes, _ = same_texts([left, right])
        return Column(how(codes[0], codes[1]), either(left.null, right.null))
    raise NotImplementedError("texts on arrays are compared with a text, or for equality")


def _truth(value: Value) -> tuple[Any, Any]:
    """Return where a condition is certainly true and where certainly false."""
    if not isinstance(value, Column):
        return value is not None and bool(value), value is not None and not value
    values, null = value.values, value.null
    if null is None:
        return values, ~values
    return values & ~null, ~values & ~null


def logic(name: str, left: Value, right: Value) -> Value:
    """Join two conditions."""
    if name.startswith("__r"):
        name = f"__{name[3:]}"
    how = {"__and__": operator.and_, "__or__": operator.or_}[name]
    no_gaps = null_of(left) is None and null_of(right) is None and left is not None and right is not None
    if no_gaps and isinstance(left, Column):
        return Column(how(left.values, right.values if isinstance(right, Column) else bool(right)), None)
    (yes_left, no_left), (yes_right, no_right) = _truth(left), _truth(right)
    yes = how(yes_left, yes_right)
    no = (no_left | no_right) if name == "__and__" else (no_left & no_right)
    unknown = ~(yes | no)
    return Column(np.asarray(yes), unknown if unknown.any() else None)


def inverted(value: Value) -> Value:
    """Turn a condition round; what is unknown stays so."""
    return Column(~value.values, value.null) if isinstance(value, Column) else not value


def choose(condition: Value, yes: Value, no: Value) -> Value:
    """Take `yes` where the condition holds, else `no`."""
    if not isinstance(condition, Column):
        return yes if condition else no
    where = condition.values if condition.null is None else condition.values & ~condition.null
    if _is_text(yes) or _is_text(no):
        return _choose_texts(where, yes, no)
    if yes is None and no is None:
        raise NotImplementedError("a choice between nothing and nothing on arrays; give lit a dtype")
    left, right = _plain(yes), _plain(no)
    null_yes, null_no = _missing(yes), _missing(no)
    floats = any(getattr(side, "dtype", np.asarray(side).dtype).kind == "f" for side in (left, right))
    if floats:
        left, right = _with_nan(yes, left), _with_nan(no, right)
        return Column(np.where(where, left, right))
    values = np.where(where, left, right)
    if null_yes is False and null_no is False:
        return Column(values, None)
    null = np.where(where, null_yes, null_no)
    return Column(values, null if null.any() else None)


def _plain(value: Value) -> Any:
    """Return values to choose from; what is missing as an integer is masked anyway."""
    if isinstance(value, Column):
        return value.values
    return 0 if value is None else value


def _missing(value: Value) -> Any:
    if not isinstance(value, Column):
        return value is None
    return False if value.null is None else value.null


def _with_nan(value: Value, plain: Any) -> Any:
    if value is None:
        return np.nan
    if not isinstance(value, Column) or value.null is None or value.kind == "f":
        return plain
    return np.where(value.null, np.nan, plain)


def _is_text(value: Value) -> bool:
    return isinstance(value, str) or (isinstance(value, Column) and value.texts is not None)


def as_texts(value: Value) -> Column:
    """Return a text or nothing as a column of one row."""
    if isinstance(value, Column):
        return value
    if value is None:
        return Column(np.array([-1], dtype=np.int32), texts=Texts(np.array([], dtype=object)))
    return Column(np.zeros(1, dtype=np.int32), texts=Texts(np.array([value], dtype=object)))


def _choose_texts(where: Array, yes: Value, no: Value) -> Column:
    codes, texts = same_texts([as_texts(yes), as_texts(no)])
    return Column(np.where(where, codes[0], codes[1]).astype(np.int32, copy=False), texts=texts)


def fill(column: Value, with_: Value) -> Value:
    """Put another value where one is missing."""
    if not isinstance(column, Column):
        return with_ if column is None else column
    return column if column.null is None else choose(Column(column.null), with_, column)


def is_missing(column: Value) -> Value:
    """Tell which values are missing."""
    if not isinstance(column, Column):
        return column is None
    return Column(np.zeros(len(column.values), dtype=bool) if column.null is None else column.null, None)


def extreme(name: str, left: Value, right: Value) -> Value:
    """Take the smaller or larger one, or the one that is there."""
    if null_of(left) is None and null_of(right) is None and left is not None and right is not None:
        how = np.minimum if name == "min_horizontal" else np.maximum
        return numeric(how(numbers_of(left), numbers_of(right)), None)
    left, right = fill(left, right), fill(right, left)
    there = np.fmin if name == "min_horizontal" else np.fmax
    return numeric(np.asarray(there(numbers_of(left), numbers_of(right))), null_of(left))


def function(name: str, column: Value, **how: Any) -> Value:
    """Apply a function of one number."""
    values, null = numbers_of(column), null_of(column)
    if name == "__neg__":
        made = np.negative(values)
    elif name == "abs":
        made = np.abs(values)
    elif name == "log" and how["base"] == np.e:
        made = np.log(values)
    elif name == "round":
        made = np.round(values, how["decimals"])
    elif name in _FLOATS:
        made = _FLOATS[name](values)
    else:
        raise NotImplementedError(f"{name} on arrays")
    return numeric(np.asarray(made), null) if isinstance(column, Column) else made


def cast(column: Value, dtype: Any) -> Value:
    """Change the kind of numbers (`text_operations.as_text` makes texts)."""
    if not isinstance(column, Column):
        if column is None or isinstance(column, str) or dtype not in (nw.Float64, nw.Int64):
            raise NotImplementedError(f"a cast of {column!r} to {dtype} on arrays")
        return float(column) if dtype == nw.Float64 else int(column)
    if column.texts is not None:
        raise NotImplementedError(f"a cast of texts to {dtype} on arrays")
    values, null = column.values, column.null
    if dtype == nw.Float64:
        return column if column.kind == "f" else numeric(values.astype(np.float64), null)
    kind = next((kind for named, kind in _KINDS if dtype == named), None)
    if kind is None:
        raise NotImplementedError(f"a cast to {dtype} on arrays")
    if values.dtype == kind:
        return column
    if null is not None and column.kind == "f":
        values = np.where(null, 0.0, values)
    return Column(values.astype(kind), null)
