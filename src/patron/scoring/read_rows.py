"""A frame of ledger rows, checked and taken apart into arrays.

In:  a frame of `ledger_rows`, perhaps kept for a while or sent as JSON.
Out: arrays, or one error that lists every problem.
Not here: what the columns mean (`ledger_rows`), scoring (`score`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd

from patron.clv import PurchaseRows, purchase_rows
from patron.columns import STAGES, TIERS
from patron.errors import ModelError
from patron.scoring._numbers import factorized
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
from patron.snapshots import to_day

_TEXTS = (*IDENTITY, *DAYS, *READINGS, SEGMENT)
#: May be missing for a customer with orders.
_MAY_BE_MISSING = frozenset({"gap_median_days", "own_margin_ratio"})
_NOT_NEGATIVE = (
    *SUMMARY[:4], "gaps", "gap_median_days", "orders_year", "spend_ever", "refund_ever",
    "purchase_days_ever", LIMIT,
)  # fmt: skip
_MOST = 1e17
_NEXT = "Build the rows with model.features(orders, as_of) of this model, and pass them on as they are."


class Rows(NamedTuple):
    """The rows of customers with an order, as arrays of shape (n,).

    Parameters
    ----------
    customer_id : numpy.ndarray of object, shape (everybody,)
        All customers, those without an order included.
    place : numpy.ndarray of int
        Where each row stands among all customers.
    as_of_day : int
        Days since 1970-01-01.
    data_through : numpy.ndarray of object, shape (everybody,)
        ISO days.
    first_day, last_day : numpy.ndarray
        Days since 1970-01-01.
    readings : dict
        ``tier``, ``value_tier``, ``lifecycle_stage``.
    numbers : dict
        `LEDGER_NUMBERS` and, where the model asks for it, ``limit_days``.
    purchases : PurchaseRows
        The purchase summary.
    features : dict
        Feature -> values, of the churn recipe.
    ahead : dict
        Feature -> values, as far ahead as the value forecast looks.
    """

    customer_id: np.ndarray
    place: np.ndarray
    as_of_day: int
    data_through: np.ndarray
    first_day: np.ndarray
    last_day: np.ndarray
    readings: dict[str, np.ndarray]
    numbers: dict[str, np.ndarray]
    purchases: PurchaseRows
    features: dict[str, np.ndarray]
    ahead: dict[str, np.ndarray]


def rows_of(frame: pd.DataFrame, parts: ScoringParts, columns: dict[str, np.ndarray] | None = None) -> Rows:
    """Take rows apart that are known to be good.

    Parameters
    ----------
    frame : pandas.DataFrame, shape (everybody, ...)
        Of `ledger_rows`, at least one row.
    parts : ScoringParts
        The model that built them.
    columns : dict, optional
        The columns as arrays, where they have been read.

    Returns
    -------
    Rows
    """
    whole = columns or {name: frame[name].to_numpy() for name in parts.row_columns}
    day = to_day(whole["as_of"][0])
    last = _day_numbers(whole["last_order_on"])
    place = np.flatnonzero(~np.isnan(last))
    is_whole = len(place) == len(last)

    def taken(name: str) -> np.ndarray:
        return whole[name] if is_whole else whole[name][place]

    own = [*LEDGER_NUMBERS, *([LIMIT] if LIMIT in whole else [])]
    features = [name for name in whole if name in set(parts.feature_names)]
    return Rows(
        customer_id=whole["customer_id"],
        place=place,
        as_of_day=day,
        data_through=whole["data_through"],
        first_day=_day_numbers(taken("first_order_on")),
        last_day=last[place],
        readings={name: taken(name) for name in READINGS},
        numbers={name: taken(name) for name in own},
        purchases=purchase_rows(
            {name: taken(name) for name in SUMMARY},
            taken("customer_id"),
            taken(SEGMENT) if SEGMENT in whole else None,
        ),
        features={name: taken(name) for name in features},
        ahead={name: taken(AHEAD + name) for name in parts.ahead_names},
    )


def checked_rows(frame: pd.DataFrame, parts: ScoringParts) -> Rows:
    """Check a frame that came from elsewhere and take it apart.

    Parameters
    ----------
    frame : pandas.DataFrame
        Of `ledger_rows`: columns in any order, whole numbers for floats and None for missing numbers allowed.
    parts : ScoringParts
        The model that is to score it.

    Returns
    -------
    Rows

    Raises
    ------
    ModelError
        With every problem: how many rows, and where the first of them stands.
    """
    wanted = parts.row_columns
    missing = [name for name in wanted if name not in frame.columns]
    if missing:
        shown = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
        raise ModelError(f"The rows lack {len(missing)} columns of this model: {shown}.", _NEXT)
    twice = sorted({str(name) for name in frame.columns[frame.columns.duplicated()]} & set(wanted))
    if twice:
        raise ModelError(f"The rows have two columns {', '.join(twice)}.", _NEXT)
    problems: list[str] = []
    columns = _read_all(frame, wanted, problems)
    if not problems:
        problems = _identity_problems(columns, parts)
    if not problems:
        problems = _value_problems(columns, parts)
    if problems:
        raise ModelError(problems, _NEXT)
    return rows_of(frame, parts, columns)


def _read_all(frame: pd.DataFrame, wanted: Sequence[str], problems: list[str]) -> dict[str, np.ndarray]:
    """Take all columns of plain floats at once, the others one by one."""
    names, types = list(frame.columns), list(frame.dtypes)
    kinds, places = dict(zip(names, types, strict=True)), {name: at for at, name in enumerate(names)}
    floats = [name for name in wanted if kinds[name] == np.float64 and name not in _TEXTS]
    taken = dict(zip(floats, np.ascontiguousarray(_block(frame, places, floats).T), strict=True))
    texts = [name for name in wanted if name in _TEXTS and kinds[name].kind == "O"]
    said = dict(zip(texts, _block(frame, places, texts).astype(object).T, strict=True))
    found: dict[str, np.ndarray] = {}
    for name in wanted:
        if name in taken:
            found[name] = taken[name]
        elif name in _TEXTS:
            values = said[name] if name in said else frame[name].to_numpy(dtype=object)
            found[name] = _texts(values, name, problems)
        else:
            found[name] = _numbers(frame[name], name, problems)
    return found


def _block(frame: pd.DataFrame, places: Mapping[str, int], names: Sequence[str]) -> np.ndarray:
    """Take columns of one kind by their places."""
    return frame.take([places[name] for name in names], axis=1).to_numpy()


def _texts(values: np.ndarray, name: str, problems: list[str]) -> np.ndarray:
    """Return texts, None where missing; an attribute that tells segments apart may hold anything."""
    absent = np.asarray(pd.isna(values))
    if absent.any():
        values = values.copy()
        values[absent] = None
    if name != SEGMENT:
        bad = np.fromiter((not (v is None or isinstance(v, str)) for v in values), bool, len(values))
        _note(problems, bad, f"{name} is not a text")
    return values


def _numbers(column: pd.Series, name: str, problems: list[str]) -> np.ndarray:
    """Return floats of whole numbers, or of objects with None for what is missing."""
    try:
        known = column.dropna()
        if len(known) == 0:
            return np.full(len(column), np.nan)
        if pd.api.types.is_bool_dtype(known) or pd.api.types.is_string_dtype(known):
            raise ValueError
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        problems.append(f"{name} does not hold numbers.")
        return np.full(len(column), np.nan)


def _identity_problems(columns: dict[str, np.ndarray], parts: ScoringParts) -> list[str]:
    problems: list[str] = []
    ids, digests = columns["customer_id"], columns["features_digest"]
    none = np.array([value is None or value == "" for value in ids])
    _note(problems, none, "customer_id is missing")
    _note(problems, pd.Index(ids).duplicated() & ~none, "customer_id stands in an earlier row as well")
    _note(problems, digests != parts.features_digest, "the features were built by or for another model")
    for name in ("as_of", "data_through", *DAYS):
        codes, known = factorized(columns[name])
        bad = np.array([not _is_day(value) for value in known] + [name not in DAYS])
        _note(problems, bad[codes], f"{name} is not a day such as 2024-06-01")
    _note(problems, columns["as_of"] != columns["as_of"][0], "as_of is another day than in the first row")
    return problems


def _value_problems(columns: dict[str, np.ndarray], parts: ScoringParts) -> list[str]:
    """Look for values that no ledger can give."""
    problems: list[str] = []
    day, through = to_day(columns["as_of"][0]), _day_numbers(columns["data_through"])
    first, last = (_day_numbers(columns[name]) for name in DAYS)
    bought = ~np.isnan(last)
    for name, values in columns.items():
        if values.dtype == np.float64:
            _note(problems, np.abs(values) > _MOST, f"{name} is infinite or beyond any amount")
            if name in (*LEDGER_NUMBERS, *SUMMARY, LIMIT) and name not in _MAY_BE_MISSING:
                _note(problems, bought & np.isnan(values), f"{name} is missing for a customer with orders")
        if name in _NOT_NEGATIVE:
            _note(problems, values < 0, f"{name} is negative")
    _note(problems, last >= day, "last_order_on is not before as_of")
    _note(problems, through >= day, "data_through is not before as_of")
    _note(
        problems,
        (first > last) | (np.isnan(first) & bought),
        "first_order_on is not a day up to last_order_on",
    )
    for name, known in zip(READINGS, (TIERS, TIERS, STAGES), strict=True):
        wrong = bought & ~np.isin(columns[name].astype(str), known)
        _note(problems, wrong, f"{name} is none of {', '.join(known)}")
    _note(problems, _other_day(columns, day, first, last), "as_of is another day than that of the features")
    count = columns["repeat_orders"]
    _note(problems, count != np.floor(np.nan_to_num(count, nan=0.0)), "repeat_orders is not whole", bought)
    too_long = columns["weeks_first_to_last_order"] > columns["weeks_observed"] + 1e-9
    _note(problems, too_long, "weeks_first_to_last_order is longer than weeks_observed")
    return problems + _code_problems(columns, parts)


def _code_problems(columns: dict[str, np.ndarray], parts: ScoringParts) -> list[str]:
    """Look for codes of customer attributes that the model's vocabulary does not have."""
    problems: list[str] = []
    for attribute, words in parts.recipe.attributes.items():
        name = f"attribute_{attribute}"
        if words is not None and name in columns:
            codes = columns[name]
            known = np.isnan(codes) | ((codes >= 0) & (codes < len(words)) & (codes == np.floor(codes)))
            _note(problems, ~known, f"{name} is none of the model's {len(words)} codes")
    return problems


def _other_day(columns: dict[str, np.ndarray], day: int, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Say which rows hold numbers that belong to another day."""
    wrong = np.abs(columns["weeks_observed"] - (day - 1 - first) / 7) > 1e-6
    for name, since in (("days_since_last_order", last), ("days_since_first_order", first)):
        if name in columns:
            wrong |= np.abs(columns[name] - (day - since)) > 1e-6
    return wrong


def _note(problems: list[str], bad: np.ndarray, what: str, among: np.ndarray | None = None) -> None:
    """Add a problem: how many rows, and the position of the first."""
    wrong = np.asarray(bad, dtype=bool) if among is None else np.asarray(bad, dtype=bool) & among
    rows = int(np.count_nonzero(wrong))
    if rows:
        where = int(np.flatnonzero(wrong)[0])
        problems.append(f"{what} in {rows:,} row{'s' if rows > 1 else ''}, the first at position {where}.")


def _is_day(value: object) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _day_numbers(texts: np.ndarray) -> np.ndarray:
    """ISO days -> days since 1970-01-01, missing where there is none; each day is read once."""
    codes, known = factorized(texts)
    days = np.array([to_day(text) for text in known] + [np.nan], dtype=np.float64)
    return np.asarray(days[codes])
