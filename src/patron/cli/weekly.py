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
    lang: Annotated[str | None, typer.Option("--lang", help="en or zh; the config's unless given.")] = None,
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
