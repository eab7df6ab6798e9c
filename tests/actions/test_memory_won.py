"""What was won after the calls, and what happened after each, worked by hand."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest
from synthetic_ledger import Line, tables_of

from patron.actions import Won, accounts_won, history_of_actions, won_in_words
from patron.snapshots import CustomerMerge, CustomerTables

TODAY = 1000
_NAMES = ["customer_id", "day", "owner", "action", "outcome", "reason", "snoozed_until_day"]


def on(day: int) -> date:
    """The date of a day number, by the calendar."""
    return date(1970, 1, 1) + timedelta(days=day)


def log(*rows: tuple[Any, ...]) -> pd.DataFrame:
    """Rows of customer, day, outcome and, if there is one, owner."""
    full = [(row[0], row[1], row[3] if len(row) > 3 else None, "call", row[2], None, None) for row in rows]
    return pd.DataFrame(full, columns=_NAMES)


def bought(*orders: tuple[Any, ...], engine: str = "pandas", **beside: Any) -> CustomerTables:
    """Orders of customer, day, amount in cents; a negative one is a refund."""
    lines = [Line(c, d, amount, amount < 0, f"o{i}") for i, (c, d, amount) in enumerate(orders)]
    columns = ("customer_id", "day", "amount_minor", "is_refund", "order_id")
    return tables_of(lines, engine=engine, columns=columns, **beside)


ORDERS = (
    ("a", 900, 5_00),
    ("a", 960, 100_00),  # before the second call
    ("a", 975, 200_50),
    ("a", 980, -20_00),
    ("a", TODAY, 999_00),  # not known yet
    ("b", 950, 70_00),  # on the day of the call
    ("c", 940, 10_00),  # before the call
    ("d", 990, 30_00),
    ("e", 970, 40_00),
    ("f", 970, -40_00),  # money back is no order
)
LOG = log(
    ("a", 950, "reached", "Anna"),
    ("a", 970, "reached", "Bo"),
    ("b", 950, "ordered", "Anna"),
    ("c", 945, "reached"),
    ("d", 985, "none", "Bo"),  # nobody was spoken to
    ("e", 960, "dismissed", "Bo"),
    ("f", 960, "reached", "Bo"),
    ("a", TODAY, "ordered", "Bo"),  # not known yet
)


@pytest.mark.parametrize("engine", ["pandas", "duckdb"])
def test_who_ordered_after_a_call(engine: str) -> None:
    """First order after any call, the last call before it, everything since; each account once."""
    won = accounts_won(LOG, bought(*ORDERS, engine=engine), TODAY, within_days=90)
    assert won.rows.to_dict("records") == [
        {
            "customer_id": "a",
            "owner": "Anna",
            "called_on": on(950),
            "outcome": "reached",
            "first_order_on": on(960),
            "days_to_order": 10,
            "orders_since": 2,
            "revenue_since": 280.5,  # 100 + 200.50 - 20
        },
        {
            "customer_id": "b",
            "owner": "Anna",
            "called_on": on(950),
            "outcome": "ordered",
            "first_order_on": on(950),
            "days_to_order": 0,
            "orders_since": 1,
            "revenue_since": 70.0,
        },
    ]
    assert won.revenue == 350.5
    assert won.accounts_called == 4  # a, b, c and f
    assert won.customers_called == ("a", "b", "c", "f")


def test_of_two_calls_the_last_before_the_order_counts() -> None:
    """Days are counted from it."""
    calls = log(("a", 950, "reached", "Anna"), ("a", 958, "reached", "Bo"), ("a", 962, "reached", "Cy"))
    row = accounts_won(calls, bought(*ORDERS), TODAY).rows.iloc[0]
    assert (row["owner"], row["days_to_order"]) == ("Bo", 2)


def test_the_window_is_one_of_calls() -> None:
    """A call on day as_of - within_days is the oldest."""
    for within, called in ((50, {"a", "b", "f"}), (49, {"a", "f"}), (30, {"a"})):
        won = accounts_won(LOG, bought(*ORDERS), TODAY, within_days=within)
        assert set(won.customers_called) == called
        assert won.within_days == within
    row = accounts_won(LOG, bought(*ORDERS), TODAY, within_days=30).rows.iloc[0]
    assert (row["called_on"], row["first_order_on"], row["revenue_since"]) == (on(970), on(975), 180.5)


def test_nothing_of_the_day_itself_or_later() -> None:
    """Cutting log and orders at the day gives the same."""
    everything = accounts_won(LOG, bought(*ORDERS), 975)
    cut = accounts_won(LOG[LOG["day"] < 975], bought(*[o for o in ORDERS if o[1] < 975]), 975)
    pd.testing.assert_frame_equal(everything.rows, cut.rows)
    assert everything.rows["revenue_since"].tolist() == [100.0, 70.0]


@pytest.mark.parametrize("actions", [None, log(), log(("stranger", 990, "reached"))])
def test_nothing_won(actions: pd.DataFrame | None) -> None:
    """No log, an empty one, a customer that nobody knows."""
    won = accounts_won(actions, bought(*ORDERS), TODAY)
    assert len(won.rows) == 0
    assert won.revenue == 0.0
    assert won.accounts_called == (0 if actions is None else len(actions))
    assert list(won.rows) == list(accounts_won(LOG, bought(*ORDERS), TODAY).rows)


def test_a_currency_without_cents() -> None:
    """Money in currency units."""
    won = accounts_won(LOG, bought(*ORDERS), TODAY, minor_digits=0)
    assert won.revenue == 35_050.0


def test_what_was_won_among_some() -> None:
    """For the file of one owner: rows, total and the number called."""
    won = accounts_won(LOG, bought(*ORDERS), TODAY).among({"b", "c", "z"})
    assert won.rows["customer_id"].tolist() == ["b"]
    assert (won.revenue, won.accounts_called) == (70.0, 2)


def test_the_words_claim_nothing() -> None:
    """Figures, and that an order after a call is no proof; in both languages."""
    won = accounts_won(LOG, bought(*ORDERS), TODAY)
    said = won_in_words(won, currency="EUR")
    assert said.startswith("Won: 2 of 4 accounts called in the last 90 days ordered again, €350 since")
    assert "does not prove" in said
    chinese = won_in_words(won, currency="EUR", language="zh")
    assert "近 90 天联系过的 4 家客户中，2 家再次下单" in chinese
    assert "不能证明" in chinese
    nobody = Won(won.rows.head(0), 0, 0.0, 60)
    assert (
        won_in_words(nobody) == "No account was reached in the last 60 days, as far as the action log says."
    )
    assert won_in_words(nobody, language="zh") == "近 60 天没有联系记录。"


def test_what_happened_after_each_action() -> None:
    """Newest first: the next order, how long it took, the revenue of the 90 days after."""
    actions = log(("a", 800, "reached", "Anna"), ("a", 875, "none"), ("a", 960, "ordered"), ("b", 1, "lost"))
    found = history_of_actions(actions, bought(*ORDERS), "a", TODAY)
    assert found["day"].tolist() == [on(960), on(875), on(800)]
    assert found["outcome"].tolist() == ["ordered", "none", "reached"]
    assert found["next_order_on"].tolist() == [on(960), on(900), on(900)]
    assert found["days_to_order"].tolist() == [0, 25, 100]
    # 960: the day itself counts; 875: days 876 to 965; 800: days 801 to 890
    assert found["revenue_within_90_days"].tolist() == [280.5, 105.0, 0.0]
    assert found["has_90_days_passed"].tolist() == [False, True, True]


def test_an_action_that_nothing_followed() -> None:
    """No date, no days, no money; a customer without actions has no rows."""
    found = history_of_actions(log(("c", 945, "reached")), bought(*ORDERS), "c", TODAY).iloc[0]
    assert found["next_order_on"] is None
    assert found["days_to_order"] is pd.NA
    assert found["revenue_within_90_days"] == 0.0
    assert len(history_of_actions(LOG, bought(*ORDERS), "nobody", TODAY)) == 0


def test_a_rekeyed_customer_keeps_its_calls() -> None:
    """The old id was called, the new one orders."""
    tables = bought(("old", 900, 5_00), ("new", 980, 30_00), merges=(CustomerMerge("old", "new", 970),))
    calls = log(("old", 950, "reached", "Anna"))
    assert accounts_won(calls, tables, TODAY).rows["customer_id"].tolist() == ["new"]
    assert history_of_actions(calls, tables, "new", TODAY)["days_to_order"].tolist() == [30]
    assert len(accounts_won(calls, tables, 965).rows) == 0
