"""The worklist: gain, capacity, due days, memory, and that everybody is somewhere."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from worklist_rows import AS_OF, log_of, owners_table, score_rows

from patron.actions import (
    WIN_BACK_COLUMNS,
    Beside,
    CallTerms,
    MeasuredRates,
    judged_calls,
    win_back_list,
    worklist,
)
from patron.actions.columns import WORKLIST_COLUMNS
from patron.snapshots import to_day


def test_a_hand_made_list():
    """Four customers, two owners: gains 0.2 x 300 - 10 = 50, 70, 10, and one below its cost."""
    scores = score_rows(customer_id=["a", "b", "c", "d"], value_at_risk=[300.0, 400.0, 100.0, 40.0])
    calls = worklist(scores, CallTerms(cost=10), Beside(owners_table(a="Anna", b="Bo", c="Anna", d="Bo")))
    assert calls[["rank", "owner", "owner_rank", "customer_id", "risk_x_value"]].values.tolist() == [
        [1, "Bo", 1, "b", 70.0],
        [2, "Anna", 1, "a", 50.0],
        [3, "Anna", 2, "c", 10.0],
    ]
    assert list(calls.columns) == list(WORKLIST_COLUMNS)
    left = calls.attrs["left_off"]
    assert {code: n for code, n in left.items() if n} == {"candidates": 4, "on_list": 3, "no_gain": 1}


def test_the_interval_scales_value_at_risk_by_that_of_clv():
    """300 x 0.2 = 60; half and twice the value, less the cost of 10. Without a positive clv there is none."""
    scores = score_rows(customer_id=["a", "b"], value_at_risk=[300.0, 200.0], clv=[200.0, 0.0])
    calls = worklist(scores, CallTerms(cost=10))
    assert calls.loc[0, ["risk_x_value_low", "risk_x_value", "risk_x_value_high"]].tolist() == [20, 50, 110]
    assert calls.loc[1, ["risk_x_value_low", "risk_x_value_high"]].isna().all()


def test_a_mean_outside_its_interval_widens_it():
    """A long tail: the mean lies above the 90 % quantile."""
    calls = worklist(score_rows(customer_id=["a"], clv=200.0, clv_low=0.0, clv_high=50.0))
    assert calls.loc[0, ["risk_x_value_low", "risk_x_value", "risk_x_value_high"]].tolist() == [0, 20, 20]


def best_sum(gains, owners, capacity):
    """Try every set of customers."""
    best = 0.0
    for size in range(len(gains) + 1):
        for chosen in combinations(range(len(gains)), size):
            per_owner = [sum(owners[i] == owner for i in chosen) for owner in set(owners)]
            if all(n <= capacity for n in per_owner):
                best = max(best, sum(gains[i] for i in chosen))
    return best


@pytest.mark.parametrize(("seed", "capacity"), list(product(range(12), (1, 2, 3))))
def test_the_sum_is_the_largest_within_capacity(seed, capacity):
    """Against every set of up to nine customers of three owners, one of them nobody."""
    draw = np.random.default_rng(seed)
    n = int(draw.integers(1, 10))
    values = [float(v) for v in draw.integers(0, 8, n) * 25]
    owners = [["Anna", "Bo", None][i] for i in draw.integers(0, 3, n)]
    ids = [f"c{i}" for i in range(n)]
    scores = score_rows(customer_id=ids, value_at_risk=values)
    table = pd.DataFrame({"customer_id": ids, "owner": owners})
    calls = worklist(scores, CallTerms(save_rate=0.4, cost=15, capacity=capacity), Beside(table))
    assert calls["risk_x_value"].sum() == pytest.approx(
        best_sum([0.4 * v - 15 for v in values], owners, capacity)
    )
    assert calls.groupby("owner", dropna=False).size().le(capacity).all()
    assert (calls["risk_x_value"] > 0).all()
    assert calls["risk_x_value"].is_monotonic_decreasing


def test_ties_are_broken_by_customer_whatever_the_order_of_rows():
    """Five equal customers, two places."""
    scores = score_rows(customer_id=["e", "b", "d", "a", "c"])
    for rows in (scores, scores.iloc[::-1]):
        assert worklist(rows, CallTerms(capacity=2))["customer_id"].tolist() == ["a", "b"]


def test_due_by_the_own_rhythm():
    """Passed or unknown: now; within seven days: on that day; on the eighth, or with the note: not yet."""
    expected = [date(2024, 5, 1), None, AS_OF + timedelta(days=6), AS_OF + timedelta(days=7), AS_OF]
    notes = [None, None, None, None, "not_due: 预计下一次下单在预测期之后"]
    judged = judged_calls(
        score_rows(customer_id=list("abcde"), next_order_expected_on=expected, note=notes)
    ).set_index("customer_id")
    assert judged["left_off"].fillna("").to_dict() == {
        "a": "", "b": "", "c": "", "d": "not_due", "e": "not_due",
    }  # fmt: skip
    assert judged["due_on"].loc[["a", "b", "c"]].tolist() == [AS_OF, AS_OF, AS_OF + timedelta(days=6)]


def test_everybody_is_somewhere():
    """One candidate for each reason; lapsed and excluded customers are none."""
    ids = [
        "called",
        "closed",
        "gone",
        "later",
        "early",
        "cheap",
        "on",
        "over",
        "unknown",
        "alone",
        "x2",
        "x3",
    ]
    scores = score_rows(
        customer_id=ids,
        value_at_risk=[100.0] * 5 + [10.0, 90.0, 80.0, None, 100.0, 100.0, 100.0],
        next_order_expected_on=[date(2024, 6, 20)] * 4 + [date(2024, 9, 1)] + [date(2024, 6, 20)] * 7,
        status=["scored"] * 10 + ["lapsed", "excluded"],
    )
    held_out = {"alone": date(2024, 9, 1), "not a candidate": date(2024, 9, 1)}
    log = log_of(
        ("called", "2024-06-20", "reached", None, np.nan),
        ("closed", "2024-06-01", "dismissed", "site closed", np.nan),
        ("gone", "2024-06-01", "lost", "went to another supplier", np.nan),
        ("later", "2024-06-01", "reached", None, float(to_day("2024-08-01"))),
    )
    terms = CallTerms(cost=5, capacity=1)
    counts = worklist(scores, terms, Beside(log=log, held_out=held_out)).attrs["left_off"]
    assert counts == {
        "candidates": 10, "on_list": 1, "over_capacity": 1, "not_due": 1, "control": 1, "cooldown": 1,
        "snoozed": 1, "dismissed": 1, "lost": 1, "no_gain": 1, "no_value": 1,
    }  # fmt: skip
    assert counts["candidates"] == sum(n for code, n in counts.items() if code != "candidates")
    judged = judged_calls(scores, terms, Beside(log=log)).set_index("customer_id")
    assert judged.loc["closed", "left_off_detail"] == "site closed"


@pytest.mark.parametrize("nothing", [None, np.nan, pd.NA])
def test_accounts_without_a_value_are_counted(nothing):
    """Nobody who ordered is missing: the candidates of both lists are all but the excluded."""
    scores = score_rows(
        customer_id=["a", "b", "c", "d", "e"],
        status=["scored", "new", "lapsed", "lapsed", "excluded"],
        value_at_risk=[nothing, 50.0, nothing, nothing, nothing],
        clv_if_kept=[10.0, 20.0, nothing, 30.0, nothing],
    )
    calls, back = worklist(scores), win_back_list(scores)
    for listed, on_list in ((calls, ["b"]), (back, ["d"])):
        counts = listed.attrs["left_off"]
        assert listed["customer_id"].tolist() == on_list
        assert (counts["candidates"], counts["on_list"], counts["no_value"]) == (2, 1, 1)
    judged = judged_calls(scores).set_index("customer_id")
    assert (judged.index.tolist(), judged.loc["a", "left_off"]) == (["b", "a"], "no_value")
    assert pd.isna(judged.loc["a", "risk_x_value"])


def test_a_call_on_the_day_of_the_list_or_later_is_not_known():
    """No look ahead."""
    log = log_of(("a", AS_OF, "dismissed", None, np.nan), ("b", "2024-06-30", "dismissed", None, np.nan))
    calls = worklist(score_rows(customer_id=["a", "b"]), beside=Beside(log=log))
    assert calls["customer_id"].tolist() == ["a"]


def test_new_worse_and_same():
    """Against the list of a week before."""
    earlier = pd.DataFrame(
        {
            "as_of": ["2024-06-24"] * 3,
            "customer_id": ["same", "worse", "left_off"],
            "churn_risk": ["medium", "low", "medium"],
            "churn_probability": [0.45, 0.2, 0.5],
            "kept_off": [None, None, "over_capacity"],
        }
    )
    scores = score_rows(customer_id=["same", "worse", "left_off", "unseen"])
    calls = worklist(scores, beside=Beside(previous=earlier)).set_index("customer_id")
    assert calls["since_last"].to_dict() == {
        "same": "same", "worse": "worse", "left_off": "new", "unseen": "new",
    }  # fmt: skip


def test_money_against_the_year_before():
    """900 is three quarters of 1,200; a known year before comes first, nothing is null."""
    scores = score_rows(
        customer_id=["a", "b", "c"], revenue_last_12_months=[900.0, 0.0, 500.0],
        revenue_change_ratio=[0.75, 0.0, np.nan],
    )  # fmt: skip
    alone = worklist(scores).set_index("customer_id")["revenue_change"]
    assert alone["a"] == -300.0
    assert alone[["b", "c"]].isna().all()
    before = pd.Series({"a": 1200.0, "b": 800.0, "c": 0.0})
    known = worklist(scores, beside=Beside(revenue_before=before)).set_index("customer_id")["revenue_change"]
    assert known[["a", "b"]].tolist() == [-300.0, -800.0]
    assert np.isnan(known["c"])


def test_the_deadline_counts_from_the_due_day():
    """Of the playbook's rule that fits; at risk and of high value: within some days."""
    calls = worklist(score_rows(customer_id=["a"], tier="at_risk", value_tier="high_value"))
    days = (calls.loc[0, "deadline_on"] - calls.loc[0, "due_on"]).days
    assert calls.loc[0, "due_on"] == AS_OF
    assert 0 <= days <= 14
    assert calls.loc[0, "done_by"]
    assert calls.loc[0, "action"].startswith("Visit this week")


def test_money_has_no_more_than_hundredths():
    """Value at risk like risk x value; the gain is counted from the value before it is rounded."""
    calls = worklist(score_rows(customer_id=["a"], value_at_risk=100.123456), CallTerms(save_rate=0.5))
    assert calls["value_at_risk"].tolist() == [100.12]
    assert calls["risk_x_value"].tolist() == [50.06]


def test_what_to_say_is_true_of_the_customer():
    """A late one hears of the day, a stopped category comes first, low risk is thanked."""
    stopped = pd.DataFrame(
        {
            "customer_id": ["s", "s"],
            "category": ["Paper", "Ink"],
            "last_bought_on": [date(2024, 2, 3), date(2024, 1, 5)],
            "revenue_year_before": [500.0, 900.0],
        }
    )
    scores = score_rows(
        customer_id=["late", "s", "low", "more"],
        churn_risk=["high", "high", "low", "high"],
        reason_1_code=["silence", "silence", "silence", "spend"],
        revenue_change_ratio=[0.75, 0.75, 0.75, 1.5],
    )
    calls = worklist(scores, beside=Beside(stopped=stopped)).set_index("customer_id")
    said = calls["say"]
    assert said["late"].startswith("Your last order was on 20 May 2024;")
    assert "I had expected the next one by now" in said["late"]
    assert said["s"].startswith("You used to order Ink from us regularly, the last time on 5 January 2024.")
    assert calls["stopped_categories"]["s"] == "Ink (last 5 January 2024), Paper (last 3 February 2024)"
    assert said["low"].startswith("Thank you for your order of 20 May 2024.")
    assert "less from us" not in said["more"]
    assert calls["reason"]["late"] == "No order for 42 days. Half as many orders as a year ago."


def test_chinese():
    """Sentences and playbook in Chinese, dates as Chinese readers write them."""
    calls = worklist(score_rows(customer_id=["a"]), beside=Beside(language="zh"))
    assert "2024年5月20日" in calls.loc[0, "say"]
    assert calls.loc[0, "action"].endswith("。")


def test_an_empty_base_a_base_without_candidates_and_one_without_attributes():
    """Empty lists with all columns, and counts of nothing."""
    for scores in (score_rows(customer_id=["a"]).iloc[:0], score_rows(customer_id=["a"], status="excluded")):
        for rows, columns in (
            (worklist(scores), WORKLIST_COLUMNS),
            (win_back_list(scores), WIN_BACK_COLUMNS),
        ):
            assert list(rows.columns) == list(columns)
            assert len(rows) == 0
            assert set(rows.attrs["left_off"].values()) == {0}
    assert worklist(score_rows(customer_id=list("abcde")))["owner"].isna().all()


def test_win_back_is_ranked_by_the_value_once_they_order_again():
    """Lapsed customers only, within capacity, remembered like the others."""
    scores = score_rows(
        customer_id=["a", "b", "c", "d", "active"],
        status=["lapsed"] * 4 + ["scored"],
        clv_if_kept=[50.0, 300.0, 0.0, 400.0, 999.0],
        value_at_risk=None,
        churn_probability=None,
        churn_risk=None,
        tier="at_risk",
    )
    log = log_of(("d", "2024-06-01", "dismissed", "closed down", np.nan))
    rows = win_back_list(scores, beside=Beside(log=log))
    assert rows[["rank", "customer_id", "clv_if_kept"]].values.tolist() == [[1, "b", 300.0], [2, "a", 50.0]]
    counts = rows.attrs["left_off"]
    assert {code: n for code, n in counts.items() if n} == {
        "candidates": 4, "on_list": 2, "dismissed": 1, "no_gain": 1,
    }  # fmt: skip
    assert rows.loc[0, "say"].startswith("Your last order with us was on 20 May 2024")
    assert win_back_list(scores, CallTerms(capacity=1), Beside(log=log))["customer_id"].tolist() == ["b"]


def test_measured_save_rates_rank_by_tier_and_controls_are_called_by_nobody():
    """10 % of 400 is less than 50 % of 100; a tier that was not in it counts as all did."""
    scores = score_rows(
        customer_id=["a", "b", "c"], value_at_risk=[400.0, 100.0, 100.0],
        tier=["high_value", "at_risk", "standard"], next_order_expected_on=[date(2024, 6, 20)] * 3,
    )  # fmt: skip
    measured = MeasuredRates(
        "spring",
        date(2024, 5, 1),
        {"high_value": (0.1, 0.0, 0.2), "at_risk": (0.5, 0.4, 0.6)},
        (0.3, 0.2, 0.4),
    )
    calls = worklist(scores, CallTerms(measured=measured))
    assert calls[["customer_id", "risk_x_value"]].values.tolist() == [["b", 50.0], ["a", 40.0], ["c", 30.0]]
    alone = worklist(scores, CallTerms(measured=measured), Beside(held_out={"b": date(2024, 9, 1)}))
    assert alone["customer_id"].tolist() == ["a", "c"]
    lapsed = score_rows(customer_id=["a"], clv_if_kept=[100.0], status=["lapsed"])
    assert win_back_list(lapsed)["customer_id"].tolist() == ["a"]
    assert win_back_list(lapsed, beside=Beside(held_out={"a": date(2024, 9, 1)})).empty


def test_nothing_is_called_uplift():
    """An expected gain under an assumed save rate is no measured effect; two sentences are for those."""
    from patron.actions.words import WORDS

    measured = ("how_value_measured", "how_value_by_customer")
    texts = [said for table in WORDS.values() for key, said in table.items() if key not in measured]
    heads = [text for column in WORKLIST_COLUMNS.values() for text in (column.en, column.zh)]
    assert not any("uplift" in text.lower() for text in (*texts, *heads, *WORKLIST_COLUMNS))
    assert WORDS["en"].keys() == WORDS["zh"].keys()
