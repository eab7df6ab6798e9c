"""Events beside the orders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from patron.errors import LedgerError
from patron.ledger import load_events


def test_events_are_known_when_they_say_so(tmp_path: Path) -> None:
    """known_at where given, else happened_at."""
    path = tmp_path / "events.csv"
    path.write_text(
        "customer_id,happened_at,kind,value,topic,known_at\n"
        "007,1970-01-02,Ticket,4,late,1970-01-05\n007,1970-01-03,NPS,,,\n"
    )
    frame = load_events(path)
    assert frame[["happened_day", "known_day"]].to_numpy().tolist() == [[1, 4], [2, 2]]
    assert frame["kind"].tolist() == ["ticket", "nps"]
    assert np.isnan(frame["value"][1])


def test_an_unreadable_known_at_is_set_aside() -> None:
    """Falling back to happened_at would make the event known too early."""
    events = {"customer_id": ["1", "1"], "happened_at": ["2024-01-01"] * 2, "kind": ["nps"] * 2}
    frame = load_events(pd.DataFrame(events | {"known_at": ["soon", "2024-01-02"], "value": [9, 8]}))
    assert frame["value"].tolist() == [8.0]
    assert frame.attrs["set_aside"] == {"unreadable_date": 1}


def test_bad_rows_and_values_are_counted() -> None:
    """Rows without customer, kind or date go; an unreadable value is left empty."""
    frame = load_events(
        pd.DataFrame(
            {
                "customer_id": ["1", None, "1", "1"],
                "happened_at": ["2024-01-01", "2024-01-01", None, "2024-01-01"],
                "kind": ["nps", "nps", "nps", ""],
                "value": ["ten", "1", "2", "3"],
            }
        )
    )
    assert len(frame) == 1
    assert frame.attrs["set_aside"] == {"no_customer": 1, "no_date": 1, "no_kind": 1, "unreadable_value": 1}


def test_missing_columns_are_listed_at_once() -> None:
    """Both needed columns in one error."""
    with pytest.raises(LedgerError) as caught:
        load_events(pd.DataFrame({"customer_id": ["1"], "kinds": ["nps"]}))
    assert len(caught.value.problems) == 2


def test_closings_and_respondents_are_read_where_there_are_any() -> None:
    """A ticket without a closing is open; without a respondent the customer itself answered."""
    raw = {"customer_id": ["1", "1", "2"], "happened_at": ["1970-01-03", "1970-01-04", "1970-01-05"]}
    raw |= {"kind": ["ticket", "ticket", "nps"], "closed_at": ["1970-01-05", None, ""]}
    frame = load_events(pd.DataFrame(raw | {"respondent": [None, "", " Ann "]}))
    np.testing.assert_array_equal(frame["closed_day"], [4, np.nan, np.nan])
    assert frame["respondent"].tolist() == ["1", "1", "Ann"]
    assert frame.attrs["set_aside"] == {}


def test_without_these_columns_nothing_is_closed_and_everybody_answers_for_itself() -> None:
    """The columns are there all the same."""
    frame = load_events(pd.DataFrame({"customer_id": ["7"], "happened_at": ["2024-01-01"], "kind": ["nps"]}))
    assert np.isnan(frame["closed_day"][0])
    assert frame["closed_day"].dtype == np.float64
    assert frame["respondent"].tolist() == ["7"]


def test_a_closing_that_makes_no_sense_is_left_empty_and_counted() -> None:
    """Unreadable, or before the event; the event itself stays."""
    raw = {"customer_id": list("abc"), "happened_at": ["2024-01-05"] * 3, "kind": ["ticket"] * 3}
    frame = load_events(pd.DataFrame(raw | {"closed_at": ["2024-01-04", "soon", "2024-01-05"]}))
    np.testing.assert_array_equal(frame["closed_day"], [np.nan, np.nan, 19727])
    assert frame.attrs["set_aside"] == {"unreadable_closed_at": 1, "closed_before_it_happened": 1}


def test_cells_of_a_row_that_is_set_aside_are_not_counted_again() -> None:
    """An unreadable day of the event, or no customer: one reason each, whatever else is wrong."""
    raw = pd.DataFrame(
        {"customer_id": ["a", None, "c", "d"], "happened_at": ["soon", "2024-01-05", "", "2024-01-05"],
         "kind": "ticket", "closed_at": ["2024-01-04", "later", "1960-01-01", "2024-01-04"],
         "value": ["good", "good", "3", "good"]}
    )  # fmt: skip
    assert load_events(raw).attrs["set_aside"] == {
        "no_customer": 1, "no_date": 1, "unreadable_date": 1,
        "unreadable_value": 1, "closed_before_it_happened": 1,
    }  # fmt: skip
