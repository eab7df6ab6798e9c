"""The scored base in a few numbers.

In: the score frame. Out: a tidy frame and its totals. Not here: words and pictures.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from patron.columns import CUSTOMER_ID, SCORE_COLUMNS
from patron.errors import PatronError
from patron.reports._language import as_date

ACTIVE = ("scored", "new")
TOP = 20


@dataclass(frozen=True)
class Totals:
    """Sums over the base; money in currency units."""

    customers: int
    active: int
    new: int
    lapsed: int
    excluded: int
    high_risk: int
    high_risk_value_at_risk: float
    value: float
    lapsed_value: float
    value_at_risk: float
    top_value_at_risk: float
    revenue: float
    orders: int
    horizon_days: int | None
    horizon_months: int | None
    as_of: dt.date | None
    data_through: dt.date | None
    model: str | None


def tidy_scores(scores: pd.DataFrame) -> pd.DataFrame:
    """Order the rows by customer and add columns that are missing as nulls.

    Parameters
    ----------
    scores : pandas.DataFrame
        Score rows; `customer_id` and `status` are needed.

    Returns
    -------
    pandas.DataFrame
        Every column of the score row, ordered by `customer_id` as text.

    Raises
    ------
    PatronError
        If `customer_id` or `status` is missing.
    """
    lacking = [name for name in (CUSTOMER_ID, "status") if name not in scores.columns]
    if lacking:
        raise PatronError(
            f"the scores have no column {' and '.join(lacking)}: it needs the table `patron score` writes",
            next_step="patron score CONFIG",
        )
    frame = scores.reindex(columns=list(SCORE_COLUMNS)).copy()
    frame[CUSTOMER_ID] = frame[CUSTOMER_ID].astype(str)
    return frame.sort_values(CUSTOMER_ID, kind="stable").reset_index(drop=True)


def numbers(frame: pd.DataFrame, column: str) -> pd.Series[float]:
    """Give a column as floats, with NaN for anything missing."""
    return pd.to_numeric(frame[column], errors="coerce").astype("float64")


def exact_sum(values: pd.Series[float]) -> float:
    """Sum floats without an error that depends on their order."""
    return math.fsum(float(v) for v in values if math.isfinite(v))


def first_value(frame: pd.DataFrame, column: str) -> Any:
    """Give the first value that is not missing, or None."""
    present = frame[column].dropna()
    return present.iloc[0] if len(present) else None


def totals(frame: pd.DataFrame, *, ledger: Mapping[str, Any] | None = None) -> Totals:
    """Add up a tidy frame.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `tidy_scores`.
    ledger : mapping, optional
        The ledger report, for `as_of` and the last day where the scores have none.

    Returns
    -------
    Totals
        Counts and sums.
    """
    ledger = ledger or {}
    status, at_risk, value = frame["status"], numbers(frame, "value_at_risk"), numbers(frame, "clv")
    active = status.isin(ACTIVE)
    high = active & (frame["churn_risk"] == "high")
    return Totals(
        customers=len(frame),
        active=int(active.sum()),
        new=int((status == "new").sum()),
        lapsed=int((status == "lapsed").sum()),
        excluded=int((status == "excluded").sum()),
        high_risk=int(high.sum()),
        high_risk_value_at_risk=exact_sum(at_risk[high]),
        value=exact_sum(value),
        lapsed_value=exact_sum(value[status == "lapsed"]),
        value_at_risk=exact_sum(at_risk),
        top_value_at_risk=exact_sum(at_risk.sort_values(ascending=False).head(TOP)),
        revenue=exact_sum(numbers(frame, "revenue_last_12_months")),
        orders=int(exact_sum(numbers(frame, "orders_last_12_months"))),
        horizon_days=whole(first_value(frame, "churn_horizon_days")),
        horizon_months=whole(first_value(frame, "clv_horizon_months")),
        as_of=as_date(first_value(frame, "as_of")) or as_date(ledger.get("as_of")),
        data_through=as_date(first_value(frame, "data_through")) or as_date(ledger.get("last_day")),
        model=first_value(frame, "model"),
    )


def whole(value: object) -> int | None:
    """Give an int, or None for anything missing."""
    return None if value is None else int(float(str(value)))


def typical_amount(frame: pd.DataFrame) -> float | None:
    """Give the median positive value of a customer, in currency units, or None."""
    value = numbers(frame, "clv")
    positive = value[value > 0]
    return float(positive.median()) if len(positive) else None
