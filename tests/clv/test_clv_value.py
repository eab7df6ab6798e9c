"""Money: identities, calendar, and an individual-level simulation as the independent oracle."""

import numpy as np
import pandas as pd
import pytest

from patron.clv import CLVModel, customer_value, value_at_risk
from patron.clv._months import stretches
from patron.errors import PatronError

SPEND = {"p": 6.25, "q": 3.74, "v": 15.44}
PURCHASES = {"r": 1.3, "alpha": 6.0, "a": 0.7, "b": 3.0}
HISTORIES = [(0, 0.0, 20.0), (3, 12.0, 20.0), (5, 19.0, 20.0), (2, 3.0, 30.0)]
TERMS = {"horizon_months": 9, "churn_horizon_days": 60, "annual_discount_rate": 0.1}
WEEKS_PER_YEAR = 365.25 / 7
VALUE = 30.0


def rows(histories):
    names = ["repeat_orders", "weeks_first_to_last_order", "weeks_observed"]
    frame = pd.DataFrame(histories, columns=names)
    return frame.assign(mean_repeat_order_value=np.where(frame["repeat_orders"] > 0, VALUE, 0.0))


@pytest.fixture(params=["bgnbd", "mbgnbd"])
def model(request):
    return CLVModel.from_params(request.param, PURCHASES | SPEND)


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


def test_clv_splits_into_silent_and_kept(model, crowd):
    """clv = p0 * clv_if_silent + (1 - p0) * clv_if_kept to 1e-9 (1 - p0 is rounded at 1e-16)."""
    got = customer_value(model, crowd, margin=0.4, **TERMS)
    p0 = got["no_order_probability"]
    mixture = p0 * got["clv_if_silent"] + (1 - p0) * got["clv_if_kept"]
    np.testing.assert_allclose(mixture, got["clv"], rtol=1e-9, atol=1e-12)


def test_values_are_finite_and_ordered(model, crowd):
    """No NaN, nothing negative, silent <= clv <= kept, and the ends of the interval in order."""
    got = customer_value(model, crowd, **TERMS)
    assert (np.isfinite(got.to_numpy()) & (got.to_numpy() >= 0)).all()
    assert (got["clv_if_silent"] <= got["clv"]).all()
    assert (got["clv"] <= got["clv_if_kept"]).all()
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


def test_a_row_stands_alone(model, crowd):
    """A customer alone gets the same bits as in the crowd, intervals included."""
    everyone = customer_value(model, crowd, margin=0.3, **TERMS)
    for row in range(0, 400, 40):
        alone = customer_value(model, crowd.iloc[[row]], margin=0.3, **TERMS)
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
    """From day 45 on, the first stretch ends with the second month and has that month's middle."""
    parts = stretches(45 / 7, 3 * 30.4375 / 7, 0.1)
    assert parts.ends * 7 == pytest.approx([60.875, 91.3125])
    assert parts.factors == pytest.approx(1.1 ** -(np.array([1.5, 2.5]) / 12))


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
