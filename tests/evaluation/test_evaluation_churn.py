"""The judgement on the newest window: its block, its lift, and the rule that ships where trees fail."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from patron.churn import NAIVE_RULES, Calibrator, ChurnModel, LinearScorer, Panel, SeasonShift
from patron.churn.train import ChurnTraining
from patron.evaluation import Judged, judge_churn
from patron.metrics import found_shares

METRICS = ("auc", "average_precision", "brier", "log_loss", "ece", "top_decile_lift")


class Stated(LinearScorer):
    """A scorer that reads its score from a column."""

    def score(self, features: pd.DataFrame) -> np.ndarray:
        return features[self.columns[0]].to_numpy(dtype=np.float64)


#: One year before the window, churn lay 1.2 above the usual in the log-odds; half of it is applied.
SEASON = SeasonShift(days=(100 - 365,), levels=(1.4,), usual=0.2, weight=0.5)


def stated(name: str, season: SeasonShift | None = None) -> ChurnModel:
    """A model whose log-odds are written in the column of its name."""
    scorer = Stated((name,), "log1p", (0.0,), (1.0,))
    return ChurnModel(name, scorer, Calibrator(), season or SeasonShift())


def window(n: int = 600, seed: int = 2) -> Panel:
    """Customers with known log-odds: the first column tells them, the second half of them, the third none."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(0, 1.5, n)
    features = pd.DataFrame(
        {
            "lightgbm": odds,
            "rfm_logistic": odds / 2 + rng.normal(0, 0.7, n),
            "longest_silence": rng.normal(0, 0.5, n),
        }
    )
    churned = (rng.random(n) < expit(odds)).astype(np.int64)
    return Panel(features, churned, np.array([f"K-{i}" for i in range(n)], object), np.full(n, 100))


def rehearsal(chosen: str = "lightgbm", **evidence: float) -> ChurnTraining:
    """A training that states its scores."""
    names = ("lightgbm", "rfm_logistic", "longest_silence")
    losses = dict.fromkeys(names, 0.6) | evidence
    return ChurnTraining({n: stated(n) for n in names}, chosen, "because", losses, 5, 0.5)


@pytest.fixture(scope="module")
def judged() -> Judged:
    """LightGBM knows the truth."""
    return judge_churn(rehearsal(), window(), seed=1)


def test_model_and_baselines_have_exactly_the_metrics_of_the_contract(judged: Judged) -> None:
    """Each with its interval."""
    keys = {name + end for name in METRICS for end in ("", "_low", "_high")}
    assert set(judged.block["model"]) == keys
    assert set(judged.block["baselines"]) == {"rfm_logistic", "longest_silence"}
    assert all(set(metrics) == keys for metrics in judged.block["baselines"].values())


def test_the_better_model_ships(judged: Judged) -> None:
    """With grade A: it knows the true probabilities."""
    assert judged.shipped == "lightgbm"
    assert judged.grade.letter == "A"


def test_intervals_hold_the_estimate(judged: Judged) -> None:
    """Low, estimate, high, in this order."""
    found = judged.block["model"]
    assert all(found[f"{name}_low"] <= found[name] <= found[f"{name}_high"] for name in METRICS)


def test_where_trees_do_not_beat_the_rule_the_rule_ships() -> None:
    """The truth stands in the rule's column: the rule ships with grade C, and the reason is said."""
    test = window()
    swapped = test.features.rename(columns={"lightgbm": "rfm_logistic", "rfm_logistic": "lightgbm"})
    found = judge_churn(rehearsal(), Panel(swapped, test.churned, test.customer_id, test.as_of_day), seed=1)
    assert found.shipped == "rfm_logistic"
    assert found.grade.letter == "C"
    assert found.block["kind"] == "logistic"
    assert "lightgbm does not beat rfm_logistic" in found.why
    assert "so the rule ships" in found.why


def test_one_bad_window_does_not_bring_down_what_was_better_before() -> None:
    """Behind the rule on the newest window only: the model ships, with a C and both figures in the reason."""
    test = window()
    swapped = test.features.rename(columns={"lightgbm": "rfm_logistic", "rfm_logistic": "lightgbm"})
    newest = Panel(swapped, test.churned, test.customer_id, test.as_of_day)
    found = judge_churn(rehearsal(lightgbm=0.55), newest, seed=1)
    assert (found.shipped, found.grade.letter) == ("lightgbm", "C")
    assert "rfm_logistic is better on the newest window" in found.why
    assert "lightgbm over the earlier ones (0.5500 against 0.6000)" in found.why


def test_which_rule_ships_is_decided_before_the_window_that_is_reported() -> None:
    """The best rule of the newest window is not the best of the earlier ones: those decide."""
    test = window()
    swapped = test.features.rename(columns={"lightgbm": "rfm_logistic", "rfm_logistic": "lightgbm"})
    newest = Panel(swapped, test.churned, test.customer_id, test.as_of_day)
    found = judge_churn(rehearsal(lightgbm=0.65, longest_silence=0.55), newest, seed=1)
    assert found.shipped == "longest_silence"
    assert "nor longest_silence over the earlier ones (0.6500 against 0.5500)" in found.why


def test_without_earlier_windows_the_newest_decides() -> None:
    """A model that was never compared has no record to stand on."""
    test = window()
    swapped = test.features.rename(columns={"lightgbm": "rfm_logistic", "rfm_logistic": "lightgbm"})
    newest = Panel(swapped, test.churned, test.customer_id, test.as_of_day)
    unknown = dict.fromkeys(("lightgbm", "rfm_logistic", "longest_silence"), float("inf"))
    assert judge_churn(rehearsal(**unknown), newest, seed=1).shipped == "rfm_logistic"


def test_skill_is_told_apart_from_one_probability_for_everybody() -> None:
    """Who knows the truth has skill beyond chance; scores made of noise have none."""
    test = window()
    known = judge_churn(rehearsal(), test, seed=1).block["skill"]
    assert known["difference"] < known["high"] < 0
    noise = judge_churn(rehearsal("longest_silence"), test, wanted="rule", seed=1).block["skill"]
    assert noise["high"] >= 0


def test_the_window_is_judged_in_its_season() -> None:
    """The shift of the day is in every probability, and is told with the share that is trusted."""
    plain, shifted = rehearsal(), rehearsal()
    shifted.entrants["lightgbm"] = stated("lightgbm", SEASON)
    test = window()
    without, found = (judge_churn(r, test, wanted="lightgbm", seed=1).block for r in (plain, shifted))
    assert found["season"] == {"shift_log_odds": 0.6, "weight": 0.5}
    assert without["season"] == {"shift_log_odds": 0.0, "weight": 0.0}
    odds = test.features["lightgbm"].to_numpy()
    assert found["mean_probability"] == pytest.approx(expit(odds + 0.6).mean())
    assert without["mean_probability"] == pytest.approx(expit(odds).mean())


def test_a_tie_ships_the_rule() -> None:
    """Equal is not better."""
    test = window()
    same = test.features.assign(rfm_logistic=test.features["lightgbm"])
    found = judge_churn(rehearsal(), Panel(same, test.churned, test.customer_id, test.as_of_day), seed=1)
    assert found.shipped == "rfm_logistic"


def test_a_rule_chosen_beforehand_stays_chosen() -> None:
    """The reported window does not choose among rules."""
    found = judge_churn(rehearsal("longest_silence"), window(), seed=1)
    assert found.shipped == "longest_silence"
    assert found.why == "because"


def test_the_ranking_is_compared_with_the_rule_of_the_grade(judged: Judged) -> None:
    """The rule with the lowest log-loss; the paired interval of the AUC lies above 0."""
    found = judged.block["auc_difference"]
    assert found["versus"] == "rfm_logistic"
    assert 0 < found["low"] < found["difference"] < found["high"]
    assert found["difference"] == pytest.approx(
        judged.block["model"]["auc"] - judged.block["baselines"]["rfm_logistic"]["auc"]
    )


def test_lift_against_brute_force(judged: Judged) -> None:
    """Sort, call the first tenth, count."""
    test = window()
    order = np.argsort(-test.features["lightgbm"].to_numpy())
    for share, found in zip(range(1, 11), judged.block["lift"]["model"], strict=True):
        called = order[: 600 * share // 10]
        assert found == pytest.approx(test.churned[called].sum() / test.churned.sum())


def test_lift_of_ties_is_the_average_over_all_orders() -> None:
    """Customers with one score are called in no particular order: simulated here."""
    churned, score = np.array([1, 0, 1, 1, 0, 0, 0, 1, 0, 0]), np.array([3, 3, 3, 2, 2, 1, 1, 1, 1, 1.0])
    rng = np.random.default_rng(0)
    runs = []
    for _ in range(20_000):
        order = np.lexsort((rng.random(10), -score))
        runs.append(np.cumsum(churned[order]) / churned.sum())
    np.testing.assert_allclose(found_shares(churned, score), np.mean(runs, axis=0), atol=0.01)


def test_lift_without_churners_is_zero() -> None:
    """Nothing to find."""
    assert found_shares(np.zeros(5), np.arange(5.0)) == [0.0] * 10


@pytest.mark.parametrize("outcome", [0, 1])
def test_a_window_with_one_outcome_is_judged_without_a_ranking(outcome: int) -> None:
    """No AUC, but log-loss and a grade; and the block is still JSON."""
    test = window()
    same = Panel(test.features, np.full(600, outcome), test.customer_id, test.as_of_day)
    found = judge_churn(rehearsal(), same, seed=1)
    assert found.block["model"]["auc"] is None
    assert found.block["model"]["log_loss"] > 0
    json.dumps(found.block, allow_nan=False)


def test_the_block_is_json_where_nothing_could_be_compared_out_of_time() -> None:
    """A single early snapshot leaves no fold; the missing evidence is null, never infinity."""
    found = judge_churn(rehearsal(lightgbm=float("inf")), window(), seed=1)
    assert json.loads(json.dumps(found.block, allow_nan=False))["out_of_time_log_loss"]["lightgbm"] is None


def test_calibration_table_covers_every_customer(judged: Judged) -> None:
    """Ten groups that add up."""
    assert sum(row["n"] for row in judged.block["calibration"]) == 600


def test_every_entrant_is_a_known_rule_or_the_trees(judged: Judged) -> None:
    """Names in the file are stable."""
    assert set(judged.block["out_of_time_log_loss"]) <= {"lightgbm", *NAIVE_RULES}


def test_what_was_asked_for_by_name_ships_with_its_grade() -> None:
    """`churn.model: lightgbm` is an order, not a suggestion: the trees ship, graded C."""
    test = window()
    swapped = test.features.rename(columns={"lightgbm": "rfm_logistic", "rfm_logistic": "lightgbm"})
    panel = Panel(swapped, test.churned, test.customer_id, test.as_of_day)
    found = judge_churn(rehearsal(), panel, wanted="lightgbm", seed=1)
    assert (found.shipped, found.grade.letter) == ("lightgbm", "C")
