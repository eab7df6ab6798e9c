"""Calibrators against scikit-learn."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.special import expit
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from patron.churn import Calibrator, fit_calibrator
from patron.metrics import auc

KINDS = ("none", "sigmoid", "isotonic")
Scored = tuple[np.ndarray, np.ndarray]


def outcomes(n: int, slope: float = 1.0, intercept: float = 0.0, seed: int = 0) -> Scored:
    """Scores whose true log-odds are ``slope x score + intercept``."""
    rng = np.random.default_rng(seed)
    score = rng.normal(0, 1.5, n)
    return score, (rng.random(n) < expit(slope * score + intercept)).astype(np.int64)


def test_sigmoid_is_a_logistic_regression_on_platts_targets() -> None:
    """Scikit-learn, given each row twice with the two targets as weights, finds the same line."""
    score, churned = outcomes(400, slope=0.7, intercept=-0.8)
    n_churned = churned.sum()
    target = np.where(churned == 1, (n_churned + 1) / (n_churned + 2), 1 / (400 - n_churned + 2))
    x = (score - score.mean()) / score.std()
    twice, label = np.concatenate([x, x])[:, None], np.repeat([1, 0], 400)
    # C = 1 is the same ridge: half the square of the slope of the standardised score
    oracle = LogisticRegression(C=1.0, tol=1e-10, max_iter=5000)
    oracle.fit(twice, label, sample_weight=np.concatenate([target, 1 - target]))
    mine = fit_calibrator("sigmoid", score, churned)
    assert mine.slope == pytest.approx(oracle.coef_[0, 0] / score.std(), rel=1e-3)
    grid = np.linspace(-4, 4, 30)
    theirs = oracle.predict_proba(((grid - score.mean()) / score.std())[:, None])[:, 1]
    np.testing.assert_allclose(mine.probability(grid), theirs, atol=2e-4)


def test_isotonic_is_scikit_learns_within_its_bounds() -> None:
    """Also between the knots and outside of them."""
    score, churned = outcomes(300)
    oracle = IsotonicRegression(y_min=1 / 302, y_max=301 / 302, out_of_bounds="clip").fit(score, churned)
    grid = np.linspace(-9, 9, 101)
    mine = fit_calibrator("isotonic", score, churned).probability(grid)
    np.testing.assert_allclose(mine, oracle.predict(grid), atol=1e-12)


def test_no_calibration_reads_the_score_as_log_odds() -> None:
    """The probability of log-odds 0 is one half."""
    found = fit_calibrator("none", *outcomes(50)).probability(np.array([0.0, np.log(3.0)]))
    np.testing.assert_allclose(found, [0.5, 0.75])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("slope", [1.0, -1.0])
def test_a_higher_score_never_means_a_lower_probability(kind: str, slope: float) -> None:
    """Not even when the evidence runs the other way: ranking is the scorer's business."""
    calibrator = fit_calibrator(kind, *outcomes(300, slope=slope))
    assert (np.diff(calibrator.probability(np.linspace(-6, 6, 200))) >= 0).all()


def test_sigmoid_keeps_the_ranking_exactly() -> None:
    """The AUC before and after is the same number."""
    score, churned = outcomes(500, slope=0.4)
    probability = fit_calibrator("sigmoid", score, churned).probability(score)
    assert auc(churned, probability) == auc(churned, score)


@pytest.mark.parametrize("kind", ["sigmoid", "isotonic"])
@pytest.mark.parametrize("outcome", [0, 1])
def test_a_base_with_one_outcome_gets_probabilities_inside_the_unit_interval(kind: str, outcome: int) -> None:
    """What has not been seen among 30 customers is rare, not impossible."""
    score = np.linspace(-2, 2, 30)
    found = fit_calibrator(kind, score, np.full(30, outcome)).probability(np.array([-50.0, 0.0, 50.0]))
    assert ((found > 0) & (found < 1)).all()
    assert (abs(found - outcome) < 0.1).all()


@pytest.mark.parametrize("kind", ["sigmoid", "isotonic"])
def test_equal_scores_get_the_share_of_churners(kind: str) -> None:
    """A scorer that knows nothing is calibrated to the base rate."""
    churned = np.repeat([1, 0], [30, 70])
    found = fit_calibrator(kind, np.zeros(100), churned).probability(np.zeros(1))
    assert found[0] == pytest.approx(0.3, abs=0.02)


def test_perfect_separation_stays_finite() -> None:
    """A rule that was right every time is not believed without limit."""
    score = np.concatenate([np.full(50, -1.0), np.full(50, 1.0)])
    found = fit_calibrator("sigmoid", score, np.repeat([0, 1], 50))
    assert np.isfinite(found.slope)
    assert 0.9 < found.probability(np.array([1.0]))[0] < 1.0


@pytest.mark.parametrize("kind", KINDS)
def test_json_round_trip_is_exact(kind: str) -> None:
    """The same bits come back."""
    calibrator = fit_calibrator(kind, *outcomes(200))
    assert Calibrator.from_dict(json.loads(json.dumps(calibrator.to_dict()))) == calibrator


def test_sigmoid_does_not_depend_on_the_threads_of_the_machine() -> None:
    """A threaded dot product differs in the last bits; the model folder must not."""
    from threadpoolctl import threadpool_limits

    score, churned = outcomes(200_000)
    found = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            found.append(fit_calibrator("sigmoid", score, churned))
    assert found[0] == found[1]
