"""`patron actions`: returned worklists on the command line, and the log in the rest of the project."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from openpyxl import Workbook

from patron.config import load_config
from patron.workflows.base import open_base
from patron.workflows.digests import data_digest

Run = Callable[..., Any]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A config on two customers."""
    (tmp_path / "o.csv").write_text("customer_id,ordered_at,amount\n007,2024-01-01,5\n8,2024-02-01,5\n")
    config = tmp_path / "c.yaml"
    config.write_text("name: x\nledger:\n  transactions: o.csv\nas_of: 2024-03-01\n")
    return config


def returned(path: Path, *rows: tuple[object, ...]) -> Path:
    """A worklist with customer, outcome, date."""
    book = Workbook()
    book.active.append(["Customer", "Outcome", "Outcome on"])
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def test_actions_are_added_and_the_line_for_the_config_is_said(patron: Run, shop: Path) -> None:
    """Into the output folder, as the config names no log; bad rows on stderr, with their number."""
    file = returned(
        shop.parent / "anna.xlsx", (7, "reached", date(2024, 2, 20)), ("8", "hm", date(2024, 2, 20))
    )
    said = patron("actions", shop, file)
    assert said.code == 0
    assert said.out.startswith("Added 1 action to ")
    assert "1 was not taken" in " ".join(said.out.split())
    assert "actions: runs/actions.csv" in said.out
    assert "anna.xlsx, sheet 'Sheet', row 3: the outcome 'hm' is not known" in " ".join(said.err.split())
    assert pd.read_csv(shop.parent / "runs" / "actions.csv", dtype=str)["customer_id"].tolist() == ["007"]


def test_json(patron: Run, shop: Path) -> None:
    """One object; the second time nothing is added; a log of the config is used and needs no line."""
    shop.write_text(shop.read_text().replace("o.csv\n", "o.csv\n  actions: log/a.csv\n"))
    files = [
        returned(
            shop.parent / "anna.xlsx", ("007", "reached", date(2024, 2, 20)), ("x", "lost", date(2024, 2, 2))
        ),
        returned(shop.parent / "bo.xlsx", ("8", "ordered", date(2024, 2, 20))),
    ]
    found = json.loads(patron("actions", shop, *files, "--json").out)
    assert found == {
        "log": str((shop.parent / "log" / "a.csv").resolve()),
        "actions": 3,
        "added": 3,
        "already_there": 0,
        "dated_by_the_list": 0,
        "problems": [],
        "unknown_customers": ["x"],
        "outweighed": [],
        "score_first": "2024-02-21",
        "set_aside": {},
        "line_to_add": None,
    }
    again = json.loads(patron("actions", shop, *files, "--json").out)
    assert (again["actions"], again["added"], again["already_there"]) == (3, 0, 3)


def test_scores_that_are_too_early_are_said(patron: Run, shop: Path) -> None:
    """A list of the newest scores leaves out what was done on their day or later: score first."""
    scores = shop.parent / "runs" / "scores"
    scores.mkdir(parents=True)
    row = {"customer_id": ["007"], "model": "m", "status": "scored"}
    for day, is_counted in (("2024-02-20", False), ("2024-02-21", True)):
        pd.DataFrame({**row, "as_of": day}).to_parquet(scores / f"{day}.parquet")
        said = patron("actions", shop, returned(shop.parent / "a.xlsx", (7, "reached", date(2024, 2, 20))))
        warned = "1 action of 2024-02-20 or later is not counted" in " ".join(said.err.split())
        assert warned is not is_counted
        asked = "worklist" if is_counted else "score"
        assert f"Next: patron {asked} " in said.out
        assert ("--as-of 2024-02-21" in said.out) is not is_counted


def test_one_stranger_is_one(patron: Run, shop: Path) -> None:
    """In the singular; a correction that changes nothing is said as well."""
    day = date(2024, 2, 20)
    patron("actions", shop, returned(shop.parent / "a.xlsx", ("x", "lost", day)))
    said = patron("actions", shop, returned(shop.parent / "a.xlsx", ("x", "reached", day)))
    told = " ".join(said.err.split())
    assert "1 customer is not in the ledger, e.g. 'x'; its actions are kept." in told
    assert "a.xlsx: 'reached' for customer 'x' on 2024-02-20 changes nothing, as the log says 'lost'" in told


def test_missing_files_are_all_named(patron: Run, shop: Path) -> None:
    """Before anything is written."""
    good = returned(shop.parent / "a.xlsx", ("007", "reached", date(2024, 2, 20)))
    said = patron("actions", shop, good, "b.xlsx", "c.xlsx")
    assert said.code == 1
    assert "b.xlsx" in said.err
    assert "c.xlsx" in said.err
    assert not (shop.parent / "runs").exists()


def test_a_wrong_file_does_not_stop_the_others(patron: Run, shop: Path) -> None:
    """It is named, and that the rest is done."""
    day = date(2024, 2, 20)
    good = returned(shop.parent / "a.xlsx", ("007", "reached", day), ("8", "hm", day))
    bad = shop.parent / "b.xlsx"
    bad.write_text("no workbook")
    book = Workbook()
    book.create_chartsheet("Chart")  # openpyxl stumbles over one without a chart
    book.save(shop.parent / "c.xlsx")
    said = patron("actions", shop, bad, shop.parent / "c.xlsx", good)
    assert said.code == 1
    assert "b.xlsx cannot be read as a spreadsheet" in said.err
    assert "c.xlsx cannot be read as a spreadsheet" in said.err
    assert "not taken: a.xlsx, sheet 'Sheet', row 3: the outcome 'hm'" in " ".join(said.err.split())
    assert "The other files are imported" in said.err
    assert len(pd.read_csv(shop.parent / "runs" / "actions.csv")) == 1


def test_the_base_holds_the_log_beside_the_tables(shop: Path) -> None:
    """Read with the config; strangers are named; the customer tables, which features see, stay the same."""
    (shop.parent / "a.csv").write_text(
        "customer_id,happened_at,outcome\n007,2024-02-01,reached\nx,2024-02-01,lost\n7,2024-02-01,hm\n"
    )
    without = open_base(load_config(shop))
    base = open_base(load_config(shop, ["ledger.actions=a.csv"]))
    assert without.actions is None
    assert base.actions is not None
    assert base.actions["customer_id"].tolist() == ["007", "x"]
    assert base.actions.attrs["unknown_customers"] == ["x"]
    assert base.actions.attrs["set_aside"] == {"unknown_outcome": 1}
    assert data_digest(base.tables) == data_digest(without.tables)
    assert base.tables.events is None
    assert base.tables.attributes is None
