"""Judge written churn scores against the orders that followed, beside every naive rule on the same customers.

    python benchmarks/churn_online_retail.py CONFIG [--as-of DAY]

Trains and scores into a temporary folder, reads the scores file back, and looks at the raw orders after
`as_of` for what happened. The naive rules are those of the same training, fitted on the same snapshots.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from patron.config import load_config
from patron.features import build_features
from patron.metrics import auc, brier, log_loss, paired_interval
from patron.snapshots import history_before, to_day
from patron.workflows import score, train


def outcome(orders_file: Path, customers: pd.Index, as_of: pd.Timestamp, horizon_days: int) -> np.ndarray:
    orders = pd.read_parquet(orders_file, columns=["customer_id", "ordered_at", "amount"])
    end = as_of + pd.Timedelta(days=horizon_days)
    later = orders[(orders.amount > 0) & (orders.ordered_at >= as_of) & (orders.ordered_at < end)]
    return (~customers.isin(later.customer_id)).astype(np.int64)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", type=Path)
    parser.add_argument("--as-of", default="2011-09-10")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "mlflow.db"
        changes = [f"as_of={given.as_of}", f"output={folder}", f"tracking.uri=sqlite:///{store}"]
        config = load_config(given.config, changes)
        trained = train(config)
        scored = score(config, model=f"models:/{trained.model}", allow_stale=True)
        scores = pd.read_parquet(scored.path).set_index("customer_id")
    active = scores[scores.churn_probability.notna()]
    parts, tables = trained.learned.parts, scored.base.tables
    features = build_features(
        history_before(tables, to_day(given.as_of)), parts.recipe, purchases=parts.purchases
    )
    rows = features.set_index("customer_id").loc[active.index]
    churned = outcome(
        config.path(str(config.ledger.transactions)),
        active.index,
        pd.Timestamp(given.as_of),
        config.churn.horizon_days,
    )
    ours = active.churn_probability.to_numpy()
    print(f"{given.as_of}: {len(active):,} customers, {churned.mean():.3f} of them churned")
    print(f"{'':<16} {'AUC':>7} {'Brier':>7} {'log-loss':>9} {'mean p':>7}   AUC of patron minus this, 95 %")
    final = trained.learned.final.entrants
    entrants = {"patron (written)": ours} | {name: model.probability(rows) for name, model in final.items()}
    for name, p in entrants.items():
        paired = paired_interval(auc, churned, ours, p, seed=7)
        versus = "" if paired is None else f"{paired.difference:+.4f} [{paired.low:+.4f}, {paired.high:+.4f}]"
        figures = (
            f"{auc(churned, p):7.4f} {brier(churned, p):7.4f} {log_loss(churned, p):9.4f} {p.mean():7.3f}"
        )
        print(f"{name:<16} {figures}   {versus}")
    print(f"shipped: {trained.learned.shipped}; grade {trained.learned.evaluation['grade']}")


if __name__ == "__main__":
    main()
