"""Money: identities, calendar, and an individual-level simulation as the independent oracle."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from scipy.special import logsumexp

from patron.clv import CLVModel, customer_value, value_at_risk
from patron.clv._months import stretches
from patron.clv.processes import Histories, process_from
from patron.errors import PatronError

SPEND = {"p": 6.25, "q": 3.74, "v": 15.44}
PURCHASES = {"r": 1.3, "alpha": 6.0, "a": 0.7, "b": 3.0}
OTHERS = {"s": 0.6, "beta": 9.0, "k": 3}
REGULAR = {"r": 3.0, "a": 0.5, "b": 5.0}
HISTORIES = [(0, 0.0, 20.0), (3, 12.0, 20.0), (5, 19.0, 20.0), (2, 3.0, 30.0)]
TERMS = {"horizon_months": 9, "churn_horizon_days": 60, "annual_discount_rate": 0.1}
WEEKS_PER_YEAR = 365.25 / 7
VALUE = 30.0


def rows(histories):
    names = ["repeat_orders", "weeks_first_to_last_order", "weeks_observed"]
    frame = pd.DataFrame(histories, columns=names)
    return frame.assign(mean_repeat_order_value=np.where(frame["repeat_orders"] > 0, VALUE, 0.0))


def regular(k, weeks_between=26.0):
    """MBG/CNBD-k whose mean rate is one order in so many weeks."""
    alpha = REGULAR["r"] * weeks_between / k
    return CLVModel.from_params("mbgcnbd", REGULAR | {"alpha": alpha, "k": k} | SPEND)


@pytest.fixture(params=["bgnbd", "mbgnbd"])
def model(request):
    return CLVModel.from_params(request.param, PURCHASES | SPEND)


@pytest.fixture(params=["bgnbd", "mbgnbd", "mbgcnbd", "paretonbd", "mbgcnbd-20"])
def any_model(request):
    if request.param == "mbgcnbd-20":
        return regular(20)
    letters = {"mbgcnbd": ("r", "alpha", "a", "b", "k"), "paretonbd": ("r", "alpha", "s", "beta")}
    wanted = letters.get(request.param, ("r", "alpha", "a", "b"))
    return CLVModel.from_params(request.param, {name: (PURCHASES | OTHERS)[name] for name in wanted} | SPEND)


@pytest.fixture(scope="module")
def crowd():
    random = np.random.default_rng(11)
    count = random.poisson(3, 400)
    observed = random.uniform(1, 150, 400)
    span = np.where(count > 0, observed * random.uniform(0, 1, 400), 0.0)
    value = np.where(count > 0, random.gamma(3, 20, 400), 0.0)
    frame = pd.DataFrame(
        {
            "repeat_orders": count,
            "weeks_first_to_last_order": span,
            "weeks_observed": observed,
            "mean_repeat_order_value": value,
        }
    )
    return frame.assign(customer_id=[f"c{k:04d}" for k in range(400)])


def ahead(horizon_days, annual_discount_rate):
    return {
        "horizon_months": 12,
        "churn_horizon_days": horizon_days,
        "annual_discount_rate": annual_discount_rate,
    }


def test_clv_splits_into_silent_and_kept(any_model, crowd):
    """clv = p0 * clv_if_silent + (1 - p0) * clv_if_kept to 1e-9 where an order is no wonder."""
    got = customer_value(any_model, crowd.iloc[:60], margin=0.4, **TERMS)
    p0 = got["no_order_probability"]
    mixture = p0 * got["clv_if_silent"] + (1 - p0) * got["clv_if_kept"]
    known = 1 - p0 > 1e-6  # it is rounded at 1e-16
    assert known.mean() > 0.5
    np.testing.assert_allclose(mixture[known], got["clv"][known], rtol=1e-9, atol=1e-12)


def test_values_are_finite_and_ordered(any_model, crowd):
    """No NaN, nothing negative, silent <= clv <= kept, most of an order kept, the interval in order."""
    got = customer_value(any_model, crowd.iloc[:40], **ahead(7, 0.1))
    assert (np.isfinite(got.to_numpy()) & (got.to_numpy() >= 0)).all()
    assert (got["clv_if_silent"] <= got["clv"]).all()
    assert (got["clv"] <= got["clv_if_kept"]).all()
    assert (got["clv_if_kept"] >= got["expected_order_value"] / 1.1).all()
    assert (got["clv_low"] <= got["clv_high"]).all()


def test_kept_stands_an_order_being_very_unlikely():
    """With p0 within 1e-9 of 1, clv_if_kept is still the value of one order and what follows it."""
    tiny = CLVModel.from_params("mbgnbd", PURCHASES | SPEND | {"r": 1e-10, "alpha": 1.0})
    got = customer_value(tiny, rows([(0, 0.0, 0.0)]), **TERMS).iloc[0]
    assert got["no_order_probability"] > 1 - 1e-8
    assert got["expected_order_value"] * 0.9 < got["clv_if_kept"] < got["expected_order_value"] * 30


def futures(purchases, history, draws, seed):
    """Follow customers of known parameters, weighted by the likelihood of their history.

    Rates and chances of leaving come from the population; the weights are the individual-level likelihoods of
    the history, alive or gone after the last order. Orders are discounted at their own time.
    Returns alive weight, gone weight, discounted orders, and whether an order falls into the churn horizon.
    """
    count, span, observed = history
    random = np.random.default_rng(seed)
    first = int(purchases == "mbgnbd")
    rate = random.gamma(PURCHASES["r"], 1 / PURCHASES["alpha"], draws)
    leave = random.beta(PURCHASES["a"], PURCHASES["b"], draws)
    alive_weight = rate**count * np.exp(-rate * observed) * (1 - leave) ** (count + first)
    could_leave = count + first > 0
    gone_weight = rate**count * np.exp(-rate * span) * leave * (1 - leave) ** max(count + first - 1, 0)
    gone_weight *= could_leave
    horizon, churn = TERMS["horizon_months"] * 30.4375 / 7, TERMS["churn_horizon_days"] / 7
    now, here = np.zeros(draws), np.ones(draws, dtype=bool)
    discounted, early = np.zeros(draws), np.zeros(draws, dtype=bool)
    while here.any():
        now[here] += random.exponential(1 / rate[here])
        here &= now <= horizon
        discounted[here] += (1 + TERMS["annual_discount_rate"]) ** (-now[here] / WEEKS_PER_YEAR)
        early |= here & (now <= churn)
        here[here] = random.random(int(here.sum())) >= leave[here]
    return alive_weight, gone_weight, discounted, early


def ratio(top, values, bottom):
    """Weighted mean and its standard error; ``bottom`` are the weights, of which ``top`` carry a value."""
    mean = (top * values).sum() / bottom.sum()
    return mean, np.sqrt(((top * values - bottom * mean) ** 2).sum()) / bottom.sum()


@pytest.mark.parametrize("history", HISTORIES, ids=str)
def test_values_agree_with_simulated_customers(model, history):
    """P(alive), P(no order), clv, silent and kept are within 4 standard errors of followed customers."""
    alive, gone, orders, early = futures(model.purchases_, history, 300_000, seed=17)
    both, late = alive + gone, ~early
    simulated = {
        "alive_probability": ratio(alive, 1.0, both),
        "no_order_probability": ratio(alive * late + gone, 1.0, both),
        "clv": ratio(alive, orders, both),
        "clv_if_silent": ratio(alive * late, orders, alive * late + gone),
        "clv_if_kept": ratio(alive * early, orders, alive * early),
    }
    got = customer_value(model, rows([history]), **TERMS).iloc[0]
    for name, (mean, error) in simulated.items():
        each = 1.0 if name.endswith("probability") else got["expected_order_value"]
        assert abs(got[name] / each - mean) <= 4 * error + 1e-12, name


def calendar_factors(weeks, months, rate):
    """Discount factors of the middles of the months that these times lie in; 0 beyond the last."""
    month = np.ceil(weeks * 7 / 30.4375)
    return np.where(month <= months, (1 + rate) ** (-(month - 0.5) / 12), 0.0)


def next_order_of_regular(stream, k, history, weeks, draws):
    """Draw when the next order comes, given that it does within so many weeks, and the rate of events then.

    The gap from the last order to it has the density lambda^k (w + u)^(k - 1) exp(-lambda (w + u)), w the
    silence so far; lambda ~ Gamma(r + k x, alpha + t_x) is integrated out.
    """
    count, span, observed = history
    alpha, shape = REGULAR["r"] * 26.0 / k, REGULAR["r"] + k * (count + 1)
    u = np.linspace(0, weeks, 20_001)
    with np.errstate(divide="ignore"):
        log_density = (k - 1) * np.log(observed - span + u) - shape * np.log(alpha + observed + u)
    density = np.exp(log_density - logsumexp(log_density))
    up_to = np.append(0.0, np.cumsum(density[1:] + density[:-1]))
    first = np.interp(stream.random(draws), up_to / up_to[-1], u)
    return first, stream.gamma(shape, 1 / (alpha + observed + first))


@pytest.mark.parametrize("history", [(4, 208.0, 208.5), (0, 0.0, 0.0), (3, 39.0, 45.0)], ids=str)
@pytest.mark.parametrize("horizon_days", [7, 14, 30, 90])
@pytest.mark.parametrize("k", [10, 20])
def test_kept_of_regular_customers_agrees_with_their_futures(k, horizon_days, history):
    """With chances of an order from 4e-23 to 0.9, discounted and not; 4 standard errors."""
    stream, draws = np.random.default_rng(5), 30_000
    now, rate = next_order_of_regular(stream, k, history, horizon_days / 7, draws)
    leave, here = stream.beta(REGULAR["a"], REGULAR["b"] + history[0] + 1, draws), np.ones(draws, dtype=bool)
    worth = {0.0: np.zeros(draws), 0.1: np.zeros(draws)}
    while here.any():
        for yearly, total in worth.items():
            total[here] += calendar_factors(now[here], 12, yearly)
        here &= stream.random(draws) >= leave
        now = now + stream.gamma(k, 1 / rate)
        here &= now <= 12 * 30.4375 / 7
    for yearly, total in worth.items():
        got = customer_value(regular(k), rows([history]), **ahead(horizon_days, yearly)).iloc[0]
        error = total.std() / np.sqrt(draws)
        assert abs(got["clv_if_kept"] / got["expected_order_value"] - total.mean()) <= 4 * error


@pytest.mark.parametrize("rate", [0.0, 0.1])
def test_kept_is_the_mean_over_the_time_of_the_next_order_across_months(rate):
    """Over 68 days, at a chance of 4e-8, against Gauss' rule with the density of that time, to 1e-5."""
    k, alpha, (count, span, observed) = 20, REGULAR["r"] * 26.0 / 20, (4, 208.0, 208.5)
    process = process_from("mbgcnbd", REGULAR | {"alpha": alpha, "k": k})
    points, weights = np.polynomial.legendre.leggauss(16)
    edges = np.array([0, 30.4375, 60.875, 68]) / 7
    top = bottom = 0.0
    for start, end in pairwise(edges):
        for point, weight in zip(points, weights * (end - start), strict=True):
            u = start + (end - start) * (1 + point) / 2
            log_density = (k - 1) * np.log(observed - span + u)
            log_density -= (REGULAR["r"] + k * (count + 1)) * np.log1p(u / (alpha + observed))
            then = Histories(np.array([count + 1.0]), np.array([observed + u]), np.array([observed + u]))
            after = stretches(0.0, 12 * 30.4375 / 7, rate).after(u)
            orders = process.alive_probability(then) * process.discounted_orders_if_alive(then, after)
            top += weight * np.exp(log_density) * (calendar_factors(u, 12, rate) + orders[0])
            bottom += weight * np.exp(log_density)
    got = customer_value(regular(k), rows([(count, span, observed)]), **ahead(68, rate)).iloc[0]
    assert got["clv_if_kept"] / got["expected_order_value"] == pytest.approx(top / bottom, rel=1e-5)


@pytest.mark.parametrize("beta", [9.0, 0.3])
@pytest.mark.parametrize("history", [(0, 0.0, 0.0), (0, 0.0, 20.0), (3, 12.0, 20.0)], ids=str)
def test_kept_of_pareto_customers_agrees_with_their_futures(history, beta):
    """Alive now, they order or leave at rates drawn from their posteriors; 4 standard errors.

    With beta = 0.3 a new customer who orders late has proved to stay: worth more than one who orders at once.
    """
    (count, _, observed), draws, letters = history, 300_000, {"r": 1.3, "alpha": 6.0, "s": 0.6, "beta": beta}
    stream = np.random.default_rng(6)
    rate = stream.gamma(1.3 + count, 1 / (6.0 + observed), draws)
    with np.errstate(divide="ignore", over="ignore"):  # a rate of leaving of 0: never
        life = stream.exponential(size=draws) / stream.gamma(0.6, 1 / (beta + observed), draws)
    now = stream.exponential(1 / rate)
    early = (now <= life) & (now <= TERMS["churn_horizon_days"] / 7)
    now, rate, life = now[early], rate[early], life[early]
    total, here = np.zeros(now.size), np.ones(now.size, dtype=bool)
    while here.any():
        total[here] += calendar_factors(now[here], TERMS["horizon_months"], TERMS["annual_discount_rate"])
        now = now + stream.exponential(1 / rate)
        here &= (now <= life) & (now <= TERMS["horizon_months"] * 30.4375 / 7)
    got = customer_value(CLVModel.from_params("paretonbd", letters | SPEND), rows([history]), **TERMS).iloc[0]
    error = total.std() / np.sqrt(total.size)
    assert abs(got["clv_if_kept"] / got["expected_order_value"] - total.mean()) <= 4 * error


def test_a_row_stands_alone(any_model, crowd):
    """A customer alone gets the same bits as in the crowd, intervals included, also where h is a week."""
    everyone = customer_value(any_model, crowd.iloc[:48], margin=0.3, **ahead(7, 0.1))
    for row in range(0, 48, 12):
        alone = customer_value(any_model, crowd.iloc[[row]], margin=0.3, **ahead(7, 0.1))
        pd.testing.assert_frame_equal(alone, everyone.iloc[[row]], check_exact=True)


def test_a_row_stands_alone_without_ids(model, crowd):
    """Without ids the draws are seeded by the row's values."""
    bare = crowd.drop(columns="customer_id")
    everyone = customer_value(model, bare, **TERMS)
    alone = customer_value(model, bare.iloc[[7]], **TERMS)
    pd.testing.assert_frame_equal(alone, everyone.iloc[[7]], check_exact=True)


def test_margins_may_differ_by_customer(model, crowd):
    """An array of margins scales each customer's money by its own share."""
    share = np.linspace(0.1, 0.9, 400)
    own, whole = customer_value(model, crowd, margin=share, **TERMS), customer_value(model, crowd, **TERMS)
    for name in ("clv", "clv_low", "clv_high", "clv_if_silent", "clv_if_kept"):
        np.testing.assert_allclose(own[name], share * whole[name], rtol=1e-12)


def test_silence_to_the_horizon_leaves_nothing(model, crowd):
    """With a churn horizon of the whole horizon, silence is worth nothing."""
    got = customer_value(
        model, crowd, horizon_months=3, churn_horizon_days=92, margin=1.0, annual_discount_rate=0.1
    )
    assert (got["clv_if_silent"] == 0).all()


def test_months_are_discounted_at_their_middle():
    """The first stretch of a year at 10 % is a month of 30.4375 days, discounted half a month."""
    months = stretches(0.0, 12 * 30.4375 / 7, 0.1)
    assert (months.ends.size, months.ends[0] * 7) == (12, pytest.approx(30.4375))
    assert months.factors[[0, 11]] == pytest.approx(1.1 ** -(np.array([0.5, 11.5]) / 12))


def test_a_part_of_a_month_keeps_the_factor_of_its_month():
    """From day 45 on, half of the second month is left; before it there is the other half."""
    whole = stretches(0.0, 3 * 30.4375 / 7, 0.1)
    for rest in (whole.after(45 / 7), stretches(45 / 7, 3 * 30.4375 / 7, 0.1)):
        assert rest.factors == pytest.approx(1.1 ** -(np.array([1.5, 2.5]) / 12))
    assert whole.after(45 / 7).ends * 7 == pytest.approx([60.875 - 45, 91.3125 - 45])
    assert whole.until(45 / 7).ends * 7 == pytest.approx([30.4375, 45])
    assert whole.until(45 / 7).factors == pytest.approx(1.1 ** -(np.array([0.5, 1.5]) / 12))


def test_clv_is_what_predict_gives(any_model, crowd):
    """To the bit, and so is ``CLVModel.clv``."""
    some, terms = crowd.iloc[:30], {"margin": 0.3, "annual_discount_rate": 0.1}
    clv = customer_value(any_model, some, margin=0.3, **ahead(30, 0.1))["clv"]
    weeks = 12 * (30.4375 / 7)
    assert (clv == any_model.predict(some, weeks, **terms)["clv"]).all()
    assert (clv == any_model.clv(some, weeks, **terms)).all()


def test_value_at_risk_is_never_negative():
    """p * max(0, kept - silent)."""
    assert value_at_risk([0.5, 0.2, 1.0], [10.0, 10.0, 1.0], [4.0, 0.0, 2.0]).tolist() == [3.0, 2.0, 0.0]


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ({"horizon_months": 0}, "horizon_months must be a positive number"),
        ({"churn_horizon_days": -1}, "churn_horizon_days must be a positive number"),
        ({"annual_discount_rate": -1.0}, "annual_discount_rate must be above -1"),
    ],
)
def test_impossible_terms_are_refused(model, crowd, terms, words):
    """Horizons must be positive and the rate above -1."""
    with pytest.raises(PatronError, match=words):
        customer_value(model, crowd, margin=1.0, **(TERMS | terms))
