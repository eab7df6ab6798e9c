"""The value hold-out against a hand computation, and the length of the held-out period."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from patron.evaluation import JudgedValue, ValueTerms, judge_value
from patron.evaluation.value import evaluation_days
from patron.ledger import load_ledger, materialise
from patron.snapshots import CustomerTables, customer_tables, to_day

AS_OF, FIRST = to_day("2023-07-02"), to_day("2021-01-02")
METRICS = {"mae", "rmse", "gini", "spearman", "bias", "top_decile_share", "interval_coverage"}
TERMS = ValueTerms("mbgnbd", "lifetimes", None, 12, 0.4, has_cost=False, minor_digits=2, model="btyd")


@pytest.mark.parametrize(
    ("span", "months", "days"),
    [
        (2000, 12, 180),  # the longest there is
        (300, 12, 100),  # a third of the span
        (2000, 3, 91),  # H: 3 x 30.4375 = 91.3
        (2, 12, 1),  # at least a day
    ],
)
def test_the_held_out_period(span: int, months: int, days: int) -> None:
    """min(H, a third of the span, 180 days)."""
    assert evaluation_days(span, months) == days


@pytest.fixture(scope="module")
def held_out(trade: pd.DataFrame) -> pd.DataFrame:
    """What each customer known before the cut brought before and after it, from the order lines alone."""
    cut = pd.Timestamp("2023-07-02") - pd.Timedelta(days=180)
    days = trade.assign(day=trade["ordered_at"].dt.normalize())
    before, after = days[days["day"] < cut], days[days["day"] >= cut]
    known = sorted(before.loc[before["amount"] > 0, "customer_id"].unique())
    last_year = before[before["day"] >= cut - pd.Timedelta(days=365)]
    bought = after[after["amount"] > 0]
    frame = pd.DataFrame(index=known)
    frame["actual"] = after.groupby("customer_id")["amount"].sum() * 0.4
    frame["last_year"] = last_year.groupby("customer_id")["amount"].sum() * 0.4 * 180 / 365
    frame["orders"] = bought.groupby("customer_id")["day"].nunique()
    frame = frame.fillna(0.0)
    return frame.assign(last_year=frame["last_year"].clip(lower=0))


@pytest.fixture(scope="module")
def found(trade_tables: CustomerTables) -> JudgedValue:
    """What the held-out period says of the simulated trade."""
    judged = judge_value(trade_tables, AS_OF, FIRST, TERMS)
    assert judged is not None
    return judged


def test_entrants_have_exactly_the_metrics_of_the_contract(found: JudgedValue) -> None:
    """The forecasts that may ship, and the mean."""
    assert set(found.entrants) == {"btyd", "challenger", "last_year", "blend", "mean"}
    assert all(set(metrics) == METRICS for metrics in found.entrants.values())


def test_last_year_against_a_hand_computation(found: JudgedValue, held_out: pd.DataFrame) -> None:
    """Margin 40 %, scaled from a year to 180 days, judged on undiscounted net margin."""
    error = held_out["last_year"] - held_out["actual"]
    metrics = found.entrants["last_year"]
    assert metrics["mae"] == pytest.approx(error.abs().mean(), rel=1e-9)
    assert metrics["rmse"] == pytest.approx(np.sqrt((error**2).mean()), rel=1e-9)
    assert metrics["bias"] == pytest.approx(error.sum() / held_out["actual"].sum(), rel=1e-9)
    assert metrics["spearman"] == pytest.approx(
        held_out["last_year"].corr(held_out["actual"], method="spearman"), rel=1e-9
    )


def test_mean_says_the_same_of_everybody(found: JudgedValue, held_out: pd.DataFrame) -> None:
    """Its error is that of one number."""
    expected = (held_out["last_year"].mean() - held_out["actual"]).abs().mean()
    assert found.entrants["mean"]["mae"] == pytest.approx(expected, rel=1e-9)


def test_deciles_add_up_to_what_happened(found: JudgedValue, held_out: pd.DataFrame) -> None:
    """Every customer, order and cent of the held-out period is in one row of the table."""
    deciles = pd.DataFrame(found.holdout["deciles"])
    assert deciles["n"].sum() == len(held_out)
    assert deciles["actual_orders"].sum() == held_out["orders"].sum()
    assert deciles["actual_value"].sum() == pytest.approx(held_out["actual"].sum())
    assert found.holdout["evaluation_days"] == 180


def test_the_forecast_finds_the_customers_who_bring_most(found: JudgedValue) -> None:
    """Better in order than the same number for everybody."""
    gini = found.entrants["btyd"]["gini"]
    assert gini is not None
    assert gini > 0.3


def test_costs_per_line_make_the_margin(trade: pd.DataFrame) -> None:
    """With a cost of 75 % on every line, the actual margin is a quarter of the revenue."""
    lines = trade.assign(cost=(trade["amount"] * 0.75).round(2))
    tables = customer_tables(
        load_ledger(lines, as_of="2023-07-02", duplicates="keep").lines, keep=materialise
    )
    found = judge_value(tables, AS_OF, FIRST, replace(TERMS, has_cost=True))
    assert found is not None
    total = pd.DataFrame(found.holdout["deciles"])["actual_value"].sum()
    after = lines["ordered_at"] >= pd.Timestamp("2023-07-02") - pd.Timedelta(days=180)
    known = lines.loc[~after & (lines["amount"] > 0), "customer_id"].unique()
    kept = lines[after & lines["customer_id"].isin(known)]
    assert total == pytest.approx((kept["amount"] - kept["cost"]).sum())


def test_too_few_orders_are_not_judged(tables_from: Callable[..., CustomerTables]) -> None:
    """Two customers tell nothing about a purchase process."""
    tables = tables_from([("a", "2023-01-01", 5.0), ("b", "2023-03-01", 5.0)])
    assert judge_value(tables, to_day("2023-06-01"), to_day("2023-01-01"), TERMS) is None
