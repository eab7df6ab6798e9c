"""Segments at the start of a period, so that figures add up: by an attribute, a tier or a lifecycle stage.

In:  the customer tables, the name of a column.
Out: a function of a day -> segment of each customer, and its reading per period.
Not here: the rules of tiers and stages (`patron.segments`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from patron.columns import STAGES, TIERS
from patron.errors import NotEnoughData, PatronError
from patron.retention.ledger_days import Ints, LedgerDays
from patron.retention.periods import Period
from patron.segments import SegmentRules, assign_segments, fit_segment_rules, segment_inputs
from patron.snapshots import YEAR_DAYS, CustomerTables, RhythmRule, day_text, history_before

GroupOf = Callable[[int], pd.Series]
SEGMENT_COLUMNS = ("tier", "value_tier", "lifecycle_stage")
NEW, UNKNOWN = "new", "unknown"
#: Columns of the customer file that are no segments: every customer has a value of its own.
_NOT_SEGMENTS = ("customer_id", "valid_from_day")
_ORDER = (*TIERS, *STAGES)
#: Above it not every whole number is a float.
_LARGEST_WHOLE = 2.0**53


class Segments(NamedTuple):
    """Segments of one period.

    Parameters
    ----------
    codes : ndarray of int, shape (n_customers,)
        Position of each customer's segment in `names`.
    names : tuple of str
        Tiers and stages in their usual order, anything else by the alphabet.
    """

    codes: Ints
    names: tuple[str, ...]


@dataclass(frozen=True)
class ByAttribute:
    """Segments by a column of the customer file, as valid on the day.

    Parameters
    ----------
    tables : CustomerTables
        With attributes.
    column : str
        Which.
    """

    tables: CustomerTables
    column: str

    def __call__(self, day: int) -> pd.Series:
        """Return customer id -> value as text, for the customers known on a day."""
        attributes = history_before(self.tables, day).attributes
        assert attributes is not None
        value = attributes.set_index("customer_id")[self.column].dropna()
        return pd.Series([_name(one) for one in value], index=value.index, dtype=object)


@dataclass(frozen=True)
class BySegment:
    """Segments by tier or lifecycle stage; customers won inside a period are ``new``.

    Parameters
    ----------
    tables : CustomerTables
        By customer and day.
    column : str
        ``tier``, ``value_tier`` or ``lifecycle_stage``.
    rules : SegmentRules
        Edges, the same for every period.
    """

    tables: CustomerTables
    column: str
    rules: SegmentRules
    newcomers: str = NEW

    def __call__(self, day: int) -> pd.Series:
        """Return customer id -> code, for the customers with an order before a day."""
        return assign_segments(self.tables, day, self.rules).set_index("customer_id")[self.column]


def segment_columns(tables: CustomerTables) -> tuple[str, ...]:
    """Return the names that figures can be split by.

    Parameters
    ----------
    tables : CustomerTables
        With attributes, if there are any.

    Returns
    -------
    tuple of str
        Tier and stages first, then the attributes.
    """
    attributes = () if tables.attributes is None else tables.attributes.columns
    own = [str(c) for c in attributes if c not in (*_NOT_SEGMENTS, *SEGMENT_COLUMNS)]
    return (*SEGMENT_COLUMNS, *own)


def group_by(
    tables: CustomerTables,
    column: str,
    *,
    first_start_day: int,
    active_days: int,
    new_days: int = 90,
    growing_days: int = 365,
    rhythm: RhythmRule | None = None,
) -> GroupOf:
    """Return the function that tells each customer's segment at the start of a period.

    Parameters
    ----------
    tables : CustomerTables
        With attributes, if there are any.
    column : str
        One of `segment_columns`.
    first_start_day : int
        Start of the first period: tiers keep the edges of that day in all periods, so that a move between two
        periods is a customer's own, not the base's.
    active_days, new_days, growing_days : int
        Limits of tiers and stages, in days.
    rhythm : RhythmRule, optional
        Where customers have limits of their own.

    Returns
    -------
    callable
        Day -> Series of text by customer id.

    Raises
    ------
    PatronError
        If there is no such column; the columns are listed.
    NotEnoughData
        If tiers have no orders before the first period to go by.
    """
    known = segment_columns(tables)
    if column not in known:
        raise PatronError(f"there is no column '{column}' to split by.", f"Take one of {', '.join(known)}.")
    if column not in SEGMENT_COLUMNS:
        return ByAttribute(tables, column)
    history = history_before(tables, first_start_day)
    inputs = segment_inputs(history)
    if inputs.empty:
        raise NotEnoughData(
            f"Tiers and stages at the start of the first period, {day_text(first_start_day)}, need orders "
            "before it, and there are none.",
            "Take shorter periods (--every quarter or month), or begin later (--from).",
        )
    rules = fit_segment_rules(
        inputs,
        first_start_day,
        active_days=active_days,
        new_days=new_days,
        growing_days=growing_days,
        rhythm=None if rhythm is None else rhythm.fitted(history),
    )
    return BySegment(tables, column, rules)


def first_start_with_tiers(starts: list[int], first_day: int) -> int:
    """Return the first start with a year of orders before it, else the last one.

    The edges of tiers are quantiles over a year: fitted on less, every customer is high value later on.

    Parameters
    ----------
    starts : list of int
        Starts of periods, oldest first.
    first_day : int
        The ledger's first purchase day.

    Returns
    -------
    int
        Days since 1970-01-01.

    Examples
    --------
    >>> first_start_with_tiers([100, 400, 500], 30), first_start_with_tiers([40, 70], 30)
    (400, 70)
    """
    return next((start for start in starts if start - first_day >= YEAR_DAYS), starts[-1])


def segments_of(group_of: GroupOf, days: LedgerDays, period: Period) -> Segments:
    """Give every customer of the ledger one segment for a period.

    Taken at the period's start. A customer not known by then gets ``group_of.newcomers`` where the function
    has that attribute, else what the function says at the period's end (nothing later), else ``unknown``.

    Parameters
    ----------
    group_of : callable
        Day -> Series of text by customer id.
    days : LedgerDays
        Sorted customer-days.
    period : Period
        The period.

    Returns
    -------
    Segments
    """
    segment = _read(group_of, days, period.start_day)
    newcomers: str | None = getattr(group_of, "newcomers", None)
    missing = pd.isna(segment)
    if newcomers is None and missing.any():
        segment = np.where(missing, _read(group_of, days, period.end_day), segment)
        missing = pd.isna(segment)
    bought_before = days.first_purchase_day < period.start_day
    otherwise = np.where(bought_before, UNKNOWN, newcomers or UNKNOWN)
    segment = np.where(missing, otherwise, segment)
    names = tuple(sorted(set(segment), key=_place))
    return Segments(np.asarray(pd.Index(names).get_indexer(pd.Index(segment)), dtype=np.int64), names)


def _read(group_of: GroupOf, days: LedgerDays, day: int) -> NDArray[np.object_]:
    """Return segments in the order of the ledger's customers; a merged customer keeps its new id's own."""
    found = group_of(day)
    ids = pd.Series(found.index, dtype=object)
    code = days.codes_of(ids)
    segment = np.full(len(days.customer_id), None, dtype=object)
    text = found.astype(object).to_numpy()
    is_old = ids.isin(days.new_id_of).to_numpy()
    for wanted in (is_old, ~is_old):
        use = wanted & (code >= 0) & ~pd.isna(text)
        segment[code[use]] = text[use]
    return segment


def _name(value: object) -> str:
    """Return a value as text; a column with gaps holds 3 as 3.0, which is the same segment."""
    if isinstance(value, float) and value.is_integer() and abs(value) < _LARGEST_WHOLE:
        return str(int(value))
    return str(value)


def _place(name: str) -> tuple[int, str]:
    return (_ORDER.index(name) if name in _ORDER else len(_ORDER), name)
