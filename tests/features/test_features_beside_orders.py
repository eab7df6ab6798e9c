"""Attributes, events and the purchase model as features."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from synthetic_ledger import Line, tables_of

from patron.clv import CLVModel
from patron.errors import LedgerError
from patron.features import FeatureRecipe, build_features, feature_names
from patron.features.attributes import attribute_vocabularies
from patron.snapshots import history_before, purchase_summary

ROWS = [Line(c, day, 5000, False, f"{c}{day}") for c in "abc" for day in (500, 540, 600)]
DAY = 700
BGNBD = {"r": 0.5, "alpha": 6.0, "a": 0.8, "b": 2.4, "p": 6.25, "q": 3.74, "v": 15.44}


def features(recipe: dict[str, Any], purchases: CLVModel | None = None, **beside: Any) -> pd.DataFrame:
    history = history_before(tables_of(ROWS, **beside), DAY)
    frame = build_features(history, FeatureRecipe(horizon_days=60, **recipe), purchases=purchases)
    return frame.set_index("customer_id")


def events(*records: tuple[str, str, float, int]) -> pd.DataFrame:
    return pd.DataFrame(records, columns=["customer_id", "kind", "value", "known_day"]).assign(happened_day=1)


EVENTS = {"groups": ("events",), "event_kinds": ("nps", "ticket")}


def test_events_are_counted_over_the_last_180_days() -> None:
    """[as_of - 180, as_of): the first day of the window counts, the day of as_of does not."""
    known = events(*[("a", "nps", 1.0, day) for day in (DAY - 181, DAY - 180, DAY - 1, DAY)])
    assert features(EVENTS, events=known).loc["a", "event_nps_last_180_days"] == 2


def test_the_latest_known_value_counts_however_old() -> None:
    """By the day it was known, not by its row; an event without a value does not hide the one before."""
    known = events(
        ("a", "nps", 9.0, 650), ("a", "nps", 3.0, 100), ("b", "nps", 4.0, 10), ("b", "nps", np.nan, 20)
    )
    frame = features(EVENTS, events=known)
    assert frame["event_nps_latest_value"].tolist()[:2] == [9.0, 4.0]


def test_two_values_on_one_day_do_not_depend_on_row_order() -> None:
    """A tie is broken by the value."""
    one = events(("a", "nps", 9.0, 650), ("a", "nps", 3.0, 650))
    pd.testing.assert_frame_equal(features(EVENTS, events=one), features(EVENTS, events=one[::-1]))


def test_what_a_ticket_was_rated_is_known_when_it_closed() -> None:
    """Closed on the day of as_of: the ticket counts, its rating does not; a survey has no closing."""
    known = events(("a", "ticket", 2.0, 690), ("b", "ticket", 2.0, 690), ("c", "nps", 2.0, 690))
    frame = features(EVENTS, events=known.assign(closed_day=[DAY - 1.0, DAY, DAY + 9]))
    assert frame["event_ticket_last_180_days"].tolist() == [1.0, 1.0, 0.0]
    np.testing.assert_array_equal(frame["event_ticket_latest_value"], [2.0, np.nan, np.nan])
    assert frame.loc["c", "event_nps_latest_value"] == 2.0


def test_without_an_event_the_count_is_zero_and_the_value_missing() -> None:
    """For a customer without one, for a kind nobody has, and for a base without events."""
    for given in (events(("a", "nps", 1.0, 690)), events(("a", "nps", 1.0, DAY)), None):
        row = features(EVENTS, events=given).loc["c"]
        assert row[["event_nps_last_180_days", "event_ticket_last_180_days"]].tolist() == [0.0, 0.0]
        assert row[["event_nps_latest_value", "event_ticket_latest_value"]].isna().all()


def test_a_kind_that_training_did_not_see_adds_no_column() -> None:
    """The shape of the matrix is the model's."""
    frame = features(EVENTS, events=events(("a", "visit", 1.0, 690)))
    assert [c for c in frame if "visit" in str(c)] == []


def test_an_event_of_a_stranger_adds_no_row() -> None:
    """Only customers with a purchase day have features."""
    assert features(EVENTS, events=events(("nobody", "nps", 1.0, 690))).index.tolist() == ["a", "b", "c"]


def customers(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"customer_id": ["a", "b", "c"], **columns})


def test_texts_become_codes_of_the_stored_vocabulary_and_numbers_stay() -> None:
    """A value the model never saw is missing, not a new code."""
    table = customers(industry=["retail", "unseen", None], size=[3, 7, None])
    recipe = {"groups": ("attributes",), "attributes": {"industry": ["hotel", "retail"], "size": None}}
    frame = features(recipe, attributes=table)
    np.testing.assert_array_equal(frame["attribute_industry"], [1.0, np.nan, np.nan])
    np.testing.assert_array_equal(frame["attribute_size"], [3.0, 7.0, np.nan])


def test_without_the_customers_table_attributes_are_missing() -> None:
    """A service may score from orders alone; a column that is gone is missing, too."""
    recipe = {"groups": ("attributes",), "attributes": {"industry": ["hotel"], "size": None}}
    assert features(recipe).isna().all().all()
    assert features(recipe, attributes=customers(other=[1, 2, 3])).isna().all().all()


def test_vocabularies_are_sorted_and_numbers_have_none() -> None:
    """The codes do not depend on the order of the rows."""
    table = customers(industry=["retail", None, "hotel"], size=[3, 7, None], key=[True, False, True])
    for frame in (table, table[::-1]):
        found = attribute_vocabularies(frame, ["industry", "size", "key"])
        assert found == {"industry": ["hotel", "retail"], "size": None, "key": None}


def test_an_unknown_attribute_is_an_error_that_names_the_known_ones() -> None:
    """Both lists stand in the message."""
    with pytest.raises(
        LedgerError, match=r"names \['colour'\], but the customers table has \['customer_id', 'size'\]"
    ):
        attribute_vocabularies(customers(size=[1, 2, 3]), ["colour", "size"])


def test_the_purchase_group_is_the_model_on_the_summary() -> None:
    """Four columns, over the churn horizon in weeks; missing where there is no model."""
    model = CLVModel.from_params(purchases="bgnbd", params=BGNBD)
    frame = features({"groups": ("btyd",)}, model)
    summary = purchase_summary(history_before(tables_of(ROWS), DAY))
    np.testing.assert_array_equal(frame["no_order_probability"], model.no_order_probability(summary, 60 / 7))
    np.testing.assert_array_equal(frame["expected_orders_in_horizon"], model.expected_orders(summary, 60 / 7))
    np.testing.assert_array_equal(frame["alive_probability"], model.alive_probability(summary))
    np.testing.assert_array_equal(frame["expected_order_value"], model.expected_order_value(summary))
    assert features({"groups": ("btyd",)}).isna().all().all()


def test_season_beyond_a_year_does_not_look_ahead() -> None:
    """With a horizon of two years the window of last year ends where knowledge ends."""
    rows = [Line("a", day, 100, False, str(day)) for day in (100, 400, 699)]
    recipe = FeatureRecipe(horizon_days=730, groups=("season",))
    frame = build_features(history_before(tables_of(rows), DAY), recipe)
    assert frame["purchase_days_same_window_last_year"].tolist() == [2.0]


def test_a_base_without_a_purchase_day_has_no_rows_but_every_column() -> None:
    """A service may ask for a customer who only ever returned goods."""
    tables = tables_of([Line("a", 500, -100, True, "C1")])
    recipe = FeatureRecipe(horizon_days=60)
    model = CLVModel.from_params(purchases="bgnbd", params=BGNBD)
    frame = build_features(history_before(tables, DAY), recipe, purchases=model)
    assert frame.shape == (0, 1 + len(feature_names(recipe)))
