"""Simulated campaigns with a known effect: coverage of 95 % intervals, false positives, promised power.

    python benchmarks/campaigns.py [--runs 2000] [--accounts 60 200 1000]

Accounts are drawn anew in every run (`simulation.campaign`), stratified by tier and half of the margin.
Plain: the difference with an interval by drawing the arms again; adjusted: post-stratified, CUPED. A figure
outside three binomial standard errors of what it should be is marked with *.
"""

from __future__ import annotations

import argparse

import numpy as np

from patron.campaigns import detectable, difference_in_means, difference_redrawn
from patron.simulation.campaign import SAVE_RATES, simulate_campaign, true_effects

KINDS = ("retention", "retention adjusted", "margin", "margin adjusted")


def run(effect: str, accounts: int, runs: int) -> None:
    """Print one line: how often each interval holds the truth, and excludes zero."""
    truth = true_effects(effect)
    held, found, saved = np.zeros(4), np.zeros(4), []
    for seed in range(runs):
        rows = simulate_campaign(accounts, effect, seed)
        treated, strata = rows["arm"].eq("treatment").to_numpy(), rows["stratum"].to_numpy()
        before = rows["margin_before"].to_numpy()
        for place, (y, known, target) in enumerate(
            (
                (rows["retained"].to_numpy(dtype=float), np.log(before), truth.retention),
                (rows["margin"].to_numpy(), before, truth.margin),
            )
        ):
            plain = difference_redrawn(y, treated, strata=strata, redraws=399, seed=seed)
            adjusted = difference_in_means(y, treated, strata=strata, covariate=known)
            for offset, one in enumerate((plain, adjusted)):
                held[2 * place + offset] += one.low <= target <= one.high
                found[2 * place + offset] += not one.low <= 0 <= one.high
            if place:
                saved.append(adjusted.variance_reduction)
    print(
        f"{effect:<16}{accounts:>6}  coverage {_marked(held / runs, 0.95, runs)}  found "
        + (
            _marked(found / runs, 0.05, runs)
            if effect == "none"
            else " ".join(f"{x:.3f} " for x in found / runs)
        )
        + f"  variance saved by CUPED {np.median(saved):.0%}",
        flush=True,
    )


def power(accounts: int, runs: int) -> None:
    """Print the power promised by the design, and the one that campaigns of that effect have."""
    rows = simulate_campaign(accounts, "uniform", 10**6)
    design = rows.assign(group_id=rows["customer_id"])
    promised = detectable(design, [1.0], treated_share=0.5, window_share=90 / 365, draws=1000, seed=1)
    difference = promised["sizes"][1]["retention"]
    hits = 0
    rng = np.random.default_rng(2)
    churn = rows["churn_probability"].to_numpy()
    for _ in range(runs):
        treated = rng.permutation(np.arange(accounts) % 2 == 0)
        lowered = churn - difference * treated * churn / churn.mean()
        stays = (rng.random(accounts) >= lowered).astype(float)
        effect = difference_in_means(stays, treated)
        hits += not effect.low <= 0 <= effect.high
    print(
        f"power of {accounts} accounts at a difference of {difference:.3f}: promised 0.800, realised "
        + _marked(np.array([hits / runs]), 0.8, runs),
        flush=True,
    )


def _marked(shares: np.ndarray, nominal: float, runs: int) -> str:
    bound = 3 * np.sqrt(nominal * (1 - nominal) / runs)
    return " ".join(f"{x:.3f}{'*' if abs(x - nominal) > bound else ' '}" for x in shares)


def main() -> None:
    """Run all effects and sizes."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--accounts", type=int, nargs="+", default=[60, 200, 1000])
    options = parser.parse_args()
    print("columns: " + ", ".join(KINDS))
    for accounts in options.accounts:
        for effect in SAVE_RATES:
            run(effect, accounts, options.runs)
        power(accounts, options.runs)


if __name__ == "__main__":
    main()
