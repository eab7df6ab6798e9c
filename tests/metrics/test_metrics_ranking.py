"""Ranking metrics against scikit-learn, and laws that hold for any data."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from patron.errors import PatronError
from patron.metrics import auc, average_precision, top_decile_lift

rows_with_ties = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 8)), min_size=2, max_size=60)


def both_outcomes(rows: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    """Outcomes and tied scores; the first two rows are set so that both outcomes occur."""
    y = np.array([r[0] for r in rows])
    y[:2] = [0, 1]
    return y, np.array([r[1] for r in rows]) / 8


@given(rows_with_ties)
@settings(max_examples=60, deadline=None)
def test_auc_equals_scikit_learn_under_ties(rows):
    """Ties count half, as in roc_auc_score."""
    y, p = both_outcomes(rows)
    assert auc(y, p) == pytest.approx(roc_auc_score(y, p), abs=1e-12)


@given(rows_with_ties)
@settings(max_examples=60, deadline=None)
def test_average_precision_equals_scikit_learn_under_ties(rows):
    """Equal scores are one threshold, as in average_precision_score."""
    y, p = both_outcomes(rows)
    assert average_precision(y, p) == pytest.approx(average_precision_score(y, p), abs=1e-12)


def test_top_decile_lift_without_ties_is_the_rate_of_the_first_tenth():
    """A sort and a slice give the same number when no scores are equal."""
    rng = np.random.default_rng(1)
    p = rng.permutation(237) / 237
    y = (rng.random(237) < p).astype(int)
    first = np.argsort(-p)[:23]
    assert top_decile_lift(y, p) == pytest.approx(y[first].mean() / y.mean())


def test_top_decile_lift_shares_ties_at_the_edge():
    """The tied customers give their mean over all of their possible orders."""
    y, p = np.array([1, 1, 0, 0, 0] + [0] * 15), np.array([0.9, 0.5, 0.5, 0.5, 0.5] + [0.1] * 15)
    # Two of twenty are the top tenth: the first, and one of four of whom one churned.
    assert top_decile_lift(y, p) == pytest.approx((1 + 1 / 4) / 2 / (2 / 20))


def test_constant_scores_are_chance():
    """A model that says the same of everybody has AUC 0.5, the base rate as precision, and no lift."""
    y, p = np.array([1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]), np.full(12, 0.3)
    assert (auc(y, p), average_precision(y, p), top_decile_lift(y, p)) == pytest.approx((0.5, 1 / 6, 1))


@pytest.mark.parametrize("metric", [auc, average_precision, top_decile_lift])
def test_shuffled_rows_give_the_same_bits(metric):
    """The order of the customers changes nothing, not even the last bit."""
    rng = np.random.default_rng(2)
    p = rng.integers(0, 20, 200) / 20
    y = rng.integers(0, 2, 200)
    order = rng.permutation(200)
    assert metric(y, p) == metric(y[order], p[order])


@pytest.mark.parametrize("metric", [auc, average_precision, top_decile_lift])
def test_nobody_churned_is_not_defined(metric):
    """No churner, no ranking of churners."""
    assert metric([0, 0, 0], [0.1, 0.2, 0.3]) is None


def test_everybody_churned_has_no_auc():
    """There is no customer who stayed to compare with."""
    assert auc([1, 1], [0.1, 0.2]) is None


def test_an_outcome_of_two_is_refused():
    """The message counts the rows and shows one."""
    with pytest.raises(PatronError, match=r"0 or 1: 1 of 3 rows are not \(first: row 2, 2\)"):
        auc([0, 1, 2], [0.1, 0.2, 0.3])


def test_a_missing_score_is_refused():
    """NaN is never ranked silently."""
    with pytest.raises(
        PatronError, match=r"scores must be a finite number: 1 of 2 rows are not \(first: row 1"
    ):
        auc([0, 1], [0.1, float("nan")])


def test_different_lengths_are_refused():
    """One row per customer in both."""
    with pytest.raises(PatronError, match="y 2, scores 3"):
        auc([0, 1], [0.1, 0.2, 0.3])
