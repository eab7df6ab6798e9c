"""The commands to study with: train, backtest, retention, verify, features."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from patron.cli import screen
from patron.cli.options import AsOf, ConfigFile, Json, a_day, load, one_of


def train(
    config: ConfigFile,
    as_of: AsOf = None,
    change: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Override a key of the config; repeatable."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Train, evaluate against naive rules, save, track and register a model.

    Example: patron train configs/online_retail_ii.yaml --set churn.horizon_days=60
    """
    from patron.cli.training_report import print_training
    from patron.workflows import train as run

    settings = load(config, as_of, change or [])
    with screen.progress(quiet=as_json) as progress:
        done = run(settings, progress=progress)
    if as_json:
        screen.say_json(
            {
                "model": done.model,
                "folder": str(done.folder.resolve()),
                "run_id": done.run_id,
                "grade": done.learned.evaluation["grade"],
                "promoted": done.verdict.promote,
                "reason": done.verdict.reason,
                "evaluation": str(done.folder.resolve() / "evaluation.json"),
            }
        )
        return
    print_training(done, config)


def backtest(
    config: ConfigFile,
    cutoffs: Annotated[
        int, typer.Option("--cutoffs", metavar="N", min=1, max=100, help="How many past dates.")
    ] = 4,
    change: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Override a key of the config; repeatable."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="JSON file to write; the HTML page lies beside it."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Run churn and value on past dates, against every naive rule: what it would have been worth.

    Example: patron backtest configs/online_retail_ii.yaml --cutoffs 4
    """
    from patron.cli.backtest_report import backtest_json, print_backtest
    from patron.workflows import backtest as run

    settings = load(config, None, change or [])
    with screen.progress(quiet=as_json) as progress:
        done = run(settings, cutoffs=cutoffs, out=out, progress=progress)
    if as_json:
        screen.say_json(backtest_json(done, settings.language))
        return
    print_backtest(done, config)


def retention(
    config: ConfigFile,
    by: Annotated[
        str | None,
        typer.Option(
            "--by",
            metavar="COLUMN",
            help="tier, value_tier, lifecycle_stage or a column of the customer file.",
        ),
    ] = None,
    every: Annotated[str, typer.Option("--every", help="month, quarter or year.")] = "month",
    start: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="DAY",
            help="Count periods from this day, e.g. 2010-10-01; cohorts are always of the whole ledger.",
        ),
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", metavar="DAY", help="No period ends later (exclusive).")
    ] = None,
    include_current: Annotated[
        bool, typer.Option("--include-current", help="Also the period that is not over yet.")
    ] = False,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Show who stayed, left and came back, by month, quarter or year; needs no model.

    Example: patron retention configs/online_retail_ii.yaml --every quarter --by lifecycle_stage
    """
    from patron.cli.retention_report import print_retention
    from patron.workflows import retention as run

    one_of("--every", every, ("month", "quarter", "year"))
    days = {"start": a_day("--from", start), "end": a_day("--to", end)}
    settings = load(config, as_of)
    with screen.progress(quiet=as_json) as progress:
        done = run(settings, by=by, every=every, **days, include_current=include_current, progress=progress)
    if as_json:
        screen.say_json(done.to_dict())
        return
    print_retention(done, settings.language)


def verify(config: ConfigFile, as_of: AsOf = None, as_json: Json = False) -> None:
    """Fit the value model again with the lifetimes package, and explain every difference.

    Example: patron verify configs/online_retail_ii.yaml
    """
    from patron.cli.verification_report import print_verification, verification_json
    from patron.workflows import verify as run

    done = run(load(config, as_of))
    if as_json:
        screen.say_json(verification_json(done))
    else:
        print_verification(done)
    if done.unexplained:
        raise typer.Exit(3)


def features(as_json: Json = False) -> None:
    """Print the catalogue of features: name, unit, group, meaning.

    Example: patron features
    """
    from patron.features import catalogue

    rows = catalogue()
    if as_json:
        screen.say_json(
            {
                "features": [
                    {"name": f.name, "unit": f.unit, "group": f.group, "meaning": f.meaning} for f in rows
                ]
            }
        )
        return
    from patron.cli.feature_list import print_features

    print_features(rows)
