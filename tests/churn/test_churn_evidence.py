"""Out-of-time evidence: a fold knows nothing of what followed it, in its fit and in its calibrator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import pytest
from scipy.special import expit

from patron.churn import DailyPurchases, Panel, SeasonShift, TreeSettings, fit_calibrator
from patron.churn.choose import simplest_unless_better
from patron.churn.evidence import (
    Evidence,
    FoldScores,
    evidence_of,
    final_calibrator,
    out_of_time,
    score_folds,
)
from patron.churn.folds import evidence_folds
from patron.churn.ladder import LEARNED
from patron.churn.members import Fitted, Options, fit_members

HORIZON = 60
KINDS = ("none", "sigmoid", "isotonic")
COLUMNS = ["days_since_last_order", "purchase_days_last_365_days", "side"]
Scored = tuple[np.ndarray, np.ndarray]


def outcomes(n: int, slope: float = 1.0, intercept: float = 0.0, seed: int = 0) -> Scored:
    """Scores whose true log-odds are ``slope x score + intercept``."""
    rng = np.random.default_rng(seed)
    score = rng.normal(0, 1.5, n)
    return score, (rng.random(n) < expit(slope * score + intercept)).astype(np.int64)


def folds_of(scored: Sequence[Scored], every_days: int = HORIZON) -> list[FoldScores]:
    """One entrant, which was fitted on rows of its own."""
    inside, inside_churned = outcomes(200, slope=0.5, seed=77)
    return [
        FoldScores(
            every_days * i,
            churned,
            np.array([f"K-{j}" for j in range(len(churned))], dtype=object),
            {"m": score},
            {"m": inside},
            inside_churned,
        )
        for i, (score, churned) in enumerate(scored)
    ]


def turned(fold: FoldScores) -> FoldScores:
    """The same fold with the opposite outcome for everybody."""
    return fold._replace(churned=1 - fold.churned)


@pytest.mark.parametrize("kind", ["sigmoid", "isotonic"])
def test_a_calibrator_uses_only_folds_whose_outcome_was_known_by_then(kind: str) -> None:
    """Snapshots 30 days apart, windows of 60: at each fold, turning round one window at a time.

    The probabilities move for a window that had closed (its day + 60 <= the fold's), and for no other.
    """
    folds = folds_of([outcomes(200, slope=0.6, seed=s) for s in range(6)], every_days=30)
    plain = out_of_time(folds, "m", kind, HORIZON)
    for changed in range(6):
        others = [turned(f) if i == changed else f for i, f in enumerate(folds)]
        again = out_of_time(others, "m", kind, HORIZON)
        moved = [not np.array_equal(a, b) for a, b in zip(plain, again, strict=True)]
        assert moved == [30 * changed + HORIZON <= fold.day for fold in folds]


def test_the_loss_is_measured_on_windows_the_calibrator_was_not_fitted_on() -> None:
    """Recomputed here: where it was made, then on the first, then on the first two; judged on the next."""
    folds = folds_of([outcomes(200, slope=0.3, seed=s) for s in range(3)])
    earlier = [
        [(folds[0].inside["m"], folds[0].inside_churned)],
        [(folds[0].scores["m"], folds[0].churned)],
        [(folds[i].scores["m"], folds[i].churned) for i in (0, 1)],
    ]
    expected = []
    for fold, known in zip(folds, earlier, strict=True):
        score, churned = (np.concatenate(part) for part in zip(*known, strict=True))
        p = fit_calibrator("sigmoid", score, churned).probability(fold.scores["m"])
        expected.append(-np.mean(np.where(fold.churned == 1, np.log(p), np.log(1 - p))))
    found = evidence_of(folds, "m", "sigmoid", HORIZON)
    assert [rows.mean() for rows in found.losses] == pytest.approx(expected, rel=1e-9)
    assert found.mean == pytest.approx(np.mean(expected), rel=1e-9)


def test_every_window_has_the_same_weight() -> None:
    """One row that lost 2, three that lost 1: 1.5, not 1.25."""
    assert Evidence([np.array([2.0]), np.ones(3)]).mean == pytest.approx(1.5)


def test_without_folds_the_evidence_says_that_nothing_was_seen() -> None:
    """Infinite, so that anything measured is better."""
    assert evidence_of([], "m", "none", HORIZON).mean == float("inf")


@pytest.mark.parametrize("kind", KINDS)
def test_what_ships_is_calibrated_on_all_folds(kind: str) -> None:
    """The newest one included."""
    folds = folds_of([outcomes(200, slope=0.6, seed=s) for s in range(4)])
    score, churned = (np.concatenate([outcomes(200, slope=0.6, seed=s)[i] for s in range(4)]) for i in (0, 1))
    found = final_calibrator(folds, "m", kind, outcomes(50))
    assert found == fit_calibrator(kind, score, churned)


def test_without_folds_the_calibrator_is_fitted_where_the_entrant_was_made() -> None:
    """Better than none for a silence in days."""
    inside = outcomes(300, slope=0.5)
    assert final_calibrator([], "m", "sigmoid", inside) == fit_calibrator("sigmoid", *inside)


def chosen_kind(folds: list[FoldScores]) -> str:
    """The way a learned entrant's calibrator is chosen."""
    tried = {kind: evidence_of(folds, "m", kind, HORIZON) for kind in KINDS}
    return simplest_unless_better(KINDS, tried, folds)


def test_calibrated_scores_are_left_alone() -> None:
    """True log-odds with little evidence: anything fitted is worse."""
    assert chosen_kind(folds_of([outcomes(60, seed=s) for s in range(6)])) == "none"


def test_stretched_scores_get_a_sigmoid() -> None:
    """Log-odds four times too large and shifted: a line sets them right."""
    folds = folds_of([outcomes(500, slope=0.25, intercept=-1, seed=s) for s in range(4)])
    assert chosen_kind(folds) == "sigmoid"
    found = final_calibrator(folds, "m", "sigmoid", outcomes(9))
    assert found.slope == pytest.approx(0.25, abs=0.05)
    assert found.intercept == pytest.approx(-1, abs=0.1)


def test_a_step_gets_isotonic() -> None:
    """Half the scores mean 10 %, the other half 90 %, whatever they are: no line can say that."""
    rng = np.random.default_rng(1)
    scored = []
    for _ in range(5):
        score = np.concatenate([rng.uniform(-5, 2.9, 400), rng.uniform(3, 3.4, 400)])
        scored.append((score, (rng.random(800) < np.where(score < 2.95, 0.1, 0.9)).astype(np.int64)))
    assert chosen_kind(folds_of(scored)) == "isotonic"


def fit(train: Panel) -> Mapping[str, Fitted]:
    """Every entrant, with few trees."""
    options = Options(horizon_days=HORIZON, trees=TreeSettings(rounds=5), threads=1)
    rules = ("longest_silence", "own_rhythm", "rfm_logistic", "mbgnbd")
    return fit_members(train, rules=rules, learned=LEARNED, columns=COLUMNS, options=options)


def with_daily(panel: Panel, counts: np.ndarray) -> Panel:
    """A log that began a year before the first snapshot."""
    first = int(panel.as_of_day.min()) - 400
    return Panel(
        panel.features, panel.churned, panel.customer_id, panel.as_of_day, DailyPurchases(first, counts)
    )


def test_no_folds_training_rows_reach_past_its_test_day(panel: Panel) -> None:
    """Seen from the fit: the newest window that it gets ends on the test day at the latest."""
    seen: dict[int, int] = {}

    def watch(train: Panel, test_day: int) -> Mapping[str, Fitted]:
        seen[test_day] = int(train.as_of_day.max()) + HORIZON
        return {}

    folds = evidence_folds(panel.as_of_day, horizon_days=HORIZON)
    for fold in folds:
        score_folds(panel, [fold], partial(watch, test_day=fold.test_day), threads=1)
    assert len(seen) == len(folds) >= 3
    assert all(end <= day for day, end in seen.items())
    assert any(end == day for day, end in seen.items())


def test_a_fold_does_not_see_what_followed_it(panel: Panel) -> None:
    """Other features, outcomes and purchases from a test day on: every score that day stays, to the bit."""
    fold = evidence_folds(panel.as_of_day, horizon_days=HORIZON)[0]
    rng = np.random.default_rng(0)
    counts = rng.poisson(40, 900)
    before = with_daily(panel, counts)
    open_window = panel.as_of_day + HORIZON > fold.test_day
    features = panel.features.copy()
    features.loc[panel.as_of_day > fold.test_day] = 1.0
    turned_round = np.where(open_window, 1 - panel.churned, panel.churned)
    other = Panel(features, turned_round, panel.customer_id, panel.as_of_day)
    changed = counts.copy()
    changed[fold.test_day + 400 :] = 9999
    (found,), (again,) = (
        score_folds(p, [fold], fit, threads=1) for p in (before, with_daily(other, changed))
    )
    assert set(found.scores) == set(again.scores)
    for name, score in found.scores.items():
        np.testing.assert_array_equal(again.scores[name], score)
    assert found.churned.tolist() == (1 - again.churned).tolist()
    # one closed outcome, turned round, is seen
    closed = np.flatnonzero(~open_window)[0]
    churned = panel.churned.copy()
    churned[closed] = 1 - churned[closed]
    one = with_daily(Panel(panel.features, churned, panel.customer_id, panel.as_of_day), counts)
    (moved,) = score_folds(one, [fold], fit, threads=1)
    assert not np.array_equal(moved.scores["logistic"], found.scores["logistic"])


def test_scores_of_a_fold_hold_its_season(panel: Panel) -> None:
    """Scorer and shift of the very fit, on the rows of the test day."""
    base = with_daily(panel, np.random.default_rng(0).poisson(40, 900))
    fold = evidence_folds(panel.as_of_day, horizon_days=HORIZON)[-1]
    shift = SeasonShift((fold.test_day - 365,), (0.7,), 0.1, 0.5)

    def shifted(train: Panel) -> Mapping[str, Fitted]:
        return {name: fitted._replace(season=shift) for name, fitted in fit(train).items()}

    (plain,), (found,) = (score_folds(base, [fold], f, threads=1) for f in (fit, shifted))
    for name in found.scores:
        np.testing.assert_allclose(found.scores[name], plain.scores[name] + 0.3, atol=1e-12)


def test_threads_leave_no_trace(panel: Panel) -> None:
    """Folds one at a time, or two."""
    folds = evidence_folds(panel.as_of_day, horizon_days=HORIZON)
    one, two = (score_folds(panel, folds, fit, threads=threads) for threads in (1, 2))
    assert [f.day for f in one] == [f.day for f in two] == [f.test_day for f in folds]
    for a, b in zip(one, two, strict=True):
        assert all(np.array_equal(a.scores[name], b.scores[name]) for name in a.scores)
