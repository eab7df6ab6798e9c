"""The pictures of the held-out period agree with each other and with what happened."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from patron.evaluation import JudgedValue, ValueTerms, judge_value
from patron.snapshots import CustomerTables, to_day

AS_OF, FIRST = to_day("2023-07-02"), to_day("2021-01-02")
CUT = pd.Timestamp("2023-07-02") - pd.Timedelta(days=180)
TERMS = ValueTerms(
    purchases="mbgnbd",
    backend="native",
    by=None,
    horizon_months=12,
    margin=0.4,
    has_cost=False,
    minor_digits=2,
    model="btyd",
)


@pytest.fixture(scope="module")
def judged(trade_tables: CustomerTables) -> JudgedValue:
    """MBG/NBD on the simulated trade."""
    found = judge_value(trade_tables, AS_OF, FIRST, TERMS)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def purchase_days(trade: pd.DataFrame) -> pd.DataFrame:
    """Purchase days of customers known at the cut, from the order lines alone."""
    bought = trade[trade["amount"] > 0]
    days = bought.assign(day=bought["ordered_at"].dt.normalize())[["customer_id", "day"]].drop_duplicates()
    first = days.groupby("customer_id")["day"].transform("min")
    return days.assign(repeat=days["day"] > first)[first < CUT]


def test_tracking_counts_the_ledger_s_repeat_days(judged: JudgedValue, purchase_days: pd.DataFrame) -> None:
    """Every repeat purchase day before the cut and after it."""
    tracking, repeats = judged.holdout["tracking"], purchase_days[purchase_days["repeat"]]
    at_cut = tracking["days"].index((CUT - pd.Timestamp(tracking["first_day"])).days)
    assert tracking["customers"] == purchase_days["customer_id"].nunique()
    assert tracking["actual"][at_cut] == (repeats["day"] < CUT).sum()
    assert tracking["held_out"]["actual"] == (repeats["day"] >= CUT).sum()


def test_classes_hold_the_customers_and_orders_of_the_deciles(
    judged: JudgedValue, purchase_days: pd.DataFrame
) -> None:
    """Two ways to put the same customers into groups."""
    classes = pd.DataFrame(judged.holdout["frequency_classes"])
    deciles = pd.DataFrame(judged.holdout["deciles"])
    assert classes["n"].sum() == deciles["n"].sum() == purchase_days["customer_id"].nunique()
    for key in ("actual_orders", "expected_orders"):
        assert (classes["n"] * classes[key]).sum() == pytest.approx(deciles[key].sum(), rel=1e-12)
    repeats = purchase_days[purchase_days["day"] < CUT].groupby("customer_id")["repeat"].sum()
    top = classes["at_most"].fillna(np.inf)
    by_hand = [repeats.between(low, high).sum() for low, high in zip(classes["at_least"], top, strict=True)]
    assert classes["n"].tolist() == by_hand


def test_order_values_are_those_of_repeat_customers(judged: JudgedValue, purchase_days: pd.DataFrame) -> None:
    """As many customers as have repeat orders before the cut."""
    before = purchase_days[purchase_days["repeat"] & (purchase_days["day"] < CUT)]
    assert judged.holdout["order_values"]["customers"] == before["customer_id"].nunique()


def test_the_block_is_small_json_without_customers(judged: JudgedValue, purchase_days: pd.DataFrame) -> None:
    """It goes into the model folder and the tracking store, which never receive customers."""
    written = json.dumps(judged.holdout, allow_nan=False)
    assert len(written) < 12_000
    assert not any(customer in written for customer in purchase_days["customer_id"].unique())
