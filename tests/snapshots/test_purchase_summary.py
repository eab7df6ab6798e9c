"""The purchase summary, against lifetimes and against the formula of the contract."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from plain_days import plain_days
from synthetic_ledger import ENGINES, Line, number, tables_of

import patron.api
from patron.clv._lifetimes import lifetimes_module, untouched
from patron.ledger.demo import demo_orders
from patron.snapshots import history_before, purchase_summary


@pytest.fixture(scope="module")
def cdnow() -> tuple[pd.DataFrame, pd.DataFrame]:
    """CDNOW as of 1997-10-01: our summary and that of lifetimes, by customer."""
    orders = demo_orders()
    ours = patron.api.purchase_summary(orders, as_of="1997-10-01", duplicates="keep").set_index("customer_id")
    lifetimes_module()
    with untouched():
        from lifetimes.utils import summary_data_from_transaction_data

        paid = orders[orders["amount"] > 0]  # to us, an order of 0 dollars is no purchase
        theirs = summary_data_from_transaction_data(
            paid.assign(ordered_at=pd.to_datetime(paid["ordered_at"])),
            "customer_id",
            "ordered_at",
            monetary_value_col="amount",
            observation_period_end="1997-09-30",
            freq="D",
        )
    return ours, theirs.reindex(ours.index)


def test_cdnow_has_the_same_customers_as_lifetimes(cdnow: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    """Nobody is lost and nobody is added."""
    ours, theirs = cdnow
    assert len(ours) > 2300
    assert theirs.notna().all().all()


@pytest.mark.parametrize(
    ("name", "symbol", "days"),
    [
        ("repeat_orders", "frequency", 1),
        ("weeks_first_to_last_order", "recency", 7),
        ("weeks_observed", "T", 7),
    ],
)
def test_cdnow_counts_are_those_of_lifetimes(
    cdnow: tuple[pd.DataFrame, pd.DataFrame], name: str, symbol: str, days: int
) -> None:
    """x, t_x and T, to the day."""
    ours, theirs = cdnow
    np.testing.assert_array_equal(np.round(ours[name].to_numpy() * days, 9), theirs[symbol].to_numpy())


def test_cdnow_order_values_are_those_of_lifetimes(cdnow: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    """The mean over the repeat purchase days; 0 without one."""
    ours, theirs = cdnow
    np.testing.assert_allclose(ours["mean_repeat_order_value"], theirs["monetary_value"], rtol=1e-12, atol=0)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("day", ["2022-03-01", "2023-06-15", "2025-01-01"])
def test_summary_equals_the_plain_formula(engine: str, day: str, ledger_rows: list[Line]) -> None:
    """Every customer of the synthetic ledger: weeks_observed = (as_of - 1 day - first purchase day) / 7."""
    as_of = number(day)
    summary = purchase_summary(history_before(tables_of(ledger_rows, engine=engine), as_of))
    expected = plain_summary(ledger_rows, as_of)
    assert summary["customer_id"].tolist() == [row["customer_id"] for row in expected]
    for name in list(expected[0])[1:]:
        wanted = np.array([row[name] for row in expected])
        np.testing.assert_allclose(
            summary[name].to_numpy(float), wanted, rtol=1e-12, atol=1e-12, err_msg=name
        )


def plain_summary(rows: list[Line], as_of: int) -> list[dict[str, Any]]:
    by_customer: dict[str, list[tuple[int, int]]] = {}
    for customer, day, orders, _, spend, *_ in plain_days(r for r in rows if r.day < as_of):
        if orders:
            by_customer.setdefault(customer, []).append((day, spend))
    return [_plain_row(customer, days, as_of) for customer, days in sorted(by_customer.items())]


def _plain_row(customer: str, days: list[tuple[int, int]], as_of: int) -> dict[str, Any]:
    first, repeats = days[0][0], days[1:]
    gaps = [b[0] - a[0] for a, b in zip(days, repeats, strict=False)]
    return {
        "customer_id": customer,
        "repeat_orders": len(repeats),
        "weeks_first_to_last_order": (days[-1][0] - first) / 7,
        "weeks_observed": (as_of - 1 - first) / 7,
        "mean_repeat_order_value": sum(s for _, s in repeats) / len(repeats) / 100 if repeats else 0.0,
        "sum_log_gap_weeks": sum(round(math.log(g) * 2**32) for g in gaps) / 2**32 - len(gaps) * math.log(7),
    }


@pytest.mark.parametrize(("digits", "value"), [(0, 300.0), (2, 3.0), (3, 0.3)])
def test_money_follows_the_minor_unit(digits: int, value: float) -> None:
    """Yen have no decimals, dinars three."""
    rows = [Line("a", 10, 700, False, "1"), Line("a", 20, 300, False, "2")]
    summary = purchase_summary(history_before(tables_of(rows), 30), minor_digits=digits)
    assert summary["mean_repeat_order_value"].tolist() == [pytest.approx(value, rel=1e-15)]


def test_a_customer_whose_first_order_is_the_day_before() -> None:
    """Nothing is observed yet: T = 0."""
    summary = purchase_summary(history_before(tables_of([Line("a", 29, 700, False, "1")]), 30))
    assert summary.iloc[0, 1:].tolist() == [0, 0.0, 0.0, 0.0, 0.0]
