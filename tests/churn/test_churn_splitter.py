"""RollingOrigin learns from nothing that was not known on the test day, in scikit-learn's own tools."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score

import patron
from patron import RollingOrigin
from patron.errors import NotEnoughData, PatronError

MONTHS = np.repeat(np.arange(1000, 1360, 30), 4)


def splits(splitter: RollingOrigin, groups: Any) -> list[tuple[list[int], list[int]]]:
    found = splitter.split(np.zeros((len(groups), 1)), groups=groups)
    return [(train.tolist(), test.tolist()) for train, test in found]


@given(
    days=st.lists(st.integers(-400, 400), min_size=1, max_size=40),
    horizon=st.integers(1, 150),
    n_splits=st.integers(1, 4),
    shortest=st.none() | st.integers(0, 100),
    longer=st.none() | st.integers(0, 200),
)
@settings(max_examples=300, deadline=None)
def test_no_training_window_reaches_past_the_test_day(
    days: list[int], horizon: int, n_splits: int, shortest: int | None, longer: int | None
) -> None:
    """Whatever the snapshots and settings: a gap, disjoint tests, one snapshot each, or a clear error."""
    as_of = np.array(days)
    longest = None if longer is None else longer + (shortest or 0)
    splitter = RollingOrigin(horizon, n_splits, min_train_days=shortest, max_train_days=longest)
    try:
        found = splits(splitter, as_of)
    except NotEnoughData as error:
        assert f"n_splits={n_splits}" in str(error)  # noqa: PT017
        return
    assert len(found) == n_splits
    tests = []
    for train, test in found:
        (day,) = set(as_of[test])
        assert set(test) == set(np.flatnonzero(as_of == day))
        assert len(train) > 0
        assert (as_of[train] + horizon <= day).all()
        assert longest is None or (as_of[train] >= day - horizon - longest).all()
        assert as_of.min() <= day - horizon - (shortest or 0)
        tests.append(day)
    assert all(later - earlier >= horizon for earlier, later in pairwise(tests))


def test_a_worked_example() -> None:
    """Horizon 60 on monthly snapshots: tests every second month, learning stops two months before."""
    found = splits(RollingOrigin(60, n_splits=2), [0, 30, 60, 90, 120])
    assert found == [([0], [2]), ([0, 1, 2], [4])]


def test_only_the_last_stretch_is_learned_from() -> None:
    """Before day 120 with a gap of 60: from day 60 back to day 30."""
    found = splits(RollingOrigin(60, n_splits=1, max_train_days=30), [0, 30, 60, 90, 120])
    assert found == [([1, 2], [4])]


def test_a_short_past_is_no_test() -> None:
    """Day 60 has one snapshot to learn from, day 120 two months of them."""
    splitter = RollingOrigin(60, n_splits=2, min_train_days=60)
    with pytest.raises(NotEnoughData, match=r"give 1 test.*min_train_days=60"):
        splits(splitter, [0, 30, 60, 90, 120])
    assert splits(RollingOrigin(60, n_splits=1, min_train_days=60), [0, 30, 60, 90, 120]) == [
        ([0, 1, 2], [4])
    ]


def plain(day: int) -> date:
    return date(1970, 1, 1) + timedelta(days=int(day))


@pytest.mark.parametrize(
    "written",
    [
        lambda days: days.astype("datetime64[D]"),
        lambda days: [plain(day) for day in days],
        lambda days: [plain(day).isoformat() for day in days],
        lambda days: [datetime.combine(plain(day), datetime.min.time()) for day in days],
        lambda days: pd.Series(pd.to_datetime(days, unit="D"), index=range(7, 7 + len(days))),
        lambda days: pd.Series(pd.to_datetime(days, unit="D")).dt.tz_localize("Asia/Shanghai"),
        lambda days: pd.Series(pd.to_datetime(days, unit="D") + pd.Timedelta(hours=13)),
        lambda days: pd.DatetimeIndex(pd.to_datetime(days, unit="D")),
        lambda days: pd.Series([plain(day).isoformat() for day in days], dtype="category"),
        lambda days: days.tolist(),
    ],
    ids=["datetime64", "date", "text", "datetime", "series", "zone", "hours", "index", "category", "list"],
)
def test_a_day_may_be_written_in_many_ways(written: Any) -> None:
    """Each gives the splits of the plain numbers."""
    assert splits(RollingOrigin(60), written(MONTHS)) == splits(RollingOrigin(60), MONTHS)


@pytest.mark.parametrize(
    ("groups", "words"),
    [
        (None, "got no groups"),
        (["2024-01-01", "soon"], "1 different value.*'soon'"),
        ([20240101, 20240401], "20240101 is no number of days"),
        (pd.to_datetime(["2024-01-01", None]), "1 of 2 are missing, the first in row 1"),
        ([1.5, 2.5], "no day"),
    ],
)
def test_what_is_no_day_is_said(groups: Any, words: str) -> None:
    """With an example of what was found."""
    with pytest.raises(PatronError, match=words):
        list(RollingOrigin(1, n_splits=1).split(np.zeros((2, 1)), groups=groups))


def test_too_few_snapshots_are_counted() -> None:
    """The error says how many tests there could be."""
    with pytest.raises(NotEnoughData, match=r"12 snapshot\(s\), 1972-.* give 3 test.*n_splits=4") as caught:
        splits(RollingOrigin(90), MONTHS)
    assert "fewer splits" in (caught.value.next_step or "")


def test_wrong_settings_are_all_named_at_once() -> None:
    """Before any data is seen."""
    with pytest.raises(PatronError, match=r"horizon_days is 0[\s\S]*n_splits is 2.5") as caught:
        RollingOrigin(0, n_splits=2.5)  # type: ignore[arg-type]
    assert len(caught.value.problems) == 2
    with pytest.raises(PatronError, match="more than max_train_days"):
        RollingOrigin(30, min_train_days=60, max_train_days=30)


def noisy_table() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    X = rng.normal(size=(len(MONTHS) * 10, 3))
    return X, (X[:, 0] + rng.normal(size=len(X)) > 0).astype(int)


def test_it_works_in_cross_validation() -> None:
    """The scores are those of fitting each split by hand."""
    X, y = noisy_table()
    as_of, splitter = np.tile(MONTHS, 10), RollingOrigin(60, n_splits=3)
    scores = cross_val_score(LogisticRegression(), X, y, cv=splitter, groups=as_of)
    by_hand = []
    for day in (1210, 1270, 1330):
        known, asked = as_of + 60 <= day, as_of == day
        by_hand.append(LogisticRegression().fit(X[known], y[known]).score(X[asked], y[asked]))
    assert scores.tolist() == by_hand


def test_it_works_in_a_grid_search() -> None:
    """With the groups given to fit, and as many splits as promised."""
    X, y = noisy_table()
    search = GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=RollingOrigin(60, n_splits=3))
    search.fit(X, y, groups=np.tile(MONTHS, 10))
    assert search.n_splits_ == 3
    assert search.cv_results_["split2_test_score"].shape == (2,)


def test_it_asks_for_groups_where_metadata_is_routed() -> None:
    """scikit-learn's routing hands them over without a further setting."""
    X, y = noisy_table()
    as_of, splitter = np.tile(MONTHS, 10), RollingOrigin(60, n_splits=3)
    plainly = cross_val_score(LogisticRegression(), X, y, cv=splitter, groups=as_of)
    with sklearn.config_context(enable_metadata_routing=True):
        routed = cross_val_score(LogisticRegression(), X, y, cv=splitter, params={"groups": as_of})
    assert routed.tolist() == plainly.tolist()


def test_not_every_row_is_predicted() -> None:
    """scikit-learn refuses a cross-validated prediction rather than inventing the first months."""
    X, y = noisy_table()
    with pytest.raises(ValueError, match="only works for partitions"):
        cross_val_predict(LogisticRegression(), X, y, cv=RollingOrigin(60), groups=np.tile(MONTHS, 10))


def test_it_is_public_and_shows_its_settings() -> None:
    """By the facade; a copy has the same settings."""
    splitter = patron.RollingOrigin(90, max_train_days=365)
    assert vars(clone(splitter, safe=False)) == vars(splitter)
    assert "horizon_days=90" in repr(splitter)
    assert "max_train_days=365" in repr(splitter)
