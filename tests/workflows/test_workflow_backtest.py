"""`backtest`: files beside and renamed, a run with a run below it per date, settings that are obeyed."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from mlflow import MlflowClient
from trade_project import Project, copied, trade_orders

from patron.config import Config, load_config
from patron.errors import NotEnoughData
from patron.workflows import Backtested, backtest, report, score
from patron.workflows.backtest import backtest_terms, newest_backtest
from patron.workflows.base import open_base

SMALL = [
    "tracking.experiment=again",
    "snapshots.max_count=3",
    "clv.model=last_year",
    "features.groups=[rfm, rhythm]",
]


@pytest.fixture(scope="module")
def config(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Config:
    """The trade with two industries, calls that cost money, and a capacity per owner."""
    path = copied(project, tmp_path_factory.mktemp("backtest"))
    customers = sorted(set(trade_orders()["customer_id"]))
    pd.DataFrame(
        {
            "customer_id": customers,
            "industry": ["hotel" if k % 3 else "shop" for k in range(len(customers))],
            "owner": ["Ann" if k % 2 else "Bob" for k in range(len(customers))],
        }
    ).to_csv(path.parent / "customers.csv", index=False)
    changes = ["ledger.customers=customers.csv", "clv.by=industry", "worklist.capacity=7", "worklist.cost=4"]
    return load_config(path, [*SMALL, *changes, "worklist.save_rate=0.5"])


@pytest.fixture(scope="module")
def done(config: Config) -> Backtested:
    """Two dates."""
    return backtest(config, cutoffs=2)


def test_files_hold_the_result(done: Backtested, config: Config) -> None:
    """JSON below the output folder, the page beside it, nothing half-written."""
    assert done.path == config.output_folder / "backtests" / "2023-07-02.json"
    assert json.loads(done.path.read_text()) == json.loads(json.dumps(done.result.to_dict()))
    assert done.result.verdict["en"] in done.page.read_text()
    assert sorted(p.name for p in done.path.parent.iterdir()) == ["2023-07-02.html", "2023-07-02.json"]


def test_the_worklist_settings_are_obeyed(done: Backtested) -> None:
    """Seven calls for each of two owners on two dates, at 4 each, half of the leavers saved."""
    profit = done.result.churn["profit"]
    assert (profit["save_rate"], profit["cost"]) == (0.5, 4.0)
    assert {one["calls"] for one in profit["lists"].values()} == {2 * 7 * 2}
    nobody_left = -4.0 * 28
    assert all(one["realised"] >= nobody_left for one in profit["lists"].values())


def test_a_tenth_is_called_where_nothing_is_said(project: Project) -> None:
    """Without owners and without a written capacity; a written one counts for one owner."""
    plain = load_config(project.config)
    assert backtest_terms(plain, open_base(plain)).calls.per_owner is None
    written = load_config(project.config, ["worklist.capacity=20"])
    assert backtest_terms(written, open_base(written)).calls.per_owner == 20


def test_calibration_is_shown_by_segment(done: Backtested) -> None:
    """The attribute named in clv.by: every judged customer in one group."""
    groups = done.result.churn["calibration"]["by_segment"]["industry"]
    assert [row["group"] for row in groups] == ["hotel", "shop"]
    assert sum(row["n"] for row in groups) == sum(block["n"] for block in done.result.cutoffs)


def test_the_run_has_one_below_it_for_each_date(done: Backtested, config: Config) -> None:
    """Figures, page and JSON in the run; no customer anywhere."""
    client = MlflowClient(config.tracking_uri)
    run = client.get_run(done.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.tags["patron.complete"] == "true"
    assert run.data.tags["patron.kind"] == "backtest"
    auc = done.result.churn["entrants"]["chosen"]["auc"]
    assert run.data.metrics["churn.chosen.auc"] == pytest.approx(auc)
    below = client.search_runs([run.info.experiment_id], f"tags.`mlflow.parentRunId` = '{done.run_id}'")
    assert {r.info.run_name for r in below} == {f"cutoff {b['as_of']}" for b in done.result.cutoffs}
    assert {r.data.tags["patron.complete"] for r in below} == {"true"}
    assert {f.path for f in client.list_artifacts(done.run_id)} == {"backtest.json", "backtest.html"}
    texts = [done.path.read_text(), done.page.read_text()]
    names = set(trade_orders()["customer_id"])
    assert not any(name in text for name in names for text in texts)


def test_the_report_shows_the_newest_backtest(done: Backtested, config: Config) -> None:
    """Its verdict; one of a later day is not looked at."""
    later = done.path.with_name("2023-12-31.json")
    later.write_text(done.path.read_text().replace(done.result.verdict["en"], "from the future"))
    try:
        scored = score(config)
        assert done.result.verdict["en"] in report(config, scores_file=scored.path).read_text()
        assert done.result.verdict["zh"] in report(config, scores_file=scored.path, language="zh").read_text()
        found = newest_backtest(config, "2023-07-01")
        assert found is None
    finally:
        later.unlink()


def test_a_broken_file_is_no_backtest(done: Backtested, config: Config) -> None:
    """The report is written all the same."""
    later = done.path.with_name("2023-07-03.json")
    later.write_text("{")
    try:
        assert newest_backtest(config, "2023-07-04") == json.loads(done.path.read_text())
    finally:
        later.unlink()


def test_a_short_log_says_so(project: Project, tmp_path: Path) -> None:
    """Nothing is written, and the message names what to change."""
    short = load_config(project.config, ["as_of=2021-05-01"])
    with pytest.raises(
        NotEnoughData, match="a backtest with a horizon of 60 days needs at least 180"
    ) as caught:
        backtest(short, out=tmp_path / "x.json")
    assert "churn.horizon_days" in str(caught.value.next_step)
    assert list(tmp_path.iterdir()) == []
