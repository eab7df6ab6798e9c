"""Expected against actual totals by decile."""

import numpy as np
import pytest

from patron.clv.calibration import holdout_calibration
from patron.errors import PatronError


def test_deciles_of_distinct_expectations():
    """A hundred distinct expectations make ten groups of ten, ordered from small to large."""
    expected = np.arange(100.0)
    lines = holdout_calibration(expected[::-1], 2 * expected[::-1])
    assert [(line["n"], line["expected_sum"], line["actual_sum"]) for line in lines] == [
        (10, 100.0 * k + 45.0, 200.0 * k + 90.0) for k in range(10)
    ]


def test_totals_are_kept():
    """Groups split the customers without losing one."""
    random = np.random.default_rng(3)
    expected, actual = random.gamma(1, 1, 137).round(1), random.poisson(1, 137)
    lines = holdout_calibration(expected, actual)
    assert sum(line["actual_sum"] for line in lines) == actual.sum()
    assert sum(line["n"] for line in lines) == 137


def test_equal_expectations_stay_together():
    """Ties are never split by what happened."""
    lines = holdout_calibration([1.0] * 9 + [2.0], [0.0] * 10, bins=5)
    assert [line["n"] for line in lines] == [9, 1]


def test_row_order_does_not_matter():
    """The lines are the same to the bit in any order of the rows."""
    random = np.random.default_rng(3)
    expected, actual = random.gamma(1, 1, 500), random.gamma(1, 1, 500)
    order = random.permutation(500)
    assert holdout_calibration(expected, actual) == holdout_calibration(expected[order], actual[order])


def test_unusable_arrays_are_refused_together():
    """Different lengths and missing numbers are named in one error."""
    with pytest.raises(PatronError, match="of one length") as caught:
        holdout_calibration([1.0, np.nan], [1.0])
    assert len(caught.value.problems) == 2
