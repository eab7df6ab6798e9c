"""Row independence: a customer scored alone gets the row of the full base, as written."""

from __future__ import annotations

import numpy as np
import pandas as pd
from trade_project import Project, opened

from patron.config import Config
from patron.model import PatronModel


def alone(customers: list[str], project: Project, config: Config, model: PatronModel) -> pd.DataFrame:
    """Score each customer from nothing but that customer's lines."""
    lines = dict(list(project.orders.groupby("customer_id")))
    scored = [model.score_tables(*reversed(opened(config, lines[c]))) for c in customers]
    return pd.concat(scored, ignore_index=True)


def test_every_customer_alone_equals_the_row_in_the_base(
    project: Project, config: Config, model: PatronModel, scores: pd.DataFrame
) -> None:
    """To the last written digit, intervals and reasons included; `data_through` alone is exempt."""
    base = scores[scores["status"] != "excluded"].reset_index(drop=True)
    chosen = base.groupby("status").head(3)["customer_id"].tolist()
    found = alone(chosen, project, config, model).set_index("customer_id")
    expected = base.set_index("customer_id").loc[found.index]
    pd.testing.assert_frame_equal(
        found.drop(columns="data_through"), expected.drop(columns="data_through"), check_exact=True
    )


def test_the_order_of_lines_leaves_no_trace(
    project: Project, config: Config, model: PatronModel, scores: pd.DataFrame
) -> None:
    """Shuffled orders, the same rows."""
    shuffled = project.orders.sample(frac=1, random_state=1, ignore_index=True)
    ledger, tables = opened(config, shuffled)
    pd.testing.assert_frame_equal(model.score_tables(tables, ledger), scores, check_exact=True)


def test_strangers_leave_no_trace(
    project: Project, config: Config, model: PatronModel, scores: pd.DataFrame
) -> None:
    """A hundred new whales change nobody else's row."""
    rng = np.random.default_rng(0)
    days = pd.to_datetime(np.datetime64("2022-01-01") + rng.integers(0, 500, 600).astype("timedelta64[D]"))
    whales = pd.DataFrame(
        {
            "customer_id": [f"W-{i % 100:03d}" for i in range(600)],
            "ordered_at": days.as_unit("us"),
            "amount": 90_000.0 + np.arange(600),
            "order_id": [f"w{i}" for i in range(600)],
            "product_id": "P01",
            "category": "C1",
        }
    )
    ledger, tables = opened(config, pd.concat([project.orders, whales], ignore_index=True))
    found = model.score_tables(tables, ledger)
    kept = found[~found["customer_id"].str.startswith("W-")].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, scores, check_exact=True)
