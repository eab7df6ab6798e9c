"""Fit the edges on one day's base; assign tiers and stages with them on any later day."""

from __future__ import annotations

import numpy as np
import pandas as pd

from patron.columns import STAGES, TIERS
from patron.errors import NotEnoughData
from patron.segments.inputs import inputs_on_days
from patron.segments.replay import ABSENT, REPLAY_DAYS, replay
from patron.segments.rules import SegmentRules, stage_codes, tier_codes
from patron.snapshots import (
    CustomerTables,
    RhythmRule,
    base_gap_days,
    history_before,
    limit_days,
    under_newest_ids,
)

_QUINTILES = (0.2, 0.4, 0.6, 0.8)
_MONTH = 30.4375


def fit_segment_rules(
    inputs: pd.DataFrame,
    as_of_day: int,
    *,
    active_days: int,
    new_days: int,
    growing_days: int,
    rhythm: RhythmRule | None = None,
) -> SegmentRules:
    """Take quantile edges over the customers who bought in the last 365 days.

    Parameters
    ----------
    inputs : pandas.DataFrame, shape (n, ...)
        Of `segment_inputs` on the training day.
    as_of_day : int
        Days since 1970-01-01.
    active_days, new_days, growing_days : int
        Limits, in days.
    rhythm : RhythmRule, optional
        Where customers have limits of their own: which, with the base's gap of the training day.

    Returns
    -------
    SegmentRules

    Raises
    ------
    NotEnoughData
        If nobody bought anything.
    """
    if len(inputs) == 0:
        raise NotEnoughData("No customer has a purchase day before as_of. Set a later as_of.")
    recent = inputs[inputs["purchase_days_year"] > 0]
    base = recent if len(recent) else inputs
    with_gaps = base[base["gaps"] > 0]
    return SegmentRules(
        silence_edges=_edges(as_of_day - base["last_day"].to_numpy()),
        frequency_edges=_edges(base["purchase_days_year"].to_numpy()),
        money_edges=_edges(base["revenue_year"].to_numpy()),
        base_gap_median=float(np.median(with_gaps["gap_median"])) if len(with_gaps) else _MONTH,
        base_gap_q90=float(np.median(with_gaps["gap_q90"])) if len(with_gaps) else 3 * _MONTH,
        active_days=active_days,
        new_days=new_days,
        growing_days=growing_days,
        rhythm=rhythm,
    )


def assign_segments(tables: CustomerTables, as_of_day: int, rules: SegmentRules) -> pd.DataFrame:
    """Return tier, value tier and stage of every customer with a purchase day before `as_of`.

    Parameters
    ----------
    tables : CustomerTables
        The customer-day tables.
    as_of_day : int
        Days since 1970-01-01.
    rules : SegmentRules
        Edges from the model.

    Returns
    -------
    pandas.DataFrame
        `segment_inputs` on that day plus ``tier``, ``value_tier``, ``lifecycle_stage`` and, where the rules
        have a rhythm, ``limit_days``.
    """
    # a new id is no new customer: its readings under the old one count
    tables = under_newest_ids(tables, as_of_day)
    history = history_before(tables, as_of_day)
    days = [as_of_day - back for back in REPLAY_DAYS]
    share = None if rules.rhythm is None else rules.rhythm.quantile
    read = inputs_on_days(history, days, gap_quantile=share)
    snapshots = [(_limited(frame, day, rules), day) for frame, day in zip(read, days, strict=True)]
    inputs = snapshots[-1][0].drop(columns="own_gap", errors="ignore")
    everybody = pd.Index(inputs["customer_id"].to_numpy(dtype=object))
    places = [everybody.get_indexer(s["customer_id"].to_numpy(dtype=object)) for s, _ in snapshots]
    tiers = _readings(places, [tier_codes(s, day, rules) for s, day in snapshots])
    value_tiers = _readings(places, [tier_codes(s, day, rules, at_risk=False) for s, day in snapshots])
    stages = _readings(places, [stage_codes(s, day, rules) for s, day in snapshots])
    return inputs.assign(
        tier=np.array(TIERS)[replay(tiers, at_once=TIERS.index("at_risk"))],
        value_tier=np.array(TIERS)[replay(value_tiers)],
        lifecycle_stage=np.array(STAGES)[replay(stages)],
    )


def _limited(inputs: pd.DataFrame, day: int, rules: SegmentRules) -> pd.DataFrame:
    """Add each customer's own limit where the rules have a rhythm (as `snapshots.own_limits`)."""
    rule = rules.rhythm
    if rule is None:
        return inputs
    base = base_gap_days(inputs, day) if rule.base_gap_days is None else rule.base_gap_days
    gaps, own_gap = inputs["gaps"].to_numpy(), inputs["own_gap"].to_numpy()
    limit = limit_days(gaps, own_gap, base, min_days=rule.min_days, max_days=rule.max_days)
    return inputs.assign(limit_days=limit)


def _edges(values: np.ndarray) -> tuple[float, ...]:
    return tuple(float(v) for v in np.quantile(values, _QUINTILES))


def _readings(places: list[np.ndarray], codes: list[np.ndarray]) -> np.ndarray:
    """Put each day's codes at the places of its customers among those of the last day, who are all there."""
    readings = np.full((len(places[-1]), len(places)), ABSENT, dtype=np.int64)
    for column, (place, code) in enumerate(zip(places, codes, strict=True)):
        readings[place, column] = code
    return readings
