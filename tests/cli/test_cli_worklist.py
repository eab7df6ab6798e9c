"""`patron worklist`: one line, one JSON object, and what was won first."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

Run = Callable[..., Any]


@pytest.fixture
def scored(patron: Run, config: Path) -> Path:
    """The config of a copy with scores and owners, marked as simulated."""
    assert patron("score", config, "--json").code == 0
    scores = pd.read_parquet(config.parent / "runs" / "scores" / "2023-07-02.parquet")
    owners = ['Anna, "Sales"' if i % 2 else "张伟" for i in range(len(scores))]
    names = ["=HYPERLINK(1)"] * len(scores)
    table = pd.DataFrame({"customer_id": scores["customer_id"], "owner": owners, "name": names})
    table.to_csv(config.parent / "customers.csv", index=False)
    text = config.read_text(encoding="utf-8")
    text = text.replace("  currency: EUR\n", "  currency: EUR\n  customers: customers.csv\n")
    config.write_text(text + "simulated: true\n", encoding="utf-8")
    return config


def test_the_screen_and_the_object(patron: Run, scored: Path, tmp_path: Path) -> None:
    """Simulated comes first, then what was won; the counts add up in both."""
    said = patron("worklist", scored, "--per-owner", "3", "--split-by-owner", tmp_path / "out")
    assert (said.code, said.err) == (0, "")
    lines = said.out.splitlines()
    assert lines[0].startswith("SIMULATED")
    assert "No account was reached" in lines[1]
    assert lines[-1].startswith("Worklist of 2023-07-02: ")
    assert len(list((tmp_path / "out").iterdir())) == 4
    found = json.loads(patron("worklist", scored, "--per-owner", "3", "--json").out)
    counts = found["counts"]
    assert counts["candidates"] == sum(n for code, n in counts.items() if code != "candidates")
    assert counts["on_list"] == len(found["rows"]) <= 6
    assert found["risk_x_value"] == pytest.approx(sum(row["risk_x_value"] for row in found["rows"]), abs=0.01)
    assert found["simulated"] is True
    assert Path(found["worklist"]).is_absolute()
    assert found["won"] == {"accounts": 0, "accounts_called": 0, "revenue_since": 0.0, "within_days": 90}


def test_one_is_singular(patron: Run, scored: Path, tmp_path: Path) -> None:
    """One candidate, one call, one owner; Chinese has no plural."""
    scores = pd.read_parquet(scored.parent / "runs" / "scores" / "2023-07-02.parquet")
    of_value = scores[scores["status"] == "scored"].nlargest(1, "value_at_risk")
    one = of_value.assign(next_order_expected_on=of_value["as_of"])
    one.to_parquet(tmp_path / "2023-07-02.parquet")
    table = pd.DataFrame({"customer_id": one["customer_id"], "owner": "张伟", "name": None})
    table.to_csv(scored.parent / "customers.csv", index=False)
    split = ("--scores", tmp_path / "2023-07-02.parquet", "--split-by-owner", tmp_path / "out")
    said = patron("worklist", scored, *split).out
    assert "Where everybody is: 1 candidate = 1 on the list." in said
    assert "Where everybody is: win back: 0 candidates = 0 on the list." in said
    assert "Wrote 2 files for 1 owner ->" in said
    assert "Worklist of 2023-07-02: 1 call with risk x value €" in said
    said = patron("worklist", scored, *split, "--lang", "zh").out
    assert "全部客户去向：候选客户 1 = 列入名单 1。" in said
    assert "已为 1 位客户经理写出 2 个文件" in said
    assert "联系 1 家，风险×价值合计" in said


def test_help_says_what_the_save_rate_is(patron: Run) -> None:
    """An assumption, until it is measured."""
    said = " ".join(patron("worklist", "--help").out.split())
    assert "assumption until a campaign with a control group has measured it" in said


def test_help_promises_a_workbook_for_each_only_where_the_list_is_split(patron: Run) -> None:
    """One workbook of all, unless asked; languages are named where a value is expected."""
    said = " ".join(patron("worklist", "--help").out.split())
    assert "one workbook of all account managers" in said
    assert "With --split-by-owner also a workbook and a page for each" in said
    for command in ("worklist", "account", "report", "demo"):
        assert "en|zh" in patron(command, "--help").out


def test_wrong_words(patron: Run, scored: Path) -> None:
    """Usage exits 2; a file that is no worklist exits 1 and says which endings there are."""
    assert patron("worklist", scored, "--lang", "fr").code == 2
    assert patron("worklist", scored, "--per-owner", "0").code == 2
    said = patron("worklist", scored, "--out", "list.pdf")
    assert said.code == 1
    assert ".xlsx or .csv" in said.err
