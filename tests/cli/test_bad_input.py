"""Everything that can be wrong with an input, through the real command line.

Exit code 1; what is wrong, how many, an instance, what to do; no traceback; nothing half-written.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from trade_project import trade_orders

Run = Callable[..., Any]
HEAD = "customer_id,ordered_at,amount\n"
DAYS = pd.date_range("2023-01-02", periods=40, freq="9D")
#: Forty orders of eight customers over a year.
GOOD = HEAD + "".join(f"c{i % 8},{day:%Y-%m-%d},{10 + i}\n" for i, day in enumerate(DAYS))
#: Twenty customers, 400 orders.
MANY = HEAD + "".join(f"c{i % 20},{DAYS[i % 40]:%Y-%m-%d},{10 + i}\n" for i in range(400))
CONFIG = "name: shop\nledger:\n  transactions: orders.csv\n"


class Project:
    """A folder with a config and an order file, and what is there after a command."""

    def __init__(self, folder: Path, run: Run) -> None:
        self.folder, self.run = folder, run
        self.config = folder / "patron.yaml"

    def write(
        self, orders: str | bytes | None = GOOD, config: str = CONFIG, name: str = "orders.csv"
    ) -> None:
        """Write the inputs."""
        self.config.write_text(config, encoding="utf-8")
        if orders is not None:
            data = orders if isinstance(orders, bytes) else orders.encode()
            (self.folder / name).write_bytes(data)

    def refused(self, *said: str, command: str = "train", words: tuple[str, ...] = ()) -> str:
        """Run, expect a refusal that says all of this, and nothing written; return the message."""
        before = sorted(self.folder.rglob("*"))
        found = self.run(command, self.config, *words)
        message = " ".join(found.err.split())
        assert found.code == 1, message
        assert "Error" in found.err
        assert "Traceback" not in found.err + found.out
        for pattern in said:
            assert re.search(pattern, message), f"{pattern!r} is not said in: {message}"
        assert sorted(self.folder.rglob("*")) == before
        return message


@pytest.fixture
def project(tmp_path: Path, patron: Run) -> Project:
    return Project(tmp_path, patron)


def test_a_missing_column(project: Project) -> None:
    """What is missing, what is there, where to say it."""
    project.write(GOOD.replace("amount", "value_eur"))
    project.refused("no column for amount", "value_eur", r"ledger\.columns")


def test_several_problems_are_told_at_once(project: Project) -> None:
    """Nobody wants to repair and retry five times."""
    project.write(GOOD.replace("amount", "value").replace("ordered_at", "when"))
    project.refused("Error 1 of 2", "Error 2 of 2", "amount", "ordered_at")


def test_an_unknown_config_key(project: Project) -> None:
    """A misspelt key would otherwise be ignored in silence."""
    project.write(config=CONFIG + "churn: {horizon_day: 60}\n")
    project.refused("horizon_day", "horizon_days")


def test_an_unknown_config_section(project: Project) -> None:
    """One level up."""
    project.write(config=CONFIG + "chrun: {horizon_days: 60}\n")
    project.refused("chrun", "churn")


def test_a_value_of_the_wrong_kind(project: Project) -> None:
    """Words for a number."""
    project.write(config=CONFIG + "churn: {horizon_days: ninety}\n")
    project.refused(r"churn\.horizon_days", "ninety")


def test_an_override_that_sets_nothing(project: Project) -> None:
    """--set without a value."""
    project.write()
    project.refused("'churn.horizon_days' sets nothing", "key=value", words=("--set", "churn.horizon_days"))


def test_two_columns_mapped_to_one(project: Project) -> None:
    """The amount cannot be the cost as well."""
    project.write(config=CONFIG + "  columns: {amount: amount, cost: amount}\n")
    project.refused("amount.*cost|cost.*amount", "'amount'")


def test_a_config_that_is_not_there(project: Project) -> None:
    """With what makes one."""
    project.refused("no such config file", "patron init")


def test_a_config_that_is_no_yaml(project: Project) -> None:
    """With the place."""
    project.write(config="name: [shop\n")
    project.refused("is not YAML", "line")


def test_an_order_file_that_is_not_there(project: Project) -> None:
    """The neighbour with a similar name is suggested."""
    project.write(name="order.csv")
    project.refused(r"orders\.csv does not exist", r"order\.csv")


@pytest.mark.parametrize("content", ["", HEAD])
def test_an_empty_file(project: Project, content: str) -> None:
    """Zero bytes, or a header alone."""
    project.write(content)
    project.refused(r"orders\.csv", "is empty|no rows")


def test_a_file_of_one_customer(project: Project) -> None:
    """There is nothing to compare with."""
    project.write(re.sub(r"c\d,", "c0,", GOOD))
    project.refused("1 customer", "more", words=("--set", "churn.horizon_days=30"))


def test_all_orders_on_one_day(project: Project) -> None:
    """A span of one day; what a horizon needs, and the smallest change."""
    project.write(re.sub(r"\d{4}-\d\d-\d\d", "2023-05-01", GOOD) + "c9,2023-05-01,3\n")
    project.refused("2023-05-01", "horizon", "older orders")


def test_a_horizon_longer_than_the_data(project: Project) -> None:
    """How long the data are, what is needed, what to set."""
    project.write()
    message = project.refused(
        "horizon of 300 days", r"at least 600", words=("--set", "churn.horizon_days=300")
    )
    assert "span 352 days" in message


def test_an_as_of_before_the_first_order(project: Project) -> None:
    """Which day the first order is on."""
    project.write()
    project.refused("as_of 2022-12-01", "first order is on 2023-01-02", words=("--as-of", "2022-12-01"))


def test_two_currencies(project: Project) -> None:
    """Euros and dollars cannot be added; how many of which."""
    lines = GOOD.replace(HEAD, "customer_id,ordered_at,amount,currency\n").splitlines()
    rows = [lines[0], *(f"{line},{'USD' if i % 4 == 0 else 'EUR'}" for i, line in enumerate(lines[1:]))]
    project.write("\n".join(rows) + "\n")
    project.refused(r"EUR.*30|30.*EUR", r"USD.*10|10.*USD")


def test_a_folder_without_files(project: Project) -> None:
    """Which kinds of files are looked for."""
    (project.folder / "orders").mkdir()
    project.write(None, CONFIG.replace("orders.csv", "orders"))
    project.refused("orders", r"\.parquet.*\.csv")


def test_a_corrupt_parquet_file(project: Project) -> None:
    """Cut in the middle, as an interrupted download is."""
    whole = project.folder / "orders.parquet"
    trade_orders().to_parquet(whole)
    project.write(whole.read_bytes()[:3000], CONFIG.replace("csv", "parquet"), "orders.parquet")
    project.refused(r"orders\.parquet", "cannot be read as Parquet")


def test_another_encoding(project: Project) -> None:
    """GB18030 in a file that is said to be UTF-8."""
    text = GOOD.replace("c1,", "北京客户,").encode("gb18030")
    project.write(text)
    project.refused(r"orders\.csv", "encoding", "(?i)gb18030|utf-8")


def test_another_separator(project: Project) -> None:
    """Semicolons in a file that is said to have commas."""
    project.write(GOOD.replace(",", ";"))
    project.refused("separator", ";")


def test_decimal_commas(project: Project) -> None:
    """12,50 is no number until somebody says so."""
    rows = re.sub(r",(\d+)\n", r',"\1,50"\n', GOOD)
    project.write(rows)
    project.refused("40", "decimal", '","')


def test_dates_that_can_be_read_two_ways(project: Project) -> None:
    """3/4 is a day in March or in April: nothing is guessed."""
    rows = HEAD + "".join(f"c{i % 8},{i % 9 + 1:02d}/{i % 7 + 1:02d}/2023,{i + 1}\n" for i in range(40))
    project.write(rows)
    project.refused("date_format", "01/01/2023|02/02/2023|day", "month|%m")


def test_an_order_dated_2099_at_latest(project: Project) -> None:
    """It lies in the future: it waits as `later`, and lapses nobody."""
    project.write(GOOD + "c1,2099-12-31,5\n")
    found = project.run("check", project.config)
    assert found.code == 0
    assert "1 later" in found.out
    assert "to 2023-12-19" in found.out


def test_an_order_far_after_all_others(project: Project) -> None:
    """One order two years after the rest would make everybody look lapsed."""
    project.write(MANY + "c1,2025-12-31,5\n")
    project.refused("2025-12-31", "as_of")


def test_no_readable_row(project: Project) -> None:
    """Each reason with its rows and an instance."""
    project.write(HEAD + ",2023-01-01,5\nc1,soon,5\nc2,2023-01-01,much\n")
    project.refused("none of 3 rows can be used", "no_customer 1", "unreadable_date 1", "unreadable_amount 1")


def test_an_attribute_that_is_not_in_the_customer_file(project: Project) -> None:
    """Its name, and what the file has."""
    project.write(config=CONFIG + "  customers: customers.csv\nfeatures: {attributes: [size]}\n")
    (project.folder / "customers.csv").write_text("customer_id,industry\nc1,food\n")
    project.refused("size", "industry")


def test_attributes_without_a_customer_file(project: Project) -> None:
    """There is nothing to take them from."""
    project.write(config=CONFIG + "features: {attributes: [size]}\n")
    project.refused("size", r"customers|ledger\.customers")


def test_an_unknown_feature_group(project: Project) -> None:
    """With those that exist."""
    project.write(config=CONFIG + "features: {groups: [rfm, rythm]}\n")
    project.refused("rythm", "rhythm")


def test_no_feature_group(project: Project) -> None:
    """An empty list is not "all"."""
    project.write(config=CONFIG + "features: {groups: []}\n")
    project.refused(r"features\.groups", "use all")


def test_a_playbook_that_is_not_there(project: Project) -> None:
    """Found before anything is trained."""
    project.write(config=CONFIG + "playbook: mine.yaml\n")
    project.refused(r"mine\.yaml")


def test_an_output_that_is_a_file(project: Project) -> None:
    """The folder cannot be made; that is no traceback."""
    project.write(MANY, CONFIG + "output: taken\nchurn: {horizon_days: 30}\n")
    (project.folder / "taken").write_text("a file")
    found = project.run("train", project.config)
    assert found.code == 1
    assert "taken" in found.err
    assert "Traceback" not in found.err


def test_a_store_that_is_no_database(project: Project) -> None:
    """With what to do."""
    project.write(config=CONFIG + "churn: {horizon_days: 30}\n")
    (project.folder / "mlflow.db").write_text("not a database, but long enough to look like one " * 20)
    found = project.run("score", project.config)
    assert found.code == 1
    assert "mlflow.db" in found.err
    assert "Traceback" not in found.err


def test_a_model_folder_that_is_not_there(project: Project) -> None:
    """What was typed, and the forms that work."""
    project.write()
    project.refused("no-such-folder", command="score", words=("--model", "no-such-folder"))


def test_scores_to_another_kind_of_file(project: Project) -> None:
    """Said before any work is done, not after."""
    project.write()
    project.refused(r"\.parquet or \.csv", command="score", words=("--out", "scores.xlsx"))


def test_init_on_a_file_that_is_no_table(project: Project, tmp_path: Path) -> None:
    """Nothing is written."""
    (tmp_path / "photo.parquet").write_bytes(bytes(range(256)) * 20)
    found = project.run("init", tmp_path / "shop", "--ledger", tmp_path / "photo.parquet")
    assert found.code == 1
    assert "photo.parquet" in found.err
    assert not (tmp_path / "shop").exists()


def test_from_a_shell_there_is_no_traceback_either(project: Project) -> None:
    """The installed command, in its own process."""
    project.write(GOOD.replace("amount", "value"))
    command = [sys.executable, "-m", "patron", "train", str(project.config)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "no column for amount" in done.stderr
    assert "Traceback" not in done.stderr
