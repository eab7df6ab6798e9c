"""`patron backtest` from the command line: a table for people, one object for programs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Run = Callable[..., Any]
SMALL = [
    *("--set", "tracking.experiment=again"),
    *("--set", "snapshots.max_count=2"),
    *("--set", "clv.model=last_year"),
    *("--set", "features.groups=[rfm, rhythm]"),
    *("--set", "engine.threads=1"),
]


def test_backtest_json(patron: Run, config: Path, tmp_path: Path) -> None:
    """The keys of the contract, absolute paths, where --out says."""
    out = tmp_path / "deep" / "b.json"
    said = patron("backtest", config, "--cutoffs", "1", "--json", "--out", out, *SMALL)
    assert said.code == 0, said.err
    found = json.loads(said.out)
    assert {"cutoffs", "churn", "clv", "grade", "verdict"} <= set(found)
    assert len(found["cutoffs"]) == 1
    assert found["grade"]["churn"] in ("A", "B", "C")
    assert isinstance(found["verdict"], str)
    assert Path(found["backtest"]) == out
    assert Path(found["page"]).read_text().startswith("<!doctype html>")
    assert json.loads(out.read_text())["verdict"] == found["verdict"]


def test_backtest_prints_entrants_dates_calls_and_the_verdict(patron: Run, config: Path) -> None:
    """Nothing is wider than 100 columns but the sentences; steps go to stderr."""
    said = patron("backtest", config, "--cutoffs", "1", *SMALL)
    assert said.code == 0, said.err
    for words in ("longest_silence", "rfm_logistic", "random", "leavers called", "On the past date", "Gini"):
        assert words in said.out
    assert f"Next: patron train {config}" in said.out
    assert "features and labels" in said.err
    table = [line for line in said.out.splitlines() if line[:6] in ("longes", "rfm_lo", "random", "last_y")]
    assert len(table) >= 4
    assert max(map(len, table)) <= 100


def test_no_date_is_no_backtest(patron: Run, config: Path) -> None:
    """Wrong usage, before anything is read."""
    assert patron("backtest", config, "--cutoffs", "0").code == 2


def test_a_log_too_short_exits_1(patron: Run, config: Path) -> None:
    """With what to do, and no traceback."""
    said = patron("backtest", config, "--set", "as_of=2021-05-01")
    assert said.code == 1
    assert "churn.horizon_days" in said.err
    assert "Traceback" not in said.err
