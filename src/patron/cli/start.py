"""The commands to begin with: demo, init, check."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from patron.cli import screen
from patron.cli.options import AsOf, ConfigFile, Json, Language, load, one_of

if TYPE_CHECKING:
    from patron.workflows.demo import Demonstrated
    from patron.workflows.demo_desk import DemonstratedDesk

_SIMULATED = {
    "en": "Simulated data: the accounts, orders and people below are made up.",
    "zh": "模拟数据：以下客户、订单和人员均为虚构。",
}
_LABELS = {
    "worklist": "Worklist",
    "by_owner": "By owner",
    "scores": "Scores",
    "report": "Report",
    "run_id": "MLflow run",
    "model": "Model",
    "config": "Config",
}


def demo(
    b2b: Annotated[
        bool, typer.Option("--b2b", help="A simulated B2B distributor and its desk, instead of CDNOW.")
    ] = False,
    lang: Language = "en",
    folder: Annotated[
        Path | None,
        typer.Option("--dir", help="Where the project is made: patron-demo, or patron-desk with --b2b."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Run the whole loop: check, train, score, report; on CDNOW's orders or for a simulated distributor.

    Example: patron demo --b2b --lang zh
    """
    one_of("--lang", lang, ("en", "zh"))
    place = folder or Path("patron-desk" if b2b else "patron-demo")
    made = _demonstrated(place, lang, b2b, as_json)
    paths = _paths(made, place)
    if as_json:
        screen.say_json({"simulated": made.config.simulated, **paths, "sentences": made.sentences})
        return
    if made.config.simulated:
        screen.say(_SIMULATED[lang])
    for sentence in made.sentences:
        screen.say(f"- {sentence}")
    screen.say("")
    for key, path in paths.items():
        screen.say(f"{_LABELS[key] + ':':<12}{path}")
    screen.say(f"Next:       patron {_next(made, place)}")


def _demonstrated(place: Path, lang: str, b2b: bool, quiet: bool) -> Demonstrated | DemonstratedDesk:
    from patron.workflows import demo as run
    from patron.workflows import demo_desk as run_desk

    with screen.progress(quiet=quiet) as progress:
        return (run_desk if b2b else run)(place, language=lang, progress=progress)


def _next(made: Demonstrated | DemonstratedDesk, place: Path) -> str:
    """Give the next command: the page of the first account to call, where there is one."""
    from patron.workflows.demo_desk import DemonstratedDesk

    if isinstance(made, DemonstratedDesk) and len(made.listed.lists.calls):
        return f"account {place}/patron.yaml {made.listed.lists.calls['customer_id'].iloc[0]}"
    return f"check {place}/patron.yaml"


def _paths(made: Demonstrated | DemonstratedDesk, place: Path) -> dict[str, str]:
    """Where everything lies, in the order it is told; only the desk has a worklist."""
    from patron.workflows.demo_desk import DemonstratedDesk

    lists = {}
    if isinstance(made, DemonstratedDesk):
        lists = {"worklist": str(made.listed.files[0]), "by_owner": str(made.owners_folder)}
    return {
        "report": str(made.report),
        **lists,
        "scores": str(made.scored.path),
        "run_id": made.trained.run_id,
        "model": made.trained.model,
        "config": str(place.resolve() / "patron.yaml"),
    }


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
    from patron.workflows import set_aside_file

    settings = load(config, as_of)
    with screen.progress(quiet=as_json) as progress:
        progress("orders")
        report = run(settings)
    listed = set_aside_file(settings)
    if as_json:
        whole = report.to_dict()
        screen.say_json(
            {
                **whole,
                "set_aside": {k: v["rows"] for k, v in whole["set_aside"].items()},
                "set_aside_detail": whole["set_aside"],
                "set_aside_file": None if listed is None else str(listed.absolute()),
            }
        )
        raise typer.Exit(0 if report.usable else 1)
    print_data_report(report, config, listed)
    if not report.usable:
        raise typer.Exit(1)
