"""Value forecasts on real order logs: every entrant of `patron train`, and every purchase model.

    python benchmarks/clv_holdout.py DATA_FOLDER

Each forecast is fitted on the orders before a day and judged on the net revenue of the 180 days after it, by
customer: the functions that `patron train` uses for its evaluation. `auto` is the entrant that was chosen on
windows that end before that day. Differences to it are paired by customer (95 %, 1,000 draws). Also prints
why it was chosen, and what each fit of a purchase model says about itself.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from patron.errors import PatronError
from patron.evaluation import JudgedValue, ValueTerms, judge_value
from patron.ledger import load_ledger, materialise
from patron.metrics import gini, mae, paired_interval
from patron.snapshots import CustomerTables, customer_tables, to_day

DAYS = 180
FIGURES = ("mae", "spearman", "gini", "bias", "interval_coverage")
LOGS: dict[str, tuple[str, date, dict[str, Any]]] = {
    "Online Retail II": (
        "online_retail_ii.parquet",
        date(2011, 6, 12),
        {"currency": "GBP", "refund_prefix": "C", "columns": {"order_id": "order_id"}},
    ),
    "CDNOW full": ("cdnow.parquet", date(1998, 1, 1), {"duplicates": "keep"}),
    "AdventureWorks": ("adventureworks_reseller.parquet", date(2019, 12, 1), {}),
}
MODELS = {
    "BG/NBD": ("bgnbd", "native"),
    "BG/NBD by lifetimes": ("bgnbd", "lifetimes"),
    "MBG/NBD": ("mbgnbd", "native"),
    "MBG/CNBD-k": ("mbgcnbd", "native"),
    "Pareto/NBD by lifetimes": ("paretonbd", "lifetimes"),
}
ENTRANTS = ("btyd", "challenger", "last_year", "blend", "mean")


def open_log(path: Path, reading: dict[str, Any]) -> tuple[CustomerTables, int, int]:
    ledger = load_ledger(path, **reading)
    tables = customer_tables(ledger.lines, keep=materialise)
    return tables, to_day(ledger.report.first_day), ledger.minor_digits


def terms_of(digits: int) -> ValueTerms:
    return ValueTerms(
        purchases="auto",
        backend="native",
        by=None,
        horizon_months=12,
        margin=1.0,
        has_cost=False,
        minor_digits=digits,
    )


def line(name: str, figures: dict[str, float | None], *more: str) -> str:
    cells = ["" if figures.get(key) is None else f"{figures[key]:.3f}" for key in FIGURES]
    return f"| {name} | " + " | ".join([*cells, *more]) + " |"


def gaps(judged: JudgedValue, name: str) -> list[str]:
    """Say how auto differs from another entrant, in MAE and Gini."""
    predicted, value = judged.forecasts.predicted, judged.case.reported.value
    if name == judged.choice.kind or value is None:
        return ["", ""]
    said = []
    for metric in (mae, gini):
        gap = paired_interval(metric, value, predicted[judged.choice.kind], predicted[name])
        said.append("" if gap is None else f"{gap.difference:+.4g} [{gap.low:+.4g}, {gap.high:+.4g}]")
    return said


def print_entrants(judged: JudgedValue) -> None:
    head = [*FIGURES, "MAE of auto minus this", "Gini of auto minus this"]
    print("| entrant | " + " | ".join(head) + " |\n|" + "---|" * (1 + len(head)))
    print(line(f"auto = {judged.choice.kind}", judged.entrants[judged.choice.kind], "", ""))
    for name in ENTRANTS:
        if name in judged.entrants:
            print(line(name.replace("_", " "), judged.entrants[name], *gaps(judged, name)))
    print(f"  {judged.choice.why}. Blend: {judged.choice.weights}. {judged.grade.sentence}")
    for window in judged.choice.windows:
        found = {
            name: f"{f['mae']:.4g} / {f['gini']:.3f} / {f['bias']:+.0%}"
            for name, f in window["entrants"].items()
        }
        print(f"  {window['from']} to {window['until']}, MAE / Gini / bias: {found}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    for title, (file, cut, reading) in LOGS.items():
        tables, first, digits = open_log(folder / file, reading)
        end, said, terms = to_day(cut + timedelta(days=DAYS)), {}, terms_of(digits)
        print(f"\n{title}, {DAYS} days from {cut}")
        auto = judge_value(tables, end, first, terms)
        assert auto is not None
        assert auto.holdout["evaluation_days"] == DAYS
        print_entrants(auto)
        print("| purchase model | " + " | ".join(FIGURES) + " |")
        for name, (purchases, backend) in MODELS.items():
            only = replace(terms, purchases=purchases, backend=backend, model="btyd")
            try:
                judged = judge_value(tables, end, first, only)
            except PatronError as error:
                print(f"| {name} | {error.problems[0]} |")
                continue
            if judged is None:
                print(f"| {name} | no parameters could be found |")
                continue
            print(line(name, judged.entrants["btyd"]))
            said[name] = [f"({judged.holdout['purchases']})", *judged.holdout["warnings"]]
        for name, warnings in said.items():
            print(f"  {name} {warnings[0]}: " + ("; ".join(warnings[1:]) or "no warning"))


if __name__ == "__main__":
    main()
