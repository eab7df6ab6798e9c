"""How long a loaded model takes to answer, and what many customers cost beside LightGBM's own predict.

In:  a model folder (``--model``; else a small one is trained on a simulated base).
Out: one line per call with median and 95 % quantile, and the parts of a bulk score in CPU time.
Not here: HTTP (`serving.py`).

    python benchmarks/calls.py --customers 1000000
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import patron
from patron.features import build_features
from patron.ledger import load_ledger, materialise
from patron.model import PatronModel, load_model_folder
from patron.scoring import rows_of
from patron.snapshots import customer_tables, history_before, to_day

AS_OF = "2024-01-01"
ORDERS_EACH = 30
CONFIG = "name: calls\nledger: {transactions: orders.parquet, currency: EUR}\nas_of: 2024-01-01\n"


def orders_of(customers: int, each: int = ORDERS_EACH, seed: int = 1) -> pd.DataFrame:
    """Order lines of customers with so many orders in two years, at their own pace."""
    rng = np.random.default_rng(seed)
    last = rng.integers(0, 300, customers).repeat(each)
    back = np.floor(rng.random(customers * each) ** 1.2 * 720 + last).astype(np.int64)
    ids = np.char.add("C", np.arange(customers).astype(str)).repeat(each)
    value = np.exp(rng.normal(4, 0.6, customers).repeat(each) + rng.normal(0, 0.4, customers * each))
    frame = pd.DataFrame(
        {
            "customer_id": ids.astype(object),
            "ordered_at": np.datetime64(AS_OF, "D") - 1 - back.astype("timedelta64[D]"),
            "amount": np.round(value, 2),
            "order_id": np.char.add("O", np.arange(customers * each).astype(str)).astype(object),
            "product_id": np.char.add("P", rng.integers(0, 50, customers * each).astype(str)).astype(object),
        }
    )
    return frame.astype({"ordered_at": "datetime64[us]"})


def timed(what: str, call: Callable[[], Any], repeats: int) -> None:
    """Print median and 95 % quantile of wall time in milliseconds; the first call is left out."""
    call()
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        taken.append(1000 * (time.perf_counter() - start))
    p95 = sorted(taken)[max(int(0.95 * len(taken)) - 1, 0)]
    print(f"{what:<58} p50 {statistics.median(taken):8.2f} ms   p95 {p95:8.2f} ms   ({repeats} calls)")


def cpu_seconds(call: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds of all threads, and what came out."""
    start = time.process_time()
    found = call()
    return time.process_time() - start, found


def single_calls(folder: Path, model: PatronModel) -> None:
    """One customer from a feature row and from orders, a thousand from orders, loading."""
    one, thousand = orders_of(1), orders_of(1000)
    reading = {"as_of": AS_OF}
    row = model.features(one, **reading)
    timed("one customer, from a feature row", lambda: model.score_features(row), 200)
    timed(f"one customer of {ORDERS_EACH} orders, from order rows", lambda: model.score(one, **reading), 40)
    timed(
        f"1,000 customers of {ORDERS_EACH} orders, from order rows",
        lambda: model.score(thousand, **reading),
        10,
    )
    timed("loading the folder, after imports", lambda: load_model_folder(folder), 10)


def bulk(model: PatronModel, customers: int) -> None:
    """CPU time of scoring many customers from the customer-day table, beside its floor."""
    ledger = load_ledger(orders_of(customers, each=10), as_of=AS_OF, **model.ledger_rules)
    tables, parts = customer_tables(ledger.lines, keep=materialise), model.parts
    history = history_before(tables, to_day(AS_OF))
    query, _ = cpu_seconds(lambda: build_features(history, parts.recipe, purchases=parts.purchases))
    features_of, frame = cpu_seconds(lambda: model.features_of_tables(tables, ledger))
    scores, _ = cpu_seconds(lambda: model.score_features(frame))
    predict, contributions = lightgbm_seconds(model, frame)
    whole = features_of + scores
    print(f"\n{customers:,} customers from the customer-day table, CPU seconds")
    for name, seconds in (
        ("feature query", query),
        ("LightGBM predict (churn and value trees)", predict),
        ("LightGBM contributions (the reasons)", contributions),
        ("model.features, everything read from the ledger", features_of),
        ("model.score_features", scores),
    ):
        print(f"  {name:<52} {seconds:8.2f}  {1e6 * seconds / customers:8.1f} us per customer")
    floor = predict + query
    print(f"  whole / (predict + feature query) = {whole / floor:.2f}")
    print(f"  whole / (predict + contributions + feature query) = {whole / (floor + contributions):.2f}")


def lightgbm_seconds(model: PatronModel, frame: pd.DataFrame) -> tuple[float, float]:
    """CPU seconds of every booster's predict, and of the churn trees' contributions, on these rows."""
    parts = model.parts
    rows = rows_of(frame, parts)
    scorer = parts.churn.scorer
    predict = contributions = 0.0
    for member in getattr(scorer, "members", {"": scorer}).values():
        if hasattr(member, "_booster"):
            matrix = np.column_stack([rows.features[name] for name in member.columns])
            predict += cpu_seconds(lambda m=member, x=matrix: m._booster.predict(x, raw_score=True))[0]
            contributions += cpu_seconds(lambda m=member, x=matrix: m._booster.predict(x, pred_contrib=True))[
                0
            ]
    if parts.forecast is not None and parts.forecast.challenger is not None:
        for booster in parts.forecast.challenger._boosters.values():
            matrix = np.zeros((len(rows.place), len(parts.forecast.challenger.columns)))
            predict += cpu_seconds(lambda b=booster, x=matrix: b.predict(x, raw_score=True))[0]
    return predict, contributions


def trained(folder: Path) -> Path:
    """Train a model on a small base."""
    (folder / "patron.yaml").write_text(CONFIG, encoding="utf-8")
    orders_of(600, each=12, seed=3).to_parquet(folder / "orders.parquet")
    return Path(patron.train(folder / "patron.yaml").folder)


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--model", type=Path)
    asked.add_argument("--customers", type=int, default=100_000)
    found = asked.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = found.model or trained(Path(scratch))
        model = load_model_folder(folder)
        print(
            f"churn {model.parts.churn.name}, value {getattr(model.parts.forecast, 'kind', 'purchase model')}"
        )
        single_calls(folder, model)
        bulk(model, found.customers)


if __name__ == "__main__":
    main()
