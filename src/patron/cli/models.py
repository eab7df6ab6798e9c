"""The commands for models: models, promote, rollback, export."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from patron.cli import screen
from patron.cli.options import ConfigFile, Json, load

Version = Annotated[
    str, typer.Option("--version", metavar="V", help="A number of `patron models`.", show_default=False)
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and change nothing.")]


def models(
    config: ConfigFile,
    delete: Annotated[
        str | None,
        typer.Option("--delete", metavar="V", help="Remove this version, unless an alias points to it."),
    ] = None,
    as_json: Json = False,
) -> None:
    """List the versions of the model: which is champion, how good each is, what the gate said.

    Example: patron models configs/online_retail_ii.yaml
    """
    from patron.cli.models_report import print_versions
    from patron.workflows import delete_model
    from patron.workflows import models as run

    settings = load(config)
    if delete is not None:
        run_id = delete_model(settings, delete)
        if as_json:
            screen.say_json({"model": settings.name, "deleted": delete, "run_id": run_id})
            return
        kept = "" if run_id is None else f" Its run {run_id} stays, with its files: MLflow deletes runs."
        screen.say(f"{settings.name}/{delete} is deleted from the registry.{kept}")
        return
    versions = run(settings)
    if as_json:
        screen.say_json({"model": settings.name, "versions": versions})
        return
    print_versions(settings.name, versions, config)


def promote(config: ConfigFile, version: Version, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Judge a version against the champion on today's orders; if it passes, it is used from now on.

    Example: patron promote configs/online_retail_ii.yaml --version 2 --dry-run
    """
    from patron.errors import Refused
    from patron.workflows import promote as run

    settings = load(config)
    with screen.progress(quiet=as_json) as progress:
        done = run(settings, version, dry_run=dry_run, progress=progress)
    if as_json:
        screen.say_json(asdict(done))
        if not done.promoted:
            raise typer.Exit(3)
        return
    reason = done.reason.removeprefix("Refused: ").removeprefix("Promoted: ").rstrip(".")
    if not done.promoted:
        word = "would not become" if dry_run else "does not become"
        raise Refused(f"{done.model} {word} champion: {reason}.", next_step="patron models CONFIG")
    would = "would be champion" if dry_run else "is champion now"
    screen.say(f"{done.model} {would}: {reason}.")
    if not dry_run:
        screen.say(f"Next: patron score {config}")


def rollback(config: ConfigFile, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Use the model before this one again; the one used now becomes `previous`.

    Example: patron rollback configs/online_retail_ii.yaml --dry-run
    """
    from patron.workflows import rollback as run

    done = run(load(config), dry_run=dry_run)
    if as_json:
        screen.say_json(asdict(done))
        return
    if dry_run:
        screen.say(f"{done.model} would be champion, and {done.before} previous.")
        return
    screen.say(f"{done.model} is champion again; {done.before} is previous.")
    screen.say(f"Next: patron score {config}")


def export(
    model: Annotated[
        str,
        typer.Option(
            "--model",
            metavar="M",
            help="models:/name@alias, models:/name/version or a folder.",
            show_default=False,
        ),
    ],
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="Folder for the copy; made if missing.")],
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            metavar="CONFIG",
            help="Whose tracking store knows the model; else MLFLOW_TRACKING_URI, else ./mlflow.db.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Copy a model to where another service loads it, after every byte of it was verified.

    Example: patron export --model models:/shop@champion --to models --config shop/patron.yaml
    """
    from patron.workflows import export as run

    done = run(model, to, config=None if config is None else load(config))
    if done.own_features:
        names = ", ".join(done.own_features)
        screen.warn([f"the functions of your own features do not travel with the model: {names}"])
    if as_json:
        screen.say_json(asdict(done))
        return
    screen.say(str(done.folder))
