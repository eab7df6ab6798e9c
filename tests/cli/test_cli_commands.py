"""Commands: help with an example, one JSON object, logs elsewhere, exit codes 0, 1, 2 and 3."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from trade_project import Project

from patron import __version__
from patron.clv.processes.betageometric import BetaGeometric

Run = Callable[..., Any]
COMMANDS = (
    "demo",
    "init",
    "check",
    "run",
    "store",
    "score",
    "actions",
    "worklist",
    "report",
    "account",
    "monitor",
    "campaign",
    "train",
    "backtest",
    "retention",
    "verify",
    "features",
    "models",
    "promote",
    "rollback",
    "export",
)


def only_object(out: str) -> dict[str, Any]:
    """Return the one JSON object on stdout; NaN and Infinity are no JSON."""

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    found = json.loads(out, parse_constant=refuse)
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_every_command_helps_with_a_line_to_paste(patron: Run, command: str, flag: str) -> None:
    """An example of itself."""
    said = patron(command, flag)
    assert said.code == 0
    assert f"Example: patron {command}" in said.out


def test_the_overview_lists_the_commands_in_groups(patron: Run) -> None:
    """Start, weekly, study, models."""
    said = patron("--help")
    assert said.code == 0
    for word in (*COMMANDS, "Start", "Weekly", "Study", "Models"):
        assert word in said.out


def test_version(patron: Run) -> None:
    """Name and number."""
    assert patron("--version").out.strip() == f"patron {__version__}"


def test_the_module_is_the_command() -> None:
    """`python -m patron` works where the script is not on the path."""
    done = subprocess.run([sys.executable, "-m", "patron", "--version"], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, f"patron {__version__}")


@pytest.mark.parametrize(
    "words",
    [
        ["no-such-command"],
        ["train"],
        ["train", "--no-such-option"],
        ["train", "c.yaml", "--as-of", "soon"],
        ["report", "c.yaml", "--lang", "fr"],
        ["demo", "--lang", "fr"],
    ],
)
def test_wrong_usage_exits_2(patron: Run, words: list[str]) -> None:
    """Before anything is read; said on stderr."""
    said = patron(*words)
    assert said.code == 2
    assert said.out == ""
    assert said.err


def test_a_wrong_language_names_the_right_ones(patron: Run) -> None:
    """What was typed, and what can be."""
    assert "'fr' is not one of en, zh" in patron("demo", "--lang", "fr").err


def test_check_json(patron: Run, config: Path, project: Project) -> None:
    """The keys of the contract; rows in = used + set aside + later."""
    said = patron("check", config, "--json")
    found = only_object(said.out)
    assert said.code == 0
    assert {"usable", "rows_in", "rows_used", "later", "set_aside", "amount_in", "amount_used"} <= set(found)
    assert found["usable"] is True
    assert all(type(rows) is int for rows in found["set_aside"].values())
    aside = sum(found["set_aside"].values())
    assert found["rows_in"] == found["rows_used"] + aside + found["later"] == len(project.orders)
    assert found["amount_in"] == pytest.approx(project.orders["amount"].sum(), abs=0.01)


def test_check_names_the_file_of_rows_set_aside(patron: Run, tmp_path: Path) -> None:
    """On screen and in JSON; once the orders are clean the file is gone."""
    orders, config, aside = (tmp_path / name for name in ("o.csv", "c.yaml", "runs/set_aside.csv"))
    config.write_text("name: x\nledger: {transactions: o.csv}\nas_of: 2024-03-01\n")
    clean = "customer_id,ordered_at,amount\na,2024-01-01,5\nb,2024-02-01,5\n"
    orders.write_text(clean + "c,2024-02-30,5\n")
    assert only_object(patron("check", config, "--json").out)["set_aside_file"] == str(aside)
    assert str(aside) in patron("check", config).out.replace("\n", "")
    assert aside.read_text(encoding="utf-8-sig").splitlines()[1] == 'o.csv,4,unreadable_date,"c,2024-02-30,5"'
    orders.write_text(clean)
    assert only_object(patron("check", config, "--json").out)["set_aside_file"] is None
    assert not aside.exists()


def test_check_prints_months_to_compare(patron: Run, config: Path, project: Project) -> None:
    """Orders and revenue of a month stand in the table."""
    said = patron("check", config)
    month = project.orders[project.orders["ordered_at"].dt.strftime("%Y-%m") == "2022-06"]
    orders = month[month["amount"] > 0]["order_id"].nunique()
    row = next(line for line in said.out.splitlines() if line.startswith("2022-06"))
    assert row.split() == ["2022-06", f"{orders:,}", f"{month['amount'].sum():,.2f}"]
    assert f"Next: patron train {config}" in said.out


def test_check_of_an_unusable_ledger_exits_1(patron: Run, tmp_path: Path) -> None:
    """All orders of one customer: the report is printed, and the exit code tells a script."""
    (tmp_path / "o.csv").write_text("customer_id,ordered_at,amount\na,2024-01-01,5\na,2024-02-01,5\n")
    (tmp_path / "c.yaml").write_text("name: x\nledger: {transactions: o.csv}\nas_of: 2024-03-01\n")
    said = patron("check", tmp_path / "c.yaml")
    assert said.code == 1
    assert "2 rows in" in said.out
    assert "all lines belong to one customer" in said.out
    assert "Next: patron train" not in said.out
    as_json = patron("check", tmp_path / "c.yaml", "--json")
    assert as_json.code == 1
    assert only_object(as_json.out)["usable"] is False


def test_score_json(patron: Run, config: Path) -> None:
    """Absolute path, label, counts; nothing on stderr but logs."""
    said = patron("score", config, "--json")
    found = only_object(said.out)
    assert said.code == 0
    assert set(found) == {"scores", "model", "counts", "published", "parts", "resumed_parts"}
    assert set(found["counts"]) == {"customers", "scored", "new", "lapsed", "excluded"}
    assert Path(found["scores"]).is_absolute()
    assert Path(found["scores"]).is_file()
    assert found["model"] == "trade/1"


def test_score_says_in_one_line_what_it_did(patron: Run, config: Path, project: Project) -> None:
    """And what to type next."""
    said = patron("score", config)
    first, following = said.out.splitlines()
    customers = project.orders["customer_id"].nunique()
    assert first.startswith(f"Scored {customers} customers (")
    assert following.startswith("Next: patron report")


def test_score_of_another_day_to_another_file(patron: Run, config: Path, tmp_path: Path) -> None:
    """--as-of and --out; relative to the working directory."""
    out = tmp_path / "mine" / "s.csv"
    said = patron("score", config, "--as-of", "2023-05-01", "--out", out)
    assert said.code == 0
    assert set(pd.read_csv(out)["as_of"]) == {"2023-05-01"}


def test_score_of_stale_data_exits_3(patron: Run, config: Path) -> None:
    """Refused, on stderr, with the way out; --allow-stale takes it."""
    text = config.read_text().replace("as_of: 2023-07-02", "as_of: latest\nfreshness: {max_age_days: 10}")
    config.write_text(text)
    said = patron("score", config)
    assert said.code == 3
    assert "Refused" in said.err
    assert "--allow-stale" in said.err
    assert said.out == ""
    assert patron("score", config, "--allow-stale").code == 0


def test_score_without_a_champion_exits_1(patron: Run, config: Path) -> None:
    """The versions are named."""
    from mlflow import MlflowClient

    MlflowClient(f"sqlite:///{config.parent / 'mlflow.db'}").delete_registered_model_alias(
        "trade", "champion"
    )
    said = patron("score", config)
    assert said.code == 1
    assert "versions: 1" in said.err


def test_score_with_an_unknown_version_exits_1(patron: Run, config: Path) -> None:
    """Not with a stack of MLflow's."""
    said = patron("score", config, "--model", "models:/trade/77")
    assert said.code == 1
    assert "77" in said.err
    assert "Traceback" not in said.err


def test_report_json(patron: Run, config: Path) -> None:
    """An absolute path that exists."""
    patron("score", config)
    said = patron("report", config, "--json", "--lang", "zh")
    assert said.code == 0
    assert Path(only_object(said.out)["report"]).is_file()


def test_report_without_scores_exits_1(patron: Run, config: Path) -> None:
    """With the command that makes some."""
    said = patron("report", config)
    assert said.code == 1
    assert "patron score" in said.err


def test_verify_explains_every_difference(patron: Run, config: Path) -> None:
    """The table, a verdict, and the same as one JSON object."""
    said = patron("verify", config)
    assert said.code == 0
    assert "Verified: every difference from lifetimes is explained." in said.out
    found = only_object(patron("verify", config, "--json").out)
    assert found["verified"] is True
    assert {line["quantity"] for line in found["comparisons"]} == {
        "parameters",
        "alive_probability",
        "expected_orders",
        "expected_order_value",
        "clv",
    }


def test_verify_refuses_what_nothing_explains(
    patron: Run, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 3 and the name of the quantity: a CLV twice too large is no month length."""
    plain = BetaGeometric.discounted_orders_if_alive
    monkeypatch.setattr(
        BetaGeometric, "discounted_orders_if_alive", lambda self, *given: 2.0 * plain(self, *given)
    )
    said = patron("verify", config)
    assert said.code == 3
    assert "Not verified: nothing explains the difference in CLV." in said.out
    assert only_object(patron("verify", config, "--json").out)["verified"] is False


def test_features_lists_the_catalogue(patron: Run) -> None:
    """Name, unit, group and meaning, as text and as JSON."""
    text = patron("features").out
    assert re.search(r"^  days_since_last_order +days +silence: as_of minus", text, re.MULTILINE)
    rows = only_object(patron("features", "--json").out)["features"]
    assert all(set(row) == {"name", "unit", "group", "meaning"} for row in rows)
    assert {"rfm", "rhythm", "trend", "season", "value", "breadth", "lifecycle", "btyd"} <= {
        row["group"] for row in rows
    }


def test_init_check_train_is_a_path_that_works(
    patron: Run, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proposed config leads to the orders, wherever the project folder is."""
    monkeypatch.chdir(tmp_path)
    orders = project.orders.rename(columns={"customer_id": "Customer No", "ordered_at": "Order Date"})
    orders.to_csv("export.csv", index=False)
    made = patron("init", "shop", "--ledger", "export.csv")
    assert made.code == 0
    assert "Next: patron check shop/patron.yaml" in made.out
    checked = patron("check", "shop/patron.yaml", "--json")
    assert checked.code == 0
    assert only_object(checked.out)["rows_in"] == len(orders)


def test_init_never_overwrites(patron: Run, tmp_path: Path) -> None:
    """A config is somebody's work."""
    (tmp_path / "patron.yaml").write_text("name: mine\n")
    said = patron("init", tmp_path)
    assert said.code == 1
    assert "is there already" in said.err
    assert (tmp_path / "patron.yaml").read_text() == "name: mine\n"


def test_init_without_a_ledger_writes_a_config_to_fill_in(patron: Run, tmp_path: Path) -> None:
    """JSON tells where."""
    said = patron("init", tmp_path / "new", "--json")
    assert Path(only_object(said.out)["config"]).is_file()


def test_account_writes_a_page_and_says_who_it_is(patron: Run, config: Path, project: Project) -> None:
    """One page below the output folder; the JSON holds the score, the orders and the drivers."""
    assert patron("score", config, "--json").code == 0
    customer = "K-slow"
    said = patron("account", config, customer)
    assert said.code == 0, said.err
    assert said.out.splitlines()[0] == customer
    page = Path(said.out.splitlines()[-1].removeprefix("Wrote "))
    assert customer in page.read_text(encoding="utf-8")
    found = only_object(patron("account", config, customer, "--json").out)
    orders = project.orders[project.orders["customer_id"] == customer]
    assert found["customer_id"] == found["score"]["customer_id"] == customer
    assert len(found["history"]["purchase_days"]) == orders["ordered_at"].dt.date.nunique()
    assert found["history"]["usual_gap_days"] == 150


def test_an_account_nobody_knows_exits_1(patron: Run, config: Path) -> None:
    """With ids that look alike."""
    assert patron("score", config, "--json").code == 0
    said = patron("account", config, "K-slo")
    assert said.code == 1
    assert "K-slow" in said.err
