"""Refunds, exclusions, duplicates, currencies: one rule a test, on typed columns."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest

from patron.errors import LedgerError
from patron.ledger import load_ledger


def orders(**columns: Any) -> pd.DataFrame:
    count = len(next(iter(columns.values())))
    base = {
        "customer_id": [f"{i:03d}" for i in range(count)],
        "ordered_at": pd.date_range("2024-01-01", periods=count),
        "amount": [10.0] * count,
    }
    return pd.DataFrame(base | columns)


def minor(ledger: Any) -> list[int]:
    frame = ledger.lines.collect().to_pandas().sort_values(["customer_id", "day", "amount_minor"])
    return [int(v) for v in frame["amount_minor"]]


def ids(ledger: Any, column: str = "customer_id") -> list[str]:
    return sorted(ledger.lines.collect().to_pandas()[column])


@pytest.fixture(params=["pandas", "polars", "parquet"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Return a function that puts typed columns on an engine."""

    def put(frame: pd.DataFrame) -> object:
        if request.param == "pandas":
            return frame
        if request.param == "polars":
            frame.to_parquet(tmp_path / "orders.parquet")
            return pl.read_parquet(tmp_path / "orders.parquet")
        frame.to_parquet(tmp_path / "orders.parquet")
        return tmp_path / "orders.parquet"

    return put


def test_prefixed_line_with_positive_amount_is_booked_negative(engine: Any) -> None:
    """A cancellation exported with a positive amount still reduces revenue, and a warning says so."""
    ledger = load_ledger(
        engine(orders(order_id=["1", "C2", "C3"], amount=[9.0, 4.0, -5.0])), refund_prefix="C"
    )
    assert minor(ledger) == [900]  # latest: the day after the last order
    ledger = load_ledger(
        engine(orders(order_id=["1", "C2", "C3"], amount=[9.0, 4.0, -5.0])),
        refund_prefix="C",
        as_of="2024-02-01",
    )
    assert minor(ledger) == [900, -400, -500]
    assert any("1 lines of orders starting with 'C'" in w for w in ledger.report.warnings)


def test_refunds_ignore_sets_negative_lines_aside(engine: Any) -> None:
    """With refunds: ignore a negative line is set aside with its money; a zero line is not a refund."""
    ledger = load_ledger(engine(orders(amount=[9.0, -4.0, 0.0])), refunds="ignore", as_of="2024-02-01")
    assert minor(ledger) == [900, 0]
    assert ledger.report.set_aside["refund_ignored"].amount == -4.0


def test_excluded_needs_the_whole_product_id(engine: Any) -> None:
    """Product ids are compared whole, order ids by their start."""
    frame = orders(product_id=["POST", "POSTER", None], order_id=["1", "2", "A3"])
    ledger = load_ledger(
        engine(frame), exclude_product_ids=["POST"], exclude_order_id_prefixes=["A"], as_of="2024-02-01"
    )
    assert ids(ledger, "product_id") == ["POSTER"]
    assert ledger.report.set_aside["excluded"].rows == 2


def test_first_reason_wins(engine: Any) -> None:
    """A row without customer and without amount counts once, as no_customer."""
    ledger = load_ledger(engine(orders(customer_id=[None, "2", "3"], amount=[None, 1.0, 2.0])))
    assert {r: s.rows for r, s in ledger.report.set_aside.items()} == {"no_customer": 1}


def test_duplicates_drop_all_but_one(engine: Any) -> None:
    """Three equal rows leave one line; the money of two is reported."""
    frame = orders(
        customer_id=["1"] * 4, ordered_at=[pd.Timestamp("2024-01-01")] * 4, amount=[5.0, 5.0, 5.0, 6.0]
    )
    ledger = load_ledger(engine(frame))
    assert minor(ledger) == [500, 600]
    assert (ledger.report.set_aside["duplicate"].rows, ledger.report.set_aside["duplicate"].amount) == (
        2,
        10.0,
    )


def test_duplicates_keep(engine: Any) -> None:
    """duplicates: keep uses every row."""
    frame = orders(customer_id=["1"] * 3, ordered_at=[pd.Timestamp("2024-01-01")] * 3)
    ledger = load_ledger(engine(frame), duplicates="keep")
    assert ledger.report.rows_used == 3
    assert "duplicate" not in ledger.report.set_aside


def test_unequal_time_or_hidden_decimals_are_no_duplicates(engine: Any) -> None:
    """Rows that differ in the hour, or below the minor unit, are different rows."""
    times = [
        pd.Timestamp("2024-01-01 10:00"),
        pd.Timestamp("2024-01-01 11:00"),
        pd.Timestamp("2024-01-01 10:00"),
    ]
    ledger = load_ledger(engine(orders(customer_id=["1"] * 3, ordered_at=times, amount=[5.0, 5.0, 5.001])))
    assert minor(ledger) == [500, 500, 500]


def test_many_duplicates_without_order_id_warn(engine: Any) -> None:
    """Over 10 % duplicates with an unmapped id column: the warning says what to do."""
    frame = orders(customer_id=["1"] * 8 + ["2"], ordered_at=[pd.Timestamp("2024-01-01")] * 9)
    (warning,) = [w for w in load_ledger(engine(frame)).report.warnings if "duplicates" in w]
    assert "order_id and product_id is not mapped" in warning
    assert "duplicates: keep" in warning


def test_integer_and_float_ids_become_plain_digits(engine: Any) -> None:
    """12345.0 is customer 12345, in the frame's own id column and in a nullable one."""
    assert ids(load_ledger(engine(orders(customer_id=[12345, 7])))) == ["12345", "7"]
    ledger = load_ledger(engine(orders(customer_id=[12345.0, 7.5, float("nan")])))
    assert ids(ledger) == ["12345", "7.5"]
    assert ledger.report.set_aside["no_customer"].rows == 1


def test_long_integer_ids_keep_their_digits() -> None:
    """A 17-digit id with a gap in the column is not rounded through a float."""
    frame = pl.DataFrame(
        {"customer_id": [90071992547409931, None], "ordered_at": ["2024-01-01"] * 2, "amount": [1, 2]}
    )
    assert ids(load_ledger(frame)) == ["90071992547409931"]


def test_infinite_amount_is_set_aside_and_nan_is_missing(engine: Any) -> None:
    """Inf is not finite; NaN is what frames write for nothing."""
    ledger = load_ledger(engine(orders(amount=[1.0, float("inf"), float("nan"), 1e300])))
    assert {r: s.rows for r, s in ledger.report.set_aside.items()} == {"no_amount": 1, "not_finite_amount": 2}


def test_half_minor_units_round_to_even(engine: Any) -> None:
    """0.125 and 0.375 are exact floats: 12 and 38 cents; the total rounding is printed."""
    ledger = load_ledger(engine(orders(amount=[0.125, 0.375, -0.125])), as_of="2024-02-01")
    assert minor(ledger) == [12, 38, -12]
    assert ledger.report.rounding == pytest.approx(0.005 - 0.005 - 0.005)


def test_decimal_amounts(engine: Any) -> None:
    """Exact decimals are read as they are."""
    ledger = load_ledger(
        engine(orders(amount=[Decimal("12.34"), Decimal("-0.01"), Decimal("3.00")])), as_of="2024-02-01"
    )
    assert minor(ledger) == [1234, -1, 300]


@pytest.mark.parametrize(
    ("currency", "digits", "expected"), [("JPY", 0, [12]), ("KWD", 3, [12346]), ("GBP", 2, [1235])]
)
def test_minor_unit_of_the_currency(currency: str, digits: int, expected: list[int]) -> None:
    """Yen have no minor unit, Kuwaiti dinars a thousandth."""
    ledger = load_ledger(orders(amount=[12.3456]), currency=currency)
    assert (ledger.minor_digits, minor(ledger), ledger.currency) == (digits, expected, currency)


def test_currency_column_names_the_currency(engine: Any) -> None:
    """Without a configured currency the column decides, and its digits count."""
    ledger = load_ledger(engine(orders(amount=[500.0, 2.0], currency=["jpy", " JPY "])))
    assert (ledger.currency, minor(ledger)) == ("JPY", [500, 2])


def test_two_currencies_are_refused_with_counts(engine: Any) -> None:
    """Both currencies and their rows are named."""
    with pytest.raises(LedgerError, match=r"2 currencies \(EUR 2 rows, GBP 1 rows\)"):
        load_ledger(engine(orders(currency=["EUR", "GBP", "EUR"])))


def test_other_currency_than_configured_is_refused() -> None:
    """The config says pounds, the file says euros."""
    with pytest.raises(
        LedgerError, match=r"ledger\.currency is GBP, but the currency column says EUR 2 rows"
    ):
        load_ledger(orders(currency=["EUR", "EUR"]), currency="GBP")


def test_zoned_times_move_to_the_business_zone(engine: Any) -> None:
    """23:30 UTC on 30 June is 1 July in London; without a business zone it stands, with a warning."""
    times = pd.to_datetime(["2024-06-30 23:30", "2024-01-31 23:30"]).tz_localize("UTC")
    frame = orders(ordered_at=times)
    day = (dt.date(2024, 7, 1) - dt.date(1970, 1, 1)).days
    moved = load_ledger(engine(frame), timezone="Europe/London").lines.collect().to_pandas()["day"].max()
    stands = load_ledger(engine(frame))
    assert (moved, stands.lines.collect().to_pandas()["day"].max()) == (day, day - 1)
    assert any("2 order times carry a time zone" in w for w in stands.report.warnings)


def test_stored_zone_is_the_wall_time(engine: Any) -> None:
    """00:30 in Shanghai, stored as such, stays on its day when no business zone is given."""
    times = pd.to_datetime(["2024-06-30 00:30", "2024-06-30 12:00"]).tz_localize("Asia/Shanghai")
    lines = load_ledger(engine(orders(ordered_at=times))).lines.collect().to_pandas()
    assert set(lines["day"]) == {(dt.date(2024, 6, 30) - dt.date(1970, 1, 1)).days}


def test_categorical_and_nullable_columns() -> None:
    """Pandas' own odd types read like plain ones."""
    frame = orders(
        customer_id=pd.Categorical(["a", "b", None]),
        amount=pd.array([1, 2, None], dtype="Int64"),
        quantity=pd.array([1.5, None, 2.0], dtype="Float64"),
    )
    ledger = load_ledger(frame)
    assert (ids(ledger), minor(ledger)) == (["a", "b"], [100, 200])


def test_unmapped_optional_column_is_left_out_on_request() -> None:
    """Mapping a column to None leaves it out, though the source has it."""
    frame = orders(product_id=["x", "y"])
    assert "product_id" in load_ledger(frame).lines.collect_schema()
    assert "product_id" not in load_ledger(frame, columns={"product_id": None}).lines.collect_schema()  # type: ignore[dict-item]


def test_swapped_names_do_not_confuse_the_engine(engine: Any) -> None:
    """Their columns may carry our names for other things."""
    frame = pd.DataFrame(
        {"customer_id": ["2024-01-01", "2024-01-02"], "ordered_at": ["9", "8"], "amount": ["a", "b"]}
    )
    columns = {"customer_id": "amount", "ordered_at": "customer_id", "amount": "ordered_at"}
    ledger = load_ledger(engine(frame), columns=columns)
    assert (ids(ledger), minor(ledger)) == (["a", "b"], [900, 800])


def test_every_month_is_reported_with_orders_and_net_revenue(engine: Any) -> None:
    """An order is a distinct id with a positive line; refunds reduce revenue only."""
    times = pd.to_datetime(["2024-01-05", "2024-01-05", "2024-01-20", "2024-02-03"])
    frame = orders(order_id=["A", "A", "R", "B"], ordered_at=times, amount=[10.0, 5.0, -3.0, 7.5])
    report = load_ledger(engine(frame)).report
    assert [(m.month, m.orders, m.revenue) for m in report.months] == [
        ("2024-01", 1, 12.0),
        ("2024-02", 1, 7.5),
    ]
    assert (report.orders, report.customers) == (2, 4)


def test_without_order_ids_purchase_days_are_orders(engine: Any) -> None:
    """Two lines of a customer on a day are one order."""
    times = pd.to_datetime(["2024-01-05", "2024-01-05", "2024-01-06"])
    report = load_ledger(
        engine(orders(customer_id=["1"] * 3, ordered_at=times, amount=[1.0, 2.0, 3.0]))
    ).report
    assert report.orders == 2


def test_one_customer_and_one_day_warn_but_load() -> None:
    """A service may load one customer; the report says that nothing can be trained."""
    report = load_ledger(orders(amount=[5.0])).report
    assert not report.usable
    assert sum("nothing can be trained" in w for w in report.warnings) == 2
