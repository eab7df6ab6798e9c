"""The customer-day table: which orders survive a day, gaps, and the same integers on every engine."""

from __future__ import annotations

import random
from typing import Any

import narwhals as nw
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_days import COLUMNS, plain_days
from synthetic_ledger import ENGINES, Line, lines_frame, raw_orders, tables_of

from patron.ledger import load_ledger, materialise
from patron.snapshots import CustomerTables, customer_tables

QUICK = settings(max_examples=12, deadline=None, derandomize=True)


def rows_of(days: nw.LazyFrame[Any]) -> list[tuple[Any, ...]]:
    """Return the table as sorted plain tuples, missing values as None."""
    frame = days.collect().to_pandas()
    frame = frame.sort_values(["customer_id", "day"])[[c for c in COLUMNS if c in frame]]
    return [tuple(None if pd.isna(v) else v for v in row) for row in frame.itertuples(index=False)]


def days_of(*rows: Line, **how: Any) -> list[dict[str, Any]]:
    """Build the table of a few lines; one dict per day."""
    frame = tables_of(rows, **how).days.collect().to_pandas().sort_values(["customer_id", "day"])
    return [{str(k): v for k, v in record.items()} for record in frame.to_dict("records")]


def order(amount: int, order_id: str | None = "1", day: int = 100, **other: Any) -> Line:
    return Line("a", day, amount, False, order_id, **other)


def refund(amount: int, order_id: str | None = "C1", day: int = 100) -> Line:
    return Line("a", day, -amount, True, order_id)


def kept(*rows: Line, **how: Any) -> tuple[int, int, int]:
    """Return (orders, spend, refund) of the only day."""
    (day,) = days_of(*rows, **how)
    return day["orders"], day["spend"], day["refund"]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_full_refund_on_the_same_day_removes_the_order(engine: str) -> None:
    """Neither the order nor the refund is left; the day itself stays, without a purchase."""
    assert kept(order(500), refund(500), engine=engine) == (0, 0, 0)


def test_a_refund_that_names_the_same_order_removes_it() -> None:
    """Some ERPs write the cancellation under the order's own id."""
    assert kept(order(500), refund(500, "1")) == (0, 0, 0)


def test_one_refund_removes_one_of_two_equal_orders() -> None:
    """Two orders of the same value, one cancelled: one is left."""
    assert kept(order(500), order(500, "2"), refund(500)) == (1, 500, 0)


def test_several_refunds_remove_several_orders() -> None:
    """Each refund finds the order of its own value."""
    rows = [order(500), order(500, "2"), order(900, "3"), order(70, "4")]
    assert kept(*rows, refund(500), refund(500, "C2"), refund(900, "C3")) == (1, 70, 0)


def test_a_refund_too_many_stays_a_refund() -> None:
    """Two refunds of one order: the second is money back."""
    assert kept(order(500), refund(500), refund(500, "C2")) == (0, 0, 500)


def test_a_partial_refund_leaves_the_order() -> None:
    """The order stays a purchase at its full value, the refund is booked beside it."""
    assert kept(order(500), refund(200)) == (1, 500, 200)


def test_orders_and_refunds_are_compared_as_documents_not_lines() -> None:
    """Two lines of one order are cancelled by one refund line, and by a refund in other lines."""
    assert kept(order(300), order(200), refund(500)) == (0, 0, 0)
    assert kept(order(300), order(200), refund(450), refund(50)) == (0, 0, 0)


def test_a_refund_on_another_day_changes_no_earlier_day() -> None:
    """It is booked on its own day: an earlier day that changed would be a leak."""
    first, second = days_of(order(500), refund(500, day=101))
    assert (first["orders"], first["spend"], first["refund"]) == (1, 500, 0)
    assert (second["orders"], second["spend"], second["refund"]) == (0, 0, 500)


def test_a_day_of_refunds_only_is_no_purchase_day() -> None:
    """It has no gap, and the gap of the next purchase day reaches over it."""
    rows = days_of(order(500), refund(1, day=103), order(500, "2", day=110))
    assert [(r["orders"], r["gap_days"]) for r in rows[::2]] == [
        (1, pytest.approx(float("nan"), nan_ok=True)),
        (1, 10.0),
    ]
    assert pd.isna(rows[1]["gap_days"])
    assert rows[1]["orders"] == 0


def test_a_line_of_amount_zero_is_neither_purchase_nor_refund() -> None:
    """A day with a free sample only counts as used, not as a purchase."""
    assert kept(order(0)) == (0, 0, 0)
    assert kept(order(0), order(500, "2")) == (1, 500, 0)


def test_the_refund_prefix_makes_a_refund_of_a_positive_line() -> None:
    """An order id that starts with it cancels the order of its value, whatever the sign."""
    orders = pd.DataFrame(
        {
            "customer_id": ["a", "a", "b"],
            "order_id": ["1", "C1", "2"],
            "ordered_at": ["2024-01-05", "2024-01-05", "2024-01-06"],
            "amount": [5.0, 5.0, 1.0],
        }
    )
    lines = load_ledger(orders, refund_prefix="C", as_of="2024-02-01").lines
    rows = rows_of(customer_tables(lines, keep=materialise).days)
    assert [row[:1] + row[2:6] for row in rows] == [("a", 0, 2, 0, 0), ("b", 1, 1, 100, 0)]


@pytest.mark.parametrize("engine", ENGINES)
def test_without_order_ids_a_day_is_one_order(engine: str) -> None:
    """The lines of a day are added up before they are compared with its refunds."""
    columns = ("customer_id", "day", "amount_minor", "is_refund")
    assert kept(order(300), order(200), engine=engine, columns=columns) == (1, 500, 0)
    assert kept(order(300), order(200), refund(500), engine=engine, columns=columns) == (0, 0, 0)


@pytest.mark.parametrize("engine", ENGINES)
def test_lines_with_an_empty_order_id_count(engine: str) -> None:
    """No engine drops the group whose key is missing."""
    assert kept(order(300, None), order(200, None), order(70, "2"), engine=engine) == (2, 570, 0)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_missing_cost_adds_nothing(engine: str) -> None:
    """On every engine alike, where all or some costs of a day are missing."""
    rows = [order(300), order(200, "2", cost_minor=90), order(100, "3", day=101)]
    assert [day["cost"] for day in days_of(*rows, engine=engine)] == [90, 0]


def test_without_costs_there_is_no_cost_column() -> None:
    """Margin then comes from the customers table or the config."""
    columns = ("customer_id", "day", "amount_minor", "is_refund", "order_id")
    assert "cost" not in days_of(order(300), columns=columns)[0]


@pytest.mark.parametrize("engine", ENGINES)
def test_table_equals_the_plain_oracle(engine: str, ledger_rows: list[Line]) -> None:
    """Every integer of the synthetic ledger, on every engine, is the one plain Python finds."""
    assert rows_of(tables_of(ledger_rows, engine=engine).days) == plain_days(ledger_rows)


@pytest.mark.parametrize("engine", ENGINES)
def test_shuffled_lines_give_the_same_table(engine: str, ledger_rows: list[Line]) -> None:
    """The order of the rows leaves no trace."""
    shuffled = random.Random(1).sample(ledger_rows, len(ledger_rows))
    assert rows_of(tables_of(shuffled, engine=engine).days) == plain_days(ledger_rows)


@pytest.mark.parametrize("source", ["pandas", "polars", "parquet"])
def test_raw_orders_give_the_same_table(source: str, ledger_rows: list[Line], tmp_path: Any) -> None:
    """Through the ledger, from money in currency units and times of day, on all three kinds of source."""
    raw = raw_orders(ledger_rows)
    given_: Any = raw
    if source == "polars":
        given_ = pl.from_pandas(raw)
    elif source == "parquet":
        given_ = tmp_path / "orders.parquet"
        raw.to_parquet(given_)
    ledger = load_ledger(given_, as_of="2025-01-01", duplicates="keep")
    assert rows_of(customer_tables(ledger.lines, keep=materialise).days) == plain_days(ledger_rows)


def items_of(tables: CustomerTables, kind: str) -> list[tuple[str, int, str]]:
    frame = getattr(tables, kind).collect().to_pandas()
    return sorted((str(c), int(d), str(i)) for c, d, i in frame[["customer_id", "day", "item"]].to_numpy())


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("kind", "column"), [("products", "product_id"), ("categories", "category")])
def test_items_are_those_of_purchase_days(
    engine: str, kind: str, column: str, ledger_rows: list[Line]
) -> None:
    """Each item once a day; not from refunds, free samples, missing ids or days with nothing left of them."""
    purchase_days = {row[:2] for row in plain_days(ledger_rows) if row[2] > 0}
    expected = {
        (r.customer_id, r.day, getattr(r, column))
        for r in ledger_rows
        if r.amount_minor > 0 and getattr(r, column) and (r.customer_id, r.day) in purchase_days
    }
    assert items_of(tables_of(ledger_rows, engine=engine), kind) == sorted(expected)


LINES = st.lists(
    st.builds(
        lambda customer, day, amount, is_refund, order_id: Line(
            customer, day, -abs(amount) if is_refund else abs(amount), is_refund, order_id
        ),
        st.sampled_from("ab"),
        st.integers(100, 106),
        st.sampled_from([0, 5, 5, 7, 10, 12]),
        st.booleans(),
        st.sampled_from(["1", "2", None]),
    ),
    min_size=1,
    max_size=12,
)


def quick(rows: list[Line]) -> nw.LazyFrame[Any]:
    """Build the table on the engine that is fastest with a few rows."""
    columns = ("customer_id", "day", "amount_minor", "is_refund", "order_id", "cost_minor")
    return tables_of(rows, engine="polars", columns=columns).days


@QUICK
@given(rows=LINES, later=LINES)
def test_a_later_order_changes_no_earlier_day(rows: list[Line], later: list[Line]) -> None:
    """The law behind every other one: what comes later leaves earlier rows, gaps too, as they were."""
    late = [line._replace(day=line.day + 20) for line in later]
    before = [row for row in rows_of(quick([*rows, *late])) if row[1] < 120]
    assert before == rows_of(quick(rows))


@QUICK
@given(rows=LINES, seed=st.integers(0, 99))
def test_any_row_order_gives_the_same_days(rows: list[Line], seed: int) -> None:
    """Days with refunds, zeros and missing order ids included."""
    shuffled = random.Random(seed).sample(rows, len(rows))
    assert rows_of(quick(shuffled)) == rows_of(quick(rows))


@QUICK
@given(rows=LINES, which=st.integers(0, 11), share=st.integers(0, 4))
def test_splitting_a_line_changes_neither_orders_nor_spend(rows: list[Line], which: int, share: int) -> None:
    """One line of an order, or two that add up to it, are the same order."""
    line = rows[which % len(rows)]
    part = line.amount_minor * share // 4
    pieces = [line._replace(amount_minor=part), line._replace(amount_minor=line.amount_minor - part)]
    split = [*rows[: which % len(rows)], *pieces, *rows[which % len(rows) + 1 :]]
    kinds = ["customer_id", "day", "orders", "spend", "refund"]
    one, two = (pd.DataFrame(rows_of(quick(r)), columns=list(COLUMNS))[kinds] for r in (rows, split))
    pd.testing.assert_frame_equal(one, two)


@QUICK
@given(rows=LINES)
def test_any_small_ledger_equals_the_plain_oracle(rows: list[Line]) -> None:
    """Ties of values, several documents a day, missing ids: all as in plain Python."""
    assert rows_of(quick(rows)) == plain_days(rows)


def test_frame_of_lines_is_canonical(ledger_lines: pd.DataFrame, ledger_rows: list[Line]) -> None:
    """The tests' own lines have the types the ledger promises, so that they test what it would pass on."""
    promised = load_ledger(
        raw_orders(ledger_rows), as_of="2025-01-01", duplicates="keep"
    ).lines.collect_schema()
    own = nw.from_native(lines_frame(ledger_rows)).lazy().collect_schema()
    assert {name: str(own[name]) for name in own} == {name: str(promised[name]) for name in own}
