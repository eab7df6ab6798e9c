"""Every column name that crosses a folder, once, with its unit and meaning."""

from __future__ import annotations

from typing import NamedTuple


class Column(NamedTuple):
    """What a column holds.

    Parameters
    ----------
    kind : str
        ``text``, ``date``, ``int``, ``float`` or ``json``.
    unit : str
        Unit of the values, empty where there is none.
    meaning : str
        One sentence.
    """

    kind: str
    unit: str
    meaning: str


CUSTOMER_ID = "customer_id"
ORDERED_AT = "ordered_at"
AMOUNT = "amount"
SCHEMA_VERSION = 1
#: A text that begins so is run by spreadsheets; an apostrophe before it keeps them from it.
FORMULA = ("=", "+", "-", "@", "\t", "\r")

#: Columns a ledger may map. The first three are needed.
LEDGER_COLUMNS: dict[str, Column] = {
    CUSTOMER_ID: Column("text", "", "who ordered; leading zeros are kept"),
    ORDERED_AT: Column("date", "", "when, in the business time zone"),
    AMOUNT: Column("float", "currency", "value of the line; negative for a refund"),
    "order_id": Column("text", "", "the order or invoice the line belongs to"),
    "product_id": Column("text", "", "what was ordered"),
    "category": Column("text", "", "the product's category"),
    "quantity": Column("float", "pieces", "how many"),
    "cost": Column("float", "currency", "cost of the line; margin is amount - cost"),
    "currency": Column("text", "", "ISO code; a ledger holds one currency"),
}
REQUIRED_LEDGER_COLUMNS = (CUSTOMER_ID, ORDERED_AT, AMOUNT)

#: The score row, schema version 1, in the order it is written.
SCORE_COLUMNS: dict[str, Column] = {
    CUSTOMER_ID: Column("text", "", "the customer"),
    "as_of": Column("date", "", "everything before the start of this day was known, nothing else"),
    "model": Column("text", "", "name/version of the registered model, or the folder's name"),
    "schema_version": Column("int", "", "version of this table's layout"),
    "data_through": Column("date", "", "last day before as_of in the whole ledger"),
    "status": Column("text", "", "excluded, lapsed, new or scored"),
    "churn_horizon_days": Column("int", "days", "how far ahead churn_probability looks"),
    "clv_horizon_months": Column("int", "months", "how far ahead clv looks"),
    "currency": Column("text", "", "ISO code of the money columns"),
    "churn_probability": Column(
        "float", "probability", "calibrated chance of no order within the churn horizon"
    ),
    "churn_risk": Column("text", "", "low, medium or high, by thresholds stored in the model"),
    "alive_probability": Column("float", "probability", "chance that the customer still buys here at all"),
    "expected_orders": Column("float", "purchase days", "expected purchase days within the CLV horizon"),
    "expected_order_value": Column("float", "currency", "expected value of one purchase day"),
    "clv": Column("float", "currency", "value of the next months (margin, discounted)"),
    "clv_low": Column("float", "currency", "lower end of the 80 % predictive interval of the realised value"),
    "clv_high": Column(
        "float", "currency", "upper end of the 80 % predictive interval of the realised value"
    ),
    "clv_if_silent": Column("float", "currency", "value after the churn horizon, given no order within it"),
    "clv_if_kept": Column("float", "currency", "value given at least one order within the churn horizon"),
    "value_at_risk": Column("float", "currency", "churn_probability x what is lost with the customer"),
    "tier": Column("text", "", "at_risk, high_value, potential or standard"),
    "value_tier": Column("text", "", "the tier without the at-risk rule: what is at stake"),
    "lifecycle_stage": Column("text", "", "new, growing, mature or declining"),
    "next_order_expected_on": Column("date", "", "from the customer's own rhythm, shrunk to the base"),
    "last_order_on": Column("date", "", "day of the last order before as_of"),
    "orders_last_12_months": Column("int", "orders", "orders in the 365 days before as_of"),
    "revenue_last_12_months": Column("float", "currency", "net revenue in the 365 days before as_of"),
    "revenue_change_ratio": Column("float", "ratio", "last 365 days / the 365 before; null without"),
    **{
        f"reason_{i}{suffix}": Column(kind, "", meaning)
        for i in (1, 2, 3)
        for suffix, kind, meaning in (
            ("_code", "text", "stable code of a driver of the churn probability"),
            ("_values", "json", "the numbers behind the driver"),
            ("", "text", "the driver in words"),
        )
    },
    "action": Column("text", "", "what the playbook says to do"),
    "note": Column("text", "", "why a number is missing, or what to mind"),
}

STATUSES = ("scored", "new", "lapsed", "excluded")
TIERS = ("high_value", "potential", "standard", "at_risk")
STAGES = ("new", "growing", "mature", "declining")
RISKS = ("low", "medium", "high")
