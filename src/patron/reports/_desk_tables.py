"""Any frame for people as a table of the page: what a column is called tells how it is written.

In: a frame whose columns are named by quantity and unit. Out: a `Table` with words for heads and cells.
Not here: which rows are chosen.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from patron.reports._language import Language
from patron.reports._picture import Table

_MONEY = (
    "revenue",
    "clv",
    "value_at_risk",
    "expected_margin",
    "buying_peer_margin",
    "risk_x_value",
    "margin",
    "cost",
    "amount",
    "average_order_value",
    "first_order_value",
)
_SHARE = (
    "net_revenue_retention",
    "gross_revenue_retention",
    "rate",
    "share",
    "share_before",
    "support",
    "probability",
    "percent",
)
_FAMILY = {
    "tier": "tier",
    "tier_then": "tier",
    "tier_now": "tier",
    "value_tier": "tier",
    "lifecycle_stage": "stage",
    "churn_risk": "risk",
    "highest_risk": "risk",
    "direction": "direction",
    "since_last": "since",
    "peer_level": "peers_are",
}


def frame_table(
    frame: pd.DataFrame,
    columns: Sequence[str],
    words: Language,
    *,
    names: Mapping[str, str] | None = None,
) -> Table:
    """Write the columns of a frame that are there, in this order.

    Parameters
    ----------
    frame : pandas.DataFrame
        Rows to show, all of them.
    columns : sequence of str
        Wanted columns; those the frame lacks are left out.
    words : Language
        How to write.
    names : mapping, optional
        Customer -> name, written before the id.
    """
    kept = [name for name in columns if name in frame.columns]
    texts = [i for i, name in enumerate(kept) if i and _is_text(name, frame[name])]
    written = [[_writer(name, words, names or {})(value) for value in frame[name]] for name in kept]
    return Table(
        [head_of(name, words) for name in kept], [list(row) for row in zip(*written, strict=True)], texts
    )


def _is_text(column: str, values: pd.Series) -> bool:
    return column in _FAMILY or any(isinstance(value, str) for value in values)


def head_of(column: str, words: Language) -> str:
    """Give the words over a column, or its name with the underscores opened."""
    return words.label("head", column)


def named(customer: object, names: Mapping[str, str], words: Language) -> str:
    """Write a customer as its name and id, or the id alone.

    Examples
    --------
    >>> english, chinese = Language("en", None, 0), Language("zh", None, 0)
    >>> named("007", {"007": "Müller"}, english), named("8", {"8": "王记"}, chinese), named("9", {}, english)
    ('Müller (007)', '王记（8）', '9')
    """
    name = names.get(str(customer))
    return words.aside(name, str(customer)) if name and name != str(customer) else str(customer)


def _writer(column: str, words: Language, names: Mapping[str, str]) -> Callable[[Any], str]:
    if column == "customer_id":
        return lambda value: named(value, names, words)
    if column in _FAMILY:
        family = _FAMILY[column]
        return lambda value: words.label(family, value)
    if column == "cohort":
        return words.quarter
    if column.endswith("_on") or column in ("period_start", "period_end"):
        return words.date
    if column.endswith("_change") and column.startswith("revenue"):
        return words.money
    quantity = column.removesuffix("_low").removesuffix("_high")
    if any(quantity.endswith(f"_{name}") or quantity == name for name in _SHARE):
        return lambda value: words.percent(value)
    if column.startswith(_MONEY) or column.endswith(("_margin", "_revenue")):
        return words.money
    return lambda value: _plain(value, words)


def _plain(value: object, words: Language) -> str:
    if value is None or (not isinstance(value, str) and pd.isna(value)):  # type: ignore[call-overload]
        return words.text("missing")
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return words.text("bt_yes" if value else "bt_no")
    if isinstance(value, dt.date):
        return words.date(value)
    number = float(value)  # type: ignore[arg-type]
    return words.number(number, 0 if number == int(number) or abs(number) >= 100 else 1)
