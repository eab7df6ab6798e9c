"""The label `silence`: which day counts on which side of the horizon."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from plain_days import plain_days
from synthetic_ledger import ENGINES, Line, number, tables_of

from patron.labels import silence_label
from patron.snapshots import CustomerMerge, purchase_days_between

AS_OF, HORIZON = 1000, 90


def label(*later: Line, **beside: object) -> int:
    """Label of customer `a`, who ordered on day 900, after some later lines."""
    tables = tables_of([Line("a", 900, 500, False, "0"), Line("z", 1500, 1, False, "z"), *later], **beside)
    outcome = purchase_days_between(tables, AS_OF, AS_OF + HORIZON)
    return int(silence_label(pd.Series(["a"]), outcome)[0])


def order(day: int, amount: int = 500, order_id: str = "1") -> Line:
    return Line("a", day, amount, amount < 0, order_id)


@pytest.mark.parametrize(
    ("day", "churned"), [(AS_OF - 1, 1), (AS_OF, 0), (AS_OF + HORIZON - 1, 0), (AS_OF + HORIZON, 1)]
)
def test_the_window_is_closed_at_as_of_and_open_at_its_end(day: int, churned: int) -> None:
    """An order on as_of is within the horizon; one on as_of + h is too late."""
    assert label(order(day)) == churned


def test_only_purchase_days_count_as_coming_back() -> None:
    """A refund, a free sample, or an order cancelled on its day is no purchase."""
    assert label(order(AS_OF + 5, -500)) == 1
    assert label(order(AS_OF + 5, 0)) == 1
    assert label(order(AS_OF + 5), order(AS_OF + 5, -500, "C1")) == 1
    assert label(order(AS_OF + 5), order(AS_OF + 6, -500, "C1")) == 0


def test_a_customer_who_was_re_keyed_has_not_churned() -> None:
    """It orders under its new id inside the window."""
    merges = (CustomerMerge("a", "b", AS_OF + 10),)
    assert label(Line("b", AS_OF + 20, 500, False, "1")) == 1
    assert label(Line("b", AS_OF + 20, 500, False, "1"), merges=merges) == 0


@pytest.mark.parametrize("engine", ENGINES)
def test_labels_equal_the_plain_oracle(engine: str, ledger_rows: list[Line]) -> None:
    """Every customer of the synthetic ledger, on every engine."""
    start = number("2024-02-01")
    came = {row[0] for row in plain_days(ledger_rows) if start <= row[1] < start + 60 and row[2] > 0}
    customers = sorted({row.customer_id for row in ledger_rows})
    outcome = purchase_days_between(tables_of(ledger_rows, engine=engine), start, start + 60)
    labels = silence_label(pd.Series(customers), outcome)
    np.testing.assert_array_equal(labels, [int(c not in came) for c in customers])
    assert 0 < labels.mean() < 1


def test_the_label_is_in_the_order_of_the_customers_asked_for() -> None:
    """Not in that of the outcome; a customer without any row has churned."""
    outcome = pd.DataFrame({"customer_id": ["a", "b"], "purchase_days": [2, 0], "net_spend": [10, -5]})
    assert silence_label(pd.Series(["x", "b", "a"]), outcome).tolist() == [1, 1, 0]
    assert silence_label(pd.Series([], dtype=str), outcome).tolist() == []
