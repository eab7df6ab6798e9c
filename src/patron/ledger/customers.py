"""Customer attributes.

In: a path or a frame. Out: one row per customer, or per customer and start of validity.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from patron.errors import LedgerError
from patron.ledger._eager_numbers import OK as READABLE
from patron.ledger._eager_numbers import read_numbers
from patron.ledger._eager_text import plain_series, plain_texts
from patron.ledger._options import CsvOptions, csv_options, did_you_mean
from patron.ledger._small_dates import read_days
from patron.ledger._small_table import read_small_table

TEXT_COLUMNS = ("name", "industry", "country", "owner", "parent_id")
NUMBER_COLUMNS = ("margin", "acquisition_cost", "annual_service_cost")


def load_customers(source: object, *, csv: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Read customer attributes.

    Parameters
    ----------
    source : path or frame
        ``customer_id`` and any of ``name``, ``industry``, ``size``, ``country``, ``owner``, ``parent_id``,
        ``margin`` (ratio),
        ``acquisition_cost``, ``annual_service_cost`` (currency), ``valid_from``; other columns are kept.
    csv : mapping of str to str, optional
        As in `load_ledger`.

    Returns
    -------
    pandas.DataFrame
        Sorted by ``customer_id`` (text) and ``valid_from_day`` (days since 1970-01-01, in place of
        ``valid_from``).
        ``attrs["set_aside"]`` counts rows without a customer or a readable ``valid_from``, and unreadable
        numbers left empty.

    Raises
    ------
    LedgerError
        No ``customer_id`` column, or a customer twice (for one ``valid_from``).

    Examples
    --------
    >>> raw = pd.DataFrame({"customer_id": ["07", "1"], "valid_from": ["2024-01-02", "1970-01-02"]})
    >>> load_customers(raw)["valid_from_day"].tolist()
    [19724, 1]
    """
    options = csv_options(csv)
    raw, where = read_small_table(source, options)
    if "customer_id" not in raw.columns:
        names = [str(name) for name in raw.columns]
        message = (
            f"{where}: no customer_id column{did_you_mean('customer_id', names)}; it has "
            f"{', '.join(map(repr, names))}"
        )
        raise LedgerError(message)
    frame = pd.DataFrame({str(name): _column(str(name), raw[name], options) for name in raw.columns})
    set_aside = _unreadable_numbers(raw, frame)
    keep = frame["customer_id"].notna()
    set_aside["no_customer"] = int((~keep).sum())
    if "valid_from" in frame:
        days, state = read_days(raw["valid_from"], options, "valid_from")
        frame["valid_from_day"] = days
        set_aside["no_valid_from"] = int((keep & (state != 0)).sum())
        keep &= state == 0
    frame = frame[keep].drop(columns="valid_from", errors="ignore")
    keys = ["customer_id", *(["valid_from_day"] if "valid_from_day" in frame else [])]
    _refuse_twice(frame, keys, where)
    frame = frame.sort_values(keys, ignore_index=True)
    frame.attrs["set_aside"] = {reason: n for reason, n in set_aside.items() if n}
    return frame


def _column(name: str, series: pd.Series, options: CsvOptions) -> pd.Series:
    plain = plain_series(series).reset_index(drop=True)
    if name == "customer_id" or name in TEXT_COLUMNS:
        return plain_texts(plain)
    if (
        name == "valid_from"
        or pd.api.types.is_numeric_dtype(plain)
        or pd.api.types.is_datetime64_any_dtype(plain)
    ):
        return plain if name not in NUMBER_COLUMNS else _numbers(plain, options)[0]
    numbers, readable = _numbers(plain, options)
    if name in NUMBER_COLUMNS or readable:
        return numbers
    return plain_texts(plain)


def _numbers(series: pd.Series, options: CsvOptions) -> tuple[pd.Series, bool]:
    """Return floats, and whether every value that is there is a plain number (no code with leading zeros)."""
    read = read_numbers(series, options)
    texts = plain_texts(series).dropna()
    code = texts.str.match("[+-]?0[0-9]").any()
    fits = bool((read.state <= 1).all() and (read.state == READABLE).any() and not code)
    return pd.Series(np.where(read.state == READABLE, read.value, np.nan)), fits


def _unreadable_numbers(raw: pd.DataFrame, frame: pd.DataFrame) -> dict[str, int]:
    found = {}
    for name in NUMBER_COLUMNS:
        if name in frame:
            there = plain_texts(raw[name]).notna()
            found[f"unreadable_{name}"] = int((there & frame[name].isna()).sum())
    return found


def _refuse_twice(frame: pd.DataFrame, keys: list[str], where: str) -> None:
    twice = frame[frame.duplicated(keys, keep=False)]
    if twice.empty:
        return
    example = min(twice["customer_id"])
    more = " for one valid_from" if len(keys) > 1 else ""
    message = (
        f"{where}: {twice['customer_id'].nunique():,} customers are there more than once{more}, "
        f"e.g. {example!r} "
        f"({int((twice['customer_id'] == example).sum())} rows); keep one row of each"
    )
    if len(keys) == 1:
        message += ", or add valid_from"
    raise LedgerError(message)
