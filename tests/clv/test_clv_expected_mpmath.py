"""Expected orders and P(alive) of every beta-geometric process against arithmetic with 50 and 60 digits."""

import mpmath
import numpy as np
import pytest

from patron.clv.processes.betageometric import BetaGeometric
from patron.clv.processes.histories import Histories
from patron.clv.processes.regular import RegularBetaGeometric

CDNOW = (0.2426, 4.4136, 0.7929, 2.4259)
ORDINARY = [
    CDNOW,
    (0.5, 3.0, 1.0, 2.0),  # a = 1: a pole of the papers' form
    (0.5, 3.0, 1.0 + 1e-9, 2.0),
    (0.5, 3.0, 1.0 - 1e-9, 2.0),
    (0.3, 2.0, 0.3, 0.5),  # a + b < 1, and r = a: scipy's 2F1 overflows
    (2.0, 0.05, 0.01, 5.0),  # small alpha
    (20.0, 100.0, 0.5, 1000.0),  # large r
    (0.01, 0.02, 8.0, 0.1),
    (40.0, 3.0, 0.2, 0.3),
    (3.0, 10.0, 2.0, 4.0),
    (1.0, 1e-3, 0.7, 3.0),
    (1000.0, 10.0, 0.5, 1000.0),
    (1e-3, 1e-3, 1e-3, 1e-3),
]
FAR = [(2.5, 5.0, 60.0, 9.0), (2.5, 1.0, 500.0, 9.0), (1.0, 10.0, 900.0, 700.0)]  # one leaves almost at once
COUNTS = np.array([0.0, 1.0, 2.0, 7.0, 50.0, 180.0, 1000.0, 10_000.0])
OBSERVED = np.array([1.0, 7.0, 30.0, 90.0, 365.0, 1095.0]) / 7
AHEAD = np.array([1.0, 7.0, 30.0, 90.0, 365.0]) / 7
VARIANTS = pytest.mark.parametrize("first_order_counts", [False, True], ids=["bg", "mbg"])


def exact_expected(process, count, observed, ahead):
    """Equation (10) of Fader et al. (2005) given alive, after Euler's transformation, with 60 digits."""
    with mpmath.workdps(60):
        r, alpha, a, b = (mpmath.mpf(v) for v in (process.r, process.alpha, process.a, process.b))
        if a == 1:
            a += mpmath.mpf(10) ** -25
        reach, ahead = alpha + mpmath.mpf(observed), mpmath.mpf(ahead)
        c = a + b + int(count) + int(process.first_order_counts)
        tail = mpmath.hyp2f1(a - 1, c - 1 - r - int(count), c - 1, ahead / (reach + ahead))
        return float((c - 1) / (a - 1) * (1 - (reach / (reach + ahead)) ** (a - 1) * tail))


def compare(process, counts, observed, ahead, rtol):
    count, weeks = (grid.ravel() for grid in np.meshgrid(counts, observed))
    got = process.expected_orders_if_alive(Histories(count, 0.0 * weeks, weeks), ahead)
    want = [
        [exact_expected(process, *row, horizon) for horizon in ahead]
        for row in zip(count, weeks, strict=True)
    ]
    np.testing.assert_allclose(got, want, rtol=rtol)


@VARIANTS
@pytest.mark.parametrize("parameters", [*ORDINARY[:7], FAR[0]], ids=str)
def test_expected_orders_agree_with_60_digits(parameters, first_order_counts):
    """To 1e-12 for up to 10,000 orders, 1 to 1,095 days behind and 1 to 365 days ahead."""
    process = BetaGeometric(*parameters, first_order_counts)
    compare(process, COUNTS[[0, 1, 4, 7]], OBSERVED[[0, 3, 5]], AHEAD[[0, 2, 4]], 1e-12)


@pytest.mark.slow
@VARIANTS
@pytest.mark.parametrize("parameters", ORDINARY, ids=str)
def test_the_whole_grid_agrees_with_60_digits(parameters, first_order_counts):
    compare(BetaGeometric(*parameters, first_order_counts), COUNTS, OBSERVED, AHEAD, 1e-12)


@pytest.mark.slow
@VARIANTS
@pytest.mark.parametrize("parameters", FAR, ids=str)
def test_far_parameters_agree_with_60_digits(parameters, first_order_counts):
    """With a in the hundreds, 1e-11."""
    compare(BetaGeometric(*parameters, first_order_counts), COUNTS, OBSERVED, AHEAD, 1e-11)


@VARIANTS
def test_alive_probability_agrees_with_60_digits(first_order_counts):
    """P(alive) equals alive / (alive + left) computed from the two likelihoods in high precision."""
    process = BetaGeometric(0.7, 3.0, 0.8, 2.5, first_order_counts)
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
    # the odds' exponent is of the size of 400 with 10,000 orders: 400 roundings
    np.testing.assert_allclose(process.alive_probability(Histories(count, span, observed)), want, rtol=2e-13)


def exact_regular(process, x, span, observed, horizons):
    """P(alive), E(orders | alive) and P(silent | alive) of MBG/CNBD-k, 50 digits, by events since t_x.

    Another route than the code's: all events since the last order are counted at once, m of them in
    (t_x, T + t] with a negative binomial chance, each before T with the chance w / (w + t). A customer alive
    had fewer than k before T; the orders ahead are then floor(m / k) at most.
    """
    with mpmath.workdps(50):
        r, alpha, a, b = (mpmath.mpf(v) for v in (process.r, process.alpha, process.a, process.b))
        k, x, waited = process.k, int(x), mpmath.mpf(observed) - mpmath.mpf(span)
        shape, reach = r + k * x, alpha + mpmath.mpf(observed)
        few = sum(mpmath.rf(shape, j) / mpmath.factorial(j) * (waited / reach) ** j for j in range(k))
        odds = a / (b + x) * (reach / (alpha + mpmath.mpf(span))) ** shape / few
        known = few * (1 - waited / reach) ** shape
        ahead = [
            exact_ahead(shape, k, a, b + 1 + x, waited, reach, mpmath.mpf(horizon)) for horizon in horizons
        ]
        return (
            float(1 / (1 + odds)),
            [float(e / known) for e, _ in ahead],
            [float(s / known) for _, s in ahead],
        )


def exact_ahead(shape, k, a, stays, waited, reach, horizon):
    chance = (waited + horizon) / (reach + horizon)
    early = waited / (waited + horizon)
    mean = shape * chance / (1 - chance)
    one = (1 - chance) ** shape
    before = [mpmath.mpf(1)] + [mpmath.mpf(0)] * (k - 1)  # P(j of the m events came before T)
    total, silent, orders, stay, there, events = mpmath.mpf(0), one, 0, mpmath.mpf(1), mpmath.mpf(0), 0
    while True:
        one *= chance * (shape + events) / (events + 1)
        events += 1
        before = [before[j] * (1 - early) + (before[j - 1] * early if j else 0) for j in range(k)]
        if events % k == 0:
            orders += 1
            there += stay
            stay *= (stays + orders - 1) / (a + stays + orders - 1)
        term = one * sum(before) * there
        total += term
        silent += one * sum(before) if events < k else 0
        if events > max(mean, k) and term < total * mpmath.mpf(10) ** -22:
            return total, silent


REGULAR = [
    CDNOW,
    (2.0, 10.0, 1.0, 1.0),
    (20.0, 100.0, 0.5, 1000.0),
    (0.5, 3.0, 0.3, 0.5),
    (1.5, 0.3, 5.0, 9.0),
]


def compare_regular(process, rows):
    past = Histories(*np.array(rows, dtype=float).T)
    horizons = AHEAD[[0, 2, 4]]
    want = [exact_regular(process, *row, horizons) for row in rows]
    alive, expected, silent = (np.array(part) for part in zip(*want, strict=True))
    np.testing.assert_allclose(process.expected_orders_if_alive(past, horizons), expected, rtol=1e-12)
    # what is as small as exp(-60) has an exponent of 60, rounded: 1e-12 has room for that and for k terms
    sure = alive > 1e-25
    np.testing.assert_allclose(process.alive_probability(past)[sure], alive[sure], rtol=1e-12)
    np.testing.assert_allclose(process.alive_probability(past), alive, atol=1e-25, rtol=1e-10)
    for horizon, chance in zip(horizons, silent.T, strict=True):
        quiet = process.silent_chance_if_alive(past, horizon)
        np.testing.assert_allclose(quiet[chance > 1e-25], chance[chance > 1e-25], rtol=1e-12)
        ordering = process.order_chance_if_alive(past, horizon)
        np.testing.assert_allclose((ordering + quiet), 1.0, rtol=1e-13)


@pytest.mark.parametrize("k", [1, 2, 5])
@pytest.mark.parametrize("parameters", REGULAR[:3], ids=str)
def test_regular_gaps_agree_with_50_digits(parameters, k):
    """MBG/CNBD-k to 1e-12: expected orders, P(alive), P(no order)."""
    rows = [(0, 0, 1 / 7), (0, 0, 156), (1, 12, 40), (7, 33, 39), (7, 39, 39), (60, 150, 156)]
    compare_regular(RegularBetaGeometric(*parameters, k), rows)


@pytest.mark.slow
@pytest.mark.parametrize("k", [1, 2, 3, 6, 12, 20])
@pytest.mark.parametrize("parameters", REGULAR, ids=str)
def test_the_whole_grid_of_regular_gaps_agrees_with_50_digits(parameters, k):
    process = RegularBetaGeometric(*parameters, k)
    rows = [
        (x, share * weeks, weeks)
        for x in (0, 1, 7, 150)
        for weeks in (1 / 7, 90 / 7, 1095 / 7)
        for share in ((0.3, 0.95, 1.0) if x else (0.0,))
        if k * x < 100 * (process.alpha + weeks)
    ]
    compare_regular(process, rows)
