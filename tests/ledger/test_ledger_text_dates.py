"""Dates in text columns, decided for the whole column, the same in both typing edges."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pytest

from patron.errors import LedgerError
from patron.ledger import load_ledger


@pytest.fixture(params=["pandas", "csv"])
def source(request: pytest.FixtureRequest, offer: Any) -> Any:
    """Return a function dates -> source, for the eager and the DuckDB edge."""
    return lambda days: offer(
        pd.DataFrame(
            {"customer_id": "1", "ordered_at": days, "amount": [str(i + 1) for i in range(len(days))]}
        ),
        request.param,
    )


def days_of(ledger: Any) -> list[dt.date]:
    lines = ledger.lines.collect().to_pandas().sort_values("amount_minor")
    return [dt.date(1970, 1, 1) + dt.timedelta(days=int(d)) for d in lines["day"]]


def test_one_unambiguous_value_decides_for_the_column(source: Any) -> None:
    """25/04 shows that 03/04 is the third of April."""
    assert days_of(load_ledger(source(["03/04/2011", "25/04/2011"])))[0] == dt.date(2011, 4, 3)


def test_month_first_is_found_too(source: Any) -> None:
    """04/25 shows that 03/04 is the fourth of March."""
    assert days_of(load_ledger(source(["03/04/2011", "04/25/2011"])))[0] == dt.date(2011, 3, 4)


def test_an_undecided_column_is_refused_with_advice(source: Any) -> None:
    """No guess: the message shows a value and the key to set."""
    with pytest.raises(LedgerError, match=r"2 dates in 'ordered_at' like '03/04/2011'.*date_format"):
        load_ledger(source(["03/04/2011", "05/04/2011"]))


def test_a_mixed_column_is_refused(source: Any) -> None:
    """Day first and month first in one column."""
    with pytest.raises(LedgerError, match=r"mixes day-first \(1 rows\) and month-first dates \(1 rows\)"):
        load_ledger(source(["23/04/2011", "04/24/2011"]))


def test_a_rare_contradiction_stays_unreadable(source: Any) -> None:
    """One month-first value among thirty day-first ones is a bad row, not a bad file."""
    report = load_ledger(source([*["23/04/2011"] * 30, "04/24/2011"])).report
    assert report.set_aside["unreadable_date"].rows == 1


def test_date_format_settles_it(source: Any) -> None:
    """Two-digit years and ambiguous days are read as told."""
    options = {"date_format": "%m/%d/%y %H:%M"}
    assert days_of(load_ledger(source(["12/1/10 8:26", "1/2/11 23:59"]), csv=options)) == [
        dt.date(2010, 12, 1),
        dt.date(2011, 1, 2),
    ]


def test_two_digit_years_without_a_format_are_refused_with_a_hint(source: Any) -> None:
    """Nothing is guessed; the hint names the key."""
    with pytest.raises(LedgerError, match=r"like '1/2/11 23:59' are unreadable.*date_format"):
        load_ledger(source(["12/1/10 8:26", "1/2/11 23:59"]))


def test_offsets_move_to_the_business_zone(source: Any) -> None:
    """23:30 in California is the next afternoon in Shanghai."""
    days = ["2011-06-30T23:30:00-0800", "2011-06-30 10:00"]
    assert days_of(load_ledger(source(days), timezone="Asia/Shanghai")) == [
        dt.date(2011, 7, 1),
        dt.date(2011, 6, 30),
    ]


@pytest.mark.parametrize("bad", ["%d/%m", "%Q/%Y", "%d/%d/%Y"])
def test_a_format_without_a_day_or_year_is_refused(bad: str) -> None:
    """The format must name a day once, and a year."""
    frame = pd.DataFrame({"customer_id": ["1"], "ordered_at": ["2011-01-01"], "amount": [1.0]})
    with pytest.raises(LedgerError, match=r"csv.date_format"):
        load_ledger(frame, csv={"date_format": bad})


def test_spreadsheet_columns_may_mix_dates_and_text() -> None:
    """Real dates, times and text in one object column."""
    days = [
        dt.date(2011, 1, 1),
        dt.datetime(2011, 1, 2, 10),
        "2011-01-03",
        pd.Timestamp("2011-01-04"),
        None,
        20110105,
    ]
    frame = pd.DataFrame(
        {"customer_id": "1", "ordered_at": pd.Series(days, dtype=object), "amount": range(6)}
    )
    assert days_of(load_ledger(frame)) == [dt.date(2011, 1, d) for d in (1, 2, 3, 4, 5)]
