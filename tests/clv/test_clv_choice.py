"""What ``auto`` takes, why, and what a fit says about a base that is not made for it."""

import numpy as np
import pandas as pd
import pytest

from patron.clv import CLVModel, view_ledger
from patron.clv._choice import Trial, choose
from patron.clv._diagnostics import _correlation, standard_errors
from patron.clv._season import season_of
from patron.clv.evidence import Evidence
from patron.clv.native.attempts import FitResult
from patron.simulation import simulate_ledger

DISTRIBUTOR = {"r": 2.0, "alpha": 6.0, "a": 0.6, "b": 8.0, "p": 6.0, "q": 4.0, "v": 400.0}


def fitted(orders, as_of="latest", **settings):
    return CLVModel(**settings).fit(orders, as_of=as_of)


@pytest.fixture(scope="module")
def regular():
    """Orders at regular gaps: every third event is one."""
    params = DISTRIBUTOR | {"alpha": 2.0, "k": 3}
    return simulate_ledger(400, weeks=104, purchases="mbgcnbd", params=params, seed=11)


@pytest.fixture(scope="module")
def irregular():
    return simulate_ledger(400, weeks=104, purchases="mbgnbd", params=DISTRIBUTOR, seed=12)


def test_regular_gaps_are_found_and_named(regular):
    """k comes back, and the reason quotes the likelihood and the held-out period."""
    model = fitted(regular.orders, regular.as_of)
    assert (model.purchases_, model.params_["k"]) == ("mbgcnbd", 3)
    why = model.diagnostics_["chosen_because"]
    assert all(words in why for words in ("MBG/CNBD-3", "log-likelihood +", "days held out"))


def test_irregular_gaps_keep_mbgnbd(irregular):
    model = fitted(irregular.orders, irregular.as_of)
    assert model.purchases_ == "mbgnbd"
    assert "BG/NBD is not considered" in model.diagnostics_["chosen_because"]


def test_every_candidate_is_tried_on_the_held_out_days(regular):
    """The figures of each stand in the diagnostics; regular gaps foresee these orders better."""
    told = fitted(regular.orders, regular.as_of).diagnostics_
    trials = {name: candidate["held_out"] for name, candidate in told["candidates"].items()}
    assert sorted(trials) == ["bgnbd", "mbgcnbd", "mbgnbd"]
    assert trials["mbgcnbd"]["mean_deviance"] < trials["mbgnbd"]["mean_deviance"]
    assert told["held_out_days"] == 180


def test_a_process_asked_for_says_that_gaps_are_regular(regular):
    """Whoever insists on MBG/NBD hears what it does not know when auto has something to compare with."""
    model = fitted(regular.orders, regular.as_of, purchases="mbgnbd")
    assert model.diagnostics_["chosen_because"] == "asked for"
    assert model.diagnostics_["candidates"]["mbgnbd"]["held_out"]["actual_orders"] > 0


def test_nothing_after_as_of_reaches_the_choice(regular):
    """Orders from as_of on change neither parameters nor diagnostics."""
    later = regular.orders.tail(300).assign(ordered_at=pd.Timestamp(regular.as_of) + pd.Timedelta(days=3))
    longer = pd.concat([regular.orders, later.assign(order_id=[f"later-{i}" for i in range(300)])])
    first, second = fitted(regular.orders, regular.as_of), fitted(longer, regular.as_of)
    assert (first.params_, first.diagnostics_) == (second.params_, second.diagnostics_)


def test_a_short_ledger_has_nothing_to_hold_out(irregular):
    """Under 84 days of orders the choice is by likelihood alone, and the model still fits."""
    orders = irregular.orders
    start = pd.Timestamp(orders["ordered_at"].min())
    young = orders[orders["ordered_at"] < start + pd.Timedelta(days=70)]
    model = fitted(young, str((start + pd.Timedelta(days=70)).date()))
    assert model.diagnostics_["held_out_days"] is None


def test_a_clockwork_base_is_called_unfit():
    """Accounts that order every 91 days and never leave: repeating their orders beats the model."""
    days = pd.date_range("2021-01-04", "2023-12-01", freq="91D")
    lines = [
        (f"c{customer:03d}", day + pd.Timedelta(days=customer % 60), 100.0 + customer)
        for customer in range(150)
        for day in days
    ]
    orders = pd.DataFrame(lines, columns=["customer_id", "ordered_at", "amount"])
    model = fitted(orders, "2023-12-01", purchases="bgnbd")
    assert any(words.startswith("this base is not for BG/NBD") for words in model.diagnostics_["warnings"])


@pytest.fixture
def two_years():
    month = np.arange(24)
    return 200.0 * np.exp(0.03 * month) * np.exp(0.5 * np.cos(2 * np.pi * (month - 10) / 12))


def test_a_season_is_told(two_years):
    """Half the log amplitude means a peak of e^0.5 = 1.65 times the trend, in both years."""
    told = season_of(two_years)
    assert told["strongest"] == pytest.approx(np.exp(0.5), rel=0.02)
    assert told["alike"] > 0.95
    assert "orders come in seasons" in told["warning"]


def test_growth_is_no_season():
    """Orders that grow by a constant rate have none."""
    assert season_of(50.0 * np.exp(0.05 * np.arange(30)))["warning"] is None


def test_a_single_year_cannot_tell(two_years):
    assert season_of(two_years[:18]) == {"months": 18, "strongest": None, "alike": None, "warning": None}


def test_one_loud_month_is_no_season(two_years):
    """A peak in one of two years only is chance, or a campaign."""
    months = np.full(24, 100.0)
    months[7] = 300.0
    assert season_of(months)["warning"] is None


def test_a_ledger_and_its_summary_give_the_same_parameters(irregular):
    """The ledger adds the held-out period; the parameters of the process are those of the summary."""
    view = view_ledger(irregular.orders, irregular.as_of, {})
    from_orders = fitted(irregular.orders, irregular.as_of, purchases="mbgnbd")
    assert from_orders.params_ == CLVModel("mbgnbd").fit(view.summary()).params_


def test_orders_are_predicted_by_customer(irregular):
    """Of order lines the prediction is indexed by customer, and equals that of the summary."""
    model = fitted(irregular.orders, irregular.as_of, purchases="mbgnbd")
    got = model.predict(irregular.orders, 26, as_of=irregular.as_of)
    summary = view_ledger(irregular.orders, irregular.as_of, {}).summary()
    assert got.index.tolist() == summary["customer_id"].tolist()
    pd.testing.assert_frame_equal(got.reset_index(drop=True), model.predict(summary, 26), check_exact=True)


def fit_of(log_likelihood, k=None):
    params = {"r": 1.0, "alpha": 8.0, "a": 1.0, "b": 3.0} | ({} if k is None else {"k": k})
    return FitResult(params, log_likelihood, ())


def trial_of(deviance):
    return Trial(np.ones(2), {"mean_deviance": deviance})


@pytest.fixture
def held_out():
    return Evidence(pd.DataFrame(), np.ones(2), np.ones(2), 180, np.empty(0))


@pytest.mark.parametrize(
    ("lead", "deviances", "chosen"),
    [
        (50.0, (0.9, 1.0), "mbgcnbd"),
        (50.0, (1.01, 1.0), "mbgnbd"),  # fits better, foresees worse
        (3.0, (0.9, 1.0), "mbgnbd"),  # under the price of a parameter, log(1000) / 2 = 3.45
        (4.0, (0.9, 1.0), "mbgcnbd"),
    ],
)
def test_both_conditions_count(lead, deviances, chosen, held_out):
    """Regular gaps must pay for their parameter, and foresee the held-out orders better."""
    candidates = {"mbgnbd": fit_of(-1000.0), "mbgcnbd": fit_of(-1000.0 + lead, k=3), "bgnbd": fit_of(-990.0)}
    trials = {"mbgcnbd": trial_of(deviances[0]), "mbgnbd": trial_of(deviances[1])}
    name, why = choose(candidates, trials, held_out, 1000.0)
    assert name == chosen
    assert "+10.0 against MBG/NBD" in why


def test_a_mild_season_is_none():
    """A peak of 15 % above the trend is no reason to warn."""
    month = np.arange(24)
    told = season_of(200.0 * np.exp(0.14 * np.cos(2 * np.pi * month / 12)))
    assert told["strongest"] == pytest.approx(np.exp(0.14), rel=1e-6)
    assert told["warning"] is None


def test_standard_errors_are_those_of_the_parameters():
    """By hand: parameter times the standard deviation of its log."""
    fit = FitResult({"r": 2.0, "alpha": 5.0, "k": 3}, 0.0, (), covariance=((0.01, 0.0), (0.0, 0.04)))
    assert standard_errors(fit) == pytest.approx({"r": 0.2, "alpha": 1.0})


def test_a_correlation_counts_weights():
    """Weight 2 is the row twice."""
    x, y, weight = np.array([1.0, 2.0, 5.0]), np.array([3.0, 1.0, 4.0]), np.array([1.0, 2.0, 1.0])
    want = np.corrcoef(np.repeat(x, [1, 2, 1]), np.repeat(y, [1, 2, 1]))[0, 1]
    assert _correlation(x, y, weight) == pytest.approx(want, rel=1e-12)
