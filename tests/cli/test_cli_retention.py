"""`patron retention`: a table, one JSON object, files, and errors that say what to do."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from test_cli_commands import only_object
from trade_project import CONFIG, trade_orders

from patron.cli.retention_words import WORDS

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


def test_a_chinese_config_is_answered_in_chinese(patron: Run, project: Path) -> None:
    """Headings and lines; the object for programs stays the same."""
    english = only_object(patron("retention", project, "--json", "--every", "year").out)
    project.write_text(project.read_text(encoding="utf-8") + "language: zh\n", encoding="utf-8")
    said = patron("retention", project, "--every", "year", "--by", "lifecycle_stage")
    assert said.code == 0, said.err
    lines = [line for line in said.out.splitlines() if ".csv" not in line]
    for words in ("年起始日", "期初", "留存率", "全部", "模拟数据", "平均合作时长", "净收入留存率："):
        assert words in said.out
    left = set(re.findall(r"[A-Za-z]{2,}", "\n".join(lines)))
    assert left <= {"LTV", "CLV", "NPS", "EUR"}
    assert only_object(patron("retention", project, "--json", "--every", "year").out) == english


def test_both_languages_have_the_same_words_and_places() -> None:
    """A figure that one language shows stands in the other, too."""
    for key, text in WORDS["en"].items():
        assert set(re.findall(r"{(\w+)", text)) == set(re.findall(r"{(\w+)", WORDS["zh"][key])), key
        assert text.count("|") == WORDS["zh"][key].count("|")
    assert WORDS["en"].keys() == WORDS["zh"].keys()


def test_the_return_on_acquisition_is_written_as_in_the_report(patron: Run, project: Path) -> None:
    """(LTV x margin - cost) / cost, with its sign, in percent; money with its symbol."""
    customers = pd.read_csv(project.parent / "c.csv").assign(acquisition_cost=50)
    customers.to_csv(project.parent / "c.csv", index=False)
    worth = only_object(patron("retention", project, "--json").out)["lifetime_value"]
    said = patron("retention", project).out
    share = (worth["ltv"] * worth["margin"] - 50) / 50
    assert f"return on acquisition {100 * share:+,.0f}%." in said.replace("−", "-")
    assert "less acquisition €50" in said


def test_periods_count_from_a_day(patron: Run, project: Path) -> None:
    """A business year from 1 April."""
    words = ("--every", "year", "--from", "2022-04-01", "--to", "2023-04-01", "--json")
    rows = only_object(patron("retention", project, *words).out)["rows"]
    assert [(row["period_start"], row["period_end"]) for row in rows] == [("2022-04-01", "2023-04-01")]


def test_the_screen_says_where_tiers_begin(patron: Run, project: Path) -> None:
    """Earlier months are left out; without a year before any, only the last one is there."""
    said = patron("retention", project, "--by", "tier")
    assert said.code == 0, said.err
    rows = only_object(patron("retention", project, "--by", "tier", "--json").out)["rows"]
    months = only_object(patron("retention", project, "--json").out)["rows"]
    first = rows[0]["period_start"]
    left_out = sum(month["period_start"] < first for month in months)
    plain = " ".join(said.out.split())
    assert f"{left_out} earlier periods are left out: tiers and stages begin with {first}, the first" in plain
    early = min(row["period_start"] for row in months)
    as_of = f"{early[:4]}-{int(early[5:7]) + 5:02d}-01"
    short = patron("retention", project, "--by", "tier", "--as-of", as_of)
    plain = " ".join(short.out.split())
    assert "4 earlier periods are left out: no period has a year of orders before it" in plain
    assert "earlier periods" not in patron("retention", project).out


def test_a_lifespan_without_a_loss_is_a_lower_bound(patron: Run, tmp_path: Path) -> None:
    """Everybody ordered last week: an interval of no width would say the lifespan is known."""
    days = ["2022-01-03", "2022-10-03", "2023-06-25"]
    lines = [(c, f"{c}{k}", day, 10.0) for c in "abc" for k, day in enumerate(days)]
    orders = pd.DataFrame(lines, columns=["customer_id", "order_id", "ordered_at", "amount"])
    orders.to_parquet(tmp_path / "orders.parquet")
    (tmp_path / "patron.yaml").write_text(CONFIG.format(as_of="2023-07-02"), encoding="utf-8")
    said = patron("retention", tmp_path / "patron.yaml")
    assert said.code == 0, said.err
    plain = " ".join(said.out.split())
    assert "Average lifespan at least 1.49 years, the longest time seen: none of 3 customers was" in plain
    assert "(95 %: 1.49" not in plain


def test_two_columns_never_share_a_file(patron: Run, project: Path) -> None:
    """`a b` and `a_b` have no difference that a file's name may hold."""
    customers = pd.read_csv(project.parent / "c.csv", dtype=str)
    customers = customers.rename(columns={"industry": "a b"}).assign(a_b="x")
    customers.to_csv(project.parent / "c.csv", index=False)
    files = [
        only_object(patron("retention", project, "--by", by, "--json").out)["files"] for by in ("a b", "a_b")
    ]
    for name in ("metrics", "all"):
        one, other = (Path(found[name]) for found in files)
        assert one != other
        assert one.exists()
        assert other.exists()


def test_year_one_is_no_traceback(patron: Run, project: Path) -> None:
    """Periods begin with the ledger."""
    words = ("--every", "year", "--json")
    far = only_object(patron("retention", project, *words, "--from", "0001-01-01").out)["rows"]
    assert far == only_object(patron("retention", project, *words).out)["rows"]


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
