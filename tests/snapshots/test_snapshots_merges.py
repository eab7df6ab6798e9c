"""Re-keyed customers: a merge is a fact with a date."""

from __future__ import annotations

import narwhals as nw
import pandas as pd
import pytest
from synthetic_ledger import ENGINES, Line, tables_of

from patron.errors import LedgerError
from patron.snapshots import (
    CustomerMerge,
    history_before,
    merge_customers,
    probable_rekeys,
    purchase_days_between,
)

CHAIN = (CustomerMerge("a", "b", 10), CustomerMerge("b", "c", 20))
ROWS = [
    Line("old", 10, 100, False, "1"),
    Line("old", 20, 100, False, "2"),
    Line("new", 35, 100, False, "3"),
    Line("other", 12, 100, False, "4"),
]


def customers(day: int) -> list[str]:
    tables = tables_of(ROWS, merges=(CustomerMerge("old", "new", 30),))
    return sorted(set(history_before(tables, day).days.collect().to_pandas()["customer_id"]))


def test_snapshots_before_the_merge_see_two_customers() -> None:
    """Including the one on the day it takes effect: nothing of that day is known at its start."""
    assert customers(30) == ["old", "other"]
    assert customers(31) == ["new", "other"]
    assert customers(40) == ["new", "other"]


def test_a_chain_leads_to_its_last_known_id() -> None:
    """Step by step, as each of the merges becomes known."""
    assert merge_customers(CHAIN, 10) == {}
    assert merge_customers(CHAIN, 11) == {"a": "b"}
    assert merge_customers(CHAIN, 21) == {"a": "c", "b": "c"}
    assert merge_customers(CHAIN[::-1], 21) == {"a": "c", "b": "c"}


def test_several_old_ids_may_have_one_new_id() -> None:
    """Two branches become one account."""
    merges = [CustomerMerge("a", "c", 1), CustomerMerge("b", "c", 2)]
    assert merge_customers(merges, 3) == {"a": "c", "b": "c"}


@pytest.mark.parametrize(
    "pairs", [[("a", "a")], [("a", "b"), ("b", "a")], [("b", "c"), ("a", "b"), ("c", "b")]]
)
def test_a_circle_is_an_error_that_names_one_of_its_ids(pairs: list[tuple[str, str]]) -> None:
    """The id that is named does lead back to itself."""
    merges = [CustomerMerge(old, new, 1) for old, new in pairs]
    inside = {"a"} if len(pairs) < 3 else {"b", "c"}
    with pytest.raises(LedgerError, match=r"customer_merges: '[a-c]' leads back to itself") as caught:
        merge_customers(merges, 2)
    assert str(caught.value).split("'")[1] in inside


def test_a_circle_that_is_not_known_yet_is_no_error() -> None:
    """A later merge changes nothing before it."""
    merges = [CustomerMerge("a", "b", 1), CustomerMerge("b", "a", 5)]
    assert merge_customers(merges, 5) == {"a": "b"}


def test_one_old_id_with_two_new_ids_is_an_error() -> None:
    """The message says how many, names one and what to do."""
    merges = [CustomerMerge("a", "b", 1), CustomerMerge("a", "c", 1), CustomerMerge("d", "e", 1)]
    with pytest.raises(LedgerError, match=r"1 old ids have two new ids, e\.g\. 'a'\. Keep one row each"):
        merge_customers(merges, 2)


def test_the_same_merge_twice_is_one_merge() -> None:
    """A row that was exported twice does no harm."""
    assert merge_customers([CHAIN[0], CHAIN[0]], 11) == {"a": "b"}


def test_the_outcome_follows_the_new_id() -> None:
    """A customer re-keyed inside the window did not leave: its old id has what the new one bought."""
    tables = tables_of(ROWS, merges=(CustomerMerge("old", "new", 30),))
    outcome = purchase_days_between(tables, 25, 40).set_index("customer_id")["purchase_days"]
    assert outcome.to_dict() == {"old": 1, "new": 1}


def test_a_merge_after_the_window_does_not_touch_the_outcome() -> None:
    """It is not known when the window closes."""
    tables = tables_of(ROWS, merges=(CustomerMerge("old", "new", 40),))
    outcome = purchase_days_between(tables, 15, 40).set_index("customer_id")["purchase_days"]
    assert outcome.to_dict() == {"old": 1, "new": 1}


def test_events_move_with_the_customer() -> None:
    """From the day after the merge the survey answers of the old id count for the new one."""
    events = pd.DataFrame({"customer_id": ["old"], "kind": ["nps"], "value": [3.0], "known_day": [15]})
    tables = tables_of(ROWS, merges=(CustomerMerge("old", "new", 30),), events=events)
    seen = [history_before(tables, day).events for day in (30, 31)]
    assert [None if e is None else e["customer_id"].tolist() for e in seen] == [["old"], ["new"]]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_migration_re_keys_thousands_of_customers(engine: str) -> None:
    """A new ERP gives everybody a new id; quotes in ids are no matter."""
    merges = tuple(CustomerMerge(f"o'{k}", f'n"{k}', 5) for k in range(1500))
    rows = [Line(f"o'{k}", 3, 100, False, "1") for k in range(1500)]
    history = history_before(tables_of(rows, engine=engine, merges=merges), 10)
    found = history.days.collect().to_pandas()["customer_id"]
    assert sorted(found) == sorted(f'n"{k}' for k in range(1500))


def test_probable_rekeys_are_suggested_where_one_id_ends_before_a_like_one_starts() -> None:
    """Same digits and no overlap: suggested. Overlapping or too short: not."""
    days = {"0815": (1, 5), "C-815": (9, 20), "77": (1, 2), "x77": (5, 6), "900": (1, 9), "A900": (9, 12)}
    rows = [(customer, day) for customer, span in days.items() for day in span]
    frame = nw.from_native(pd.DataFrame(rows, columns=["customer_id", "day"])).lazy()
    assert probable_rekeys(frame) == [("0815", "C-815")]


def attributes_at(day: int, frame: pd.DataFrame) -> dict[str, str]:
    merges = (*CHAIN, CustomerMerge("x", "c", 15))
    attributes = history_before(tables_of(ROWS, merges=merges, attributes=frame), day).attributes
    assert attributes is not None
    assert attributes["customer_id"].is_unique
    return dict(zip(attributes["customer_id"], attributes["industry"], strict=True))


def test_attributes_move_with_the_customer() -> None:
    """From the day after each merge; of several old ids the one that was in use last tells."""
    frame = pd.DataFrame({"customer_id": ["a", "b", "other"], "industry": ["hotel", "cafe", "shop"]})
    assert attributes_at(10, frame) == {"a": "hotel", "b": "cafe", "other": "shop"}
    assert attributes_at(11, frame) == {"b": "cafe", "other": "shop"}
    assert attributes_at(21, frame) == {"c": "cafe", "other": "shop"}
    assert attributes_at(11, frame.drop(index=1)) == {"b": "hotel", "other": "shop"}
    assert attributes_at(21, frame.drop(index=1)) == {"c": "hotel", "other": "shop"}


def test_the_new_ids_own_attributes_come_first() -> None:
    """In whatever order the rows stand; a version that is not valid yet does not count."""
    frame = pd.DataFrame(
        {"customer_id": ["c", "b", "x", "b"], "industry": ["own", "late", "x", "early"],
         "valid_from_day": [22, 14, 3, 2]}
    )  # fmt: skip
    for rows in (frame, frame.iloc[::-1]):
        assert attributes_at(14, rows) == {"b": "early", "x": "x"}
        assert attributes_at(15, rows) == {"b": "late", "x": "x"}
        assert attributes_at(17, rows) == {"b": "late", "c": "x"}
        assert attributes_at(21, rows) == {"c": "late"}
        assert attributes_at(23, rows) == {"c": "own"}
