"""Fitting: recovery, row order, small and awkward bases, choices and what is said about them."""

import json

import numpy as np
import pandas as pd
import pytest

from patron.clv import CLVModel
from patron.clv._attempts import FitResult, first_that_works
from patron.clv._lifetimes import _fit_purchases_once, _limits_on_log_scale
from patron.clv._purchases import Purchases
from patron.errors import NotEnoughData, PatronError

WORLD = Purchases(0.8, 6.0, 0.8, 3.0, True)


@pytest.fixture(scope="module")
def base(simulated):
    return simulated(WORLD, 600, (10, 104), seed=1)[0]


@pytest.fixture(scope="module")
def all_alive(simulated):
    return simulated(Purchases(3.0, 10.0, 1e-6, 1.0, False), 300, (10, 104), seed=3)[0]


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


def test_auto_prefers_mbgnbd_in_its_own_world(base):
    """Where customers leave after the first order, auto takes MBG/NBD and says why."""
    model = CLVModel().fit(base)
    assert (model.purchases_, "lower" in model.diagnostics_["chosen_because"]) == ("mbgnbd", True)


def test_auto_keeps_mbgnbd_where_bgnbd_fits_better(simulated):
    """A better fit does not make up for one-time buyers that live for ever; the likelihoods are told."""
    summary, _ = simulated(Purchases(2.0, 4.0, 1.0, 1.0, False), 1500, (40, 80), seed=5)
    model = CLVModel().fit(summary)
    assert (model.purchases_, "higher" in model.diagnostics_["chosen_because"]) == ("mbgnbd", True)
    assert sorted(model.diagnostics_["candidates"]) == ["bgnbd", "mbgnbd"]


def test_prior_makes_no_difference_where_it_is_not_needed(base):
    """Where plain maximum likelihood succeeds, prior=True gives the same bits."""
    assert CLVModel(prior=True).fit(base).params_ == CLVModel(prior=False).fit(base).params_


def test_prior_keeps_parameters_from_a_limit(all_alive):
    """Where nobody ever leaves, the prior keeps a and b finite, and the diagnostics say that it was used."""
    model = CLVModel("bgnbd").fit(all_alive)
    told = model.diagnostics_["candidates"]["bgnbd"]
    assert (told["prior_used"], told["at_boundary"], model.params_["a"] > 1e-3) == (True, None, True)


def test_a_limit_is_told_without_the_prior(all_alive):
    """With prior=False a runaway parameter is kept and named in a warning."""
    model = CLVModel("bgnbd", prior=False).fit(all_alive)
    assert any("ran off to a limit" in words for words in model.diagnostics_["warnings"])


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
        CLVModel("paretonbd", backend="abacus").fit(base)
    assert len(caught.value.problems) == 2


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


def test_a_limit_under_the_prior_is_kept_before_one_without():
    """Where even the prior ends at a limit, its result is handed back, with the attempts and the remark."""
    plain = FitResult({"a": 1e5}, -1.0, (), False, "a ran off")
    shrunk = FitResult({"a": 1e3}, -1.1, (), True, "a held")
    got = first_that_works("x", [("plain", lambda: plain)], [("prior", lambda: shrunk)])
    assert (got.params, got.attempts) == ({"a": 1e3}, ("plain: a ran off", "prior"))


def test_the_search_within_the_limits_finds_the_free_optimum(base):
    """The last resort, a bounded search under the prior, agrees with the free one where that is inside."""
    columns = ["repeat_orders", "weeks_first_to_last_order", "weeks_observed"]
    rows = base[columns].to_numpy(float)
    weights, weeks = np.ones(len(rows), dtype=np.int64), float(rows[:, 2].mean())
    bounds = _limits_on_log_scale(rows, weeks)
    free = _fit_purchases_once("bgnbd", rows, weights, weeks, None, None, True).params
    held = _fit_purchases_once("bgnbd", rows, weights, weeks, np.zeros(4), bounds, True).params
    assert held == pytest.approx(free, rel=2e-2)
