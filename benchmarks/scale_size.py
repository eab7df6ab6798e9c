"""What lines to features costs at each size, and whether the memory limit holds.

In: a folder and the largest number of lines. Out: a table, and the slope of CPU time. Not here: the entrants.
"""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path

import numpy as np
from b2b_lines import make_lines
from scale_lines import LAST_DAY
from scale_process import measured

_SMALLEST = 100_000
_LIMITS = ("2GB", "8GB")


def run(folder: Path, lines: int) -> None:
    """Go from 1e5 lines to `lines` by factors of ten, one snapshot each; the largest with two limits."""
    sizes = [size for size in (_SMALLEST * 10**power for power in range(9)) if size <= lines]
    print("| lines | memory_limit | wall s | CPU s | CPU s / 1e6 lines | peak MB | spilled MB |")
    print("|---|---|---|---|---|---|---|")
    cpu_s = []
    for size in sizes:
        path = make_lines(folder / f"lines-{size}.parquet", size)
        for limit in _LIMITS if size == sizes[-1] else _LIMITS[:1]:
            with _Spilled() as spilled:
                cost = measured("scale_patron", path, folder, limit, LAST_DAY)
            print(
                f"| {size:,} | {limit} | {cost.wall_s:.1f} | {cost.cpu_s:.1f} "
                f"| {cost.cpu_s / size * 1e6:.2f} | {cost.peak_mb:,.0f} | {spilled.peak_mb:,.0f} |",
                flush=True,
            )
            if limit == _LIMITS[0]:
                cpu_s.append(cost.cpu_s)
        path.unlink()
    if len(sizes) > 1:
        slopes = np.diff(np.log10(cpu_s)) / np.diff(np.log10(sizes))
        print("slope of CPU time in log-log, from size to size:", " ".join(f"{s:.2f}" for s in slopes))


class _Spilled:
    """Looks twice a second at how much DuckDB has written to its temporary folders."""

    def __enter__(self) -> _Spilled:
        self.peak_mb = 0.0
        self._done = threading.Event()
        self._watch = threading.Thread(target=self._look)
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._watch.join()

    def _look(self) -> None:
        while not self._done.wait(0.5):
            files = Path(tempfile.gettempdir()).glob("patron-*/duckdb_temp*")
            self.peak_mb = max(self.peak_mb, sum(_bytes(file) for file in files) / 1e6)


def _bytes(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:  # DuckDB was faster
        return 0
