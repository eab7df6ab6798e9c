"""What was known before a day and what came after it: on which side of the cut each row falls."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest
from synthetic_ledger import ENGINES, Line, tables_of

from patron.snapshots import CustomerMerge, history_before, purchase_days_between

ROWS = [
    Line("a", 99, 500, False, "1", "p1", "c1", 100),
    Line("a", 100, 700, False, "2", "p2", "c2", 200),
    Line("a", 100, -50, True, "C1"),
    Line("a", 109, 900, False, "3", "p3", "c3", 300),
    Line("b", 110, 100, False, "4", "p4", "c4", 10),
]


def days_in(history: Any) -> list[tuple[str, int]]:
    frame = history.days.collect().to_pandas()
    return sorted((str(c), int(d)) for c, d in zip(frame["customer_id"], frame["day"], strict=True))


@pytest.mark.parametrize("engine", ENGINES)
def test_the_day_of_as_of_itself_is_not_known(engine: str) -> None:
    """Days and items stop the day before."""
    history = history_before(tables_of(ROWS, engine=engine), 100)
    assert days_in(history) == [("a", 99)]
    assert history.products is not None
    assert history.categories is not None
    assert history.products.collect().to_pandas()["item"].tolist() == ["p1"]
    assert history.categories.collect().to_pandas()["item"].tolist() == ["c1"]


@pytest.mark.parametrize("engine", ENGINES)
def test_the_outcome_begins_on_as_of_and_ends_before_its_end(engine: str) -> None:
    """[100, 110): the order of day 100 counts, that of day 110 does not."""
    frame = purchase_days_between(tables_of(ROWS, engine=engine), 100, 110)
    assert frame.to_dict("records") == [
        {"customer_id": "a", "purchase_days": 2, "first_day": 100, "net_spend": 1550, "net_margin": 1050}
    ]


def test_a_refund_alone_is_an_outcome_without_a_purchase_day() -> None:
    """The customer is in the table, with money back and no purchase day."""
    frame = purchase_days_between(tables_of([ROWS[0], ROWS[2]]), 100, 101)
    assert frame[["customer_id", "purchase_days", "net_spend"]].to_numpy().tolist() == [["a", 0, -50]]


def test_an_event_is_known_from_the_day_after_known_day() -> None:
    """What happened earlier but was known on as_of or later stays out."""
    events = pd.DataFrame(
        {"customer_id": ["a"] * 3, "kind": ["nps"] * 3, "value": [1.0, 2.0, 3.0], "known_day": [99, 100, 101]}
    ).assign(happened_day=90)
    history = history_before(tables_of(ROWS, events=events), 100)
    assert history.events is not None
    assert history.events["value"].tolist() == [1.0]


def test_the_attribute_row_is_the_newest_one_valid_before_as_of() -> None:
    """A row valid from as_of on is not known yet; a customer without an earlier row is absent."""
    attributes = pd.DataFrame(
        {
            "customer_id": ["a", "a", "a", "b"],
            "industry": ["late", "old", "newer", "late"],
            "valid_from_day": [100, 10, 99, 100],
        }
    )
    history = history_before(tables_of(ROWS, attributes=attributes), 100)
    assert history.attributes is not None
    assert history.attributes.to_dict("records") == [{"customer_id": "a", "industry": "newer"}]


def test_attributes_without_a_date_are_taken_as_constant() -> None:
    """They are the same on every day."""
    attributes = pd.DataFrame({"customer_id": ["a"], "industry": ["hotel"]})
    history = history_before(tables_of(ROWS, attributes=attributes), 5)
    assert history.attributes is not None
    pd.testing.assert_frame_equal(history.attributes, attributes)


@pytest.mark.parametrize("engine", ENGINES)
def test_joined_customers_share_days_and_their_gaps_are_measured_anew(engine: str) -> None:
    """Two ids that ordered on one day have one purchase day; gaps run over both histories."""
    rows = [
        Line("old", 10, 100, False, "1"),
        Line("new", 10, 50, False, "2"),
        Line("old", 14, 70, False, "3"),
    ]
    rows += [Line("new", 20, 10, False, "4")]
    tables = tables_of(rows, engine=engine, merges=(CustomerMerge("old", "new", 30),))
    frame = history_before(tables, 31).days.collect().to_pandas().sort_values("day")
    assert frame["customer_id"].tolist() == ["new"] * 3
    assert frame[["day", "orders", "spend"]].to_numpy().tolist() == [[10, 2, 150], [14, 1, 70], [20, 1, 10]]
    assert frame["gap_days"].tolist()[1:] == [4.0, 6.0]
    assert frame["log_gap"].tolist()[1:] == [round(math.log(g) * 2**32) for g in (4, 6)]


@pytest.mark.parametrize("engine", ENGINES)
def test_joined_customers_share_items(engine: str) -> None:
    """The same product bought under both ids on one day is one item."""
    rows = [Line("old", 10, 100, False, "1", "p1"), Line("new", 10, 50, False, "2", "p1")]
    tables = tables_of(rows, engine=engine, merges=(CustomerMerge("old", "new", 30),))
    products = history_before(tables, 31).products
    assert products is not None
    assert products.collect().to_pandas()[["customer_id", "day", "item"]].to_numpy().tolist() == [
        ["new", 10, "p1"]
    ]
