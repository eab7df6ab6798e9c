"""Runs a piece of work in a process of its own and measures it.

In: a module and its arguments. Out: seconds, CPU seconds, peak memory. Not here: what is run.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent


class Cost(NamedTuple):
    """Of one process, start of Python included; ``said`` is what it printed."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    said: str


def measured(module: str, *arguments: object) -> Cost:
    """Run ``python benchmarks/<module>.py ARGUMENTS`` once; an entrant that fails ends the benchmark."""
    started = time.perf_counter()
    command = [sys.executable, str(HERE / f"{module}.py"), *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(command)} failed: {said}")
    seconds = time.perf_counter() - started
    return Cost(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, said)
