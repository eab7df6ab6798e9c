"""Everything a score row reads from the ledger, one flat row per customer.

In:  the parts of a trained model, the customer tables, a day.
Out: a frame of plain columns (texts, float64, ISO days) that can be kept, sent as JSON and scored later.
Not here: checking such a frame (`read_rows`), the scores themselves (`score`).

All queries of a score are made here; what follows is a function of a row and the model alone.
"""

from __future__ import annotations

import narwhals as nw
import numpy as np
import pandas as pd

from patron.clv import LedgerView
from patron.features import build_features
from patron.scoring.parts import ScoringParts
from patron.scoring.row_columns import (
    AHEAD,
    DAYS,
    IDENTITY,
    LEDGER_NUMBERS,
    LIMIT,
    READINGS,
    SEGMENT,
    SUMMARY,
)
from patron.segments import assign_segments
from patron.snapshots import CustomerTables, History, day_text, history_before, own_limits


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
        `ScoringParts.row_columns`, ordered by ``customer_id``; of customers without a purchase day only the
        identity.
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
        for name in parts.row_columns[len(IDENTITY) :]
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
    if parts.ahead is not None:
        is_same = parts.ahead.horizon_days == parts.recipe.horizon_days
        further = built if is_same else build_features(history, parts.ahead)
        columns |= {AHEAD + n: further[n].to_numpy(dtype=np.float64) for n in parts.ahead_names}
    return columns


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
