"""Everything a score row reads from the ledger, one flat row per customer.

In:  the parts of a trained model, the customer tables, a day.
Out: a frame of plain columns (texts, float64, ISO days) that can be kept, sent as JSON and scored later.
Not here: checking such a frame (`read_rows`), the scores themselves (`score`).

All queries of a score are made here; what follows is a function of a row and the model alone.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import narwhals as nw
import numpy as np
import pandas as pd

from patron.clv import LedgerView
from patron.features import FeatureRecipe, build_features, feature_names, value_recipe
from patron.scoring.parts import ScoringParts
from patron.segments import assign_segments
from patron.snapshots import CustomerTables, History, day_text, history_before, own_limits

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


def features_digest(parts: ScoringParts) -> str:
    """Return 12 hex digits of everything in the model that decides what a row holds.

    Parameters
    ----------
    parts : ScoringParts
        The trained model.

    Returns
    -------
    str
    """
    made_by = {
        "recipe": parts.recipe.to_dict(),
        "segments": parts.segments.to_dict(),
        "purchases": None if parts.purchases is None else parts.purchases.params_,
        "value_days": None if parts.forecast is None else parts.forecast.value_days,
        "by": parts.clv.by,
    }
    return hashlib.sha256(json.dumps(made_by, sort_keys=True).encode()).hexdigest()[:12]


def ahead_names(parts: ScoringParts) -> list[str]:
    """Return the features that a value forecast reads for its own horizon."""
    forecast = parts.forecast
    if forecast is None or forecast.challenger is None or _LOOKING_AHEAD not in parts.recipe.groups:
        return []
    return feature_names(_ahead(parts, forecast.value_days))


def row_columns(parts: ScoringParts) -> list[str]:
    """Return the columns of a row, in order.

    Parameters
    ----------
    parts : ScoringParts
        The trained model.

    Returns
    -------
    list of str
    """
    own = [LIMIT] if parts.recipe.rhythm is not None else []
    own += [SEGMENT] if parts.clv.by is not None else []
    ahead = [AHEAD + name for name in ahead_names(parts)]
    return [
        *IDENTITY,
        *DAYS,
        *READINGS,
        *LEDGER_NUMBERS,
        *SUMMARY,
        *own,
        *feature_names(parts.recipe),
        *ahead,
    ]


def ledger_rows(
    parts: ScoringParts, tables: CustomerTables, as_of_day: int, *, data_through_day: int
) -> pd.DataFrame:
    """Build the rows of every customer known before `as_of`.

    Parameters
    ----------
    parts : ScoringParts
        The trained model.
    tables : CustomerTables
        The customer-day tables.
    as_of_day : int
        Days since 1970-01-01; nothing of this day or later is looked at.
    data_through_day : int
        Last day before `as_of` in the whole ledger.

    Returns
    -------
    pandas.DataFrame
        `row_columns`, ordered by ``customer_id``; only the identity of customers without a purchase day.
    """
    history = history_before(tables, as_of_day)
    everybody = _everybody(history)
    segments = assign_segments(tables, as_of_day, parts.segments)
    buyers = segments["customer_id"].to_numpy(dtype=object)
    columns: dict[str, np.ndarray] = {
        "first_order_on": _iso_days(segments["first_day"].to_numpy(np.float64)),
        "last_order_on": _iso_days(segments["last_day"].to_numpy(np.float64)),
        **{name: segments[name].to_numpy(dtype=object) for name in READINGS},
        **_numbers(segments, history),
    }
    if len(buyers):
        columns |= _summary(parts, tables, as_of_day) | _features(parts, history, buyers)
    place = pd.Index(everybody).get_indexer(buyers)
    said = (*DAYS, *READINGS, SEGMENT)
    spread = {
        name: _spread(columns.get(name), place, len(everybody), is_text=name in said)
        for name in row_columns(parts)[len(IDENTITY) :]
    }
    texts = (day_text(as_of_day), day_text(data_through_day), parts.features_digest)
    same = {n: np.full(len(everybody), t, dtype=object) for n, t in zip(IDENTITY[1:], texts, strict=True)}
    return pd.DataFrame({"customer_id": everybody, **same, **spread})


def _everybody(history: History) -> np.ndarray:
    found = history.days.select(nw.col("customer_id")).unique().collect().to_pandas()["customer_id"]
    return np.sort(found.astype(str).to_numpy(dtype=object))


def _numbers(segments: pd.DataFrame, history: History) -> dict[str, np.ndarray]:
    named = {"gap_median_days": "gap_median", "purchase_days_ever": "purchase_days"}
    columns = {
        name: segments[named.get(name, name)].to_numpy(dtype=np.float64)
        for name in LEDGER_NUMBERS
        if name != "own_margin_ratio"
    }
    known = np.full(len(segments), np.nan)
    if history.attributes is not None and "margin" in history.attributes:
        own = history.attributes.set_index("customer_id")["margin"].astype(np.float64)
        known = own.reindex(segments["customer_id"]).to_numpy()
    return columns | {"own_margin_ratio": known}


def _summary(parts: ScoringParts, tables: CustomerTables, as_of_day: int) -> dict[str, np.ndarray]:
    by = parts.clv.by
    found = LedgerView(tables, as_of_day, parts.recipe.minor_digits).summary(by)
    columns = {name: found[name].to_numpy(dtype=np.float64) for name in SUMMARY}
    return columns if by is None else columns | {SEGMENT: found[by].to_numpy(dtype=object)}


def _features(parts: ScoringParts, history: History, buyers: np.ndarray) -> dict[str, np.ndarray]:
    """Build the features of both recipes; what does not look ahead is the same in both."""
    built = build_features(history, parts.recipe, purchases=parts.purchases)
    columns = {str(n): built[n].to_numpy(dtype=np.float64) for n in built.columns.drop("customer_id")}
    if parts.recipe.rhythm is not None:
        limits = own_limits(history, parts.recipe.rhythm).set_index("customer_id")["limit_days"]
        columns[LIMIT] = limits.reindex(buyers).to_numpy(dtype=np.float64)
    forecast, ahead = parts.forecast, ahead_names(parts)
    if forecast is not None and ahead:
        if forecast.value_days == parts.recipe.horizon_days:
            return columns | {AHEAD + name: columns[name] for name in ahead}
        further = build_features(history, _ahead(parts, forecast.value_days))
        columns |= {AHEAD + name: further[name].to_numpy(dtype=np.float64) for name in ahead}
    return columns


def _ahead(parts: ScoringParts, value_days: int) -> FeatureRecipe:
    return replace(value_recipe(parts.recipe, value_days), groups=(_LOOKING_AHEAD,), custom=())


def _spread(values: np.ndarray | None, place: np.ndarray, rows: int, *, is_text: bool) -> np.ndarray:
    """Put the buyers' values at their places among all customers."""
    if values is not None and len(values) == rows:
        return values
    found = np.full(rows, None, dtype=object) if is_text else np.full(rows, np.nan)
    if values is not None:
        found[place] = values
    return found


def _iso_days(days: np.ndarray) -> np.ndarray:
    known, place = np.unique(days, return_inverse=True)
    texts = np.array([day_text(int(day)) for day in known], dtype=object)
    return texts[place] if len(known) else np.empty(0, dtype=object)
