"""Very few accounts: no nonsense."""

from __future__ import annotations

import numpy as np
import pytest

from patron.campaigns import detectable, difference_in_means, difference_redrawn
from patron.errors import NotEnoughData
from patron.simulation.campaign import simulate_campaign


def test_an_arm_that_is_fitted_exactly_has_no_error() -> None:
    """Two accounts carry a mean and a slope, and nothing beside them."""
    with pytest.raises(NotEnoughData, match="cannot carry"):
        difference_in_means([1.0, 0.0, 1.0, 0.0], [1, 1, 0, 0], covariate=[1.0, 2.0, 3.0, 9.0])


@pytest.mark.parametrize("seed", range(4))
def test_no_share_above_one_is_promised(seed: int) -> None:
    """Eight accounts can show next to nothing: that is said by None, without a warning."""
    accounts = simulate_campaign(8, seed=seed)
    found = detectable(accounts, [1.0], treated_share=0.5, window_share=0.25, draws=60, seed=seed)
    shares = [row[name] for row in found["sizes"] for name in ("retention", "retention_save_rate")]
    assert None in shares
    assert all(0 < share <= 1 for share in shares if share is not None)
    larger = [row["margin"] for row in found["sizes"] if row["margin"] is not None]
    assert np.all(np.array(larger) > 0)


def test_accounts_that_all_did_the_same_have_no_interval() -> None:
    """Rounding is no error: neither all that stayed, nor all against none."""
    for y in ([1.0] * 10, [0.1] * 10, [1.0] * 5 + [0.0] * 5):
        effect = difference_in_means(y, [1] * 5 + [0] * 5)
        assert np.isnan([effect.low, effect.high]).all()
    known = np.arange(10.0) % 3
    assert np.isnan(difference_in_means([1.0] * 10, [1] * 5 + [0] * 5, covariate=known).low)


def test_few_re_draws_may_bound_nothing() -> None:
    """Two against two: one way in three to draw them has no error at all."""
    effect = difference_redrawn([1.0, 0.0, 1.0, 0.0], [1, 1, 0, 0], seed=1)
    assert (effect.estimate, effect.low, effect.high) == (0.0, -np.inf, np.inf)
    assert effect.p_value == 1.0
