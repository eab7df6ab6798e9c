"""A time-ordered splitter for scikit-learn's tools: learn from what was known, predict a later snapshot.

In: the snapshot of each row (``groups``). Out: row numbers to learn from and to be judged on.
Not here: the arithmetic of the gap (``folds``). Loaded by the facade only: it needs scikit-learn.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import BaseCrossValidator
from sklearn.utils import indexable

from patron.churn.folds import Fold, rolling_folds
from patron.errors import NotEnoughData, PatronError
from patron.snapshots import day_text, to_day

Days = NDArray[np.int64]

# A number beyond the calendar is a date written as a number (20110901): its differences are no days.
_FIRST_DAY, _LAST_DAY = to_day(date.min), to_day(date.max)


class RollingOrigin(BaseCrossValidator):  # type: ignore[misc]  # scikit-learn has no types
    """Test on one snapshot after another, and learn from those whose outcome was known by then.

    A random split lets a model see the season and the customers it is judged on. Here a row is learned from
    only where its outcome window ``[as_of, as_of + horizon_days)`` has ended by the test snapshot: a gap of
    one horizon. The outcome windows of the test snapshots do not overlap; the newest come last.

    Parameters
    ----------
    horizon_days : int
        Length of the outcome window, and so the gap.
    n_splits : int
        Number of test snapshots: the newest this many.
    min_train_days : int, optional
        The oldest snapshot lies at least this many days before the newest that could be learned from (the
        test snapshot minus the horizon).
    max_train_days : int, optional
        Learn from no snapshot that lies more than this many days before that one; from all when None.

    Raises
    ------
    PatronError
        If a setting is no number of days or splits, or `min_train_days` exceeds `max_train_days`.

    References
    ----------
    Tashman (2000), "Out-of-sample tests of forecasting accuracy", International Journal of Forecasting 16(4).

    Examples
    --------
    >>> import numpy as np
    >>> as_of = np.array(["2024-01-01", "2024-03-01", "2024-05-01", "2024-07-01"], dtype="datetime64[D]")
    >>> splitter = RollingOrigin(horizon_days=60, n_splits=2)
    >>> [(train.tolist(), test.tolist()) for train, test in splitter.split(as_of, groups=as_of)]
    [([0, 1], [2]), ([0, 1, 2], [3])]
    """

    # scikit-learn's metadata routing: ask for ``groups`` without being told to
    __metadata_request__split = {"groups": True}  # noqa: RUF012

    def __init__(
        self,
        horizon_days: int,
        n_splits: int = 4,
        min_train_days: int | None = None,
        max_train_days: int | None = None,
    ) -> None:
        self.horizon_days = horizon_days
        self.n_splits = n_splits
        self.min_train_days = min_train_days
        self.max_train_days = max_train_days
        problems = self._problems()
        if problems:
            raise PatronError(problems)

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
        """Yield row numbers, oldest test snapshot first.

        Parameters
        ----------
        X : array-like, shape (n, ...)
            Only its length matters.
        y : array-like, shape (n,), optional
            Ignored.
        groups : array-like, shape (n,)
            Snapshot (as_of) of each row: dates, datetimes, ``YYYY-MM-DD``, or days since 1970-01-01.

        Yields
        ------
        train, test : numpy.ndarray of int
            Row numbers.

        Raises
        ------
        PatronError
            If there are no groups, or one of them is no day.
        NotEnoughData
            If the snapshots give fewer than `n_splits` tests.
        """
        X, y, groups = indexable(X, y, groups)
        for fold in self._folds(groups):
            yield np.flatnonzero(fold.train), np.flatnonzero(fold.test)

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:  # noqa: ARG002
        """Return the number of splits, `n_splits`; fewer are an error of `split`."""
        return self.n_splits

    def _folds(self, groups: Any) -> list[Fold]:
        if groups is None:
            raise PatronError(
                "RollingOrigin needs the snapshot of each row and got no groups.",
                "cross_val_score(model, X, y, cv=splitter, groups=as_of)",
            )
        days = snapshot_day_numbers(groups, name="groups")
        oldest = int(days.min(initial=_LAST_DAY))
        enough = oldest + self.horizon_days + (self.min_train_days or 0)
        every = rolling_folds(days, horizon_days=self.horizon_days, max_folds=max(len(days), 1))
        trimmed = [self._trimmed(fold, days) for fold in every if fold.test_day >= enough]
        usable = [fold for fold in trimmed if fold.train.any()]
        if len(usable) < self.n_splits:
            raise NotEnoughData(self._too_few(days, len(usable)), "Take fewer splits or older snapshots.")
        return usable[-self.n_splits :]

    def _trimmed(self, fold: Fold, days: Days) -> Fold:
        if self.max_train_days is None:
            return fold
        first = fold.test_day - self.horizon_days - self.max_train_days
        return fold._replace(train=fold.train & (days >= first))

    def _too_few(self, days: Days, possible: int) -> str:
        snapshots = np.unique(days)
        span = f", {day_text(int(snapshots[0]))} to {day_text(int(snapshots[-1]))}" if len(snapshots) else ""
        asked = {"min_train_days": self.min_train_days, "max_train_days": self.max_train_days}
        limits = "".join(f", {name}={value}" for name, value in asked.items() if value is not None)
        return (
            f"{len(snapshots)} snapshot(s){span} give {possible} test(s) with a gap of "
            f"{self.horizon_days} days{limits}; n_splits={self.n_splits} were asked for."
        )

    def _problems(self) -> list[str]:
        least = {"horizon_days": 1, "n_splits": 1, "min_train_days": 0, "max_train_days": 0}
        values = {name: getattr(self, name) for name in least}
        optional = ("min_train_days", "max_train_days")
        problems = [
            f"{name} is {value!r}; it must be a whole number from {least[name]} on."
            for name, value in values.items()
            if not (value is None and name in optional) and not is_count(value, least[name])
        ]
        shortest, longest = self.min_train_days, self.max_train_days
        if not problems and shortest is not None and longest is not None and shortest > longest:
            problems.append(f"min_train_days ({shortest}) is more than max_train_days ({longest}).")
        return problems


def snapshot_day_numbers(values: Any, *, name: str) -> Days:
    """Return snapshots as days since 1970-01-01.

    Parameters
    ----------
    values : array-like, shape (n,)
        Dates, datetimes (their day counts), ``YYYY-MM-DD``, or days since 1970-01-01.
    name : str
        What an error calls them.

    Returns
    -------
    numpy.ndarray of int64, shape (n,)

    Raises
    ------
    PatronError
        If a value is missing or no day.

    Examples
    --------
    >>> snapshot_day_numbers(["1970-01-02", "1970-02-01"], name="as_of").tolist()
    [1, 31]
    """
    series = pd.Series(values if isinstance(values, pd.Series | pd.Index) else np.asarray(values))
    missing = np.flatnonzero(series.isna().to_numpy())
    if len(missing):
        raise PatronError(
            f"{name}: {len(missing)} of {len(series)} are missing, the first in row {missing[0]}."
        )
    if pd.api.types.is_datetime64_any_dtype(series.dtype):
        days = series.dt.tz_localize(None).to_numpy().astype("datetime64[D]").astype(np.int64)
        return np.asarray(days, dtype=np.int64)
    if pd.api.types.is_integer_dtype(series.dtype):
        days = series.to_numpy(dtype=np.int64)
        wrong = np.flatnonzero((days < _FIRST_DAY) | (days > _LAST_DAY))
        if len(wrong):
            raise PatronError(f"{name}: {days[wrong[0]]} is no number of days since 1970-01-01; give dates.")
        return days
    return _written_days(series, name)


def _written_days(series: pd.Series[Any], name: str) -> Days:
    """Read date objects and text, each different one once."""
    codes, different = pd.factorize(series)
    days, wrong = [], []
    for value in different:
        try:
            days.append(to_day(value if isinstance(value, date) else str(value)))
        except (PatronError, ValueError, TypeError):
            wrong.append(value)
    if wrong:
        raise PatronError(
            f"{name}: {len(wrong)} different value(s) are no day, for instance {wrong[0]!r}.",
            "Give dates, YYYY-MM-DD, or days since 1970-01-01.",
        )
    return np.array(days, dtype=np.int64)[codes]


def is_count(value: object, least: int) -> bool:
    """Return whether a setting is a whole number from `least` on."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and bool(value >= least)
