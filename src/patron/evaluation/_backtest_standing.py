"""What the customers judged on a past date stood for: tier, groups, owner, what would be lost with them.

In:  the customer tables and the rows of the date.
Out: plain arrays, one entry per row, all known before the date.
Not here: the dates (`_backtest_cutoffs`), judging (`_backtest_judge`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from patron.churn import Panel
from patron.clv import CLVModel, LedgerView, customer_value
from patron.evaluation.value_frames import ValueTerms
from patron.labels import ChurnLabel
from patron.segments import (
    assign_segments,
    base_ratios,
    fit_segment_rules,
    margins_of,
    net_ratios_of,
    segment_inputs,
)
from patron.snapshots import CustomerTables, History, days_to_order, history_before, own_limits

_DAYS_PER_MONTH = 30.4375
#: The largest groups of an attribute are shown; the rest are together.
MOST_GROUPS = 10
OTHER_GROUPS = "other"
NO_VALUE = "none"


class StageLimits(NamedTuple):
    """Limits of tiers and stages, in days: `active_days`, `new_days`, `growing_days`."""

    active_days: int
    new_days: int
    growing_days: int


class Standing(NamedTuple):
    """What the judged customers of a date stood for, as known before it; n customers.

    Parameters
    ----------
    tier : array of str, shape (n,)
        Of `segments.assign_segments`, with edges of the same date.
    groups : dict
        Attribute -> its value per customer.
    owner : array of str, shape (n,), or None
        Who looks after a customer.
    value : array of float, shape (n,)
        Margin of the CLV horizon that goes with the customer, with the label ``decline`` that of what it no
        longer buys, currency.
    valued_by : str
        ``btyd``, with the label ``decline`` that name; ``last_year`` where no purchase model could be fitted.
    spend : array of float, shape (n,)
        Revenue of the last 365 days, currency.
    silence : array of float, shape (n,)
        Days since the last purchase day.
    """

    tier: np.ndarray
    groups: dict[str, np.ndarray]
    owner: np.ndarray | None
    value: np.ndarray
    valued_by: str
    spend: np.ndarray
    silence: np.ndarray


def standing_of(
    tables: CustomerTables,
    test: Panel,
    purchases: CLVModel | None,
    terms: ValueTerms,
    limits: StageLimits,
    *,
    label: ChurnLabel,
    first_day: int,
    annual_discount_rate: float,
    by: Sequence[str],
) -> Standing:
    """Describe the customers of a test day by what was known before it.

    Parameters
    ----------
    tables : CustomerTables
        The customer-day tables.
    test : Panel
        Rows of one day.
    purchases : CLVModel or None
        Fitted on the orders before that day.
    terms : ValueTerms
        How money is counted.
    limits : StageLimits
        For the tiers.
    label : ChurnLabel
        What counts as churn: tells what would be lost by it.
    first_day : int
        First order day.
    annual_discount_rate : float
        Per year.
    by : sequence of str
        Attributes that make groups.

    Returns
    -------
    Standing
    """
    day = int(test.as_of_day[0])
    history = history_before(tables, day)
    inputs = segment_inputs(history)
    rhythm = None if label.rhythm is None else label.rhythm.fitted(history)
    rules = fit_segment_rules(inputs, day, **limits._asdict(), rhythm=rhythm)
    net_ratio, base_margin = base_ratios(inputs)
    margin = margins_of(inputs, history.attributes, terms.margin, base_margin if terms.has_cost else None)
    spend = inputs["revenue_year"].to_numpy() / 10**terms.minor_digits
    if purchases is None:
        ahead = terms.horizon_months * _DAYS_PER_MONTH / max(min(365, day - first_day), 1)
        share = 1.0 if label.decline_share is None else 1 - label.decline_share
        value, valued_by = share * np.maximum(spend * margin * ahead, 0.0), "last_year"
    else:
        value, valued_by = (
            _lost_with(
                purchases,
                LedgerView(tables, day, terms.minor_digits).summary(purchases.by),
                margin * net_ratios_of(inputs, net_ratio),
                label,
                _window_days(label, history, inputs),
                (terms.horizon_months, annual_discount_rate),
            ),
            "btyd" if label.decline_share is None else "decline",
        )
    facts = pd.DataFrame({"value": value, "spend": spend}, index=inputs["customer_id"].to_numpy())
    facts = facts.reindex(test.customer_id)
    tiers = assign_segments(tables, day, rules).set_index("customer_id")["tier"].reindex(test.customer_id)
    attributes = _attribute_values(history.attributes, test.customer_id)
    return Standing(
        tiers.to_numpy(dtype=object),
        {name: attributes[name] for name in by if name in attributes},
        attributes.get("owner"),
        facts["value"].to_numpy(),
        valued_by,
        facts["spend"].to_numpy(),
        test.features["days_since_last_order"].to_numpy(dtype=np.float64),
    )


def _window_days(label: ChurnLabel, history: History, inputs: pd.DataFrame) -> int | np.ndarray:
    """Return how long each customer has to order, as in a score: the horizon, or until its own limit."""
    if label.rhythm is None:
        return label.horizon_days
    known = own_limits(history, label.rhythm).set_index("customer_id").reindex(inputs["customer_id"])
    return days_to_order((known["limit_days"] - known["silence_days"]).to_numpy(), label.horizon_days)


def _lost_with(
    purchases: CLVModel,
    summary: pd.DataFrame,
    earned: np.ndarray,
    label: ChurnLabel,
    window_days: int | np.ndarray,
    money: tuple[int, float],
) -> np.ndarray:
    """Return what is lost by churning, which a call can save.

    By being silent: what a customer who stays brings more; by `decline`: what it no longer buys.
    """
    months, rate = money
    value = customer_value(
        purchases,
        summary,
        horizon_months=months,
        churn_horizon_days=window_days,
        margin=np.maximum(earned, 0.0),
        annual_discount_rate=rate,
    )
    if label.decline_share is None:
        lost = value["clv_if_kept"] - value["clv_if_silent"]
    else:
        lost = (1 - label.decline_share) * value["clv"]
    return np.asarray(np.maximum(lost.to_numpy(dtype=np.float64), 0.0))


def _attribute_values(attributes: pd.DataFrame | None, customer: np.ndarray) -> dict[str, np.ndarray]:
    """Return each attribute as texts; numbers of many values would be groups of one and are left out."""
    if attributes is None:
        return {}
    table = attributes.drop_duplicates("customer_id", keep="last").set_index("customer_id").reindex(customer)
    found: dict[str, np.ndarray] = {}
    for name in table.columns:
        column: Any = table[name]
        if pd.api.types.is_numeric_dtype(column) and column.nunique() > MOST_GROUPS:
            continue
        found[str(name)] = column.astype(object).where(column.notna(), NO_VALUE).astype(str).to_numpy(object)
    return found


def largest_groups(values: np.ndarray) -> np.ndarray:
    """Keep the largest groups by name and put the rest together.

    Examples
    --------
    >>> largest_groups(np.array(["a", "a", "b"], dtype=object)).tolist()
    ['a', 'a', 'b']
    """
    names, counts = np.unique(values.astype(str), return_counts=True)
    kept = names[np.argsort(-counts, kind="stable")[:MOST_GROUPS]]
    return np.asarray(np.where(np.isin(values.astype(str), kept), values, OTHER_GROUPS))
