"""A narwhals frame on arrays. In: columns. Out: what narwhals' lazy frames answer. Not here: expressions.

`ArrayFrame` is a lazy frame of narwhals whose expressions are computed by `Evaluation` instead of being
handed to an engine: on small frames that is a hundred times faster than narwhals on pandas, because nothing
but the arithmetic is left. `ArrayStore` is what narwhals sees as the frame's engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn, cast

import narwhals as nw
import numpy as np
import pandas as pd

from patron.arrays.collected import CollectedArrays
from patron.arrays.column import Array, Column, column_of, stacked
from patron.arrays.expression import Evaluation, broadcast
from patron.arrays.joining import matching_rows
from patron.arrays.keys import Grouping, grouping_of
from patron.arrays.operations import Value


class ArrayStore:
    """Columns of one length, as narwhals asks for an engine's frame.

    Parameters
    ----------
    columns : mapping
        Name -> column.
    rows : int
        How many.
    """

    _version = nw.LazyFrame._version

    def __init__(self, columns: Mapping[str, Column], rows: int) -> None:
        self.by_name, self.rows = dict(columns), rows

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotImplementedError(f"{name} on arrays; add it to patron.arrays or write it with what is there")

    def __narwhals_lazyframe__(self) -> ArrayStore:
        return self

    def __narwhals_namespace__(self) -> ArrayStore:
        return self

    @property
    def columns(self) -> list[str]:
        """Names."""
        return list(self.by_name)

    @property
    def schema(self) -> dict[str, Any]:
        """Name -> type of narwhals."""
        return {name: column.dtype for name, column in self.by_name.items()}

    def collect_schema(self) -> dict[str, Any]:
        """Name -> type of narwhals."""
        return self.schema

    def take(self, rows: Array) -> ArrayStore:
        """Return the rows at these places."""
        return ArrayStore({name: column.take(rows) for name, column in self.by_name.items()}, len(rows))

    def filtered(self, condition: Value) -> ArrayStore:
        """Return the rows at which a condition holds."""
        if not isinstance(condition, Column):
            return self if condition else self.take(np.zeros(0, dtype=np.int64))
        keep = condition.values if condition.null is None else condition.values & ~condition.null
        rows = np.flatnonzero(keep)
        return self if len(rows) == self.rows else self.take(rows)

    def simple_select(self, *names: str) -> ArrayStore:
        """Return some columns."""
        return ArrayStore({name: self.by_name[name] for name in names}, self.rows)

    def drop(self, columns: Sequence[str], *, strict: bool) -> ArrayStore:
        """Leave columns out."""
        names = {name for given in columns for name in ([given] if isinstance(given, str) else given)}
        if strict and not names <= set(self.by_name):
            raise nw.exceptions.ColumnNotFoundError(f"no columns {sorted(names - set(self.by_name))}")
        return ArrayStore({n: c for n, c in self.by_name.items() if n not in names}, self.rows)

    def rename(self, mapping: Mapping[str, str]) -> ArrayStore:
        """Name columns otherwise."""
        return ArrayStore({mapping.get(n, n): c for n, c in self.by_name.items()}, self.rows)

    def head(self, n: int) -> ArrayStore:
        """Return the first rows."""
        return self if n >= self.rows else self.take(np.arange(n))

    def unique(self, subset: Sequence[str] | None, *, keep: str, order_by: Any) -> ArrayStore:
        """Return one row of each combination."""
        if keep != "any" or order_by:
            raise NotImplementedError("unique on arrays keeps any row")
        keys = [self.by_name[name] for name in subset or self.by_name]
        return self.take(grouping_of(keys, self.rows).first)

    def sort(self, *by: str, descending: bool | Sequence[bool], nulls_last: bool) -> NoReturn:
        """Not offered: rows are in no particular order until they are collected."""
        raise NotImplementedError("sort on arrays: collect, then sort in pandas")

    def join(
        self,
        other: ArrayStore,
        *,
        how: str,
        left_on: Sequence[str] | None,
        right_on: Sequence[str] | None,
        suffix: str,
    ) -> ArrayStore:
        """Join by equal keys; missing keys equal nothing."""
        if how not in ("inner", "semi", "anti") or left_on is None or right_on is None:
            raise NotImplementedError(f"a join {how!r} on arrays")
        left = [self.by_name[name] for name in left_on]
        rows, others = matching_rows(left, [other.by_name[name] for name in right_on], how)
        found = self.take(rows)
        if how == "inner":
            for name, column in other.by_name.items():
                if name not in right_on:
                    named = name + suffix if name in self.by_name else name
                    found.by_name[named] = column.take(others)
        return found

    def concat(self, items: Iterable[ArrayStore], *, how: str) -> ArrayStore:
        """Put frames with the same columns below one another."""
        frames = list(items)
        if how != "vertical" or any(frame.columns != frames[0].columns for frame in frames):
            raise NotImplementedError("frames on arrays are put below one another with the same columns")
        rows = sum(frame.rows for frame in frames)
        return ArrayStore({n: stacked([f.by_name[n] for f in frames]) for n in frames[0].columns}, rows)


class ArrayFrame(nw.LazyFrame[Any]):
    """A lazy frame of narwhals on arrays (`array_frame` makes one)."""

    @property
    def _store(self) -> ArrayStore:
        return cast(ArrayStore, self._compliant_frame)

    def _evaluation(self, groups: Grouping | None = None) -> Evaluation:
        return Evaluation(self._store.by_name, self._store.rows, groups)

    @property
    def implementation(self) -> Any:  # type: ignore[override]
        """Narwhals has no name for it."""
        return nw.Implementation.UNKNOWN

    def select(self, *exprs: Any, **named_exprs: Any) -> ArrayFrame:
        """Compute columns; aggregates alone make one row."""
        computed = self._evaluation()
        with np.errstate(all="ignore"):
            made = dict(computed.named(exprs, named_exprs))
        rows = 1 if computed.aggregated else self._store.rows
        return _framed({name: broadcast(value, rows) for name, value in made.items()}, rows)

    def with_columns(self, *exprs: Any, **named_exprs: Any) -> ArrayFrame:
        """Compute columns beside those that are there."""
        store = self._store
        with np.errstate(all="ignore"):
            made = dict(self._evaluation().named(exprs, named_exprs))
        more = {name: broadcast(value, store.rows) for name, value in made.items()}
        return _framed({**store.by_name, **more}, store.rows)

    def filter(self, *predicates: Any, **constraints: Any) -> ArrayFrame:
        """Keep the rows at which every condition holds."""
        computed, store = self._evaluation(), self._store
        conditions = [*predicates, *(nw.col(name) == value for name, value in constraints.items())]
        for condition in conditions[1:]:
            conditions[0] = conditions[0] & condition
        return ArrayFrame(store.filtered(computed.value(conditions[0])), level="lazy")

    def group_by(self, *keys: Any, drop_null_keys: bool = False) -> Any:
        """Group by columns."""
        names = [name for key in keys for name in ([key] if isinstance(key, str) else key)]
        if drop_null_keys or not names or not all(isinstance(name, str) for name in names):
            raise NotImplementedError("groups on arrays are by names of columns, missing keys included")
        return _Grouped(self, names)

    def collect(self, backend: Any = None, **_kwargs: Any) -> nw.DataFrame[Any]:
        """Return an eager frame; it is one of pandas as soon as it is looked at."""
        collected = CollectedArrays(self)
        return collected if backend is None else collected.lazy(backend).collect(backend)


class _Grouped:
    """Groups waiting for aggregates."""

    def __init__(self, frame: ArrayFrame, names: list[str]) -> None:
        self._frame, self._names = frame, names

    def agg(self, *aggs: Any, **named_aggs: Any) -> ArrayFrame:
        """Compute a row per group."""
        store = self._frame._store
        keys = [store.by_name[name] for name in self._names]
        groups = grouping_of(keys, store.rows)
        with np.errstate(all="ignore"):
            made = dict(self._frame._evaluation(groups).named(aggs, named_aggs))
        first = groups.first
        columns = {name: key.take(first) for name, key in zip(self._names, keys, strict=True)}
        columns |= {name: broadcast(value, groups.groups) for name, value in made.items()}
        return _framed(columns, groups.groups)


def _framed(columns: Mapping[str, Column], rows: int) -> ArrayFrame:
    return ArrayFrame(ArrayStore(columns, rows), level="lazy")


def array_frame(columns: pd.DataFrame | Mapping[str, Column | Array]) -> ArrayFrame:
    """Return a narwhals frame on arrays.

    Parameters
    ----------
    columns : pandas.DataFrame or mapping of str to Column or numpy.ndarray
        Booleans, integers, floats (missing: NaN) and texts.

    Returns
    -------
    ArrayFrame

    Raises
    ------
    NotImplementedError
        For another kind of column, and later for what the house does not use: the message names it.

    Examples
    --------
    >>> frame = array_frame(pd.DataFrame({"who": ["a", "b", "a"], "spend": [5, 7, 9]}))
    >>> frame.group_by("who").agg(nw.col("spend").sum()).collect().rows()
    [('a', 14), ('b', 7)]
    """
    if isinstance(columns, pd.DataFrame):
        made = {str(name): column_of(columns[name]) for name in columns}
        return _framed(made, len(columns))
    made = {n: c if isinstance(c, Column) else Column(c) for n, c in columns.items()}
    return _framed(made, len(next(iter(made.values())).values) if made else 0)
