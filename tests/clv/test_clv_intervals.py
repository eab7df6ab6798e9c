"""Does the 80 % interval hold what simulated customers really bring?

Counting: an outcome equal to an end of the interval lies inside. Where more than a tenth of a customer's
futures bring nothing, the lower end is 0 and the interval necessarily holds more than 80 %.
"""

import numpy as np
import pandas as pd
import pytest

from patron.clv import CLVModel
from patron.clv._draws import DRAWS, _futures
from patron.clv._purchases import Purchases
from patron.clv._spend import Spend
from patron.clv._summary import read_summary

LETTERS = {"r": 2.5, "alpha": 5.0, "a": 0.6, "b": 9.0, "p": 2.0, "q": 4.0, "v": 100.0}
HORIZON = 39.0
RATE = 0.1


@pytest.fixture(scope="module", params=["bgnbd", "mbgnbd"])
def outcome(request, simulated):
    """Intervals and realised discounted revenue of 2,500 customers whose world is known."""
    process = Purchases(2.5, 5.0, 0.6, 9.0, request.param == "mbgnbd")
    summary, realised = simulated(process, 2500, (20, 80), HORIZON, (2.0, 4.0, 100.0), RATE, seed=23)
    summary["customer_id"] = np.arange(2500)
    model = CLVModel.from_params(request.param, LETTERS)
    got = model.predict(summary, HORIZON, annual_discount_rate=RATE)
    inside = (got["clv_low"] <= realised) & (realised <= got["clv_high"])
    return got.assign(realised=realised, inside=inside)


def test_coverage_is_80_percent_where_it_can_be(outcome):
    """Customers with a lower end above 0 land inside in 80 % of cases, within 3 standard errors."""
    sure = outcome[outcome["clv_low"] > 0]
    assert len(sure) > 500
    assert abs(sure["inside"].mean() - 0.8) <= 3 * np.sqrt(0.16 / len(sure))


def test_coverage_of_the_whole_base_is_at_least_80_percent(outcome):
    """Over all customers the interval never promises too much."""
    assert outcome["inside"].mean() >= 0.8 - 3 * np.sqrt(0.16 / len(outcome))


def test_a_tenth_lies_above(outcome):
    """Where the upper end is a quantile and not the mean, a tenth of the outcomes exceed it."""
    quantile = outcome[outcome["clv_high"] > outcome["clv"]]
    above = (quantile["realised"] > quantile["clv_high"]).mean()
    assert abs(above - 0.1) <= 3 * np.sqrt(0.09 / len(quantile))


def test_expected_value_is_unbiased(outcome):
    """The total of clv is that of the realised values, within 4 standard errors."""
    difference = outcome["clv"] - outcome["realised"]
    assert abs(difference.mean()) <= 4 * difference.std() / np.sqrt(len(outcome))


def test_draws_have_the_expected_value():
    """The mean of the draws behind an interval is clv, within 4 standard errors."""
    summary = pd.DataFrame(
        {
            "repeat_orders": [8],
            "weeks_first_to_last_order": [20.0],
            "weeks_observed": [24.0],
            "mean_repeat_order_value": [50.0],
        }
    )
    model = CLVModel.from_params("mbgnbd", LETTERS)
    process, spend, rows = Purchases(2.5, 5.0, 0.6, 9.0, True), Spend(2.0, 4.0, 100.0), read_summary(summary)
    predicted = model.predict(summary, HORIZON, annual_discount_rate=RATE).iloc[0]
    alive = predicted["alive_probability"]
    draws = np.concatenate(
        [_futures(process, spend, rows, 0, alive, seed, HORIZON, RATE) for seed in range(400)]
    )
    assert draws.size == 400 * DRAWS
    assert abs(draws.mean() - predicted["clv"]) <= 4 * draws.std() / np.sqrt(draws.size)


def test_ids_seed_the_draws():
    """Equal histories under different ids differ in their draws and in nothing else."""
    row = {
        "repeat_orders": 4,
        "weeks_first_to_last_order": 9.0,
        "weeks_observed": 12.0,
        "mean_repeat_order_value": 5.0,
    }
    summary = pd.DataFrame([row, row]).assign(customer_id=["0042", "42"])
    got = CLVModel.from_params("mbgnbd", LETTERS).predict(summary)
    assert got["clv"].nunique() == 1
    assert got["clv_high"].nunique() == 2


def test_extreme_histories_draw_without_complaint():
    """10,000 orders, a customer of today and one long gone get finite intervals."""
    summary = pd.DataFrame(
        {
            "repeat_orders": [10_000, 0, 500],
            "weeks_first_to_last_order": [150.0, 0.0, 1.0],
            "weeks_observed": [150.0, 0.0, 150.0],
            "mean_repeat_order_value": [1e7, 0.0, 0.01],
        }
    )
    for extreme in ({}, {"a": 1e-6, "b": 1e-3}, {"a": 500.0}, {"r": 1e-3, "alpha": 1e-4}):
        got = CLVModel.from_params("bgnbd", LETTERS | extreme).predict(summary).to_numpy()
        assert (np.isfinite(got) & (got >= 0)).all()
