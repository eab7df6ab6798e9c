"""Score rows, owners and action logs for the tests of the worklist."""

from __future__ import annotations

from datetime import date

import pandas as pd

from patron.snapshots import to_day

AS_OF = date(2024, 7, 1)


def score_rows(**columns):
    """Score rows of one day; every column is given once or per customer."""
    rows = pd.DataFrame({"customer_id": columns.pop("customer_id")})
    usual = {
        "as_of": AS_OF,
        "model": "trade/1",
        "status": "scored",
        "currency": "EUR",
        "clv_horizon_months": 12,
        "churn_probability": 0.5,
        "churn_risk": "medium",
        "clv": 200.0,
        "clv_low": 100.0,
        "clv_high": 400.0,
        "clv_if_kept": 150.0,
        "value_at_risk": 100.0,
        "tier": "standard",
        "value_tier": "standard",
        "lifecycle_stage": "mature",
        "next_order_expected_on": date(2024, 6, 20),
        "last_order_on": date(2024, 5, 20),
        "revenue_last_12_months": 900.0,
        "revenue_change_ratio": 0.75,
        "reason_1_code": "silence",
        "reason_1": "no order for 42 days",
        "reason_2": "half as many orders as a year ago",
        "note": None,
    }
    for name, value in {**usual, **columns}.items():
        rows[name] = pd.Series(value if isinstance(value, list) else [value] * len(rows), dtype=None)
    return rows


def owners_table(**owner_by_customer):
    return pd.DataFrame({"customer_id": list(owner_by_customer), "owner": list(owner_by_customer.values())})


def log_of(*rows):
    names = ("customer_id", "day", "owner", "action", "outcome", "reason", "snoozed_until_day")
    return pd.DataFrame(
        [(c, to_day(day), "Anna", "call", outcome, why, until) for c, day, outcome, why, until in rows],
        columns=list(names),
    )
