"""The report as JSON."""

from __future__ import annotations

import json

import pandas as pd

from patron.ledger import load_ledger

ORDERS = pd.DataFrame(
    {
        "customer_id": ["1", None, "3"],
        "ordered_at": ["2024-01-01", "2024-01-02", "2024-01-02"],
        "amount": [5.0, 6.0, None],
    }
)


def test_report_is_json_without_nan() -> None:
    """Dates are ISO text, missing is null."""
    said = load_ledger(ORDERS).report.to_dict()
    assert json.loads(json.dumps(said, allow_nan=False)) == said
    assert (said["as_of"], said["currency"]) == ("2024-01-02", None)
    assert said["set_aside"]["no_customer"] == {
        "rows": 1,
        "amount": 6.0,
        "example": "on 2024-01-02, amount 6.0",
    }


def test_report_without_examples_shows_no_row() -> None:
    """For the tracking store, which never receives customer rows."""
    said = load_ledger(ORDERS).report.to_dict(examples=False)
    assert said["set_aside"] == {
        "no_customer": {"rows": 1, "amount": 6.0},
        "no_amount": {"rows": 1, "amount": 0.0},
    }
