"""Value given an order within the churn horizon, above all where such an order is next to impossible."""

import numpy as np
import pandas as pd
import pytest

from patron.clv import CLVModel, customer_value
from patron.clv._months import WEEKS_PER_MONTH
from patron.clv.processes.histories import Histories

SPEND = {"p": 6.0, "q": 4.0, "v": 100.0}
MONTHS = 12
WEEKS = MONTHS * WEEKS_PER_MONTH
WORLDS = {
    "bgnbd": {"r": 2.0, "alpha": 8.0, "a": 0.6, "b": 6.0},
    "mbgnbd": {"r": 2.0, "alpha": 8.0, "a": 0.6, "b": 6.0},
    "mbgcnbd": {"r": 3.0, "alpha": 3.0 * 26 / 20, "a": 0.5, "b": 6.0, "k": 20},
    "paretonbd": {"r": 2.0, "alpha": 8.0, "s": 0.6, "beta": 30.0},
}


def one(orders, span, observed):
    return pd.DataFrame(
        {
            "repeat_orders": [orders],
            "weeks_first_to_last_order": [span],
            "weeks_observed": [observed],
            "mean_repeat_order_value": [50.0 if orders else 0.0],
        }
    )


def valued(model, summary, days, rate=0.0):
    return customer_value(
        model, summary, horizon_months=MONTHS, churn_horizon_days=days, annual_discount_rate=rate
    )


def orders_if_kept_by_quadrature(params, x, span, observed, weeks):
    """Orders in the year given one within so many weeks: the mean over the time u of that order.

    With k events to an order and w weeks of silence u has density proportional to
    (w + u)^(k - 1) / (alpha + T + u)^(r + k x + k), and from u on the customer
    has x + 1 repeat orders, the last at u.
    """
    model = CLVModel.from_params("mbgcnbd", params | SPEND)
    process, k = model._pooled()[0], params["k"]
    node, weight = np.polynomial.legendre.leggauss(20)
    u = weeks * (node + 1) / 2
    logs = (k - 1) * np.log(observed - span + u) - (params["r"] + k * x + k) * np.log(
        params["alpha"] + observed + u
    )
    density = weight * np.exp(logs - logs.max())
    then = Histories(np.full(20, x + 1.0), observed + u, observed + u)
    after = [
        process.expected_orders_if_alive(
            Histories(*(column[[i]] for column in then)), np.array([WEEKS - u[i]])
        )[0, 0]
        for i in range(20)
    ]
    orders = 1 + process.alive_probability(then) * np.array(after)
    return float((density * orders).sum() / density.sum())


@pytest.mark.parametrize("days", [1, 10, 30])
@pytest.mark.parametrize(("k", "gap"), [(20, 13.0), (10, 26.0), (20, 52.0)])
def test_kept_has_digits_where_an_order_is_next_to_impossible(k, gap, days):
    """Down to chances of 1e-30 it agrees with a quadrature over the time of that order."""
    params = {"r": 4.0, "alpha": 4.0 * gap / k, "a": 0.5, "b": 6.0, "k": k}
    x, span, observed = 3, 3 * gap, 3 * gap + 0.05 * gap
    model = CLVModel.from_params("mbgcnbd", params | SPEND)
    got = valued(model, one(x, span, observed), days).iloc[0]
    want = orders_if_kept_by_quadrature(params, x, span, observed, days / 7)
    assert got["clv_if_kept"] == pytest.approx(want * got["expected_order_value"], rel=2e-4)


@pytest.mark.parametrize("days", [7, 14, 30])
def test_a_discount_moves_kept_by_a_few_percent_only(days):
    """At 10 % a year a year's orders lose between nothing and a tenth, however unlikely one is within h."""
    params = {"r": 4.0, "alpha": 4.0 * 13 / 20, "a": 0.5, "b": 6.0, "k": 20}
    model = CLVModel.from_params("mbgcnbd", params | SPEND)
    history = one(3, 39.0, 39.7)
    plain, discounted = (valued(model, history, days, rate)["clv_if_kept"].iloc[0] for rate in (0.0, 0.1))
    assert 0.9 < discounted / plain < 1.0


def test_kept_against_simulated_futures():
    """Futures of one history of MBG/CNBD-10, drawn event by event; an order within 30 days is kept."""
    params = {"r": 4.0, "alpha": 4.0 * 6 / 10, "a": 0.5, "b": 6.0, "k": 10}
    x, span, observed, k, draws = 5, 30.0, 33.0, 10, 60_000
    random = np.random.default_rng(7)
    shape, rate = params["r"] + k * x, params["alpha"] + observed
    weights = np.ones(k)
    for j in range(1, k):
        weights[j] = weights[j - 1] * (shape + j - 1) / j * (observed - span) / rate
    done = random.choice(k, draws, p=weights / weights.sum())
    pace = random.gamma(shape + done) / rate
    leaving = random.beta(params["a"], params["b"] + x + 1, draws)
    clock, orders, first = np.zeros(draws), np.zeros(draws), np.full(draws, np.inf)
    left, here = k - done, np.ones(draws, dtype=bool)
    while here.any():
        clock = clock + random.gamma(left) / pace
        here &= clock <= WEEKS
        first = np.where(here & (orders == 0), clock, first)
        orders += here
        here &= random.random(draws) >= leaving
        left = np.full(draws, k)
    kept = orders[first <= 30 / 7]
    assert kept.size > 2000
    model = CLVModel.from_params("mbgcnbd", params | SPEND)
    got = valued(model, one(x, span, observed), 30).iloc[0]
    want = got["clv_if_kept"] / got["expected_order_value"]
    assert abs(kept.mean() - want) <= 4 * kept.std() / np.sqrt(kept.size)


@pytest.fixture(scope="module")
def crowd():
    random = np.random.default_rng(5)
    orders = random.integers(0, 12, 120).astype(float)
    span = orders * random.uniform(2, 40, 120)
    observed = span + random.uniform(0, 80, 120)
    value = np.where(orders > 0, random.gamma(4, 25, 120), 0.0)
    columns = ["repeat_orders", "weeks_first_to_last_order", "weeks_observed", "mean_repeat_order_value"]
    return pd.DataFrame(np.column_stack([orders, span, observed, value]), columns=columns)


@pytest.mark.parametrize("rate", [0.0, 0.1])
@pytest.mark.parametrize("days", [1, 14, 90])
@pytest.mark.parametrize("purchases", WORLDS)
def test_silent_value_and_kept_are_in_order_and_average_to_the_value(purchases, days, rate, crowd):
    """silent <= clv <= kept, finite; weighed with P(no order) they average to clv where it says anything."""
    model = CLVModel.from_params(purchases, WORLDS[purchases] | SPEND)
    got = valued(model, crowd, days, rate)
    assert np.isfinite(got.to_numpy()).all()
    assert (got.to_numpy() >= 0).all()
    assert (got["clv_if_silent"] <= got["clv"] * (1 + 1e-12)).all()
    assert (got["clv"] <= got["clv_if_kept"] * (1 + 1e-12)).all()
    nothing = model.no_order_probability(crowd, days / 7)
    average = nothing * got["clv_if_silent"] + (1 - nothing) * got["clv_if_kept"]
    said = 1 - nothing > 1e-6
    assert said.sum() > 10
    assert average[said].to_numpy() == pytest.approx(got["clv"][said].to_numpy(), rel=1e-6)


def test_kept_is_at_most_an_order_and_a_busy_year(crowd):
    """No customer is worth more, given an order, than one order now and what follows at the fastest."""
    model = CLVModel.from_params("mbgcnbd", WORLDS["mbgcnbd"] | SPEND)
    got = valued(model, crowd, 7)
    sooner = crowd.assign(
        repeat_orders=crowd["repeat_orders"] + 1, weeks_first_to_last_order=crowd["weeks_observed"]
    )
    process = model._pooled()[0]
    past = Histories(*(sooner[name].to_numpy() for name in sooner.columns[:3]))
    most = 1 + process.expected_orders_if_alive(past, np.array([WEEKS]))[:, 0]
    assert (got["clv_if_kept"] <= most * got["expected_order_value"] * (1 + 1e-9)).all()
