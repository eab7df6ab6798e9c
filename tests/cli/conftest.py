"""The command line as a user has it: words in, exit code and two streams out."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from trade_project import Project, copied, trained_project

from patron.cli import main


class Said(NamedTuple):
    """What a command said."""

    code: int
    out: str
    err: str


Run = Callable[..., Said]


@pytest.fixture
def patron(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Return a function that runs `patron ...` in this process."""
    before = signal.getsignal(signal.SIGTERM)

    def run(*words: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["patron", *map(str, words)])
        capfd.readouterr()
        try:
            main()
        except SystemExit as end:
            code = end.code
        else:
            code = 0
        out, err = capfd.readouterr()
        return Said(code if isinstance(code, int) else 1 if code else 0, out, err)

    yield run
    signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return trained_project(tmp_path_factory.getbasetemp())


@pytest.fixture
def config(project: Project, tmp_path: Path) -> Path:
    """The config of a copy that a test may change."""
    return copied(project, tmp_path)
