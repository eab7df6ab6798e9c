"""Retention metrics split by a column that is named: an attribute, a tier or a lifecycle stage.

In:  the customer tables, the name of a column or none.
Out: the table of `metrics.retention_metrics`.
Not here: what the segments are (`groups`).
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from patron.retention.groups import SEGMENT_COLUMNS, first_start_with_tiers, group_by
from patron.retention.kinds_of_churn import ChurnKindRules
from patron.retention.ledger_days import ledger_days
from patron.retention.metrics import retention_metrics
from patron.retention.periods import given_periods, whole_periods
from patron.snapshots import CustomerTables, RhythmRule


def retention_by_column(
    tables: CustomerTables,
    as_of_day: int,
    by: str | None,
    *,
    active_days: int,
    new_days: int = 90,
    growing_days: int = 365,
    rhythm: RhythmRule | None = None,
    nps_scale: tuple[int, int] = (0, 10),
    minor_digits: int = 2,
    **period_choice: Any,
) -> pd.DataFrame:
    """Measure retention by period, overall and by one column.

    Parameters
    ----------
    tables : CustomerTables
        By customer and day, with attributes and events if there are any.
    as_of_day : int
        Days since 1970-01-01; nothing at or after it counts.
    by : str or None
        One of `groups.segment_columns`; None measures the whole base only. Tiers and stages begin with the
        first period that has a year of orders before it, and keep the edges of that day.
    active_days, new_days, growing_days : int
        Limits in days: silent for longer is not active; onboarding churn and the stage ``new``; ``growing``.
    rhythm : RhythmRule, optional
        Which silence is unusual for a customer; where given, tiers use it too instead of ``active_days``.
    nps_scale : (int, int)
        Lowest and highest answer.
    minor_digits : int
        Decimals of the currency.
    **period_choice
        ``every``, ``start_day``, ``end_day``, ``include_current`` or ``periods``, as in `retention_metrics`.

    Returns
    -------
    pandas.DataFrame
        As in `retention_metrics`.

    Raises
    ------
    PatronError
        If there is no such column.
    NotEnoughData
        If nobody ordered, or no whole period lies before `as_of`.
    """
    how: dict[str, Any] = {
        "active_days": active_days,
        "nps_scale": nps_scale,
        "kinds": ChurnKindRules(new_days=new_days, nps_scale=nps_scale, rhythm=rhythm or RhythmRule()),
        "minor_digits": minor_digits,
    }
    if by is None:
        return retention_metrics(tables, as_of_day, **how, **period_choice)
    starts, first_day = _starts(tables, as_of_day, period_choice)
    first = first_start_with_tiers(starts, first_day)
    group_of = group_by(
        tables,
        by,
        first_start_day=first,
        active_days=active_days,
        new_days=new_days,
        growing_days=growing_days,
        rhythm=rhythm,
    )
    if by in SEGMENT_COLUMNS and "periods" not in period_choice:
        period_choice["start_day"] = first
    return retention_metrics(tables, as_of_day, group_of=group_of, **how, **period_choice)


def _starts(tables: CustomerTables, as_of_day: int, choice: dict[str, Any]) -> tuple[list[int], int]:
    first_day = ledger_days(tables, as_of_day).first_day
    if "periods" in choice:
        return sorted(p.start_day for p in given_periods(choice["periods"], as_of_day)), first_day
    options = {"every": "month", **choice}
    return [p.start_day for p in whole_periods(first_day, as_of_day, **options)], first_day
