"""Kills the store build and batch scoring at random moments, resumes them and compares the files.

In: a folder and a number of lines. Out: a table, and whether the files are the same.
Not here: the same on a small base (`tests/workflows`).
Kills come as SIGKILL, at a moment drawn from the time that an undisturbed run takes; a run that came to an
end first is begun anew.
"""

from __future__ import annotations

import hashlib
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from b2b_lines import make_lines

_KILLS, _TRAINED_ON_LINES, _AS_OF = 25, 150_000, "2023-12-01"
_CONFIG = """\
name: kill
ledger: {{transactions: {orders}, currency: EUR{store}}}
as_of: {as_of}
clv: {{model: btyd}}
snapshots: {{max_count: 4}}
"""
# many parts, so that most kills hit between the first and the last
_SCORE = """
import functools, importlib
score = importlib.import_module("patron.workflows.score")
score.score_in_chunks = functools.partial(score.score_in_chunks, most_days=20_000)
from patron.cli import main
main()
"""


class Killed(NamedTuple):
    """Runs of one kind: how many were killed, how many ended first, seconds of an undisturbed one."""

    killed: int
    ended: int
    whole_s: float
    files: int


def run(folder: Path, lines: int) -> None:
    """Print how many kills the store and the scores took; other bytes than undisturbed end the benchmark."""
    project = folder / "kill"
    shutil.rmtree(project, ignore_errors=True)
    make_lines(project / "small.parquet", _TRAINED_ON_LINES)
    make_lines(project / "orders", lines, files=12)
    for name, orders, store in (("train", "small.parquet", ""), ("a", "orders", "a"), ("b", "orders", "b")):
        named = f", store: store-{store}" if store else ""
        text = _CONFIG.format(orders=orders, store=named, as_of=_AS_OF)
        (project / f"{name}.yaml").write_text(text, encoding="utf-8")
    subprocess.run(
        [sys.executable, "-m", "patron", "train", project / "train.yaml"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    model = next((project / "runs" / "models").iterdir())
    chance = random.Random(1)
    _show("store", _store(project, chance))
    _show("score", _score(project, model, chance))
    shutil.rmtree(project)


def _store(project: Path, chance: random.Random) -> Killed:
    command = [sys.executable, "-m", "patron", "store"]
    return _compared(
        [*command, str(project / "a.yaml")],
        [*command, str(project / "b.yaml")],
        project / "store-a",
        project / "store-b",
        chance,
    )


def _score(project: Path, model: Path, chance: random.Random) -> Killed:
    command = [sys.executable, "-c", _SCORE, "score", str(project / "a.yaml"), "--model", str(model), "--out"]
    places = [project / "scores-a", project / "scores-b"]
    first, second = ([*command, str(place / "scores.parquet")] for place in places)
    return _compared(first, second, *places, chance)


def _compared(
    undisturbed: list[str], killed: list[str], first: Path, second: Path, chance: random.Random
) -> Killed:
    """Run once, then kill and resume; the folders must hold the same files with the same bytes."""
    began = time.perf_counter()
    subprocess.run(undisturbed, check=True, capture_output=True)
    whole, expected, outcomes = time.perf_counter() - began, _bytes_of(first), []
    while outcomes.count(-signal.SIGKILL) < _KILLS:
        process = subprocess.Popen(killed, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0, whole))
        process.send_signal(signal.SIGKILL)
        outcomes.append(process.wait())
        if outcomes[-1] not in (0, -signal.SIGKILL):
            sys.exit(f"a run that was resumed after {len(outcomes) - 1} others failed")
        if outcomes[-1] == 0:
            _same(expected, second)
            shutil.rmtree(second)
    subprocess.run(killed, check=True, capture_output=True)
    _same(expected, second)
    return Killed(outcomes.count(-signal.SIGKILL), outcomes.count(0), whole, len(expected))


def _same(expected: dict[str, str], folder: Path) -> None:
    found = _bytes_of(folder)
    other = sorted(name for name in expected.keys() | found if expected.get(name) != found.get(name))
    if other:
        sys.exit(f"{len(other)} files of {folder.name} differ, e.g. {other[0]}")


def _bytes_of(folder: Path) -> dict[str, str]:
    """Return name -> SHA-256 of every file but locks, which hold nothing."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.stat().st_size
    }


def _show(what: str, killed: Killed) -> None:
    print(
        f"{what}: {killed.killed} runs killed, {killed.ended} ended first, then one left alone; "
        f"{killed.files} files equal, byte for byte (an undisturbed run: {killed.whole_s:.1f} s)",
        flush=True,
    )
