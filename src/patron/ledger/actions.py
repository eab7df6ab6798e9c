"""What was done for customers: calls, visits, offers, and what came of them.

In: a path or a frame. Out: one row per action. Not here: what a worklist remembers of it (`patron.actions`).
Actions are no customer table, so no feature can see them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from patron.columns import FORMULA
from patron.errors import LedgerError
from patron.ledger._eager_text import TEXT, plain_texts
from patron.ledger._options import CsvOptions, csv_options
from patron.ledger._small_dates import read_days
from patron.ledger._small_table import read_small_table, refuse_missing
from patron.ledger.outcomes import OUTCOMES, outcome_code, reason_in

#: Columns of an action log, as they are written; the first two are needed.
ACTION_COLUMNS = ("customer_id", "happened_at", "owner", "action", "outcome", "reason", "snoozed_until")
_NEEDED = ACTION_COLUMNS[:2]
_ORDER = ["customer_id", "day", "owner", "action", "outcome", "reason", "snoozed_until_day"]
#: Outcome -> how much it says: of two actions of a customer on one day the stronger one counts.
STRENGTH = {"none": 0, "reached": 1, "ordered": 2, "dismissed": 3, "lost": 4}


def load_actions(source: object, *, csv: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Read the action log.

    Parameters
    ----------
    source : path or frame
        ``customer_id``, ``happened_at`` and, if there are any, ``owner``, ``action`` (what was done),
        ``outcome`` (a word of `OUTCOMES`, English or Chinese, in any case; empty: ``none``), ``reason``
        (why a customer was dismissed or lost), ``snoozed_until`` (not to be called before this day). A log
        without a column ``outcome`` lists contacts that were made: every row counts as ``reached``.
    csv : mapping of str to str, optional
        As in `load_ledger`.

    Returns
    -------
    pandas.DataFrame
        ``customer_id``, ``day`` (days since 1970-01-01), ``owner``, ``action`` (text), ``outcome``
        (``reached``, ``ordered``, ``dismissed``, ``lost``, ``none``), ``reason`` (text; where it is empty and
        the outcome was written as "site closed" or the like, those words), ``snoozed_until_day`` (float, NaN
        without), sorted. ``attrs["set_aside"]`` counts rows left out by reason and unreadable
        ``snoozed_until`` left empty; ``attrs["instances"]`` has the first of each in words. A customer that
        the ledger does not know is kept.

    Raises
    ------
    LedgerError
        The file or a needed column is missing, or it cannot be read.

    Examples
    --------
    >>> log = pd.DataFrame({"customer_id": ["07"], "happened_at": ["1970-01-03"], "outcome": ["已关店"]})
    >>> load_actions(log)[["customer_id", "day", "outcome", "reason"]].values.tolist()
    [['07', 2, 'dismissed', '已关店']]
    """
    options = csv_options(csv)
    if isinstance(source, str | Path) and not Path(source).exists():
        raise LedgerError(
            f"The action log '{source}' does not exist; correct ledger.actions in the config, or leave the "
            "line out until `patron actions` has written the first log."
        )
    raw, where = read_small_table(source, options)
    refuse_missing(raw, where, _NEEDED)
    frame = parsed_actions(raw, options)
    return _kept(frame, raw)


def parsed_actions(raw: pd.DataFrame, options: CsvOptions | None = None) -> pd.DataFrame:
    """Return every row of a raw log in canonical form, with ``problem`` (empty where the row is good).

    Parameters
    ----------
    raw : pandas.DataFrame
        Columns of `ACTION_COLUMNS`, of any type; the first two are needed.
    options : CsvOptions, optional
        How text is to be read.

    Returns
    -------
    pandas.DataFrame
        As `load_actions`, in the order of the rows, with ``problem`` and ``bad_snooze`` (bool).
    """
    options = options or CsvOptions()
    texts = {name: _texts(raw, name) for name in ("customer_id", "owner", "action", "outcome", "reason")}
    day, day_state = read_days(raw["happened_at"], options, "happened_at")
    snooze, snooze_state = np.zeros(len(raw)), np.ones(len(raw), dtype=int)
    if "snoozed_until" in raw:
        snooze, snooze_state = read_days(raw["snoozed_until"], options, "snoozed_until")
    written = [None if pd.isna(text) else str(text) for text in texts["outcome"]]
    codes = ["reached"] * len(raw) if "outcome" not in raw else [outcome_code(text) for text in written]
    said = pd.Series([reason_in(text) for text in written], dtype=TEXT)
    tests = {
        "no_customer": texts["customer_id"].isna().to_numpy(),
        "no_date": day_state == 1,
        "unreadable_date": day_state == 2,
        "unknown_outcome": np.array([code is None for code in codes], dtype=bool),
    }
    return pd.DataFrame(
        {
            "customer_id": texts["customer_id"],
            "day": day,
            "owner": texts["owner"],
            "action": texts["action"],
            "outcome": pd.Series(codes, dtype=TEXT),
            "reason": texts["reason"].fillna(said),
            "snoozed_until_day": np.where(snooze_state == 0, snooze, np.nan),
            "problem": np.select(list(tests.values()), list(tests), default=""),
            "bad_snooze": snooze_state == 2,
        }
    )


def _texts(raw: pd.DataFrame, name: str) -> pd.Series[Any]:
    """Return trimmed texts, without the apostrophe that keeps a spreadsheet from running one."""
    if name not in raw:
        return pd.Series([None] * len(raw), dtype=TEXT)
    texts = plain_texts(raw[name])
    return pd.Series([without_apostrophe(text) for text in texts], dtype=TEXT)


def without_apostrophe(text: Any) -> Any:
    """Undo `with_apostrophe`; anything else is returned as it is.

    Examples
    --------
    >>> without_apostrophe("'=A1"), without_apostrophe("'s-Hertogenbosch")
    ('=A1', "'s-Hertogenbosch")
    """
    is_neutralised = isinstance(text, str) and text[:1] == "'" and with_apostrophe(text[1:]) == text
    return text[1:] if is_neutralised else text


def with_apostrophe(text: str) -> str:
    """Put a text that a spreadsheet would run behind an apostrophe; one that has one already behind another.

    Examples
    --------
    >>> with_apostrophe("=A1"), with_apostrophe("'=A1"), with_apostrophe("'s-Hertogenbosch")
    ("'=A1", "''=A1", "'s-Hertogenbosch")
    """
    return f"'{text}" if text.lstrip("'").startswith(FORMULA) else text


def _kept(frame: pd.DataFrame, raw: pd.DataFrame) -> pd.DataFrame:
    good = (frame["problem"] == "").to_numpy()
    kept = frame.loc[good, _ORDER].sort_values(_ORDER, ignore_index=True)
    repeated = kept.duplicated().to_numpy()
    kept = kept[~repeated].reset_index(drop=True)
    counts = {str(p): int(n) for p, n in frame.loc[~good, "problem"].value_counts().sort_index().items()}
    bad_snooze = frame["bad_snooze"].to_numpy() & good
    counts |= {"repeated": int(repeated.sum())} if repeated.any() else {}
    counts |= {"unreadable_snoozed_until": int(bad_snooze.sum())} if bad_snooze.any() else {}
    problems = frame["problem"].tolist()
    first = {problem: problems.index(problem) for problem in counts if problem in problems}
    if bad_snooze.any():
        first["unreadable_snoozed_until"] = int(bad_snooze.argmax())
    kept.attrs["set_aside"] = counts
    kept.attrs["instances"] = {
        problem: f"row {first[problem] + 1}: {problem_in_words(problem, raw.iloc[first[problem]])}"
        for problem in first
    }
    return kept


def problem_in_words(problem: str, row: pd.Series[Any]) -> str:
    """Say what is wrong with a row of a log, and what to write instead.

    Parameters
    ----------
    problem : str
        As in ``attrs["set_aside"]`` of `load_actions`.
    row : pandas.Series
        The raw row.

    Returns
    -------
    str
    """
    words = {
        "no_customer": "no customer_id",
        "no_date": "no date",
        "unreadable_date": f"the date {row.get('happened_at')!r} cannot be read; write it like 2011-09-10",
        "unknown_outcome": (
            f"the outcome {row.get('outcome')!r} is not known; write one of "
            f"{', '.join(OUTCOMES)}, or {'、'.join(_chinese())}"
        ),
        "unreadable_snoozed_until": (
            f"the day {row.get('snoozed_until')!r} to wait for cannot be read; write it like 2011-09-10"
        ),
    }
    return words[problem]


def _chinese() -> list[str]:
    """Return the first Chinese word of each outcome."""
    return [next(word for word in words if not word.isascii()) for words in OUTCOMES.values()]
