"""What a campaign came to, on accounts whose arithmetic fits on paper."""

from __future__ import annotations

import json
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from patron.campaigns import ANALYSIS, CampaignPlan, Readout, read_out
from patron.simulation.campaign import simulate_campaign

END = date(2024, 3, 31)


def plan(cost: float = 10.0) -> CampaignPlan:
    return CampaignPlan(
        name="spring", hypothesis="", as_of="2024-01-01", window_days=90, alpha=0.05, treated_share=0.5,
        strata=("tier",), covariate_days=365, seed=3, cost_per_account=cost, currency="EUR", accounts=0,
        groups=0, treated=0, control=0, power={}, analysis=ANALYSIS, excluded={}, scores_sha256="",
        assignment_sha256="",
    )  # fmt: skip


def arms(treated: int, control: int, kept: tuple[int, int], margin: tuple[float, float]) -> pd.DataFrame:
    """So many accounts per arm, so many of each that order, each of those with the same margin."""
    n = treated + control
    is_treated = np.arange(n) < treated
    place = np.where(is_treated, np.arange(n), np.arange(n) - treated)
    retained = place < np.where(is_treated, *kept)
    ids = [f"C{i:04d}" for i in range(n)]
    return pd.DataFrame(
        {
            "customer_id": ids, "group_id": ids, "stratum": "s", "tier": "standard",
            "lifecycle_stage": "mature", "arm": np.where(is_treated, "treatment", "control"),
            "churn_probability": 0.4, "value_at_risk": 1.0, "clv": 1.0,
            "margin_before": 100.0 + np.arange(n) % 7, "retained": retained,
            "margin": retained * np.where(is_treated, *margin), "is_known": True,
        }
    )  # fmt: skip


def read(rows: pd.DataFrame, cost: float = 10.0) -> Readout:
    outcomes = rows[["customer_id", "margin_before", "retained", "margin", "is_known"]]
    return read_out(plan(cost), rows.drop(columns=["retained", "margin", "is_known"]), outcomes, as_of=END)


@pytest.mark.parametrize(
    ("kept", "code", "said"),
    [
        ((160, 100), "helped", "Calling helped: 30.0 points more"),
        ((100, 160), "harmed", "Calling harmed: 30.0 points fewer"),
        ((130, 128), "not_shown", "Not shown"),
    ],
)
def test_the_verdict_follows_the_interval(kept: tuple[int, int], code: str, said: str) -> None:
    """200 accounts per arm; both languages name the same interval."""
    found = read(arms(200, 200, kept, (50.0, 50.0)))
    assert found.code == code
    verdict = found.content["verdict"]
    assert said in verdict["en"]
    effect = found.content["retention"]["adjusted"]
    assert effect["estimate"] == pytest.approx((kept[0] - kept[1]) / 200, abs=0.005)
    for end in ("low", "high"):
        assert all(f"{100 * effect[end]:.1f}" in verdict[language] for language in ("en", "zh"))


def test_cost_and_return_are_those_of_the_accounts() -> None:
    """200 called at 10; 160 x 50 against 100 x 50 per 200 accounts is 15 more each: 3,000 for 2,000."""
    content = read(arms(200, 200, (160, 100), (50.0, 50.0))).content
    assert content["margin"]["raw"]["estimate"] == pytest.approx(15.0)
    assert content["cost"] == 2000
    gained = content["incremental"]["margin"]
    assert gained == pytest.approx(3000, rel=0.03)
    assert content["return_ratio"] == pytest.approx(gained / 2000)
    assert read(arms(200, 200, (160, 100), (50.0, 50.0)), cost=0.0).content["return_ratio"] is None
    assert json.loads(json.dumps(content, allow_nan=False)) == content


def test_save_rate_is_one_less_the_ratio_of_churn() -> None:
    """40 of 200 against 100 of 200 left: 1 - .2 / .5."""
    rate = read(arms(200, 200, (160, 100), (50.0, 50.0))).content["save_rate"]
    assert (rate["churn_treated"], rate["churn_control"]) == (0.2, 0.5)
    assert rate["save_rate"] == pytest.approx(0.6)
    assert rate["low"] < 0.6 < rate["high"]


def test_one_account_does_not_carry_the_capped_estimate() -> None:
    """A margin of a million in the treated arm moves the plain difference by 5,000, the capped one by 50."""
    rows = arms(200, 200, (160, 100), (50.0, 50.0))
    rows.loc[0, "margin"] = 1e6
    content = read(rows).content["margin"]
    assert content["raw"]["estimate"] > 4000
    assert abs(content["robust"]["estimate"] - 15) < 50


def test_arms_that_were_not_drawn_are_invalid() -> None:
    """300 against 200 of a draw by halves: no verdict on the effect, whatever it is; no rates to rank by."""
    found = read(arms(300, 200, (240, 100), (50.0, 50.0)))
    assert found.code == "invalid"
    assert found.content["srm"]["is_mismatch"] is True
    assert "points" not in found.content["verdict"]["en"]


def test_accounts_that_vanish_count_against_the_draw() -> None:
    """A third of the control accounts no longer in the orders: the arms are not what was drawn."""
    rows = arms(200, 200, (160, 100), (50.0, 50.0))
    rows.loc[200:270, "is_known"] = False
    found = read(rows)
    assert found.code == "invalid"
    assert found.content["unknown_accounts"] == 71


def test_before_the_end_nothing_is_said() -> None:
    """Counts and balance only."""
    rows = arms(200, 200, (160, 100), (50.0, 50.0)).drop(columns=["retained", "margin", "is_known"])
    found = read_out(plan(), rows, None, as_of=END - timedelta(days=12))
    assert found.code == "too_early"
    assert found.content["days_left"] == 12
    assert not {"retention", "margin", "save_rates", "incremental"} & set(found.content)


def test_tiers_are_pulled_towards_each_other() -> None:
    """Every estimate lies between its own and the common one, the smaller tier nearer to the latter."""
    rows = simulate_campaign(3000, "tier", seed=5).assign(is_known=True, value_at_risk=1.0, clv=1.0)
    found = read(rows).content["by_tier"]
    assert [row["value"] for row in found] == ["at_risk", "high_value", "potential", "standard"]
    raw = [row["raw"] for row in found]
    assert all(min(raw) <= row["estimate"] <= max(raw) for row in found)
    assert np.ptp([row["estimate"] for row in found]) < np.ptp(raw)
    at_risk = found[0]
    assert at_risk["low"] < 0.5 * 0.55 < at_risk["high"], "the truth of the tier: half of 55 % are kept"


@pytest.mark.parametrize(
    ("treated", "control", "kept"), [(5, 5, (5, 5)), (5, 5, (0, 0)), (6, 6, (6, 0)), (2, 2, (1, 1))]
)
def test_a_handful_of_accounts_shows_nothing(treated: int, control: int, kept: tuple[int, int]) -> None:
    """No interval from rounding, none beyond all and none, and JSON without NaN."""
    found = read(arms(treated, control, kept, (50.0, 50.0)))
    assert found.code == "not_shown"
    json.dumps(found.content, allow_nan=False)
    for effect in found.content["retention"].values():
        assert effect["low"] is None or -1 <= effect["low"] <= effect["high"] <= 1
    said = found.content["verdict"]
    assert "?" not in said["en"] + said["zh"]
