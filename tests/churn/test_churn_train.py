"""The ladder: who is fitted, who is chosen, and what is said about it."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from patron.churn import NAIVE_RULES, AverageScorer, DailyPurchases, Panel, SeasonShift, TreeSettings
from patron.churn.evidence import evidence_of, score_folds
from patron.churn.folds import evidence_folds
from patron.churn.ladder import LEARNED
from patron.churn.members import Options, fit_members
from patron.churn.smooth import fit_smooth
from patron.churn.train import ChurnTraining, train_churn
from patron.churn.trees import fit_trees
from patron.errors import NotEnoughData

HORIZON = 60
COLUMNS = ["days_since_last_order", "purchase_days_last_365_days", "spend_last_365_days", "side", "fade"]
TREES = TreeSettings(rounds=60, learning_rate=0.1, feature_fraction=0.8)
MakePanel = Callable[..., Panel]


def train(panel: Panel, wanted: str = "auto", columns: list[str] = COLUMNS, **changes: Any) -> ChurnTraining:
    """Train as the config's defaults do, on few columns and few trees."""
    options = Options(**{"horizon_days": HORIZON, "seed": 7, "trees": TREES, **changes})
    return train_churn(panel, columns=columns, options=options, wanted=wanted)


def bytes_of(training: ChurnTraining) -> dict[str, dict[str, bytes]]:
    """Every file of every entrant."""
    return {name: model.to_files() for name, model in training.entrants.items()}


@pytest.fixture(scope="module")
def trained(panel: Panel) -> ChurnTraining:
    """One training that several tests look at."""
    return train(panel)


def test_all_entrants_are_fitted_on_the_same_rows(trained: ChurnTraining) -> None:
    """The regression, the trees, their averages, and the four naive rules."""
    assert set(trained.entrants) == {*LEARNED, *NAIVE_RULES}
    assert set(trained.evidence) == set(trained.entrants)


def test_trees_see_the_hidden_pattern(trained: ChurnTraining) -> None:
    """An interaction: out of time, they are better than every rule and the regression by a wide margin."""
    best_other = min(trained.evidence[name] for name in (*NAIVE_RULES, "logistic"))
    assert trained.evidence["lightgbm"] < best_other - 0.05
    assert trained.chosen == "lightgbm"
    assert trained.reason == "4 disjoint windows to learn from: enough for LightGBM"


def test_what_ships_is_fitted_on_all_rows(panel: Panel, trained: ChurnTraining) -> None:
    """With the settings that were given, and the averages of the very same members."""
    trees = fit_trees(panel.features, panel.churned, columns=COLUMNS, settings=TREES, seed=7)
    assert trained.model.to_files()["trees.txt"].decode() == trees.text
    smooth = fit_smooth(panel.features, panel.churned, columns=COLUMNS)
    assert trained.entrants["logistic"].scorer == smooth
    average = trained.entrants["average_with_btyd"].scorer
    assert isinstance(average, AverageScorer)
    members = ("lightgbm", "logistic", "mbgnbd")
    assert average.members == {name: trained.entrants[name].scorer for name in members}


def test_the_ridge_that_was_given_is_used(panel: Panel) -> None:
    """As it is written in the recipe."""
    found = train(panel, "logistic", penalty_c=0.002).model.scorer
    assert found == fit_smooth(panel.features, panel.churned, columns=COLUMNS, penalty_c=0.002)


def test_threads_leave_no_trace(panel: Panel, trained: ChurnTraining) -> None:
    """One thread and two write the same bytes."""
    one, two = (bytes_of(train(panel, threads=threads)) for threads in (1, 2))
    assert one == two == bytes_of(trained)


def test_the_base_rate_is_the_share_of_churners(panel: Panel, trained: ChurnTraining) -> None:
    """Over all rows."""
    assert trained.base_rate == pytest.approx(panel.churned.mean())


def test_fewer_than_three_windows_take_a_rule_and_say_so(panel_of: MakePanel) -> None:
    """Two windows cannot show that trees beat a rule."""
    found = train(panel_of([0, 30, 60, 90], hidden=1.5))
    assert found.windows == 2
    assert "lightgbm" not in found.entrants
    assert found.chosen in NAIVE_RULES
    assert re.search(r"2 disjoint window.* too little for LightGBM \(it needs 3", found.reason)


def test_few_customers_take_a_rule_and_say_so(panel_of: MakePanel) -> None:
    """Twenty accounts are not enough for trees, however long they have been customers."""
    found = train(panel_of(list(range(0, 240, 30)), customers=20, hidden=1.5))
    assert found.chosen in NAIVE_RULES
    assert re.search(r"20 customers and \d+ outcomes .* too little for LightGBM", found.reason)


def test_few_windows_take_the_simple_model_with_the_lower_loss(panel_of: MakePanel) -> None:
    """Compared on the one window that is left; the regression on recency fits how these were drawn."""
    found = train(panel_of([0, 30, 60, 90]))
    assert found.chosen == "rfm_logistic"
    assert found.evidence["rfm_logistic"] < found.evidence["mbgnbd"]


def test_one_snapshot_takes_the_logistic_rung(panel_of: MakePanel) -> None:
    """No window to compare on: the rule with the best record elsewhere, said aloud."""
    found = train(panel_of([0]))
    assert found.chosen == "rfm_logistic"
    assert "no window to compare the rules on" in found.reason
    assert set(found.evidence.values()) == {float("inf")}


@pytest.mark.parametrize(
    ("wanted", "kind"),
    [
        ("rule", "btyd"),
        ("btyd", "btyd"),
        ("logistic", "logistic"),
        ("lightgbm", "lightgbm"),
        ("average", "average"),
    ],
)
def test_what_the_config_asks_for_is_taken(panel: Panel, wanted: str, kind: str) -> None:
    """churn.model of the config; the simulated purchase model knows a part of what no other rule sees."""
    found = train(panel, wanted)
    assert found.model.kind == kind
    assert found.chosen == {"rule": "mbgnbd", "btyd": "mbgnbd"}.get(wanted, wanted)


def test_no_more_is_fitted_than_may_be_chosen(panel: Panel) -> None:
    """Trees asked for by name need no average; rules need no trees."""
    assert set(train(panel, "lightgbm").entrants) == {"lightgbm", *NAIVE_RULES}
    assert set(train(panel, "rule").entrants) == set(NAIVE_RULES)


@pytest.mark.parametrize("wanted", ["lightgbm", "average"])
def test_what_is_asked_for_works_on_a_single_snapshot(panel_of: MakePanel, wanted: str) -> None:
    """Somebody who asks for it gets it."""
    found = train(panel_of([0], hidden=1.5), wanted)
    assert found.chosen == wanted
    said = found.model.probability(panel_of([0]).features, 0)
    assert ((said > 0) & (said < 1)).all()


def test_a_rule_asked_for_on_a_single_snapshot_is_no_comparison(panel_of: MakePanel) -> None:
    """No loss is claimed where none was measured."""
    found = train(panel_of([0]), "rule")
    assert found.chosen == "rfm_logistic"
    assert found.reason == "rfm_logistic ships: there is no window to compare the rules on"


def test_a_purchase_model_asked_for_but_not_fitted_is_refused(panel: Panel) -> None:
    """With what to do instead."""
    features = panel.features.drop(columns="no_order_probability")
    with pytest.raises(NotEnoughData, match=r"btyd cannot be fitted: no purchase model.*churn\.model: auto"):
        train(Panel(features, panel.churned, panel.customer_id, panel.as_of_day), "btyd")


@pytest.mark.parametrize("outcome", [0, 1])
def test_one_outcome_only_gets_a_rule(panel: Panel, outcome: int) -> None:
    """Nobody (or everybody) churned: nothing for trees to split."""
    same = Panel(panel.features, np.full(len(panel), outcome), panel.customer_id, panel.as_of_day)
    found = train(same)
    assert "lightgbm" not in found.entrants
    assert abs(found.model.probability(panel.features, 240) - outcome).max() < 0.05


def test_lightgbm_on_one_outcome_is_refused_in_words(panel: Panel) -> None:
    """With what to do instead."""
    same = Panel(panel.features, np.zeros(len(panel), np.int64), panel.customer_id, panel.as_of_day)
    with pytest.raises(NotEnoughData, match=r"lightgbm cannot be fitted: .* same outcome.*auto"):
        train(same, "lightgbm")


def test_the_purchase_model_is_left_out_where_it_could_not_be_fitted(panel: Panel) -> None:
    """Its probability is missing on some snapshot."""
    features = panel.features.assign(
        no_order_probability=panel.features["no_order_probability"].mask(panel.as_of_day == 0)
    )
    found = train(Panel(features, panel.churned, panel.customer_id, panel.as_of_day))
    assert "mbgnbd" not in found.entrants
    assert "average_with_btyd" not in found.entrants
    assert "average" in found.entrants


def test_an_empty_panel_is_refused_with_advice(panel: Panel) -> None:
    """What to change."""
    with pytest.raises(NotEnoughData, match=r"no matured snapshot.*Shorten churn\.horizon_days"):
        train(panel.where(np.zeros(len(panel), bool)))


def test_calibrated_probabilities_match_the_truth_later(panel_of: MakePanel, trained: ChurnTraining) -> None:
    """On fresh customers the mean probability is the share of churners.

    The shares of 3,200 rows learned from and 4,000 judged have standard errors of 0.009 and 0.008: 0.036 is
    three of their difference.
    """
    fresh = panel_of([600], customers=4000, seed=99, hidden=1.5)
    said = trained.model.probability(fresh.features, 600)
    assert said.mean() == pytest.approx(fresh.churned.mean(), abs=0.036)


def test_a_calibrator_that_is_better_by_a_hair_is_not_taken(panel_of: MakePanel) -> None:
    """A regression is calibrated by itself: the sigmoid's lower mean here is chance."""
    drawn = panel_of(list(range(0, 240, 30)), seed=7)
    fit = partial(fit_members, rules=(), learned=("logistic",), columns=COLUMNS, options=Options(HORIZON))
    folds = score_folds(drawn, evidence_folds(drawn.as_of_day, horizon_days=HORIZON), fit, threads=1)
    loss = {kind: evidence_of(folds, "logistic", kind, HORIZON).mean for kind in ("none", "sigmoid")}
    assert loss["none"] - 0.005 < loss["sigmoid"] < loss["none"]
    assert train(drawn, "logistic").model.calibrator.kind == "none"


def test_known_before_leaves_out_open_windows(panel: Panel) -> None:
    """A snapshot whose outcome window ends after the day is not learned from."""
    assert panel.known_before(120, HORIZON).snapshot_days == [0, 30, 60]


def test_without_any_feature_a_rule_is_taken(panel: Panel) -> None:
    """A config may name a group that this ledger cannot fill."""
    found = train(panel, columns=[])
    assert found.chosen in NAIVE_RULES
    assert "features" in found.reason


def test_a_past_window_with_one_outcome_before_it_is_no_evidence(panel: Panel) -> None:
    """Nobody churned in the first six windows: the trees of the last fold alone had something to learn."""
    churned = np.where(panel.as_of_day < 150, 0, panel.churned)
    found = train(Panel(panel.features, churned, panel.customer_id, panel.as_of_day), "lightgbm")
    assert np.isfinite(found.evidence["lightgbm"])
    churned = np.where(panel.as_of_day < 180, 0, panel.churned)
    found = train(Panel(panel.features, churned, panel.customer_id, panel.as_of_day), "lightgbm")
    assert found.evidence["lightgbm"] == float("inf")
    assert found.model.calibrator.kind == "none"


def test_learned_entrants_carry_a_season_and_rules_do_not(panel_of: MakePanel) -> None:
    """Fifteen months of a log: what was a year ago moves the learned ones."""
    drawn = panel_of(list(range(180, 630, 30)), customers=100, hidden=1.5)
    days = np.arange(700)
    daily = DailyPurchases(0, np.round(50 + 30 * np.sin(days * 2 * np.pi / 365)).astype(np.int64))
    # high churn in one quarter
    often = (drawn.as_of_day >= 270) & (drawn.as_of_day < 360)
    churned = np.where(often, 1, drawn.churned)
    found = train(Panel(drawn.features, churned, drawn.customer_id, drawn.as_of_day, daily))
    for name, entrant in found.entrants.items():
        if name in NAIVE_RULES:
            assert entrant.season == SeasonShift()
        else:
            assert entrant.season.at(300 + 365) > 0.2 > 0 > entrant.season.at(480 + 365)
            few = drawn.features.head(20)
            assert (entrant.probability(few, 300 + 365) > entrant.probability(few, 5000)).all()


def test_few_outcomes_get_no_step_function(panel_of: MakePanel) -> None:
    """Sixty accounts seen over and over would be learned by heart; the same rows with more customers may."""
    few = train(panel_of(list(range(0, 240, 30)), customers=20))
    many = train(panel_of(list(range(0, 240, 30)), customers=400))
    kinds = [{model.calibrator.kind for model in found.entrants.values()} for found in (few, many)]
    assert "isotonic" not in kinds[0]
    assert "isotonic" in kinds[1]


def test_one_snapshot_without_a_purchase_model_costs_no_evidence(panel: Panel) -> None:
    """The rule and the average that need it are left out; the others keep their past windows."""
    features = panel.features.assign(
        no_order_probability=panel.features["no_order_probability"].mask(panel.as_of_day == 0)
    )
    found = train(Panel(features, panel.churned, panel.customer_id, panel.as_of_day))
    assert {"mbgnbd", "average_with_btyd"}.isdisjoint(found.entrants)
    assert "average" in found.entrants
    assert all(np.isfinite(loss) for loss in found.evidence.values())
