"""The score row: columns, types, what is null for whom, and the arithmetic of value at risk."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from trade_project import Project, opened

from patron.columns import SCORE_COLUMNS
from patron.config import Config
from patron.model import PatronModel

CONTRACT = [
    "customer_id",
    "as_of",
    "model",
    "schema_version",
    "data_through",
    "status",
    "churn_horizon_days",
    "clv_horizon_months",
    "currency",
    "churn_probability",
    "churn_risk",
    "alive_probability",
    "expected_orders",
    "expected_order_value",
    "clv",
    "clv_low",
    "clv_high",
    "clv_if_silent",
    "clv_if_kept",
    "value_at_risk",
    "tier",
    "value_tier",
    "lifecycle_stage",
    "next_order_expected_on",
    "last_order_on",
    "orders_last_12_months",
    "revenue_last_12_months",
    "revenue_change_ratio",
    "reason_1_code",
    "reason_1_values",
    "reason_1",
    "reason_2_code",
    "reason_2_values",
    "reason_2",
    "reason_3_code",
    "reason_3_values",
    "reason_3",
    "action",
    "note",
]
COMMON = [*CONTRACT[:9], "note"]
NEVER_FOR_LAPSED = ["churn_probability", "churn_risk", "value_at_risk", "next_order_expected_on"]
MAY_BE_MISSING = [
    name for name in CONTRACT if name.startswith("reason") or name in ("note", "revenue_change_ratio")
]


def status(scores: pd.DataFrame, wanted: str) -> pd.DataFrame:
    """Rows of a status; there are some."""
    rows = scores[scores["status"] == wanted]
    assert len(rows) > 0
    return rows


def test_columns_are_those_of_the_contract_in_its_order(scores: pd.DataFrame) -> None:
    """Schema version 1."""
    assert list(scores.columns) == CONTRACT
    assert set(scores["schema_version"]) == {1}


def test_every_customer_has_one_row_in_order(scores: pd.DataFrame, project: Project) -> None:
    """Nobody is lost, ordered by id."""
    assert scores["customer_id"].tolist() == sorted(project.orders["customer_id"].unique())


@pytest.mark.parametrize("name", SCORE_COLUMNS)
def test_types(scores: pd.DataFrame, name: str) -> None:
    """Floats are float64, counts nullable integers, days dates, the rest text."""
    kind, values = SCORE_COLUMNS[name].kind, scores[name]
    if kind == "float":
        assert values.dtype == np.float64
    elif kind == "int":
        assert values.dtype == "Int64"
    else:
        wanted: Any = date if kind == "date" else str
        assert all(v is None or type(v) is wanted for v in values)


@pytest.mark.parametrize("wanted", ["scored", "new"])
def test_active_customers_have_all_numbers(scores: pd.DataFrame, wanted: str) -> None:
    """Only reasons, notes and the comparison with the year before may be missing."""
    missing = status(scores, wanted).isna().any()
    assert set(missing.index[missing]) <= set(MAY_BE_MISSING)


def test_lapsed_customers_have_no_churn_numbers_and_all_others(scores: pd.DataFrame) -> None:
    """They are gone: no probability, no risk, nothing at risk, no next order expected; a note says why."""
    lapsed = status(scores, "lapsed")
    assert lapsed[NEVER_FOR_LAPSED].isna().all(axis=None)
    filled = lapsed.drop(columns=[*NEVER_FOR_LAPSED, *set(MAY_BE_MISSING) - {"note"}])
    assert filled.notna().all(axis=None)
    assert lapsed["note"].str.contains("silent for longer than 150 days").all()


def test_excluded_customers_have_no_numbers(scores: pd.DataFrame) -> None:
    """Somebody who only got money back: who, when, which model, and why nothing else."""
    row = status(scores, "excluded")
    assert row["customer_id"].tolist() == ["K-none"]
    assert row.drop(columns=COMMON).isna().all(axis=None)
    assert row[COMMON].notna().all(axis=None)
    assert row["note"].item() == "no purchase day before as_of"


def test_status_by_silence_and_purchase_days(scores: pd.DataFrame, project: Project) -> None:
    """Recomputed from the order lines."""
    bought = project.orders[project.orders["amount"] > 0]
    days = bought.assign(day=bought["ordered_at"].dt.normalize()).groupby("customer_id")["day"]
    silence, count = (pd.Timestamp("2023-07-02") - days.max()).dt.days, days.nunique()
    expected = pd.Series("scored", index=silence.index).mask(count < 2, "new").mask(silence > 150, "lapsed")
    found = scores.set_index("customer_id")["status"].drop("K-none")
    assert found.to_dict() == expected.to_dict()


def test_the_last_twelve_months_against_the_order_lines(scores: pd.DataFrame, project: Project) -> None:
    """Orders by id, revenue after refunds, and the ratio to the year before."""
    as_of, year = pd.Timestamp("2023-07-02"), pd.Timedelta(days=365)
    lines = project.orders
    now = lines[lines["ordered_at"] >= as_of - year]
    then = lines[(lines["ordered_at"] >= as_of - 2 * year) & (lines["ordered_at"] < as_of - year)]
    known = scores[scores["status"] != "excluded"].set_index("customer_id")
    orders = (
        now[now["amount"] > 0].groupby("customer_id")["order_id"].nunique().reindex(known.index).fillna(0)
    )
    revenue = now.groupby("customer_id")["amount"].sum().reindex(known.index).fillna(0)
    before = then.groupby("customer_id")["amount"].sum().reindex(known.index)
    np.testing.assert_array_equal(known["orders_last_12_months"].astype(int), orders)
    np.testing.assert_allclose(known["revenue_last_12_months"], revenue, atol=1e-6)
    np.testing.assert_allclose(known["revenue_change_ratio"], (revenue / before).where(before > 0), rtol=1e-8)


def test_value_at_risk_is_probability_times_what_is_lost(scores: pd.DataFrame) -> None:
    """p x max(0, kept - silent)."""
    active = scores[scores["churn_probability"].notna()]
    lost = (active["clv_if_kept"] - active["clv_if_silent"]).clip(lower=0)
    np.testing.assert_allclose(active["value_at_risk"], active["churn_probability"] * lost, rtol=1e-8)


def test_value_lies_between_silent_and_kept(scores: pd.DataFrame) -> None:
    """The value is their average, weighted with the purchase model's own chance."""
    known = scores[scores["clv"].notna()]
    assert (known["clv_if_silent"] <= known["clv"] + 1e-6).all()
    assert (known["clv"] <= known["clv_if_kept"] + 1e-6).all()


def test_intervals_are_in_order(scores: pd.DataFrame) -> None:
    """Nothing below zero, low before high; only where they begin at zero may the value lie above them."""
    known = scores[scores["clv"].notna()]
    assert ((known["clv_low"] >= 0) & (known["clv_low"] <= known["clv_high"])).all()
    sure = known[known["clv_low"] > 0]
    assert len(sure) > 20
    assert ((sure["clv_low"] < sure["clv"]) & (sure["clv"] < sure["clv_high"])).all()


def test_risk_follows_the_thresholds_of_the_model(scores: pd.DataFrame, model: PatronModel) -> None:
    """Low below medium, medium below high."""
    active, limits = scores[scores["churn_probability"].notna()], model.parts.thresholds
    expected = pd.cut(
        active["churn_probability"],
        [-1, limits.medium, limits.high, 2],
        right=False,
        labels=["low", "medium", "high"],
    )
    assert active["churn_risk"].tolist() == expected.tolist()
    assert set(expected) == {"low", "medium", "high"}


def test_an_order_due_after_the_horizon_is_noted(scores: pd.DataFrame) -> None:
    """`not_due` where the next order is expected beyond the churn horizon, and only there."""
    active = scores[scores["status"].isin(["scored", "new"])]
    late = pd.to_datetime(active["next_order_expected_on"]) >= pd.Timestamp("2023-07-02") + pd.Timedelta(
        days=60
    )
    assert active.loc[late, "customer_id"].tolist() == ["K-slow"]
    assert (active["note"].fillna("").str.startswith("not_due") == late).all()


def test_data_through_is_the_last_day_of_the_ledger(scores: pd.DataFrame, project: Project) -> None:
    """The whole ledger's, in every row."""
    assert set(scores["data_through"]) == {project.orders["ordered_at"].max().date()}


def test_an_earlier_day_knows_nothing_later(project: Project, config: Config, model: PatronModel) -> None:
    """Scores of a past day are the same whether the log goes on or ends there."""
    lines = project.orders
    cut = lines[lines["ordered_at"] < pd.Timestamp("2023-03-01")]
    whole, short = (
        model.score_tables(*reversed(opened(config, frame, "2023-03-01"))) for frame in (lines, cut)
    )
    pd.testing.assert_frame_equal(whole, short)


def test_notes_and_reasons_follow_the_language(project: Project, config: Config, model: PatronModel) -> None:
    """Chinese in every text column, and the same numbers."""
    settings = replace(model.parts.settings, language="zh")
    chinese = replace(model, parts=replace(model.parts, settings=settings))
    ledger, tables = opened(config, project.orders)
    scores = chinese.score_tables(tables, ledger)
    lapsed = scores[scores["status"] == "lapsed"]
    assert lapsed["note"].str.contains("超过 150 天未下单").all()
    assert scores["reason_1"].dropna().str.contains("[一-鿿]").all()
    assert scores["action"].dropna().str.contains("[一-鿿]").all()


def test_a_base_of_lapsed_customers_is_scored(project: Project, config: Config, model: PatronModel) -> None:
    """Two years later everybody is gone; that is an answer, not an error."""
    ledger, tables = opened(config, project.orders, "2025-07-02")
    assert set(model.score_tables(tables, ledger)["status"]) == {"lapsed", "excluded"}
