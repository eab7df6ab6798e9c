"""The commands: parse, call one workflow, say what happened and where."""

from __future__ import annotations

import signal
import sys
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

import patron
from patron.cli import screen
from patron.errors import PatronError

app = typer.Typer(
    name="patron",
    help="Which B2B customers are about to stop buying, what each is worth, and whom to call first.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)

ConfigFile = Annotated[
    Path, typer.Argument(metavar="CONFIG", help="YAML file of the project.", show_default=False)
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
AsOf = Annotated[
    str | None, typer.Option("--as-of", metavar="DAY", help="Instead of the config's as_of, e.g. 2011-09-10.")
]
Language = Annotated[str, typer.Option("--lang", help="en or zh.")]


def _version(wanted: bool) -> None:
    if wanted:
        screen.say(f"patron {patron.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[  # noqa: ARG001
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    from patron.registry import disable_telemetry

    disable_telemetry()


@app.command(rich_help_panel="Start")
def demo(
    lang: Language = "en",
    folder: Annotated[Path, typer.Option("--dir", help="Where the demo project is made.")] = Path(
        "patron-demo"
    ),
    as_json: Json = False,
) -> None:
    """Run the whole loop on the CDNOW orders: check, train, score, report.

    Example: patron demo --lang zh
    """
    from patron.workflows import demo as run

    _one_of("--lang", lang, ("en", "zh"))
    with screen.progress(quiet=as_json) as progress:
        made = run(folder, language=lang, progress=progress)
    paths = {
        "scores": str(made.scored.path),
        "report": str(made.report),
        "run_id": made.trained.run_id,
        "model": made.trained.model,
        "config": str(folder.resolve() / "patron.yaml"),
    }
    if as_json:
        screen.say_json({**paths, "sentences": made.sentences})
        return
    for sentence in made.sentences:
        screen.say(f"- {sentence}")
    screen.say("")
    labels = {
        "scores": "Scores",
        "report": "Report",
        "run_id": "MLflow run",
        "model": "Model",
        "config": "Config",
    }
    for key, label in labels.items():
        screen.say(f"{label + ':':<12}{paths[key]}")
    screen.say(f"Next:       patron check {folder}/patron.yaml")


@app.command("init", rich_help_panel="Start")
def init_project(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The new project.", show_default=False)],
    ledger: Annotated[
        Path | None, typer.Option("--ledger", metavar="FILE", help="Orders to look at.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Propose a config for an order file: column mapping, date format, what to check.

    Example: patron init my-shop --ledger orders.csv
    """
    from patron.workflows import initialise

    path, proposal = initialise(folder, ledger=ledger)
    unsure = [] if proposal is None else proposal.unsure
    if as_json:
        columns = None if proposal is None else proposal.columns
        missing = None if proposal is None else proposal.missing
        screen.say_json(
            {"config": str(path.resolve()), "columns": columns, "missing": missing, "unsure": unsure}
        )
        return
    screen.say(f"Wrote {path}.")
    for doubt in unsure:
        screen.say(f"Please check {doubt}")
    screen.say(f"Next: patron check {path}")


@app.command(rich_help_panel="Start")
def check(config: ConfigFile, as_of: AsOf = None, as_json: Json = False) -> None:
    """Print the data report: rows used and set aside, monthly orders and revenue to compare with the ERP.

    Example: patron check configs/online_retail_ii.yaml
    """
    from patron.cli.data_report import print_data_report
    from patron.workflows import check as run

    report = run(_load(config, as_of))
    if as_json:
        whole = report.to_dict()
        screen.say_json(
            {
                **whole,
                "set_aside": {k: v["rows"] for k, v in whole["set_aside"].items()},
                "set_aside_detail": whole["set_aside"],
            }
        )
        raise typer.Exit(0 if report.usable else 1)
    print_data_report(report, config)
    if not report.usable:
        raise typer.Exit(1)


@app.command(rich_help_panel="Weekly")
def score(
    config: ConfigFile,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            metavar="M",
            help="models:/name@alias, models:/name/version or a folder. The champion unless given.",
        ),
    ] = None,
    as_of: AsOf = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help=".parquet or .csv.")] = None,
    allow_stale: Annotated[
        bool, typer.Option("--allow-stale", help="Score even if the data are stale or have collapsed.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Score every customer with the champion.

    Example: patron score configs/online_retail_ii.yaml --as-of 2011-09-10
    """
    from patron.workflows import score as run

    settings = _load(config, as_of)
    with screen.progress(quiet=as_json) as progress:
        done = run(settings, model=model, out=out, allow_stale=allow_stale, progress=progress)
    screen.warn(done.warnings)
    if as_json:
        screen.say_json({"scores": str(done.path.resolve()), "model": done.model.name, "counts": done.counts})
        return
    parts = ", ".join(f"{n:,} {status}" for status, n in done.counts.items() if status != "customers")
    screen.say(
        f"Scored {done.counts['customers']:,} customers ({parts}) with {done.model.name} -> {done.path}"
    )
    screen.say(f"Next: patron report {config} --scores {done.path}")


@app.command(rich_help_panel="Weekly")
def report(
    config: ConfigFile,
    scores: Annotated[
        Path | None, typer.Option("--scores", metavar="FILE", help="Scores file; the newest unless given.")
    ] = None,
    lang: Annotated[str | None, typer.Option("--lang", help="en or zh; the config's unless given.")] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="HTML file to write.")] = None,
    as_json: Json = False,
) -> None:
    """Write the report: one HTML file that a sales director understands.

    Example: patron report configs/online_retail_ii.yaml --lang zh
    """
    from patron.workflows import report as run

    if lang is not None:
        _one_of("--lang", lang, ("en", "zh"))
    path = run(_load(config), scores_file=scores, language=lang, out=out).resolve()
    if as_json:
        screen.say_json({"report": str(path)})
        return
    screen.say(f"Wrote {path}")


@app.command(rich_help_panel="Study")
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

    settings = _load(config, as_of, change or [])
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


@app.command(rich_help_panel="Study")
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

    settings = _load(config, None, change or [])
    with screen.progress(quiet=as_json) as progress:
        done = run(settings, cutoffs=cutoffs, out=out, progress=progress)
    if as_json:
        screen.say_json(backtest_json(done, settings.language))
        return
    print_backtest(done, config)


@app.command(rich_help_panel="Study")
def verify(config: ConfigFile, as_of: AsOf = None, as_json: Json = False) -> None:
    """Fit the value model again with the lifetimes package, and explain every difference.

    Example: patron verify configs/online_retail_ii.yaml
    """
    from patron.cli.verification_report import print_verification, verification_json
    from patron.workflows import verify as run

    done = run(_load(config, as_of))
    if as_json:
        screen.say_json(verification_json(done))
    else:
        print_verification(done)
    if done.unexplained:
        raise typer.Exit(3)


@app.command(rich_help_panel="Study")
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


def _load(path: Path, as_of: str | None = None, changes: list[str] | None = None) -> Any:
    from patron.config import load_config

    overrides = list(changes or [])
    if as_of is not None:
        _day("--as-of", as_of)
        overrides.append(f"as_of={as_of}")
    return load_config(path, overrides)


def _day(option: str, text: str) -> None:
    if text == "latest":
        return
    try:
        date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"'{text}' is not a day like 2011-09-10, nor latest.", param_hint=option
        ) from None


def _one_of(option: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise typer.BadParameter(f"'{value}' is not one of {', '.join(allowed)}.", param_hint=option)


def main() -> None:
    """Run the command line: 0 done, 1 the user can fix it, 2 wrong usage, 3 refused."""
    # a terminated training must end as failed, not stay open for ever
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        app(standalone_mode=True)
    except PatronError as error:
        screen.complain(error)
        sys.exit(error.exit_code)
    except OSError as error:  # a full disk, a folder that may not be written
        screen.complain(PatronError(f"{error.strerror or error}: '{error.filename or ''}'."))
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
