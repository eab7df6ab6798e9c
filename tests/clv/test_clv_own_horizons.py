"""Horizons that differ by customer: each row as if it were valued with its own horizon, one by one."""

import numpy as np
import pandas as pd
import pytest

from patron.clv import CLVModel, customer_value
from patron.errors import PatronError

SPEND = {"p": 6.25, "q": 3.74, "v": 15.44}
WORLDS = {
    "bgnbd": {"r": 0.24, "alpha": 4.4, "a": 0.79, "b": 2.4},
    "mbgnbd": {"r": 0.5, "alpha": 6.0, "a": 0.8, "b": 2.4},
    "mbgcnbd": {"r": 4.0, "alpha": 4.0, "a": 0.5, "b": 6.0, "k": 4},
    "paretonbd": {"r": 0.55, "alpha": 10.6, "s": 0.6, "beta": 11.7},
}
TERMS = {"horizon_months": 12, "annual_discount_rate": 0.1}


@pytest.fixture(scope="module")
def crowd():
    random = np.random.default_rng(5)
    orders = random.integers(0, 12, 60).astype(float)
    span = orders * random.uniform(2, 20, 60)
    columns = {
        "repeat_orders": orders,
        "weeks_first_to_last_order": span,
        "weeks_observed": span + random.uniform(0, 60, 60),
        "mean_repeat_order_value": np.where(orders > 0, random.gamma(4, 25, 60), 0.0),
    }
    return pd.DataFrame(columns)


@pytest.fixture(scope="module")
def days():
    """From a day to beyond the value horizon, every second one whole."""
    random = np.random.default_rng(6)
    found = random.uniform(1, 420, 60)
    return np.where(np.arange(60) % 2, found, np.round(found))


def model_of(purchases):
    return CLVModel.from_params(purchases, WORLDS[purchases] | SPEND)


@pytest.mark.parametrize("purchases", WORLDS)
def test_each_row_is_that_of_its_own_horizon(purchases, crowd, days):
    """The other route: one number for all, one customer at a time."""
    model, margin = model_of(purchases), np.linspace(0.1, 0.9, 60)
    found = customer_value(model, crowd, churn_horizon_days=days, margin=margin, **TERMS)
    for row in range(60):
        alone = crowd.iloc[[row]]
        one = customer_value(model, alone, churn_horizon_days=float(days[row]), margin=margin[row], **TERMS)
        np.testing.assert_allclose(found.iloc[[row]], one, rtol=1e-10, atol=1e-9)


@pytest.mark.parametrize("purchases", WORLDS)
def test_a_row_stands_alone_to_the_bit(purchases, crowd, days):
    """Whoever else is valued."""
    model = model_of(purchases)
    found = customer_value(model, crowd, churn_horizon_days=days, **TERMS)
    some = customer_value(model, crowd.iloc[7:9], churn_horizon_days=days[7:9], **TERMS)
    pd.testing.assert_frame_equal(found.iloc[7:9], some, check_exact=True)


@pytest.mark.parametrize("purchases", WORLDS)
def test_chances_and_orders_within_own_horizons(purchases, crowd, days):
    """As for the features of a label with windows of the customers' own."""
    model, weeks = model_of(purchases), days / 7
    for compute in (model.no_order_probability, model.expected_orders):
        one_by_one = [compute(crowd.iloc[[row]], float(weeks[row]))[0] for row in range(60)]
        np.testing.assert_allclose(compute(crowd, weeks), one_by_one, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("purchases", WORLDS)
def test_nothing_is_left_to_lose_beyond_the_value_horizon(purchases, crowd):
    """A customer silent for longer than H brings nothing within H."""
    found = customer_value(model_of(purchases), crowd, churn_horizon_days=np.full(60, 400.0), **TERMS)
    assert (found["clv_if_silent"] == 0).all()
    assert (found["clv_if_kept"] > 0).all()


def test_an_order_that_is_next_to_impossible_in_some_windows(crowd):
    """Clockwork customers right after an order: their rows take the other way to the value if kept."""
    params = {"r": 4.0, "alpha": 4.0 * 26 / 10, "a": 0.5, "b": 6.0, "k": 10} | SPEND
    model = CLVModel.from_params("mbgcnbd", params)
    rows = crowd.iloc[:4].assign(repeat_orders=3.0, weeks_first_to_last_order=78.0, weeks_observed=78.3)
    rows["mean_repeat_order_value"] = 50.0
    days = np.array([1.0, 10.0, 1.0, 200.0])
    found = customer_value(model, rows, churn_horizon_days=days, **TERMS)
    assert found["no_order_probability"].iloc[0] > 1 - 1e-7
    for row in range(4):
        one = customer_value(model, rows.iloc[[row]], churn_horizon_days=float(days[row]), **TERMS)
        np.testing.assert_allclose(found.iloc[[row]], one, rtol=1e-9)


@pytest.mark.parametrize(
    ("bad", "said"), [([90.0], "not shape"), ([0.0, 5.0], "instance 0"), ([np.nan, 5.0], "instance nan")]
)
def test_unusable_horizons_are_refused(bad, said, crowd):
    """Too few, zero, missing."""
    with pytest.raises(PatronError, match=said):
        customer_value(model_of("mbgnbd"), crowd.iloc[:2], churn_horizon_days=np.array(bad), **TERMS)


def test_parts_of_the_base_keep_their_own_horizons(crowd, days):
    """Segments with parameters of their own: horizons travel with their customers."""
    model = CLVModel("mbgnbd", by="industry").fit(
        pd.concat([crowd] * 4, ignore_index=True).assign(industry=["bank", "shop", "bank"] * 80)
    )
    rows = crowd.assign(industry=["bank", "shop", "other"] * 20)
    assert set(model.segments_) == {"bank", "shop"}
    found = customer_value(model, rows, churn_horizon_days=days, **TERMS)
    orders = model.expected_orders(rows, days / 7)
    for row in range(0, 60, 7):
        alone = rows.iloc[[row]]
        one = customer_value(model, alone, churn_horizon_days=float(days[row]), **TERMS)
        np.testing.assert_allclose(found.iloc[[row]], one, rtol=1e-10, atol=1e-9)
        assert orders[row] == pytest.approx(model.expected_orders(alone, float(days[row] / 7))[0], rel=1e-10)
