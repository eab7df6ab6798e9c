"""Events beside the orders: survey scores, tickets, complaints, visits.

In: a path or a frame. Out: one row per event.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from patron.errors import LedgerError
from patron.ledger._eager_numbers import OK, read_numbers
from patron.ledger._eager_text import TEXT, plain_texts
from patron.ledger._options import csv_options, did_you_mean
from patron.ledger._small_dates import read_days
from patron.ledger._small_table import read_small_table

_NEEDED = ("customer_id", "happened_at", "kind")


def load_events(source: object, *, csv: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Read events.

    Parameters
    ----------
    source : path or frame
        ``customer_id``, ``happened_at``, ``kind`` (nps, csat, ticket, ...), and if there are any ``value``,
        ``topic`` and
        ``known_at`` (where it is empty, the event is known when it happens).
    csv : mapping of str to str, optional
        As in `load_ledger`.

    Returns
    -------
    pandas.DataFrame
        ``customer_id``, ``kind`` (text, lower case), ``value`` (float, NaN where there is none), ``topic``
        (text), ``happened_day``,
        ``known_day`` (days since 1970-01-01), sorted. ``attrs["set_aside"]`` counts rows left out by reason
        and
        unreadable values left empty.

    Raises
    ------
    LedgerError
        A needed column is missing.

    Examples
    --------
    >>> events = pd.DataFrame({"customer_id": ["07"], "happened_at": ["1970-01-03"], "kind": ["NPS"]})
    >>> load_events(events)[["customer_id", "kind", "happened_day"]].values.tolist()
    [['07', 'nps', 2]]
    """
    options = csv_options(csv)
    raw, where = read_small_table(source, options)
    _refuse_missing(raw, where)
    happened, happened_state = read_days(raw["happened_at"], options, "happened_at")
    known, known_state = happened, np.zeros(len(raw), dtype=int)
    if "known_at" in raw:
        given, known_state = read_days(raw["known_at"], options, "known_at")
        known = np.where(known_state == 0, given, happened)
    value = np.full(len(raw), np.nan)
    bad_values = 0
    if "value" in raw:
        numbers = read_numbers(raw["value"], options)
        value = np.where(numbers.state == OK, numbers.value, np.nan)
        bad_values = int((numbers.state > 1).sum())
    frame = pd.DataFrame(
        {
            "customer_id": plain_texts(raw["customer_id"]),
            "kind": plain_texts(raw["kind"]).str.lower(),
            "value": value,
            "topic": plain_texts(raw["topic"])
            if "topic" in raw
            else pd.Series([None] * len(raw), dtype=TEXT),
            "happened_day": happened,
            "known_day": known,
        }
    )
    return _kept(frame, _reasons(frame, happened_state, known_state), bad_values)


def _refuse_missing(raw: pd.DataFrame, where: str) -> None:
    names = [str(name) for name in raw.columns]
    problems = [
        f"{where}: no {name} column{did_you_mean(name, names)}; it has {', '.join(map(repr, names))}"
        for name in _NEEDED
        if name not in names
    ]
    if problems:
        raise LedgerError(problems)


def _reasons(frame: pd.DataFrame, happened_state: np.ndarray, known_state: np.ndarray) -> pd.Series:
    """Name what is wrong with each row; an unreadable ``known_at`` must not make an event known too early."""
    tests = {
        "no_customer": frame["customer_id"].isna().to_numpy(),
        "no_kind": frame["kind"].isna().to_numpy(),
        "no_date": happened_state == 1,
        "unreadable_date": (happened_state == 2) | (known_state == 2),
    }
    return pd.Series(np.select(list(tests.values()), list(tests), default=""), index=frame.index)


def _kept(frame: pd.DataFrame, reasons: pd.Series, bad_values: int) -> pd.DataFrame:
    kept = frame[reasons == ""].sort_values(
        ["customer_id", "happened_day", "known_day", "kind", "topic", "value"], ignore_index=True
    )
    counts = {str(reason): int(n) for reason, n in reasons[reasons != ""].value_counts().sort_index().items()}
    kept.attrs["set_aside"] = counts | ({"unreadable_value": bad_values} if bad_values else {})
    return kept
