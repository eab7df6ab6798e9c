"""Bootstrap intervals: coverage, determinism, and agreement between the fast and the general road."""

from __future__ import annotations

import math

import numpy as np
import pytest

from patron.metrics import (
    auc,
    brier,
    churn_metrics,
    interval,
    log_losses,
    mae,
    paired_interval,
    paired_loss_interval,
    value_metrics,
)

RNG = np.random.default_rng(21)
P = np.round(RNG.beta(2, 3, 400), 2)
Y = (RNG.random(400) < P).astype(int)
METRICS = ("auc", "average_precision", "brier", "log_loss", "ece", "top_decile_lift")


def test_interval_of_a_mean_agrees_with_the_normal_one():
    """For a mean over 400 customers the bootstrap comes near mean +- 1.96 standard errors."""
    squares = (Y - P) ** 2
    half = 1.96 * squares.std() / math.sqrt(len(P))
    low, high = interval(brier, Y, P, draws=4000, seed=1)
    assert (low, high) == pytest.approx((squares.mean() - half, squares.mean() + half), abs=0.12 * half)


def test_auc_interval_agrees_with_hanley_and_mcneil():
    """The textbook's standard error of an AUC, from another formula."""
    a, n1, n0 = auc(Y, P), int(Y.sum()), int((1 - Y).sum())
    q1, q2 = a / (2 - a), 2 * a * a / (1 + a)
    error = math.sqrt((a * (1 - a) + (n1 - 1) * (q1 - a * a) + (n0 - 1) * (q2 - a * a)) / (n1 * n0))
    found = churn_metrics(Y, P, draws=2000, seed=2)
    assert found["auc_high"] - found["auc_low"] == pytest.approx(2 * 1.96 * error, rel=0.15)


def test_churn_metrics_agree_with_the_general_interval():
    """Resampling counts of scores is resampling customers."""
    found = churn_metrics(Y, P, draws=3000, seed=3)
    low, high = interval(auc, Y, P, draws=3000, seed=4)
    assert (found["auc_low"], found["auc_high"]) == pytest.approx((low, high), abs=0.004)


def test_churn_metrics_has_exactly_the_promised_keys():
    """The keys of evaluation.json."""
    assert list(churn_metrics(Y, P, draws=2)) == [k + s for k in METRICS for s in ("", "_low", "_high")]


@pytest.mark.parametrize("metric", [m for m in METRICS if m != "ece"])
def test_the_interval_holds_the_number(metric):
    """ECE is left out: resampling adds noise to it, and the docstring says so."""
    found = churn_metrics(Y, P, draws=300, seed=5)
    assert found[f"{metric}_low"] < found[metric] < found[f"{metric}_high"]


def test_shuffled_customers_give_the_same_intervals():
    """Row order changes no bit, bootstrap included."""
    order = RNG.permutation(400)
    assert churn_metrics(Y, P, draws=50, seed=6) == churn_metrics(Y[order], P[order], draws=50, seed=6)


def test_another_seed_gives_other_draws():
    """The seed is used."""
    assert churn_metrics(Y, P, draws=50, seed=6) != churn_metrics(Y, P, draws=50, seed=7)


@pytest.mark.parametrize("outcome", [0, 1])
def test_one_outcome_gives_none_and_never_nan(outcome):
    """Warnings are errors here, so this also shows that there are none."""
    found = churn_metrics(np.full(30, outcome), np.linspace(0.1, 0.9, 30), draws=50)
    assert found["auc"] is found["auc_low"] is found["auc_high"] is None
    assert not any(value != value for value in found.values() if value is not None)


def test_no_customers_give_none_everywhere():
    """An empty window is reported, not raised."""
    assert set(churn_metrics([], []).values()) == {None}


def test_one_churner_leaves_out_the_draws_without_him():
    """A third of the draws miss the only churner; the AUC interval rests on the others."""
    found = churn_metrics([1, 0, 0, 0, 0, 0], [0.9, 0.1, 0.2, 0.3, 0.4, 0.5], draws=200)
    assert (found["auc_low"], found["auc_high"]) == (1.0, 1.0)


def test_paired_interval_is_narrower_than_two_single_ones():
    """Two models nearly alike differ far less than each varies."""
    other = np.clip(P + 0.01, 0, 1)
    paired = paired_interval(brier, Y, other, P, draws=500, seed=8)
    low, high = interval(brier, Y, P, draws=500, seed=8)
    assert paired.high - paired.low < (high - low) / 5


def test_paired_losses_agree_with_the_paired_metric():
    """The fast road for means gives what the general one gives."""
    rule = np.full(400, 0.4)
    fast = paired_loss_interval((Y - P) ** 2, (Y - rule) ** 2, draws=4000, seed=9)
    slow = paired_interval(brier, Y, P, rule, draws=4000, seed=10)
    assert fast.difference == pytest.approx(slow.difference, abs=1e-12)
    assert (fast.low, fast.high) == pytest.approx((slow.low, slow.high), abs=0.002)


def test_paired_losses_do_not_depend_on_row_order():
    """Same customers, another order, same bits."""
    a, b, order = log_losses(Y, P), log_losses(Y, np.full(400, 0.4)), RNG.permutation(400)
    assert paired_loss_interval(a, b, draws=50) == paired_loss_interval(a[order], b[order], draws=50)


def test_a_paired_metric_without_both_outcomes_is_not_defined():
    """No AUC, no difference of AUCs."""
    assert paired_interval(auc, np.zeros(5), np.arange(5) / 5, np.arange(5) / 6, draws=20) is None


def test_paired_intervals_hold_the_truth_about_95_times_in_100():
    """Coverage over 300 data sets in which both models have the same expected loss."""
    rng, hits = np.random.default_rng(31), 0
    for seed in range(300):
        a, b = rng.exponential(1, (2, 150))
        found = paired_loss_interval(a, b, draws=400, seed=seed)
        hits += found.low <= 0 <= found.high
    assert 0.91 <= hits / 300 <= 0.98


def test_value_metrics_has_exactly_the_promised_keys():
    """The keys of evaluation.json."""
    keys = ["mae", "rmse", "gini", "spearman", "bias", "top_decile_share", "interval_coverage"]
    assert list(value_metrics([1.0, 2.0], [1.0, 3.0])) == keys


def test_interval_coverage_counts_the_ends():
    """A customer who earned nothing lies inside [0, x]."""
    found = value_metrics([0.0, 5.0, 9.0, 2.0], [1.0] * 4, low=[0.0] * 4, high=[5.0] * 4)
    assert found["interval_coverage"] == 0.75


def test_value_metrics_of_nobody_are_none():
    """An empty window is reported, not raised."""
    assert set(value_metrics([], [], low=[], high=[]).values()) == {None}


def test_value_metrics_give_the_plain_metrics():
    """The dict holds what the functions give."""
    actual = np.array([0.0, 5.0, 9.0, 2.0])
    assert value_metrics(actual, actual + 1)["mae"] == mae(actual, actual + 1) == 1.0
