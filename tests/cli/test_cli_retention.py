"""`patron retention`: a table, one JSON object, files, and errors that say what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from test_cli_commands import only_object
from trade_project import CONFIG, trade_orders

Run = Callable[..., Any]
#: Of the contract.
KEYS = {
    "period_start",
    "period_end",
    "customers_start",
    "customers_end",
    "customers_new",
    "customers_new_active",
    "customers_won_back",
    "customers_lost",
    "retention_rate",
    "churn_rate",
    "repeat_customer_rate",
    "returning_buyer_share",
    "existing_repurchase_rate",
    "buyers",
    "orders",
    "revenue",
    "purchase_frequency",
    "average_order_value",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Orders and customers, no model, no store."""
    orders = trade_orders()
    orders.to_parquet(tmp_path / "orders.parquet")
    ids = sorted(orders["customer_id"].unique())
    industry = ["=HYPERLINK(1)" if k % 3 else "医疗" for k in range(len(ids))]
    pd.DataFrame({"customer_id": ids, "industry": industry}).to_csv(tmp_path / "c.csv", index=False)
    text = CONFIG.format(as_of="2023-07-02").replace(
        "orders.parquet\n", "orders.parquet\n  customers: c.csv\n"
    )
    (tmp_path / "patron.yaml").write_text(text + "simulated: true\n", encoding="utf-8")
    return tmp_path / "patron.yaml"


def test_json_holds_the_keys_of_the_contract(patron: Run, project: Path) -> None:
    """No NaN; the segments add up; files lie where it says."""
    said = patron("retention", project, "--json", "--every", "quarter", "--by", "industry")
    assert said.code == 0, said.err
    found = only_object(said.out)
    rows = found["rows"]
    assert set(rows[0]) >= KEYS
    assert {row["segment"] for row in rows} == {None, "=HYPERLINK(1)", "医疗"}
    assert rows[0]["retention_rate"] is None
    whole = sum(row["revenue"] for row in rows if row["segment"] is None)
    assert whole == pytest.approx(sum(row["revenue"] for row in rows if row["segment"]))
    orders = trade_orders()
    inside = orders["ordered_at"] < rows[-1]["period_end"]
    assert whole == pytest.approx(orders["amount"][inside].sum(), abs=0.01)
    assert found["simulated"] is True
    assert found["lifespan"]["customers"] == orders["customer_id"].nunique() - 1
    assert found["lifetime_value"]["return_on_acquisition"] is None
    assert only_object(Path(found["files"]["all"]).read_text(encoding="utf-8"))["rows"] == rows
    table = pd.read_csv(found["files"]["metrics"])
    assert set(table["segment"].dropna()) == {"'=HYPERLINK(1)", "医疗"}
    assert table["simulated"].all()


def test_the_table_says_what_to_mind(patron: Run, project: Path) -> None:
    """Rules of thumb beside yearly rates only."""
    monthly, yearly = patron("retention", project), patron("retention", project, "--every", "year")
    for said in (monthly, yearly):
        assert said.code == 0, said.err
        assert "These orders are simulated." in said.out
        assert "Average lifespan" in said.out
        assert "Net revenue retention:" in said.out
    assert "80 %" in yearly.out
    assert "Rules of thumb" not in monthly.out


def test_periods_count_from_a_day(patron: Run, project: Path) -> None:
    """A business year from 1 April."""
    words = ("--every", "year", "--from", "2022-04-01", "--to", "2023-04-01", "--json")
    rows = only_object(patron("retention", project, *words).out)["rows"]
    assert [(row["period_start"], row["period_end"]) for row in rows] == [("2022-04-01", "2023-04-01")]


def test_an_unknown_column_exits_1(patron: Run, project: Path) -> None:
    """The columns are named."""
    said = patron("retention", project, "--by", "industri")
    assert said.code == 1
    assert "'industri'" in said.err
    assert "tier, value_tier, lifecycle_stage, industry" in said.err


@pytest.mark.parametrize("words", [["--every", "week"], ["--from", "soon"], ["--to", "2023"]])
def test_wrong_usage_exits_2(patron: Run, project: Path, words: list[str]) -> None:
    """Before anything is read."""
    said = patron("retention", project, *words)
    assert said.code == 2
    assert said.out == ""
