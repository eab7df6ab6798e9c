"""Periods: counted from any day, beside leap days, with tiers that begin later."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from synthetic_ledger import Line, number, tables_of

import patron
from patron.errors import NotEnoughData, PatronError
from patron.retention import retention_by_column, whole_periods
from patron.retention.groups import ByAttribute
from patron.retention.periods import Period, earlier_period
from patron.snapshots import CustomerTables, day_text


def monthly(name: str, first: str, last: str, amount: int = 1000) -> list[Line]:
    return [Line(name, day, amount) for day in range(number(first), number(last) + 1, 30)]


def starts(table: pd.DataFrame) -> list[str]:
    return [day.isoformat() for day in table["period_start"].drop_duplicates()]


TWO_YEARS = [line for k in range(6) for line in monthly(f"c{k}", "2022-01-10", "2024-03-20", 1000 * (k + 1))]


@pytest.fixture(scope="module")
def tables() -> CustomerTables:
    return tables_of(TWO_YEARS)


def test_tiers_have_the_periods_that_the_whole_has() -> None:
    """Counted from the 31st, and tiers from 28 February on: the next one still begins on the 31st."""
    given = tables_of([line for line in TWO_YEARS if line.day >= number("2022-02-05")])
    how: dict[str, Any] = {"active_days": 90, "every": "month", "start_day": number("2022-10-31")}
    whole = retention_by_column(given, number("2024-04-01"), None, **how)
    tiers = retention_by_column(given, number("2024-04-01"), "tier", **how)
    assert starts(tiers) == [day for day in starts(whole) if day >= "2023-02-28"]
    assert starts(tiers)[:3] == ["2023-02-28", "2023-03-31", "2023-04-30"]
    assert tiers[tiers["segment"].isna()]["revenue"].tolist() == whole["revenue"].tolist()[4:]


def test_given_periods_before_the_edges_of_tiers_are_left_out(tables: CustomerTables) -> None:
    """The first with a year of orders before it is 2023-02; what is ordered from then on changes nothing."""
    months = ["2022-06-01", "2022-07-01", "2023-02-01", "2023-03-01"]
    pairs = [(number(a), number(b)) for a, b in zip(months[::2], months[1::2], strict=True)]
    later = [line for k in range(40) for line in monthly(f"late{k}", "2023-02-01", "2024-03-20", 10**6)]
    found = [
        retention_by_column(given, number("2024-04-01"), "tier", active_days=90, periods=pairs)
        for given in (tables, tables_of([*TWO_YEARS, *later]))
    ]
    for table in found:
        assert starts(table) == ["2023-02-01"]
        assert table.attrs == {"periods_without_tiers": 1, "has_year_before": True}
    one, other = (
        table[table["segment"].notna() & (table["segment"] != "new")].set_index("segment")["customers_start"]
        for table in found
    )
    assert one.to_dict() == other.to_dict()
    assert sum(one) == 6


def test_an_attribute_has_all_given_periods(tables: CustomerTables) -> None:
    """Only tiers need a year."""
    given = tables_of(TWO_YEARS, attributes=pd.DataFrame({"customer_id": ["c1"], "region": ["n"]}))
    pairs = [(number("2022-06-01"), number("2022-07-01"))]
    table = retention_by_column(given, number("2024-04-01"), "region", active_days=90, periods=pairs)
    assert table["segment"].tolist() == [None, "n", "unknown"]


def test_too_short_a_history_for_tiers_says_what_to_do(tables: CustomerTables) -> None:
    """One whole year, which nobody had ordered before."""
    with pytest.raises(NotEnoughData, match="first period, 2022-01-01, need orders before it") as caught:
        retention_by_column(tables, number("2023-02-01"), "tier", active_days=90, every="year")
    assert "--every quarter" in str(caught.value.next_step)
    assert "--from" in str(caught.value.next_step)


def test_under_a_year_only_the_last_period_has_tiers(tables: CustomerTables) -> None:
    """And the table says so."""
    table = retention_by_column(tables, number("2022-09-01"), "tier", active_days=90, every="month")
    assert starts(table) == ["2022-08-01"]
    assert table.attrs == {"periods_without_tiers": 7, "has_year_before": False}


@pytest.mark.parametrize("start", ["0001-01-01", "0001-01-31", "1950-05-15"])
@pytest.mark.parametrize("every", ["month", "quarter", "year"])
def test_no_period_ends_before_the_ledger_begins(start: str, every: str) -> None:
    """The first one holds the first day, 2022-01-10; they still count from the day that is asked for."""
    first, as_of = number("2022-01-10"), number("2024-04-01")
    begin = (date.fromisoformat(start) - date(1970, 1, 1)).days
    found = whole_periods(first, as_of, every, start_day=begin)
    assert found[0].start_day <= first < found[0].end_day
    assert day_text(found[0].start_day)[8:] in (start[8:], "30", "28")
    months = {"month": 1, "quarter": 3, "year": 12}[every]
    year, month = (int(x) for x in day_text(found[0].start_day).split("-")[:2])
    assert (year * 12 + month - int(start[:4]) * 12 - int(start[5:7])) % months == 0


def test_a_start_far_before_the_ledger_gives_no_empty_months(tables: CustomerTables) -> None:
    """From year one on: the same table as from the ledger's month."""
    far, near = (
        retention_by_column(tables, number("2024-04-01"), None, active_days=90, **choice)
        for choice in ({"start_day": (date(1, 1, 1) - date(1970, 1, 1)).days}, {})
    )
    pd.testing.assert_frame_equal(far, near)


@pytest.mark.parametrize(
    ("start", "end", "then"),
    [("2024-02-28", "2024-02-29", ("2023-02-28", "2023-03-01")),
     ("2024-02-01", "2024-02-29", ("2023-02-01", "2023-03-01")),
     ("2024-02-01", "2024-03-01", ("2023-02-01", "2023-03-01")),
     ("2024-02-29", "2024-03-01", ("2023-02-28", "2023-03-01")),
     ("2025-02-01", "2025-03-01", ("2024-02-01", "2024-03-01")),
     ("2024-02-28", "2024-03-10", ("2023-02-28", "2023-03-10"))],
)  # fmt: skip
def test_last_year_beside_leap_days(start: str, end: str, then: tuple[str, str]) -> None:
    """No day of February is lost, and no period has no day."""
    period = Period(number(start), number(end), number(start) - 30)
    found = earlier_period(period, number("2020-01-01"))
    assert found is not None
    assert (day_text(found.start_day), day_text(found.end_day)) == then


def test_one_number_is_one_segment() -> None:
    """1 and 1.0 are the same even where 2.5 appears later; a number too large for an integer is no error."""
    attributes = pd.DataFrame(
        {"customer_id": ["a", "b", "c", "d"], "size": [1.0, np.nan, 2.5, 1e300],
         "valid_from_day": [10, 10, 20, 30]}
    )  # fmt: skip
    by = ByAttribute(tables_of([Line("a", 5, 100)], attributes=attributes), "size")
    assert by(15).to_dict() == {"a": "1"}
    assert by(25).to_dict() == {"a": "1", "c": "2.5"}
    assert by(35).to_dict() == {"a": "1", "c": "2.5", "d": "1e+300"}


ORDERS = pd.DataFrame(
    [(line.customer_id, day_text(line.day), line.amount_minor / 100) for line in TWO_YEARS],
    columns=["customer_id", "ordered_at", "amount"],
)


@pytest.mark.parametrize(
    ("choice", "words"),
    [({"periods": []}, "periods is empty"),
     ({"start": "2024-13-01"}, "start is '2024-13-01'; it must be a day"),
     ({"end": 5}, "end is 5; it must be a day"),
     ({"periods": [("2023-02-30", "2023-04-01")]}, "a period's start is '2023-02-30'"),
     ({"nps_scale": (10, 0)}, "nps_scale is 10 to 0"), ({"nps_scale": (5, 5)}, "nps_scale is 5 to 5")],
)  # fmt: skip
def test_wrong_questions_in_a_notebook_are_answered_in_words(choice: dict[str, Any], words: str) -> None:
    """No traceback of the calendar."""
    with pytest.raises(PatronError, match=words.replace("(", r"\(")):
        patron.retention_metrics(ORDERS, as_of="2024-04-01", **choice)


def test_all_that_is_wrong_is_said_at_once() -> None:
    """Three problems."""
    with pytest.raises(PatronError) as caught:
        patron.retention_metrics(ORDERS, as_of="2024-04-01", start="x", end="y", nps_scale=(1, 1))
    assert len(caught.value.problems) == 3


def test_how_long_an_account_grows_can_be_said() -> None:
    """Two years after the first order all are established, unless growing lasts for three."""
    how: dict[str, Any] = {
        "as_of": "2024-04-01", "by": "lifecycle_stage", "periods": [("2024-03-01", "2024-04-01")],
    }  # fmt: skip
    plain, longer = (
        set(patron.retention_metrics(ORDERS, **how, **more)["segment"].dropna())
        for more in ({}, {"growing_days": 1100})
    )
    assert "growing" in longer
    assert "growing" not in plain
