"""The commands of every Monday: score, worklist, report, account."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from patron.cli import screen
from patron.cli.options import AsOf, ConfigFile, Json, load, one_of

if TYPE_CHECKING:
    from patron.workflows import Scored, ScoredOnSpark
    from patron.workflows.batch import Batch


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
    out: Annotated[
        str | None,
        typer.Option("--out", metavar="FILE", help=".parquet or .csv; on Spark also a folder, ending in /."),
    ] = None,
    allow_stale: Annotated[
        bool, typer.Option("--allow-stale", help="Score even if the data are stale or have collapsed.")
    ] = False,
    engine: Annotated[
        str,
        typer.Option("--engine", metavar="duckdb|spark", help="Where the work is done; see docs/spark.md."),
    ] = "duckdb",
    as_json: Json = False,
) -> None:
    """Score every customer with the champion.

    Example: patron score configs/online_retail_ii.yaml --as-of 2011-09-10
    """
    from patron.workflows import score as on_duckdb
    from patron.workflows import score_on_spark

    one_of("--engine", engine, ("duckdb", "spark"))
    settings = load(config, as_of)
    done: Scored | ScoredOnSpark
    with screen.progress(quiet=as_json) as progress:
        if engine == "spark":
            done = score_on_spark(settings, model=model, out=out, allow_stale=allow_stale, progress=progress)
        else:
            file = None if out is None else Path(out)
            done = on_duckdb(
                settings,
                model=model,
                out=file,
                allow_stale=allow_stale,
                progress=progress,
                advance=progress.advance,
            )
    screen.warn(done.warnings)
    batch = getattr(done, "batch", None)  # Spark keeps its own account of parts
    if as_json:
        parts = {} if batch is None else {"parts": batch.parts, "resumed_parts": batch.resumed_parts}
        path = str(done.path.resolve())
        published = None if done.published is None else asdict(done.published)
        said = {"scores": path, "model": done.model.name, "counts": done.counts, **parts}
        screen.say_json({**said, "published": published})
        return
    customers = done.counts["customers"]
    statuses = " + ".join(f"{n:,} {status}" for status, n in done.counts.items() if status != "customers")
    how = "" if batch is None else f" in {_parts_in_words(batch)}"
    screen.say(f"Scored {customers:,} customers (= {statuses}){how} with {done.model.name} -> {done.path}")
    if done.published is not None:
        screen.say(f"Published {done.published.rows:,} rows to {done.published.table}")
    screen.say(f"Next: patron report {config} --scores {done.path}")


def _parts_in_words(batch: Batch) -> str:
    """Say how many parts there were, how long they took, and how fast that was."""
    parts = f"{batch.parts} part{'s' if batch.parts != 1 else ''}"
    if batch.resumed_parts:
        parts = f"{parts}, {batch.resumed_parts} of them already there,"
    rate = batch.counts["customers"] / max(batch.seconds, 1e-9)
    return f"{parts} and {batch.seconds:,.1f} s ({rate:,.0f}/s)"


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
