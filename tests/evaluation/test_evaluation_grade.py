"""Grades: each letter has one door."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import log_loss

from patron.errors import PatronError
from patron.evaluation.grade import churn_grade, clv_grade

RNG = np.random.default_rng(5)
TRUE = RNG.beta(1, 1, 800)
Y = (RNG.random(800) < TRUE).astype(int)
AVERAGE = np.full(800, 0.5)


def test_better_beyond_chance_and_calibrated_is_an_a():
    """The true probabilities against the average."""
    assert churn_grade(Y, TRUE, {"average": AVERAGE}).letter == "A"


def test_better_but_off_is_a_b():
    """A model that ranks well and exaggerates is not an A, however good its log-loss."""
    exaggerated = np.clip(TRUE * 1.15, 0.02, 0.98)
    grade = churn_grade(Y, exaggerated, {"average": AVERAGE})
    assert grade.high < 0
    assert (grade.letter, grade.calibrated) == ("B", False)


def test_better_by_a_hair_is_a_b():
    """Better on average while the interval holds 0."""
    few, y = AVERAGE[:100], Y[:100]
    grade = churn_grade(y, few + 0.02 * (y.mean() > 0.5) - 0.02 * (y.mean() < 0.5), {"average": few})
    assert grade.log_loss_difference < 0 < grade.high
    assert grade.letter == "B"
    assert "chance could explain" in grade.sentence


def test_the_rule_against_itself_is_a_c():
    """A rule that ships adds nothing to itself."""
    grade = churn_grade(Y, AVERAGE, {"average": AVERAGE})
    assert (grade.letter, grade.log_loss_difference) == ("C", 0.0)


def test_the_strictest_rule_counts():
    """The baseline with the lowest log-loss is the one to beat."""
    good = np.clip(TRUE + RNG.normal(0, 0.1, 800), 0.01, 0.99)
    grade = churn_grade(Y, TRUE, {"average": AVERAGE, "silence": good})
    assert grade.best_baseline == "silence"
    assert grade.log_loss_difference == pytest.approx(log_loss(Y, TRUE) - log_loss(Y, good))


def test_the_order_of_the_baselines_does_not_matter():
    """Equal rules are told apart by name, not by position."""
    one = churn_grade(Y, TRUE, {"b": AVERAGE, "a": AVERAGE})
    assert one == churn_grade(Y, TRUE, {"a": AVERAGE, "b": AVERAGE})


def test_no_baseline_is_refused():
    """Every model stands beside a naive rule."""
    with pytest.raises(PatronError, match="at least one naive rule"):
        churn_grade(Y, TRUE, {})


LAST_YEAR = {"mae": 100.0, "gini": 0.8, "bias": -0.08}


@pytest.mark.parametrize(
    ("mae", "gini", "bias", "letter"),
    [
        (90.0, 0.85, 0.15, "A"),
        (90.0, 0.85, -0.16, "B"),
        (90.0, 0.75, 0.0, "B"),
        (110.0, 0.85, 0.0, "B"),
        (100.0, 0.8, 0.0, "C"),
        (90.0, 0.85, None, "B"),
    ],
)
def test_values_need_size_order_and_total_for_an_a(mae, gini, bias, letter):
    """MAE alone rewards predicting medians."""
    assert clv_grade({"mae": mae, "gini": gini, "bias": bias}, LAST_YEAR).letter == letter


def test_values_that_are_not_defined_are_no_better():
    """Nothing was earned: nothing was shown."""
    nothing = {"mae": None, "gini": None, "bias": None}
    assert clv_grade(nothing, nothing).letter == "C"
