"""Online Retail II, where the folder of real data exists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from patron.ledger import Ledger, load_ledger

DATA = Path(__file__).parents[3] / "shared" / "data" / "online_retail_ii.parquet"
NO_SALE = [
    "POST",
    "DOT",
    "D",
    "M",
    "BANK CHARGES",
    "CRUK",
    "AMAZONFEE",
    "ADJUST",
    "ADJUST2",
    "B",
    "S",
    "PADS",
]

pytestmark = pytest.mark.skipif(not DATA.exists(), reason="the folder of real data is not here")


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    return load_ledger(DATA, currency="GBP", refund_prefix="C", exclude_product_ids=NO_SALE)


@pytest.fixture(scope="module")
def raw() -> pd.DataFrame:
    columns = ["customer_id", "order_id", "ordered_at", "amount", "product_id", "quantity"]
    return pd.read_parquet(DATA, columns=columns)


def test_rows_equal_plain_pandas(ledger: Ledger, raw: pd.DataFrame) -> None:
    """The published number of rows without a customer; duplicates as pandas counts them among the rest."""
    good = raw[raw["customer_id"].notna()]
    kept = good[~good["product_id"].isin(NO_SALE)]
    report = ledger.report
    assert {r: s.rows for r, s in report.set_aside.items()} == {
        "no_customer": 243007,
        "excluded": len(good) - len(kept),
        "duplicate": int(kept.duplicated().sum()),
    }
    assert report.rows_in == 1067370


def test_money_equals_plain_pandas(ledger: Ledger, raw: pd.DataFrame) -> None:
    """The sum of pence over the kept rows."""
    kept = raw[raw["customer_id"].notna() & ~raw["product_id"].isin(NO_SALE)].drop_duplicates()
    pence = (kept["amount"] * 100).round().astype("int64")
    wrong_sign = kept["order_id"].str.startswith("C") & (pence > 0)
    expected: Any = pence.where(~wrong_sign, -pence).sum()
    assert round(ledger.report.amount_used * 100) == expected
