"""Rolling folds keep a gap of one horizon between what is learned and what is predicted."""

from __future__ import annotations

import numpy as np
import pytest

from patron.churn.folds import evidence_folds, rolling_folds

DAYS = np.repeat(np.arange(1000, 1400, 30), 5)


@pytest.mark.parametrize("horizon", [20, 60, 90, 100])
def test_no_training_window_reaches_past_the_test_day(horizon: int) -> None:
    """The last outcome that is learned from ends on the test day at the latest."""
    folds = rolling_folds(DAYS, horizon_days=horizon)
    assert folds
    for fold in folds:
        assert (DAYS[fold.train] + horizon <= fold.test_day).all()
        assert (DAYS[fold.test] == fold.test_day).all()


def test_every_matured_row_is_learned_from() -> None:
    """The gap is one horizon, not more."""
    fold = rolling_folds(DAYS, horizon_days=60)[-1]
    assert set(DAYS[fold.train]) == {day for day in set(DAYS) if day + 60 <= fold.test_day}


def test_test_windows_do_not_overlap() -> None:
    """Four windows that share orders would be one window's worth of evidence."""
    days = [fold.test_day for fold in rolling_folds(DAYS, horizon_days=90)]
    assert days == sorted(days)
    assert (np.diff(days) >= 90).all()


def test_the_newest_snapshot_is_tested_and_the_number_is_limited() -> None:
    """The newest windows resemble the future most."""
    folds = rolling_folds(DAYS, horizon_days=30, max_folds=2)
    assert [fold.test_day for fold in folds] == [1360, 1390]


def test_snapshots_within_one_horizon_leave_nothing_to_fold() -> None:
    """No snapshot has a matured one before it."""
    assert rolling_folds(np.array([0, 30, 60]), horizon_days=90) == []


def test_no_snapshot_gives_no_fold() -> None:
    """An empty panel is for the caller to complain about."""
    nobody = np.array([], dtype=np.int64)
    assert rolling_folds(nobody, horizon_days=90) == evidence_folds(nobody, horizon_days=90) == []


@pytest.mark.parametrize("horizon", [20, 60, 90, 100])
def test_evidence_is_learned_from_closed_windows_only(horizon: int) -> None:
    """Tests may overlap each other, never what a fold learned from."""
    folds = evidence_folds(DAYS, horizon_days=horizon)
    assert folds
    for fold in folds:
        assert set(DAYS[fold.train]) == {day for day in set(DAYS) if day + horizon <= fold.test_day}
        assert (DAYS[fold.test] == fold.test_day).all()


def test_evidence_comes_from_every_snapshot_with_half_of_them_behind_it() -> None:
    """Fourteen snapshots: those with seven matured ones, which is the ninth (two windows later) on."""
    days = [fold.test_day for fold in evidence_folds(DAYS, horizon_days=60)]
    assert days == [1240, 1270, 1300, 1330, 1360, 1390]


def test_folds_that_learn_from_little_serve_only_where_there_are_no_others() -> None:
    """Four snapshots, windows of three months: the last one learns from one of four."""
    assert [f.test_day for f in evidence_folds(np.array([0, 30, 60, 90]), horizon_days=90)] == [90]
    assert evidence_folds(np.array([0, 30, 60]), horizon_days=90) == []


def test_many_folds_are_thinned_evenly_and_keep_the_newest() -> None:
    """Both ends stay."""
    every = [f.test_day for f in evidence_folds(DAYS, horizon_days=30, max_folds=99)]
    three = [f.test_day for f in evidence_folds(DAYS, horizon_days=30, max_folds=3)]
    assert len(every) == 7
    assert three == [every[0], every[3], every[6]]
    assert len(evidence_folds(np.arange(0, 3000, 30), horizon_days=30)) == 8
