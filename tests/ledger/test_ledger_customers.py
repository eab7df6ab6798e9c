"""Customer attributes."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import polars as pl
import pytest

from patron.errors import LedgerError
from patron.ledger import load_customers


def test_known_columns_get_their_types(tmp_path: Path) -> None:
    """Ids and codes stay text, money becomes a number, unreadable numbers are counted."""
    path = tmp_path / "customers.csv"
    path.write_text("customer_id,name,owner,margin,zip,seats\n007, Ann ,12,0.3,01234,5\n8,,,many,55555,6\n")
    frame = load_customers(path)
    assert frame["customer_id"].tolist() == ["007", "8"]
    assert (frame["name"][0], frame["owner"][0], frame["zip"][0]) == ("Ann", "12", "01234")
    assert (frame["margin"][0], frame["seats"].tolist()) == (0.3, [5.0, 6.0])
    assert frame.attrs["set_aside"] == {"unreadable_margin": 1}


def test_valid_from_becomes_days_and_gaps_are_set_aside() -> None:
    """A row whose start is unknown cannot be joined point in time."""
    frame = load_customers(
        pl.DataFrame(
            {
                "customer_id": ["1", "1", "1", None],
                "valid_from": ["1970-01-02", "1971-01-01", None, "1970-01-01"],
            }
        )
    )
    assert frame["valid_from_day"].tolist() == [1, 365]
    assert frame.attrs["set_aside"] == {"no_customer": 1, "no_valid_from": 1}


def test_a_customer_twice_is_refused_with_an_instance() -> None:
    """Two rows of a customer would double its orders in a join."""
    with pytest.raises(LedgerError, match=r"1 customers are there more than once, e\.g\. '1' \(2 rows\)"):
        load_customers(pd.DataFrame({"customer_id": ["1", 1, "2"]}))


def test_a_customer_twice_from_one_day_is_refused() -> None:
    """With valid_from, the pair must be unique."""
    with pytest.raises(LedgerError, match="more than once for one valid_from"):
        load_customers(
            pd.DataFrame({"customer_id": ["1", "1"], "valid_from": ["2024-01-01", "2024-01-01 05:00"]})
        )


def test_no_customer_id_column() -> None:
    """The columns that are there are listed."""
    with pytest.raises(LedgerError, match=r"no customer_id column \(did you mean 'customerid'\?\)"):
        load_customers(pd.DataFrame({"customerid": ["1"]}))


def test_spreadsheets_are_read(tmp_path: Path) -> None:
    """Numbers in an id column of a sheet become digits."""
    pd.DataFrame({"customer_id": [12, 13.0], "name": ["a", None]}).to_excel(tmp_path / "c.xlsx", index=False)
    assert load_customers(tmp_path / "c.xlsx")["customer_id"].tolist() == ["12", "13"]
