"""Parameters by a customer attribute: recovered where they differ, borrowed where there is little to say."""

import numpy as np
import pandas as pd
import pytest

from patron.clv import CLVModel
from patron.clv.processes.betageometric import BetaGeometric
from patron.errors import PatronError

FAST, SLOW = BetaGeometric(2.0, 4.0, 0.5, 5.0, True), BetaGeometric(2.0, 24.0, 0.5, 5.0, True)


@pytest.fixture(scope="module")
def mixed(simulated):
    """Hospitals order six times as often as offices, for three times the money; few banks, shops, unknown."""
    parts = []
    for name, world, n, v, seed in (
        ("hospital", FAST, 600, 300.0, 1),
        ("office", SLOW, 900, 100.0, 2),
        ("bank", FAST, 25, 300.0, 3),
        ("shop", SLOW, 5, 100.0, 4),
        (None, SLOW, 9, 100.0, 5),
    ):
        rows, _ = simulated(world, n, (40, 104), spend=(6.0, 4.0, v), seed=seed)
        parts.append(rows.assign(industry=name))
    base = pd.concat(parts, ignore_index=True)
    return base.assign(customer_id=[f"c{i:04d}" for i in range(len(base))])


@pytest.fixture(scope="module")
def by_industry(mixed):
    return CLVModel("mbgnbd", by="industry").fit(mixed)


def test_large_segments_find_their_own_parameters(by_industry):
    """Mean order rate and mean order value within 15 % of the truth, and said to be its own."""
    for name, world, value in (("hospital", FAST, 600.0), ("office", SLOW, 200.0)):
        segment = by_industry.segments_[name]
        params = segment["params"]
        assert params["r"] / params["alpha"] == pytest.approx(world.r / world.alpha, rel=0.15)
        assert params["p"] * params["v"] / (params["q"] - 1) == pytest.approx(value, rel=0.15)
        assert (segment["own_weight"] > 0.6, segment["note"]) == (True, None)


def test_a_small_segment_borrows_and_says_so(by_industry):
    """25 banks lie between the pooled fit and their own truth; five shops use the pooled fit outright."""
    bank, shop = by_industry.segments_["bank"], by_industry.segments_["shop"]
    own = bank["params"]["r"] / bank["params"]["alpha"]
    pooled = by_industry.params_["r"] / by_industry.params_["alpha"]
    assert min(pooled, 0.5) < own < 1.15 * max(pooled, 0.5)
    assert bank["own_weight"] < by_industry.segments_["hospital"]["own_weight"]
    assert shop["params"] == by_industry.params_
    assert (shop["own_weight"], "5 customers" in shop["note"]) == (0.0, True)
    assert shop["note"] in by_industry.diagnostics_["warnings"]


def test_segments_that_do_not_differ_stay_together(simulated):
    """One world cut at random: the fits of the parts stay near the pooled one."""
    base, _ = simulated(FAST, 900, (40, 104), seed=9)
    base = base.assign(industry=np.array(["x", "y", "z"])[np.arange(900) % 3])
    model = CLVModel("mbgnbd", by="industry").fit(base)
    for segment in model.segments_.values():
        assert segment["params"]["r"] == pytest.approx(model.params_["r"], rel=0.1)
        assert segment["params"]["a"] == pytest.approx(model.params_["a"], rel=0.1)


def test_predictions_use_the_segments_parameters(mixed, by_industry):
    """A row's prediction is that of a model with its segment's parameters, to the bit, in any crowd."""
    together = by_industry.predict(mixed)
    for name in ("hospital", "shop"):
        rows = mixed[mixed["industry"] == name]
        alone = CLVModel.from_params("mbgnbd", by_industry.segments_[name]["params"]).predict(rows)
        pd.testing.assert_frame_equal(together.loc[rows.index], alone, check_exact=True)


def test_unknown_segments_use_the_whole_base(mixed, by_industry):
    """A missing industry and one never seen are predicted with the pooled parameters."""
    rows = mixed[mixed["industry"].isna()]
    pooled = CLVModel.from_params("mbgnbd", by_industry.params_).predict(rows)
    assert by_industry.predict(rows).equals(pooled)
    assert by_industry.predict(rows.assign(industry="circus")).equals(pooled)


def test_the_total_adds_the_segments_up(mixed, by_industry):
    total = by_industry.predict_total(mixed, 26)
    assert total.expected == pytest.approx(by_industry.predict(mixed, 26)["clv"].sum(), rel=1e-10)
    assert total.low < total.expected < total.high


def test_segments_survive_storing(mixed, by_industry):
    back = CLVModel.from_dict(by_industry.to_dict())
    assert back.segments_ == by_industry.segments_
    assert back.predict(mixed).equals(by_industry.predict(mixed))


def test_a_missing_column_is_named(mixed):
    with pytest.raises(PatronError, match="lacks industry"):
        CLVModel("mbgnbd", by="industry").fit(mixed.drop(columns="industry"))


def test_lifetimes_has_no_segments(mixed):
    with pytest.raises(PatronError, match="native backend only"):
        CLVModel("mbgnbd", backend="lifetimes", by="industry").fit(mixed)
