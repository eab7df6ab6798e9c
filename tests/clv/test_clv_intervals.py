"""Does the 80 % interval hold what simulated customers really bring?

Counting: an outcome equal to an end of the interval lies inside. A future without orders brings nothing;
where more than four fifths do, the interval is that lump at zero and holds as much as it does.
"""

import numpy as np
import pandas as pd
import pytest

from patron.clv import CLVModel
from patron.clv._draws import DRAWS, revenue_draws
from patron.clv._parts import models_of
from patron.clv._spend import Spend
from patron.clv._summary import read_summary
from patron.clv.processes.betageometric import BetaGeometric

LETTERS = {"r": 2.5, "alpha": 5.0, "a": 0.6, "b": 9.0, "p": 2.0, "q": 4.0, "v": 100.0}
HORIZON = 39.0
RATE = 0.1


@pytest.fixture(scope="module", params=["bgnbd", "mbgnbd"])
def outcome(request, simulated):
    """Intervals and realised discounted revenue of 2,500 customers whose world is known."""
    process = BetaGeometric(2.5, 5.0, 0.6, 9.0, request.param == "mbgnbd")
    summary, realised = simulated(process, 2500, (20, 80), HORIZON, (2.0, 4.0, 100.0), RATE, seed=23)
    summary["customer_id"] = np.arange(2500)
    model = CLVModel.from_params(request.param, LETTERS)
    got = model.predict(summary, HORIZON, annual_discount_rate=RATE)
    inside = (got["clv_low"] <= realised) & (realised <= got["clv_high"])
    nothing = model.no_order_probability(summary, HORIZON)
    return got.assign(realised=realised, inside=inside, nominal=np.maximum(0.8, nothing))


def test_coverage_is_80_percent_where_it_can_be(outcome):
    """Customers with a lower end above 0 land inside in 80 % of cases, within 3 standard errors."""
    sure = outcome[outcome["clv_low"] > 0]
    assert len(sure) > 500
    assert abs(sure["inside"].mean() - 0.8) <= 3 * np.sqrt(0.16 / len(sure))


def test_coverage_is_80_percent_above_the_lump_at_zero(outcome):
    """So do those whose interval begins at zero, as long as under 75 % of their futures bring nothing."""
    some = outcome[(outcome["clv_low"] == 0) & (outcome["nominal"] == 0.8) & (outcome["clv_high"] > 0)]
    assert len(some) > 200
    assert abs(some["inside"].mean() - 0.8) <= 3 * np.sqrt(0.16 / len(some))


def test_coverage_is_the_lump_where_it_holds_more(outcome):
    """Where more than 80 % of the futures bring nothing, the interval is zero to zero and holds those."""
    lump = outcome[outcome["nominal"] > 0.82]
    assert len(lump) > 100
    assert (lump[["clv_low", "clv_high"]] == 0).all(axis=None)
    expected, spread = lump["nominal"].mean(), np.sqrt((lump["nominal"] * (1 - lump["nominal"])).mean())
    assert abs(lump["inside"].mean() - expected) <= 3 * spread / np.sqrt(len(lump))


def test_a_tenth_lies_on_either_side(outcome):
    """Of the customers with a lower end above 0, a tenth fall below it and a tenth exceed the upper end."""
    sure = outcome[outcome["clv_low"] > 0]
    within = 3 * np.sqrt(0.09 / len(sure))
    assert abs((sure["realised"] > sure["clv_high"]).mean() - 0.1) <= within
    assert abs((sure["realised"] < sure["clv_low"]).mean() - 0.1) <= within


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
    process, spend, rows = (
        BetaGeometric(2.5, 5.0, 0.6, 9.0, True),
        Spend(2.0, 4.0, 100.0),
        read_summary(summary),
    )
    predicted = model.predict(summary, HORIZON, annual_discount_rate=RATE).iloc[0]
    draws = np.concatenate(
        [
            next(
                revenue_draws(process, spend, rows, [seed], horizon_weeks=HORIZON, annual_discount_rate=RATE)
            )
            for seed in range(400)
        ]
    )
    assert draws.size == 400 * DRAWS
    assert abs(draws.mean() - predicted["clv"]) <= 4 * draws.std() / np.sqrt(draws.size)


def test_equal_histories_have_equal_intervals():
    """An interval is a function of the history: ids and neighbours leave no trace, to the bit."""
    row = {
        "repeat_orders": 4,
        "weeks_first_to_last_order": 9.0,
        "weeks_observed": 12.0,
        "mean_repeat_order_value": 5.0,
    }
    other = row | {"repeat_orders": 90, "weeks_observed": 80.0}
    summary = pd.DataFrame([row, other, row]).assign(customer_id=["0042", "7", "42"])
    model = CLVModel.from_params("mbgnbd", LETTERS)
    got, alone = model.predict(summary), model.predict(summary.head(1))
    pd.testing.assert_series_equal(got.iloc[0], got.iloc[2], check_names=False, check_exact=True)
    pd.testing.assert_frame_equal(alone, got.head(1), check_exact=True)


FUTURES = 20_000


@pytest.mark.parametrize(
    ("purchases", "letters"),
    [
        ("mbgnbd", LETTERS),
        ("mbgcnbd", LETTERS | {"r": 5.0, "k": 3}),
        ("paretonbd", {"r": 0.8, "alpha": 8.0, "s": 0.6, "beta": 20.0, "p": 2.0, "q": 4.0, "v": 100.0}),
    ],
)
def test_each_interval_holds_80_percent_of_its_own_customers_futures(purchases, letters, monkeypatch):
    """Against plain simulation of every history by itself, between the nodes of the net as well."""
    monkeypatch.setattr("patron.clv._draws.DRAWS", FUTURES)
    summary = pd.DataFrame(
        {
            "repeat_orders": [0, 3, 7, 19, 45, 110],
            "weeks_first_to_last_order": [0.0, 20.0, 31.0, 50.0, 88.0, 99.0],
            "weeks_observed": [2.0, 22.0, 37.0, 51.0, 90.0, 100.0],
            "mean_repeat_order_value": [0.0, 30.0, 90.0, 50.0, 12.0, 400.0],
        }
    )
    model = CLVModel.from_params(purchases, letters)
    got, rows = model.predict(summary, HORIZON, annual_discount_rate=RATE), read_summary(summary)
    futures = revenue_draws(
        *models_of(purchases, model.params_),
        rows,
        rows.seeds(),
        horizon_weeks=HORIZON,
        annual_discount_rate=RATE,
    )
    for (_, row), future in zip(got.iterrows(), futures, strict=True):
        assert row["clv_high"] > 0
        inside = (future >= row["clv_low"]) & (future <= row["clv_high"])
        assert inside.mean() == pytest.approx(0.8, abs=0.025)


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
