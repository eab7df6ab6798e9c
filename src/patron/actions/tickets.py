"""What customers write about, and how long they wait: recurring topics, response time by tier.

In:  customer tables with events, a day.
Out: one row per topic, one row per tier.
Not here: which account to call because of it (`surveys`, the worklist).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from patron.columns import TIERS
from patron.errors import NotEnoughData
from patron.metrics import ended_share
from patron.snapshots import CustomerTables, history_before

YEAR_DAYS = 365
TICKETS = ("ticket", "complaint")


def ticket_topics(
    tables: CustomerTables, as_of_day: int, *, kinds: Sequence[str] = TICKETS, within_days: int = YEAR_DAYS
) -> pd.DataFrame:
    """Count tickets and complaints by topic, lately and before.

    Parameters
    ----------
    tables : CustomerTables
        With events.
    as_of_day : int
        Days since 1970-01-01; nothing of this day or later is looked at.
    kinds : sequence of str
        Which events count.
    within_days : int
        Length of either window, by the day it happened.

    Returns
    -------
    pandas.DataFrame
        ``topic``, ``tickets``, ``customers``, ``share`` (of all tickets of the window, those without a topic
        included), ``tickets_year_before`` and ``share_year_before`` (in the window before; missing where the
        log does not reach back that far); most tickets first, topics of the window before included.

    Raises
    ------
    NotEnoughData
        If there are no events.
    """
    tickets = _tickets(tables, as_of_day, kinds)
    start = as_of_day - within_days
    topic = tickets["topic"].astype(object).map(lambda text: text.strip() if isinstance(text, str) else None)
    tickets = tickets.assign(topic=topic.where(topic != "", None))
    now = tickets[tickets["happened_day"] >= start]
    before = tickets[(tickets["happened_day"] < start) & (tickets["happened_day"] >= start - within_days)]
    reaches_back = bool((tickets["happened_day"] <= start - within_days).any())
    table = pd.DataFrame({"tickets": _count(now), "customers": now.groupby("topic")["customer_id"].nunique()})
    table = table.join(_count(before).rename("tickets_year_before"), how="outer").fillna(0.0)
    found = table.rename_axis("topic").reset_index()
    found["share"] = found["tickets"] / max(len(now), 1)
    found["tickets_year_before"] = found["tickets_year_before"] if reaches_back else np.nan
    found["share_year_before"] = found["tickets_year_before"] / max(len(before), 1)
    found = found.astype({"tickets": np.int64, "customers": np.int64, "tickets_year_before": np.float64})
    columns = ["topic", "tickets", "customers", "share", "tickets_year_before", "share_year_before"]
    return found[columns].sort_values(["tickets", "topic"], ascending=[False, True], ignore_index=True)


def response_times(
    tables: CustomerTables,
    as_of_day: int,
    tiers: pd.DataFrame,
    *,
    kinds: Sequence[str] = TICKETS,
    within_days: int = YEAR_DAYS,
) -> pd.DataFrame:
    """Say how long tickets and complaints stay open, by tier.

    Parameters
    ----------
    tables : CustomerTables
        With events.
    as_of_day : int
        Days since 1970-01-01; nothing of this day or later is looked at.
    tiers : pandas.DataFrame
        ``customer_id``, ``tier``: score rows, or what `assign_segments` gives.
    kinds : sequence of str
        Which events count.
    within_days : int
        Tickets that happened so recently count; open ones are counted however old they are.

    Returns
    -------
    pandas.DataFrame
        ``tier`` (None: everybody, last; customers without a tier are in it alone); of the window:
        ``tickets``, ``closed_tickets``, ``median_days_to_close`` (Kaplan-Meier: open ones count for as long
        as they have waited; missing where half are not closed yet); of all times: ``open_tickets``,
        ``oldest_open_days``.
        Without any closing in the log all but ``tickets`` is missing: it does not tell.

    Raises
    ------
    NotEnoughData
        If there are no events.
    """
    tickets = _tickets(tables, as_of_day, kinds)
    tier = tickets["customer_id"].map(tiers.drop_duplicates("customer_id").set_index("customer_id")["tier"])
    closed = tickets["closed_day"] if "closed_day" in tickets else pd.Series(np.nan, index=tickets.index)
    told = bool(closed.notna().any())
    waited = closed.fillna(float(as_of_day)) - tickets["happened_day"]
    # the old ones that were closed are gone, so the open ones among them would lengthen the median
    is_recent = tickets["happened_day"] >= as_of_day - within_days
    known = pd.DataFrame(
        {"tier": tier, "waited": waited, "is_closed": closed.notna(), "is_recent": is_recent}
    )
    rows = [_response(known[known["tier"] == name], told) for name in TIERS]
    rows.append(_response(known, told))
    # as objects: None stays None, whatever pandas makes of texts
    return pd.DataFrame(rows).assign(tier=pd.Series([*TIERS, None], dtype=object))[["tier", *rows[0]]]


def _response(tickets: pd.DataFrame, told: bool) -> dict[str, object]:
    is_closed, waited = tickets["is_closed"].to_numpy(bool), tickets["waited"].to_numpy(np.float64)
    recent, waiting = tickets["is_recent"].to_numpy(bool), waited[~is_closed]
    return {
        "tickets": int(recent.sum()),
        "closed_tickets": float((is_closed & recent).sum()) if told else np.nan,
        "open_tickets": float(len(waiting)) if told else np.nan,
        "median_days_to_close": ended_share(waited[recent], is_closed[recent]).day_of_share(0.5),
        "oldest_open_days": float(waiting.max()) if told and len(waiting) else np.nan,
    }


def _count(tickets: pd.DataFrame) -> pd.Series[float]:
    return tickets.groupby("topic").size().astype(np.float64)


def _tickets(tables: CustomerTables, as_of_day: int, kinds: Sequence[str]) -> pd.DataFrame:
    events = history_before(tables, as_of_day).events
    if events is None:
        raise NotEnoughData("There are no events, so no tickets.", "Map a file under ledger.events.")
    return events[events["kind"].isin(list(kinds))].reset_index(drop=True)
