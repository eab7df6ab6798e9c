"""MBG/CNBD-k: simulated customers with known truth, identities, draws, and rows that stand alone."""

import mpmath
import numpy as np
import pytest

from patron.clv._months import stretches
from patron.clv.processes.betageometric import BetaGeometric
from patron.clv.processes.event_quadrature import expected_by_quadrature
from patron.clv.processes.event_sums import EventRate, expected_at
from patron.clv.processes.histories import Histories
from patron.clv.processes.regular import RegularBetaGeometric

PROCESS = RegularBetaGeometric(4.0, 8.0, 0.6, 5.0, 3)
PAST = Histories(
    np.array([0.0, 4.0, 9.0, 30.0]), np.array([0.0, 30.0, 50.0, 103.0]), np.array([9.0, 32, 70, 104])
)
WEEKS = np.array([1 / 7, 4.0, 13.0, 52.0])


# --- a world with known truth ---


def order_times(process, customers, stream, columns=160):
    """Times of repeat orders, weeks since the first, of a simulated population; infinite after leaving."""
    rates = stream.gamma(process.r, size=customers) / process.alpha
    leaving = stream.beta(process.a, process.b, customers)
    waits = stream.gamma(process.k, size=(customers, columns)) / rates[:, None]
    times = waits.cumsum(axis=1)
    last = stream.geometric(
        np.maximum(leaving, 1e-12)
    )  # the order, the first being 1, after which one leaves
    assert times[last > columns, -1].min() > 70
    times[np.arange(1, columns + 1) >= last[:, None]] = np.inf
    return times, last


@pytest.fixture(scope="module", params=[1, 3, 6])
def world(request):
    """60,000 customers seen for 5 to 40 weeks, with what became of them in the 26 weeks after."""
    k = request.param
    process = RegularBetaGeometric(2.0, 9.0 / k, 0.7, 5.0, k)
    stream = np.random.default_rng(20 + k)
    times, last = order_times(process, 60_000, stream)
    observed = stream.integers(35, 281, 60_000) / 7
    before = times <= observed[:, None]
    count = before.sum(axis=1)
    span = np.where(before, times, 0.0).max(axis=1)
    ahead = (times <= observed[:, None] + 26.0).sum(axis=1) - count
    return process, Histories(count.astype(float), span, observed), last > count + 1, ahead


def assert_totals(predicted, happened, variance):
    """In twenty groups of like prediction the totals are within four standard errors."""
    for group in np.array_split(np.argsort(predicted, kind="stable"), 20):
        error = np.sqrt(variance[group].sum())
        assert abs(predicted[group].sum() - happened[group].sum()) < 4 * error + 1e-6


def test_alive_probability_is_how_many_are_alive(world):
    process, past, alive, _ = world
    predicted = process.alive_probability(past)
    assert_totals(predicted, alive, predicted * (1 - predicted))
    assert np.ptp(predicted) > 0.9


def test_no_order_chance_is_how_many_stay_silent(world):
    process, past, _, ahead = world
    ordering = process.alive_probability(past) * process.order_chance_if_alive(past, 26.0)
    assert_totals(1.0 - ordering, ahead == 0, ordering * (1 - ordering))


def test_expected_orders_are_the_orders_placed(world):
    """In groups by the number expected, and within customers alive who wait for long or hardly at all."""
    process, past, alive, ahead = world
    expected = process.expected_orders_if_alive(past, np.array([26.0]))[:, 0]
    predicted = process.alive_probability(past) * expected
    # numbers that are whole vary at least as they would if 0 and 1 were all of them
    assert_totals(predicted, ahead, np.maximum((ahead - predicted) ** 2, predicted))
    waiting = np.argsort(past.observed - past.span)
    for group in np.array_split(waiting[alive[waiting]], 20):
        error = np.sqrt(((ahead - expected)[group] ** 2).sum())
        assert abs((ahead - expected)[group].sum()) < 4 * error


def test_expected_orders_since_first_are_the_orders_of_all():
    """A cohort's orders by time since the first order, MBG/CNBD-3 and MBG/NBD."""
    weeks = np.array([2.0, 10.0, 40.0])
    for process in (PROCESS, RegularBetaGeometric(1.5, 9.0, 0.7, 5.0, 1)):
        times, _ = order_times(process, 60_000, np.random.default_rng(4))
        counts = (times[:, :, None] <= weeks).sum(axis=1)
        error = counts.std(axis=0) / np.sqrt(len(counts))
        assert (np.abs(counts.mean(axis=0) - process.expected_orders_since_first(weeks)) < 4 * error).all()
    modified = BetaGeometric(1.5, 9.0, 0.7, 5.0, True)
    np.testing.assert_allclose(
        process.expected_orders_since_first(weeks), modified.expected_orders_since_first(weeks), rtol=1e-13
    )


# --- identities ---


def likelihood(process, x, span, observed):
    """Density of a history without its gaps, by integrating over the event rate: (left, alive)."""
    with mpmath.workdps(30):
        k, x, waited = process.k, int(x), mpmath.mpf(observed) - mpmath.mpf(span)
        shape = mpmath.mpf(process.r) + k * x
        reach = process.alpha + mpmath.mpf(span)
        most = (shape + 12 * mpmath.sqrt(shape) + 60) / reach
        places = mpmath.linspace(0, most, 20)

        def left(rate):
            # divided by its own integral: mpmath.quad counts digits from 1 on
            return reach**shape * rate ** (shape - 1) * mpmath.exp(-reach * rate) / mpmath.gamma(shape)

        def silent(rate):
            return left(rate) * mpmath.gammainc(k, rate * waited, regularized=True)

        gone = mpmath.beta(process.a + 1, process.b + x) * mpmath.quad(left, places)
        here = mpmath.beta(process.a, process.b + x + 1) * mpmath.quad(silent, places)
        return gone, here


@pytest.mark.parametrize("row", range(4))
def test_silence_is_a_ratio_of_likelihoods(row):
    """P(no order in h) = L(x, t_x, T + h) / L(x, t_x, T); P(alive) and P(silent | alive) likewise."""
    x, span, observed = (values[row] for values in PAST)
    past = Histories(*(values[row : row + 1] for values in PAST))
    gone, here = likelihood(PROCESS, x, span, observed)
    _, later = likelihood(PROCESS, x, span, observed + 13.0)
    alive, chance = PROCESS.alive_probability(past), PROCESS.order_chance_if_alive(past, 13.0)
    assert alive == pytest.approx(float(here / (gone + here)), rel=1e-11)
    assert PROCESS.silent_chance_if_alive(past, 13.0) == pytest.approx(float(later / here), rel=1e-11)
    assert 1 - alive * chance == pytest.approx(float((gone + later) / (gone + here)), rel=1e-11)


def test_one_event_per_order_is_mbgnbd():
    """At k = 1 all answers are those of MBG/NBD, computed another way."""
    regular, modified = RegularBetaGeometric(0.9, 6.0, 0.5, 8.0, 1), BetaGeometric(0.9, 6.0, 0.5, 8.0, True)
    months = stretches(0.0, 52.0, 0.1)
    close = {"rtol": 1e-13}
    np.testing.assert_allclose(regular.alive_probability(PAST), modified.alive_probability(PAST), **close)
    np.testing.assert_allclose(
        regular.expected_orders_if_alive(PAST, WEEKS), modified.expected_orders_if_alive(PAST, WEEKS), **close
    )
    np.testing.assert_allclose(
        regular.discounted_orders_if_alive(PAST, months),
        modified.discounted_orders_if_alive(PAST, months),
        **close,
    )
    for weeks in WEEKS:
        for name in ("order_chance_if_alive", "silent_chance_if_alive"):
            got, want = getattr(regular, name)(PAST, weeks), getattr(modified, name)(PAST, weeks)
            np.testing.assert_allclose(got, want, **close)


def test_a_tiny_order_chance_keeps_its_digits():
    """A second after an order with k = 5 an order is P(N >= 5) with hardly an event expected."""
    process, second = RegularBetaGeometric(2.0, 50.0, 1.0, 4.0, 5), 1.0 / 604_800
    past = Histories(np.array([3.0]), np.array([20.0]), np.array([20.0]))
    with mpmath.workdps(40):
        chance = mpmath.mpf(second) / (70 + mpmath.mpf(second))
        want = mpmath.betainc(5, 17, 0, chance, regularized=True)
    assert process.order_chance_if_alive(past, second) == pytest.approx(float(want), rel=1e-12)
    assert process.expected_orders_if_alive(past, np.array([second]))[0] == pytest.approx(
        float(want), rel=1e-12
    )


def test_discounting_sums_the_months():
    months = stretches(0.0, 60.0, 0.15)
    ahead = PROCESS.expected_orders_if_alive(PAST, months.ends)
    want = (np.diff(ahead, axis=1, prepend=0.0) * months.factors).sum(axis=1)
    np.testing.assert_allclose(PROCESS.discounted_orders_if_alive(PAST, months), want, rtol=1e-13)


def test_no_time_no_orders():
    assert (PROCESS.expected_orders_if_alive(PAST, np.zeros(1)) == 0).all()
    assert PROCESS.expected_orders_if_alive(PAST, np.empty(0)).shape == (4, 0)
    nobody = Histories(*np.empty((3, 0)))
    assert PROCESS.expected_orders_if_alive(nobody, WEEKS).shape == (0, 4)
    assert PROCESS.alive_probability(nobody).shape == (0,)


# --- sums and integral ---


@pytest.mark.parametrize("k", [1, 2, 3, 8])
@pytest.mark.parametrize(
    "parameters", [(0.24, 4.4, 0.79, 3.4), (5.0, 10.0, 30.0, 3.0), (0.001, 0.01, 0.001, 1.001)], ids=str
)
def test_sums_and_integral_agree(parameters, k):
    """Two formulas, from no event on and from the depth where the sums of many orders begin."""
    rate = EventRate(*parameters, k)
    count = np.array([1.0, 30.0, 300.0, 900.0])
    log_time = np.array([1.5, 1.0, 1.0, 0.8])
    for phase in {0, k - 1}:
        shape = rate.r + k * count + phase
        assert (shape[-2:] * log_time[-2:] > 600.0).all() or k < 3
        want = [
            expected_by_quadrature(rate.a, rate.stays + x, k, phase, one, at)
            for x, one, at in zip(count, shape, log_time, strict=True)
        ]
        np.testing.assert_allclose(expected_at(rate, count, phase, log_time), want, rtol=1e-11)


def test_parameters_at_a_limit_stay_finite():
    """Where a customer seen for no time at all expects a hundred thousand orders, and where next to none."""
    new = Histories(*np.zeros((3, 1)))
    for alpha in (1e-9, 1e-3, 1e5):
        expected = RegularBetaGeometric(0.5, alpha, 0.5, 2.0, 3).expected_orders_if_alive(new, WEEKS)[0]
        assert np.isfinite(expected).all()
        assert (np.diff(expected) > 0).all()


# --- draws ---


@pytest.mark.parametrize("row", range(4))
def test_draws_have_the_expected_orders_and_times(row):
    """Mean orders are E(orders); orders times their mean time sum to the integral of s dE(s)."""
    draws = 400_000
    drawn = PROCESS.draw_orders(np.random.default_rng(row), PAST, row, 52.0, draws)
    grid, weights = np.polynomial.legendre.leggauss(60)
    ahead = PROCESS.expected_orders_if_alive(PAST, np.append(26.0 * (grid + 1.0), 52.0))[row]
    summed = 52.0 * ahead[-1] - (26.0 * weights * ahead[:-1]).sum()
    for values, want in ((drawn.orders, ahead[-1]), (drawn.orders * drawn.mean_weeks, summed)):
        assert abs(values.mean() - want) < 4 * values.std() / np.sqrt(draws)
    some = drawn.orders > 0
    assert (drawn.mean_weeks[some] > 0).all()
    assert (drawn.mean_weeks[some] < 52.0).all()


# --- rows stand alone ---


def answers(process, past):
    """Everything a row is told, side by side."""
    return np.column_stack(
        [
            process.alive_probability(past),
            process.order_chance_if_alive(past, 9.0),
            process.silent_chance_if_alive(past, 9.0),
            process.expected_orders_if_alive(past, WEEKS),
            process.discounted_orders_if_alive(past, stretches(0.0, 52.0, 0.1)),
        ]
    )


@pytest.mark.parametrize("grid", [True, False], ids=["days", "any-time"])
def test_a_row_does_not_depend_on_the_others(grid):
    """Alone, shuffled, among few and among many: the same bits, pairs looked up or not."""
    stream = np.random.default_rng(8)
    observed = stream.integers(1, 400, 5000) / 7 if grid else stream.uniform(0.1, 60.0, 5000)
    count = np.floor(stream.gamma(1.0, 6.0, 5000))
    past = Histories(count, observed * np.where(count > 0, stream.beta(3, 1, 5000), 0.0), observed)
    crowd = answers(PROCESS, past)
    order = stream.permutation(5000)
    assert np.array_equal(answers(PROCESS, Histories(*(values[order] for values in past))), crowd[order])
    for rows in (np.arange(7), np.array([4999]), np.array([17]), np.repeat([3, 40], 300)):
        assert np.array_equal(answers(PROCESS, Histories(*(values[rows] for values in past))), crowd[rows])
