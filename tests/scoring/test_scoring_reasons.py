"""Reasons: whose contributions they tell, in which direction, and in words without a hole."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest
from trade_project import Project

from patron.evaluation import fit_purchase_models
from patron.features import FeatureRecipe, build_features
from patron.features.catalogue import catalogue
from patron.ledger import demo_orders, load_ledger, materialise
from patron.model import PatronModel
from patron.scoring.drivers import DRIVERS, OUTLOOK, by_driver, driver_of, shares_of_drivers
from patron.scoring.reasons import SHOWN, reason_columns
from patron.scoring.texts import COMPARED, driver_name, reason_parts, reason_text
from patron.snapshots import customer_tables, history_before, to_day

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
        assert re.match(rf"(last order|its only order was) {days:,} days? ago", text)


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
        "order_trend", "silence", None,
    ]  # fmt: skip
    assert found.loc["b", ["reason_1_code", "reason_2_code", "reason_3_code"]].tolist() == [
        "silence", "order_trend", None,
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


def test_peers_by_risk_are_the_models(scores: pd.DataFrame, model: PatronModel) -> None:
    """Low, medium and high, as stored at training."""
    values = [json.loads(v) for v in scores.loc[scores["reason_1_code"] == "silence", "reason_1_values"]]
    for risk, typical in model.parts.peers_by_risk.items():
        expected = float(f"{typical['days_since_last_order']:.4g}")
        assert {v[f"peers_{risk}_days_since_last_order"] for v in values} == {expected}
    assert set(model.parts.peers_by_risk) == {"low", "medium", "high"}


SILENT = {
    "effect": "raises", "days_since_last_order": 64.0, "median_gap_days": 21.0, "longest_gap_days": 80.0,
    "purchase_days": 9.0, "peers_days_since_last_order": 30.0, "peers_low_days_since_last_order": 18.0,
    "peers_high_days_since_last_order": 95.0,
}  # fmt: skip
TREND = {
    "effect": "raises", "purchase_days_last_90_days": 12.0, "purchase_days_last_180_days": 32.0,
    "spend_last_90_days": 1200.0, "spend_last_180_days": 4200.0, "currency": "GBP",
}  # fmt: skip
SAID = [
    ("silence", SILENT,
     "last order 64 days ago, usually every 21 days; typical for customers at low risk: 18 days",
     "上次下单在 64 天前，平时每 21 天一次；低风险客户通常：18 天"),
    ("silence", SILENT | {"longest_gap_days": 50.0},
     "last order 64 days ago, usually every 21 days, never longer than 50 days before; "
     "typical for customers at low risk: 18 days",
     "上次下单在 64 天前，平时每 21 天一次，此前最长间隔 50 天；低风险客户通常：18 天"),
    ("silence", SILENT | {"effect": "lowers", "days_since_last_order": 1.0},
     "last order 1 day ago, usually every 21 days; typical for customers at high risk: 95 days",
     "上次下单在 1 天前，平时每 21 天一次；高风险客户通常：95 天"),
    ("silence", {"effect": "raises", "days_since_last_order": 40.0, "purchase_days": 1.0},
     "its only order was 40 days ago", "唯一一次下单在 40 天前"),
    ("silence", SILENT | {"purchase_days": 2.0},
     "last order 64 days ago, 21 days after the one before; typical for customers at low risk: 18 days",
     "上次下单在 64 天前，与再前一次相隔 21 天；低风险客户通常：18 天"),
    ("order_trend", TREND,
     "12 orders worth £1,200 in the last 90 days, 20 orders worth £3,000 in the 90 before",
     "近 90 天下单 12 次、金额 1,200 英镑，此前 90 天下单 20 次、金额 3,000 英镑"),
    ("order_trend", TREND | {"purchase_days_last_90_days": 1.0, "purchase_days_last_180_days": 1.0},
     "1 order worth £1,200 in the last 90 days, none in the 90 before",
     "近 90 天下单 1 次、金额 1,200 英镑，此前 90 天没有下单"),
    ("order_trend", {"purchase_days_last_90_days": 0.0, "purchase_days_last_180_days": 0.0},
     "no orders in the last 180 days", "近 180 天没有下单"),
    ("spend_trend", {"spend_last_90_days": 5.0, "spend_last_180_days": 90.0},
     "spent 5 in the last 90 days, 85 in the 90 before", "近 90 天采购额 5，此前 90 天 85"),
    ("frequency", {"effect": "raises", "purchase_days_last_365_days": 3.0, "median_gap_days": 101.5,
                   "purchase_days": 5.0, "peers_low_purchase_days_last_365_days": 8.5},
     "3 orders in the last year, usually every 102 days; "
     "typical for customers at low risk: 8–9 orders in a year",
     "近一年下单 3 次，平时每 102 天一次；低风险客户通常：一年 8–9 次"),
    ("season", {"purchase_days_same_window_last_year": 0.0}, "no orders in the same season last year",
     "去年同期没有下单"),
    ("spend", {"spend_last_365_days": 0.0}, "spent nothing in the last year", "近一年没有采购"),
    ("rhythm", {"gap_spread_ratio": 1.2, "median_gap_days": 1.0, "longest_gap_days": 40.0,
                "purchase_days": 9.0},
     "orders at irregular intervals, usually every day, at the longest 40 days",
     "下单不规律，平时每天一次，最长相隔 40 天"),
    ("order_value", {"mean_order_value": 400.0, "largest_order_value": 2000.0, "currency": "CNY"},
     "an average order is worth ¥400, its largest ¥2,000", "平均每单 400 元，最大一单 2,000 元"),
    ("order_size", {"lines_per_purchase_day": 1.0}, "an average order has 1 line", "平均每单 1 行"),
    ("refunds", {"refund_ratio": 0.124}, "sent back 12% of what it bought", "退货占采购额的 12%"),
    ("breadth", {"products_ever": 12.0, "products_last_180_days": 0.0},
     "bought none of its 12 products in the last 180 days", "买过 12 种产品，近 180 天都没有再买"),
    ("breadth", {"categories_ever": 4.0, "categories_last_180_days": 4.0},
     "bought all of its 4 categories in the last 180 days", "买过 4 个品类，近 180 天都买了"),
    ("tenure", {"days_since_first_order": 1000.0}, "a customer for 2.7 years", "成为客户已有 2.7 年"),
    ("event", {"event_complaint_last_180_days": 2.0, "event_complaint_latest_value": 4.0, "told": [
        "event_complaint_last_180_days"]}, "2 complaints in the last 180 days, rated the latest 4",
     "近 180 天投诉 2 次，最近一次评分 4"),
    ("event", {"event_complaint_last_180_days": 0.0}, "no complaints in the last 180 days",
     "近 180 天没有投诉"),
    ("event", {"event_nps_last_180_days": 1.0, "event_nps_latest_value": 4.0, "told": [
        "event_nps_latest_value"]}, "gave 4 in its latest NPS survey", "最近一次 NPS 打分 4"),
    ("event", {"event_nps_last_180_days": 0.0, "event_nps_latest_value": 9.0, "told": [
        "event_nps_last_180_days"]}, "answered no NPS survey in the last 180 days",
     "近 180 天没有回答 NPS 调查"),
    ("event", {"event_csat_last_180_days": 2.0, "event_csat_latest_value": 2.5},
     "2 satisfaction answers in the last 180 days, gave 2.5 in its latest satisfaction survey",
     "近 180 天回答满意度调查 2 次，最近一次满意度打分 2.5"),
    ("event", {"event_late_payment_last_180_days": 3.0, "event_late_payment_latest_value": 12.0, "told": [
        "event_late_payment_latest_value"]}, "3 late payments in the last 180 days, the latest 12 days late",
     "近 180 天逾期付款 3 次，最近一次逾期 12 天"),
    ("event", {"event_visit_last_180_days": 1.0, "event_visit_latest_value": 7.0,
               "event_ticket_last_180_days": 1.0,
               "told": ["event_visit_last_180_days", "event_ticket_last_180_days"]},
     "visited once in the last 180 days; 1 ticket in the last 180 days",
     "近 180 天拜访 1 次；近 180 天有 1 张工单"),
    ("event", {"event_trade_fair_last_180_days": 2.0, "event_trade_fair_latest_value": 4.0},
     "trade fair: 2 in the last 180 days, latest value 4", "trade fair：近 180 天有 2 次，最近一次的值为 4"),
    ("custom", {"custom_weeks_late": 2.5, "told": ["custom_weeks_late"]}, "weeks late 2.5",
     "自定义特征：weeks late 2.5"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "values", "english", "chinese"), SAID)
def test_each_driver_is_a_sentence(code: str, values: dict, english: str, chinese: str) -> None:
    """Written by hand: plurals, units, the own past, and customers at another risk."""
    assert reason_text(code, values, "en") == english
    assert reason_text(code, values, "zh") == chinese


def test_every_driver_has_a_sentence_and_a_name_in_both_languages() -> None:
    """Also where nothing is known, and for the code of older scores."""
    for language in ("en", "zh"):
        for code in [*DRIVERS, "spend_trend"]:
            assert reason_text(code, {}, language)
            assert driver_name(code, language)
    assert set(COMPARED) <= {*DRIVERS, "spend_trend"}


def test_a_comparison_that_contradicts_the_reason_is_left_out() -> None:
    """Silent for fewer days than those at low risk: other numbers of the driver raised the risk."""
    values = SILENT | {"days_since_last_order": 10.0}
    assert reason_text("silence", values, "en") == "last order 10 days ago, usually every 21 days"
    # but the parts, as `explain` shows them, hide nothing
    assert reason_parts("silence", values, "en").peers_low == "18 days"
    assert reason_parts("silence", values, "en").peers_high == "95 days"


def test_a_comparison_that_sounds_the_same_is_left_out() -> None:
    """18.2 and 18 days are both 18 days."""
    values = SILENT | {"days_since_last_order": 18.2}
    assert "typical" not in reason_text("silence", values, "en")


def test_models_that_know_no_peers_by_risk_quote_the_whole_base() -> None:
    """As older models do."""
    values = {k: v for k, v in SILENT.items() if not k.startswith(("peers_low", "peers_high"))}
    assert reason_text("silence", values, "en").endswith("every 21 days; typical customer: 30 days")


def test_the_purchase_model_tells_silence_only_of_who_is_late() -> None:
    """Its outlook is poor for who is late, and for who orders seldom; each is told its own story."""
    features = pd.DataFrame({"silence_to_median_gap_ratio": [3.0, 0.2, np.nan]})
    pushed = pd.DataFrame({name: [0.5, 0.5, 0.5] for name in OUTLOOK})
    assert by_driver(pushed, features).to_dict("list") == {
        "silence": [1.5, 0.0, 1.5],
        "frequency": [0.0, 1.5, 0.0],
    }


def test_drivers_divide_the_contributions_without_a_rest() -> None:
    """Whatever the features, every contribution is in exactly one driver."""
    names = [f.name for f in catalogue(attributes=["industry"], event_kinds=["nps"])]
    rng = np.random.default_rng(5)
    pushed = pd.DataFrame(rng.normal(size=(40, len(names))), columns=names)
    features = pd.DataFrame({"silence_to_median_gap_ratio": rng.choice([0.5, 2.0, np.nan], 40)})
    shares = shares_of_drivers(pushed, features)
    counted = pd.concat([frame.ne(0) for frame in shares.values()], axis=1)
    assert (counted.sum(axis=1) == len(names)).all()
    np.testing.assert_allclose(by_driver(pushed, features).sum(axis=1), pushed.sum(axis=1), rtol=1e-12)


def of_active(orders: pd.DataFrame, as_of: str, **reading: object) -> pd.DataFrame:
    """Features of the customers of the last half year, as a model would see them."""
    ledger = load_ledger(orders, as_of=as_of, **reading)
    tables = customer_tables(ledger.lines, keep=materialise)
    day = to_day(ledger.as_of)
    purchases = fit_purchase_models(tables, [day], minor_digits=2, threads=1)[day]
    recipe = FeatureRecipe(90, kinds_of_items=("products",) if "product_id" in orders else ())
    built = build_features(history_before(tables, day), recipe, purchases=purchases)
    return built[built["days_since_last_order"] <= 180].drop(columns="customer_id")


def test_features_that_move_together_are_one_driver(project: Project) -> None:
    """A pair with a rank correlation above 0.9 on two bases as different as can be tells one story."""
    bases = [
        of_active(project.orders, "2023-07-02"),
        of_active(demo_orders(), "1998-07-01", duplicates="keep"),
    ]
    alike = [base.loc[:, base.notna().sum() > 50].corr("spearman").abs() > 0.9 for base in bases]
    names = [name for name in alike[0] if name in alike[1]]
    pairs = [
        (one, other)
        for i, one in enumerate(names)
        for other in names[i + 1 :]
        if all(table.loc[one, other] for table in alike)
    ]
    assert len(pairs) > 8
    assert [pair for pair in pairs if driver_of(pair[0]) != driver_of(pair[1])] == []


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
