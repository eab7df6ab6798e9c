"""What an analyst calls in a notebook: `patron.retention_metrics`, `patron.assign_segments`.

In:  order lines, or the customer tables of a ledger.
Out: frames.
Not here: the definitions (`retention`, `segments`).
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd

from patron.errors import ModelError, PatronError
from patron.ledger import Ledger, at_hand, load_customers, load_events, load_ledger, materialise
from patron.metrics import scale_problems
from patron.model import PatronModel
from patron.retention import cohorts as cohort_table
from patron.retention import retention_by_column
from patron.segments import (
    FAST_GROWTH_RATIO,
    NEARLY_TOP_SHARE,
    fit_segment_rules,
    segment_details,
    segment_inputs,
)
from patron.snapshots import CustomerMerge, CustomerTables, customer_tables, history_before, to_day


def assign_segments(
    orders: Any,
    as_of: str | date = "latest",
    *,
    model: PatronModel | None = None,
    active_days: int = 180,
    new_days: int = 90,
    growing_days: int = 365,
    nearly_top_share: float = NEARLY_TOP_SHARE,
    fast_growth_ratio: float = FAST_GROWTH_RATIO,
    merges: Sequence[CustomerMerge] = (),
    **reading: Any,
) -> pd.DataFrame:
    """Give every customer its RFM scores, tier and lifecycle stage.

    Parameters
    ----------
    orders : pandas or Polars frame, or a path
        Order lines; all lines of the customers, since tiers look back half a year so as not to flap.
    as_of : str or date
        Only what lies before the start of this day is used.
    model : PatronModel, optional
        Its edges, limits and reading rules are used: the tiers of its score rows. Without, quantile edges are
        taken on this day over those who bought in the last 365 days.
    active_days, new_days, growing_days : int
        Limits in days, without a model: silent for longer is lapsed; first order at most so long ago is new,
        growing.
    nearly_top_share : float
        Nearly top lacks at most this share of the high-value line.
    fast_growth_ratio : float
        Revenue of the last 365 days over that of the 365 days before, from which on a small account grows
        fast.
    merges : sequence of CustomerMerge
        Customers that were given a new id.
    **reading
        As in `ledger.load_ledger`: ``columns``, ``duplicates``, ``currency`` and so on.

    Returns
    -------
    pandas.DataFrame
        As in `segments.segment_details`, one row per customer with an order before ``as_of``.

    Raises
    ------
    NotEnoughData
        If nobody bought anything before ``as_of`` and there is no model.
    LedgerError
        If the orders cannot be used.
    ModelError
        If the model counts money with other decimals.

    Examples
    --------
    >>> orders = pd.DataFrame(
    ...     {"customer_id": ["a", "a", "b"], "ordered_at": ["2024-04-10", "2024-05-20", "2023-06-15"],
    ...      "amount": [10.0, 30.0, 5.0]})
    >>> found = assign_segments(orders, as_of="2024-06-01")
    >>> found[["customer_id", "recency_score", "tier", "revenue_last_12_months"]].values.tolist()
    [['a', 5, 'standard', 40.0], ['b', 1, 'at_risk', 5.0]]
    """
    unknown = sorted(set(reading) - set(inspect.signature(load_ledger).parameters))
    if unknown:
        raise PatronError(f"order lines cannot be read with {', '.join(unknown)}")
    rules_of_lines: Mapping[str, Any] = {} if model is None else model.ledger_rules
    ledger = load_ledger(orders, as_of=as_of, **{**rules_of_lines, **reading})
    tables = customer_tables(ledger.lines, keep=materialise, settle=at_hand, items=(), merges=tuple(merges))
    day = to_day(ledger.as_of)
    if model is None:
        inputs = segment_inputs(history_before(tables, day))
        rules = fit_segment_rules(
            inputs, day, active_days=active_days, new_days=new_days, growing_days=growing_days
        )
    else:
        _refuse_other_money(model, ledger)
        rules = model.parts.segments
    shares = {"nearly_top_share": nearly_top_share, "fast_growth_ratio": fast_growth_ratio}
    return segment_details(tables, day, rules, minor_digits=ledger.minor_digits, **shares)


def _refuse_other_money(model: PatronModel, ledger: Ledger) -> None:
    wanted, trained = ledger.currency, model.parts.settings.currency
    if ledger.minor_digits != model.parts.recipe.minor_digits or (wanted and trained and wanted != trained):
        raise ModelError(
            f"The model's edges are in {trained or 'no named currency'} with "
            f"{model.parts.recipe.minor_digits} decimals, the orders in {wanted or 'no named currency'} with "
            f"{ledger.minor_digits}. Name the currency of training, or leave the model out."
        )


def retention_metrics(
    orders: Any,
    as_of: str | date = "latest",
    *,
    every: str = "month",
    periods: Sequence[tuple[str | date, str | date]] | None = None,
    start: str | date | None = None,
    end: str | date | None = None,
    include_current: bool = False,
    by: str | None = None,
    customers: Any = None,
    events: Any = None,
    active_days: int = 180,
    new_days: int = 90,
    growing_days: int = 365,
    nps_scale: tuple[int, int] = (0, 10),
    merges: Sequence[CustomerMerge] = (),
    **reading: Any,
) -> pd.DataFrame:
    """Measure who stayed, left and came back, by month, quarter or year.

    Parameters
    ----------
    orders : pandas or Polars frame, or a path
        Order lines.
    as_of : str or date
        Only what lies before the start of this day is used.
    every : {"month", "quarter", "year"}
        Length of the periods; whole ones only, unless `include_current`.
    periods : sequence of (day, day), optional
        Periods of your own instead, ends exclusive.
    start, end : str or date, optional
        Count periods from this day (years from 1 October are business years), and up to that one.
    include_current : bool
        Also the unfinished period.
    by : str, optional
        ``tier``, ``value_tier``, ``lifecycle_stage`` or a column of `customers`: segments at each period's
        start, whose figures add up to the whole.
    customers, events : frame or path, optional
        As in `ledger.load_customers` and `ledger.load_events`; events tell the NPS and dissatisfaction.
    active_days, new_days, growing_days : int
        Silent for longer is lost; lost within so many days of the first order is onboarding churn; with
        `by` a tier or stage, first order at most so long ago is new, growing.
    nps_scale : (int, int)
        Lowest and highest answer of the NPS question.
    merges : sequence of CustomerMerge
        Customers that were given a new id.
    **reading
        As in `ledger.load_ledger`: ``columns``, ``duplicates``, ``currency`` and so on.

    Returns
    -------
    pandas.DataFrame
        One row per period (and segment), as in `retention.retention_metrics`.

    Raises
    ------
    NotEnoughData
        If no whole period lies before ``as_of``.
    PatronError
        If there is no column `by` (the columns are listed), a day cannot be read, a period is empty, or the
        scale does not go up.

    Examples
    --------
    >>> orders = pd.DataFrame(
    ...     {"customer_id": ["a", "b", "a", "a"], "amount": [10.0, 30.0, 5.0, 5.0],
    ...      "ordered_at": ["2024-01-01", "2024-02-20", "2024-08-15", "2025-01-05"]})
    >>> years = retention_metrics(orders, as_of="2025-02-01", every="year")
    >>> years[["period_start", "customers_start", "customers_new", "customers_end"]].values.tolist()
    [[datetime.date(2024, 1, 1), 0, 2, 1]]
    """
    choice = _chosen(every, periods, start, end, include_current, nps_scale)
    tables, day, minor_digits = _desk_tables(orders, as_of, reading, customers, events, merges)
    return retention_by_column(
        tables,
        day,
        by,
        active_days=active_days,
        new_days=new_days,
        growing_days=growing_days,
        nps_scale=nps_scale,
        minor_digits=minor_digits,
        **choice,
    )


def _chosen(
    every: str,
    periods: Sequence[tuple[str | date, str | date]] | None,
    start: str | date | None,
    end: str | date | None,
    include_current: bool,
    nps_scale: tuple[int, int],
) -> dict[str, Any]:
    """Read the days of the periods; all that is wrong is said at once."""
    problems = scale_problems(nps_scale)

    def read(name: str, value: str | date | None) -> int | None:
        try:
            return None if value is None else to_day(value)
        except (ValueError, AttributeError):
            problems.append(f"{name} is {value!r}; it must be a day such as '2024-01-31'.")
            return None

    days = {"start_day": read("start", start), "end_day": read("end", end)}
    pairs = [(read("a period's start", a), read("a period's end", b)) for a, b in periods or ()]
    if problems:
        raise PatronError(problems)
    if periods is not None:
        return {"periods": pairs}
    return {"every": every, "include_current": include_current, **days}


def cohorts(
    orders: Any,
    as_of: str | date = "latest",
    *,
    every: str = "month",
    merges: Sequence[CustomerMerge] = (),
    **reading: Any,
) -> pd.DataFrame:
    """Follow customers from the month, quarter or year of their first order.

    Parameters
    ----------
    orders : pandas or Polars frame, or a path
        Order lines.
    as_of : str or date
        Only what lies before the start of this day is used.
    every : {"month", "quarter", "year"}
        Length of the periods.
    merges : sequence of CustomerMerge
        Customers that were given a new id.
    **reading
        As in `ledger.load_ledger`.

    Returns
    -------
    pandas.DataFrame
        One row per cohort and period since, as in `retention.cohorts`.

    Examples
    --------
    >>> orders = pd.DataFrame(
    ...     {"customer_id": ["a", "b", "a"], "amount": [10.0, 30.0, 5.0],
    ...      "ordered_at": ["2024-01-01", "2024-01-20", "2024-02-15"]})
    >>> cohorts(orders, as_of="2024-03-01").pivot(
    ...     index="cohort", columns="period_index", values="customer_share").values.tolist()
    [[1.0, 0.5]]
    """
    tables, day, minor_digits = _desk_tables(orders, as_of, reading, None, None, merges)
    return cohort_table(tables, day, every=every, minor_digits=minor_digits)


def _desk_tables(
    orders: Any,
    as_of: str | date,
    reading: Mapping[str, Any],
    customers: Any,
    events: Any,
    merges: Sequence[CustomerMerge],
) -> tuple[CustomerTables, int, int]:
    """Read orders and what lies beside them; return the tables, the day and the currency's decimals."""
    unknown = sorted(set(reading) - set(inspect.signature(load_ledger).parameters))
    if unknown:
        raise PatronError(f"order lines cannot be read with {', '.join(unknown)}")
    ledger = load_ledger(orders, as_of=as_of, **reading)
    csv = reading.get("csv")
    tables = customer_tables(
        ledger.lines,
        keep=materialise,
        settle=at_hand,
        attributes=None if customers is None else load_customers(customers, csv=csv),
        events=None if events is None else load_events(events, csv=csv),
        merges=tuple(merges),
    )
    return tables, to_day(ledger.as_of), ledger.minor_digits
