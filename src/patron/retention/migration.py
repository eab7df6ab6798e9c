"""Who moved between which tiers from one day to another, and with how much money (层级迁移).

In:  two frames of one row per customer, or the customer tables and two days.
Out: the matrix as a long frame.
Not here: single customers (`retention.movers`), the tiers themselves (`segments`).
"""

from __future__ import annotations

from collections.abc import Mapping
from math import fsum
from typing import NamedTuple

import numpy as np
import pandas as pd

from patron.columns import STAGES, TIERS
from patron.errors import PatronError
from patron.segments import SegmentRules, fit_segment_rules, segment_details, segment_inputs
from patron.snapshots import CustomerTables, day_text, history_before, under_newest_ids

#: Not a customer on that day.
ABSENT = "absent"
_CODES = {"tier": TIERS, "value_tier": TIERS[:3], "lifecycle_stage": STAGES}
_MONEY = "revenue_last_12_months"


class TwoDays(NamedTuple):
    """The same customers on two days, by the same rules.

    Parameters
    ----------
    then, now : pandas.DataFrame
        Of `segments.segment_details`; customers by the ids of the later day.
    """

    then: pd.DataFrame
    now: pd.DataFrame


def segments_on_two_days(
    tables: CustomerTables,
    then_day: int,
    now_day: int,
    *,
    rules: SegmentRules | None = None,
    active_days: int = 180,
    new_days: int = 90,
    growing_days: int = 365,
    minor_digits: int = 2,
) -> TwoDays:
    """Assign segments on two days with the same edges, so that a move is the customer's and not the scale's.

    Parameters
    ----------
    tables : CustomerTables
        The customer-day tables.
    then_day, now_day : int
        Days since 1970-01-01, the earlier one first.
    rules : SegmentRules, optional
        Of a model; fitted on ``then_day`` when None.
    active_days, new_days, growing_days : int
        Limits of fitted rules, in days.
    minor_digits : int
        Decimals of the currency.

    Returns
    -------
    TwoDays
        A customer who was given a new id in between has it on both days: being re-keyed is no move.

    Raises
    ------
    PatronError
        If the days are not in order.
    NotEnoughData
        If nobody had bought anything by ``then_day`` and there are no rules.
    """
    if then_day >= now_day:
        raise PatronError(
            f"moves are told from an earlier day to a later one, not from {day_text(then_day)} "
            f"to {day_text(now_day)}. Set an earlier first day."
        )
    joined = under_newest_ids(tables, now_day)
    if rules is None:
        inputs = segment_inputs(history_before(joined, then_day))
        rules = fit_segment_rules(
            inputs, then_day, active_days=active_days, new_days=new_days, growing_days=growing_days
        )
    then, now = (
        segment_details(joined, day, rules, minor_digits=minor_digits) for day in (then_day, now_day)
    )
    return TwoDays(then, now)


def migration(
    then: pd.DataFrame,
    now: pd.DataFrame,
    *,
    column: str = "tier",
    renamed: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Count customers by their tier on two days, with their revenue.

    Parameters
    ----------
    then, now : pandas.DataFrame
        ``customer_id``, `column` and ``revenue_last_12_months`` (currency): of `segments_on_two_days`, of
        `patron.assign_segments`, or score rows. A row without a tier (never bought) counts as absent.
    column : str
        ``tier``, ``value_tier`` or ``lifecycle_stage``.
    renamed : mapping, optional
        Old id -> new id of customers re-keyed in between (`snapshots.merge_customers`).

    Returns
    -------
    pandas.DataFrame
        One row per pair of codes, also the empty ones, in the order of the codes with ``absent`` last (absent
        on both days left out): ``<column>_then``, ``<column>_now``, ``customers``, ``revenue_then``,
        ``revenue_now`` (currency, last 365 days before each day). Rows add up to the customers then, columns
        to the customers now.

    Raises
    ------
    PatronError
        If a column is missing, a customer is there twice, or a code is unknown.

    Examples
    --------
    >>> then = pd.DataFrame({"customer_id": ["a"], "tier": ["standard"], "revenue_last_12_months": [80.0]})
    >>> now = pd.DataFrame({"customer_id": ["a", "b"], "tier": ["potential", "standard"],
    ...                     "revenue_last_12_months": [300.0, 20.0]})
    >>> moved = migration(then, now)
    >>> moved[moved["customers"] > 0].values.tolist()
    [['standard', 'potential', 1, 80.0, 300.0], ['absent', 'standard', 1, 0.0, 20.0]]
    """
    both = side_by_side(then, now, column, renamed)
    names = [f"{column}_then", f"{column}_now"]
    codes = [*_CODES[column], ABSENT]
    pairs = [(a, b) for a in codes for b in codes if (a, b) != (ABSENT, ABSENT)]
    found = dict(iter(both.groupby(names)))
    empty = both.iloc[:0]
    rows = [
        (a, b, len(group), fsum(group["revenue_then"]), fsum(group["revenue_now"]))
        for a, b in pairs
        for group in [found.get((a, b), empty)]
    ]
    return pd.DataFrame(rows, columns=[*names, "customers", "revenue_then", "revenue_now"])


def side_by_side(
    then: pd.DataFrame, now: pd.DataFrame, column: str, renamed: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Join two days by customer.

    Parameters
    ----------
    then, now : pandas.DataFrame
        As in `migration`.
    column : str
        ``tier``, ``value_tier`` or ``lifecycle_stage``.
    renamed : mapping, optional
        Old id -> new id. Where both ids are there, the larger revenue tells the code; revenues add up.

    Returns
    -------
    pandas.DataFrame
        Sorted by ``customer_id``: ``<column>_then``, ``<column>_now``, ``revenue_then``, ``revenue_now``
        (currency, 0 where absent); customers absent on both days left out.

    Raises
    ------
    PatronError
        As in `migration`.
    """
    problems = [
        problem
        for word, frame in (("then", then), ("now", now))
        for problem in _problems(word, frame, column)
    ]
    if problems:
        raise PatronError(problems)
    sides = [
        _side(frame, column, renamed or {}).rename(
            columns={column: f"{column}_{word}", _MONEY: f"revenue_{word}"}
        )
        for word, frame in (("then", then), ("now", now))
    ]
    both = sides[0].join(sides[1], how="outer").sort_index().rename_axis("customer_id").reset_index()
    names, money = [f"{column}_then", f"{column}_now"], ["revenue_then", "revenue_now"]
    both[names] = both[names].astype(object).where(both[names].notna(), ABSENT)
    both[money] = both[money].astype(np.float64).fillna(0.0)
    return both[["customer_id", *names, *money]]


def _problems(word: str, frame: pd.DataFrame, column: str) -> list[str]:
    if column not in _CODES:
        return (
            [] if word == "now" else [f"there is no migration by '{column}'; take one of {', '.join(_CODES)}"]
        )
    missing = [name for name in ("customer_id", column, _MONEY) if name not in frame]
    if missing:
        return [
            f"{word}: the column {', '.join(missing)} is missing. Take patron.assign_segments or score rows."
        ]
    found = []
    twice = frame["customer_id"][frame["customer_id"].duplicated()]
    if len(twice):
        found.append(
            f"{word}: {twice.nunique():,} customers are there twice, e.g. '{twice.min()}'. Keep one day."
        )
    unknown = sorted(set(frame[column].dropna()) - {*_CODES[column], ABSENT})
    if unknown:
        known = ", ".join(_CODES[column])
        found.append(
            f"{word}: {column} holds {len(unknown)} unknown codes, e.g. '{unknown[0]}'; known: {known}."
        )
    return found


def _side(frame: pd.DataFrame, column: str, renamed: Mapping[str, str]) -> pd.DataFrame:
    rows = frame.loc[frame[column].notna() & (frame[column] != ABSENT), ["customer_id", column, _MONEY]]
    rows = rows.assign(customer_id=rows["customer_id"].astype(str).map(lambda name: renamed.get(name, name)))
    rows = rows.sort_values([_MONEY, column], ascending=[False, True], kind="stable")
    groups = rows.groupby("customer_id")
    return pd.DataFrame({column: groups[column].first(), _MONEY: groups[_MONEY].agg(fsum)})
