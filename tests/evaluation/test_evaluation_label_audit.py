"""The three labels side by side: counts by hand and by plain loops, agreement by scikit-learn."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import cohen_kappa_score, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from patron.evaluation import ChurnLabel, audit_labels
from patron.evaluation._label_agreement import agreement, likeness
from patron.snapshots import CustomerTables, day_text, to_day

START = to_day("2024-01-01")


def tables_on(days: dict[str, list[int]], tables_from: Callable[..., CustomerTables]) -> CustomerTables:
    """Orders of 10 on days counted from the start of 2024."""
    return tables_from([(c, day_text(START + d), 10.0) for c, found in days.items() for d in found])


def audited(kind: str, tables: CustomerTables, snapshots: list[int], **settings: Any) -> dict[str, Any]:
    label = ChurnLabel(kind, horizon_days=30, active_days=50, min_days=40, max_days=40, **settings)
    return audit_labels(tables, [START + day for day in snapshots], label)


def test_counts_of_silence_by_hand(tables_from: Callable[..., CustomerTables]) -> None:
    """Snapshots on days 100 and 130, horizons of 30 days; a further horizon is known of the first only."""
    days = {
        "stays": [90, 110, 140],
        "comes-back": [90, 135],  # churned at 100, ordered in [130, 160)
        "late": [90, 160],  # churned at 100, ordered a day too late to have come back; churned at 130
        "lapsed": [10],
    }
    audit = audited("silence", tables_on(days, tables_from), [100, 130])
    found = audit["definitions"]["silence"]
    assert audit["snapshots"] == ["2024-04-10", "2024-05-10"]
    # at 130: stays (silent 20), comes-back (40) and late (40); the first two order in [130, 160)
    assert (found["active"], found["labelled"], found["labelled_share_of_active"]) == (6, 6, 1.0)
    assert (found["churned"], found["churn_rate"]) == (3, 0.5)
    assert found["came_back"] == {"n": 2, "share": 0.5}


def test_counts_of_rhythm_by_hand(tables_from: Callable[..., CustomerTables]) -> None:
    """Every limit is 40 days: judged at 100 are those silent for 11 to 40 days."""
    days = {
        "on-time": [70, 110],  # limit on day 110
        "comes-back": [70, 111],  # a day late, in the 30 days after its limit
        "gone": [70, 140],  # 30 days after its limit the next horizon is over
        "not-due": [95, 130, 131],
        "past-limit": [55],  # silent for 45: lapsed by its rhythm, active by its silence
    }
    found = audited("rhythm", tables_on(days, tables_from), [100, 130])["definitions"]["rhythm"]
    # at 130 on-time (20), comes-back (19) and not-due (35) are judged; only the last one orders
    assert (found["active"], found["labelled"], found["churned"]) == (8, 6, 4)
    assert found["labelled_share_of_active"] == 6 / 8
    assert found["came_back"] == {"n": 2, "share": 0.5}


def test_counts_of_decline_by_hand(tables_from: Callable[..., CustomerTables]) -> None:
    """Two customers of a year: one orders as then, one not at all until the next horizon."""
    # the snapshots are days 400 and 430; their days last year [35, 65) and [65, 95)
    days = {"as-then": [10, 40, 390, 401], "less": [10, 40, 390, 435], "new": [380]}
    found = audited("decline", tables_on(days, tables_from), [400, 430])["definitions"]["decline"]
    # at 430 last year's days are empty, so the year counts: one order or two in 365 days, so less than one
    # order per horizon is usual; as-then orders nothing and declines, less orders and does not
    assert (found["labelled"], found["churned"]) == (4, 2)
    assert found["came_back"] == {"n": 1, "share": 1.0}


def test_silence_equals_plain_loops_on_the_trade(trade: pd.DataFrame, trade_tables: CustomerTables) -> None:
    """Recomputed with pandas from the order lines, model included."""
    days = [to_day("2022-06-01") + 30 * k for k in range(9)]
    found = audit_labels(trade_tables, days, ChurnLabel("silence", 60, 150))
    used = [days[-1] - 60 * k for k in (3, 2, 1, 0)]
    assert found["snapshots"] == [day_text(day) for day in used]
    bought = trade[trade["amount"] > 0]
    bought = bought.assign(day=(bought["ordered_at"].dt.normalize() - pd.Timestamp("1970-01-01")).dt.days)
    parts = []
    for day in used:
        past = bought[bought["day"] < day]
        year = past[past["day"] >= day - 365]
        rows = pd.DataFrame({"silence": day - past.groupby("customer_id")["day"].max()})
        rows["orders"] = year.groupby("customer_id")["day"].nunique()
        rows["spend"] = year.groupby("customer_id")["amount"].sum()
        rows = rows.fillna(0.0).loc[lambda r: r["silence"] <= 150].assign(day=day)
        for name, start in (("came", day), ("later", day + 60)):
            window = bought[(bought["day"] >= start) & (bought["day"] < start + 60)]
            rows[name] = rows.index.isin(window["customer_id"])
        parts.append(rows)
    rows = pd.concat(parts)
    silence = found["definitions"]["silence"]
    assert (silence["labelled"], silence["churned"]) == (len(rows), int((~rows["came"]).sum()))
    gone = rows[~rows["came"] & (rows["day"] < used[-1])]
    assert silence["came_back"]["n"] == len(gone)
    assert silence["came_back"]["share"] == pytest.approx(gone["later"].mean())
    train, test = rows[rows["day"] < used[-1]], rows[rows["day"] == used[-1]]
    columns = ["silence", "orders", "spend"]
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    model.fit(np.log1p(train[columns]), ~train["came"])
    score = model.decision_function(np.log1p(test[columns]))
    assert silence["model"]["auc"] == pytest.approx(roc_auc_score(~test["came"], score), abs=2e-3)
    assert silence["model"]["rate"] == pytest.approx((~test["came"]).mean())
    assert (silence["model"]["spearman"], silence["model"]["top_decile_overlap"]) == (pytest.approx(1), 1.0)


def test_an_audit_is_json_and_holds_all_pairs(trade_tables: CustomerTables) -> None:
    """Every label with its words; every pair of labels; no NaN."""
    days = [to_day("2022-06-01") + 30 * k for k in range(9)]
    audit = audit_labels(trade_tables, days, ChurnLabel("rhythm", 60, 150))
    assert json.loads(json.dumps(audit, allow_nan=False)) == audit
    pairs = [pair["labels"] for pair in audit["agreement"]]
    assert pairs == [["silence", "rhythm"], ["silence", "decline"], ["rhythm", "decline"]]
    assert [pair["n"] > 10 for pair in audit["agreement"]] == [True] * 3
    own = audit["definitions"]["rhythm"]["model"]
    assert (own["spearman"], own["n_common"]) == (pytest.approx(1), own["n"])
    other = audit["definitions"]["silence"]["model"]
    assert 0 < other["spearman"] < 1


def test_one_window_leaves_nothing_to_learn_from(trade_tables: CustomerTables) -> None:
    """Rates are told, a model is not, nor who came back."""
    found = audit_labels(trade_tables, [to_day("2022-12-01")], ChurnLabel("silence", 60, 150))
    silence = found["definitions"]["silence"]
    assert silence["churn_rate"] > 0
    assert silence["model"] is None
    assert silence["came_back"] == {"n": 0, "share": None}


def test_a_label_that_cannot_be_told_is_left_out(trade_tables: CustomerTables) -> None:
    """A decline over more than a year."""
    found = audit_labels(trade_tables, [to_day("2022-06-01")], ChurnLabel("silence", 400, 150))
    assert found["definitions"]["decline"] is None
    assert [pair["labels"] for pair in found["agreement"]] == [["silence", "rhythm"]]


def test_nobody_active_is_no_error(tables_from: Callable[..., CustomerTables]) -> None:
    """Rates are missing, not a division by zero."""
    found = audited("silence", tables_on({"a": [1]}, tables_from), [500])
    silence = found["definitions"]["silence"]
    assert (silence["active"], silence["labelled_share_of_active"], silence["churn_rate"]) == (0, None, None)
    assert found["agreement"][0] == {
        "labels": ["silence", "rhythm"],
        "n": 0,
        "share_equal": None,
        "kappa": None,
    }


def test_kappa_equals_scikit_learn() -> None:
    """On random outcomes of unequal rates."""
    rng = np.random.default_rng(3)
    first = (rng.random(500) < 0.3).astype(int)
    second = np.where(rng.random(500) < 0.7, first, (rng.random(500) < 0.5).astype(int))
    found = agreement(first, second)
    assert found["kappa"] == pytest.approx(cohen_kappa_score(first, second))
    assert found["share_equal"] == pytest.approx((first == second).mean())
    assert agreement(np.zeros(5, int), np.zeros(5, int)) == {"n": 5, "share_equal": 1.0, "kappa": None}


def test_likeness_of_two_rankings() -> None:
    """Over the customers in both; the same, the reverse, and a few customers of whom nothing is said."""
    names = [f"{k:02d}" for k in range(40)]
    risk = pd.Series(np.arange(40.0), index=names)
    rng = np.random.default_rng(1)
    other = risk + rng.normal(0, 8, 40)
    found = likeness(risk, other.drop(names[:10]))
    assert found["n_common"] == 30
    assert found["spearman"] == pytest.approx(spearmanr(risk[10:], other[10:]).statistic)
    tops = [set(s[10:].sort_values().index[-3:]) for s in (risk, other)]
    assert found["top_decile_overlap"] == len(tops[0] & tops[1]) / 3
    assert likeness(risk, -risk) == {"n_common": 40, "spearman": pytest.approx(-1), "top_decile_overlap": 0.0}
    assert likeness(risk, risk[:19]) == {"n_common": 19, "spearman": None, "top_decile_overlap": None}
    assert likeness(risk, None)["n_common"] == 0
