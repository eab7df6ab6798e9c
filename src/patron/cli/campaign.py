"""`patron campaign`: plan a test of calling with a control group, and read what it came to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from patron.cli import screen
from patron.cli.options import AsOf, ConfigFile, Json, load

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode="rich", context_settings={"help_option_names": ["-h", "--help"]}
)

Name = Annotated[
    str, typer.Option("--name", metavar="N", help="Of the campaign: letters, digits, - and _; a folder.")
]


@app.callback()
def _campaign() -> None:
    """Find out whether calling helps: a test with a control group, planned before, read once at its end.

    Example: patron campaign design configs/online_retail_ii.yaml --name spring
    """


@app.command()
def design(
    config: ConfigFile,
    name: Name,
    scores: Annotated[
        Path | None, typer.Option("--scores", metavar="FILE", help="Scores file; the newest unless given.")
    ] = None,
    window_days: Annotated[
        int, typer.Option("--window-days", metavar="D", min=1, help="How long outcomes are counted.")
    ] = 90,
    treated_share: Annotated[
        float, typer.Option("--treated-share", metavar="S", help="Share that is called, between 0 and 1.")
    ] = 0.5,
    size: Annotated[
        int | None,
        typer.Option(
            "--size",
            metavar="N",
            min=1,
            help="Accounts with the largest risk x value, also beyond capacity or not due yet.",
        ),
    ] = None,
    cost: Annotated[
        float | None,
        typer.Option("--cost", metavar="C", min=0, help="Per called account, instead of the config's."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Choose by lot who is called and who is left alone, say what could be found, and write it down.

    The plan and the assignment are written once and never change.

    Example: patron campaign design configs/online_retail_ii.yaml --name spring --size 400
    """
    from patron.cli.campaign_report import show_design
    from patron.workflows import design_campaign as run

    settings = load(config)
    with screen.progress(quiet=as_json) as progress:
        done = run(
            settings,
            name,
            scores_file=scores,
            window_days=window_days,
            treated_share=treated_share,
            size=size,
            cost=cost,
            progress=progress,
        )
    if as_json:
        screen.say_json(done.to_dict())
        return
    show_design(done, str(config))


@app.command()
def readout(config: ConfigFile, name: Name, as_of: AsOf = None, as_json: Json = False) -> None:
    """Say what a campaign came to: who was assigned, not who was reached; once, at the end of its window.

    Exit 3 before the end: an effect that is looked at every day is found some day.

    Example: patron campaign readout configs/online_retail_ii.yaml --name spring
    """
    from patron.cli.campaign_report import show_readout
    from patron.workflows import read_out_campaign as run

    settings = load(config, as_of)
    with screen.progress(quiet=as_json) as progress:
        done = run(settings, name, progress=progress)
    if as_json:
        file = None if done.path is None else str(done.path.resolve())
        screen.say_json({**done.readout.to_dict(), "file": file})
    else:
        show_readout(done, str(config), settings.language)
    if done.path is None:
        raise typer.Exit(3)
