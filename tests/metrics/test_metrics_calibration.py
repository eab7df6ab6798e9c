"""Calibration metrics against scikit-learn, scipy and plain loops."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import brier_score_loss
from sklearn.metrics import log_loss as sklearn_log_loss

from patron.errors import NotEnoughData, PatronError
from patron.metrics import (
    brier,
    calibration_table,
    ece,
    ece_if_perfect_95,
    is_calibrated,
    log_loss,
    log_losses,
)


def outcomes_from(p: np.ndarray, seed: int) -> np.ndarray:
    """Outcomes of a perfect model."""
    return (np.random.default_rng(seed).random(len(p)) < p).astype(int)


P = np.random.default_rng(3).beta(2, 3, 523)
Y = outcomes_from(P, 4)


def test_brier_equals_scikit_learn():
    """Mean squared error of probabilities."""
    assert brier(Y, P) == pytest.approx(brier_score_loss(Y, P), abs=1e-14)


def test_log_loss_equals_scikit_learn():
    """Natural logarithm, mean over customers."""
    assert log_loss(Y, P) == pytest.approx(sklearn_log_loss(Y, P), abs=1e-14)


def test_log_loss_of_a_certain_error_is_finite():
    """Probabilities are clipped to one in a million."""
    assert log_loss([1], [0.0]) == pytest.approx(-np.log(1e-6))


def test_log_loss_is_the_mean_of_the_losses_per_customer():
    """The paired comparison rests on the same losses."""
    assert log_losses(Y, P).mean() == pytest.approx(log_loss(Y, P), abs=1e-14)


def test_losses_keep_the_order_of_the_customers():
    """The first customer's loss comes first."""
    np.testing.assert_allclose(log_losses([1, 0], [0.25, 0.25]), [np.log(4), -np.log(0.75)])


@pytest.mark.parametrize("n", [10, 523, 7])
def test_ece_equals_a_loop_over_sorted_tenths(n):
    """Ten bins of equal count; the first ones are larger where the count does not divide."""
    y, p = Y[:n], P[:n]
    bins = [b for b in np.array_split(np.argsort(p), 10) if len(b)]
    by_hand = sum(len(b) * abs(y[b].mean() - p[b].mean()) for b in bins) / n
    assert ece(y, p) == pytest.approx(by_hand, abs=1e-12)


def test_ece_under_ties_does_not_depend_on_row_order():
    """Naive rules give whole groups one probability; sorting rows must not change their error."""
    p = np.repeat([0.2, 0.5, 0.7], [40, 33, 50])
    y = outcomes_from(p, 5)
    order = np.random.default_rng(6).permutation(len(p))
    assert ece(y, p) == ece(y[order], p[order])


def test_ece_of_a_constant_probability_is_the_distance_to_the_rate():
    """With equal probabilities every bin is an equal share of all customers, whatever their order."""
    y = np.array([1] * 30 + [0] * 70)
    assert ece(y, np.full(100, 0.5)) == pytest.approx(0.2)


def test_ece_if_perfect_agrees_with_a_simulation_by_hand():
    """The 95 % quantile of the error of a perfect model, drawn independently."""
    rng = np.random.default_rng(7)
    by_hand = [ece((rng.random(len(P)) < P).astype(int), P) for _ in range(2000)]
    assert ece_if_perfect_95(P, draws=2000, seed=8) == pytest.approx(np.quantile(by_hand, 0.95), rel=0.05)


def test_a_perfect_model_on_few_customers_is_calibrated():
    """Chance alone makes an error over 0.03 on sixty customers; that is no fault of the model."""
    p, y = P[:60], Y[:60]
    assert ece(y, p) > 0.03
    assert is_calibrated(y, p)


def test_a_model_far_off_is_not_calibrated():
    """Probabilities 0.3 too low on five hundred customers."""
    assert not is_calibrated(Y, np.clip(P - 0.3, 0.01, 1))


def test_a_tiny_error_on_a_huge_base_is_tolerated():
    """Up to 0.03 is good enough even where chance would make less."""
    p = np.tile([0.2, 0.5, 0.8], 20_000)
    y = outcomes_from(p - 0.02, 9)
    assert ece(y, p) > ece_if_perfect_95(p)
    assert is_calibrated(y, p)


def test_calibration_table_counts_everybody_once():
    """Customers and churners add up to the whole."""
    table = calibration_table(Y, P)
    churners = sum(row["n"] * row["churn_rate"] for row in table)
    assert (sum(row["n"] for row in table), len(table)) == (523, 10)
    assert churners == pytest.approx(Y.sum())


def test_calibration_table_intervals_equal_scipy():
    """Wilson's interval of each bin's churn rate."""
    for row in calibration_table(Y, P):
        oracle = binomtest(round(row["n"] * row["churn_rate"]), row["n"]).proportion_ci(method="wilson")
        assert (row["low"], row["high"]) == pytest.approx((oracle.low, oracle.high), abs=1e-12)


def test_calibration_table_keeps_equal_probabilities_together():
    """Two distinct probabilities make two rows, with whole customers."""
    table = calibration_table([1, 0, 0, 0, 1, 1, 0, 1], [0.2] * 5 + [0.7] * 3)
    assert [(row["n"], row["mean_probability"]) for row in table] == [(5, 0.2), (3, pytest.approx(0.7))]


@pytest.mark.parametrize("churned", [0, 1])
def test_calibration_table_of_one_outcome_stays_within_bounds(churned):
    """The interval ends at the bound itself, as scipy's does."""
    (row,) = calibration_table([churned] * 4, [0.5] * 4)
    assert (row["low"] if not churned else row["high"]) == churned


def test_a_probability_above_one_is_refused():
    """Scores of a ranking are not probabilities."""
    with pytest.raises(PatronError, match=r"lie in 0 to 1: 1 of 2 do not \(first: row 1, 1\.5\)"):
        brier([0, 1], [0.5, 1.5])


@pytest.mark.parametrize("metric", [brier, log_loss, ece, calibration_table])
def test_no_customers_is_said(metric):
    """A mean over nobody is an error, not NaN."""
    with pytest.raises(NotEnoughData, match="no customers"):
        metric([], [])
