"""Label `decline`: this year's days against last year's, by hand, and who is judged."""

from __future__ import annotations

from collections import defaultdict

import pytest
from plain_days import plain_days
from synthetic_ledger import ENGINES, Line, number, tables_of

from patron.labels import ChurnLabel, label_customers
from patron.snapshots import CustomerMerge, history_before

AS_OF = 1000
LABEL = ChurnLabel("decline", horizon_days=30, active_days=90)
#: The same thirty days last year are [635, 665).
LONG_AGO, LAST_YEAR, LATELY = 100, 640, 950


def order(day: int, amount: int, cost: int | None = None, customer: str = "a") -> Line:
    return Line(customer, day, amount, False, f"{customer}-{day}-{amount}", cost_minor=cost)


def outcome(
    *rows: Line, label: ChurnLabel = LABEL, with_cost: bool = False, merges: tuple[CustomerMerge, ...] = ()
) -> dict[str, int]:
    columns = [name for name in Line._fields if with_cost or name != "cost_minor"]
    tables = tables_of(rows, columns=columns, merges=merges)
    frame = label_customers(label, history_before(tables, AS_OF), tables)
    assert set(frame["window_days"]) <= {30.0}
    return dict(zip(frame["customer_id"], frame["churned"].tolist(), strict=True))


BEFORE = (order(LONG_AGO, 10), order(LAST_YEAR, 1000), order(LATELY, 10))


@pytest.mark.parametrize(("amount", "churned"), [(499, 1), (500, 0), (900, 0)])
def test_under_half_of_last_year_is_a_decline(amount: int, churned: int) -> None:
    """Exactly half is none."""
    assert outcome(*BEFORE, order(1000, amount)) == {"a": churned}


def test_no_order_at_all_is_a_decline() -> None:
    """The customer earned something last year and earns nothing now."""
    assert outcome(*BEFORE) == {"a": 1}


@pytest.mark.parametrize(("day", "churned"), [(1000, 0), (1029, 0), (1030, 1), (999, 1)])
def test_only_days_of_the_window_count_now(day: int, churned: int) -> None:
    """[1000, 1030)."""
    assert outcome(*BEFORE, order(day, 600)) == {"a": churned}


@pytest.mark.parametrize(("day", "churned"), [(635, 1), (664, 1), (634, 0), (665, 0)])
def test_only_the_same_days_last_year_are_compared(day: int, churned: int) -> None:
    """[635, 665): what was bought a day beside them is not what is missing now."""
    rows = (order(LONG_AGO, 10), order(day, 10_000), order(645, 100), order(LATELY, 10))
    assert outcome(*rows, order(1010, 400)) == {"a": churned}


@pytest.mark.parametrize(("amount", "churned"), [(149, 1), (150, 0)])
def test_nothing_in_those_days_compares_with_the_year(amount: int, churned: int) -> None:
    """3650 in the last 365 days is 300 per thirty days, half of which is 150."""
    rows = (order(LONG_AGO, 10), order(700, 3000), order(LATELY, 650))
    assert outcome(*rows, order(1010, amount)) == {"a": churned}


def test_refunds_count_on_their_own_day() -> None:
    """600 now, of which 200 came back."""
    refund = Line("a", 1020, -200, True, "C1")
    assert outcome(*BEFORE, order(1010, 600), refund) == {"a": 1}


def test_costs_make_it_margin() -> None:
    """Last year 1000 with 900 of cost; now 300 with 100: more revenue is missing than margin."""
    rows = (order(LONG_AGO, 10, 0), order(LAST_YEAR, 1000, 900), order(LATELY, 10, 0), order(1010, 300, 100))
    assert outcome(*rows, with_cost=True) == {"a": 0}
    assert outcome(*rows) == {"a": 1}


@pytest.mark.parametrize(("first", "is_judged"), [(635, True), (636, False)])
def test_a_year_of_history_is_needed(first: int, is_judged: bool) -> None:
    """First purchase day 365 days before as_of or earlier; a refund is no beginning."""
    refund = Line("a", 500, -10, True, "C0")
    assert ("a" in outcome(refund, order(first, 100), order(LATELY, 100))) is is_judged


@pytest.mark.parametrize(("last", "is_judged"), [(910, True), (909, False)])
def test_the_lapsed_are_not_judged(last: int, is_judged: bool) -> None:
    """Silent for 90 days at most."""
    assert ("a" in outcome(order(LONG_AGO, 10), order(last, 100))) is is_judged


def test_a_share_that_is_a_whole_number_of_pence_is_no_decline() -> None:
    """0.55 x 100 is 55.00000000000001 in floating point."""
    label = ChurnLabel("decline", 30, 90, share=0.55)
    rows = (order(LONG_AGO, 10), order(LAST_YEAR, 100), order(LATELY, 10))
    assert outcome(*rows, order(1010, 55), label=label) == {"a": 0}
    assert outcome(*rows, order(1010, 54), label=label) == {"a": 1}


def test_a_re_keyed_customer_earns_under_its_new_id() -> None:
    """Being given another number is no decline."""
    merges = (CustomerMerge("a", "b", 1003),)
    assert outcome(*BEFORE, order(1010, 900, customer="b"), merges=merges)["a"] == 0


@pytest.mark.parametrize("engine", ENGINES)
def test_labels_equal_the_plain_oracle(engine: str, ledger_rows: list[Line]) -> None:
    """Every customer of the synthetic ledger with its costs, on every engine."""
    day, label = number("2024-01-15"), ChurnLabel("decline", 60, 180, share=0.7)
    margin: dict[str, dict[int, int]] = defaultdict(dict)
    purchases: dict[str, list[int]] = defaultdict(list)
    for customer, when, orders, _, spend, refund, cost, *_ in plain_days(ledger_rows):
        margin[customer][when] = spend - refund - cost
        if orders and when < day:
            purchases[customer].append(when)

    def earned(customer: str, start: int, end: int) -> int:
        return sum(value for when, value in margin[customer].items() if start <= when < end)

    expected = {}
    for customer, days in purchases.items():
        if day - max(days) <= 180 and day - min(days) >= 365:
            usual = float(earned(customer, day - 365, day - 305))
            if usual <= 0:
                usual = earned(customer, day - 365, day) * 60 / 365
            expected[customer] = int(earned(customer, day, day + 60) < 0.7 * usual)
    tables = tables_of(ledger_rows, engine=engine)
    frame = label_customers(label, history_before(tables, day), tables)
    assert dict(zip(frame["customer_id"], frame["churned"].tolist(), strict=True)) == expected
    assert frame["customer_id"].tolist() == sorted(expected)
    assert 0.1 < frame["churned"].mean() < 0.9
