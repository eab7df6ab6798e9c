"""How far a command is: its steps, a bar where something is counted, and the memory it took.

In:  names of steps, counts. Out: lines on stderr; a moving one on a terminal only.
Not here: results (`screen`).
"""

from __future__ import annotations

import os
import time

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.status import Status

#: Between two lines about a count, where there is no terminal.
_LINE_SECONDS = 10.0


class Steps:
    """Called with the name of each step as it begins; `advance` tells how far the step is.

    Parameters
    ----------
    console : rich.console.Console
        Of stderr; a quiet one shows nothing.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = self._step_began = self._said = time.monotonic()
        self._step = ""
        self._shown: Status | Progress | None = None

    def __call__(self, step: str) -> None:
        """Say how long the last step took, and which one runs."""
        self.hide()
        if self._step:
            self._console.print(f"[dim]{time.monotonic() - self._began:6.1f} s[/]  {escape(self._step)}")
        self._step = step
        self._step_began = self._said = time.monotonic()
        if step and self._is_seen():
            self._shown = self._console.status(f"{escape(step)} ...")
            self._shown.start()

    def advance(self, done: int, everything: int) -> None:
        """Show a bar with rate and remaining time on a terminal, a line now and then elsewhere."""
        if self._is_seen():
            self._bar(done, everything)
            return
        now = time.monotonic()
        if now - self._said >= _LINE_SECONDS and done < everything:
            self._said = now
            rate = done / (now - self._step_began)
            self._console.print(
                f"          {escape(self._step)}: {done:,} of {everything:,}, {rate:,.0f}/s, "
                f"{(everything - done) / rate:,.0f} s left"
            )

    def end(self) -> None:
        """Say what the last step and the whole run took."""
        self("")
        memory = peak_memory_mb()
        if memory is not None:
            self._console.print(f"          [dim]peak memory {memory:,.0f} MB[/]")

    def hide(self) -> None:
        """Take away what moves."""
        if self._shown is not None:
            self._shown.stop()
            self._shown = None

    def _is_seen(self) -> bool:
        return self._console.is_terminal and not self._console.quiet

    def _bar(self, done: int, everything: int) -> None:
        if not isinstance(self._shown, Progress):
            self.hide()
            rate = TextColumn("{task.fields[rate]}")
            remaining = TimeRemainingColumn()
            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), rate, remaining)
            self._shown = Progress(*columns, console=self._console, transient=True)
            self._shown.add_task(escape(self._step), total=everything, rate="")
            self._shown.start()
        rate_now = done / max(time.monotonic() - self._step_began, 1e-9)
        self._shown.update(self._shown.task_ids[0], completed=done, rate=f"{rate_now:,.0f}/s")


def peak_memory_mb() -> float | None:
    """Return the most memory that this process has held, in MB; None where the system does not tell."""
    if os.name != "posix":
        return None
    import resource
    import sys

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 1e6 if sys.platform == "darwin" else most * 1024 / 1e6  # bytes there, KiB elsewhere
