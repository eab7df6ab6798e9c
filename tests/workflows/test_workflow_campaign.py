"""A campaign from the worklist to the readout and back into the worklist."""

from __future__ import annotations

import json
import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from trade_project import Project, copied

from patron.actions import how_to_read
from patron.campaigns import read_campaign, write_uplift
from patron.campaigns.two_models import TwoModels, fit_two_models
from patron.config import Config, load_config
from patron.errors import NotEnoughData, PatronError
from patron.workflows import Designed, design_campaign, read_out_campaign, score, worklist

START, WINDOW = "2023-03-02", 60
QUICK = ("tracking.experiment=again", "worklist.capacity=1000", "worklist.cost=3")


class Begun(NamedTuple):
    """A campaign on the trade project: its config on the first day, and on the day it ends."""

    config: Config
    later: Config
    designed: Designed


@pytest.fixture(scope="module")
def spring(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a project with scores of the first day and a campaign."""
    path = copied(project, tmp_path_factory.mktemp("spring"))
    config = load_config(path, [*QUICK, f"as_of={START}"])
    model = next((config.output_folder / "models").iterdir())
    score(config, model=str(model))
    design_campaign(config, "spring", window_days=WINDOW, size=150)
    return config.folder


@pytest.fixture
def begun(spring: Path, tmp_path: Path) -> Begun:
    """A copy that a test may change."""
    shutil.copytree(spring, tmp_path / "copy")
    config = load_config(tmp_path / "copy" / "patron.yaml", [*QUICK, f"as_of={START}"])
    folder = config.output_folder / "campaigns" / "spring"
    campaign = read_campaign(folder)
    end = date.fromisoformat(START) + timedelta(days=WINDOW)
    return Begun(config, copy_of(config, end), Designed(campaign.plan, campaign.assignment, folder))


def copy_of(config: Config, day: date) -> Config:
    return load_config(config.folder / "patron.yaml", [*QUICK, f"as_of={day}"])


def test_half_is_called_and_half_is_left_alone(begun: Begun) -> None:
    """The plan says what was drawn, its files are as they were written, and no control is on a list."""
    config, _, designed = begun
    plan, rows = designed.plan, designed.assignment
    assert plan.accounts == len(rows) == plan.treated + plan.control
    assert abs(plan.treated - plan.control) <= 1
    assert rows["assigned_on"].unique().tolist() == [START]
    assert sorted(path.name for path in designed.folder.iterdir()) == ["assignment.csv", "plan.json"]
    written = json.loads((designed.folder / "plan.json").read_text(encoding="utf-8"))
    assert written["digest"] == plan.to_dict()["digest"]
    half, whole, twice = (row["retention"] for row in plan.power["sizes"][:3])
    assert half > whole > twice > 0
    controls = set(rows.loc[rows["arm"] == "control", "customer_id"])
    listed = worklist(config)
    assert not controls & set(listed.lists.calls["customer_id"])
    assert listed.lists.counts["control"] == len(controls)
    named = listed.lists.calls.set_index("customer_id")["campaign"].dropna()
    treated = set(rows.loc[rows["arm"] == "treatment", "customer_id"])
    assert set(named) == {"spring"}
    assert set(named.index) == treated & set(listed.lists.calls["customer_id"])


def test_the_margin_before_is_that_of_the_orders(begun: Begun) -> None:
    """Plain pandas finds the same revenue of the year before, refunds subtracted."""
    config, _, designed = begun
    orders = pd.read_parquet(config.path(str(config.ledger.transactions)))
    day = pd.Timestamp(START)
    window = orders[(orders["ordered_at"] >= day - pd.Timedelta(days=365)) & (orders["ordered_at"] < day)]
    expected = (
        window.groupby("customer_id")["amount"].sum().reindex(designed.assignment["customer_id"]).fillna(0)
    )
    np.testing.assert_allclose(designed.assignment["margin_before"], expected, rtol=0, atol=0.02)


def test_nothing_is_shown_before_the_end(begun: Begun) -> None:
    """Counts and balance, but no effect, and no file."""
    early = copy_of(begun.config, date.fromisoformat(START) + timedelta(days=WINDOW - 10))
    found = read_out_campaign(early, "spring")
    assert found.readout.code == "too_early"
    assert found.path is None
    assert not {"retention", "margin", "save_rates"} & set(found.readout.to_dict())
    assert not (begun.designed.folder / "readout.json").exists()


def test_the_readout_is_that_of_the_orders(begun: Begun) -> None:
    """Arm means as plain pandas finds them; the next list ranks by what was measured."""
    config, later, designed = begun
    found = read_out_campaign(later, "spring")
    content = found.readout.to_dict()
    assert json.loads(found.path.read_text(encoding="utf-8")) == content  # type: ignore[union-attr]
    orders = pd.read_parquet(config.path(str(config.ledger.transactions)))
    start = pd.Timestamp(START)
    window = orders[
        (orders["ordered_at"] >= start) & (orders["ordered_at"] < start + pd.Timedelta(days=WINDOW))
    ]
    bought = set(window.loc[window["amount"] > 0, "customer_id"])
    rows = designed.assignment.assign(kept=[one in bought for one in designed.assignment["customer_id"]])
    share = rows.groupby("arm")["kept"].mean()
    raw = content["retention"]["raw"]
    assert (raw["mean_treated"], raw["mean_control"]) == pytest.approx((share["treatment"], share["control"]))
    assert raw["low"] < raw["estimate"] < raw["high"]
    assert content["cost"] == 3 * designed.plan.treated
    assert content["srm"]["is_mismatch"] is False
    listed = worklist(later_scores(later))
    terms = listed.lists.facts.terms
    assert terms.measured is not None
    assert terms.measured.campaign == "spring"
    row = listed.lists.judged.dropna(subset=["risk_x_value", "value_at_risk"]).iloc[0]
    rate = terms.measured.of(row.to_frame().T)[0]
    assert row["risk_x_value"] == pytest.approx(rate * row["value_at_risk"] - 3, abs=0.02)
    assert listed.lists.counts["control"] == 0, "the window is over"


def test_the_run_in_mlflow_says_the_same(begun: Begun) -> None:
    """Verdict and plan as tags, the effect as metrics."""
    content = read_out_campaign(begun.later, "spring").readout.to_dict()
    client = MlflowClient(f"sqlite:///{begun.config.folder / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("again")
    assert experiment is not None
    (run,) = client.search_runs([experiment.experiment_id], "tags.patron.campaign = 'spring'")
    assert run.data.tags["patron.verdict"] == content["verdict"]["code"]
    assert run.data.tags["patron.plan"] == begun.designed.plan.to_dict()["digest"]
    for key in ("estimate", "low", "high"):
        assert run.data.metrics[f"retention.{key}"] == content["retention"]["adjusted"][key]


def test_a_supported_uplift_ranks_the_next_list(begun: Begun) -> None:
    """Gain = predicted difference of staying x what is lost with the customer - cost; harm is left off."""
    _, later, designed = begun
    read = read_out_campaign(later, "spring")
    assert read.page is not None
    assert "Did it help?" in read.page.read_text(encoding="utf-8")
    listed = later_scores(later)
    models = caller_models(later)
    support(designed.folder, write_uplift(designed.folder, models))
    lists = worklist(listed).lists
    judged = lists.judged.dropna(subset=["risk_x_value"]).set_index("customer_id")
    features = recency(later).reindex(judged.index)
    gain = models.predict(features)
    expected = gain * judged["value_at_risk"] / judged["churn_probability"] - 3
    np.testing.assert_allclose(judged["risk_x_value"], expected, rtol=1e-3, atol=0.02)
    harmed = judged[gain <= 0]
    assert len(harmed) > 0
    assert harmed["left_off"].notna().all()
    assert any("ranked by uplift" in said for said in how_to_read(lists))


def test_changed_models_of_uplift_are_refused(begun: Begun) -> None:
    """The readout names the bytes that it judged."""
    _, later, designed = begun
    read_out_campaign(later, "spring")
    support(designed.folder, write_uplift(designed.folder, caller_models(later)))
    path = designed.folder / "uplift.json"
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(PatronError, match=r"uplift\.json' was changed after it was written"):
        worklist(later_scores(later))


def recency(config: Config) -> pd.DataFrame:
    """Days since the last purchase day by customer, counted from the orders."""
    orders = pd.read_parquet(config.path(str(config.ledger.transactions)))
    day = pd.Timestamp(config.as_of)
    past = orders[(orders["ordered_at"] < day) & (orders["amount"] > 0)]
    silent = day - past.groupby("customer_id")["ordered_at"].max().dt.floor("D")
    return pd.DataFrame({"days_since_last_order": silent.dt.days.astype(float)})


def caller_models(config: Config) -> TwoModels:
    """Models of a made-up campaign: a call keeps the silent and drives the others away."""
    days = recency(config)
    half = float(days["days_since_last_order"].median())
    rng = np.random.default_rng(1)
    many = pd.DataFrame({"days_since_last_order": rng.uniform(0, 2 * half, 2000)})
    treated = rng.random(2000) < 0.5
    chance = 0.6 + 0.3 * treated * np.where(many["days_since_last_order"] > half, 1, -1)
    stayed = rng.random(2000) < chance
    return fit_two_models(many, stayed, treated, columns=["days_since_last_order"])


def support(folder: Path, digest: str) -> None:
    """Write a judgement into the readout."""
    path = folder / "readout.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["uplift"] = {"supported": True, "models_sha256": digest}
    path.write_text(json.dumps(content), encoding="utf-8")


def later_scores(config: Config) -> Config:
    score(config, model=str(next((config.output_folder / "models").iterdir())))
    return config


def test_orders_after_the_day_change_no_assignment(begun: Begun, tmp_path: Path) -> None:
    """The same scores and a ledger without its future give the same bytes."""
    path = begun.config.path(str(begun.config.ledger.transactions))
    orders = pd.read_parquet(path)
    orders[orders["ordered_at"] < START].to_parquet(path)
    with pytest.raises(NotEnoughData, match="no account is left"):
        design_campaign(begun.config, "again", window_days=WINDOW, size=150)
    begun.designed.folder.rename(tmp_path / "spring")
    same = design_campaign(begun.config, "same", window_days=WINDOW, size=150)
    assert (same.folder / "assignment.csv").read_bytes() == (
        tmp_path / "spring" / "assignment.csv"
    ).read_bytes()


def test_what_cannot_be_is_refused(begun: Begun) -> None:
    """A name twice or none, a changed file, a campaign that is not there, too few accounts."""
    config, later, designed = begun
    with pytest.raises(PatronError, match="there is a campaign 'spring' already"):
        design_campaign(config, "spring")
    with pytest.raises(PatronError, match="cannot be the name of a campaign"):
        design_campaign(config, "../x")
    with pytest.raises(PatronError, match="there is no campaign 'autumn'"):
        read_out_campaign(later, "autumn")
    with pytest.raises(NotEnoughData, match="two of each at least"):
        _tiny(config)
    path = designed.folder / "assignment.csv"
    path.write_bytes(path.read_bytes().replace(b"control", b"treatment", 1))
    with pytest.raises(PatronError, match="was changed after it was written"):
        read_out_campaign(later, "spring")


def _tiny(config: Config) -> None:
    from patron.campaigns import assign

    accounts = pd.DataFrame(
        {
            "customer_id": ["a", "b"],
            "group_id": ["a", "b"],
            "tier": "x",
            "lifecycle_stage": "y",
            "value_at_risk": 1.0,
        }
    )
    assign(accounts, treated_share=0.5, seed=config.seed)
