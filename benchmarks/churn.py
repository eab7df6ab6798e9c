"""Churn scores as `patron train` and `patron score` write them, judged on the orders that followed.

    python benchmarks/churn.py DATA_FOLDER [--base NAME ...] [--flaml SECONDS]

For every base and `as_of`: trains and scores through the workflows into a temporary folder, reads the written
file back, and looks at the raw orders for who came back. Beside it, on the same customers: the naive rules
and the other entrants of the same training, BTYD models, LightGBM on one snapshot, and FLAML on the same
rows and features (folds by customer). Intervals are 95 %, by customer over all dates of a base; they leave
out differences between periods. Prints Markdown. FLAML: `pip install "flaml[automl]"`.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from patron.churn import NAIVE_RULES, Panel
from patron.churn.trees import fit_trees
from patron.clv import CLVModel
from patron.config import Config, load_config
from patron.evaluation import ChurnRecipe, fit_purchase_models, known_until, recipe_panel, training_days
from patron.features import build_features, feature_names
from patron.learning import Learned
from patron.metrics import Dated, draw_metrics, is_calibrated, paired_difference, with_intervals
from patron.metrics.summary import CHURN_METRICS
from patron.snapshots import (
    CustomerTables,
    History,
    history_before,
    purchase_days_between,
    purchase_summary,
    to_day,
)
from patron.workflows import Trained, score, train
from patron.workflows.base import open_base

SHOWN = ("auc", "average_precision", "brier", "log_loss", "ece")
OURS = "patron (written)"
SEED = 7


class Base(NamedTuple):
    """An order log: its config (YAML, or the name of a file in configs/), and the days to judge."""

    orders: str
    config: str
    horizon_days: int
    active_days: int
    dates: tuple[str, ...]


BASES = {
    "Online Retail II": Base(
        "online_retail_ii.parquet",
        "online_retail_ii.yaml",
        90,
        180,
        ("2011-03-10", "2011-06-12", "2011-09-10"),
    ),
    "CDNOW": Base(
        "cdnow.parquet",
        "{name: cdnow, ledger: {currency: USD, duplicates: keep, transactions: ''}}",
        90,
        365,
        ("1998-01-01", "1998-04-01"),
    ),
    "AdventureWorks": Base(
        "adventureworks_reseller.parquet",
        "{name: adventureworks, ledger: {currency: USD, transactions: ''}}",
        120,
        240,
        ("2019-10-01", "2020-01-31"),
    ),
}
NAMES = {
    "longest_silence": "longest silence",
    "own_rhythm": "own rhythm",
    "rfm_logistic": "RFM logistic",
    "mbgnbd": "MBG/NBD, calibrated",
    "logistic": "logistic, all features",
    "lightgbm": "LightGBM, all snapshots",
    "average": "average of these two",
    "average_with_btyd": "average of these and MBG/NBD",
}


class Judged(NamedTuple):
    """What was said on a day and what came: probabilities by entrant, and facts about the training."""

    as_of: str
    customer: np.ndarray
    churned: np.ndarray
    said: dict[str, np.ndarray]
    facts: list[str]
    differing: str


def config_of(base: Base, data: Path, folder: Path, as_of: str) -> Config:
    named = Path(__file__).parents[1] / "configs" / base.config if base.config.endswith(".yaml") else None
    file = folder / "config.yaml"
    file.write_text(named.read_text(encoding="utf-8") if named else base.config, encoding="utf-8")
    changes = [
        f"ledger.transactions={(data / base.orders).resolve()}",
        f"churn.horizon_days={base.horizon_days}",
        f"churn.active_days={base.active_days}",
        f"as_of={as_of}",
        f"output={folder}",
        f"tracking.uri=sqlite:///{folder / 'mlflow.db'}",
    ]
    return load_config(file, changes)


def followed(base: Base, data: Path, as_of: str) -> tuple[set[str], set[str]]:
    """From the raw rows of positive amount: who was active before the day, and who ordered after it."""
    orders = pd.read_parquet(data / base.orders, columns=["customer_id", "ordered_at", "amount"])
    orders = orders[(orders.amount > 0) & orders.customer_id.notna()]
    day = pd.Timestamp(as_of)
    last = orders[orders.ordered_at < day].groupby("customer_id").ordered_at.max().dt.normalize()
    end = day + pd.Timedelta(days=base.horizon_days)
    later = orders[(orders.ordered_at >= day) & (orders.ordered_at < end)]
    return set(last.index[last >= day - pd.Timedelta(days=base.active_days)]), set(later.customer_id)


def panel_of(tables: CustomerTables, day: int, recipe: ChurnRecipe) -> Panel:
    """Build the rows that were learned from: all snapshots matured by the day."""
    first = int(tables.days.select("day").collect()["day"].min())
    days = training_days(known_until(tables, day), first, recipe)
    models = fit_purchase_models(tables, days, minor_digits=recipe.features.minor_digits)
    return recipe_panel(tables, days, recipe, models)


def no_order(purchases: str, history: History, recipe: ChurnRecipe, who: pd.Index) -> np.ndarray:
    """P(no order) of a purchase model fitted on the orders before the day, not calibrated."""
    summary = purchase_summary(history, minor_digits=recipe.features.minor_digits)
    model = CLVModel(purchases=purchases).fit(summary)
    said = model.no_order_probability(summary, recipe.features.horizon_days / 7)
    return pd.Series(said, index=summary["customer_id"]).loc[who].to_numpy()


def by_trees(panel: Panel, recipe: ChurnRecipe, rows: pd.DataFrame) -> tuple[np.ndarray, float]:
    """LightGBM as it comes, with the settings of the recipe on one thread; also the seconds of the fit."""
    columns, began = feature_names(recipe.features), time.perf_counter()
    scorer = fit_trees(
        panel.features, panel.churned, columns=columns, settings=recipe.trees, seed=recipe.seed, threads=1
    )
    seconds = time.perf_counter() - began
    return 1 / (1 + np.exp(-scorer.score(rows))), seconds


def by_flaml(panel: Panel, recipe: ChurnRecipe, rows: pd.DataFrame, seconds: int) -> np.ndarray:
    from flaml.automl.automl import AutoML  # type: ignore[import-not-found, unused-ignore]

    columns = feature_names(recipe.features)
    search = AutoML()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        search.fit(
            X_train=panel.features[columns],
            y_train=panel.churned,
            task="classification",
            metric="log_loss",
            time_budget=seconds,
            split_type="group",
            groups=pd.factorize(panel.customer_id)[0],
            n_jobs=1,
            seed=SEED,
            verbose=0,
        )
        probability = np.asarray(search.predict_proba(rows[columns]))[:, 1]
    print(f"FLAML took {search.best_estimator}: {search.best_config}", file=sys.stderr)
    return probability


class Clock:
    """Seconds of each step of a training; called with the name of a step as it begins."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.step, self.began = "", time.perf_counter()

    def __call__(self, step: str) -> None:
        """Close the step before, begin this one."""
        now = time.perf_counter()
        self.seconds[self.step] = self.seconds.get(self.step, 0.0) + now - self.began
        self.step, self.began = step, now


def run(base: Base, data: Path, as_of: str, flaml_seconds: int) -> Judged:
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        config = config_of(base, data, Path(folder), as_of)
        trained = train(config, progress=clock)
        clock("end")
        scored = score(config, model=f"models:/{trained.model}", allow_stale=True)
        scores = pd.read_parquet(scored.path).set_index("customer_id")
        whole = open_base(config.model_copy(update={"as_of": "latest"})).tables
    day, who = to_day(as_of), scores.index[scores.churn_probability.notna()]
    population, came = followed(base, data, as_of)
    churned = (~who.isin(list(came))).astype(np.int64)
    said = {OURS: scores.churn_probability[who].to_numpy(dtype=np.float64)}
    beside, fit_seconds, rows = entrants(trained.learned, scored.base.tables, day, who, flaml_seconds)
    facts = facts_of(trained, clock.seconds, fit_seconds, rows, is_calibrated(churned, said[OURS]))
    later = purchase_days_between(whole, day, day + base.horizon_days)
    bought = set(later.loc[later.purchase_days > 0, "customer_id"])
    differing = compared(population, set(who), came ^ bought)
    return Judged(as_of, who.to_numpy(dtype=object), churned, said | beside, facts, differing)


def entrants(
    learned: Learned, tables: CustomerTables, day: int, who: pd.Index, flaml_seconds: int
) -> tuple[dict[str, np.ndarray], float, int]:
    """Probabilities of everyone beside patron; the seconds of one LightGBM fit, and on how many rows."""
    recipe, history = learned.recipe, history_before(tables, day)
    built = build_features(history, learned.parts.recipe, purchases=learned.parts.purchases)
    rows = built.set_index("customer_id").loc[who]
    said = {NAMES.get(n, n): m.probability(rows, day) for n, m in learned.final.entrants.items()}
    for purchases, name in (("bgnbd", "BG/NBD"), ("mbgnbd", "MBG/NBD")):
        said[f"{name} P(no order)"] = no_order(purchases, history, recipe, who)
    panel = panel_of(tables, day, recipe)
    newest = panel.where(panel.as_of_day == panel.snapshot_days[-1])
    said["LightGBM, one snapshot"], _ = by_trees(newest, recipe, rows)
    _, fit_seconds = by_trees(panel, recipe, rows)
    if flaml_seconds:
        said[f"FLAML, {flaml_seconds} s"] = by_flaml(panel, recipe, rows, flaml_seconds)
    return said, fit_seconds, len(panel)


def compared(population: set[str], scored: set[str], other_outcome: set[str]) -> str:
    """Say how the customers and outcomes of the raw rows differ from those of the checked ledger."""
    return (
        f"{len(scored):,} customers scored; in the raw rows {len(population):,} are active "
        f"({len(population - scored)} of them not scored, {len(scored - population)} scored but not among "
        f"them); the outcome of {len(other_outcome & scored)} differs between raw rows and the ledger"
    )


def facts_of(
    trained: Trained, seconds: dict[str, float], fit_seconds: float, rows: int, calibrated: bool
) -> list[str]:
    """One row of the table of trainings."""
    evaluation, wall = trained.learned.evaluation, sum(seconds.values())
    print({step: round(took, 1) for step, took in seconds.items() if took >= 0.1}, file=sys.stderr)
    churn_seconds = seconds.get("rehearsal", 0.0) + seconds.get("churn model", 0.0)
    why = evaluation["churn"]["why"] if "churn" in evaluation else trained.learned.final.reason
    return [
        trained.learned.shipped,
        evaluation["grade"]["churn"],
        "yes" if calibrated else "no",
        f"{wall:.0f}",
        f"{churn_seconds:.0f}",
        f"{rows:,}",
        f"{fit_seconds:.2f}",
        f"{wall / fit_seconds:.0f}",
        f"{churn_seconds / fit_seconds:.0f}",
        why,
    ]


def drawn_of(judged: Sequence[Judged]) -> dict[str, np.ndarray]:
    """Entrant -> every metric on every date in every draw; the same customers are drawn for all."""
    code, _ = pd.factorize(np.concatenate([j.customer for j in judged]))
    parts = np.split(code, np.cumsum([len(j.customer) for j in judged])[:-1])
    people = int(code.max()) + 1
    names = [n for n in judged[0].said if all(n in j.said for j in judged)]
    return {
        name: draw_metrics(
            [Dated(j.churned, j.said[name], c) for j, c in zip(judged, parts, strict=True)], people, seed=SEED
        ).values
        for name in names
    }


def figure(value: float, low: float, high: float, sign: str = "") -> str:
    said = f"{value:{sign}.4f} [{low:{sign}.3f}, {high:{sign}.3f}]"
    return re.sub(r"\b0\.", ".", said)


def print_table(drawn: dict[str, np.ndarray], pick: Callable[[np.ndarray], np.ndarray]) -> None:
    head = ["AUC", "average precision", "Brier", "log-loss", "ECE", "patron minus this: log-loss", "AUC"]
    print("\n| | " + " | ".join(head) + " |\n|" + "---|" * (1 + len(head)))
    ours = pick(drawn[OURS])
    for name, values in drawn.items():
        mine = pick(values)
        found: dict[str, Any] = with_intervals(mine)
        cells = [figure(found[m], found[f"{m}_low"], found[f"{m}_high"]) for m in SHOWN]
        gaps = [paired_difference(ours, mine, metric) for metric in ("log_loss", "auc")]
        cells += ["" if name == OURS or gap is None else figure(*gap, sign="+") for gap in gaps]
        print(f"| {f'**{name}**' if name == OURS else name} | " + " | ".join(cells) + " |")


def print_base(title: str, judged: Sequence[Judged]) -> None:
    drawn = drawn_of(judged)
    print(f"\n### {title}: mean of {len(judged)} dates")
    print_table(drawn, lambda values: values.mean(axis=1))
    for place, one in enumerate(judged):
        rate, expected = one.churned.mean(), one.said[OURS].mean()
        print(
            f"\n### {title}, {one.as_of}: {len(one.churned):,} customers, {rate:.3f} churned, "
            f"{expected:.3f} expected"
        )
        print_table(drawn, lambda values, place=place: values[:, place])  # type: ignore[misc]
    head = "shipped | grade | calibrated | train, s | of that churn, s | rows | one LightGBM fit, s"
    print(f"\n| {title} | {head} | train / fit | churn / fit | why |\n|" + "---|" * 11)
    for one in judged:
        print(f"| {one.as_of} | " + " | ".join(one.facts) + " |")
    print("\n" + "\n".join(f"- {one.as_of}: {one.differing}" for one in judged))
    print_against_rules(judged, drawn)


def print_against_rules(judged: Sequence[Judged], drawn: dict[str, np.ndarray]) -> None:
    losses = list(CHURN_METRICS).index("log_loss")
    rules = [NAMES[rule] for rule in NAIVE_RULES if NAMES[rule] in drawn]
    for place, one in enumerate(judged):
        best = min(rules, key=lambda rule: drawn[rule][0, place, losses])
        gap = paired_difference(drawn[OURS][:, place], drawn[best][:, place], "log_loss")
        if gap is not None:
            difference = figure(*gap, sign="+")
            print(f"- {one.as_of}: log-loss minus that of the best rule with hindsight ({best}) {difference}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--base", nargs="+", choices=list(BASES), default=list(BASES))
    parser.add_argument("--flaml", type=int, default=0, metavar="SECONDS")
    given = parser.parse_args()
    if given.flaml and None in (find_spec("flaml"), find_spec("xgboost")):
        print('FLAML is not installed: pip install "flaml[automl]"; left out.')
        given.flaml = 0
    print(", ".join(f"{name} {_version(name)}" for name in ("lightgbm", "numpy", "scikit-learn", "flaml")))
    for title in given.base:
        base = BASES[title]
        print_base(title, [run(base, given.data, as_of, given.flaml) for as_of in base.dates])


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


if __name__ == "__main__":
    main()
