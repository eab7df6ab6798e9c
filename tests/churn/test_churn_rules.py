"""The naive rules against scores computed by hand, the logistic rung against scikit-learn."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from patron.churn import NAIVE_RULES, ChurnModel, LinearScorer, Panel
from patron.churn.linear import RFM_COLUMNS, fit_rule
from patron.churn.members import Options
from patron.churn.train import train_churn
from patron.metrics import auc


def test_longest_silence_is_the_logarithm_of_the_silence(panel: Panel) -> None:
    """log(1 + days), whatever it was fitted on."""
    features = pd.DataFrame({"days_since_last_order": [0.0, 9.0, 99.0]})
    found = fit_rule("longest_silence", panel).score(features)
    np.testing.assert_allclose(found, [0.0, np.log(10), np.log(100)], atol=1e-12)


def test_own_rhythm_is_silence_over_the_median_gap(panel: Panel) -> None:
    """A customer without a gap is measured by the usual gap of the training customers."""
    usual = np.nanmedian(panel.features["median_gap_days"])
    features = pd.DataFrame(
        {"silence_to_median_gap_ratio": [0.5, 3.0, np.nan], "days_since_last_order": [1.0, 2.0, 2 * usual]}
    )
    found = fit_rule("own_rhythm", panel).score(features)
    np.testing.assert_allclose(found, np.log([1.5, 4.0, 3.0]), rtol=1e-12)


def test_own_rhythm_works_where_nobody_has_a_gap(panel: Panel) -> None:
    """A base of first orders: silence ranks, and nothing is missing."""
    nobody = panel.features.assign(median_gap_days=np.nan, silence_to_median_gap_ratio=np.nan)
    found = fit_rule("own_rhythm", Panel(nobody, panel.churned, panel.customer_id, panel.as_of_day))
    assert np.isfinite(found.score(nobody)).all()


def test_mbgnbd_is_the_log_odds_of_no_order(panel: Panel) -> None:
    """Certainty is clipped, so that no score is infinite."""
    features = pd.DataFrame({"no_order_probability": [0.5, 0.8, 1.0]})
    found = fit_rule("mbgnbd", panel).score(features)
    np.testing.assert_allclose(found[:2], [0.0, np.log(4.0)], atol=1e-12)
    assert np.isfinite(found[2])


def test_rfm_logistic_is_scikit_learns(panel: Panel) -> None:
    """The same pipeline written with scikit-learn gives the same log-odds."""
    oracle = make_pipeline(FunctionTransformer(np.log1p), StandardScaler(), LogisticRegression(max_iter=1000))
    matrix = panel.features[list(RFM_COLUMNS)].to_numpy()
    expected = oracle.fit(matrix, panel.churned).decision_function(matrix)
    np.testing.assert_allclose(fit_rule("rfm_logistic", panel).score(panel.features), expected, atol=1e-9)


def test_rfm_logistic_of_one_outcome_says_the_rate(panel: Panel) -> None:
    """Nothing to separate: everybody gets the pulled-in rate of 1 in n + 2."""
    nobody = Panel(panel.features, np.zeros(len(panel), np.int64), panel.customer_id, panel.as_of_day)
    found = fit_rule("rfm_logistic", nobody).score(panel.features.head(3))
    np.testing.assert_allclose(1 / (1 + np.exp(-found)), 1 / (len(panel) + 2), rtol=1e-9)


@pytest.mark.parametrize("name", NAIVE_RULES)
def test_contributions_and_intercept_add_up_to_the_score(panel: Panel, name: str) -> None:
    """What a reason shows is what the score is made of."""
    rule = fit_rule(name, panel)
    total = rule.contributions(panel.features).sum(axis=1) + rule.intercept
    np.testing.assert_allclose(total, rule.score(panel.features), atol=1e-12)


@pytest.mark.parametrize("name", NAIVE_RULES)
def test_contributions_average_to_nothing_where_the_rule_was_made(panel: Panel, name: str) -> None:
    """They are relative to the average customer, so that both directions occur."""
    found = fit_rule(name, panel).contributions(panel.features)
    np.testing.assert_allclose(found.mean(), 0, atol=1e-9)


@pytest.mark.parametrize("name", NAIVE_RULES)
def test_rules_point_the_right_way(panel: Panel, name: str) -> None:
    """Each rises with the risk."""
    found = auc(panel.churned, fit_rule(name, panel).score(panel.features))
    assert found is not None
    assert found > 0.55


@pytest.mark.parametrize("name", NAIVE_RULES)
def test_json_round_trip_gives_the_same_scores(panel: Panel, name: str) -> None:
    """To the last bit."""
    rule = fit_rule(name, panel)
    again = LinearScorer.from_dict(json.loads(json.dumps(rule.to_dict())))
    np.testing.assert_array_equal(again.score(panel.features), rule.score(panel.features))


@pytest.mark.parametrize("name", NAIVE_RULES)
def test_a_customer_alone_gets_the_same_probability(panel: Panel, name: str) -> None:
    """A row stands alone, to the last bit."""
    model = train_churn(panel, columns=["side"], options=Options(60), wanted="rule").entrants[name]
    together = model.probability(panel.features.head(20), 0)
    alone = [model.probability(panel.features.iloc[[i]], 0)[0] for i in range(20)]
    assert together.tolist() == alone


def test_files_of_a_rule_read_back_as_the_rule(panel: Panel) -> None:
    """One JSON file holds all of it."""
    rule = train_churn(panel, columns=["side"], options=Options(60), wanted="rule").model
    files = rule.to_files()
    assert list(files) == ["churn.json"]
    again = ChurnModel.from_files(files)
    np.testing.assert_array_equal(again.probability(panel.features, 0), rule.probability(panel.features, 0))
