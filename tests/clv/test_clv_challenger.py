"""The challenger: trees on a baseline, against simulated truth, and what is stored of them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from patron.clv import BASELINE, Challenger, CLVModel, fit_challenger, value_matrix
from patron.clv.challenger import OBJECTIVES
from patron.errors import ModelError, NotEnoughData


def simulated(rows: int, seed: int) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Customers, what they bring (often nothing), and the expectation it was drawn from."""
    rng = np.random.default_rng(seed)
    pace, trend, noise = rng.gamma(1.0, 4.0, rows), rng.uniform(-1, 1, rows), rng.normal(size=rows)
    chance = 1 / (1 + np.exp(-(pace - 2)))
    mean = 50 * (1 + pace) * np.exp(trend)
    value = np.where(rng.random(rows) < chance, mean * rng.gamma(4, 1 / 4, rows), 0.0)
    trend = np.where(rng.random(rows) < 0.1, np.nan, trend)
    features = pd.DataFrame({"pace": pace, "trend": trend, "noise": noise, BASELINE: 30 * (1 + pace)})
    return features, value, chance * mean


@pytest.fixture(scope="module")
def fitted() -> Challenger:
    features, value, _ = simulated(3000, 1)
    return fit_challenger(features, value, columns=["pace", "trend", "noise"])


def test_it_comes_nearer_to_the_truth_than_its_baseline(fitted: Challenger) -> None:
    """On fresh customers, against the expectation that nobody sees, with a total within a tenth."""
    features, _, truth = simulated(3000, 2)
    found = fitted.predict(features)
    baseline = features[BASELINE] * truth.sum() / features[BASELINE].sum()
    assert np.abs(found - truth).mean() < 0.5 * np.abs(baseline - truth).mean()
    assert found.sum() / truth.sum() == pytest.approx(1.0, abs=0.1)


def test_larger_customers_than_any_seen_keep_their_size(fitted: Challenger) -> None:
    """Trees alone say the same of both; on the baseline ten times the size is ten times the value."""
    usual, _, _ = simulated(400, 3)
    usual = usual.sort_values("pace").tail(20)
    huge = usual.assign(**{BASELINE: usual[BASELINE] * 10})
    ratio = fitted.predict(huge) / fitted.predict(usual)
    assert (ratio > 8).all()
    assert (ratio < 10).all()


def test_a_row_does_not_depend_on_the_others(fitted: Challenger) -> None:
    """Alone, shuffled, and in the whole table."""
    features, _, _ = simulated(50, 4)
    whole = fitted.predict(features)
    alone = np.concatenate([fitted.predict(features.iloc[[i]]) for i in range(len(features))])
    np.testing.assert_array_equal(alone, whole)
    np.testing.assert_array_equal(fitted.predict(features[::-1]), whole[::-1])
    assert fitted.predict(features.head(0)).shape == (0,)


def test_stored_as_text_and_json(fitted: Challenger) -> None:
    """Back to the same bits through JSON; nothing of the machine in the text."""
    stored = json.loads(json.dumps(fitted.to_dict()))
    again = Challenger.from_dict(stored, dict(fitted.trees))
    features, _, _ = simulated(100, 5)
    np.testing.assert_array_equal(again.predict(features), fitted.predict(features))
    assert set(fitted.trees) == set(OBJECTIVES)
    assert not any("num_threads" in text for text in fitted.trees.values())


def test_threads_change_no_byte() -> None:
    """Enough rows that LightGBM would use them."""
    features, value, _ = simulated(120_000, 6)
    made = [fit_challenger(features, value, columns=["pace", "trend"], rounds=5, threads=t) for t in (1, 2)]
    assert made[0] == made[1]


@pytest.mark.parametrize("rows", [100, 400])
def test_small_bases_get_small_trees(rows: int) -> None:
    """A hundred rows: finite values near the size of what was seen."""
    features, value, _ = simulated(rows, 7)
    found = fit_challenger(features, value, columns=["pace", "trend", "noise"]).predict(features)
    assert np.isfinite(found).all()
    assert found.sum() / value.sum() == pytest.approx(1.0, abs=0.3)


def test_losses_count_as_nothing() -> None:
    """Refunds beyond what was bought do not make a model of negative money."""
    features, value, _ = simulated(500, 8)
    lost = np.where(np.arange(500) % 9 == 0, -40.0, value)
    nothing = np.maximum(lost, 0.0)
    both = [fit_challenger(features, v, columns=["pace"]) for v in (lost, nothing)]
    assert both[0] == both[1]


def test_too_little_is_said() -> None:
    """Nineteen spenders."""
    features, _, _ = simulated(200, 9)
    value = np.where(np.arange(200) < 19, 5.0, 0.0)
    with pytest.raises(NotEnoughData, match="19 of 200 rows brought anything"):
        fit_challenger(features, value, columns=["pace"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda trees: trees | {"amount": "tree\nnonsense"}, "forecast_amount.txt is not a LightGBM model"),
        (lambda trees: {"tweedie": trees["tweedie"]}, "lack amount, spends"),
    ],
)
def test_damaged_trees_are_refused_when_loaded(fitted: Challenger, change: Any, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        Challenger.from_dict(fitted.to_dict(), change(dict(fitted.trees)))


def test_other_columns_are_refused(fitted: Challenger) -> None:
    stored = fitted.to_dict() | {"columns": ["pace"]}
    with pytest.raises(ModelError, match="its feature names are not those of the model"):
        Challenger.from_dict(stored, fitted.trees)


def test_the_matrix_by_hand() -> None:
    """Orders x value x margin, last year x days, and the mean of both as the baseline."""
    params = {"r": 0.24, "alpha": 4.4, "a": 0.79, "b": 2.4, "p": 6.2, "q": 3.7, "v": 15.4}
    model = CLVModel.from_params("mbgnbd", params)
    summary = pd.DataFrame(
        {
            "repeat_orders": [4, 0],
            "weeks_first_to_last_order": [30.0, 0.0],
            "weeks_observed": [39.0, 20.0],
            "mean_repeat_order_value": [35.0, 0.0],
        }
    )
    features = pd.DataFrame({"purchase_days": [5.0, 1.0]})
    found = value_matrix(summary, features, np.array([0.5, 0.5]), np.array([0.2, 0.0]), model, 70)
    orders, worth = model.expected_orders(summary, 10.0), model.expected_order_value(summary)
    assert found["expected_value"].tolist() == pytest.approx((orders * worth * 0.5).tolist(), rel=1e-12)
    assert found["last_year_value"].tolist() == pytest.approx([14.0, 0.0])
    assert found[BASELINE][0] == pytest.approx((orders[0] * worth[0] * 0.5 + 14.0) / 2, rel=1e-12)
    assert found["purchase_days"].tolist() == [5.0, 1.0]


def test_the_total_of_the_training_rows_is_met(fitted: Challenger) -> None:
    """Both halves, and so their mean."""
    features, value, _ = simulated(3000, 1)
    for half in fitted.halves(features).values():
        assert half.sum() == pytest.approx(value.sum(), rel=1e-9)
