"""Customers that were given a new id.

In: a path or a frame. Out: rows of old id, new id, day. Not here: applying them (``snapshots``).
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from patron.errors import LedgerError
from patron.ledger._eager_text import plain_texts
from patron.ledger._options import csv_options, did_you_mean
from patron.ledger._small_dates import read_days
from patron.ledger._small_table import read_small_table

_NEEDED = ("old_id", "new_id", "effective_on")


def load_merges(source: object, *, csv: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Read which customer ids were replaced, and from when.

    Parameters
    ----------
    source : path or frame
        ``old_id``, ``new_id``, ``effective_on``.
    csv : mapping of str to str, optional
        As in `load_ledger`.

    Returns
    -------
    pandas.DataFrame
        ``old_id``, ``new_id`` (text), ``effective_day`` (days since 1970-01-01), sorted.

    Raises
    ------
    LedgerError
        A column or a value is missing, a date is unreadable, or a customer is to replace itself.

    Examples
    --------
    >>> raw = pd.DataFrame({"old_id": ["07"], "new_id": ["9"], "effective_on": ["1970-01-03"]})
    >>> load_merges(raw).values.tolist()
    [['07', '9', 2]]
    """
    options = csv_options(csv)
    raw, where = read_small_table(source, options)
    names = [str(name) for name in raw.columns]
    missing = [
        f"{where}: no {n} column{did_you_mean(n, names)}; it has {', '.join(map(repr, names))}"
        for n in _NEEDED
        if n not in names
    ]
    if missing:
        raise LedgerError(missing)
    day, state = read_days(raw["effective_on"], options, "effective_on")
    old, new = plain_texts(raw["old_id"]), plain_texts(raw["new_id"])
    bad = (old.isna() | new.isna() | (old == new).fillna(False)).to_numpy() | (state != 0)
    if bad.any():
        raise LedgerError(
            f"{where}: {int(bad.sum())} of {len(raw)} rows lack an id or a readable effective_on, or replace "
            "an id by itself "
            f"(first: row {int(bad.argmax()) + 1}). Correct or remove them."
        )
    frame = pd.DataFrame({"old_id": old, "new_id": new, "effective_day": day})
    return frame.sort_values(["old_id", "effective_day", "new_id"], ignore_index=True)
