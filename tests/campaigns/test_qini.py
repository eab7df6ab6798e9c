"""Curves of rankings: against the figures of scikit-uplift 0.5.1, and by hand."""

from __future__ import annotations

import numpy as np
import pytest

from patron.campaigns import auuc, qini_coefficient, qini_curve, uplift_by_decile
from patron.campaigns.qini import uplift_curve
from patron.errors import NotEnoughData, PatronError

Campaign = tuple[np.ndarray, np.ndarray, np.ndarray]


@pytest.fixture
def campaign() -> Campaign:
    """400 accounts with arms of unequal size; the score tells who is kept by the call."""
    draw = np.random.default_rng(7)
    score = draw.permutation(400) / 400
    treated = (draw.random(400) < 0.6).astype(int)
    kept = (draw.random(400) < 0.3 + 0.3 * treated * score).astype(int)
    assert treated.sum() == 236
    return kept, treated, score


def test_areas_equal_those_of_scikit_uplift(campaign: Campaign) -> None:
    """Computed by `sklift.metrics` on the same accounts: areas under both curves, and `qini_auc_score`."""
    kept, treated, _ = campaign
    qini, uplift = qini_curve(*campaign), uplift_curve(*campaign)
    assert np.trapezoid(qini.gain, qini.accounts) == pytest.approx(10399.757852347262, rel=1e-12)
    assert np.trapezoid(uplift.gain, uplift.accounts) == pytest.approx(18218.963167655264, rel=1e-12)
    perfect = qini_coefficient(kept, treated, kept * (2 * treated - 1))
    assert qini_coefficient(*campaign) / perfect == pytest.approx(0.10934842232980421, rel=1e-12)
    assert auuc(*campaign) == pytest.approx(18218.963167655264 / 400**2, rel=1e-12)


def test_no_result_depends_on_the_order_of_rows(campaign: Campaign) -> None:
    """Ties come in together."""
    kept, treated, score = campaign
    tied = np.floor(10 * score)
    other = np.random.default_rng(1).permutation(400)
    first, second = qini_curve(kept, treated, tied), qini_curve(kept[other], treated[other], tied[other])
    np.testing.assert_array_equal(first.accounts, second.accounts)
    np.testing.assert_allclose(first.gain, second.gain, rtol=0, atol=1e-12)
    assert qini_coefficient(kept, treated, np.ones(400)) == pytest.approx(0, abs=1e-12)


def test_a_tenth_is_compared_within_itself(campaign: Campaign) -> None:
    """The highest tenth by hand."""
    kept, treated, score = campaign
    tenths = uplift_by_decile(*campaign)
    best = score >= 0.9
    called, alone = kept[best & (treated == 1)], kept[best & (treated == 0)]
    assert tenths["decile"].tolist() == list(range(1, 11))
    assert tenths.loc[0, "uplift"] == pytest.approx(called.mean() - alone.mean(), abs=1e-12)
    assert (tenths["n_treated"] + tenths["n_control"]).tolist() == [40] * 10
    assert (tenths["low"] < tenths["uplift"]).all()
    assert (tenths["uplift"] < tenths["high"]).all()


def test_what_cannot_be_ranked_is_refused() -> None:
    """An arm that is empty, a number that is missing, unequal lengths."""
    with pytest.raises(NotEnoughData, match="one is empty"):
        qini_curve([1, 0], [1, 1], [0.1, 0.2])
    with pytest.raises(PatronError, match="finite numbers"):
        qini_curve([1, float("nan")], [1, 0], [0.1, 0.2])
    with pytest.raises(PatronError, match="one value per account"):
        qini_curve([1, 0, 1], [1, 0], [0.1, 0.2])
