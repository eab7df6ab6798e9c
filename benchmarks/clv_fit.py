"""CPU time of fitting MBG/NBD and Gamma-Gamma: our engine beside lifetimes, on the same simulated bases.

    python benchmarks/clv_fit.py [CUSTOMERS ...]

Both start from the same summary in the same process; the ratio is lifetimes / native. The last columns show
that they end at the same optimum.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import pandas as pd

from patron.clv import CLVModel


def simulate(customers: int, seed: int = 1) -> pd.DataFrame:
    """Draw a base: exponential gaps, a chance to leave after every order, Gamma-Gamma values."""
    random = np.random.default_rng(seed)
    rate, leaving = random.gamma(1.5, 1 / 6, customers), random.beta(0.8, 6, customers)
    observed = np.floor(random.uniform(26, 156, customers) * 7) / 7
    clock, last, count = np.zeros(customers), np.zeros(customers), np.zeros(customers)
    alive = random.random(customers) > leaving
    while alive.any():
        clock = clock + random.exponential(1 / rate)
        alive &= clock <= observed
        last, count = np.where(alive, clock, last), count + alive
        alive &= random.random(customers) > leaving
    spread = random.gamma(4, 1 / 15, customers)
    value = np.where(count > 0, random.gamma(6 * np.maximum(count, 1), 1 / spread) / np.maximum(count, 1), 0)
    return pd.DataFrame(
        {
            "repeat_orders": count,
            "weeks_first_to_last_order": last,
            "weeks_observed": observed,
            "mean_repeat_order_value": value,
        }
    )


def fit(summary: pd.DataFrame, backend: str) -> tuple[float, CLVModel]:
    began = time.process_time()
    model = CLVModel("mbgnbd", backend=backend).fit(summary)
    return time.process_time() - began, model


def main() -> None:
    sizes = [int(word) for word in sys.argv[1:]] or [1_000, 10_000, 100_000]
    fit(simulate(200), "lifetimes")  # the import is not counted
    print(f"{'customers':>10} {'native s':>9} {'lifetimes s':>12} {'ratio':>6}   log-likelihood gained")
    for size in sizes:
        summary = simulate(size)
        runs = [(fit(summary, "native"), fit(summary, "lifetimes")) for _ in range(3)]
        ours, theirs = (min(run[side][0] for run in runs) for side in (0, 1))
        likelihoods = [runs[0][side][1].diagnostics_["log_likelihood"] for side in (0, 1)]
        gain = likelihoods[0] - likelihoods[1]
        print(f"{size:>10,} {ours:>9.3f} {theirs:>12.3f} {theirs / ours:>6.1f}   {gain:+.2e}")


if __name__ == "__main__":
    main()
