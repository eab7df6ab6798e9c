"""Spoil model folders by the thousand: each must be refused in a sentence, or score with finite numbers.

`python tests/fuzz/fuzz_folders.py [HOW_MANY] [FIRST_SEED]` prints how many folders came to which end.
"""

from __future__ import annotations

import collections
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
GOLDEN = HERE.parent / "golden" / "format_1"
TIMEOUT_SECONDS = 20
_START_SECONDS = 120


class Worker:
    """A process that answers seeds; it is ended where it hangs, and made again where it died."""

    def __init__(self, golden: Path) -> None:
        self._golden, self._process = golden, self._started(golden)

    @staticmethod
    def _started(golden: Path) -> subprocess.Popen[str]:
        environment = {
            **os.environ,
            "PYTHONPATH": str(HERE),
            "OMP_NUM_THREADS": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        process = subprocess.Popen(
            [sys.executable, str(HERE / "worker.py"), str(golden)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )
        if _line(process, _START_SECONDS) != "ready":
            raise RuntimeError("the worker did not start: does the golden model load?")
        return process

    def outcome(self, seed: int, *, scores_too: bool = True) -> dict[str, object]:
        """Try one folder."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{seed} {scores_too}\n")
        self._process.stdin.flush()
        answer = _line(self._process, TIMEOUT_SECONDS)
        if answer:
            found: dict[str, object] = json.loads(answer)
            return found
        alive = self._process.poll() is None
        self.close()
        code = self._process.returncode
        self._process = self._started(self._golden)
        return {"seed": seed, "kind": "?", "outcome": "BAD: hangs" if alive else f"BAD: crash ({code})"}

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


def _line(process: subprocess.Popen[str], seconds: float) -> str:
    """Read a line; empty where none comes in time or the process ended."""
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], seconds)
    return process.stdout.readline().strip() if ready else ""


def outcomes(seeds: range, golden: Path = GOLDEN, score_every: int = 1) -> Iterator[dict[str, object]]:
    """Try one folder per seed; those that load are scored, or every so many of them."""
    worker = Worker(golden)
    try:
        for seed in seeds:
            yield worker.outcome(seed, scores_too=seed % score_every == 0)
    finally:
        worker.close()


def main(how_many: int, first: int, golden: Path = GOLDEN) -> int:
    """Print the counts, and each finding once."""
    begun, counts, findings = time.monotonic(), collections.Counter[tuple[str, str]](), {}
    for one in outcomes(range(first, first + how_many), golden):
        outcome = str(one["outcome"])
        counts[str(one["kind"]), outcome.split(":")[0]] += 1
        if outcome.startswith("BAD"):
            findings.setdefault(f"{one['kind']} -> {outcome}", one["seed"])
    for (kind, outcome), n in sorted(counts.items()):
        print(f"{kind:32} {outcome:24} {n:6,}")
    for finding, seed in findings.items():
        print(f"seed {seed}: {finding}")
    print(f"{how_many:,} folders in {time.monotonic() - begun:.0f} s, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    arguments = sys.argv[1:]
    place = Path(arguments[2]) if len(arguments) > 2 else GOLDEN
    sys.exit(
        main(
            int(arguments[0]) if arguments else 10_000, int(arguments[1]) if len(arguments) > 1 else 0, place
        )
    )
