"""Retention metrics by period and segment, as the contract defines them.

In:  the customer tables, `as_of`, how long a period and a silence are.
Out: one row per period (and segment): flows, rates with intervals, money, kinds of churn, NPS.
Not here: cohorts, lifespans, moves between tiers.

Every figure of a row is a sum over customers or a ratio of two such sums; the sums add up over segments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from patron.errors import PatronError
from patron.metrics import scale_problems, wilson_interval
from patron.retention.flows import flows
from patron.retention.groups import GroupOf, Segments, segments_of
from patron.retention.kinds_of_churn import KINDS, ChurnKindRules, kinds_of_churn
from patron.retention.ledger_days import Ints, LedgerDays, ledger_days
from patron.retention.nps import answers_before
from patron.retention.periods import Earlier, Period, chosen_periods, earlier_period
from patron.retention.revenue_retention import revenue_then_and_now
from patron.retention.shares import promoter_interval, ratio
from patron.snapshots import CustomerTables, day_of, history_before

#: Rate -> what is counted, out of what.
_SHARES = {
    "churn_rate": ("customers_lost", "customers_start"),
    "repeat_customer_rate": ("repeat_buyers", "buyers"),
    "returning_buyer_share": ("returning_buyers", "buyers"),
    "existing_repurchase_rate": ("existing_buyers", "customers_start"),
}
_MONEY = ("revenue", "revenue_then", "revenue_now_of_then", "revenue_kept_of_then")
#: Columns in the order they are given.
METRIC_COLUMNS = (
    "segment",
    "period_start",
    "period_end",
    "customers_start",
    "customers_end",
    "customers_new",
    "customers_new_active",
    "customers_won_back",
    "customers_lost",
    *[f"{r}{end}" for r in ("retention_rate", *_SHARES) for end in ("", "_low", "_high")],
    "buyers",
    "repeat_buyers",
    "returning_buyers",
    "existing_buyers",
    "orders",
    "revenue",
    "purchase_frequency",
    "average_order_value",
    "net_revenue_retention",
    "gross_revenue_retention",
    "revenue_compared_with",
    *_MONEY[1:],
    *[f"lost_{kind}" for kind in KINDS],
    "nps",
    "nps_low",
    "nps_high",
    "nps_answers",
    "nps_promoters",
    "nps_detractors",
    "nps_impossible",
    "is_complete",
    "is_settled",
)


@dataclass(frozen=True)
class _Terms:
    active_days: int
    kinds: ChurnKindRules
    nps_scale: tuple[int, int]
    minor_digits: int
    events: pd.DataFrame | None = field(repr=False)


def retention_metrics(
    tables: CustomerTables,
    as_of_day: int,
    *,
    every: str = "month",
    active_days: int,
    group_of: GroupOf | None = None,
    periods: Sequence[tuple[int, int]] | None = None,
    start_day: int | None = None,
    end_day: int | None = None,
    include_current: bool = False,
    nps_scale: tuple[int, int] = (0, 10),
    kinds: ChurnKindRules | None = None,
    minor_digits: int = 2,
) -> pd.DataFrame:
    """Measure who stayed, left and came back in each period.

    Parameters
    ----------
    tables : CustomerTables
        By customer and day, with events if there are any.
    as_of_day : int
        Days since 1970-01-01; nothing at or after it counts, and within a period nothing at or after its end.
    every : {"month", "quarter", "year"}
        Length of the periods; whole ones only.
    active_days : int
        A customer silent for longer is not active.
    group_of : callable, optional
        Start day -> Series of segments by customer id (`groups.group_by` makes one). Segments hold for the
        whole period; `groups.segments_of` says what becomes of customers who are new in it.
    periods : sequence of (int, int), optional
        Start and end days to measure instead of `every`, ends exclusive.
    start_day, end_day : int, optional
        Count periods from this day (not before the period that the ledger begins in), and up to that one.
    include_current : bool
        Also the unfinished period, up to `as_of` (``is_complete`` false).
    nps_scale : (int, int)
        Lowest and highest answer of the NPS question.
    kinds : ChurnKindRules, optional
        What tells the kinds of churn apart.
    minor_digits : int
        Decimals of the currency.

    Returns
    -------
    pandas.DataFrame
        `METRIC_COLUMNS`; per period the row over all customers (``segment`` None) first, then one per segment
        that has any figure. Counts are integers, rates shares of one, money in currency units after refunds,
        NPS in points; missing (NaN) where nothing can be divided. ``*_low`` and ``*_high`` are 95 %
        intervals. ``is_settled`` is false while the ledger does not reach `active_days` back from the
        period's start: customers who were silent just then are not seen, and look new when they order.

    Raises
    ------
    NotEnoughData
        If nobody ordered, or no whole period lies before `as_of`.
    PatronError
        If a given period has no day or reaches beyond `as_of`, none is given, or the scale does not go up.

    Examples
    --------
    >>> import narwhals as nw
    >>> from patron.snapshots import customer_tables, to_day
    >>> lines = pd.DataFrame({
    ...     "customer_id": ["a", "a", "b"], "amount_minor": [1000, 3000, 500], "is_refund": False,
    ...     "day": [to_day(d) for d in ("2024-01-05", "2024-03-01", "2024-02-10")]})
    >>> tables = customer_tables(nw.from_native(lines).lazy(), keep=lambda frame, name: frame)
    >>> found = retention_metrics(tables, to_day("2024-04-01"), active_days=45)
    >>> found[["period_start", "customers_start", "customers_end", "retention_rate"]].values.tolist()[1:]
    [[datetime.date(2024, 2, 1), 1, 1, 0.0], [datetime.date(2024, 3, 1), 1, 1, 0.0]]
    """
    days = ledger_days(tables, as_of_day)
    wanted = chosen_periods(
        days.first_day,
        as_of_day,
        every=every,
        periods=periods,
        start_day=start_day,
        end_day=end_day,
        include_current=include_current,
    )
    return metrics_of_periods(
        tables,
        days,
        wanted,
        active_days=active_days,
        group_of=group_of,
        nps_scale=nps_scale,
        kinds=kinds,
        minor_digits=minor_digits,
    )


def metrics_of_periods(
    tables: CustomerTables,
    days: LedgerDays,
    periods: Sequence[Period],
    *,
    active_days: int,
    group_of: GroupOf | None = None,
    nps_scale: tuple[int, int] = (0, 10),
    kinds: ChurnKindRules | None = None,
    minor_digits: int = 2,
) -> pd.DataFrame:
    """Measure periods that have been chosen already.

    Parameters
    ----------
    tables : CustomerTables
        With events if there are any.
    days : LedgerDays
        Of the same tables.
    periods : sequence of Period
        Of `periods.chosen_periods`, at least one.
    active_days, group_of, nps_scale, kinds, minor_digits
        As in `retention_metrics`.

    Returns
    -------
    pandas.DataFrame
        As in `retention_metrics`.
    """
    problems = scale_problems(nps_scale)
    if problems:
        raise PatronError(problems)
    terms = _Terms(active_days, kinds or ChurnKindRules(nps_scale=nps_scale), nps_scale, minor_digits,
                   history_before(tables, days.as_of_day).events)  # fmt: skip
    tables_by_period = [_period_sums(days, period, terms, group_of) for period in periods]
    return _with_rates(pd.concat(tables_by_period, ignore_index=True), minor_digits)


def _period_sums(days: LedgerDays, period: Period, terms: _Terms, group_of: GroupOf | None) -> pd.DataFrame:
    earlier = earlier_period(period, days.first_day)
    counted = _counted(days, period, earlier, terms)
    whole = Segments(np.zeros(len(days.customer_id), dtype=np.int64), ("",))
    frame = _by_segment(counted, whole).assign(segment=None)
    if group_of is not None:
        parts = _by_segment(counted, segments_of(group_of, days, period))
        frame = pd.concat([frame, parts[parts[list(counted)].ne(0).any(axis=1)]], ignore_index=True)
    return frame.assign(
        period_start=day_of(period.start_day),
        period_end=day_of(period.end_day),
        revenue_compared_with=None if earlier is None else earlier.name,
        is_complete=period.is_complete,
        is_settled=period.start_day - terms.active_days >= days.first_day,
    )


def _counted(days: LedgerDays, period: Period, earlier: Earlier | None, terms: _Terms) -> Mapping[str, Ints]:
    """Return what is summed, per customer."""
    start, end = days.before(period.start_day), days.before(period.end_day)
    flow = flows(days, period, start, end, terms.active_days)
    orders, bought = end.orders - start.orders, end.purchase_days > start.purchase_days
    money = revenue_then_and_now(days, period, earlier)
    kind = kinds_of_churn(
        days,
        terms.events,
        flow.lost,
        end,
        period.end_day,
        active_days=terms.active_days,
        rules=terms.kinds,
    )
    answers = answers_before(terms.events, days, period.end_day, terms.nps_scale)
    counted = {
        "customers_start": flow.start,
        "customers_end": flow.end,
        "customers_new": flow.new,
        "customers_new_active": flow.new_active,
        "customers_won_back": flow.won_back,
        "customers_lost": flow.lost,
        "buyers": bought,
        "repeat_buyers": orders >= 2,
        "returning_buyers": bought & (end.orders >= 2),
        "existing_buyers": bought & flow.start,
        "orders": orders,
        "revenue": end.revenue - start.revenue,
        "revenue_then": money.then,
        "revenue_now_of_then": money.now,
        "revenue_kept_of_then": money.kept,
        **{f"lost_{name}": kind == place for place, name in enumerate(KINDS)},
        **{f"nps_{name}": getattr(answers, name) for name in answers._fields},
    }
    return {name: np.asarray(values, dtype=np.int64) for name, values in counted.items()}


def _by_segment(counted: Mapping[str, Ints], segments: Segments) -> pd.DataFrame:
    """Add up integers by segment: exact in any order."""
    sums = {}
    for name, values in counted.items():
        sums[name] = np.zeros(len(segments.names), dtype=np.int64)
        np.add.at(sums[name], segments.codes, values)
    return pd.DataFrame({"segment": pd.Series(segments.names, dtype=object), **sums})


def _with_rates(sums: pd.DataFrame, minor_digits: int) -> pd.DataFrame:
    whole = {c: sums[c].to_numpy(dtype=np.float64) for c in sums.select_dtypes("integer")}
    rates: dict[str, np.ndarray] = {}
    for name, (part, base) in _SHARES.items():
        rates[name] = ratio(whole[part], whole[base])
        rates[f"{name}_low"], rates[f"{name}_high"] = wilson_interval(whole[part], whole[base])
    rates["retention_rate"] = 1.0 - rates["churn_rate"]
    rates["retention_rate_low"] = 1.0 - rates["churn_rate_high"]
    rates["retention_rate_high"] = 1.0 - rates["churn_rate_low"]
    money = {name: whole[name] / 10**minor_digits for name in _MONEY}
    rates["purchase_frequency"] = ratio(whole["orders"], whole["buyers"])
    rates["average_order_value"] = ratio(money["revenue"], whole["orders"])
    rates["net_revenue_retention"] = ratio(money["revenue_now_of_then"], money["revenue_then"])
    rates["gross_revenue_retention"] = ratio(money["revenue_kept_of_then"], money["revenue_then"])
    promoters, detractors, answers = (whole[f"nps_{n}"] for n in ("promoters", "detractors", "answers"))
    rates["nps"] = 100.0 * ratio(promoters - detractors, answers)
    rates["nps_low"], rates["nps_high"] = promoter_interval(promoters, detractors, answers)
    return sums.assign(**money, **rates)[list(METRIC_COLUMNS)]
