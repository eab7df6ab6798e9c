"""Value metrics against scikit-learn, scipy and averages over all orders of ties."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import mean_absolute_error, root_mean_squared_error

from patron.errors import NotEnoughData
from patron.metrics import bias, gini, mae, rmse, spearman, top_decile_share

RNG = np.random.default_rng(11)
ACTUAL = np.round(RNG.gamma(0.4, 300, 211), 2) * (RNG.random(211) < 0.7)
PREDICTED = np.round(ACTUAL * RNG.lognormal(0, 1, 211) + RNG.gamma(1, 20, 211), 0)


def gini_in_given_order(actual: np.ndarray, predicted: np.ndarray) -> float:
    """Area by predicted order / by actual order, from the two cumulative curves; ties in row order."""

    def area(order: np.ndarray) -> float:
        share = np.cumsum(actual[order]) / actual.sum()
        return float(share.mean() - (len(actual) + 1) / (2 * len(actual)))

    return area(np.argsort(-predicted, kind="stable")) / area(np.argsort(-actual, kind="stable"))


def test_mae_equals_scikit_learn():
    """Mean absolute error."""
    assert mae(ACTUAL, PREDICTED) == pytest.approx(mean_absolute_error(ACTUAL, PREDICTED))


def test_rmse_equals_scikit_learn():
    """Root of the mean squared error."""
    assert rmse(ACTUAL, PREDICTED) == pytest.approx(root_mean_squared_error(ACTUAL, PREDICTED))


def test_spearman_equals_scipy_under_ties():
    """A third of the customers earned nothing, all at one rank."""
    assert spearman(ACTUAL, PREDICTED) == pytest.approx(spearmanr(ACTUAL, PREDICTED)[0])


def test_gini_without_ties_is_the_ratio_of_areas():
    """The definition, with cumulative curves."""
    distinct = PREDICTED + np.arange(211) / 1000
    assert gini(ACTUAL, distinct) == pytest.approx(gini_in_given_order(ACTUAL, distinct))


def test_gini_under_ties_is_the_mean_over_their_orders():
    """Equal predictions may come in any order; all of them are averaged."""
    actual, predicted = np.array([5.0, 0.0, 3.0, 1.0, 0.0]), np.array([2.0, 2.0, 2.0, 1.0, 1.0])
    orders = [list(order) for order in permutations(range(5))]
    mean = np.mean([gini_in_given_order(actual[o], predicted[o]) for o in orders])
    assert gini(actual, predicted) == pytest.approx(mean)


def test_top_decile_share_under_ties_is_the_mean_over_their_orders():
    """The edge of the tenth runs through customers of equal prediction."""
    actual, predicted = np.array([8.0, 2.0] + [1.0] * 9), np.array([2.0, 2.0] + [1.0] * 9)
    assert top_decile_share(actual, predicted) == pytest.approx((8 + 2) / 2 / 19)


def test_top_decile_share_without_ties_is_a_sort_and_a_slice():
    """Twenty-one of 211 customers."""
    distinct = PREDICTED + np.arange(211) / 1000
    first = np.argsort(-distinct)[:21]
    assert top_decile_share(ACTUAL, distinct) == pytest.approx(ACTUAL[first].sum() / ACTUAL.sum())


def test_bias_is_the_error_of_the_total():
    """Half of the money foreseen is a bias of -50 %."""
    assert bias(ACTUAL, ACTUAL / 2) == pytest.approx(-0.5)


@pytest.mark.parametrize("metric", [mae, rmse, bias, gini, spearman, top_decile_share])
def test_shuffled_customers_give_the_same_bits(metric):
    """Float sums run in a fixed order, so files in another order give the same report."""
    order = RNG.permutation(211)
    assert metric(ACTUAL, PREDICTED) == metric(ACTUAL[order], PREDICTED[order])


@pytest.mark.parametrize("metric", [bias, gini, spearman, top_decile_share])
def test_nothing_earned_is_not_defined(metric):
    """No total, no order: None, without a warning."""
    assert metric(np.zeros(5), np.arange(5.0)) is None


@pytest.mark.parametrize("metric", [mae, rmse])
def test_the_mean_error_of_nobody_is_an_error(metric):
    """Said, not NaN."""
    with pytest.raises(NotEnoughData, match="no customers"):
        metric([], [])
