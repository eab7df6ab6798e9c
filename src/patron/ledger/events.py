"""Events beside the orders: survey scores, tickets, complaints, late payments, visits.

In: a path or a frame. Out: one row per event.
Not here: which of them were known on a day (`snapshots.history_before`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from patron.ledger._eager_numbers import OK, read_numbers
from patron.ledger._eager_text import TEXT, plain_texts
from patron.ledger._options import CsvOptions, csv_options
from patron.ledger._small_dates import read_days
from patron.ledger._small_table import read_small_table, refuse_missing

_NEEDED = ("customer_id", "happened_at", "kind")
_ORDER = ("customer_id", "happened_day", "known_day", "kind", "topic", "value")


def load_events(source: object, *, csv: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Read events.

    Kinds that later steps know: ``nps`` and ``csat`` (value: the score), ``ticket`` and ``complaint`` (value:
    the satisfaction given at closing), ``late_payment`` (value: days late), ``visit``. Others are kept.

    Parameters
    ----------
    source : path or frame
        ``customer_id``, ``happened_at``, ``kind``, and if there are any ``value``, ``topic``, ``known_at``
        (where it is empty, the event is known when it happens), ``closed_at`` (of a ticket or complaint;
        empty while it is open) and ``respondent`` (who answered; the customer itself where it is empty).
    csv : mapping of str to str, optional
        As in `load_ledger`.

    Returns
    -------
    pandas.DataFrame
        ``customer_id``, ``kind`` (text, lower case), ``value`` (float, NaN where there is none), ``topic``,
        ``respondent`` (text), ``happened_day``, ``known_day`` (days since 1970-01-01), ``closed_day`` (the
        same as a float, NaN while open or not given), sorted. ``attrs["set_aside"]`` counts rows left out by
        reason, and what was left empty: values and closings that cannot be read, closings before the event
        (of the rows that are kept).

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
    refuse_missing(raw, where, _NEEDED)
    happened, happened_state = read_days(raw["happened_at"], options, "happened_at")
    known, known_state = happened, np.zeros(len(raw), dtype=int)
    if "known_at" in raw:
        given, known_state = read_days(raw["known_at"], options, "known_at")
        known = np.where(known_state == 0, given, happened)
    value, unreadable = _values(raw, options)
    closed, unclear = _closings(raw, options, happened)
    customer = plain_texts(raw["customer_id"])
    frame = pd.DataFrame(
        {
            "customer_id": customer,
            "kind": plain_texts(raw["kind"]).str.lower(),
            "value": value,
            "topic": _texts(raw, "topic"),
            "respondent": _texts(raw, "respondent").fillna(customer),
            "happened_day": happened,
            "known_day": known,
            "closed_day": closed,
        }
    )
    reasons = _reasons(frame, happened_state, known_state)
    # what is set aside as a whole is counted there, and its cells are not
    is_kept = (reasons == "").to_numpy()
    emptied = {name: int((is_kept & marked).sum()) for name, marked in (unreadable | unclear).items()}
    return _kept(frame, reasons, {name: n for name, n in emptied.items() if n})


def _texts(raw: pd.DataFrame, name: str) -> pd.Series[Any]:
    return plain_texts(raw[name]) if name in raw else pd.Series([None] * len(raw), dtype=TEXT)


def _values(raw: pd.DataFrame, options: CsvOptions) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    if "value" not in raw:
        return np.full(len(raw), np.nan), {}
    numbers = read_numbers(raw["value"], options)
    value = np.where(numbers.state == OK, numbers.value, np.nan)
    return value, {"unreadable_value": np.asarray(numbers.state > 1)}


def _closings(
    raw: pd.DataFrame, options: CsvOptions, happened: np.ndarray
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Read the closing days; one that cannot be is left empty, so the event counts as open."""
    if "closed_at" not in raw:
        return np.full(len(raw), np.nan), {}
    day, state = read_days(raw["closed_at"], options, "closed_at")
    early = (state == 0) & (day < happened)
    closed = np.where((state == 0) & ~early, day.astype(np.float64), np.nan)
    return closed, {"unreadable_closed_at": state == 2, "closed_before_it_happened": early}


def _reasons(frame: pd.DataFrame, happened_state: np.ndarray, known_state: np.ndarray) -> pd.Series:
    """Name what is wrong with each row; an unreadable ``known_at`` must not make an event known too early."""
    tests = {
        "no_customer": frame["customer_id"].isna().to_numpy(),
        "no_kind": frame["kind"].isna().to_numpy(),
        "no_date": happened_state == 1,
        "unreadable_date": (happened_state == 2) | (known_state == 2),
    }
    return pd.Series(np.select(list(tests.values()), list(tests), default=""), index=frame.index)


def _kept(frame: pd.DataFrame, reasons: pd.Series, emptied: Mapping[str, int]) -> pd.DataFrame:
    kept = frame[reasons == ""].sort_values([*_ORDER, "closed_day", "respondent"], ignore_index=True)
    counts = {str(reason): int(n) for reason, n in reasons[reasons != ""].value_counts().sort_index().items()}
    kept.attrs["set_aside"] = counts | dict(emptied)
    return kept
