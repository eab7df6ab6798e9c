"""Parents of customers: circles, unknown ones, themselves, changes over time; what `check` says of them."""

from __future__ import annotations

import random
from pathlib import Path

import pandas as pd
import pytest

from patron.config import make_config
from patron.ledger import check_hierarchy, load_customers, top_parents
from patron.workflows import check


def customers(**parents: str | None) -> pd.DataFrame:
    return pd.DataFrame({"customer_id": list(parents), "parent_id": list(parents.values())})


def test_a_tidy_hierarchy_has_no_problem() -> None:
    """Three levels and a customer of its own."""
    tidy = customers(site="region", region="head", head=None, alone=None)
    assert check_hierarchy(tidy).problems == ()
    assert top_parents(tidy).to_dict() == {"site": "head", "region": "head", "head": "head", "alone": "alone"}


def test_circles_are_found_once_with_their_members() -> None:
    """Two circles, one with customers hanging on it; members stand in the order of their parents."""
    given = customers(d="c", c="a", b="c", a="b", e="d", x="y", y="x", z=None)
    found = check_hierarchy(given)
    assert found.circles == (("a", "b", "c"), ("x", "y"))
    assert found.problems == (
        "customers: 5 are their own parent in 2 circles, e.g. 'a' -> 'b' -> 'c' -> 'a'. They count as having "
        "no parent; correct parent_id of one customer in each circle.",
    )
    tops = {"a": "a", "b": "b", "c": "c", "d": "c", "e": "c", "x": "x", "y": "y", "z": "z"}
    assert top_parents(given).to_dict() == tops


def test_a_long_circle_is_shortened_in_words() -> None:
    """Eight members, then dots."""
    names = [f"n{k:02d}" for k in range(20)]
    given = customers(**dict(zip(names, [*names[1:], names[0]], strict=True)))
    found = check_hierarchy(given)
    assert found.circles == (tuple(names),)
    assert "'n06' -> 'n07' -> ... -> 'n00'. They" in found.problems[0]
    assert "20 are their own parent in 1 circle, e.g." in found.problems[0]


def test_who_names_itself_has_no_parent() -> None:
    """Usual in ERP exports for the head office; harmless, but said."""
    given = customers(head="head", site="head", other="other")
    found = check_hierarchy(given)
    assert (found.self_parents, found.circles) == (("head", "other"), ())
    assert found.problems[0].startswith("customers: 2 name themselves as parent_id, e.g. 'head'. They count")
    assert top_parents(given).to_dict() == {"head": "head", "site": "head", "other": "other"}


def test_a_parent_without_a_row_is_a_group_of_its_own_name() -> None:
    """Counted as parents, not as children."""
    given = customers(b="HQ", a="HQ", c="Holding", d=None)
    found = check_hierarchy(given)
    assert found.unknown_parents == ("HQ", "Holding")
    assert found.problems == (
        "customers: 2 parents have no row of their own, e.g. 'HQ' (parent of 'a'). Each is a buying group "
        "under its id; add a row to give it a name.",
    )
    assert top_parents(given).to_dict() == {"a": "HQ", "b": "HQ", "c": "Holding", "d": "d"}


def test_all_problems_at_once() -> None:
    """In one reading of the file."""
    assert len(check_hierarchy(customers(a="b", b="a", c="c", d="?")).problems) == 3


@pytest.mark.parametrize("parent", [None, float("nan"), pd.NA, "", "  "])
def test_no_parent_has_many_forms(parent: object) -> None:
    """Empty cells of any kind."""
    given = pd.DataFrame({"customer_id": ["a"], "parent_id": pd.Series([parent], dtype=object)})
    assert check_hierarchy(given).problems == ()
    assert top_parents(given).to_dict() == {"a": "a"}


def test_without_the_column_there_is_no_hierarchy() -> None:
    """Most customer files have none."""
    given = pd.DataFrame({"customer_id": ["a", "b"]})
    assert check_hierarchy(given).problems == ()
    assert top_parents(given).to_dict() == {"a": "a", "b": "b"}
    assert top_parents(given.iloc[:0]).to_dict() == {}


def test_parents_that_change_are_looked_at_state_by_state() -> None:
    """a was below b, then b below a: fine if a left first; a circle in between is found though it is over."""
    moves = [("a", "b", 0), ("b", None, 0), ("a", None, 10), ("b", "a", 20)]
    columns = ["customer_id", "parent_id", "valid_from_day"]
    assert check_hierarchy(pd.DataFrame(moves, columns=columns)).circles == ()
    between = [("a", "b", 0), ("b", None, 0), ("b", "a", 10), ("a", None, 20)]
    for rows in (between, between[::-1]):
        assert check_hierarchy(pd.DataFrame(rows, columns=columns)).circles == (("a", "b"),)
    swap = [("a", "b", 0), ("b", None, 0), ("a", None, 10), ("b", "a", 10)]
    assert check_hierarchy(pd.DataFrame(swap, columns=columns)).circles == ()


def test_random_parents_against_following_them() -> None:
    """A customer is in a circle if it comes back to itself within n steps; else its top is where it ends."""
    random_ = random.Random(8)
    circles = 0
    for _ in range(300):
        names = [f"c{k}" for k in range(random_.randrange(1, 9))]
        parents = {n: random_.choice([*names, "HQ", None, None]) for n in names}
        given = customers(**parents)
        tops, inside = top_parents(given), set()
        for name in names:
            walk = [name]
            for _ in names:
                step = parents.get(walk[-1])
                walk.append(step if step is not None else walk[-1])
            if name in walk[1:] and walk[1] != name:
                inside.add(name)
        for name in names:
            here = name
            while here not in inside and parents.get(here) not in (None, here):
                here = parents[here]
            assert tops[name] == here
        assert {n for circle in check_hierarchy(given).circles for n in circle} == inside
        circles += len(inside)
    assert circles > 100


def test_a_chain_of_twenty_thousand_takes_no_recursion() -> None:
    """One top for all."""
    names = [f"{k:05d}" for k in range(20_000)]
    given = customers(**dict(zip(names, [*names[1:], None], strict=True)))
    assert set(top_parents(given)) == {"19999"}
    assert check_hierarchy(given).problems == ()


def test_check_reports_them(tmp_path: Path) -> None:
    """With everything else that is said about the files; ids keep their zeros."""
    days = pd.date_range("2024-01-01", periods=30, freq="7D").strftime("%Y-%m-%d")
    orders = pd.DataFrame({"customer_id": ["007", "008", "<b>"] * 10, "ordered_at": days, "amount": 10.0})
    orders.to_csv(tmp_path / "orders.csv", index=False)
    table = pd.DataFrame({"customer_id": ["007", "008", "<b>"], "parent_id": ["008", "007", "099"]})
    table.to_csv(tmp_path / "customers.csv", index=False)
    assert check_hierarchy(load_customers(tmp_path / "customers.csv")).circles == (("007", "008"),)
    ledger = {"transactions": "orders.csv", "customers": "customers.csv"}
    said = check(make_config({"name": "x", "ledger": ledger}, tmp_path)).warnings
    assert any("'007' -> '008' -> '007'" in warning for warning in said)
    assert any("'099' (parent of '<b>')" in warning for warning in said)
