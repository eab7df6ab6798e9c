"""The value engine beside lifetimes: CPU time and peak memory of fitting and of a 12-month CLV, in one run.

    python benchmarks/clv.py [CUSTOMERS ...] [--purchases bgnbd|mbgnbd] [--grid day|week] [--native-only]

Simulated B2B bases (monthly orders, up to three years). Both get the same histories; lifetimes' own functions
are called directly. ``--native-only`` fits bases that lifetimes would take too long for, and prints the peak
resident memory of the whole process, the data included. One thread each; times are CPU seconds, the best of
three runs (lifetimes: one from a million customers on).
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before numpy is imported

import argparse
import resource
import sys
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from patron.clv import CLVModel
from patron.clv._fitting import order_rows, spend_rows
from patron.clv._lifetimes import lifetimes_module, untouched
from patron.clv._summary import read_summary
from patron.clv.native.order_times import fit_purchases, fit_spend
from patron.simulation import simulate_summary

FITTERS = {"bgnbd": "BetaGeoFitter", "mbgnbd": "ModifiedBetaGeoFitter"}
COLUMNS = ("repeat_orders", "weeks_first_to_last_order", "weeks_observed", "mean_repeat_order_value")
AT_ONCE = 1_000_000
MONTHS, WEEKS_PER_MONTH, MONTHLY_RATE = 12, 30.4375 / 7, 0.008


def base(customers: int, grid: str, purchases: str) -> pd.DataFrame:
    """Simulate a base, at most a million customers at a time; times fall on whole days or weeks."""
    params = {"r": 1.0, "alpha": 2.5, "a": 0.5, "b": 10.0, "p": 6.0, "q": 4.0, "v": 500.0}
    columns = {name: np.empty(customers) for name in COLUMNS}
    for seed, start in enumerate(range(0, customers, AT_ONCE)):
        rows = slice(start, min(start + AT_ONCE, customers))
        made = simulate_summary(
            rows.stop - start, weeks=156, purchases=purchases, params=params, holdout_weeks=1, seed=seed
        )
        for name in COLUMNS:
            columns[name][rows] = made[name]
    unit = 7.0 if grid == "day" else 1.0
    for name in ("weeks_first_to_last_order", "weeks_observed"):
        columns[name] = np.floor(columns[name] * unit) / unit
    return pd.DataFrame(columns, copy=False)


def native(summary: pd.DataFrame, purchases: str) -> dict[str, Callable[[], Any]]:
    """Give the steps of the native engine, the checks of the frame and the sorting of its rows included."""
    ones = np.ones(len(summary))
    model = CLVModel(purchases, prior=False)

    def orders() -> Any:
        return fit_purchases(purchases, order_rows(read_summary(summary), ones), prior=False)

    def values() -> Any:
        return fit_spend(*spend_rows(read_summary(summary), ones), prior=False)

    def clv() -> Any:
        yearly = (1 + MONTHLY_RATE) ** 12 - 1
        return model.clv(summary, MONTHS * WEEKS_PER_MONTH, annual_discount_rate=yearly)

    model.fit(summary)
    return {"fit": orders, "Gamma-Gamma fit": values, "12-month CLV": clv}


def lifetimes(summary: pd.DataFrame, purchases: str) -> dict[str, Callable[[], Any]]:
    """Give the same steps by lifetimes' own functions."""
    package = lifetimes_module()
    process, spend = getattr(package, FITTERS[purchases])(), package.GammaGammaFitter()
    count, span, observed, value = (summary[column] for column in summary.columns)
    repeat = count > 0

    def clv() -> Any:
        return spend.customer_lifetime_value(
            process, count, span, observed, value, time=MONTHS, discount_rate=MONTHLY_RATE, freq="W"
        )

    return {
        "fit": lambda: process.fit(count, span, observed),
        "Gamma-Gamma fit": lambda: spend.fit(count[repeat], value[repeat]),
        "12-month CLV": clv,
    }


def cpu_seconds(step: Callable[[], Any], runs: int) -> float:
    times = []
    for _ in range(runs):
        began = time.process_time()
        step()
        times.append(time.process_time() - began)
    return min(times)


def peak_megabytes(step: Callable[[], Any]) -> float:
    tracemalloc.start()
    step()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def compare(customers: int, grid: str, purchases: str) -> None:
    """Print one line per step: seconds and megabytes of both, and their ratio."""
    summary = base(customers, grid, purchases)
    runs = 3 if customers < 1_000_000 else 1
    ours, theirs = native(summary, purchases), lifetimes(summary, purchases)
    for name, step in ours.items():
        native_s = cpu_seconds(step, max(runs, 3))
        with untouched():
            lifetimes_s = cpu_seconds(theirs[name], runs)
        sizes = peak_megabytes(step)
        with untouched():
            other = peak_megabytes(theirs[name]) if customers <= 100_000 else float("nan")
        print(
            f"{customers:>10,} {grid:<5} {name:<16} {native_s:>9.4f} {lifetimes_s:>11.3f} "
            f"{lifetimes_s / native_s:>7.0f} {sizes:>10.1f} {other:>13.1f}"
        )


def alone(customers: int, grid: str, purchases: str) -> None:
    """Print our own seconds and the peak resident memory of the process."""
    summary = base(customers, grid, purchases)
    for name, step in native(summary, purchases).items():
        print(f"{customers:>10,} {grid:<5} {name:<16} {cpu_seconds(step, 1):>9.2f}")
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9
    print(f"peak resident memory, data included: {peak:.2f} GB")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("customers", nargs="*", type=int)
    parser.add_argument("--purchases", choices=tuple(FITTERS), default="bgnbd")
    parser.add_argument("--grid", choices=("day", "week"), default="week")
    parser.add_argument("--native-only", action="store_true")
    asked = parser.parse_args()
    if asked.native_only:
        for customers in asked.customers or [10_000_000]:
            alone(customers, asked.grid, asked.purchases)
        return
    print(
        f"{'customers':>10} {'grid':<5} {'step':<16} {'native s':>9} {'lifetimes s':>11} {'ratio':>7} "
        f"{'native MB':>10} {'lifetimes MB':>13}"
    )
    for customers in asked.customers or [10_000, 100_000, 1_000_000]:
        compare(customers, asked.grid, asked.purchases)


if __name__ == "__main__":
    main()
