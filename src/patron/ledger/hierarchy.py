"""Which site belongs to which buying group, and what is wrong with the parents that are given.

In:  customer attributes with ``parent_id`` (of `load_customers`, or as valid on one day).
Out: problems in words; the top of each customer's chain of parents.
Not here: money by group (`actions.buying_groups`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

import pandas as pd

_SHOWN = 8


@dataclass(frozen=True)
class HierarchyCheck:
    """What is wrong with the parents of customers.

    Parameters
    ----------
    circles : tuple of tuple of str
        Customers who are their own parent by way of others: each circle once, from its smallest id on.
    self_parents : tuple of str
        Customers who name themselves.
    unknown_parents : tuple of str
        Parents without a row of their own.
    problems : tuple of str
        The same in words: how many, one of them, what to do; empty where all is well.
    """

    circles: tuple[tuple[str, ...], ...]
    self_parents: tuple[str, ...]
    unknown_parents: tuple[str, ...]
    problems: tuple[str, ...]


def check_hierarchy(attributes: pd.DataFrame) -> HierarchyCheck:
    """Look for circles, unknown parents and customers who are their own parent.

    Parameters
    ----------
    attributes : pandas.DataFrame
        Of `load_customers`; where parents changed over time (``valid_from_day``), every state is looked at.

    Returns
    -------
    HierarchyCheck
        Nothing is wrong without a column ``parent_id``.

    Examples
    --------
    >>> customers = pd.DataFrame({"customer_id": ["a", "b", "c"], "parent_id": ["b", "a", "head office"]})
    >>> found = check_hierarchy(customers)
    >>> found.circles, found.unknown_parents
    ((('a', 'b'),), ('head office',))
    """
    if "parent_id" not in attributes:
        return HierarchyCheck((), (), (), ())
    rows = _rows(attributes)
    customers = {customer for _, customer, _ in rows}
    own = tuple(sorted({customer for _, customer, parent in rows if customer == parent}))
    children = {}
    for _, customer, parent in sorted(rows, key=lambda row: row[1], reverse=True):
        if parent is not None and parent not in customers:
            children[parent] = customer
    circles = tuple(
        sorted({circle for state, changed in _states(rows) for circle in _circles(state, changed)})
    )
    return HierarchyCheck(circles, own, tuple(sorted(children)), tuple(_in_words(own, circles, children)))


def top_parents(attributes: pd.DataFrame) -> pd.Series:
    """Return the top of each customer's chain of parents.

    Parameters
    ----------
    attributes : pandas.DataFrame, one row per customer
        As valid on one day (`snapshots.history_before`).

    Returns
    -------
    pandas.Series
        ``customer_id`` -> top, sorted; the customer itself where it has no parent. Customers in a circle, and
        those who name themselves, count as having none. A parent without a row is a top.

    Examples
    --------
    >>> customers = pd.DataFrame({"customer_id": ["a", "b", "c"], "parent_id": ["b", "HQ", None]})
    >>> top_parents(customers).to_dict()
    {'a': 'HQ', 'b': 'HQ', 'c': 'c'}
    """
    rows = _rows(attributes)
    parents = {c: parent for _, c, parent in rows if parent is not None and parent != c}
    for circle in _circles(parents, sorted(parents)):
        for customer in circle:
            del parents[customer]
    tops: dict[str, str] = {}
    for _, customer, _ in rows:
        _climb(customer, parents, tops)
    found = {customer: tops[customer] for _, customer, _ in rows}
    return pd.Series(found, name="group_id", dtype=object).rename_axis("customer_id")


def _rows(attributes: pd.DataFrame) -> list[tuple[int, str, str | None]]:
    """Return first day, customer and parent of every row, by day."""
    days = attributes["valid_from_day"] if "valid_from_day" in attributes else [0] * len(attributes)
    parents = attributes["parent_id"] if "parent_id" in attributes else [None] * len(attributes)
    rows = [
        (int(day), str(customer), _text(parent))
        for day, customer, parent in zip(days, attributes["customer_id"], parents, strict=True)
    ]
    return sorted(rows, key=lambda row: row[:2])


def _text(parent: object) -> str | None:
    return None if pd.isna(parent) or not str(parent).strip() else str(parent).strip()  # type: ignore[call-overload]


def _states(
    rows: list[tuple[int, str, str | None]],
) -> Iterator[tuple[dict[str, str], list[str]]]:
    """Yield the parents after each day of changes, and whose changed: a new circle holds one of them."""
    state: dict[str, str] = {}
    for _, changes in groupby(rows, key=lambda row: row[0]):
        changed = []
        for _, customer, parent in changes:
            state.pop(customer, None)
            if parent is not None and parent != customer:
                state[customer] = parent
                changed.append(customer)
        yield state, changed


def _circles(parents: Mapping[str, str], starts: list[str]) -> list[tuple[str, ...]]:
    """Follow the parents of some customers; every circle they lead into, once."""
    found: list[tuple[str, ...]] = []
    done: set[str] = set()
    for start in starts:
        path: dict[str, None] = {}
        here: str | None = start
        while here is not None and here not in done and here not in path:
            path[here] = None
            here = parents.get(here)
        if here in path:
            walked = list(path)
            found.append(_from_smallest(walked[walked.index(here) :]))
        done.update(path)
    return found


def _from_smallest(circle: list[str]) -> tuple[str, ...]:
    first = circle.index(min(circle))
    return tuple(circle[first:] + circle[:first])


def _climb(customer: str, parents: Mapping[str, str], tops: dict[str, str]) -> None:
    """Find the top of one customer and remember it for everybody on the way."""
    path, here = [], customer
    while here not in tops and here in parents:
        path.append(here)
        here = parents[here]
    top = tops.get(here, here)
    tops |= dict.fromkeys([*path, here, customer], top)


def _in_words(
    own: tuple[str, ...], circles: tuple[tuple[str, ...], ...], children: Mapping[str, str]
) -> Iterator[str]:
    if own:
        yield (
            f"customers: {len(own):,} name themselves as parent_id, e.g. '{own[0]}'. They count as having "
            "none; leave parent_id empty or name the right one."
        )
    if circles:
        shown = [f"'{name}'" for name in [*circles[0][:_SHOWN], circles[0][0]]]
        if len(circles[0]) > _SHOWN:
            shown.insert(-1, "...")
        members = len({name for circle in circles for name in circle})
        yield (
            f"customers: {members:,} are their own parent in {len(circles):,} circle"
            f"{'s' if len(circles) > 1 else ''}, e.g. {' -> '.join(shown)}. They count as having no parent; "
            "correct parent_id of one customer in each circle."
        )
    if children:
        parent = min(children)
        yield (
            f"customers: {len(children):,} parents have no row of their own, e.g. '{parent}' (parent of "
            f"'{children[parent]}'). Each is a buying group under its id; add a row to give it a name."
        )
