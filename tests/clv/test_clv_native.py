"""The native engine: its derivatives against differences, its optimum against lifetimes and the papers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from patron.clv import CLVModel, _likelihoods
from patron.clv._newton import Derivatives, maximise
from patron.errors import NotEnoughData

LETTERS = ("r", "alpha", "a", "b", "p", "q", "v")


def rows():
    random = np.random.default_rng(4)
    count = random.integers(0, 9, 60).astype(float)
    observed = random.uniform(20, 60, 60)
    span = np.where(count > 0, observed * random.uniform(0.1, 0.95, 60), 0.0)
    return count, span, observed, random.integers(1, 4, 60).astype(float)


def check_derivatives(objective, logs):
    """Compare gradient and Hessian with central differences of the value and of the gradient."""
    at, width = objective(logs), 1e-5
    steps = np.eye(len(logs)) * width
    gradient = [(objective(logs + s).value - objective(logs - s).value) / (2 * width) for s in steps]
    hessian = [(objective(logs + s).gradient - objective(logs - s).gradient) / (2 * width) for s in steps]
    scale = np.abs(at.hessian).max()
    np.testing.assert_allclose(at.gradient, gradient, atol=1e-7 * scale)
    np.testing.assert_allclose(at.hessian, hessian, atol=1e-7 * scale)


@pytest.mark.parametrize("modified", [False, True])
@pytest.mark.parametrize("logs", [np.log([0.5, 5.0, 0.7, 2.0]), np.log([20.0, 0.3, 3.0, 40.0])])
def test_derivatives_of_the_purchase_likelihood(modified, logs):
    """Analytic derivatives equal differences, for BG/NBD and MBG/NBD."""
    check_derivatives(_likelihoods.purchases_likelihood(*rows(), modified=modified), logs)


@pytest.mark.parametrize("logs", [np.log([6.0, 4.0, 0.5]), np.log([0.4, 1.2, 3.0])])
def test_derivatives_of_the_spend_likelihood(logs):
    """Analytic derivatives equal differences, for Gamma-Gamma."""
    count, _, observed, weight = rows()
    check_derivatives(_likelihoods.spend_likelihood(count + 1, observed / 40, weight), logs)


@pytest.mark.parametrize("purchases", ["bgnbd", "mbgnbd"])
def test_native_and_lifetimes_agree(purchases, cdnow):
    """On CDNOW both engines end at one optimum, and the native one is not below."""
    native = CLVModel(purchases, backend="native", prior=False).fit(cdnow)
    other = CLVModel(purchases, backend="lifetimes", prior=False).fit(cdnow)
    assert [native.params_[k] for k in LETTERS] == pytest.approx(
        [other.params_[k] for k in LETTERS], rel=2e-4
    )
    assert native.diagnostics_["log_likelihood"] >= other.diagnostics_["log_likelihood"] - 1e-6


def test_native_gives_the_published_parameters(cdnow):
    """BG/NBD on CDNOW: Fader, Hardie & Lee (2005), table 2; Gamma-Gamma: Fader & Hardie (2013)."""
    model = CLVModel("bgnbd", backend="native", prior=False).fit(cdnow)
    published = {"r": 0.2425945, "alpha": 4.4136019, "a": 0.7929199, "b": 2.4258881}
    assert {k: model.params_[k] for k in published} == pytest.approx(published, rel=1e-4)
    assert model.diagnostics_["log_likelihood"] == pytest.approx(-9582.429, abs=1e-3)
    assert [model.params_[k] for k in "pqv"] == pytest.approx([6.2488, 3.7446, 15.4478], rel=2e-3)


def test_native_does_not_depend_on_the_order_of_rows(cdnow):
    """Shuffled rows give the same bits."""
    shuffled = cdnow.sample(frac=1.0, random_state=3)
    assert CLVModel(backend="native").fit(cdnow).params_ == CLVModel(backend="native").fit(shuffled).params_


def hard_case(name, random):
    n = 300
    observed = random.uniform(50, 100, n)
    if name == "daily buyers":
        count = np.floor(observed * 6.9)
    elif name == "five repeat buyers of a thousand":
        n, observed = 1000, random.uniform(25, 50, 1000)
        count = np.where(np.arange(n) < 5, 2.0, 0.0)
    elif name == "nobody leaves":
        count = random.poisson(random.gamma(2, 0.25, n) * observed).astype(float)
    else:  # clockwork: everybody alike
        count, observed = np.full(n, 26.0), np.full(n, 105.0)
    value = np.where(count > 0, random.gamma(4, 20, len(count)), 0.0)
    span = np.where(count > 0, observed * count / (count + 1), 0.0)
    return pd.DataFrame(
        {
            "repeat_orders": count,
            "weeks_first_to_last_order": span,
            "weeks_observed": observed,
            "mean_repeat_order_value": value,
        }
    )


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("purchases", ["bgnbd", "mbgnbd"])
@pytest.mark.parametrize(
    "name", ["daily buyers", "five repeat buyers of a thousand", "nobody leaves", "clockwork"]
)
def test_native_survives_hard_cases(name, purchases, seed):
    """Bases on which lifetimes needs several starts, or none helps: finite parameters and predictions."""
    summary = hard_case(name, np.random.default_rng(seed))
    model = CLVModel(purchases, backend="native").fit(summary)
    predicted = model.predict(summary.head(20), horizon_weeks=26)
    assert np.isfinite(predicted.to_numpy()).all()
    assert (predicted.to_numpy() >= 0).all()
    assert model.params_["q"] > 1


def test_a_climb_without_end_is_an_error():
    """A function that rises for ever has no maximum to report."""
    slope = lambda x: Derivatives(float(x[0]), np.array([1.0]), np.array([[0.0]]))  # noqa: E731
    with pytest.raises(ArithmeticError, match="no maximum within reach"):
        maximise(slope, np.array([0.0]))


def test_too_few_customers_are_refused():
    """Nine customers are no base to fit on."""
    with pytest.raises(NotEnoughData, match="9 customers; at least 10"):
        CLVModel(backend="native").fit(hard_case("daily buyers", np.random.default_rng(0)).head(9))
