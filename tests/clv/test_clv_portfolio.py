"""The total of a base: expected value, and an interval that holds what simulated bases bring."""

import numpy as np
import pandas as pd
import pytest

from patron.clv import CLVModel
from patron.clv._months import stretches
from patron.clv._parts import parts_of
from patron.clv._portfolio import _correlated_draws, _expected, _parameter_shifts
from patron.clv._stored import Parameters
from patron.clv._summary import read_summary
from patron.clv.processes.betageometric import BetaGeometric

WORLD = BetaGeometric(2.5, 12.0, 0.6, 9.0, True)
LETTERS = {"r": 2.5, "alpha": 12.0, "a": 0.6, "b": 9.0, "p": 2.0, "q": 4.0, "v": 100.0}
HORIZON, RATE = 26.0, 0.1


@pytest.fixture(scope="module")
def bases(simulated):
    """Forty bases of 150 customers, with what each really brought."""
    made = []
    for seed in range(40):
        summary, realised = simulated(WORLD, 150, (20, 80), HORIZON, (2.0, 4.0, 100.0), RATE, seed=seed)
        made.append((summary.assign(customer_id=np.arange(150)), float(realised.sum())))
    return made


def test_the_total_is_the_sum_of_the_customers(bases):
    summary = bases[0][0]
    model = CLVModel.from_params("mbgnbd", LETTERS)
    total = model.predict_total(summary, HORIZON, annual_discount_rate=RATE, margin=0.3)
    each = model.predict(summary, HORIZON, annual_discount_rate=RATE, margin=0.3)["clv"].sum()
    assert total.expected == pytest.approx(each, rel=1e-12)
    assert total.low < total.expected < total.high


def test_four_of_five_totals_lie_inside(bases):
    """Fitted on 150 customers each, the interval holds 80 % of 40 totals within 3 standard errors."""
    inside = []
    for summary, realised in bases:
        total = CLVModel("mbgnbd").fit(summary).predict_total(summary, HORIZON, annual_discount_rate=RATE)
        inside.append(total.low <= realised <= total.high)
    assert abs(np.mean(inside) - 0.8) <= 3 * np.sqrt(0.16 / 40)


def test_uncertain_parameters_widen_the_interval(bases):
    """The same parameters taken for certain give a narrower interval around the same value."""
    summary = bases[0][0]
    fitted = CLVModel("mbgnbd").fit(summary)
    certain = CLVModel.from_params("mbgnbd", fitted.params_)
    wide, narrow = (model.predict_total(summary, 104) for model in (fitted, certain))
    assert wide.expected == narrow.expected
    assert wide.high - wide.low > 1.2 * (narrow.high - narrow.low)


def test_equal_rows_without_ids_are_different_customers():
    """A hundred customers with the same history are not one customer a hundred times over."""
    row = pd.DataFrame(
        {
            "repeat_orders": [6],
            "weeks_first_to_last_order": [30.0],
            "weeks_observed": [34.0],
            "mean_repeat_order_value": [50.0],
        }
    )
    model = CLVModel.from_params("mbgnbd", LETTERS)
    one, many = model.predict_total(row), model.predict_total(pd.concat([row] * 100, ignore_index=True))
    assert (many.high - many.low) / many.expected < 0.2 * (one.high - one.low) / one.expected


def test_a_base_that_brings_nothing():
    """Customers gone for years: a total of next to nothing, and no complaint."""
    gone = pd.DataFrame(
        {
            "repeat_orders": [500],
            "weeks_first_to_last_order": [50.0],
            "weeks_observed": [5000.0],
            "mean_repeat_order_value": [50.0],
        }
    )
    total = CLVModel.from_params("mbgnbd", LETTERS).predict_total(gone)
    assert (total.low, total.high) == (0.0, 0.0)
    assert 0.0 <= total.expected < 1e-6


def test_the_order_of_rows_does_not_matter(bases):
    summary = bases[0][0]
    model = CLVModel("mbgnbd").fit(summary)
    assert model.predict_total(summary.sample(frac=1.0, random_state=1)) == model.predict_total(summary)


def test_parameter_uncertainty_by_the_delta_method():
    """The draws' standard deviation is the log total's slope times that of the parameter."""
    summary = pd.DataFrame(
        {
            "repeat_orders": [6.0] * 40,
            "weeks_first_to_last_order": [30.0] * 40,
            "weeks_observed": [34.0] * 40,
            "mean_repeat_order_value": [50.0] * 40,
        }
    )
    model = CLVModel.from_params("mbgnbd", LETTERS)
    known = Parameters("mbgnbd", model.params_, {"order_times": {"letters": ["r"], "of_logs": [[0.04]]}}, {})
    rows = read_summary(summary)
    part = parts_of(known, rows)[0]
    _, slopes = _expected("mbgnbd", part, rows, np.ones(40), stretches(0.0, 52.0, 0.1))
    common = {"r": _correlated_draws(np.array([[0.04]]), key=0)[0]}
    shifts = _parameter_shifts(part, slopes, common, 0)

    def total(r):
        return (
            CLVModel.from_params("mbgnbd", LETTERS | {"r": r})
            .clv(summary, 52, annual_discount_rate=0.1)
            .sum()
        )

    slope = np.log(total(2.5 * np.exp(0.01)) / total(2.5 * np.exp(-0.01))) / 0.02
    assert shifts.std() == pytest.approx(0.2 * slope, rel=3 / np.sqrt(2 * 499))
    assert shifts.mean() == pytest.approx(0.0, abs=4 * 0.2 * slope / np.sqrt(499))
