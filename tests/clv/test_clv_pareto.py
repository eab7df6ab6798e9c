"""Pareto/NBD predictions against arbitrary-precision arithmetic, simulation and lifetimes."""

from itertools import pairwise

import mpmath
import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.stats import gamma

from patron.clv._lifetimes import lifetimes_module, untouched
from patron.clv._months import stretches
from patron.clv.processes.histories import Histories
from patron.clv.processes.pareto import ParetoNBD

CDNOW = ParetoNBD(0.553, 10.578, 0.606, 11.669)
PARAMETERS = [
    (0.553, 10.578, 0.606, 11.669),
    (0.553, 11.669, 0.606, 10.578),
    (0.5, 5.0, 1.0, 5.0),  # s = 1, alpha = beta
    (0.5, 3.0, 1.0 + 1e-9, 8.0),
    (2.0, 0.05, 0.3, 50.0),
    (20.0, 100.0, 2.5, 0.05),
    (0.01, 0.02, 8.0, 0.1),
    (40.0, 3.0, 0.02, 300.0),
    (0.3, 1e-3, 0.5, 1e3),
    (0.3, 100.0, 0.5, 0.02),
]
COUNTS = (0.0, 7.0, 180.0, 10_000.0)
OBSERVED = (1.0 / 7, 1095.0 / 7)
AHEAD = np.array([1.0, 365.0]) / 7


def exact_tail(shape_alpha, shape_beta, alpha, beta, since):
    """Integral from ``since`` of (alpha + u)^-shape_alpha (beta + u)^-shape_beta: the papers' 2F1."""
    power = shape_alpha + shape_beta - 1
    if alpha >= beta:
        first, second, far, z = shape_beta, shape_alpha, alpha + since, (alpha - beta) / (alpha + since)
    else:
        first, second, far, z = shape_alpha, shape_beta, beta + since, (beta - alpha) / (beta + since)
    return (1 - z) ** (1 - first) * mpmath.hyp2f1(1, second, power + 1, z) / far**power / power


def exact_first(process, orders, since, weeks, event):
    """P(an order, or the end, comes first within the weeks | alive), from differences of two tails."""
    alpha, s, beta = (mpmath.mpf(v) for v in (process.alpha, process.s, process.beta))
    orders, since, weeks = mpmath.mpf(orders), mpmath.mpf(since), mpmath.mpf(weeks)
    extra = (1, 0) if event == "order" else (0, 1)
    shapes = (orders + extra[0], s + extra[1])
    gone = exact_tail(*shapes, alpha, beta, since) - exact_tail(*shapes, alpha, beta, since + weeks)
    return (orders if event == "order" else s) * gone * (alpha + since) ** orders * (beta + since) ** s


def exact_silent(process, orders, since, weeks):
    orders, since, weeks = mpmath.mpf(orders), mpmath.mpf(since), mpmath.mpf(weeks)
    return (1 + weeks / (process.alpha + since)) ** -orders * (
        1 + weeks / (process.beta + since)
    ) ** -process.s


def rows(*customers):
    return Histories(*(np.array(column, dtype=float) for column in zip(*customers, strict=True)))


def relative_error(got, want):
    return max(abs(float(g / w - 1)) for g, w in zip(got, want, strict=True))


@pytest.mark.parametrize("parameters", PARAMETERS, ids=str)
def test_alive_probability_agrees_with_60_digits(parameters):
    """P(alive) is exact to 1e-10 for up to 10,000 orders, wherever it is a float at all."""
    process = ParetoNBD(*parameters)
    shares = (0.05, 0.9, 1.0 - 1e-6, 1.0)
    past = rows(
        *(
            (x, share * T if x else 0.0, T)
            for x in COUNTS
            for T in OBSERVED
            for share in shares[: 4 if x else 1]
        )
    )
    got = process.alive_probability(past)
    with mpmath.workdps(60):
        want = []
        for x, since, until in zip(*past, strict=True):
            weeks = mpmath.mpf(until) - mpmath.mpf(since)
            left = exact_first(process, process.r + x, since, weeks, "end")
            stayed = exact_silent(process, process.r + x, since, weeks)
            want.append(stayed / (stayed + left))
    seen = np.array([w > 1e-300 for w in want])
    assert relative_error(got[seen], np.array(want)[seen]) < 1e-10
    assert (got[~seen] < 1e-290).all()
    assert seen.sum() >= 20


@pytest.mark.parametrize("parameters", PARAMETERS, ids=str)
def test_the_race_ahead_agrees_with_60_digits(parameters):
    """Chances of an order, and of silence, and expected orders are exact to 1e-10, from 1 to 365 days."""
    process = ParetoNBD(*parameters)
    past = rows(*((x, 0.0, T) for x in COUNTS for T in OBSERVED))
    expected = process.expected_orders_if_alive(past, AHEAD)
    for column, weeks in enumerate(AHEAD):
        chance, silent = (
            process.order_chance_if_alive(past, weeks),
            process.silent_chance_if_alive(past, weeks),
        )
        with mpmath.workdps(60):
            h, less = mpmath.mpf(weeks), mpmath.mpf(process.s) - 1
            for row, (x, _, T) in enumerate(zip(*past, strict=True)):
                want = exact_first(process, process.r + x, T, h, "order")
                assert chance[row] == pytest.approx(float(want), rel=1e-10)
                want = exact_silent(process, process.r + x, T, h)
                assert silent[row] == pytest.approx(float(want), rel=1e-10, abs=1e-290)
                reach = mpmath.mpf(process.beta) + mpmath.mpf(T)
                q = 1 + h / reach
                want = (process.r + mpmath.mpf(x)) / (process.alpha + mpmath.mpf(T)) * reach
                want *= mpmath.log(q) if less == 0 else (1 - q**-less) / less
                assert expected[row, column] == pytest.approx(float(want), rel=1e-13)


def test_a_tiny_chance_of_an_order_keeps_its_digits():
    """A chance of 1e-14 is not lost in 1 - q."""
    process = ParetoNBD(1e-12, 100.0, 1.0, 5.0)
    want, _ = quad(lambda u: 1e-12 / (100.0 + u) * 5.0 / (5.0 + u), 0.0, 1.0, epsabs=0.0, epsrel=1e-12)
    got = process.order_chance_if_alive(rows((0, 0, 0)), 1.0)[0]
    assert want < 1e-14
    assert got == pytest.approx(want, rel=1e-10)


def test_log_likelihood_is_the_density_of_the_order_times():
    """The density of orders until the end or until now, summed over both gamma distributions."""
    process, (x, since, until) = ParetoNBD(1.3, 4.0, 2.2, 9.0), (3, 5.0, 8.0)
    # in logs of both rates the trapezoid rule converges geometrically
    logs, step = np.linspace(-30.0, 5.0, 701, retstep=True)
    rate, leave = np.exp(logs)[:, None], np.exp(logs)[None, :]
    both = rate + leave
    density = rate**x * (leave * np.exp(-both * since) + rate * np.exp(-both * until)) / both
    weight = gamma.pdf(rate, 1.3, scale=1 / 4.0) * gamma.pdf(leave, 2.2, scale=1 / 9.0) * rate * leave
    got = process.log_likelihood(rows((x, since, until)))[0]
    assert got == pytest.approx(np.log((density * weight).sum() * step**2), rel=1e-12)


@pytest.mark.parametrize("parameters", [PARAMETERS[0], PARAMETERS[2], PARAMETERS[4], PARAMETERS[5]], ids=str)
def test_silence_is_the_ratio_of_likelihoods(parameters):
    """P(no order in h) = L(T + h) / L(T), the likelihood being [FH]'s integral in 30 digits."""
    process = ParetoNBD(*parameters)
    past, weeks = rows((0, 0, 20), (3, 15.0, 20.0), (40, 19.0, 20.0)), 13.0

    def likelihood(x, since, until):
        r, alpha, s, beta = (mpmath.mpf(v) for v in parameters)
        still = (alpha + until) ** -(r + x) * (beta + until) ** -s
        edges = [since, *(since + (until - since) * mpmath.mpf(2) ** -k for k in range(12, -1, -1))]

        def ended(u):  # as a multiple of ``still``: mpmath stops early where numbers are tiny
            return (
                s
                / (beta + u)
                * ((alpha + until) / (alpha + u)) ** (r + x)
                * ((beta + until) / (beta + u)) ** s
            )

        return still * (1 + mpmath.quad(ended, edges))

    got = 1.0 - process.alive_probability(past) * process.order_chance_if_alive(past, weeks)
    with mpmath.workdps(30):
        histories = [tuple(map(mpmath.mpf, history)) for history in zip(*past, strict=True)]
        want = [likelihood(x, t, T + weeks) / likelihood(x, t, T) for x, t, T in histories]
    logs = process.log_likelihood(past.later(weeks)) - process.log_likelihood(past)
    assert relative_error(got, want) < 1e-12
    assert relative_error(np.exp(logs), want) < 1e-11


@pytest.fixture(scope="module")
def followed():
    """Customers followed for certain: what they did in 40 weeks, and in the 26 weeks after."""
    process, n, known, ahead = ParetoNBD(1.5, 6.0, 0.8, 20.0), 200_000, 40.0, 26.0
    random = np.random.default_rng(11)
    rate = random.gamma(process.r, 1 / process.alpha, n)
    life = random.exponential(size=n) / random.gamma(process.s, 1 / process.beta, n)
    before = np.minimum(life, known)
    count = random.poisson(rate * before).astype(float)
    # the last of x times uniform on (0, before)
    span = np.where(count > 0, before * random.random(n) ** (1 / np.maximum(count, 1)), 0.0)
    future = random.poisson(rate * np.clip(life - known, 0.0, ahead))
    return process, Histories(count, span, np.full(n, known)), life > known, future, ahead


@pytest.mark.parametrize(
    "group",
    [lambda p: p.repeat_orders == 0, lambda p: p.span > 38, lambda p: (p.span < 30) & (p.repeat_orders > 3)],
    ids=["no repeat", "just ordered", "long silent"],
)
def test_simulated_customers_do_as_predicted(followed, group):
    """P(alive), P(no order in h) and E(orders) are the truth's in groups of histories, to 4 errors."""
    process, past, alive, future, ahead = followed
    chosen = group(past)
    some = Histories(*(column[chosen] for column in past))
    chance = process.alive_probability(some)
    silent = 1.0 - chance * process.order_chance_if_alive(some, ahead)
    expected = chance * process.expected_orders_if_alive(some, np.array([ahead]))[:, 0]
    assert chosen.sum() > 3_000
    for truth, said in (
        (alive[chosen], chance),
        (future[chosen] == 0, silent),
        (future[chosen], expected),
    ):
        miss = truth - said
        assert abs(miss.mean()) < 4.0 * miss.std() / np.sqrt(miss.size)


def test_draws_have_the_expected_number_and_time():
    """Mean orders and mean sum of order times equal rate times weeks alive, to 4 standard errors."""
    past, weeks, draws = rows((1, 3.0, 30.0), (6, 25.0, 30.0)), 40.0, 200_000
    drawn = CDNOW.draw_orders(np.random.default_rng(3), past, 1, weeks, draws)
    pace = (CDNOW.r + 6) / (CDNOW.alpha + 30.0)
    moments = [
        quad(lambda u, k=k: pace * u**k * (1 + u / (CDNOW.beta + 30.0)) ** -CDNOW.s, 0, weeks)[0]
        for k in (0, 1)
    ]
    for got, want in ((drawn.orders, moments[0]), (drawn.orders * drawn.mean_weeks, moments[1])):
        assert abs(got.mean() - want) < 4.0 * got.std() / np.sqrt(draws)
    no_order = (drawn.orders == 0).mean()
    said = 1.0 - CDNOW.order_chance_if_alive(past, weeks)[1]
    assert abs(no_order - said) < 4.0 * np.sqrt(said * (1 - said) / draws)


def test_draws_stand_a_rate_of_leaving_of_nothing():
    """With s at its limit nobody leaves, and nothing overflows."""
    process = ParetoNBD(5.0, 1.0, 1e-6, 1e-3)
    drawn = process.draw_orders(np.random.default_rng(3), rows((9, 5.0, 5.0)), 0, 4.0, 499)
    assert (drawn.mean_weeks == 2.0).mean() > 0.99
    assert np.isfinite(drawn.orders).all()


def test_discounted_orders_are_the_sum_over_the_months():
    """Orders of each stretch, integrated numerically, times its factor."""
    past, parts = rows((2, 10.0, 30.0)), stretches(0.0, 26.0, 0.1)
    edges = [0.0, *parts.ends]
    pace = (CDNOW.r + 2) / (CDNOW.alpha + 30.0)
    stays = [
        quad(lambda u: pace * (1 + u / (CDNOW.beta + 30.0)) ** -CDNOW.s, low, high)[0]
        for low, high in pairwise(edges)
    ]
    got = CDNOW.discounted_orders_if_alive(past, parts)[0]
    assert got == pytest.approx(float(np.dot(parts.factors, stays)), rel=1e-12)


def every_answer(process, past):
    return np.column_stack(
        [
            process.alive_probability(past),
            process.order_chance_if_alive(past, 13.0),
            process.silent_chance_if_alive(past, 13.0),
            process.expected_orders_if_alive(past, AHEAD),
            process.discounted_orders_if_alive(past, stretches(0.0, 52.0, 0.1)),
            process.log_likelihood(past),
        ]
    )


@pytest.mark.parametrize("parameters", [PARAMETERS[0], PARAMETERS[5]], ids=str)
def test_rows_do_not_depend_on_each_other(parameters):
    """A row's answers are the same to the bit alone, among others, backwards, and from a table's columns."""
    random = np.random.default_rng(5)
    process, n = ParetoNBD(*parameters), 20_000
    observed = random.uniform(0, 150, n)
    table = np.column_stack([random.poisson(random.gamma(0.5, 40, n)), observed * random.random(n), observed])
    past = Histories(*(np.ascontiguousarray(column) for column in table.T))
    crowd = every_answer(process, past)
    assert np.array_equal(crowd, every_answer(process, Histories(*table.T)))
    assert np.array_equal(crowd[::-1], every_answer(process, Histories(*(c[::-1].copy() for c in past))))
    for row in range(0, n, 501):
        alone = every_answer(process, Histories(*(column[[row]] for column in past)))
        assert np.array_equal(crowd[[row]], alone)


def test_long_histories_give_numbers():
    """Where lifetimes gives NaN: thousands of orders, scales far apart, a silence of years."""
    past = rows((5_000, 52.0, 150.0), (5_000, 149.9, 150.0), (5_000, 150.0, 150.0))
    with untouched():
        peer = lifetimes_module().ParetoNBDFitter()
        peer.params_ = pd.Series({"r": 2.0, "alpha": 0.5, "s": 0.5, "beta": 60.0})
        theirs = peer.conditional_probability_alive(*past)
    ours = ParetoNBD(2.0, 0.5, 0.5, 60.0).alive_probability(past)
    assert np.isnan(theirs).any()
    assert np.isfinite(ours).all()
    assert ours[0] == 0.0
    assert 0.0 < ours[1] < 1.0
    assert ours[2] == 1.0


@pytest.mark.parametrize("r", [1e-3, 1e3])
@pytest.mark.parametrize("s", [1e-3, 1e3])
@pytest.mark.parametrize("scales", [(1e-4, 1e5), (1e5, 1e-4), (1e-4, 1e-4)], ids=str)
def test_parameters_far_out_stay_finite(r, s, scales):
    """With parameters at a limit all answers are finite and chances are chances."""
    process = ParetoNBD(r, scales[0], s, scales[1])
    past = rows((0, 0, 0), (0, 0, 150), (3, 0.2, 150), (500, 149, 150), (10_000, 150, 150))
    answers = every_answer(process, past)
    assert np.isfinite(answers).all()
    assert ((answers[:, :3] >= 0.0) & (answers[:, :3] <= 1.0 + 1e-12)).all()
    assert (answers[:, 3] <= answers[:, 4]).all()


def test_agrees_with_lifetimes_on_cdnow(cdnow):
    """P(alive), conditional and unconditional expectation equal those of lifetimes to 1e-10."""
    columns = ("repeat_orders", "weeks_first_to_last_order", "weeks_observed")
    past = Histories(*(cdnow[name].to_numpy(float) for name in columns))
    weeks = np.array([1.0, 39.0, 78.0])
    with untouched():
        peer = lifetimes_module().ParetoNBDFitter()
        peer.params_ = pd.Series({"r": CDNOW.r, "alpha": CDNOW.alpha, "s": CDNOW.s, "beta": CDNOW.beta})
        alive = peer.conditional_probability_alive(*past)
        ahead = peer.conditional_expected_number_of_purchases_up_to_time(39.0, *past)
        new = peer.expected_number_of_purchases_up_to_time(weeks)
    chance = CDNOW.alive_probability(past)
    expected = CDNOW.expected_orders_if_alive(past, np.array([39.0]))[:, 0]
    np.testing.assert_allclose(chance, alive, rtol=1e-10)
    np.testing.assert_allclose(chance * expected, ahead, rtol=1e-10)
    np.testing.assert_allclose(CDNOW.expected_orders_since_first(weeks), new, rtol=1e-12)


def test_expected_orders_of_a_new_customer_at_s_one():
    """At s = 1 the expectation is r beta / alpha log(1 + t / beta), also just beside it."""
    want = 0.5 * 8.0 / 3.0 * np.log1p(20.0 / 8.0)
    for s, tolerance in ((1.0, 1e-14), (1.0 + 1e-9, 1e-8), (1.0 - 1e-9, 1e-8)):
        got = ParetoNBD(0.5, 3.0, s, 8.0).expected_orders_since_first(np.array([20.0]))
        assert got[0] == pytest.approx(want, rel=tolerance)
