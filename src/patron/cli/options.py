"""Options that commands share, and how they are read."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

ConfigFile = Annotated[
    Path, typer.Argument(metavar="CONFIG", help="YAML file of the project.", show_default=False)
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
AsOf = Annotated[
    str | None, typer.Option("--as-of", metavar="DAY", help="Instead of the config's as_of, e.g. 2011-09-10.")
]
Language = Annotated[str, typer.Option("--lang", metavar="en|zh", help="Language of what people read.")]


def load(path: Path, as_of: str | None = None, changes: list[str] | None = None) -> Any:
    """Load a config with what the command line changes in it."""
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


def a_day(option: str, text: str | None) -> date | None:
    """Read a day, or refuse what is none."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"'{text}' is not a day like 2011-09-10.", param_hint=option) from None


def one_of(option: str, value: str, allowed: tuple[str, ...]) -> None:
    """Refuse a value that is not among those allowed."""
    if value not in allowed:
        raise typer.BadParameter(f"'{value}' is not one of {', '.join(allowed)}.", param_hint=option)
