"""Parameters by a customer attribute: recovered where they differ, borrowed where there is little to say."""

import numpy as np
import pandas as pd
import pytest

from patron.clv import CLVModel
from patron.clv._segments import _own_weight
from patron.clv._summary import segment_texts
from patron.clv.native.attempts import FitResult
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
        assert (min(segment["own_weight"].values()) > 0.6, segment["note"]) == (True, None)


def test_a_small_segment_borrows_and_says_so(by_industry):
    """25 banks lie between the pooled fit and their own truth; five shops use the pooled fit outright."""
    bank, shop = by_industry.segments_["bank"], by_industry.segments_["shop"]
    own = bank["params"]["r"] / bank["params"]["alpha"]
    pooled = by_industry.params_["r"] / by_industry.params_["alpha"]
    assert min(pooled, 0.5) < own < 1.15 * max(pooled, 0.5)
    assert bank["own_weight"]["order_times"] < by_industry.segments_["hospital"]["own_weight"]["order_times"]
    assert shop["params"] == by_industry.params_
    assert (shop["own_weight"], "5 customers" in shop["note"]) == (
        {"order_times": 0.0, "order_values": 0.0},
        True,
    )
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


def test_a_segment_with_far_larger_orders_keeps_them(simulated):
    """Ten times the money: its mean order value is its own, not that of the whole base."""
    parts = []
    for name, v, seed in (("g0", 1000.0, 1), ("g1", 100.0, 2), ("g2", 100.0, 3), ("g3", 100.0, 4)):
        rows, _ = simulated(FAST, 300, (40, 104), spend=(6.0, 4.0, v), seed=seed)
        parts.append(rows.assign(industry=name))
    model = CLVModel("mbgnbd", by="industry").fit(pd.concat(parts, ignore_index=True))
    params = model.segments_["g0"]["params"]
    assert params["p"] * params["v"] / (params["q"] - 1) == pytest.approx(2000.0, rel=0.15)
    assert model.segments_["g0"]["own_weight"]["order_values"] > 0.6


def test_whole_numbers_name_the_same_segment_in_any_column():
    """1, 1.0 and "1" are one segment: a missing value elsewhere turns a column of integers into floats."""
    names = [segment_texts(pd.Series(values))[0] for values in ([1, 2], [1.0, None], ["1", "2"])]
    assert names == ["1", "1", "1"]


def test_borrowed_weight_is_what_the_prior_leaves():
    """By hand: a quarter of the prior's variance in one letter and half in the other leave 5/8."""
    fit = FitResult({"r": 1.0, "alpha": 1.0}, 0.0, (), covariance=((0.0625, 0.0), (0.0, 0.125)))
    assert _own_weight(fit, 0.5) == pytest.approx(1 - (0.25 + 0.5) / 2)


def test_the_spread_of_segments_is_found(simulated):
    """Sixteen segments whose order rates differ by a quarter or hardly: a wide spread, and the narrowest."""
    random = np.random.default_rng(3)
    found = []
    for spread in (0.0, 0.5):
        parts = []
        for number in range(16):
            alpha = 8.0 * np.exp(spread * random.standard_normal())
            rows, _ = simulated(BetaGeometric(2.0, alpha, 0.5, 5.0, True), 120, (40, 104), seed=number)
            parts.append(rows.assign(industry=f"s{number}"))
        model = CLVModel("mbgnbd", by="industry").fit(pd.concat(parts, ignore_index=True))
        found.append(model.segments_["s0"]["spread"]["order_times"])
    assert found[0] <= 0.06
    assert 0.18 <= found[1] <= 0.7


def test_borrowed_parameters_are_the_same_in_every_segment(simulated):
    """Forty segments of one world cut at random: the total is as uncertain as without segments, not less."""
    base, _ = simulated(FAST, 400, (40, 104), seed=5)
    base = base.assign(industry=[f"s{i % 40}" for i in range(400)], customer_id=np.arange(400))
    widths = []
    for by in (None, "industry"):
        total = CLVModel("mbgnbd", by=by).fit(base).predict_total(base, 260)
        widths.append((total.high - total.low) / total.expected)
    assert widths[1] == pytest.approx(widths[0], rel=0.1)


def test_order_lines_do_not_tell_the_segment():
    """Nothing is guessed where the attribute cannot be known."""
    orders = pd.DataFrame(
        {"customer_id": ["a", "b"], "ordered_at": ["2024-01-01", "2024-01-02"], "amount": [1.0, 2.0]}
    )
    with pytest.raises(PatronError, match="do not tell the industry"):
        CLVModel("mbgnbd", by="industry").fit(orders)
