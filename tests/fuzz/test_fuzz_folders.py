"""Spoilt model folders are refused in a sentence or score: no crash, no hang, nothing written or started."""

from __future__ import annotations

import collections
import subprocess
import sys
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("pipes, links and limits of POSIX", allow_module_level=True)

import fuzz_folders


def test_a_few_hundred_spoilt_folders() -> None:
    """A seeded part of the long run; every fourth model that loads is scored."""
    found = list(fuzz_folders.outcomes(range(150), score_every=4))
    assert [one for one in found if str(one["outcome"]).startswith("BAD")] == []
    ends = collections.Counter(str(one["outcome"]) for one in found)
    # the mutations reach every end: what refused all, or nothing, would say little
    assert ends["refused when loaded"] > 60
    assert ends["scored"] > 3
    assert len({one["kind"] for one in found}) == 8


@pytest.mark.slow
def test_ten_thousand_spoilt_folders() -> None:
    """`make fuzz`."""
    script = [sys.executable, str(Path(fuzz_folders.__file__)), "10000"]
    done = subprocess.run(script, capture_output=True, text=True, timeout=3600)
    assert done.returncode == 0, done.stdout[-3_000:]
