"""Reasons: whose contributions they tell, in which direction, and in words without a hole."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest
from trade_project import Project

from patron.features.catalogue import catalogue
from patron.model import PatronModel
from patron.scoring.reasons import DRIVERS, SHOWN, driver_of, reason_columns
from patron.scoring.texts import reason_text

RANKS = (1, 2, 3)


def texts(scores: pd.DataFrame) -> list[str]:
    """Every reason in words."""
    return [text for rank in RANKS for text in scores[f"reason_{rank}"].dropna()]


def test_every_feature_belongs_to_a_driver() -> None:
    """None of the catalogue is left without words, nor an attribute or event."""
    named = [f.name for f in catalogue(attributes=["industry"], event_kinds=["nps"])]
    assert {driver_of(name) for name in named} <= set(DRIVERS)


def test_every_shown_number_is_a_feature() -> None:
    """Names of features are written by hand here."""
    known = {f.name for f in catalogue()}
    assert {name for names in SHOWN.values() for name in names} <= known


@pytest.mark.parametrize("language", ["en", "zh"])
def test_reasons_can_be_read_aloud(project: Project, scores: pd.DataFrame, language: str) -> None:
    """No hole, no raw name of a column, no number with many digits."""
    said = [
        reason_text(code, json.loads(values), language)
        for rank in RANKS
        for code, values in scores[[f"reason_{rank}_code", f"reason_{rank}_values"]].dropna().to_numpy()
    ]
    assert len(said) > 200
    assert not [text for text in said if "?" in text or "？" in text or "_" in text or "nan" in text]
    assert not [text for text in said if re.search(r"\.\d\d", text)]


def test_text_code_and_values_come_together(scores: pd.DataFrame) -> None:
    """All three or none."""
    for rank in RANKS:
        missing = scores[[f"reason_{rank}_code", f"reason_{rank}_values", f"reason_{rank}"]].isna()
        assert (missing.all(axis=1) == missing.any(axis=1)).all()


def test_values_are_json_with_finite_numbers(scores: pd.DataFrame) -> None:
    """Readable by any program, NaN is not JSON."""

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    for rank in RANKS:
        for text in scores[f"reason_{rank}_values"].dropna():
            assert json.loads(text, parse_constant=refuse)["effect"] in ("raises", "lowers")


def test_low_risk_names_what_lowers_it_and_the_rest_what_raises_it(scores: pd.DataFrame) -> None:
    """A reason explains the risk that is shown; the lapsed count as high."""
    for rank in RANKS:
        given = scores[scores[f"reason_{rank}_values"].notna()]
        effect = [json.loads(v)["effect"] for v in given[f"reason_{rank}_values"]]
        expected = np.where(given["churn_risk"] == "low", "lowers", "raises")
        assert effect == expected.tolist()


def test_no_driver_is_named_twice(scores: pd.DataFrame) -> None:
    """Three reasons are three drivers."""
    codes = scores[[f"reason_{rank}_code" for rank in RANKS]]
    assert all(len(row.dropna()) == row.dropna().nunique() for _, row in codes.iterrows())


def test_silence_is_told_in_days(scores: pd.DataFrame) -> None:
    """The customer's own number stands in the text."""
    told = scores[(scores["reason_1_code"] == "silence") & scores["status"].isin(["scored", "lapsed"])]
    silence = (pd.to_datetime(told["as_of"]) - pd.to_datetime(told["last_order_on"])).dt.days
    assert len(told) > 10
    for text, days in zip(told["reason_1"], silence, strict=True):
        assert text.startswith(f"silent for {days:,} day")


def two_customers() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Features and contributions written by hand; the spend features together outweigh the silence."""
    features = pd.DataFrame(
        {
            "days_since_last_order": [40.0, 3.0],
            "spend_last_30_days": [0.0, 9.0],
            "spend_last_90_days": [5.0, 50.0],
            "spend_last_180_days": [90.0, 60.0],
            "median_gap_days": [np.nan, 5.0],
            "mean_order_value": [10.0, 20.0],
        },
        index=["a", "b"],
    )
    contributions = pd.DataFrame(
        {
            "days_since_last_order": [0.5, -0.9],
            "spend_last_30_days": [0.4, -0.1],
            "spend_last_90_days": [0.3, -0.2],
            "mean_order_value": [-0.2, 0.8],
        },
        index=["a", "b"],
    )
    return features, contributions


def test_features_of_one_driver_count_together() -> None:
    """0.4 + 0.3 for spend beat 0.5 for silence; what pulls the other way is not named."""
    features, contributions = two_customers()
    found = reason_columns(
        features, contributions, np.array(["high", "low"]), {"mean_order_value": 15.0}, "en"
    )
    assert found.loc["a", ["reason_1_code", "reason_2_code", "reason_3_code"]].tolist() == [
        "spend_trend", "silence", None,
    ]  # fmt: skip
    assert found.loc["b", ["reason_1_code", "reason_2_code", "reason_3_code"]].tolist() == [
        "silence", "spend_trend", None,
    ]  # fmt: skip


def test_the_half_before_is_what_the_longer_window_adds() -> None:
    """5 in the last 90 days, 90 - 5 in the 90 before."""
    features, contributions = two_customers()
    found = reason_columns(features, contributions, np.array(["high", "low"]), {}, "en")
    assert found.loc["a", "reason_1"] == "spent 5 in the last 90 days, 85 in the 90 before"


def test_peers_are_the_models_not_the_bases(scores: pd.DataFrame, model: PatronModel) -> None:
    """The typical customer is the one of the training day."""
    values = [json.loads(v) for v in scores.loc[scores["reason_1_code"] == "silence", "reason_1_values"]]
    expected = float(f"{model.parts.peers['days_since_last_order']:.4g}")
    assert {v["peers_days_since_last_order"] for v in values} == {expected}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_attributes_are_told_in_their_own_words(language: str) -> None:
    """The value of the customer file, not its code; no average of codes."""
    features = pd.DataFrame({"attribute_industry": [1.0], "attribute_size": [250.0]}, index=["a"])
    contributions = pd.DataFrame({"attribute_industry": [0.5], "attribute_size": [0.1]}, index=["a"])
    peers = {"attribute_industry": 0.5, "attribute_size": 100.0}
    found = reason_columns(
        features,
        contributions,
        np.array(["high"]),
        peers,
        language,
        vocabularies={"industry": ["food", "medical"], "size": None},
    )
    assert "industry medical" in found.loc["a", "reason_1"]
    assert "size 250" in found.loc["a", "reason_1"]
    assert "peers_attribute_industry" not in json.loads(found.loc["a", "reason_1_values"])


@pytest.mark.parametrize("code", ["attribute", "event", "breadth"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_driver_without_any_value_still_says_something(code: str, language: str) -> None:
    """A customer who is not in the customer file, or whose lines name no product."""
    text = reason_text(code, {"effect": "raises"}, language)
    assert "?" not in text
    assert not text.endswith((": ", "："))
