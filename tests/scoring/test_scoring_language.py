"""Scored rows said in another language, and customers who never bought."""

from __future__ import annotations

import pandas as pd
from trade_project import Project, opened

from patron.config import Config
from patron.model import PatronModel
from patron.scoring import in_language


def test_rows_said_in_chinese_equal_rows_scored_in_chinese(
    project: Project, config: Config, model: PatronModel, scores: pd.DataFrame
) -> None:
    """Reasons, actions and notes follow from codes and values alone."""
    ledger, tables = opened(config, project.orders)
    scored = model.score_tables(tables, ledger, language="zh")
    parts = model.parts
    said = in_language(scores, parts.playbook, "zh", active_days=parts.settings.active_days)
    texts = ["reason_1", "reason_2", "reason_3", "action", "note"]
    assert said[texts].fillna("").to_numpy().tolist() == scored[texts].fillna("").to_numpy().tolist()
    assert said["reason_1"].dropna().str.contains("[一-鿿]", regex=True).all()


def test_a_base_that_only_returned_goods_is_excluded_with_a_note(model: PatronModel) -> None:
    """Nobody bought anything: one row, no numbers, no error."""
    lines = {"customer_id": "z", "order_id": "1", "ordered_at": "2023-01-05", "amount": -5.0}
    orders = pd.DataFrame([lines | {"product_id": "p", "category": "c"}])
    row = model.score(orders, as_of="2023-07-02").iloc[0]
    assert (row["status"], row["note"]) == ("excluded", "no purchase day before as_of")
    assert pd.isna(row["clv"])
