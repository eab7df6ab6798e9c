"""The likelihoods against others written from their definitions, in 50 digits and by integration."""

from __future__ import annotations

import numpy as np
import pytest
from mpmath import mp
from scipy.integrate import dblquad
from scipy.special import betaln, gammainc, gammaln

from patron.clv.native.count_terms import distinct_counts
from patron.clv.native.likelihoods import purchases_likelihood
from patron.clv.native.rows import FitRows
from patron.clv.native.spend_likelihood import spend_likelihood

PROCESSES = [("bgnbd", 1), ("mbgnbd", 1), *(("mbgcnbd", k) for k in (1, 2, 3, 4, 5))]
CORNERS = [(0.5, 5.0, 0.7, 2.0), (20.0, 0.3, 3.0, 40.0), (2.0, 300.0, 0.01, 0.3)]
SPEND_CORNERS = [(6.0, 4.0, 0.5), (0.4, 1.2, 3.0), (200.0, 30.0, 0.1)]


def histories(n=9, seed=4):
    """Customers with whole and broken numbers of weeks, none to 500 orders, weights that are not whole."""
    random = np.random.default_rng(seed)
    count = np.array([0, 0, 1, 1, 2, 5, 9, 40, 500][:n], dtype=float)
    observed = random.uniform(30, 150, n)
    span = np.where(count > 0, observed * random.uniform(0.1, 0.99, n), 0.0)
    gaps = np.where(
        count > 0, count * np.log(np.maximum(span, 1.0) / np.maximum(count, 1.0)) - 0.3 * count, 0.0
    )
    return FitRows(count, span, observed, random.uniform(0.5, 4.0, n), gaps)


def mp_purchases(process, k, row, letters):
    """Log-likelihood of one customer as the paper has it, without any rearrangement."""
    count, span, observed, _, gaps = (mp.mpf(float(number)) for number in row)
    r, alpha, a, b = letters
    x, shape = int(count), r + k * count
    front = alpha**r * mp.gamma(shape) / mp.gamma(r) / mp.factorial(k - 1) ** x * mp.exp((k - 1) * gaps)
    modified = process != "bgnbd"
    left = stayed = mp.mpf(0)
    if modified or x > 0:
        left = mp.beta(a + 1, b + x - (0 if modified else 1)) / mp.beta(a, b) * (alpha + span) ** -shape
    for j in range(k):
        stayed += (
            mp.rf(shape, j) / mp.factorial(j) * (observed - span) ** j * (alpha + observed) ** -(shape + j)
        )
    stayed *= mp.beta(a, b + x + (1 if modified else 0)) / mp.beta(a, b)
    return mp.log(front * (left + stayed))


def mp_spend(row, letters):
    """Gamma-Gamma density of one customer's mean value."""
    x, m = (mp.mpf(float(number)) for number in row)
    p, q, v = letters
    front = mp.gamma(p * x + q) / mp.gamma(p * x) / mp.gamma(q) * v**q
    return mp.log(front * m ** (p * x - 1) * x ** (p * x) / (v + x * m) ** (p * x + q))


def mp_derivatives(function, logs):
    """Value, gradient and Hessian by central differences in 60 digits: exact to far more than 16."""
    with mp.workdps(60):
        width, base = mp.mpf(10) ** -15, [mp.mpf(float(log)) for log in logs]
        n, known = len(base), {}

        def at(*moves):
            key = tuple(moves)
            if key not in known:
                known[key] = function([mp.exp(c + move * width) for c, move in zip(base, moves, strict=True)])
            return known[key]

        def shifted(*steps):
            moves = [0] * n
            for place, by in steps:
                moves[place] += by
            return at(*moves)

        gradient = [(shifted((i, 1)) - shifted((i, -1))) / (2 * width) for i in range(n)]
        hessian = np.empty((n, n))
        for i in range(n):
            for j in range(n):
                corners = [si * sj * shifted((i, si), (j, sj)) for si in (1, -1) for sj in (1, -1)]
                hessian[i, j] = float(sum(corners) / (4 * width**2))
        return float(at(*[0] * n)), np.array([float(g) for g in gradient]), hessian


def check(objective, function, letters):
    logs = np.log(letters)
    value, gradient, hessian = mp_derivatives(function, logs)
    at = objective(logs)
    assert at.value == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(at.gradient, gradient, rtol=1e-9, atol=1e-11 * np.abs(gradient).max())
    np.testing.assert_allclose(at.hessian, hessian, rtol=1e-9, atol=1e-11 * np.abs(hessian).max())


@pytest.mark.parametrize(
    ("process", "k", "letters"),
    [(*process, CORNERS[number % 3]) for number, process in enumerate(PROCESSES)]
    + [
        ("bgnbd", 1, CORNERS[2]),
        ("mbgnbd", 1, CORNERS[2]),
        ("mbgcnbd", 2, CORNERS[2]),
        ("mbgcnbd", 3, CORNERS[0]),
    ],
)
def test_purchase_likelihood_and_derivatives(process, k, letters):
    """Value, gradient and Hessian equal differences of the paper's formula in 60 digits, with weights."""
    rows = histories()

    def function(letters):
        return sum(
            mp.mpf(float(row[3])) * mp_purchases(process, k, row, letters) for row in zip(*rows, strict=True)
        )

    check(purchases_likelihood(rows, modified=process != "bgnbd", k=k), function, letters)


@pytest.mark.parametrize("letters", SPEND_CORNERS)
def test_spend_likelihood_and_derivatives(letters):
    """Value, gradient and Hessian equal differences of the density in 60 digits, with weights."""
    rows = histories()
    count, value = rows.count + 1.0, rows.observed / 40.0

    def function(letters):
        return sum(
            mp.mpf(float(weight)) * mp_spend((x, m), letters)
            for x, m, weight in zip(count, value, rows.weight, strict=True)
        )

    check(spend_likelihood(count, value, rows.weight), function, letters)


@pytest.mark.parametrize("k", [1, 2, 3])
@pytest.mark.parametrize("gaps", [(), (3.0,), (2.0, 1.5, 4.0)])
def test_the_formula_is_what_the_story_says(gaps, k):
    """Integrated over rate and chance to leave, Erlang gaps and coin flips give the mpmath likelihood."""
    r, alpha, a, b, observed = 2.4, 5.0, 2.0, 3.5, 20.0
    x, span = len(gaps), float(sum(gaps))
    log_gaps = float(np.log(gaps).sum()) if gaps else 0.0

    def density(p, rate):
        times = (k * np.log(rate) - gammaln(k)) * x + (k - 1) * log_gaps - rate * span
        silent = 1.0 - gammainc(k, rate * (observed - span))  # fewer than k events since the last order
        flips = (1.0 - p) ** x * (p + (1.0 - p) * silent)  # after every order, the first one included
        prior_rate = r * np.log(alpha) - gammaln(r) + (r - 1.0) * np.log(rate) - alpha * rate
        prior_leave = (a - 1.0) * np.log(p) + (b - 1.0) * np.log1p(-p) - betaln(a, b)
        return np.exp(times + prior_rate + prior_leave) * flips

    integral, _ = dblquad(density, 0.0, 12.0, 0.0, 1.0, epsabs=0.0, epsrel=1e-8)
    row = (x, span, observed, 1.0, log_gaps)
    letters = [mp.mpf(letter) for letter in (r, alpha, a, b)]
    assert float(mp_purchases("mbgcnbd", k, row, letters)) == pytest.approx(np.log(integral), abs=1e-7)


@pytest.mark.parametrize(("process", "k"), [("bgnbd", 1), ("mbgnbd", 1), ("mbgcnbd", 4)])
def test_weight_two_is_the_row_twice(process, k):
    """Weights 2 give the same value and derivatives as every row twice, each of weight 1."""
    rows, logs = histories(), np.log(CORNERS[0])
    ones = np.ones(rows.count.size)
    heavy = rows._replace(weight=2.0 * ones)
    twice = FitRows(*(np.concatenate([column, column]) for column in rows._replace(weight=ones)))
    first, second = (
        purchases_likelihood(some, modified=process != "bgnbd", k=k)(logs) for some in (heavy, twice)
    )
    for one, other in zip(first, second, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-13, atol=1e-11)


def test_weight_two_is_the_value_twice():
    """The same for order values."""
    rows, logs = histories(), np.log(SPEND_CORNERS[0])
    count, ones = rows.count + 1.0, np.ones(rows.count.size)
    first = spend_likelihood(count, rows.observed, 2.0 * ones)(logs)
    second = spend_likelihood(np.tile(count, 2), np.tile(rows.observed, 2), np.tile(ones, 2))(logs)
    for one, other in zip(first, second, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-13, atol=1e-11)


@pytest.mark.parametrize(("process", "k"), [("bgnbd", 1), ("mbgnbd", 1), ("mbgcnbd", 3)])
def test_more_rows_than_a_block(process, k):
    """20,000 rows, three blocks, add up to the parts of 6,000 and less that fit into one."""
    random = np.random.default_rng(2)
    n, logs = 20_000, np.log(CORNERS[0])
    count, observed = random.integers(0, 30, n).astype(float), random.uniform(30, 150, n)
    span = np.where(count > 0, observed * random.uniform(0.1, 0.99, n), 0.0)
    rows = FitRows(count, span, observed, np.ones(n), count * 0.7)

    def at(some):
        return purchases_likelihood(some, modified=process != "bgnbd", k=k)(logs)

    parts = [at(FitRows(*(column[i : i + 6000] for column in rows))) for i in range(0, n, 6000)]
    for one, *others in zip(at(rows), *parts, strict=True):
        np.testing.assert_allclose(one, sum(others), rtol=1e-12, atol=1e-8)


def test_numbers_far_out_give_no_warning():
    """Daily buyers, long silence, parameters at the ends of their reach: finite, and numpy says nothing."""
    rows = FitRows(
        *(np.array(c) for c in ([501.0, 0.0], [71.0, 0.0], [500.0, 500.0], [1.0, 1.0], [-900.0, 0.0]))
    )
    for letters in [(1e6, 1e-4, 1e-6, 1e6), (1e-6, 1e8, 1e6, 1e-6), (1e6, 1e8, 1e6, 1e6)]:
        for k in (1, 20):
            at = purchases_likelihood(rows, modified=True, k=k)(np.log(letters))
            assert np.isfinite(at.value)
            assert np.isfinite(at.gradient).all()
            assert np.isfinite(at.hessian).all()


def test_millions_of_orders():
    """Numbers of orders beyond the table are counted as well."""
    count = np.array([2.0**21, 1.0, 2.0**21, 3.0])
    distinct, copies = distinct_counts(count, np.array([1.0, 2.0, 4.0, 8.0]))
    assert dict(zip(distinct, copies, strict=True)) == {1.0: 2.0, 3.0: 8.0, 2.0**21: 5.0}
