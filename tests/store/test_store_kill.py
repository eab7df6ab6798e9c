"""A build that is killed anywhere and run again ends with the bytes of one that was left alone."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

import pytest
from store_files import RULES, bytes_of, random_rows, write_files

from patron.store import reading_of, update_store


def build(source: Path, store: Path) -> None:
    update_store(source, store, reading_of(**RULES))


def kill_after(seconds: float, source: Path, store: Path) -> bool:
    """Build in a child of this process; return whether it was killed before it was done."""
    child = os.fork()
    if not child:
        code = 1
        try:
            build(source, store)
            code = 0
        finally:
            sys.stderr.flush()
            os._exit(code)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert ended in (0, -signal.SIGKILL)
    return ended != 0


def killed(root: Path, times: int) -> int:
    """Kill builds and updates at random moments, finish each, compare; return how many were hit."""
    random_ = random.Random(7)
    rows = random_rows(3, 30, 10)
    first, second = {"a.csv": rows[:15]}, {"a.csv": rows[2:15], "b.csv": rows[15:]}
    source = write_files(root / "orders", first)
    began = time.monotonic()
    build(source, root / "whole")
    seconds = time.monotonic() - began
    wanted = {}
    for name, files in (("first", first), ("second", second)):
        build(write_files(source, files), root / "whole")
        wanted[name] = bytes_of(root / "whole")
    hits = tries = 0
    while hits < times:
        tries += 1
        store = root / f"store-{tries}"
        for name, files in (("first", first), ("second", second)):
            write_files(source, files)
            hits += kill_after(random_.uniform(0, 1.2 * seconds), source, store)
            build(source, store)
            assert set(bytes_of(store)) == set(wanted[name])
            assert {p: b for p, b in bytes_of(store).items() if p != "seen.json"} == {
                p: b for p, b in wanted[name].items() if p != "seen.json"
            }
    return hits


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_four_kills(tmp_path: Path) -> None:
    """The files that count and their names; only the times of the orders' files differ."""
    assert killed(tmp_path, 4) >= 4


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_fifty_kills(tmp_path: Path) -> None:
    """The same at fifty moments."""
    assert killed(tmp_path, 50) >= 50
