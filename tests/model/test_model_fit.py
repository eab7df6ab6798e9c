"""Orders that do not fit the model are refused, not scored with other money."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from trade_project import Project

from patron.errors import ModelError
from patron.evaluation import known_until
from patron.ledger import load_ledger, materialise
from patron.model import PatronModel
from patron.snapshots import customer_tables, to_day


def test_a_model_trained_with_costs_wants_costs(project: Project, model: PatronModel) -> None:
    """Without them revenue would pass for margin."""
    settings = replace(model.parts.settings, base_margin=0.4)
    costly = replace(model, parts=replace(model.parts, settings=settings))
    with pytest.raises(ModelError, match="trained with the columns cost, which the orders lack"):
        costly.score(project.orders, as_of="2023-07-02")


def test_rules_about_a_column_want_the_column(project: Project, model: PatronModel) -> None:
    """Credit notes without their prefix would pass for orders."""
    strict = replace(model, ledger_rules={**model.ledger_rules, "refund_prefix": "C"})
    with pytest.raises(ModelError, match="rules about order_id"):
        strict.score(project.orders.drop(columns="order_id"), as_of="2023-07-02")


def test_money_of_other_decimals_is_refused(project: Project, model: PatronModel) -> None:
    """Yen have no cents: the edges of the tiers would be off by a factor of a hundred."""
    settings = replace(model.parts.settings, currency=None)
    plain = replace(model, parts=replace(model.parts, settings=settings), ledger_rules={})
    with pytest.raises(ModelError, match=r"counts money with 2 decimals, the orders \(JPY\) with 0"):
        plain.score(project.orders.assign(currency="JPY"), as_of="2023-07-02")


def test_outcomes_are_known_no_further_than_the_data() -> None:
    """A day long after the last order makes nobody a churner."""
    orders = pd.DataFrame({"customer_id": ["a"], "ordered_at": ["2024-01-31"], "amount": [1.0]})
    ledger = load_ledger(orders, as_of="2024-12-01")
    tables = customer_tables(ledger.lines, keep=materialise)
    assert known_until(tables, to_day("2024-12-01")) == to_day("2024-02-01")
    assert known_until(tables, to_day("2024-02-01")) == to_day("2024-02-01")
