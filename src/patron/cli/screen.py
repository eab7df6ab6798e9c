"""What people see: results on stdout, everything else on stderr, colour and progress on a terminal only."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from patron.cli.steps import Steps
from patron.errors import LedgerError, PatronError

_CHECK = "correct it, then: patron check CONFIG"


def say(text: str) -> None:
    """Print a line of the result on stdout."""
    Console(highlight=False, soft_wrap=True).print(escape(text))


def say_json(result: Mapping[str, Any]) -> None:
    """Print one JSON object on stdout and nothing else; null, never NaN."""
    sys.stdout.write(json.dumps(result, indent=1, allow_nan=False, ensure_ascii=False, default=str) + "\n")


def table(
    title: str, headers: Sequence[str], rows: Sequence[Sequence[str]], *, words: Sequence[int] = (0,)
) -> None:
    """Print a table on stdout; columns of words (by their place) to the left, numbers to the right."""
    say(title)
    grid = Table(header_style="bold", box=None, pad_edge=False)
    for position, header in enumerate(headers):
        grid.add_column(header, justify="left" if position in words else "right", overflow="fold")
    for row in rows:
        grid.add_row(*[escape(cell) for cell in row])
    # piped output keeps its full width instead of being cut at 80 columns
    width = None if sys.stdout.isatty() else 200
    Console(highlight=False, width=width).print(grid)


def warn(warnings: Sequence[str]) -> None:
    """Print warnings on stderr."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    for warning in warnings:
        console.print(f"[bold yellow]Warning:[/] {escape(warning)}")


def complain(error: PatronError) -> None:
    """Print what is wrong and what to do next on stderr."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    word = "Refused" if error.exit_code == 3 else "Error"
    many = len(error.problems) > 1
    for number, problem in enumerate(error.problems, start=1):
        label = f"{word} {number} of {len(error.problems)}" if many else word
        console.print(f"[bold red]{label}:[/] {escape(problem)}")
    next_step = error.next_step or (_CHECK if isinstance(error, LedgerError) and _config() else None)
    if next_step:
        console.print(f"[bold]Next:[/] {escape(next_step.replace('CONFIG', _config() or 'CONFIG'))}")


def _config() -> str | None:
    """Return the config that was named on the command line, so that advice can be pasted."""
    return next((word for word in sys.argv[1:] if word.endswith((".yaml", ".yml"))), None)


@contextmanager
def progress(*, quiet: bool) -> Iterator[Steps]:
    """Show which step is running and how long the last ones took, on stderr; at the end the peak memory.

    Parameters
    ----------
    quiet : bool
        Show nothing.
    """
    steps = Steps(Console(stderr=True, highlight=False, quiet=quiet))
    try:
        yield steps
        steps.end()
    finally:
        steps.hide()
