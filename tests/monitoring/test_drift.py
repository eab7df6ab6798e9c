"""Drift: the index by hand, Holm's adjustment by hand, and no cry at what always moves."""

from __future__ import annotations

from math import log

import numpy as np
import pandas as pd
import pytest

from patron.monitoring import drift, holm, psi


def test_the_index_is_that_of_its_formula() -> None:
    """Ten tenths of ten each; afterwards everybody is in the first: half a customer is added to each bin."""
    before, after = pd.Series(np.arange(100.0)), pd.Series(np.zeros(100))
    first = (100.5 - 10.5) / 105.5 * log(100.5 / 10.5)
    others = 9 * (0.5 - 10.5) / 105.5 * log(0.5 / 10.5)
    assert psi(before, after) == pytest.approx(first + others, rel=1e-12)


def test_missing_values_are_a_bin() -> None:
    """Half of the values are lost."""
    before = pd.Series(np.arange(100.0))
    after = before.where(before % 2 == 0)
    p, q, lost = 10.5 / 105.5, 5.5 / 105.5, 50.5 / 105.5
    expected = 10 * (q - p) * log(q / p) + (lost - 0.5 / 105.5) * log(lost / (0.5 / 105.5))
    assert psi(before, after) == pytest.approx(expected, rel=1e-12)


def test_all_tests_together_err_as_one() -> None:
    """Holm (1979): the smallest times four, the next times three, never falling."""
    found = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005})
    assert found == pytest.approx({"d": 0.02, "a": 0.03, "c": 0.06, "b": 0.06})


def test_a_base_that_always_moves_has_not_drifted() -> None:
    """The yardstick is its own past: the same step is drift only where nothing moved before."""
    draw = np.random.default_rng(3)
    steady = [pd.DataFrame({"gap": draw.normal(size=400)}) for _ in range(9)]
    moving = [pd.DataFrame({"gap": draw.normal(loc=step % 2, size=400)}) for step in range(10)]
    assert not drift(moving)[0].is_drifted
    assert drift([*steady, pd.DataFrame({"gap": draw.normal(loc=1, size=400)})])[0].is_drifted
    assert drift(steady[:1]) == []
    assert drift(steady[:3])[0].p_value is None
