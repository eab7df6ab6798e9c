"""The columns of a ledger row, and what tells rows of one model from those of another.

In:  what a model reads. Out: names in order, a digest. Not here: filling the columns (`ledger_rows`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace

from patron.clv import ValueForecast
from patron.features import FeatureRecipe, feature_names, value_recipe

#: Columns of every row that identify it.
IDENTITY = ("customer_id", "as_of", "data_through", "features_digest")
#: ISO days, missing for a customer who never ordered.
DAYS = ("first_order_on", "last_order_on")
#: Readings with hysteresis, which only the history can give.
READINGS = ("tier", "value_tier", "lifecycle_stage")
#: Money is in minor units, gaps in days.
LEDGER_NUMBERS = (
    "gaps", "gap_median_days", "orders_year", "revenue_year", "revenue_year_before",
    "spend_ever", "refund_ever", "margin_ever", "purchase_days_ever", "own_margin_ratio",
)  # fmt: skip
#: The purchase summary (`snapshots.purchase_summary`).
SUMMARY = (
    "repeat_orders", "weeks_first_to_last_order", "weeks_observed", "mean_repeat_order_value",
    "sum_log_gap_weeks",
)  # fmt: skip
LIMIT, SEGMENT, AHEAD = "limit_days", "value_segment", "value_"
#: The only group of features that looks as far ahead as what is forecast.
_LOOKING_AHEAD = "season"


def digest_of(made_by: Mapping[str, object]) -> str:
    """Return 12 hex digits of everything in a model that decides what a row holds.

    Parameters
    ----------
    made_by : mapping
        JSON-able data.

    Returns
    -------
    str

    Examples
    --------
    >>> digest_of({"by": None})
    'ca81fd926896'
    """
    return hashlib.sha256(json.dumps(made_by, sort_keys=True).encode()).hexdigest()[:12]


def ahead_recipe(recipe: FeatureRecipe, forecast: ValueForecast | None) -> FeatureRecipe | None:
    """Return the features that a value forecast reads for its own horizon; None without any."""
    if forecast is None or forecast.challenger is None or _LOOKING_AHEAD not in recipe.groups:
        return None
    return replace(value_recipe(recipe, forecast.value_days), groups=(_LOOKING_AHEAD,), custom=())


def columns_of(recipe: FeatureRecipe, ahead: FeatureRecipe | None, by: str | None) -> tuple[str, ...]:
    """Return the columns of a row, in order.

    Parameters
    ----------
    recipe : FeatureRecipe
        Of the churn model.
    ahead : FeatureRecipe or None
        Of `ahead_recipe`.
    by : str or None
        Attribute by which customers are valued.

    Returns
    -------
    tuple of str
    """
    own = [LIMIT] if recipe.rhythm is not None else []
    own += [SEGMENT] if by is not None else []
    further = [] if ahead is None else [AHEAD + name for name in feature_names(ahead)]
    numbers = [*LEDGER_NUMBERS, *SUMMARY, *own, *feature_names(recipe), *further]
    return (*IDENTITY, *DAYS, *READINGS, *numbers)
