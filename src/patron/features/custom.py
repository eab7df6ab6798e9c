"""A user's own features: a function (history, as_of) -> frame, run with the same rules as the built-in ones.

In:  functions, and a `History`, which holds nothing at or after its day.
Out: one float64 column ``custom_<name>_<column>`` per column returned; errors name the function and its line.
Not here: whether a function peeks (`custom_check`), what its digest covers (`_own_code`).
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Protocol

import numpy as np
import pandas as pd

from patron.errors import PatronError
from patron.features._custom_output import listed, numbers_of
from patron.features._own_code import FROM_SOURCE, digest_of, not_plain
from patron.snapshots import History, day_of


class FeatureFunction(Protocol):
    """A feature of the user's own: the history before a day and the day -> one row per customer."""

    def __call__(self, history: pd.DataFrame, as_of: date, /) -> pd.DataFrame:
        """Return ``customer_id`` and one or more columns of numbers."""


_COUNTS = ("orders", "lines")
_MONEY = ("spend", "refund", "cost")


@dataclass(frozen=True)
class CustomFeature:
    """A feature of the user's own, as a model stores it: by name, columns and digest, never as code.

    Parameters
    ----------
    name : str
        Of the function.
    columns : sequence of str
        What it returns beside ``customer_id``, in its order.
    digest : str
        SHA-256 of its source and of what the source relies on.
    digest_made_from : str
        ``source``, or ``bytecode of Python 3.x`` where the source could not be read.
    function : callable, optional
        What is run; missing after loading until it is handed over.
    """

    name: str
    columns: Sequence[str]
    digest: str
    digest_made_from: str = FROM_SOURCE
    function: FeatureFunction | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of(cls, name: str, function: FeatureFunction, columns: Sequence[str]) -> CustomFeature:
        """Describe a function that returns these columns."""
        digest, made_from = digest_of(function)
        return cls(name, tuple(columns), digest, made_from, function)

    @property
    def feature_names(self) -> list[str]:
        """Names of its columns in the feature matrix."""
        return [f"custom_{self.name}_{column}" for column in self.columns]

    def to_dict(self) -> dict[str, Any]:
        """Return name, columns and digest as JSON-able data."""
        return {
            "name": self.name,
            "columns": list(self.columns),
            "digest": self.digest,
            "digest_made_from": self.digest_made_from,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> CustomFeature:
        """Read what `to_dict` wrote; the function is not in it."""
        return cls(**data)


def with_functions(
    features: Sequence[CustomFeature], functions: Mapping[str, FeatureFunction]
) -> tuple[CustomFeature, ...]:
    """Give stored features their functions back, if these are the ones they were trained with.

    Parameters
    ----------
    features : sequence of CustomFeature
        As a model stores them.
    functions : mapping
        Name -> function; others than those wanted are left alone, so that one dictionary serves many models.

    Returns
    -------
    tuple of CustomFeature

    Raises
    ------
    PatronError
        With every feature that is missing or another one than in training.
    """
    problems = [problem for one in features if (problem := _mismatch(one, functions)) is not None]
    if problems:
        raise PatronError(problems)
    return tuple(replace(one, function=functions[one.name]) for one in features)


def custom_columns(
    history: History, features: Sequence[CustomFeature], minor_digits: int
) -> list[pd.DataFrame]:
    """Run features on a history.

    Parameters
    ----------
    history : History
        What was known before ``as_of``.
    features : sequence of CustomFeature
        With their functions.
    minor_digits : int
        Decimals of the currency.

    Returns
    -------
    list of pandas.DataFrame
        One per feature: ``customer_id`` and its `feature_names`, float64.

    Raises
    ------
    PatronError
        If a function is missing, fails, or returns something else than in training.
    """
    frame, as_of = order_history(history, minor_digits), day_of(history.as_of_day)
    if frame.empty:
        return []
    made = []
    for feature in features:
        if feature.function is None:
            raise PatronError(_missing(feature))
        columns = run_feature(feature.name, feature.function, frame.copy(), as_of)
        if list(columns)[1:] != list(feature.columns):
            raise PatronError(
                f"your feature '{feature.name}' returned {listed(list(columns)[1:])} on {as_of}, and "
                f"{listed(feature.columns)} when it was trained. Return the same columns for every day."
            )
        made.append(columns.set_axis(["customer_id", *feature.feature_names], axis=1))
    return made


def order_history(history: History, minor_digits: int) -> pd.DataFrame:
    """Return the table that a user's function is given.

    Parameters
    ----------
    history : History
        What was known before ``as_of``.
    minor_digits : int
        Decimals of the currency.

    Returns
    -------
    pandas.DataFrame
        One row per customer and day with an order or a refund, sorted by both: ``customer_id`` (text),
        ``day`` (datetime64), ``orders`` and ``lines`` (counts), ``spend`` and ``refund`` (currency units,
        both >= 0), ``cost`` where the ledger has costs.
    """
    days = history.days.collect().to_pandas()
    days = days.assign(customer_id=days["customer_id"].astype(str))
    days = days.sort_values(["customer_id", "day"], ignore_index=True)
    since_1970 = days["day"].to_numpy(dtype=np.int64).astype("datetime64[D]")
    columns: dict[str, Any] = {"customer_id": days["customer_id"], "day": since_1970.astype("datetime64[us]")}
    for name in _COUNTS:
        columns[name] = days[name].to_numpy(dtype=np.int64)
    for name in _MONEY:
        if name in days:
            columns[name] = days[name].to_numpy(dtype=np.float64, na_value=np.nan) / 10**minor_digits
    return pd.DataFrame(columns)


def run_feature(name: str, function: FeatureFunction, frame: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Call a user's function and look at what it returns.

    Parameters
    ----------
    name : str
        For messages.
    function : callable
        Of the user.
    frame : pandas.DataFrame
        Of `order_history`; handed over as it is.
    as_of : date
        The day.

    Returns
    -------
    pandas.DataFrame
        ``customer_id`` (sorted) and the function's columns in their order, float64.

    Raises
    ------
    PatronError
        With all that is wrong with the result, or with the line at which the function failed.
    """
    known = set(frame["customer_id"])
    try:
        made = function(frame, as_of)
    except Exception as error:
        raise PatronError(_failure(name, function, error, as_of)) from None
    numbers, problems = numbers_of(made, known)
    if problems:
        raise PatronError([f"your feature '{name}' on {as_of}: {problem}" for problem in problems])
    return numbers


def check_name(name: str) -> None:
    """Refuse a name that cannot be part of a column's name.

    Parameters
    ----------
    name : str
        Of a function.

    Raises
    ------
    PatronError
        For a lambda, and for anything that is no identifier.
    """
    if not name.isidentifier():
        raise PatronError(
            f"'{name}' cannot name a feature. Define the function with def, under a name of letters, "
            "digits and '_'."
        )


def _mismatch(stored: CustomFeature, functions: Mapping[str, FeatureFunction]) -> str | None:
    """Say why a function is not the one a model was trained with."""
    if stored.name not in functions:
        return _missing(stored)
    problem = not_plain(functions[stored.name])
    if problem is not None:
        return f"your feature '{stored.name}' cannot be compared with that of training: {problem}."
    digest, made_from = digest_of(functions[stored.name])
    if digest == stored.digest:
        return None
    if made_from != stored.digest_made_from:
        return (
            f"your feature '{stored.name}' cannot be compared with that of training: its digest was made "
            f"from {stored.digest_made_from} then and is made from {made_from} now. Define the function in a "
            "file, and train again if it was not in one."
        )
    return (
        f"your feature '{stored.name}' is not the one the model was trained with: its digest is "
        f"{digest[:12]}, the model has {stored.digest[:12]}. The digest covers the function, its own helpers "
        "and the values they read. Hand over the function as it was, or train again."
    )


def _missing(stored: CustomFeature) -> str:
    return (
        f"the model was trained with your feature '{stored.name}' (columns {listed(stored.columns)}); code "
        "does not travel in a model. Hand the function over, "
        f"load_model(folder, features={{'{stored.name}': {stored.name}}}), "
        "or name it under features.custom of the config."
    )


def _failure(name: str, function: FeatureFunction, error: Exception, as_of: date) -> str:
    """Say where in the user's code it failed, without a traceback."""
    file = getattr(getattr(function, "__code__", None), "co_filename", None)
    lines = [step for step in traceback.extract_tb(error.__traceback__) if step.filename == file]
    where = f" at line {lines[-1].lineno} ({(lines[-1].line or '').strip()})" if lines else ""
    words = " ".join(f"{type(error).__name__}: {error}".split())
    return f"your feature '{name}' on {as_of} failed{where}: {words[:300]}"
