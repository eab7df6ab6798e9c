"""`patron store`: bring the customer-day store up to date."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from patron.cli import screen
from patron.cli.options import ConfigFile, Json, load

if TYPE_CHECKING:
    from patron.store import StoreUpdate


def store(
    config: ConfigFile,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Forget what is there; build it anew.")] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Compare every byte with what was written, not sizes only.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Bring the store of customer days up to date: new, late and corrected rows, the months they touch.

    Example: patron store configs/online_retail_ii.yaml
    """
    from patron.workflows import bring_store_up_to_date as run

    began = time.monotonic()
    settings = load(config)
    with screen.progress(quiet=as_json) as progress:
        progress("orders")
        done = run(settings, rebuild=rebuild, verify=verify)
    if as_json:
        screen.say_json(asdict(done))
        return
    screen.say(f"{_in_words(done)}, {time.monotonic() - began:,.1f} s.")


def _in_words(done: StoreUpdate) -> str:
    anew = f" (built anew: {done.built_anew})" if done.built_anew else ""
    removed = f", {done.files_removed:,} removed" if done.files_removed else ""
    return (
        f"Store version {done.version:,}{anew}: {done.files_read:,} sources read, "
        f"{done.files_unchanged:,} unchanged{removed}; "
        f"{done.rows_new:,} new lines ({done.rows_late:,} late), "
        f"{done.rows_gone:,} gone; {done.months_rebuilt:,} of {done.months:,} months built"
    )
