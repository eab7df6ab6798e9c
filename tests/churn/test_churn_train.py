"""The ladder: who is fitted, who is chosen, and what is said about it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from patron.churn import NAIVE_RULES, Candidate, ChurnTraining, Panel, rolling_folds, train_churn
from patron.churn.trees import fit_trees
from patron.errors import NotEnoughData
from patron.metrics import log_loss

HORIZON = 60
COLUMNS = ["days_since_last_order", "purchase_days_last_365_days", "spend_last_365_days", "side", "fade"]
MakePanel = Callable[..., Panel]


def train(panel: Panel, **changes: Any) -> ChurnTraining:
    """Train as the config's defaults do, on few columns."""
    given: dict[str, Any] = {"feature_sets": [COLUMNS], "horizon_days": HORIZON, "seed": 7}
    return train_churn(panel, **{**given, **changes})


@pytest.fixture(scope="module")
def trained(panel: Panel) -> ChurnTraining:
    """One training that several tests look at."""
    return train(panel, feature_sets=[COLUMNS, COLUMNS[:3]])


def test_all_entrants_are_fitted_on_the_same_rows(trained: ChurnTraining) -> None:
    """LightGBM and the four naive rules."""
    assert set(trained.entrants) == {"lightgbm", *NAIVE_RULES}
    assert set(trained.evidence) == set(trained.entrants)


def test_trees_see_the_hidden_pattern(trained: ChurnTraining) -> None:
    """Out of time, they are better than every rule by a wide margin."""
    best_rule = min(trained.evidence[name] for name in NAIVE_RULES)
    assert trained.evidence["lightgbm"] < best_rule - 0.05
    assert trained.chosen == "lightgbm"


def test_the_feature_set_is_chosen_out_of_time(trained: ChurnTraining) -> None:
    """The set that lacks the hidden pattern is not taken."""
    assert trained.frozen is not None
    assert trained.frozen.columns == tuple(COLUMNS)


def test_rounds_have_the_lowest_mean_loss_over_the_folds(panel: Panel, trained: ChurnTraining) -> None:
    """Recomputed fold by fold with a fresh fit for each number of rounds."""
    assert trained.frozen is not None

    def mean_loss(rounds: int) -> float:
        losses = []
        for fold in rolling_folds(panel.as_of_day, horizon_days=HORIZON):
            known, test = panel.where(fold.train), panel.where(fold.test)
            scorer = fit_trees(known.features, known.churned, columns=COLUMNS, rounds=rounds, seed=7)
            losses.append(log_loss(test.churned, 1 / (1 + np.exp(-scorer.score(test.features)))))
        return float(np.mean(losses))

    candidates = {rounds: mean_loss(rounds) for rounds in (50, 100, 150, 200, 300, 400)}
    assert trained.frozen.rounds == min(candidates, key=lambda rounds: candidates[rounds])


def test_shipped_trees_are_refitted_on_all_rows(panel: Panel, trained: ChurnTraining) -> None:
    """With the frozen columns and rounds."""
    assert trained.frozen is not None
    again = fit_trees(
        panel.features, panel.churned, columns=trained.frozen.columns, rounds=trained.frozen.rounds, seed=7
    )
    assert trained.model.to_files()["trees.txt"].decode() == again.text


def test_a_frozen_candidate_is_not_reconsidered(panel: Panel) -> None:
    """What a rehearsal chose is what the final fit uses."""
    frozen = Candidate(("side", "fade"), 37)
    found = train(panel, frozen=frozen)
    assert found.frozen == frozen
    assert found.model.columns == ("side", "fade")
    assert found.model.to_files()["trees.txt"].decode().count("\nTree=") == 37


def test_out_of_time_evidence_ignores_the_order_of_customers(panel: Panel, trained: ChurnTraining) -> None:
    """The same rows sorted again give the same training."""
    assert train(panel, feature_sets=[COLUMNS, COLUMNS[:3]]).evidence == trained.evidence


def test_the_base_rate_is_the_share_of_churners(panel: Panel, trained: ChurnTraining) -> None:
    """Over all rows."""
    assert trained.base_rate == pytest.approx(panel.churned.mean())


def test_fewer_than_three_windows_take_a_rule_and_say_so(panel_of: MakePanel) -> None:
    """Two windows cannot show that trees beat a rule."""
    found = train(panel_of([0, 30, 60, 90], hidden=1.5))
    assert found.windows == 2
    assert "lightgbm" not in found.entrants
    assert found.chosen in NAIVE_RULES
    assert re.search(r"2 disjoint window.* too (few|little) for LightGBM \(it needs 3", found.reason)


def test_few_customers_take_a_rule_and_say_so(panel_of: MakePanel) -> None:
    """Twenty accounts are not enough for trees, however long they have been customers."""
    found = train(panel_of(list(range(0, 240, 30)), customers=20, hidden=1.5))
    assert found.chosen in NAIVE_RULES
    assert "20 customers to learn from, too little for LightGBM" in found.reason


def test_few_windows_take_the_rule_with_the_lowest_loss(panel_of: MakePanel) -> None:
    """Compared on the one window that is left."""
    found = train(panel_of([0, 30, 60, 90]))
    assert found.chosen == min(found.evidence, key=lambda name: found.evidence[name])


def test_one_snapshot_takes_the_logistic_rung(panel_of: MakePanel) -> None:
    """No window to compare on: the rule with the best record elsewhere, said aloud."""
    found = train(panel_of([0]))
    assert found.chosen == "rfm_logistic"
    assert "no window to compare the rules on" in found.reason
    assert np.isfinite(found.evidence["rfm_logistic"])


@pytest.mark.parametrize("wanted", ["rule", "logistic", "lightgbm"])
def test_what_the_config_asks_for_is_taken(panel: Panel, wanted: str) -> None:
    """churn.model of the config."""
    assert train(panel, wanted=wanted).model.kind == wanted


def test_lightgbm_on_request_works_on_few_windows(panel_of: MakePanel) -> None:
    """Somebody who asks for it gets it, also from a single snapshot."""
    found = train(panel_of([0], hidden=1.5), wanted="lightgbm")
    assert found.chosen == "lightgbm"
    assert (found.model.probability(panel_of([0]).features) > 0).all()


@pytest.mark.parametrize("outcome", [0, 1])
def test_one_outcome_only_gets_a_rule(panel: Panel, outcome: int) -> None:
    """Nobody (or everybody) churned: nothing for trees to split."""
    same = Panel(panel.features, np.full(len(panel), outcome), panel.customer_id, panel.as_of_day)
    found = train(same)
    assert "lightgbm" not in found.entrants
    assert abs(found.model.probability(panel.features) - outcome).max() < 0.05


def test_lightgbm_on_one_outcome_is_refused_in_words(panel: Panel) -> None:
    """With what to do instead."""
    same = Panel(panel.features, np.zeros(len(panel), np.int64), panel.customer_id, panel.as_of_day)
    with pytest.raises(NotEnoughData, match=r"lightgbm cannot be fitted: .* same outcome.*auto"):
        train(same, wanted="lightgbm")


def test_the_purchase_model_is_left_out_where_it_could_not_be_fitted(panel: Panel) -> None:
    """Its probability is missing on some snapshot."""
    features = panel.features.assign(
        no_order_probability=panel.features["no_order_probability"].mask(panel.as_of_day == 0)
    )
    found = train(Panel(features, panel.churned, panel.customer_id, panel.as_of_day), wanted="rule")
    assert "mbgnbd" not in found.entrants


def test_an_empty_panel_is_refused_with_advice(panel: Panel) -> None:
    """What to change."""
    with pytest.raises(NotEnoughData, match=r"no matured snapshot.*Shorten churn\.horizon_days"):
        train(panel.where(np.zeros(len(panel), bool)))


def test_calibrated_probabilities_match_the_truth_later(panel_of: MakePanel, trained: ChurnTraining) -> None:
    """On fresh customers the mean probability is the share of churners."""
    fresh = panel_of([600], customers=4000, seed=99, hidden=1.5)
    assert trained.model.probability(fresh.features).mean() == pytest.approx(fresh.churned.mean(), abs=0.03)


def test_known_before_leaves_out_open_windows(panel: Panel) -> None:
    """A snapshot whose outcome window ends after the day is not learned from."""
    assert panel.known_before(120, HORIZON).snapshot_days == [0, 30, 60]


def test_two_equal_feature_sets_count_once(panel: Panel, trained: ChurnTraining) -> None:
    """Groups without features that grow with the log give the same set twice; no fold may be seen twice."""
    once, twice = train(panel), train(panel, feature_sets=[COLUMNS, COLUMNS])
    assert twice.evidence == once.evidence
    assert twice.model.to_files() == once.model.to_files()


def test_an_empty_feature_set_is_passed_over(panel: Panel, trained: ChurnTraining) -> None:
    """A group whose features all grow with the log leaves nothing for the second set."""
    assert train(panel, feature_sets=[COLUMNS, []]).frozen == train(panel).frozen


def test_without_any_feature_a_rule_is_taken(panel: Panel) -> None:
    """A config may name a group that this ledger cannot fill."""
    found = train(panel, feature_sets=[[], []])
    assert found.chosen in NAIVE_RULES
    assert "features" in found.reason
