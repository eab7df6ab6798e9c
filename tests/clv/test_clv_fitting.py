"""Fitting: recovery, row order, small and awkward bases, choices and what is said about them."""

import json

import numpy as np
import pandas as pd
import pytest

from patron.clv import CLVModel
from patron.clv.processes.betageometric import BetaGeometric
from patron.errors import NotEnoughData, PatronError

WORLD = BetaGeometric(0.8, 6.0, 0.8, 3.0, True)


@pytest.fixture(scope="module")
def base(simulated):
    return simulated(WORLD, 600, (10, 104), seed=1)[0]


@pytest.fixture(scope="module")
def all_alive(simulated):
    return simulated(BetaGeometric(3.0, 10.0, 1e-6, 1.0, False), 300, (10, 104), seed=3)[0]


@pytest.fixture(scope="module")
def heavy_tail(simulated):
    return simulated(WORLD, 500, (10, 104), spend=(6.0, 0.8, 100.0), seed=7)[0]


@pytest.fixture
def alike(base):
    return base.assign(mean_repeat_order_value=np.where(base["repeat_orders"] > 0, 50.0, 0.0))


def test_row_order_does_not_matter(base):
    """Parameters and diagnostics are the same to the bit whatever the order of the rows."""
    shuffled = base.sample(frac=1.0, random_state=4)
    first, second = CLVModel().fit(base), CLVModel().fit(shuffled)
    assert (first.params_, first.diagnostics_) == (second.params_, second.diagnostics_)


def test_currency_does_not_matter(base):
    """In cents instead of currency units v grows a hundredfold, and p and q stay."""
    cents = base.assign(mean_repeat_order_value=base["mean_repeat_order_value"] * 100)
    small, large = CLVModel("mbgnbd").fit(base).params_, CLVModel("mbgnbd").fit(cents).params_
    assert [large[k] for k in "pqv"] == pytest.approx([small["p"], small["q"], 100 * small["v"]], rel=1e-6)


def test_recovers_the_world_it_was_drawn_from(simulated):
    """From 3,000 simulated customers the mean order rate and mean order value come back within 10 %."""
    summary, _ = simulated(WORLD, 3000, (52, 104), seed=2)
    model = CLVModel("mbgnbd").fit(summary)
    rate = model.params_["r"] / model.params_["alpha"]
    assert [rate, model.base_order_value] == pytest.approx([0.8 / 6.0, 200.0], rel=0.1)


def test_auto_without_gaps_takes_mbgnbd_and_says_so(base):
    """A summary without the sum of log gaps cannot tell regular gaps; the reason says it."""
    model = CLVModel().fit(base)
    assert model.purchases_ == "mbgnbd"
    assert "was not tried" in model.diagnostics_["chosen_because"]


def test_auto_keeps_mbgnbd_where_bgnbd_fits_better(simulated):
    """A better fit does not make up for one-time buyers that live for ever; the likelihoods are told."""
    summary, _ = simulated(BetaGeometric(2.0, 4.0, 1.0, 1.0, False), 1500, (40, 80), seed=5)
    model = CLVModel().fit(summary)
    told = model.diagnostics_["candidates"]
    assert told["bgnbd"]["log_likelihood"] > told["mbgnbd"]["log_likelihood"] + 10
    assert model.purchases_ == "mbgnbd"
    assert "alive for ever" in model.diagnostics_["chosen_because"]


def test_the_prior_weighs_one_customer(base):
    """It moves parameters by less than half their standard errors, and the less the more customers."""
    free, held = CLVModel("mbgnbd", prior=False).fit(base), CLVModel("mbgnbd").fit(base)
    errors = free.diagnostics_["candidates"]["mbgnbd"]["standard_errors"]
    moved = {name: abs(held.params_[name] - free.params_[name]) for name in errors}
    assert all(0 < moved[name] < 0.5 * errors[name] for name in errors)
    often = np.full(len(base), 50.0)
    many = CLVModel("mbgnbd").fit(base, sample_weight=often).params_
    plain = CLVModel("mbgnbd", prior=False).fit(base, sample_weight=often).params_
    assert all(abs(many[name] - plain[name]) < 0.05 * moved[name] for name in errors)


def test_weights_stand_for_customers(base):
    """Weight 2 gives the parameters of a base in which everybody appears twice."""
    twice = pd.concat([base, base], ignore_index=True)
    weighted = CLVModel("mbgnbd").fit(base, sample_weight=np.full(len(base), 2.0))
    assert weighted.params_ == pytest.approx(CLVModel("mbgnbd").fit(twice).params_, rel=1e-7)
    assert weighted.diagnostics_["customers"] == 2 * len(base)


@pytest.mark.parametrize("weights", [[1.0], np.zeros(600), np.full(600, np.nan), np.full(600, -1.0)])
def test_impossible_weights_are_refused(base, weights):
    with pytest.raises(PatronError, match="sample_weight"):
        CLVModel("mbgnbd").fit(base, sample_weight=weights)


def test_no_dropout_is_told(all_alive):
    """Where nobody ever leaves the prior keeps a and b finite, and a warning says why."""
    model = CLVModel("bgnbd").fit(all_alive)
    assert model.diagnostics_["candidates"]["bgnbd"]["at_boundary"] is None
    assert any("dropout is not identified" in words for words in model.diagnostics_["warnings"])


def test_an_ordinary_base_is_identified(simulated):
    """No such warning where the data tell."""
    model = CLVModel("mbgnbd").fit(simulated(WORLD, 3000, (52, 104), seed=2)[0])
    assert not any("not identified" in words for words in model.diagnostics_["warnings"])


def test_a_runaway_is_refused_without_the_prior(all_alive):
    """Plain maximum likelihood has no maximum there: refused, with what runs off and what to do."""
    with pytest.raises(NotEnoughData, match="a, b ran off to a limit") as caught:
        CLVModel("bgnbd", prior=False).fit(all_alive)
    assert "prior=True" in caught.value.next_step


def test_heavy_tail_is_refused_without_the_prior(heavy_tail):
    """q <= 1 means an infinite mean order value: an error that says so and what to do."""
    with pytest.raises(
        NotEnoughData, match="not above 1, so the mean order value would be infinite"
    ) as caught:
        CLVModel("mbgnbd", prior=False).fit(heavy_tail)
    assert "prior=True" in caught.value.next_step


def test_heavy_tail_with_the_prior_has_the_observed_mean(heavy_tail):
    """With prior=True the population's mean order value is the observed one instead."""
    model = CLVModel("mbgnbd").fit(heavy_tail)
    observed = heavy_tail.loc[heavy_tail["repeat_orders"] > 0, "mean_repeat_order_value"].mean()
    assert model.base_order_value == pytest.approx(observed, rel=1e-9)


def test_order_values_all_alike(alike):
    """A flat fee is predicted for customers with and without repeat orders."""
    model = CLVModel("mbgnbd").fit(alike)
    assert model.expected_order_value(alike) == pytest.approx(50.0, rel=1e-6)


def test_sixty_customers_are_enough(simulated):
    """A base of 60 accounts gets finite, non-negative predictions."""
    summary, _ = simulated(WORLD, 60, (10, 104), seed=5)
    predicted = CLVModel().fit(summary).predict(summary).to_numpy()
    assert (np.isfinite(predicted) & (predicted >= 0)).all()


def test_too_few_customers_are_refused_with_all_reasons():
    """Too few customers and too few repeat customers are named in one error."""
    summary = pd.DataFrame(
        {
            "repeat_orders": [0, 1],
            "weeks_first_to_last_order": [0.0, 1.0],
            "weeks_observed": [3.0, 4.0],
            "mean_repeat_order_value": [0.0, 5.0],
        }
    )
    with pytest.raises(NotEnoughData, match="2 customers; at least 10") as caught:
        CLVModel().fit(summary)
    assert len(caught.value.problems) == 2


def test_unknown_choices_are_refused_together(base):
    """The error names an unknown backend and an unknown process, and what there is."""
    with pytest.raises(PatronError, match="there is 'native', 'lifetimes'") as caught:
        CLVModel("poisson", backend="abacus").fit(base)
    assert len(caught.value.problems) == 2


def test_a_backend_says_what_it_cannot_fit(base):
    """Pareto/NBD needs lifetimes, regular gaps need the native engine."""
    with pytest.raises(PatronError, match="backend='lifetimes' can"):
        CLVModel("paretonbd").fit(base)
    with pytest.raises(PatronError, match="backend='native' can"):
        CLVModel("mbgcnbd", backend="lifetimes").fit(base)


def test_regular_gaps_need_their_column(base):
    with pytest.raises(PatronError, match="sum_log_gap_weeks"):
        CLVModel("mbgcnbd").fit(base)


def test_diagnostics_survive_json(base):
    """Diagnostics are plain JSON, without NaN."""
    told = CLVModel().fit(base).diagnostics_
    assert json.loads(json.dumps(told, allow_nan=False)) == told


def test_diagnostics_hold_the_facts(base):
    """Shares and correlation equal those computed by pandas."""
    told = CLVModel().fit(base).diagnostics_
    repeat = base[base["repeat_orders"] > 0]
    want = repeat["repeat_orders"].corr(repeat["mean_repeat_order_value"])
    assert told["correlation_orders_value"] == pytest.approx(want, rel=1e-9)
    assert (told["customers"], told["one_time_share"]) == (600, (base["repeat_orders"] == 0).mean())
