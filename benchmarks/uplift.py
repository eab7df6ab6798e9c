"""When is a ranking by uplift supported: simulated campaigns, beside the ranking that knows the truth.

    python benchmarks/uplift.py [--runs 50] [--accounts 1000 2000 8000]

Columns: share of the campaigns in which the ranking by uplift is called supported; mean Qini of each ranking,
in accounts kept per 100 treated beyond a random order; ``truth`` ranks by the effect that was simulated.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

from patron.campaigns import judge_uplift, qini_coefficient
from patron.simulation.campaign import SAVE_RATES, simulate_campaign

RANKINGS = ("uplift", "highest_risk", "risk_x_value")


def main() -> None:
    """Run every effect at every size."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--accounts", type=int, nargs="+", default=[1000, 2000, 8000])
    options = parser.parse_args()
    print(
        f"{'effect':<16}{'accounts':>9}{'supported':>11}" + "".join(f"{n:>14}" for n in (*RANKINGS, "truth"))
    )
    for effect in SAVE_RATES:
        for accounts in options.accounts:
            print(_line(effect, accounts, options.runs), flush=True)


def _line(effect: str, accounts: int, runs: int) -> str:
    supported, areas = 0, []
    for seed in range(runs):
        rows = simulate_campaign(accounts, effect, seed)
        rows["value_at_risk"] = rows["churn_probability"] * rows["margin_before"]
        found = judge_uplift(rows, _features(rows), categorical=["tier"], seed=seed, draws=400)
        supported += found.is_supported
        if found.qini:
            truth = qini_coefficient(
                rows["retained"].astype(float), rows["arm"].eq("treatment"), rows["retention_effect"]
            )
            areas.append([*(found.qini[name].value for name in RANKINGS), truth])
    means = 100 * np.mean(areas, axis=0) if areas else np.full(len(RANKINGS) + 1, np.nan)
    return f"{effect:<16}{accounts:>9,}{supported / runs:>11.0%}" + "".join(f"{x:>14.2f}" for x in means)


def _features(rows: pd.DataFrame) -> pd.DataFrame:
    tier = rows["tier"].astype("category").cat.codes.astype(float)
    return rows[["churn_probability"]].assign(log_margin=np.log(rows["margin_before"]), tier=tier)


if __name__ == "__main__":
    main()
