"""Order predictions against arbitrary-precision arithmetic and against lifetimes."""

import mpmath
import numpy as np
import pytest

from patron.clv._lifetimes import lifetimes_module, untouched
from patron.clv._purchases import (
    Purchases,
    alive_probability,
    expected_orders_if_alive,
    order_chance_if_alive,
)

PARAMETERS = [
    (0.2426, 4.4136, 0.7929, 2.4259),
    (0.5, 3.0, 1.0, 2.0),  # a = 1: a pole of the papers' form
    (0.5, 3.0, 1.0 + 1e-9, 2.0),
    (0.3, 2.0, 0.3, 0.5),  # a + b < 1
    (2.0, 0.05, 0.01, 5.0),
    (20.0, 100.0, 0.5, 1000.0),
    (0.01, 0.02, 8.0, 0.1),
    (40.0, 3.0, 0.2, 0.3),
    (2.5, 5.0, 60.0, 9.0),  # a customer leaves almost at once
]
COUNTS = np.array([0.0, 1.0, 7.0, 180.0, 10_000.0])
OBSERVED = np.array([1.0, 90.0, 1095.0]) / 7
AHEAD = np.array([1.0, 30.0, 365.0]) / 7


def exact_expected(process, count, observed, ahead):
    """Equation (10) of Fader et al. (2005) given alive, after Euler's transformation, with 60 digits."""
    with mpmath.workdps(60):
        r, alpha, a, b = (mpmath.mpf(v) for v in (process.r, process.alpha, process.a, process.b))
        if a == 1:
            a += mpmath.mpf(10) ** -25
        reach, ahead = alpha + mpmath.mpf(observed), mpmath.mpf(ahead)
        c = a + b + int(count) + int(process.first_order_counts)
        tail = mpmath.hyp2f1(a - 1, c - 1 - r - int(count), c - 1, ahead / (reach + ahead))
        return (c - 1) / (a - 1) * (1 - (reach / (reach + ahead)) ** (a - 1) * tail)


@pytest.mark.parametrize("first_order_counts", [False, True], ids=["bg", "mbg"])
@pytest.mark.parametrize("parameters", PARAMETERS, ids=str)
def test_expected_orders_agree_with_60_digits(parameters, first_order_counts):
    """Expected orders given alive are exact to 1e-10, for up to 10,000 orders and 1 to 1,095 days."""
    process = Purchases(*parameters, first_order_counts)
    count, observed = (grid.ravel() for grid in np.meshgrid(COUNTS, OBSERVED))
    got = expected_orders_if_alive(process, count, observed, AHEAD)
    want = [
        [float(exact_expected(process, *row, ahead)) for ahead in AHEAD]
        for row in zip(count, observed, strict=True)
    ]
    np.testing.assert_allclose(got, want, rtol=1e-10)


@pytest.mark.parametrize(
    "parameters", [(0.3, 2.0, 0.3, 0.5), (2.5, 1.0, 500.0, 9.0), (1.0, 10.0, 900.0, 700.0)]
)
def test_the_rate_where_scipy_overflows(parameters):
    """The quadrature that steps in for scipy's 2F1 agrees with it where both work."""
    from patron.clv._purchases import _rate, _rate_by_quadrature

    process = Purchases(*parameters, True)
    x, log_time = np.array([0.0, 3.0, 50.0]), np.array([0.5, 0.2, 0.1])
    shape = process.a + process.stays(x)
    want = _rate(process, x, shape, log_time)
    got = [
        _rate_by_quadrature(process.a, c - process.a, process.r + k, t)
        for c, k, t in zip(shape, x, log_time, strict=True)
    ]
    np.testing.assert_allclose(got, want, rtol=1e-9)


@pytest.mark.parametrize("parameters", [(2.5, 1e-4, 500.0, 9.0), (1.0, 1.0, 1e3, 1e3), (1e3, 1e3, 1e3, 1e3)])
def test_parameters_far_out_stay_finite(parameters):
    """With parameters at a limit expectations are finite, positive and grow with the horizon."""
    count = np.array([0.0, 1.0, 500.0, 10_000.0])
    got = expected_orders_if_alive(
        Purchases(*parameters, False), count, np.full(4, 1.0), np.array([1.0, 9.0, 52.0])
    )
    assert (np.isfinite(got) & (got > 0)).all()
    assert (np.diff(got, axis=1) >= -1e-6 * got[:, 1:]).all()


@pytest.mark.parametrize("first_order_counts", [False, True], ids=["bg", "mbg"])
def test_alive_probability_agrees_with_60_digits(first_order_counts):
    """P(alive) equals alive / (alive + left) computed from the two likelihoods in high precision."""
    process = Purchases(0.7, 3.0, 0.8, 2.5, first_order_counts)
    count = np.array([1.0, 3.0, 50.0, 10_000.0])
    span, observed = np.array([1.0, 20.0, 39.0, 150.0]), np.array([40.0, 39.0, 39.0, 156.0])
    with mpmath.workdps(60):
        want = []
        for x, tx, T in zip(count, span, observed, strict=True):
            stay = process.b + int(x) + int(first_order_counts)
            r, a = mpmath.mpf(process.r) + int(x), mpmath.mpf(process.a)
            alive = mpmath.beta(a, stay) * (process.alpha + mpmath.mpf(T)) ** -r
            left = mpmath.beta(a + 1, stay - 1) * (process.alpha + mpmath.mpf(tx)) ** -r
            want.append(float(alive / (alive + left)))
    np.testing.assert_allclose(alive_probability(process, count, span, observed), want, rtol=1e-11)


def test_bgnbd_takes_one_time_buyers_to_be_alive():
    """In BG/NBD a customer can only leave after a repeat order."""
    process = Purchases(0.7, 3.0, 0.8, 2.5, False)
    assert alive_probability(process, np.zeros(1), np.zeros(1), np.array([500.0])) == 1.0


def test_mbgnbd_one_time_buyer_at_once():
    """In MBG/NBD, right after the first order, the chance of being alive is b / (a + b)."""
    process = Purchases(0.7, 3.0, 0.8, 2.4, True)
    assert alive_probability(process, *np.zeros((3, 1))) == pytest.approx(2.4 / 3.2)


def test_order_chance_keeps_its_digits():
    """A chance of 1e-12 is not lost in 1 - q."""
    process = Purchases(1e-12, 1.0, 1.0, 1.0, False)
    chance = order_chance_if_alive(process, np.zeros(1), np.zeros(1), np.e - 1)
    assert chance == pytest.approx(1e-12, rel=1e-9)


def test_order_chance_is_the_gamma_mixture():
    """1 - E[exp(-rate h)] over the gamma distribution of the rate, by numerical integration."""
    process = Purchases(0.7, 3.0, 0.8, 2.5, False)
    shape, rate = 0.7 + 4, 3.0 + 20
    silent = mpmath.quad(
        lambda s: (
            mpmath.exp(-s * 13) * s ** (shape - 1) * rate**shape * mpmath.exp(-rate * s) / mpmath.gamma(shape)
        ),
        [0, 0.2, 1, 5],
    )
    got = order_chance_if_alive(process, np.array([4.0]), np.array([20.0]), 13.0)
    assert got == pytest.approx(1 - float(silent), rel=1e-9)


def test_rows_do_not_depend_on_each_other():
    """A row's expectation is the same to the bit alone and among others."""
    process = Purchases(0.7, 3.0, 0.8, 2.5, True)
    random = np.random.default_rng(5)
    count, observed = random.poisson(5, 3000).astype(float), random.uniform(0, 150, 3000)
    crowd = expected_orders_if_alive(process, count, observed, AHEAD)
    alone = [
        expected_orders_if_alive(process, count[[k]], observed[[k]], AHEAD)[0] for k in range(0, 3000, 100)
    ]
    assert np.array_equal(crowd[::100], alone)


@pytest.mark.parametrize(
    ("fitter", "first_order_counts"), [("BetaGeoFitter", False), ("ModifiedBetaGeoFitter", True)]
)
def test_agrees_with_lifetimes_at_equal_parameters(cdnow, fitter, first_order_counts):
    """On CDNOW expectation and P(alive) equal those of lifetimes to 1e-8."""
    history = [
        cdnow[name].to_numpy(float)
        for name in ("repeat_orders", "weeks_first_to_last_order", "weeks_observed")
    ]
    process = Purchases(0.2426, 4.4136, 0.7929, 2.4259, first_order_counts)
    with untouched():
        import pandas as pd

        peer = getattr(lifetimes_module(), fitter)()
        peer.params_ = pd.Series({"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259})
        want = peer.conditional_expected_number_of_purchases_up_to_time(39.0, *history)
        want_alive = peer.conditional_probability_alive(*history)
    alive = alive_probability(process, *history)
    ahead = expected_orders_if_alive(process, history[0], history[2], np.array([39.0]))[:, 0]
    np.testing.assert_allclose(alive, want_alive, rtol=1e-8)
    np.testing.assert_allclose(alive * ahead, want, rtol=1e-8)
