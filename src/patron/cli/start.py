"""The commands to begin with: demo, init, check."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from patron.cli import screen
from patron.cli.options import AsOf, ConfigFile, Json, Language, load, one_of


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

    one_of("--lang", lang, ("en", "zh"))
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


def check(config: ConfigFile, as_of: AsOf = None, as_json: Json = False) -> None:
    """Print the data report: rows used and set aside, monthly orders and revenue to compare with the ERP.

    Example: patron check configs/online_retail_ii.yaml
    """
    from patron.cli.data_report import print_data_report
    from patron.workflows import check as run

    report = run(load(config, as_of))
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
