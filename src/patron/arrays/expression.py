"""narwhals expressions on arrays: the nodes of an expression one after the other, each computed once.

In: a narwhals expression, columns. Out: columns by name. Not here: frames (``frame``).

An expression of narwhals is a chain of nodes, each with a name, arguments and options; this is the one
place that reads them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

import narwhals as nw
import numpy as np

from patron.arrays import aggregation, operations, text_operations
from patron.arrays.column import Column
from patron.arrays.keys import Grouping, grouping_of, whole
from patron.arrays.operations import Value
from patron.arrays.window import shifted

_BINARY: dict[str, Callable[[str, Value, Value], Value]] = {
    **dict.fromkeys(("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__"), operations.compare),
    **dict.fromkeys(("__and__", "__or__", "__rand__", "__ror__"), operations.logic),
    **dict.fromkeys(
        (
            f"__{side}{name}__"
            for side in ("", "r")
            for name in ("add", "sub", "mul", "truediv", "floordiv", "mod")
        ),
        operations.arithmetic,
    ),
}
_AGGREGATES: dict[str, Callable[[Column, Grouping], Column]] = {
    "sum": aggregation.total,
    "min": aggregation.smallest,
    "max": aggregation.largest,
    "count": aggregation.count,
    "median": aggregation.median,
    "n_unique": aggregation.distinct,
}
_FUNCTIONS = ("__neg__", "abs", "log", "round", "sqrt", "exp")
_HORIZONTAL: dict[str, Callable[[str, Value, Value], Value]] = {
    "all_horizontal": lambda _name, left, right: operations.logic("__and__", left, right),
    "min_horizontal": operations.extreme,
    "max_horizontal": operations.extreme,
    "coalesce": lambda _name, left, right: operations.fill(left, right),
}


class Evaluation:
    """Expressions over the same columns; a part that occurs twice is computed once.

    Parameters
    ----------
    columns : mapping
        Name -> column.
    rows : int
        How many.
    groups : Grouping, optional
        What aggregates run over; all rows without.
    """

    def __init__(self, columns: Mapping[str, Column], rows: int, groups: Grouping | None = None) -> None:
        self.columns, self.rows = columns, rows
        self.groups = whole(rows) if groups is None else groups
        #: part of an expression -> its number, number -> its value
        self._numbers: dict[Any, int] = {}
        self._values: list[Value] = []
        self.aggregated = False

    def named(self, expressions: Iterable[Any], more: Mapping[str, Any]) -> Iterator[tuple[str, Value]]:
        """Compute expressions, each with the name of its result."""
        for expression in _flat(expressions):
            yield from self._outputs(expression)
        for name, expression in more.items():
            for _, value in self._outputs(expression):
                yield name, value

    def value(self, expression: Any) -> Value:
        """Compute an expression, a column's name being one."""
        return self._values[self._number(expression, text_is_column=True)]

    def _outputs(self, expression: Any) -> Iterator[tuple[str, Value]]:
        if isinstance(expression, str):
            yield expression, self._column(expression)
            return
        if not isinstance(expression, nw.Expr):
            raise NotImplementedError(f"{type(expression).__name__} as an expression on arrays")
        nodes = expression._nodes
        alias = next((node.kwargs["name"] for node in reversed(nodes) if node.name == "alias"), None)
        if nodes[0].name == "col" and len(nodes[0].kwargs["names"]) > 1:
            for name in nodes[0].kwargs["names"]:
                number = self._chain(nodes[1:], self._number(name, text_is_column=True))
                yield name, self._values[number]
            return
        yield alias or _name_of(expression), self._values[self._chain(nodes)]

    def _column(self, name: str) -> Column:
        if name not in self.columns:
            raise nw.exceptions.ColumnNotFoundError(f"no column {name!r}; there are {list(self.columns)}")
        return self.columns[name]

    def _number(self, given: Any, *, text_is_column: bool = False) -> int:
        if isinstance(given, nw.Expr):
            return self._chain(given._nodes)
        if isinstance(given, str) and text_is_column:
            return self._keep(("col", given), partial(self._column, given))
        plain: Value = given
        return self._keep((type(given), given), lambda: plain)

    def _keep(self, key: Any, compute: Callable[[], Value]) -> int:
        number = self._numbers.get(key)
        if number is None:
            self._values.append(compute())
            number = self._numbers[key] = len(self._values) - 1
        return number

    def _chain(self, nodes: Any, number: int | None = None) -> int:
        """Run nodes; the value before a window or an aggregate that `over` follows waits for it."""
        waiting = None
        for at, node in enumerate(nodes):
            if node.name == "alias":
                continue
            if at + 1 < len(nodes) and nodes[at + 1].name == "over":
                waiting = node
                continue
            number = self._node(node, number, waiting)
            waiting = None
        assert number is not None
        return number

    def _node(self, node: Any, before: int | None, waiting: Any) -> int:
        name, options = node.name, node.kwargs
        if name in ("coalesce", "col", "lit"):
            return self._root(node)
        # the first argument of a function of several columns may be a column's name
        given = tuple(
            self._number(e, text_is_column=not node.str_as_lit and before is None) for e in node.exprs
        )
        key = (name, before, given, _frozen(options), waiting and (waiting.name, _frozen(waiting.kwargs)))
        values = [self._values[number] for number in given]
        start = None if before is None else self._values[before]
        return self._keep(key, lambda: self._compute(name, start, values, options, waiting))

    def _root(self, node: Any) -> int:
        name, options = node.name, node.kwargs
        if name == "col":
            (column,) = options["names"]
            return self._keep(("col", column), partial(self._column, column))
        if name == "lit":
            value, dtype = options["value"], options["dtype"]
            if value is None and dtype == nw.Float64:
                value = np.nan
            return self._keep((name, type(value), value, dtype), lambda: value)
        found = self._number(node.exprs[0], text_is_column=True)
        for other in node.exprs[1:]:  # what has no gaps needs no other
            value = self._values[found]
            if isinstance(value, Column) and value.null is None:
                return found
            more = self._number(other, text_is_column=True)
            found = self._keep(("fill", found, more), partial(operations.fill, value, self._values[more]))
        return found

    def _compute(self, name: str, start: Value, given: list[Value], options: Any, waiting: Any) -> Value:
        if name in _BINARY:
            return _BINARY[name](name, start, given[0])
        if name == "when_then":
            return operations.choose(given[0], given[1], given[2] if len(given) > 2 else None)
        if name in _HORIZONTAL:
            found = given[0]
            for other in given[1:]:
                found = _HORIZONTAL[name](name, found, other)
            return found
        if name in _FUNCTIONS:
            return operations.function(name, start, **options)
        if name in _AGGREGATES or name in ("len", "quantile"):
            self.aggregated = True
            return self._aggregate(name, start, options, self.groups)
        if name == "over":
            return self._over(start, options, waiting)
        return self._elementwise(name, start, given, options)

    def _elementwise(self, name: str, start: Value, given: list[Value], options: Any) -> Value:
        if name == "__invert__":
            return operations.inverted(start)
        if name == "is_null":
            return operations.is_missing(start)
        if name == "fill_null" and given:
            return operations.fill(start, given[0])
        if name == "cast":
            if options["dtype"] == nw.String:
                return text_operations.as_text(start)
            return operations.cast(start, options["dtype"])
        if name == "is_in":
            return text_operations.is_one_of(start, options["other"])
        if name == "str.starts_with":
            return text_operations.begins(start, str(given[0]))
        if name == "str.ends_with":
            return text_operations.ends(start, str(given[0]))
        if name == "concat_str" and not options["ignore_nulls"]:
            return text_operations.joined(given, options["separator"], self.rows)
        if name == "replace_strict" and given:
            hit, moved = text_operations.replaced(start, options["old"], options["new"])
            return operations.choose(hit, moved, given[0])
        raise NotImplementedError(f"{name} on arrays; add it to patron.arrays or write it with what is there")

    def _aggregate(self, name: str, start: Value, options: Any, groups: Grouping) -> Column:
        if name == "len":
            return aggregation.size(groups)
        column = broadcast(start, self.rows)
        if name == "quantile":
            if options["interpolation"] != "linear":
                raise NotImplementedError("a quantile on arrays is interpolated linearly")
            return aggregation.quantile(column, groups, options["quantile"])
        return _AGGREGATES[name](column, groups)

    def _over(self, start: Value, options: Any, waiting: Any) -> Column:
        column = broadcast(start, self.rows)
        keys = [self._column(name) for name in options["partition_by"]]
        order = [self._column(name) for name in options["order_by"]]
        if waiting.name == "shift":
            return shifted(column, keys, order, waiting.kwargs["n"])
        if order or not keys:
            raise NotImplementedError(f"{waiting.name} over an order on arrays")
        groups = grouping_of(keys, self.rows)
        return groups.spread(self._aggregate(waiting.name, start, waiting.kwargs, groups))


def broadcast(value: Value, rows: int) -> Column:
    """Give every row a plain value."""
    if isinstance(value, Column):
        return value
    if isinstance(value, str):
        return operations.as_texts(value).take(np.zeros(rows, dtype=np.int64))
    if value is None:
        raise NotImplementedError("a column of nothing on arrays; give lit a dtype")
    return Column(np.full(rows, value))


def _flat(expressions: Iterable[Any]) -> Iterator[Any]:
    for expression in expressions:
        if isinstance(expression, list | tuple) or (
            isinstance(expression, Iterable) and not isinstance(expression, str | nw.Expr)
        ):
            yield from _flat(expression)
        else:
            yield expression


def _frozen(options: Mapping[str, Any]) -> Any:
    if not options:
        return None
    return tuple(
        (key, tuple(value) if isinstance(value, list | set) else value, type(value))
        for key, value in options.items()
    )


def _name_of(expression: Any) -> str:
    """Return the name of the column an expression starts from, as narwhals does."""
    while isinstance(expression, nw.Expr):
        first = expression._nodes[0]
        if first.name == "col":
            return str(first.kwargs["names"][0])
        if first.name in ("len", "lit"):
            return "len" if first.name == "len" else "literal"
        # a choice is named after what it takes
        expression = first.exprs[1 if first.name == "when_then" else 0]
    return expression if isinstance(expression, str) else "literal"
