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
from patron.retention.metrics import metrics_of_periods
from patron.retention.periods import chosen_periods
from patron.snapshots import YEAR_DAYS, CustomerTables, RhythmRule


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
        first period that has a year of orders before it (without one, they are those of the last period
        alone) and keep the edges of that day; periods that start before it are left out.
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
        As in `retention_metrics`. With tiers and stages ``attrs["periods_without_tiers"]`` counts the periods
        left out, and ``attrs["has_year_before"]`` says whether the first one has a year of orders before it.

    Raises
    ------
    PatronError
        If there is no such column.
    NotEnoughData
        If nobody ordered, no whole period lies before `as_of`, or tiers have no orders to go by.
    """
    how: dict[str, Any] = {
        "active_days": active_days,
        "nps_scale": nps_scale,
        "kinds": ChurnKindRules(new_days=new_days, nps_scale=nps_scale, rhythm=rhythm or RhythmRule()),
        "minor_digits": minor_digits,
    }
    days = ledger_days(tables, as_of_day)
    periods = chosen_periods(days.first_day, as_of_day, **period_choice)
    if by is None:
        return metrics_of_periods(tables, days, periods, **how)
    first = first_start_with_tiers(sorted(period.start_day for period in periods), days.first_day)
    group_of = group_by(
        tables,
        by,
        first_start_day=first,
        active_days=active_days,
        new_days=new_days,
        growing_days=growing_days,
        rhythm=rhythm,
    )
    # the edges of a later day know nothing of an earlier one: its period has no tiers
    kept = [period for period in periods if by not in SEGMENT_COLUMNS or period.start_day >= first]
    found = metrics_of_periods(tables, days, kept, group_of=group_of, **how)
    found.attrs["periods_without_tiers"] = len(periods) - len(kept)
    found.attrs["has_year_before"] = first - days.first_day >= YEAR_DAYS
    return found
