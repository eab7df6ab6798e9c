"""The action log is no feature: it changes no score and no byte of a model."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pandas as pd
import pytest
from trade_project import Project, copied, trade_orders, write_project

from patron.config import load_config
from patron.snapshots import CustomerTables, History
from patron.workflows import score, train

HEADER = "customer_id,happened_at,owner,action,outcome,reason,snoozed_until\n"


def telling_log(orders: pd.DataFrame) -> str:
    """A log that gives the future away: on the day of its very last order each customer is called lost."""
    last = orders.groupby("customer_id")["ordered_at"].max()
    rows = [f"{customer},{day:%Y-%m-%d},Anna,call,lost,gone," for customer, day in last.items()]
    return HEADER + "\n".join(rows) + "\n"


def test_the_tables_that_features_see_hold_no_actions() -> None:
    """Neither all days nor a history has a place for them."""
    names = {field.name for kind in (CustomerTables, History) for field in fields(kind)}
    assert "events" in names
    assert [name for name in names if "action" in name] == []


def test_a_log_changes_no_score(project: Project, tmp_path: Path) -> None:
    """The bytes of the scores file, with a log that gives everything away and without one."""
    path = copied(project, tmp_path)
    (path.parent / "actions.csv").write_text(telling_log(project.orders))
    without = score(load_config(path), out=tmp_path / "without.parquet")
    with_log = score(load_config(path, ["ledger.actions=actions.csv"]), out=tmp_path / "with.parquet")
    assert without.base.actions is None
    assert with_log.base.actions is not None
    assert len(with_log.base.actions) > 200
    assert with_log.path.read_bytes() == without.path.read_bytes()


@pytest.mark.slow
def test_a_log_changes_no_byte_of_a_model(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The same config trained on an empty log and on one that gives everything away: the same folder."""
    logs = {"empty": HEADER, "telling": telling_log(trade_orders())}
    trained = []
    for name, text in logs.items():
        path = write_project(tmp_path / name, tmp_path_factory.getbasetemp(), trade_orders())
        (path.parent / "actions.csv").write_text(text)
        trained.append(train(load_config(path, ["ledger.actions=actions.csv"])).folder)
    first, second = ({file.name: file.read_bytes() for file in folder.iterdir()} for folder in trained)
    assert first == second
    assert trained[0].name == trained[1].name
