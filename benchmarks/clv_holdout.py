"""Value forecasts on real order logs: every purchase model beside last year's spend and the mean.

    python benchmarks/clv_holdout.py DATA_FOLDER

Each model is fitted on the orders before a day and judged on the net revenue of the 180 days after it, by
customer: the functions that `patron train` uses for its evaluation. Also prints what each fit says about
itself.
"""

from __future__ import annotations

import argparse
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from patron.errors import PatronError
from patron.evaluation import JudgedValue, ValueTerms, judge_value
from patron.ledger import load_ledger, materialise
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
    "auto": ("auto", "native"),
}


def open_log(path: Path, reading: dict[str, Any]) -> tuple[CustomerTables, int, int]:
    ledger = load_ledger(path, **reading)
    tables = customer_tables(ledger.lines, keep=materialise)
    return tables, to_day(ledger.report.first_day), ledger.minor_digits


def judge(
    tables: CustomerTables, end: int, first: int, digits: int, purchases: str, backend: str
) -> JudgedValue | None:
    terms = ValueTerms(
        purchases=purchases,
        backend=backend,
        by=None,
        horizon_months=12,
        margin=1.0,
        has_cost=False,
        minor_digits=digits,
    )
    return judge_value(tables, end, first, terms)


def line(name: str, figures: dict[str, float | None]) -> str:
    cells = ["" if figures.get(key) is None else f"{figures[key]:.3f}" for key in FIGURES]
    return f"| {name} | " + " | ".join(cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    for title, (file, cut, reading) in LOGS.items():
        tables, first, digits = open_log(folder / file, reading)
        end, said = to_day(cut + timedelta(days=DAYS)), {}
        print(f"\n{title}, {DAYS} days from {cut}\n| entrant | " + " | ".join(FIGURES) + " |")
        for name, (purchases, backend) in MODELS.items():
            try:
                judged = judge(tables, end, first, digits, purchases, backend)
            except PatronError as error:
                print(f"| {name} | {error.problems[0]} |")
                continue
            if judged is None:
                print(f"| {name} | no parameters could be found |")
                continue
            assert judged.holdout["evaluation_days"] == DAYS
            print(line(name, judged.entrants["btyd"]))
            said[name] = [f"({judged.holdout['purchases']})", *judged.holdout["warnings"]]
        for naive in ("last_year", "mean"):
            print(line(naive.replace("_", " "), judged.entrants[naive]))
        for name, warnings in said.items():
            print(f"  {name} {warnings[0]}: " + ("; ".join(warnings[1:]) or "no warning"))


if __name__ == "__main__":
    main()
