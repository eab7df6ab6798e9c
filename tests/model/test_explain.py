"""`PatronModel.explain` and `importance`: numbers that add up, words for every status, errors for people."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pandas as pd
import pytest
from trade_project import Project

from patron.errors import ModelError, PatronError
from patron.learning._training_day import churn_importance, medians_by_risk
from patron.model import Explanation, PatronModel
from patron.model._customer import similar_ids
from patron.scoring.drivers import DRIVERS
from patron.snapshots import CustomerMerge, to_day

AS_OF = "2023-07-02"


def one(scores: pd.DataFrame, status: str, risk: str | None = None) -> str:
    """The first customer of a status and risk."""
    fits = scores["status"] == status
    if risk is not None:
        fits &= scores["churn_risk"] == risk
    return str(scores.loc[fits, "customer_id"].iloc[0])


@pytest.fixture(scope="module")
def of_everybody(project: Project, model: PatronModel, scores: pd.DataFrame) -> dict[str, Explanation]:
    """A customer of each kind."""
    wanted = {risk: one(scores, "scored", risk) for risk in ("low", "medium", "high")}
    wanted |= {"lapsed": one(scores, "lapsed"), "excluded": "K-none"}
    return {kind: model.explain(project.orders, name, AS_OF) for kind, name in wanted.items()}


SCORED = ("low", "medium", "high")


@pytest.mark.parametrize("kind", SCORED)
def test_effects_and_the_start_add_up_to_the_score(kind: str, of_everybody, model: PatronModel) -> None:
    """In log-odds, before calibration; the calibrator turns the sum into the probability of the score row."""
    explained = of_everybody[kind]
    total = explained.base_log_odds + explained.drivers["effect_log_odds"].sum()
    assert total == pytest.approx(explained.log_odds, abs=1e-9)
    (probability,) = model.parts.churn.calibrator.probability(np.array([total]))
    assert probability == pytest.approx(explained.churn_probability, abs=1e-9)


def test_everybody_starts_at_the_same_place(of_everybody) -> None:
    """The start belongs to the model and the day, not to the customer: so the sums above mean something."""
    starts = {kind: of_everybody[kind].base_log_odds for kind in (*SCORED, "lapsed")}
    assert max(starts.values()) - min(starts.values()) < 1e-6
    assert 0 < of_everybody["low"].base_probability < 1


@pytest.mark.parametrize("kind", SCORED)
def test_it_says_what_the_score_row_says(kind: str, of_everybody, scores: pd.DataFrame) -> None:
    """Status, probability, risk; the three reasons are the strongest drivers that push its way."""
    explained = of_everybody[kind]
    row = scores.set_index("customer_id").loc[explained.customer_id]
    assert (explained.status, explained.churn_risk) == (row["status"], row["churn_risk"])
    assert explained.churn_probability == row["churn_probability"]
    sign = -1 if kind == "low" else 1
    pushing = explained.drivers[explained.drivers["effect_log_odds"] * sign > 0].head(3)
    reasons = [row[f"reason_{rank}_code"] for rank in (1, 2, 3)]
    assert pushing["driver"].tolist() == [code for code in reasons if code]
    assert pushing["text"].tolist() == [row[f"reason_{rank}"] for rank in (1, 2, 3) if row[f"reason_{rank}"]]
    assert pushing["values"].iloc[0] == json.loads(row["reason_1_values"])


@pytest.mark.parametrize("kind", SCORED)
def test_drivers_come_strongest_first_and_points_go_their_way(kind: str, of_everybody) -> None:
    """Points are those the probability would lack without the driver; a calibrator with steps may give 0."""
    drivers = of_everybody[kind].drivers
    assert drivers["effect_log_odds"].abs().is_monotonic_decreasing
    assert (drivers["effect_points"] * drivers["effect_log_odds"] >= 0).all()
    assert drivers["effect_points"].abs().max() > 0
    assert set(drivers["driver"]) <= set(DRIVERS)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("risk", SCORED)
def test_the_paragraph_can_be_read_aloud(
    project: Project, model: PatronModel, scores: pd.DataFrame, risk: str, language: str
) -> None:
    """Who, how likely, and why, without a hole or a name of a column."""
    explained = model.explain(project.orders, one(scores, "scored", risk), AS_OF, language=language)
    assert str(explained) == explained.text
    assert explained.customer_id in explained.text
    assert f"{100 * explained.churn_probability:.0f}%" in explained.text
    first = explained.drivers["text"].iloc[0]
    assert first[1:] in explained.text
    assert not [hole for hole in ("_", "None", "nan", "?", "{", "..") if hole in explained.text]
    assert explained.text.endswith("." if language == "en" else "。")


def test_one_who_lapsed_is_told_so(of_everybody) -> None:
    """No probability, but what speaks for having lost it."""
    explained = of_everybody["lapsed"]
    assert (explained.status, explained.churn_probability, explained.churn_risk) == ("lapsed", None, None)
    assert "silent for longer than 150 days" in explained.text
    assert len(explained.drivers) > 2


def test_one_without_an_order_is_told_so(of_everybody) -> None:
    """K-none only ever got money back."""
    explained = of_everybody["excluded"]
    assert (explained.status, explained.log_odds, len(explained.drivers)) == ("excluded", None, 0)
    assert "no order before 2023-07-02" in explained.text


def test_it_travels_as_json(of_everybody) -> None:
    """Readable by any program, NaN is not JSON."""
    for explained in of_everybody.values():
        data = json.loads(json.dumps(explained.to_dict(), allow_nan=False))
        assert data["as_of"] == AS_OF
        assert [entry["driver"] for entry in data["drivers"]] == explained.drivers["driver"].tolist()


def test_html_is_escaped(of_everybody) -> None:
    """A customer or an attribute with markup stays a text; every driver is a row."""
    explained = of_everybody["high"]
    hostile = explained.drivers.assign(now="<script>alert(1)</script>")
    page = dataclasses.replace(explained, drivers=hostile, text="<b>x</b>")._repr_html_()
    assert "<script>" not in page
    assert "<b>" not in page
    assert page.count("<tr>") == 1 + len(hostile)
    assert "&lt;b&gt;x&lt;/b&gt;" in page


def test_an_unknown_customer_is_an_error_with_similar_ids(project: Project, model: PatronModel) -> None:
    """What is wrong, among how many, and ids that look alike."""
    with pytest.raises(PatronError, match=r"no customer 'K-001' among the \d+ .*Similar: K-"):
        model.explain(project.orders, "K-001", AS_OF)


@pytest.mark.parametrize(
    ("asked", "first"),
    [("sim-214", "SIM-0214"), ("SIM 0214", "SIM-0214"), ("7", "00007"), ("000", "0"), ("k10", "K-10")],
)
def test_ids_that_were_meant_come_first(asked: str, first: str) -> None:
    """Whatever their case and leading zeros; only what looks alike is offered."""
    known = ["0", "00007", "00008", "K-10", "SIM-0214", "SIM-0215", "SIM-2140"]
    assert similar_ids(asked, known)[0] == first
    assert similar_ids("nothing like it", known) == []


def test_a_customer_of_the_future_is_not_known_yet(project: Project, model: PatronModel) -> None:
    """The error names the day."""
    first = project.orders.groupby("customer_id")["ordered_at"].min()
    late = first[first > "2022-06-01"].index[0]
    with pytest.raises(PatronError, match=f"no customer '{late}' .* before 2022-06-01") as failed:
        model.explain(project.orders, late, "2022-06-01")
    assert "a later as_of" in (failed.value.next_step or "")


def test_an_old_id_stands_for_the_new_one(project: Project, model: PatronModel, scores: pd.DataFrame) -> None:
    """The explanation is that of the joined customer."""
    old, new = one(scores, "lapsed"), one(scores, "scored")
    merges = (CustomerMerge(old, new, to_day("2022-01-01")),)
    told = [model.explain(project.orders, name, AS_OF, merges=merges) for name in (old, new)]
    assert told[0].customer_id == new
    assert told[0].to_dict() == told[1].to_dict()
    joined = model.score(project.orders, AS_OF, merges=merges).set_index("customer_id").loc[new]
    assert told[0].churn_probability == joined["churn_probability"]


def test_an_id_may_come_as_a_number(project: Project, model: PatronModel) -> None:
    """Ids are text; 12748 means '12748'."""
    orders = project.orders.assign(customer_id=project.orders["customer_id"].str.replace("K-", "1"))
    assert model.explain(orders, 10000, AS_OF).customer_id == "10000"  # type: ignore[arg-type]


def test_a_model_without_peers_by_risk_still_explains(
    project: Project, model: PatronModel, scores: pd.DataFrame
) -> None:
    """As older models are: the typical customer of the whole base is quoted."""
    older = dataclasses.replace(model, parts=dataclasses.replace(model.parts, peers_by_risk={}))
    explained = older.explain(project.orders, one(scores, "scored", "high"), AS_OF)
    assert "typical customer:" in explained.text
    assert explained.drivers["peers_low"].isna().all()


def test_importance_adds_up(model: PatronModel) -> None:
    """Over drivers and over features; every feature stands in its driver."""
    found = model.importance()
    drivers = found.drop_duplicates("driver")
    assert drivers["driver_share"].sum() == pytest.approx(1)
    assert drivers["driver_share"].is_monotonic_decreasing
    assert found["feature_share"].sum() == pytest.approx(1)
    assert set(found["feature"]) <= set(model.parts.churn.columns)
    inside = found.groupby("driver")["feature_share"].sum()
    np.testing.assert_allclose(inside[drivers["driver"]], drivers["driver_share"])


def test_importance_by_hand() -> None:
    """Spend features that work against each other count for what is left: |0.4 - 0.3| against 0.3."""
    moved = pd.DataFrame(
        {
            "days_since_last_order": [0.3, -0.3],
            "spend_last_180_days": [0.4, -0.4],
            "spend_last_365_days": [-0.3, 0.3],
        }
    )
    silence, spend = churn_importance(moved, moved)
    assert (silence["driver"], spend["driver"]) == ("silence", "spend")
    assert (silence["share"], spend["share"]) == (pytest.approx(0.75), pytest.approx(0.25))
    assert [f["name"] for f in spend["features"]] == ["spend_last_180_days", "spend_last_365_days"]
    assert spend["features"][0]["share"] == pytest.approx(0.25 * 4 / 7)


def test_a_model_that_nothing_moves_has_no_importance() -> None:
    """A constant forecast."""
    assert churn_importance(pd.DataFrame({"purchase_days": [0.0, 0.0]}), pd.DataFrame(index=range(2))) == []


def test_importance_of_an_older_model_is_an_error_for_people(model: PatronModel) -> None:
    """Not a KeyError."""
    with pytest.raises(ModelError, match="Train it again"):
        dataclasses.replace(model, evaluation={}).importance()


def test_peers_by_risk_are_medians_of_at_least_five() -> None:
    """By hand; a median of one customer would tell that customer's number."""
    features = pd.DataFrame({"purchase_days": [1.0, 2, 3, 4, 10, 7, 8], "refund_ratio": [math.nan] * 7})
    risk = np.array(["high"] * 5 + ["low"] * 2)
    assert medians_by_risk(features, risk) == {"high": {"purchase_days": 3.0}}


def test_peers_by_risk_are_those_of_the_training_day(project: Project, model: PatronModel, scores) -> None:
    """Medians of the active customers at each risk, by pandas on the score rows' own risk."""
    active = scores[scores["churn_risk"].notna()]
    silence = (pd.to_datetime(active["as_of"]) - pd.to_datetime(active["last_order_on"])).dt.days
    by_risk = silence.groupby(active["churn_risk"]).median()
    for risk, typical in model.parts.peers_by_risk.items():
        assert typical["days_since_last_order"] == by_risk[risk]
