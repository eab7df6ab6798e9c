"""The commands of every Monday: score, worklist, report, account."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from patron.cli import screen
from patron.cli.options import AsOf, ConfigFile, Json, load, one_of


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

    settings = load(config, as_of)
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


def report(
    config: ConfigFile,
    scores: Annotated[
        Path | None, typer.Option("--scores", metavar="FILE", help="Scores file; the newest unless given.")
    ] = None,
    lang: Annotated[
        str | None, typer.Option("--lang", metavar="en|zh", help="The config's unless given.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="HTML file to write.")] = None,
    as_json: Json = False,
) -> None:
    """Write the report: one HTML file that a sales director understands.

    Example: patron report configs/online_retail_ii.yaml --lang zh
    """
    from patron.workflows import report as run

    if lang is not None:
        one_of("--lang", lang, ("en", "zh"))
    path = run(load(config), scores_file=scores, language=lang, out=out).resolve()
    if as_json:
        screen.say_json({"report": str(path)})
        return
    screen.say(f"Wrote {path}")


def actions(
    config: ConfigFile,
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="Worklists (.xlsx) that came back.", show_default=False),
    ],
    as_json: Json = False,
) -> None:
    """Take the outcomes that salespeople filled in into the action log.

    Example: patron actions configs/online_retail_ii.yaml returned/anna.xlsx returned/bo.xlsx
    """
    from patron.cli.actions_report import show, summary
    from patron.workflows import import_actions

    settings = load(config)
    with screen.progress(quiet=as_json) as progress:
        done = import_actions(settings, files, progress=progress)
    if as_json:
        screen.say_json(summary(done))
        return
    show(done, str(config))


def worklist(
    config: ConfigFile,
    scores: Annotated[
        Path | None, typer.Option("--scores", metavar="FILE", help="Scores file; the newest unless given.")
    ] = None,
    per_owner: Annotated[
        int | None,
        typer.Option("--per-owner", metavar="N", min=1, help="Calls per owner, instead of the config's."),
    ] = None,
    split_by_owner: Annotated[
        Path | None,
        typer.Option("--split-by-owner", metavar="DIR", help="One workbook and one page per owner."),
    ] = None,
    lang: Annotated[
        str | None, typer.Option("--lang", metavar="en|zh", help="The config's unless given.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help=".xlsx or .csv.")] = None,
    as_json: Json = False,
) -> None:
    """Say whom to call this week, ranked in money: one workbook of all account managers.

    With --split-by-owner also a workbook and a page for each of them, with their own accounts only.

    Risk x value = save rate x value at risk - cost of a call. The save rate (worklist.save_rate) is an
    assumption until a campaign with a control group has measured it.

    Example: patron worklist configs/online_retail_ii.yaml --per-owner 15
    """
    from patron.cli.worklist_report import show_worklist, worklist_summary
    from patron.workflows import worklist as run

    if lang is not None:
        one_of("--lang", lang, ("en", "zh"))
    where = {"scores_file": scores, "split_by_owner": split_by_owner, "out": out}
    done = run(load(config), per_owner=per_owner, language=lang, **where)
    screen.warn(done.warnings)
    if as_json:
        screen.say_json(worklist_summary(done))
        return
    show_worklist(done)


def account(
    config: ConfigFile,
    customer_id: Annotated[
        str,
        typer.Argument(metavar="ID", help="Customer, as the orders write it.", show_default=False),
    ],
    scores: Annotated[
        Path | None, typer.Option("--scores", metavar="FILE", help="Scores file; the newest unless given.")
    ] = None,
    lang: Annotated[
        str | None, typer.Option("--lang", metavar="en|zh", help="The config's unless given.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="HTML file to write.")] = None,
    as_json: Json = False,
) -> None:
    """Show one customer: orders, rhythm, value, risk, drivers, and what past actions came to.

    Example: patron account configs/online_retail_ii.yaml 12748
    """
    from patron.cli.retention_words import WORDS
    from patron.workflows import account as run

    if lang is not None:
        one_of("--lang", lang, ("en", "zh"))
    shown = run(load(config), customer_id, scores_file=scores, language=lang, out=out)
    if as_json:
        screen.say_json(shown.to_dict())
        return
    for line in shown.lines:
        screen.say(line)
    screen.say(WORDS[shown.explanation.language]["wrote"].format(path=shown.path.resolve()))
