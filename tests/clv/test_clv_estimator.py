"""The estimator: scikit-learn manners, storing, and what it refuses."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from patron.clv import CLVModel
from patron.errors import ModelError, PatronError

LETTERS = {
    "r": 0.1 + 0.2,
    "alpha": 4.4136019,
    "a": 0.7929199,
    "b": 2.4258881,
    "p": 6.25,
    "q": 3.74,
    "v": 15.44,
}
GOOD = {
    "repeat_orders": [0, 3, 26],
    "weeks_first_to_last_order": [0.0, 10.0, 30.86],
    "weeks_observed": [20.0, 39.0, 31.0],
    "mean_repeat_order_value": [0.0, 20.0, 35.5],
}


@pytest.fixture
def model():
    return CLVModel.from_params("mbgnbd", LETTERS)


@pytest.fixture
def summary():
    return pd.DataFrame(GOOD, index=["x", "y", "z"])


def spoiled(**columns):
    return pd.DataFrame(GOOD | columns)


def test_clone_copies_settings_only(model):
    """scikit-learn's clone gives an unfitted model with the same settings."""
    copy = clone(model.set_params(prior=False))
    assert (copy.get_params(), hasattr(copy, "params_")) == (model.get_params(), False)


def test_set_params_refuses_unknown_names(model):
    """An unknown setting is named."""
    with pytest.raises(PatronError, match="no penalty; it has purchases, backend, prior"):
        model.set_params(penalty=1)


def test_json_round_trip_is_exact(model, summary):
    """Stored as JSON and brought back, a model has the same bits and predictions."""
    back = CLVModel.from_dict(json.loads(json.dumps(model.to_dict(), allow_nan=False)))
    assert back.params_ == model.params_
    pd.testing.assert_frame_equal(back.predict(summary), model.predict(summary), check_exact=True)


def test_a_stored_model_keeps_its_settings():
    """Settings come back beside what was fitted."""
    model = CLVModel.from_params("bgnbd", LETTERS).set_params(purchases="auto", prior=False)
    back = CLVModel.from_dict(model.to_dict())
    assert (back.purchases, back.prior, back.purchases_) == ("auto", False, "bgnbd")


def test_another_schema_is_refused(model):
    """A model of a future layout is not guessed at."""
    with pytest.raises(ModelError, match="schema version 99"):
        CLVModel.from_dict(model.to_dict() | {"schema_version": 99})


def test_a_damaged_store_is_refused(model):
    """A stored model without parameters is refused by name."""
    stored = model.to_dict()
    del stored["params"]
    with pytest.raises(ModelError, match="lacks params"):
        CLVModel.from_dict(stored)


def test_impossible_parameters_are_refused_together():
    """Every problem of given parameters is listed."""
    with pytest.raises(PatronError, match="parameter r must be a positive number") as caught:
        CLVModel.from_params("weibull", {**LETTERS, "r": -1.0, "a": float("nan")})
    assert len(caught.value.problems) == 3


def test_q_of_one_is_refused():
    """A mean order value must be finite."""
    with pytest.raises(PatronError, match="q must be above 1"):
        CLVModel.from_params("bgnbd", LETTERS | {"q": 1.0})


def test_unfitted_model_says_so(summary):
    """Predicting before fitting is an error in words."""
    with pytest.raises(PatronError, match="not fitted"):
        CLVModel().predict(summary)


def test_predict_keeps_the_index_and_columns(model, summary):
    """Predictions carry the summary's index and the documented columns."""
    got = model.predict(summary)
    names = ["alive_probability", "expected_orders", "expected_order_value", "clv", "clv_low", "clv_high"]
    assert (list(got.index), list(got.columns)) == (["x", "y", "z"], names)


def test_undiscounted_clv_is_orders_times_value_times_margin(model, summary):
    """Without discounting clv is the product of its parts."""
    got = model.predict(summary, horizon_weeks=30, margin=0.25)
    assert got["clv"].tolist() == pytest.approx(
        (0.25 * got["expected_orders"] * got["expected_order_value"]).tolist(), rel=1e-12
    )


def test_predict_and_the_single_methods_agree(model, summary):
    """The frame's columns equal the methods of the same name."""
    got = model.predict(summary, horizon_weeks=26)
    assert np.array_equal(got["alive_probability"], model.alive_probability(summary))
    assert np.array_equal(got["expected_order_value"], model.expected_order_value(summary))
    assert got["expected_orders"].to_numpy() == pytest.approx(model.expected_orders(summary, 26), rel=1e-12)


def test_integers_from_nullable_columns_are_taken(model, summary):
    """Nullable integer columns without gaps are as good as floats."""
    nullable = summary.assign(repeat_orders=summary["repeat_orders"].astype("Int64"))
    assert np.array_equal(model.expected_orders(nullable, 9), model.expected_orders(summary, 9))


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        (
            {"repeat_orders": [0, np.nan, 26]},
            "repeat_orders missing or infinite in 1 row, for instance row 1",
        ),
        ({"repeat_orders": [0, 2.5, 26]}, "repeat_orders not a whole number"),
        ({"repeat_orders": [0, -3, 26]}, "repeat_orders negative"),
        ({"weeks_first_to_last_order": [0.0, 40.0, 30.0]}, "longer than weeks_observed"),
        ({"weeks_first_to_last_order": [1.0, 9.0, 30.0]}, "above 0 without repeat orders in 1 row"),
        (
            {"mean_repeat_order_value": [9.0, 9.0, 9.0]},
            "mean_repeat_order_value above 0 without repeat orders",
        ),
        ({"mean_repeat_order_value": [0.0, -9.0, 9.0]}, "mean_repeat_order_value negative"),
        ({"weeks_observed": ["a", "b", "c"]}, "weeks_observed is not numeric"),
        ({"customer_id": ["a", None, "c"]}, "customer_id missing"),
    ],
)
def test_bad_rows_are_named(model, columns, words):
    """A bad value is refused with the column, the number of rows and an instance."""
    with pytest.raises(PatronError, match=words):
        model.predict(spoiled(**columns))


def test_all_bad_rows_are_named_at_once(model):
    """Several problems make one error."""
    bad = spoiled(weeks_observed=[20.0, -1.0, 31.0], mean_repeat_order_value=[5.0, 5.0, 5.0])
    with pytest.raises(PatronError) as caught:
        model.predict(bad)
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize(
    ("summary", "words"),
    [
        (pd.DataFrame(GOOD).drop(columns="weeks_observed"), "lacks weeks_observed"),
        (pd.DataFrame(GOOD).head(0), "empty"),
        ([1, 2], "is a pandas DataFrame, not a list"),
    ],
)
def test_unusable_summaries_are_refused(model, summary, words):
    """A missing column, no rows, or no frame at all."""
    with pytest.raises(PatronError, match=words):
        model.predict(summary)


@pytest.mark.parametrize("weeks", [0, -1, float("nan"), float("inf")])
def test_impossible_horizons_are_refused(model, summary, weeks):
    """A horizon is a positive finite number of weeks."""
    with pytest.raises(PatronError, match="horizon_weeks must be a positive number"):
        model.predict(summary, horizon_weeks=weeks)


@pytest.mark.parametrize("margin", [-0.1, float("nan"), np.ones(2)])
def test_impossible_margins_are_refused(model, summary, margin):
    """A margin is one non-negative share, or one per customer."""
    with pytest.raises(PatronError, match="margin must be"):
        model.predict(summary, margin=margin)


@pytest.mark.parametrize(
    "damage",
    [
        {"segments": None},
        {"segments": {"x": {"params": LETTERS}}},
        {"covariance": "x"},
        {"diagnostics": None},
        {"params": None},
        {"params": LETTERS | {"r": 1e300}},
    ],
)
def test_damage_is_refused_in_words(model, damage):
    """Whatever is missing or of the wrong kind: an error that says what to do, no traceback."""
    with pytest.raises(ModelError) as caught:
        CLVModel.from_dict(model.to_dict() | damage)
    assert "train the model again" in caught.value.next_step


def test_a_list_is_no_model():
    with pytest.raises(ModelError, match="stored as a dict"):
        CLVModel.from_dict([1])


def test_a_fitted_model_survives_json_to_the_bit(cdnow):
    """Parameters, covariance, units, counts and diagnostics; written again it is the same text."""
    fitted = CLVModel("mbgnbd").fit(cdnow)
    text = json.dumps(fitted.to_dict(), allow_nan=False)
    back = CLVModel.from_dict(json.loads(text))
    assert json.dumps(back.to_dict(), allow_nan=False) == text
    stored = json.loads(text)
    assert (stored["units"]["alpha"], stored["units"]["v"]) == ("weeks", "currency")
    assert stored["counts"]["customers"] == len(cdnow)
    assert np.array(stored["covariance"]["order_times"]["of_logs"]).shape == (4, 4)


def test_gaps_in_days_are_noticed(summary):
    """Three gaps within ten weeks cannot have logs that sum to more than 3 log(10 / 3)."""
    gaps = summary.assign(sum_log_gap_weeks=[0.0, 3 * np.log(10 / 3) + 3 * np.log(7), 1.0])
    with pytest.raises(PatronError, match="are they in days"):
        CLVModel("mbgcnbd").fit(gaps)


def test_gaps_without_orders_are_noticed(summary):
    with pytest.raises(PatronError, match="sum_log_gap_weeks not 0 without repeat orders"):
        CLVModel("mbgcnbd").fit(summary.assign(sum_log_gap_weeks=[1.0, 1.0, 1.0]))


def test_a_polars_summary_is_taken(model, summary):
    """Columns are columns."""
    polars = pytest.importorskip("polars")
    got = model.predict(polars.from_pandas(summary))
    pd.testing.assert_frame_equal(got, model.predict(summary.reset_index(drop=True)), check_exact=True)


@pytest.mark.parametrize("wrong", [{"by": ["x"]}, {"backend": []}, {"purchases": 5}])
def test_settings_of_the_wrong_kind_are_refused(summary, wrong):
    rows = pd.concat([summary] * 10, ignore_index=True)
    with pytest.raises(PatronError, match="must"):
        CLVModel(**wrong).fit(rows)


def test_unknown_ways_to_read_are_named():
    orders = pd.DataFrame({"customer_id": ["a"], "ordered_at": ["2024-01-01"], "amount": [1.0]})
    with pytest.raises(PatronError, match="cannot be read with colour"):
        CLVModel().fit(orders, colour="red")


def test_times_before_the_first_order_are_refused(model):
    with pytest.raises(PatronError, match="0 or more"):
        model.expected_orders_since_first([1.0, -1.0])
