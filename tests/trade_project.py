"""A small project on the simulated trade, trained once per session: orders, config, store, model folder.

`session` is the folder of the whole test run (`tmp_path_factory.getbasetemp()`).
"""

from __future__ import annotations

import functools
import os
import pickle
import shutil
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from filelock import FileLock
from trade_simulation import simulate_orders

from patron.config import Config, load_config
from patron.ledger import Ledger, load_ledger, materialise
from patron.registry import open_store
from patron.snapshots import CustomerTables, customer_tables
from patron.workflows import Trained, train
from patron.workflows.base import reading_rules

CONFIG = """\
name: trade
ledger:
  transactions: orders.parquet
  currency: EUR
as_of: {as_of}
churn: {{horizon_days: 60, active_days: 150}}
snapshots: {{every_days: 30, max_count: 9}}
engine: {{threads: 2}}
"""


class Project(NamedTuple):
    """A folder with a config, its orders, and what training made of them."""

    folder: Path
    config: Path
    orders: pd.DataFrame
    trained: Trained


@functools.cache
def trade_orders() -> pd.DataFrame:
    """220 customers, one who only ever got money back, and one who orders every 150 days."""
    orders = simulate_orders(customers=220)
    refund = orders.head(1).assign(customer_id="K-none", amount=-25.0, order_id="RK-none")
    days = pd.date_range("2021-06-08", periods=6, freq="150D", unit="us")
    slow = orders.head(6).assign(customer_id="K-slow", ordered_at=days, amount=300.0, order_id=list("abcdef"))
    return pd.concat([orders, refund, slow], ignore_index=True)


@functools.cache
def migrated_store(session: Path) -> Path:
    """An empty MLflow store: migrating one takes seconds, copying it none."""
    root = session / "migrated-store"
    root.mkdir()
    open_store("sqlite:///mlflow.db", root=root, experiment="patron")
    return root / "mlflow.db"


def write_project(folder: Path, session: Path, orders: pd.DataFrame, as_of: str = "2023-07-02") -> Path:
    """Write orders, config and an empty store; return the config."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(migrated_store(session), folder / "mlflow.db")
    orders.to_parquet(folder / "orders.parquet")
    config = folder / "patron.yaml"
    config.write_text(CONFIG.format(as_of=as_of), encoding="utf-8")
    return config


@functools.cache
def trained_project(session: Path) -> Project:
    """The project that tests look at; those that change one make a copy (`copied`).

    Trained by the first of the test processes that gets here; the others read what it made.
    """
    shared = session.parent if os.environ.get("PYTEST_XDIST_WORKER") else session
    kept = shared / "trade.pickle"
    with FileLock(f"{kept}.lock"):
        if not kept.exists():
            config = write_project(shared / "trade" / "project", session, trade_orders())
            made = Project(config.parent, config, trade_orders(), train(load_config(config)))
            kept.write_bytes(pickle.dumps(made))
    return pickle.loads(kept.read_bytes())


def copied(project: Project, folder: Path) -> Path:
    """Copy a project, store and models included; return the config."""
    shutil.copytree(project.folder, folder / "copy")
    return folder / "copy" / project.config.name


def opened(config: Config, orders: pd.DataFrame, as_of: str | None = None) -> tuple[Ledger, CustomerTables]:
    """Read orders the way the config says and build the tables."""
    ledger = load_ledger(orders, as_of=as_of or config.as_of, **reading_rules(config))
    return ledger, customer_tables(ledger.lines, keep=materialise)
