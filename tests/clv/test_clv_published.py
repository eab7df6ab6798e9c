"""The published figures for the CDNOW sample (Fader, Hardie & Lee 2005; Fader & Hardie 2013)."""

import pandas as pd
import pytest

from patron.clv import CLVModel

PUBLISHED = {
    "r": 0.2425945,
    "alpha": 4.4136019,
    "a": 0.7929199,
    "b": 2.4258881,
    "p": 6.25,
    "q": 3.74,
    "v": 15.44,
}
CUSTOMER_1516 = {
    "repeat_orders": 26,
    "weeks_first_to_last_order": 30.86,
    "weeks_observed": 31.0,
    "mean_repeat_order_value": 10.0,
}


@pytest.fixture(scope="module")
def fitted(cdnow):
    return CLVModel("bgnbd", prior=False).fit(cdnow)


@pytest.fixture(scope="module")
def published():
    return CLVModel.from_params("bgnbd", PUBLISHED)


@pytest.mark.parametrize("letter", ["r", "alpha", "a", "b"])
def test_bgnbd_parameters(fitted, letter):
    """Fitting gives the published BG/NBD parameters to 1e-4."""
    assert fitted.params_[letter] == pytest.approx(PUBLISHED[letter], rel=1e-4)


@pytest.mark.parametrize(("letter", "value"), [("p", 6.25), ("q", 3.74), ("v", 15.44)])
def test_gamma_gamma_parameters(fitted, letter, value):
    """Fitting gives the published Gamma-Gamma parameters to 2e-3."""
    assert fitted.params_[letter] == pytest.approx(value, rel=2e-3)


def test_log_likelihoods(fitted):
    """Both log-likelihoods are the published ones, in weeks and dollars."""
    assert fitted.diagnostics_["log_likelihood"] == pytest.approx(-9582.429, abs=1e-3)
    assert fitted.diagnostics_["log_likelihood_order_values"] == pytest.approx(-4055.92, abs=5e-3)


def test_customer_1516(published):
    """The 52-week expectation and P(alive) of customer 1516.

    At the published parameters 30.86 weeks give 25.75906 and 30 6/7 weeks 25.75736; the printed one
    (25.75659) is 3e-5 away, as parameters rounded in the fifth digit would put it.
    """
    customer = pd.DataFrame([CUSTOMER_1516 | {"weeks_first_to_last_order": 216 / 7}])
    assert published.expected_orders(customer, 52)[0] == pytest.approx(25.75659, rel=4e-5)
    assert published.alive_probability(customer)[0] == pytest.approx(0.9688523, rel=4e-6)


def test_random_customer(published):
    """A customer of whom nothing is known makes 1.444004 repeat orders in 52 weeks (to 1e-5, as above)."""
    nobody = pd.DataFrame([dict.fromkeys(CUSTOMER_1516, 0.0)])
    assert published.expected_orders(nobody, 52)[0] == pytest.approx(1.444004, rel=1e-5)


def test_first_ten_expected_spends(cdnow):
    """Expected order values of the first ten customers at the optimum, to a cent (24.65 is 24.6586, cut)."""
    want = [24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17]
    optimum = CLVModel.from_params("bgnbd", PUBLISHED | {"p": 6.2488, "q": 3.7446, "v": 15.4478})
    assert optimum.expected_order_value(cdnow.head(10)) == pytest.approx(want, abs=0.01)


def test_base_order_value(published):
    """Without repeat orders the expected order value is p v / (q - 1)."""
    assert published.base_order_value == pytest.approx(6.25 * 15.44 / 2.74)
