"""What ships on small bases, beside the best naive rule with hindsight; and where there is nothing to learn.

    python benchmarks/churn_small.py DATA_FOLDER [--base NAME ...] [--draws 20] [--sizes 60 200 1000]

Draws accounts (customers who had ordered by the day) from each base of `churn.py` at its newest `as_of`,
rehearses, chooses and fits as `patron train` does, without its files, and judges on the draw's own active
customers. The features of all customers are built once; what depends on the other customers of a base
(BTYD parameters, purchases by day, first day of the log) is made anew for each draw; the grid of dates
alone ends at the base's last order before `as_of`, not at the draw's.

Difference: log-loss minus that of a naive rule on the same rows, nats per customer, mean over draws with its
standard error (draws of one base overlap). "Hindsight" takes the best rule of each draw, which no choice
could know; "one rule" is the rule with the lowest mean over all draws. Worse: the share of draws where the
difference to the best rule with hindsight exceeds the standard error of that paired difference.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from churn import BASES, SEED, Base, config_of, followed

from patron.churn import NAIVE_RULES, DailyPurchases, Panel
from patron.churn.train import ChurnTraining
from patron.clv import CLVModel
from patron.errors import NotEnoughData, PatronError
from patron.evaluation import ChurnRecipe, fit_recipe, known_until, recipe_panel, training_days
from patron.evaluation.churn import _ship
from patron.metrics import auc, interval, is_calibrated, log_loss, log_losses
from patron.snapshots import history_before, purchase_summary, to_day
from patron.workflows import score, train
from patron.workflows.base import open_base
from patron.workflows.train import terms_of

#: Which entrant: chosen at the rehearsal; after the check on the newest window; chosen on all windows.
STEPS = ("chosen", "shipped", "chosen at the end")


class Whole(NamedTuple):
    """A base at a day: rows of all customers without BTYD columns, and what those are made from."""

    panel: Panel
    recipe: ChurnRecipe
    day: int
    summaries: dict[int, pd.DataFrame]
    purchases: pd.DataFrame


class Draw(NamedTuple):
    """One draw: customers judged, entrant and losses by step, losses of the rules, CPU seconds."""

    names: dict[str, str]
    losses: dict[str, np.ndarray]
    rules: dict[str, np.ndarray]
    seconds: float


def open_whole(base: Base, data: Path) -> Whole:
    day = to_day(base.dates[-1])
    with tempfile.TemporaryDirectory() as folder:
        config = config_of(base, data, Path(folder), "latest")
        opened = open_base(config)
        recipe = terms_of(config, opened).churn
    tables = opened.tables
    bought = tables.days.collect().to_pandas()
    bought = bought.loc[bought.orders > 0, ["customer_id", "day"]]
    days = training_days(known_until(tables, day), int(bought.day.min()), recipe)
    panel = recipe_panel(tables, [*days, day], recipe, {})
    digits = recipe.features.minor_digits
    summaries = {
        d: purchase_summary(history_before(tables, d), minor_digits=digits).set_index("customer_id")
        for d in [*days, day]
    }
    return Whole(panel, recipe, day, summaries, bought)


def part_of(whole: Whole, accounts: np.ndarray) -> Panel:
    """Return the panel of a base that holds these accounts alone."""
    mine = whole.purchases[whole.purchases.customer_id.isin(accounts)]
    first, horizon = int(mine.day.min()), whole.recipe.features.horizon_days
    inside = np.isin(whole.panel.customer_id, accounts)
    rows = whole.panel.where(inside & (whole.panel.as_of_day >= first + horizon))
    features = rows.features.copy()
    for day in rows.snapshot_days:
        at = rows.as_of_day == day
        found = btyd_columns(whole.summaries[day], accounts, rows.customer_id[at], horizon)
        features.loc[at, list(found)] = pd.DataFrame(found).to_numpy()
    counts = np.bincount(mine.day.to_numpy() - first)
    return replace(rows, features=features, daily=DailyPurchases(first, counts.astype(np.int64)))


def btyd_columns(
    everyone: pd.DataFrame, accounts: np.ndarray, who: np.ndarray, horizon_days: int
) -> dict[str, np.ndarray]:
    """Fit MBG/NBD on the accounts' orders before the day; missing where they are too few, as in training."""
    summary, weeks = everyone[everyone.index.isin(accounts)].reset_index(), horizon_days / 7
    judged = everyone.loc[who].reset_index()
    try:
        model = CLVModel(purchases="mbgnbd").fit(summary)
    except NotEnoughData:
        return {"no_order_probability": np.full(len(who), np.nan)}
    return {
        "alive_probability": model.alive_probability(judged),
        "no_order_probability": model.no_order_probability(judged, weeks),
        "expected_orders_in_horizon": model.expected_orders(judged, weeks),
        "expected_order_value": model.expected_order_value(judged),
    }


def learn(panel: Panel, recipe: ChurnRecipe, day: int) -> Draw | None:
    """Take the steps of a training on the matured rows, and judge on the rows of the day."""
    began, horizon = time.process_time(), recipe.features.horizon_days
    matured, test = panel.known_before(day, horizon), panel.where(panel.as_of_day == day)
    if not len(matured) or not len(test):
        return None
    newest = matured.snapshot_days[-1]
    before, window = matured.known_before(newest, horizon), matured.where(matured.as_of_day == newest)
    final = fit_recipe(matured, recipe, threads=1)
    names = dict.fromkeys(STEPS, final.chosen)
    if len(before) and len(window):
        rehearsal = fit_recipe(before, recipe, threads=1)
        for step, name in (("chosen", rehearsal.chosen), ("shipped", checked(rehearsal, window, recipe))):
            names[step] = name if name in final.entrants else final.chosen
    seconds = time.process_time() - began
    losses = {
        name: log_losses(test.churned, model.probability(test.features, day))
        for name, model in final.entrants.items()
    }
    rules = {name: rows for name, rows in losses.items() if name in NAIVE_RULES}
    return Draw(names, {step: losses[name] for step, name in names.items()}, rules, seconds)


def checked(rehearsal: ChurnTraining, window: Panel, recipe: ChurnRecipe) -> str:
    """Name the entrant that ships, as `judge_churn` does: its intervals would cost more than the training."""
    day = int(window.as_of_day[0])
    said = {name: model.probability(window.features, day) for name, model in rehearsal.entrants.items()}
    return _ship(rehearsal, window.churned, said, recipe.wanted)[0]


def gap(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """Mean difference and its standard error over customers."""
    rows = a - b
    return float(rows.mean()), float(rows.std(ddof=1) / np.sqrt(len(rows))) if len(rows) > 1 else 0.0


def print_size(title: str, size: int, draws: list[Draw], making: float) -> None:
    rows = np.mean([len(d.losses["chosen"]) for d in draws])
    common = [name for name in NAIVE_RULES if all(name in d.rules for d in draws)]
    steady = min(common, key=lambda name: np.mean([d.rules[name].mean() for d in draws]))
    for step in STEPS:
        best = [min(d.rules, key=lambda name: d.rules[name].mean()) for d in draws]
        gaps = [gap(d.losses[step], d.rules[name]) for d, name in zip(draws, best, strict=True)]
        against = [gap(d.losses[step], d.rules[steady])[0] for d in draws]
        worse = np.mean([found > error for found, error in gaps])
        cells = [
            f"{np.mean([d.losses[step].mean() for d in draws]):.4f}",
            mean_with_error([found for found, _ in gaps]),
            f"{worse:.0%}",
            f"{mean_with_error(against)} ({steady})",
            ", ".join(f"{n} {k}" for n, k in Counter(d.names[step] for d in draws).most_common()),
            f"{making:.2f} + {np.mean([d.seconds for d in draws]):.1f}",
        ]
        print(f"| {title} | {size:,} | {rows:.0f} | {step} | " + " | ".join(cells) + " |", flush=True)


def mean_with_error(values: list[float]) -> str:
    error = np.std(values, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else float("nan")
    return f"{np.mean(values):+.4f} +- {error:.4f}"


def run(title: str, base: Base, data: Path, sizes: list[int], count: int) -> None:
    whole = open_whole(base, data)
    known = np.array(sorted(set(whole.purchases.loc[whole.purchases.day < whole.day, "customer_id"])))
    for size in (size for size in sizes if size < len(known)):
        draws, began, learned = [], time.process_time(), 0.0
        for seed in range(count):
            accounts = np.random.default_rng([SEED, size, seed]).choice(known, size, replace=False)
            found = learn(part_of(whole, accounts), whole.recipe, whole.day)
            if found is not None:
                draws.append(found)
                learned += found.seconds
        print_size(title, size, draws, (time.process_time() - began - learned) / count)


def steady_orders(customers: int = 150) -> pd.DataFrame:
    """Everybody orders every two to five weeks for three years: nobody churns."""
    rng = np.random.default_rng(SEED)
    gaps = rng.integers(14, 36, (customers, 80)).cumsum(axis=1)
    day, who = gaps.ravel(), np.repeat(np.arange(customers), gaps.shape[1])
    return orders_of(who[day < 1096], day[day < 1096], rng)


def short_lives(as_of: str, customers: int = 400) -> pd.DataFrame:
    """Everybody orders three times within ten days, between two snapshots, and is never seen again."""
    rng = np.random.default_rng(SEED)
    end = to_day(as_of) - to_day("2021-01-01")
    start = end - 30 * rng.integers(1, end // 30, customers) + rng.integers(0, 21, customers)
    start[0] = end - 10  # the last order is made on the day before: snapshots are counted from there
    return orders_of(np.repeat(np.arange(customers), 3), (start[:, None] + [0, 4, 9]).ravel(), rng)


def single_orders(customers: int = 600) -> pd.DataFrame:
    """Everybody orders once and is never seen again."""
    rng = np.random.default_rng(SEED)
    return orders_of(np.arange(customers), rng.integers(0, 973, customers), rng)


def orders_of(who: np.ndarray, day: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    ordered_at = pd.Timestamp("2021-01-01") + pd.to_timedelta(day, unit="D")
    amount = rng.gamma(2.0, 100.0, len(who)).round(2)
    return pd.DataFrame(
        {"customer_id": [f"K{w:04d}" for w in who], "ordered_at": ordered_at, "amount": amount}
    )


def subscriptions(data: Path) -> pd.DataFrame:
    """Every subscription that is paid for is an order of one month on its first day."""
    found = pd.read_parquet(data / "ravenstack_subscriptions.parquet")
    names = {"subscription_id": "order_id", "start_date": "ordered_at", "mrr_amount": "amount"}
    return found.rename(columns=names)[["customer_id", "order_id", "ordered_at", "amount"]]


def print_hopeless(title: str, orders: pd.DataFrame, as_of: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        orders.to_parquet(folder / "orders.parquet")
        yaml = "{name: base, ledger: {transactions: '', currency: EUR}}"
        base = Base("orders.parquet", yaml, 90, 180, (as_of,))
        config = config_of(base, folder, folder, as_of)
        try:
            trained = train(config)
        except PatronError as error:
            print(f"\n- {title}, {as_of}: refused: {error}")
            return
        scored = score(config, model=f"models:/{trained.model}", allow_stale=True)
        scores = pd.read_parquet(scored.path).set_index("customer_id").churn_probability.dropna()
        _, came = followed(base, folder, as_of)
    y, p = (~scores.index.isin(list(came))).astype(np.int64), scores.to_numpy(dtype=np.float64)
    ranking, evaluation = auc(y, p), trained.learned.evaluation
    low, high = interval(auc, y, p)
    ranked = "not defined" if None in (ranking, low, high) else f"{ranking:.3f} [{low:.3f}, {high:.3f}]"
    by_rate = log_loss(y, np.full(len(y), y.mean()))
    against_one = "{difference:+.4f} [{low:+.4f}, {high:+.4f}]".format(**evaluation["churn"]["skill"])
    calibrated = "calibrated" if is_calibrated(y, p) else "not calibrated"
    print(
        f"\n- {title}, {as_of}: {len(y):,} customers, {y.mean():.3f} churned, {p.mean():.3f} expected; AUC "
        f"{ranked}, log-loss {log_loss(y, p):.4f} (the rate itself: {by_rate:.4f}), {calibrated}; ships "
        f"{trained.learned.shipped}, grade {evaluation['grade']['churn']}; at the newest window its log-loss "
        f"minus that of one probability for everybody: {against_one}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--base", nargs="*", choices=list(BASES), default=list(BASES))
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--sizes", type=int, nargs="+", default=[60, 200, 1000])
    given = parser.parse_args()
    head = "base | accounts | judged | step | log-loss | minus best rule, hindsight | worse | minus one rule"
    print(f"| {head} | entrants | CPU s per draw: rows + training |\n|" + "---|" * 10)
    for title in given.base:
        run(title, BASES[title], given.data, given.sizes, given.draws)
    print_hopeless("Nobody churns", steady_orders(), "2023-09-01")
    print_hopeless("Everybody churns", short_lives("2023-09-01"), "2023-09-01")
    print_hopeless("Everybody orders once", single_orders(), "2023-09-01")
    print_hopeless("RavenStack, subscriptions", subscriptions(given.data), "2024-10-01")


if __name__ == "__main__":
    main()
