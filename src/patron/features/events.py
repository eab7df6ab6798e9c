"""Events (survey scores, tickets, complaints, visits) from the day they were known.

Kinds are those seen in training: a new kind of event cannot change the shape of the matrix.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from patron.snapshots import History

_WINDOW_DAYS = 180


def known_event_kinds(events: pd.DataFrame | None, as_of_day: int) -> tuple[str, ...]:
    """Return the kinds of events known by a day, sorted."""
    if events is None:
        return ()
    return tuple(sorted(events.loc[events["known_day"] < as_of_day, "kind"].unique()))


def events_of(history: History, kinds: Sequence[str]) -> pd.DataFrame:
    """Count recent events by kind, with the latest value.

    Parameters
    ----------
    history : History
        With ``events`` known before ``as_of``.
    kinds : sequence of str
        Kinds of the model.

    Returns
    -------
    pandas.DataFrame
        ``customer_id`` and two columns per kind: ``event_<kind>_last_180_days`` (0 without) and
        ``event_<kind>_latest_value`` (missing without).
    """
    empty = pd.DataFrame({"customer_id": pd.Series([], dtype=str), "kind": [], "value": [], "known_day": []})
    events = empty if history.events is None else history.events
    frames = [_one_kind(events[events["kind"] == kind], kind, history.as_of_day) for kind in kinds]
    # of the events' own type, also where there are none yet
    joined = events[["customer_id"]].drop_duplicates()
    for frame in frames:
        joined = joined.merge(frame, on="customer_id", how="left")
    counts = [f"event_{kind}_last_{_WINDOW_DAYS}_days" for kind in kinds]
    return joined.fillna(dict.fromkeys(counts, 0.0))


def _one_kind(events: pd.DataFrame, kind: str, as_of_day: int) -> pd.DataFrame:
    # ties on one day are broken by the value, never by the order of the rows
    ordered = events.sort_values(["customer_id", "known_day", "value"])
    recent = ordered["known_day"] >= as_of_day - _WINDOW_DAYS
    grouped = ordered.assign(recent=recent.astype(float)).groupby("customer_id", as_index=False)
    frame = grouped.agg(recent=("recent", "sum"), value=("value", "last"))
    return pd.DataFrame(
        {
            "customer_id": frame["customer_id"],
            f"event_{kind}_last_{_WINDOW_DAYS}_days": frame["recent"],
            f"event_{kind}_latest_value": frame["value"].astype(np.float64),
        }
    )
