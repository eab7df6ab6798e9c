"""Faults of the data are named at the first look, and healthy months are left in peace."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import cache

import numpy as np
import pandas as pd
import pytest

import patron
from patron.ledger import load_ledger, materialise
from patron.monitoring import Finding, data_facts, data_findings
from patron.snapshots import customer_tables, to_day

Spoil = Callable[[pd.DataFrame], pd.DataFrame]


@cache
def clean() -> tuple[pd.DataFrame, pd.Timestamp]:
    """Four years of 400 accounts, and the Monday on which they end."""
    made = patron.simulate_distributor(accounts=400, years=4, seed=4)
    return made.orders, pd.Timestamp(made.as_of)


def look(orders: pd.DataFrame, day: pd.Timestamp, before: dict[str, object] | None) -> list[Finding]:
    """Check the orders before a day, as `patron monitor` does."""
    ledger = load_ledger(orders, as_of=day.date(), currency="GBP")
    tables = customer_tables(ledger.lines, keep=materialise)
    return data_findings(tables, ledger.lines, to_day(day.date()), before)


@cache
def facts() -> dict[str, object]:
    """What a scoring four weeks before the end kept."""
    orders, end = clean()
    day = end - timedelta(days=28)
    ledger = load_ledger(orders, as_of=day.date(), currency="GBP")
    kept = data_facts(customer_tables(ledger.lines, keep=materialise), to_day(day.date()))
    return {"as_of": str(day.date()), "data": kept}


def late(orders: pd.DataFrame) -> pd.Series:
    return orders["ordered_at"] >= clean()[1] - timedelta(days=28)


def priced(ratio: float) -> Spoil:
    return lambda orders: orders.assign(
        amount=np.where(late(orders), orders["amount"] * ratio, orders["amount"])
    )


def rekeyed(orders: pd.DataFrame, chosen: pd.Series) -> pd.DataFrame:
    ids = orders["customer_id"]
    return orders.assign(customer_id=ids.where(~chosen, "N" + ids))


def without_a_month(orders: pd.DataFrame) -> pd.DataFrame:
    end = clean()[1]
    start, stop = end - timedelta(days=70), end - timedelta(days=40)
    return orders[~orders["ordered_at"].between(start, stop, inclusive="left")]


FAULTS: dict[str, tuple[Spoil, set[str]]] = {
    "a product line dropped": (
        lambda orders: orders[~(late(orders) & (orders["category"] == "Office paper"))],
        {"products_gone"},
    ),
    "prices up 20 %": (priced(1.2), {"prices"}),
    "another currency": (priced(1 / 1.25), {"prices"}),
    "a month missing": (without_a_month, {"gap", "history"}),
    "the newest weeks missing": (lambda orders: orders[~late(orders)], {"volume", "gap"}),
    "ids re-keyed from now on": (
        lambda orders: rekeyed(orders, late(orders)),
        {"first_time_buyers"},
    ),
    "all history re-keyed": (
        lambda orders: rekeyed(orders, orders["amount"].notna()),
        {"customers_gone"},
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_at_the_first_look(fault: str) -> None:
    """Each by a check that belongs to it, in two languages, with its figures."""
    spoil, belongs = FAULTS[fault]
    orders, end = clean()
    found = look(spoil(orders), end, facts())
    assert belongs & {finding.check for finding in found}
    assert all(finding.en and finding.zh and finding.figures for finding in found)


def test_figures_are_those_of_the_fault() -> None:
    """A fifth on every price is told as 1.20; the share of re-keyed customers as what it is."""
    orders, end = clean()
    prices = {f.check: f.figures for f in look(priced(1.2)(orders), end, facts())}["prices"]
    assert prices["ratio"] == pytest.approx(1.2, abs=0.03)
    third = orders["customer_id"].str[-1].isin(list("012"))
    gone = {f.check: f.figures for f in look(rekeyed(orders, third), end, facts())}["customers_gone"]
    known = orders[orders["ordered_at"] < facts()["as_of"]]["customer_id"].drop_duplicates()
    assert gone["share"] == pytest.approx(known.str[-1].isin(list("012")).mean(), abs=0.01)


def test_healthy_months_are_left_in_peace() -> None:
    """Twelve of them, each with what the one before kept."""
    orders, end = clean()
    for back in range(12):
        assert look(orders, end - timedelta(days=28 * back), None) == []
    assert look(orders, end, facts()) == []


def test_nothing_after_the_day_counts() -> None:
    """Orders at or after the day change no fact and no finding."""
    orders, end = clean()
    day = end - timedelta(days=28)
    later = orders[orders["ordered_at"] >= day].assign(customer_id="SIM-later", amount=1e6)
    spoilt = pd.concat([orders[orders["ordered_at"] < day], later], ignore_index=True)
    ledger = load_ledger(spoilt, as_of=day.date(), currency="GBP")
    tables = customer_tables(ledger.lines, keep=materialise)
    assert data_facts(tables, to_day(day.date())) == facts()["data"]
    assert look(spoilt, day, None) == look(orders, day, None)


def test_a_day_inside_the_ledger_knows_nothing_of_the_rest() -> None:
    """Facts and findings of a day are the same from a ledger that goes on after it."""
    orders, end = clean()
    day = end - timedelta(days=28)
    ledger = load_ledger(orders, as_of=end.date(), currency="GBP")
    tables = customer_tables(ledger.lines, keep=materialise)
    assert data_facts(tables, to_day(day.date())) == facts()["data"]
    assert data_findings(tables, ledger.lines, to_day(day.date()), None) == []
