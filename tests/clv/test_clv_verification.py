"""The second opinion: honest models are verified, and every attack on a number that is used is found."""

import numpy as np
import pandas as pd
import pytest

import patron.clv.native.order_times as order_times
import patron.clv.native.order_values as order_values
import patron.clv.value as value
from patron.clv import CLVModel
from patron.clv._comparison import difference
from patron.clv._months import stretches
from patron.clv._verification_regular import regular_log_likelihood, regular_predictions, silence_chance
from patron.clv.native.climbing import Prior
from patron.clv.processes.betageometric import BetaGeometric
from patron.clv.processes.histories import Histories
from patron.clv.processes.regular import RegularBetaGeometric
from patron.clv.verification import verify_model

YEAR = {"horizon_months": 12, "annual_discount_rate": 0.1}
QUARTER = YEAR | {"horizon_months": 3}  # faster


def regular_base(customers=120, k=3, seed=2):
    """Follow customers whose gaps are Erlang(k), with daily resolution."""
    random, rows = np.random.default_rng(seed), []
    for _ in range(customers):
        observed = float(np.round(random.uniform(140, 1000)))  # days
        rate, leaves = random.gamma(2.0) * k / 56.0, random.beta(0.8, 6.0)
        days = [0.0]
        while random.random() >= leaves and days[-1] <= observed:
            days.append(days[-1] + random.gamma(k) / rate)
        days = np.unique(np.round(days))
        days = days[days <= observed]
        x = days.size - 1
        worth = random.gamma(6.0 * x) / (6.0 * x) * 20.0 * random.gamma(5.0) if x else 0.0
        gaps = np.log(np.diff(days) / 7.0).sum()
        rows.append((x, days[-1] / 7.0, observed / 7.0, worth, gaps))
    names = ["repeat_orders", "weeks_first_to_last_order", "weeks_observed", "mean_repeat_order_value"]
    return pd.DataFrame(rows, columns=[*names, "sum_log_gap_weeks"])


@pytest.fixture(scope="module")
def regular():
    return regular_base()


@pytest.fixture(scope="module")
def some(cdnow):
    """A small base, for the attacks."""
    return cdnow.iloc[::9]


@pytest.fixture(scope="module")
def lines(cdnow):
    return verify_model(cdnow, CLVModel("mbgnbd").fit(cdnow), **YEAR)


def unexplained(summary, purchases="mbgnbd", **settings):
    """Fit, verify, and return which quantities nothing explains, by group."""
    model = CLVModel(purchases, **settings).fit(summary)
    return {
        (line.quantity, line.between)
        for line in verify_model(summary, model, **QUARTER)
        if line.explained_by is None
    }


def quantities(found):
    return {quantity for quantity, _ in found}


def test_an_honest_model_is_verified(lines):
    assert [line for line in lines if line.explained_by is None] == []
    assert {line.customers_without for line in lines} == {0}


@pytest.mark.parametrize(
    ("purchases", "settings"),
    [
        ("mbgnbd", {"prior": False}),
        ("bgnbd", {}),
        ("bgnbd", {"prior": False}),
        ("mbgnbd", {"backend": "lifetimes"}),
    ],
)
def test_other_honest_models_are_verified(some, purchases, settings):
    assert unexplained(some, purchases, **settings) == set()


def test_pareto_is_verified(cdnow):
    assert unexplained(cdnow.iloc[::3], "paretonbd", backend="lifetimes") == set()


def test_regular_gaps_are_verified_by_k_of_one_and_by_plain_sums(regular):
    model = CLVModel("mbgcnbd").fit(regular)
    assert model.params_["k"] == 3
    found = verify_model(regular, model, **QUARTER)
    assert [line for line in found if line.explained_by is None] == []
    groups = {line.between.split(":")[0] for line in found}
    assert {"the code of MBG/CNBD-3 at k = 1", "regular gaps", "purchase process"} <= groups


def test_the_same_formula_agrees(lines):
    """Of what ``predict`` returns on our calendar, each column agrees with lifetimes to 1e-8, far closer."""
    same = [line for line in lines if line.between.startswith("MBG/NBD at our parameters")]
    assert [line.quantity for line in same] == [
        "alive_probability",
        "expected_orders",
        "expected_order_value",
        "clv",
    ]
    assert max(line.largest_relative_difference for line in same) < 1e-11


def test_the_month_explains_half_a_percent(lines):
    """A year of 365.25 days against 364.98, and half a month's interest at 10 % a year, 0.4 %."""
    (month,) = [line for line in lines if line.between.startswith("calendar")]
    assert 0.003 < month.total_difference < 0.006


def test_the_prior_explains_little(lines):
    """One customer in 2,357."""
    prior = [line for line in lines if line.between.startswith("prior")]
    assert len(prior) == 3
    assert 0 < max(line.largest_relative_difference for line in prior) < 0.02


def test_bgnbd_differs_much_and_the_reason_is_given(lines):
    """P(alive) of one-time buyers is 1 under BG/NBD."""
    process = [line for line in lines if line.between.startswith("purchase process")]
    alive = next(line for line in process if line.quantity == "alive_probability")
    assert alive.largest_relative_difference > 0.3
    assert "one-time buyer" in alive.explained_by


def scaled(function, factor, names=("clv",)):
    """Wrap ``value_columns`` or ``clv_columns``: multiply columns by a factor."""

    def wrong(*given):
        found = function(*given)
        columns = found[0] if isinstance(found, tuple) else found
        for name in names:
            columns[name] = factor * columns[name]
        return found

    return wrong


@pytest.mark.parametrize("factor", [2.0, 1.0 + 1e-6])
def test_a_wrong_clv_is_found(some, monkeypatch, factor):
    """Doubled it is no month length; a millionth is too much as well."""
    monkeypatch.setattr(value, "value_columns", scaled(value.value_columns, factor))
    monkeypatch.setattr("patron.clv.estimator.value_columns", value.value_columns)
    assert "clv" in quantities(unexplained(some, "bgnbd"))


def test_a_clv_that_only_score_gets_wrong_is_found(some, monkeypatch):
    monkeypatch.setattr(value, "value_columns", scaled(value.value_columns, 2.0))
    found = unexplained(some, "bgnbd")
    assert quantities(found) == {"clv"}
    assert {between.split(":")[0] for _, between in found} == {"the model as configured"}


def test_a_wrong_discount_rate_is_found(some, monkeypatch):
    """Ten times the rate."""
    wrong = lambda start, end, rate: stretches(start, end, 10.0 * rate)  # noqa: E731
    monkeypatch.setattr(value, "stretches", wrong)
    monkeypatch.setattr("patron.clv.estimator.stretches", wrong)
    assert quantities(unexplained(some, "bgnbd")) == {"clv"}


def test_a_wrong_likelihood_is_found(some, monkeypatch):
    """Ours counts every customer's time as one per cent longer: both fits are ours, and believe it."""
    plain = order_times.purchases_likelihood

    def wrong(rows, **kind):
        return plain(rows._replace(observed=1.01 * rows.observed), **kind)

    monkeypatch.setattr(order_times, "purchases_likelihood", wrong)
    assert "parameters" in quantities(unexplained(some, "bgnbd"))


def test_a_wrong_likelihood_of_order_values_is_found(some, monkeypatch):
    """One more order each; the likelihood of the order times cannot make up for it."""
    plain = order_values.spend_likelihood
    monkeypatch.setattr(order_values, "spend_likelihood", lambda count, *rest: plain(count + 1.0, *rest))
    assert "parameters" in quantities(unexplained(some, "bgnbd"))


def test_parameters_that_are_not_the_fits_are_found(some):
    """Half a per cent off, with diagnostics that still say the best likelihood."""
    model = CLVModel("bgnbd").fit(some)
    model.params_["r"] *= 1.005
    found = verify_model(some, model, **QUARTER)
    assert "parameters" in {line.quantity for line in found if line.explained_by is None}


def test_wrong_order_values_of_one_time_buyers_are_found(some, monkeypatch):
    """Three times the population's mean."""
    plain = value.expected_order_value

    def wrong(spend, count, mean):
        return plain(spend, count, mean) * np.where(count == 0, 3.0, 1.0)

    monkeypatch.setattr(value, "expected_order_value", wrong)
    assert {"expected_order_value", "clv"} <= quantities(unexplained(some, "bgnbd"))


def test_a_slightly_wrong_alive_probability_is_found(some, monkeypatch):
    """A ten-millionth."""
    plain = BetaGeometric.alive_probability
    monkeypatch.setattr(BetaGeometric, "alive_probability", lambda self, past: plain(self, past) * (1 - 1e-7))
    found = quantities(unexplained(some, "bgnbd"))
    assert {"alive_probability", "expected_orders", "clv"} <= found


@pytest.mark.parametrize(
    "attack",
    [
        lambda patch: patch.setattr(order_times, "_CENTRE", (3.0, 1.0, 1.0, float(np.e))),
        lambda patch: patch.setattr(order_values, "_CENTRE", (2.0, 9.0, 1.0)),
        # both engines share this one: only the documented prior, written down again, can tell
        lambda patch: patch.setattr(Prior, "precision", property(lambda self: 5.0 if self.sd else 0.0)),
    ],
)
def test_a_wrong_prior_is_found(some, monkeypatch, attack):
    attack(monkeypatch)
    assert "parameters" in quantities(unexplained(some, "bgnbd"))


@pytest.mark.parametrize(
    ("method", "quantity", "k_of_one"),
    [
        ("alive_probability", "alive_probability", False),
        ("expected_orders_if_alive", "expected_orders", False),
        ("discounted_orders_if_alive", "clv", False),
        ("order_chance_if_alive", "no_order_probability", False),
        ("expected_orders_if_alive", "expected_orders", True),
    ],
)
def test_wrong_regular_gaps_are_found(regular, monkeypatch, method, quantity, k_of_one):
    """A per mille off at the fitted k, or at k = 1 alone; then regular gaps explain nothing."""
    plain = getattr(RegularBetaGeometric, method)

    def wrong(self, *given):
        return plain(self, *given) * (0.999 if (self.k == 1) == k_of_one else 1.0)

    monkeypatch.setattr(RegularBetaGeometric, method, wrong)
    found = unexplained(regular, "mbgcnbd")
    assert quantity in quantities(found)
    assert any(between.startswith("regular gaps") for _, between in found)


def test_order_values_tied_to_the_observed_mean_are_compared_with_lifetimes_alone(some):
    """A few huge orders: the likelihood's top is not where the mean is finite."""
    huge = some.assign(mean_repeat_order_value=some["mean_repeat_order_value"] ** 4)
    model = CLVModel("bgnbd").fit(huge)
    assert model.covariance_["order_values"]["of_logs"] is None
    assert unexplained(huge, "bgnbd") == set()
    model.params_["p"] *= 1.01
    found = verify_model(huge, model, **QUARTER)
    assert "parameters" in {line.quantity for line in found if line.explained_by is None}


def test_parameters_of_regular_gaps_that_are_not_the_fits_are_found(regular):
    model = CLVModel("mbgcnbd").fit(regular)
    model.params_["a"] *= 1.01
    found = {line.between for line in verify_model(regular, model, **QUARTER) if line.explained_by is None}
    assert any(between.startswith("parameters of MBG/CNBD-3") for between in found)


def test_a_wrong_bgnbd_explains_nothing(some, monkeypatch):
    """MBG/NBD against BG/NBD says nothing where our BG/NBD is wrong."""
    plain = BetaGeometric.alive_probability

    def wrong(self, past):
        return plain(self, past) * (1.0 if self.first_order_counts else 0.9)

    monkeypatch.setattr(BetaGeometric, "alive_probability", wrong)
    groups = {between.split(":")[0] for _, between in unexplained(some)}
    assert {"BG/NBD at our parameters", "purchase process"} <= groups
    assert "MBG/NBD at our parameters" not in groups


def test_numbers_that_are_none_are_no_agreement():
    two = np.array([1.0, 2.0])
    assert difference(two, np.array([np.nan, np.nan])) == (float("inf"), float("inf"), 2)
    assert difference(np.array([np.nan, 2.0]), two)[0] == float("inf")
    assert difference(two, np.array([np.nan, 1.0])) == (1.0, 1.0, 1)


def test_plain_sums_agree_with_customers_followed_one_by_one():
    """Monte Carlo: 400,000 futures of a customer with two orders, weeks 0 and 9, at week 12."""
    params = {"r": 2.0, "alpha": 3.0, "a": 0.8, "b": 4.0, "k": 2}
    past = Histories(np.array([1.0]), np.array([9.0]), np.array([12.0]))
    told = regular_predictions(params, past, months=6, annual_discount_rate=0.0)
    random, n, horizon = np.random.default_rng(1), 400_000, 6 * 30.4375 / 7.0
    rate, leaves = random.gamma(params["r"], size=n) / params["alpha"], random.beta(0.8, 4.0, n)
    # weigh by the density of the gap of nine weeks and of having stayed after the first order
    weight = rate**2 * np.exp(-9.0 * rate) * (1.0 - leaves)
    stays = random.random(n) >= leaves
    now, orders = 9.0 + random.gamma(2.0, size=n) / rate, np.zeros(n)
    weight = weight * np.where(stays, now > 12.0, 1.0)
    here = stays & (now <= 12.0 + horizon)
    while here.any():
        orders += here
        here &= random.random(n) >= leaves
        now = now + random.gamma(2.0, size=n) / rate
        here &= now <= 12.0 + horizon
    alive, expected = (weight * stays).sum() / weight.sum(), (weight * orders).sum() / weight.sum()
    silent = (weight * (orders == 0)).sum() / weight.sum()
    assert told["alive_probability"][0] == pytest.approx(alive, abs=0.005)  # four standard errors
    assert told["expected_orders"][0] == pytest.approx(expected, abs=0.02)
    assert silence_chance(params, past, np.array([horizon]))[0] == pytest.approx(silent, abs=0.005)


def test_the_likelihood_written_out_is_lifetimes_at_k_of_one(cdnow):
    """Difference between two sets of parameters, as constants are left out."""
    from patron.clv._lifetimes_predictions import lifetimes_orders_log_likelihood
    from patron.clv._summary import read_summary

    rows = read_summary(cdnow)
    one = {"r": 0.5, "alpha": 6.0, "a": 0.9, "b": 1.6, "k": 1}
    other = one | {"r": 0.7, "b": 3.0}
    ours = regular_log_likelihood(one, rows.history) - regular_log_likelihood(other, rows.history)
    theirs = [lifetimes_orders_log_likelihood("mbgnbd", each, rows) for each in (one, other)]
    assert ours == pytest.approx(theirs[0] - theirs[1], rel=1e-10)
