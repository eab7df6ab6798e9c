"""Simulated campaigns with a known effect: coverage of 95 % intervals, false positives, promised power.

    python benchmarks/campaigns.py [--runs 2000] [--accounts 60 200 1000]

Accounts are drawn anew in every run (`simulation.campaign`), stratified by tier and half of the margin.
Plain: the difference with an interval by drawing the arms again; adjusted: post-stratified, CUPED. A figure
outside three binomial standard errors of what it should be is marked with *. Power: one base, new arms and
luck in every run, read out as `patron campaign readout` does.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

from patron.campaigns import (
    ANALYSIS,
    CampaignPlan,
    assign,
    detectable,
    difference_in_means,
    difference_redrawn,
    read_out,
)
from patron.simulation.campaign import SAVE_RATES, simulate_campaign, true_effects

#: Margin of a window / what the year before let expect: mean 1, as scattered as real ones.
RATIOS = np.random.default_rng(5).lognormal(-0.18, 0.6, 400)
PLAN = CampaignPlan(
    name="simulated",
    hypothesis="",
    as_of="2024-01-01",
    window_days=90,
    alpha=0.05,
    treated_share=0.5,
    strata=("tier", "lifecycle_stage", "value"),
    covariate_days=365,
    seed=0,
    cost_per_account=0.0,
    currency=None,
    **dict.fromkeys(("accounts", "groups", "treated", "control"), 0),
    power={},
    analysis=ANALYSIS,
    excluded={},
    scores_sha256="",
    assignment_sha256="",
)
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


def power(accounts: int, runs: int, *, is_even: bool) -> None:
    """Print the power promised by the design, and how often such campaigns are read out as an effect.

    ``is_even``: without the large accounts, each capped at the median.
    """
    base = simulate_campaign(accounts, "none", 10**6).drop(columns=["stratum", "arm", "retained", "margin"])
    if is_even:  # so that a difference in margin can be found at all
        base["margin_before"] = base["margin_before"].clip(upper=base["margin_before"].median())
    base["value_at_risk"] = base["churn_probability"] * base["margin_before"]
    terms = {"treated_share": 0.5, "window_share": 90 / 365}
    row = detectable(assign(base, treated_share=0.5, seed=0), RATIOS, **terms, draws=1000, seed=1)["sizes"][1]
    kind = "even accounts" if is_even else "accounts"
    for outcome in ("margin",) if is_even else ("retention", "margin"):
        rate = row[f"{outcome}_save_rate"]
        if rate is None:
            print(f"power of {accounts} {kind}: no save rate would show in {outcome}", flush=True)
            continue
        hits = sum(_is_found(base, outcome, rate, seed) for seed in range(runs))
        # the promise is itself an average of 1,000 draws
        bound = 3 * np.sqrt(0.8 * 0.2 * (1 / runs + 1 / 1000))
        mark = "*" if abs(hits / runs - 0.8) > bound else ""
        print(
            f"power of {accounts} {kind} in {outcome}, difference {row[outcome]:.3f}, save rate "
            f"{rate:.0%}: promised 0.800, realised {hits / runs:.3f}{mark}",
            flush=True,
        )


def _is_found(base: pd.DataFrame, outcome: str, save_rate: float, seed: int) -> bool:
    """Draw the arms, let the window pass, read the campaign out: does its interval leave zero out."""
    rng = np.random.default_rng([7, seed])
    rows = assign(base, treated_share=0.5, seed=seed)
    lowered = rows["churn_probability"] * np.where(rows["arm"] == "treatment", 1 - save_rate, 1.0)
    retained = rng.random(len(rows)) >= lowered
    margin = retained * rows["margin_before"] * 90 / 365 * rng.choice(RATIOS, len(rows))
    outcomes = rows[["customer_id", "margin_before"]].assign(retained=retained, margin=margin, is_known=True)
    read = read_out(PLAN, rows, outcomes, as_of=PLAN.ends_on)
    if outcome == "retention":
        return read.code in ("helped", "harmed")
    effect = read.content["margin"]["adjusted"]
    return not effect["low"] <= 0 <= effect["high"]


def _marked(shares: np.ndarray, nominal: float, runs: int) -> str:
    bound = 3 * np.sqrt(nominal * (1 - nominal) / runs)
    return " ".join(f"{x:.3f}{'*' if abs(x - nominal) > bound else ' '}" for x in shares)


def main() -> None:
    """Run all effects and sizes."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--power-only", action="store_true", help="leave coverage out")
    parser.add_argument("--accounts", type=int, nargs="+", default=[60, 200, 1000])
    options = parser.parse_args()
    print("columns: " + ", ".join(KINDS))
    for accounts in options.accounts:
        for effect in () if options.power_only else SAVE_RATES:
            run(effect, accounts, options.runs)
        for is_even in (False, True):
            power(accounts, options.runs, is_even=is_even)


if __name__ == "__main__":
    main()
