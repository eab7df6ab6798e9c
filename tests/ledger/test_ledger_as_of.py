"""Which day the ledger is known until."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from patron.errors import LedgerError
from patron.ledger import load_ledger

TODAY = dt.date(2024, 6, 1)


def orders(days: list[str], amounts: list[float] | None = None) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer_id": [str(i) for i in range(len(days))],
            "ordered_at": pd.to_datetime(days),
            "amount": amounts or [10.0] * len(days),
        }
    )


def test_latest_is_the_day_after_the_last_order() -> None:
    """A refund after the last order does not move the day; it waits as later."""
    report = load_ledger(orders(["2024-01-01", "2024-01-09", "2024-01-20"], [5, 5, -5]), today=TODAY).report
    assert (report.as_of, report.later, report.amount_later) == (dt.date(2024, 1, 10), 1, -5.0)


def test_an_order_of_2099_only_counts_as_later() -> None:
    """One wrong date in the future lapses nobody."""
    report = load_ledger(orders(["2024-01-01", "2024-01-09", "2099-01-01"]), today=TODAY).report
    assert (report.as_of, report.later, report.rows_used) == (dt.date(2024, 1, 10), 1, 2)


def test_a_date_far_after_the_rest_is_refused_by_name() -> None:
    """A wrong date in the past of today, but far after all others."""
    days = [str(d.date()) for d in pd.date_range("2020-01-01", periods=2000, freq="h")] + ["2023-05-05"]
    with pytest.raises(LedgerError, match=r"last order is dated 2023-05-05 \(1 rows\).*set as_of"):
        load_ledger(orders(days), today=TODAY)


def test_a_small_quarterly_ledger_is_not_refused() -> None:
    """Ten orders a quarter apart: the last one is no outlier."""
    days = [str(d.date()) for d in pd.date_range("2021-01-01", periods=10, freq="91D")]
    assert load_ledger(orders(days), today=TODAY).as_of == dt.date(2023, 4, 1)


def test_rows_of_the_day_itself_are_later() -> None:
    """as_of is exclusive: midnight of the day is not known."""
    ledger = load_ledger(orders(["2024-01-01 23:59:59", "2024-01-02 00:00:00"]), as_of="2024-01-02")
    assert (ledger.report.rows_used, ledger.report.later) == (1, 1)


@pytest.mark.parametrize("as_of", ["2023-12-31", "2024-01-01", dt.date(2024, 1, 1)])
def test_as_of_before_the_first_order_names_it(as_of: str | dt.date) -> None:
    """Nothing lies before as_of."""
    with pytest.raises(LedgerError, match="the first order is on 2024-01-01"):
        load_ledger(orders(["2024-01-01", "2024-01-02"]), as_of=as_of)


def test_all_orders_in_the_future_is_refused() -> None:
    """Latest needs an order up to today."""
    with pytest.raises(LedgerError, match="no order with a positive amount up to 2024-06-01"):
        load_ledger(orders(["2025-01-01", "2025-01-02"]), today=TODAY)


def test_default_dates_of_old_systems_warn() -> None:
    """A row of 1900 among rows of 2024 is named."""
    days = ["1900-01-01"] + [str(d.date()) for d in pd.date_range("2024-01-01", periods=2000, freq="h")]
    report = load_ledger(orders(days), today=TODAY).report
    assert any(
        "1 rows are dated more than ten years before the rest, the first on 1900-01-01" in w
        for w in report.warnings
    )
