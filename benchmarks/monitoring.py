"""Monitoring on real and simulated months: promised against realised, faults that are caught, false alarms.

    python benchmarks/monitoring.py DATA_FOLDER [--part months|faults|healthy ...] [--folder F]

``months``: Online Retail II, a model trained on the first year, scored and monitored every four weeks, and
trained again where the monitoring says so, as `patron run` does. ``faults``: each in a copy of those orders,
in the newest month, and one monitoring after it. ``healthy``: months of simulated distributors that go on as
before; every status other than healthy is an alarm.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from patron.config import Config, load_config
from patron.simulation import simulate_distributor
from patron.workflows import Monitored, monitor, score, train

T = TypeVar("T")
EVERY_DAYS = 28
LAST = date(2011, 12, 1)
FAULTY_FROM = pd.Timestamp(LAST - timedelta(days=EVERY_DAYS))
_RETAIL = """\
name: online-retail-ii
ledger:
  transactions: orders.parquet
  currency: GBP
  refund_prefix: "C"
  exclude: {order_id_prefixes: ["A"], product_ids: [POST, DOT, C2, M, ADJUST, B, S, D, BANK CHARGES]}
clv: {horizon_months: 3}
monitor: {retrain_after_days: null}
"""
_SIMULATED = """\
name: simulated
ledger: {transactions: orders.parquet, currency: EUR}
clv: {horizon_months: 3, model: btyd}
snapshots: {max_count: 12}
"""


def months(folder: Path, data: Path) -> None:
    """Score and monitor Online Retail II month by month."""
    project = _retail(folder, data)
    days = [LAST - timedelta(days=EVERY_DAYS * back) for back in range(12, -1, -1)]
    _quiet(lambda: train(_on(project, days[0])))
    print(f"trained as of {days[0]}; CPU and wall seconds of each monitoring in the last columns")
    for day in days:
        began, wall = time.process_time(), time.perf_counter()
        found = _quiet(lambda day=day: monitor(_on(project, day)))
        cost = time.process_time() - began, time.perf_counter() - wall
        due = [v for v in found.vintages if v["is_due"]]
        newest = due[-1] if due else None
        if newest is None:
            said = "no vintage is due"
        else:
            said = _judged(newest, [v["value"]["ratio"] for v in due if v.get("value")])
        print(f"{day} {found.status:<8} {said}; {_rules(found)} ({cost[0]:.1f}, {cost[1]:.1f})", flush=True)
        if found.status == "retrain":
            _quiet(lambda day=day: train(_on(project, day)))
        _quiet(lambda day=day: score(_on(project, day), allow_stale=True))


def _judged(newest: dict[str, Any], value: list[float]) -> str:
    metrics, version = newest["metrics"], newest["model"].split("/")[1]
    return (
        f"scores of {newest['as_of']} by version {version}: promised {newest['promised']:.3f}, realised "
        f"{newest['realised']:.3f}, AUC {metrics['auc']:.3f}, ECE {metrics['ece']:.3f}, CLV "
        + (f"{value[-1]:.2f}" if value else "not due")
    )


def faults(folder: Path, data: Path) -> None:
    """Spoil the newest month in one way after the other; the vintages are those of the clean orders."""
    project = _retail(folder, data)
    if not (project / "runs" / "vintages").exists():
        months(folder, data)
    clean = pd.read_parquet(project / "orders.parquet")
    for number, (name, spoil) in enumerate({"none": lambda orders: orders, **FAULTS}.items()):
        copy = folder / f"faulty-{number}"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(project, copy)
        for file in (copy / "runs" / "vintages").glob(f"{LAST}.*"):
            file.unlink()
        spoil(clean.copy()).to_parquet(copy / "orders.parquet")
        found = _quiet(lambda copy=copy: monitor(_on(copy, LAST)))
        print(f"{name:<32} {found.status:<8} {_rules(found)}", flush=True)
        shutil.rmtree(copy)


def healthy(folder: Path, _data: Path) -> None:
    """Count the alarms of simulated months in which nothing is wrong."""
    alarms, seen = 0, 0
    for seed in range(5):
        project = folder / f"healthy-{seed}"
        shutil.rmtree(project, ignore_errors=True)
        project.mkdir(parents=True)
        world = simulate_distributor(600, years=5, seed=seed)
        world.orders.to_parquet(project / "orders.parquet")
        (project / "patron.yaml").write_text(_SIMULATED, encoding="utf-8")
        days = [world.as_of - timedelta(days=EVERY_DAYS * back) for back in range(20, -1, -1)]
        _quiet(lambda project=project, day=days[0]: train(_on(project, day)))
        for day in days[1:]:
            _quiet(lambda project=project, day=day: score(_on(project, day), allow_stale=True))
            found = _quiet(lambda project=project, day=day: monitor(_on(project, day)))
            seen += 1
            if found.status != "healthy":
                alarms += 1
                print(f"seed {seed}, {day}: {found.status}, {_rules(found)}", flush=True)
        print(f"{alarms} alarms in {seen} months", flush=True)


def _dropped(orders: pd.DataFrame) -> pd.DataFrame:
    line = orders["product_id"].str.startswith("84")
    late = orders["ordered_at"] >= FAULTY_FROM
    share = (
        orders.loc[line & late, "amount"].clip(lower=0).sum() / orders.loc[late, "amount"].clip(lower=0).sum()
    )
    print(f"  (product line 84...: {share:.1%} of the month's sales)")
    return orders[~(line & late)]


def _priced(ratio: float) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def spoil(orders: pd.DataFrame) -> pd.DataFrame:
        late = orders["ordered_at"] >= FAULTY_FROM
        return orders.assign(amount=orders["amount"].where(~late, orders["amount"] * ratio))

    return spoil


def _missing(first: str, end: str) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda orders: orders[~orders["ordered_at"].between(first, end, inclusive="left")]


def _rekeyed(every: int, since: pd.Timestamp) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def spoil(orders: pd.DataFrame) -> pd.DataFrame:
        ids = orders["customer_id"]
        chosen = (
            (orders["ordered_at"] >= since) & ids.notna() & (pd.to_numeric(ids, errors="coerce") % every == 0)
        )
        return orders.assign(customer_id=ids.where(~chosen, "N" + ids.astype(str)))

    return spoil


FAULTS: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "a product line dropped": _dropped,
    "currency changed (x 1.25)": _priced(1.25),
    "currency changed (/ 1.25)": _priced(1 / 1.25),
    "prices up 20 %": _priced(1.2),
    "October missing": _missing("2011-10-01", "2011-11-01"),
    "the last four weeks missing": _missing(str(FAULTY_FROM.date()), "2012-01-01"),
    "ids re-keyed from now on": _rekeyed(1, FAULTY_FROM),
    "a third re-keyed from now on": _rekeyed(3, FAULTY_FROM),
    "all history re-keyed": _rekeyed(1, pd.Timestamp("2000-01-01")),
    "a third of all history re-keyed": _rekeyed(3, pd.Timestamp("2000-01-01")),
}


def _retail(folder: Path, data: Path) -> Path:
    project = folder / "retail"
    if not project.exists():
        project.mkdir(parents=True)
        shutil.copy(data / "online_retail_ii.parquet", project / "orders.parquet")
        (project / "patron.yaml").write_text(_RETAIL, encoding="utf-8")
    return project


def _on(project: Path, day: date) -> Config:
    # copies of a store keep their runs where they were: new ones go to an experiment of the copy
    return load_config(project / "patron.yaml", [f"as_of={day}", f"tracking.experiment={project.name}"])


def _quiet(work: Callable[[], T]) -> T:
    with contextlib.redirect_stderr(io.StringIO()):
        return work()


def _rules(found: Monitored) -> str:
    named = [str(rule.figures.get("check", rule.rule)) for rule in found.rules]
    return ", ".join(named) or "no rule"


PARTS = {"months": months, "faults": faults, "healthy": healthy}


def main() -> None:
    """Run the parts that are asked for."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("data", type=Path, help="folder with online_retail_ii.parquet")
    parser.add_argument("--part", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--folder", type=Path, help="where to work; a temporary one unless given")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        for part in options.part:
            print(f"\n## {part}", file=sys.stdout, flush=True)
            PARTS[part](options.folder or Path(scratch), options.data)


if __name__ == "__main__":
    main()
