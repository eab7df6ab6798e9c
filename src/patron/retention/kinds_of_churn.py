"""Why customers were lost, as far as a ledger tells: dissatisfaction, onboarding, rhythm, other.

In:  the lost customers of a period, their orders, refunds and events.
Out: one kind per lost customer, the first that fits; the counts add up to the customers lost.
Not here: who is lost (`flows`).

Everything is judged on the day the customer stopped counting as active (the last order + active_days + 1),
with what was known before it; the base's gap, that limits are pulled towards, is the one known on the first
day of that month. So a kind does not depend on how the calendar is cut into periods.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from patron.metrics import promoter_groups
from patron.retention.flows import Bools
from patron.retention.ledger_days import NEVER, Ints, LedgerDays, Totals
from patron.retention.periods import period_start
from patron.snapshots import RhythmRule, limit_days
from patron.snapshots.rhythm import base_gap_days

KINDS = ("dissatisfaction", "onboarding", "rhythm", "other")


@dataclass(frozen=True)
class ChurnKindRules:
    """What tells the kinds of churn apart.

    Parameters
    ----------
    new_days : int
        ``onboarding``: first to last order at most this many days.
    complaint_days : int
        ``dissatisfaction`` looks at events and refunds from this many days before the last order until the
        customer was lost.
    refund_share : float
        Refunds / order value in that time from which returns count as dissatisfaction.
    csat_low : float
        A ``csat`` of at most this counts as dissatisfaction (scale 1 to 5).
    nps_scale : (int, int)
        Lowest and highest answer; detractors count as dissatisfied.
    rhythm : RhythmRule
        ``rhythm``: the silence is longer than the customer's own limit.
    """

    new_days: int = 90
    complaint_days: int = 180
    refund_share: float = 0.3
    csat_low: float = 2.0
    nps_scale: tuple[int, int] = (0, 10)
    rhythm: RhythmRule = field(default_factory=RhythmRule)


def kinds_of_churn(
    days: LedgerDays,
    events: pd.DataFrame | None,
    lost: Bools,
    at_end: Totals,
    end_day: int,
    *,
    active_days: int,
    rules: ChurnKindRules,
) -> Ints:
    """Return the kind of each customer's loss.

    Parameters
    ----------
    days : LedgerDays
        Sorted customer-days.
    events : DataFrame or None
        Of `ledger.load_events`.
    lost : ndarray of bool, shape (n_customers,)
        Lost in the period.
    at_end : Totals
        Before the end of the period.
    end_day : int
        End of the period, exclusive.
    active_days : int
        Silence after which a customer is lost.
    rules : ChurnKindRules
        What tells the kinds apart.

    Returns
    -------
    ndarray of int, shape (n_customers,)
        Positions in `KINDS`; -1 for customers who are not lost.
    """
    last = at_end.last_purchase_day
    lost_day = last + active_days + 1
    since = last - rules.complaint_days
    unhappy = _complained(days, events, since, lost_day, rules)
    unhappy |= _sent_back(days, since, lost_day, rules.refund_share)
    young = last - days.first_purchase_day <= rules.new_days
    late = active_days + 1 > _limits_when_lost(days, lost, lost_day, end_day, rules.rhythm)
    kinds = np.select([unhappy, young, late], [0, 1, 2], default=3)
    return np.where(lost, kinds, -1).astype(np.int64)


def _complained(
    days: LedgerDays, events: pd.DataFrame | None, since: Ints, until: Ints, rules: ChurnKindRules
) -> Bools:
    unhappy = np.zeros(len(days.customer_id), dtype=bool)
    if events is None:
        return unhappy
    code = days.codes_of(events["customer_id"])
    kind, value = events["kind"].to_numpy(dtype=object), events["value"].to_numpy(dtype=np.float64)
    bad = (
        (kind == "complaint")
        | ((kind == "nps") & (promoter_groups(value, rules.nps_scale) == -1))
        | ((kind == "csat") & (value <= rules.csat_low))
    )
    happened, known = (events[c].to_numpy(dtype=np.int64) for c in ("happened_day", "known_day"))
    bad &= (code >= 0) & (happened >= since[code]) & (happened < until[code]) & (known < until[code])
    unhappy[code[bad]] = True
    return unhappy


def _sent_back(days: LedgerDays, since: Ints, until: Ints, share: float) -> Bools:
    before, after = days.before(since), days.before(until)
    refund, spend = after.refund - before.refund, after.spend - before.spend
    return np.asarray((refund > 0) & (refund >= share * spend))


def _limits_when_lost(
    days: LedgerDays, lost: Bools, lost_day: Ints, end_day: int, rule: RhythmRule
) -> np.ndarray:
    """Return each lost customer's limit in days; infinite for the others."""
    # whoever is lost has not ordered since: its gaps before the period's end are those before its loss
    gaps, own_gap = own_gap_quantiles(days, end_day, rule.quantile)
    month = np.full(len(lost), NEVER)
    month[lost] = [period_start(int(day), "month") for day in lost_day[lost]]
    limit = np.full(len(lost), np.inf)
    for start in np.unique(month[lost]):
        here = month == start
        base = _base_gap(days, int(start), rule)
        limit[here] = limit_days(
            gaps[here], own_gap[here], base, min_days=rule.min_days, max_days=rule.max_days
        )
    return limit


def _base_gap(days: LedgerDays, day: int, rule: RhythmRule) -> float:
    """Return the gap of the base before a day: what `snapshots.own_limits` takes."""
    if rule.base_gap_days is not None:
        return rule.base_gap_days
    gaps, own_gap = own_gap_quantiles(days, day, rule.quantile)
    last = days.before(day).last_purchase_day.astype(np.float64)
    known = pd.DataFrame({"last_day": last, "gaps": gaps, "own_gap": own_gap})
    return base_gap_days(known[last != NEVER], day)


def own_gap_quantiles(days: LedgerDays, end_day: int, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Return how many gaps between purchase days each customer has before a day, and a quantile of them.

    Parameters
    ----------
    days : LedgerDays
        Sorted customer-days.
    end_day : int
        Days since 1970-01-01, exclusive.
    share : float
        Which quantile, interpolated between neighbours.

    Returns
    -------
    gaps, own_gap : ndarray of float, shape (n_customers,)
        Count, and days (missing without a gap).
    """
    known = days.gaps.end_day < end_day
    code, ordered = days.gaps.code[known], days.gaps.gap_days[known].astype(np.float64)
    count = np.bincount(code, minlength=len(days.customer_id))
    begin = np.cumsum(count) - count
    place = share * np.maximum(count - 1, 0)
    lower = np.floor(place).astype(np.int64)
    upper = np.minimum(lower + 1, np.maximum(count - 1, 0))
    if not len(ordered):
        return count.astype(np.float64), np.full(len(count), np.nan)
    low, high = (ordered[np.minimum(begin + k, len(ordered) - 1)] for k in (lower, upper))
    own = low + (high - low) * (place - lower)
    return count.astype(np.float64), np.where(count > 0, own, np.nan)
