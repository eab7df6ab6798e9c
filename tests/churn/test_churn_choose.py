"""Climb only where another is clearly better: losses made by hand, standard errors against a bootstrap."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pytest

from patron.churn.choose import Rival, choose_rung, compare, simplest_unless_better
from patron.churn.evidence import Evidence, FoldScores
from patron.churn.ladder import LEARNED, Ladder, SampleSize


def windows(*customers: Sequence[str]) -> list[FoldScores]:
    """Folds of which only the customers matter."""
    nothing = np.empty(0)
    return [
        FoldScores(30 * i, nothing, np.array(who, dtype=object), {}, {}, nothing)
        for i, who in enumerate(customers)
    ]


def evidence(*losses: Sequence[float]) -> Evidence:
    """Log-losses per window."""
    return Evidence([np.array(rows, dtype=np.float64) for rows in losses])


def test_the_gain_gives_every_window_the_same_weight() -> None:
    """0.2 on one row and -0.1 on three: by windows 0.05, by rows it would be less than nothing."""
    folds = windows(["a"], ["b", "c", "d"])
    found = compare(folds, evidence([0.5], [0.6] * 3), evidence([0.7], [0.5] * 3))
    assert found.gain == pytest.approx(0.05)
    assert (found.won, found.windows) == (1, 2)


def test_the_standard_error_by_hand() -> None:
    """Two customers in one window, gains 0.4 and 0.2: 0.05 each beside the mean, squared and summed."""
    found = compare(windows(["a", "b"]), evidence([0.1, 0.1]), evidence([0.5, 0.3]))
    assert found.gain == pytest.approx(0.3)
    assert found.error == pytest.approx(np.sqrt(2 * 0.05**2))


def test_a_customer_in_every_window_counts_once() -> None:
    """The same losses ten times over tell no more than once; of other customers they would."""
    who = [f"K-{i}" for i in range(40)]
    gains = np.random.default_rng(0).normal(0.1, 0.3, 40)
    rival, holder = [evidence(*[rows] * 10) for rows in (np.zeros(40), gains)]
    once = compare(windows(who), evidence(np.zeros(40)), evidence(gains))
    same = compare(windows(*[who] * 10), rival, holder)
    others = compare(windows(*[[f"{c}/{w}" for c in who] for w in range(10)]), rival, holder)
    assert same.error == pytest.approx(once.error)
    assert others.error == pytest.approx(once.error / np.sqrt(10))


def test_the_standard_error_is_that_of_a_bootstrap_over_customers() -> None:
    """Six windows of different sizes, customers with habits of their own: draw customers, take the mean.

    4,000 draws know a standard deviation to about one part in ninety; the tolerance is four times that, and
    as much again for what one formula of the first order leaves out.
    """
    rng = np.random.default_rng(5)
    habit = rng.normal(0, 0.4, 150)
    who = [np.sort(rng.choice(150, size, replace=False)) for size in (140, 130, 120, 120, 110, 100)]
    gains = [0.05 + habit[w] + rng.normal(0, 0.3, len(w)) for w in who]
    folds = windows(*[[f"K-{c:03d}" for c in w] for w in who])
    found = compare(folds, evidence(*[np.zeros(len(w)) for w in who]), evidence(*gains))
    draws = []
    for _ in range(4000):
        times = np.bincount(rng.integers(0, 150, 150), minlength=150)
        draws.append(np.mean([np.average(g, weights=times[w]) for g, w in zip(gains, who, strict=True)]))
    assert found.error == pytest.approx(np.std(draws), rel=0.09)


def test_without_a_window_nothing_is_better() -> None:
    """And nothing is known about it."""
    found = compare([], evidence(), evidence())
    assert found == Rival(0.0, float("inf"), 0, 0)
    assert not found.clearly_better


@pytest.mark.parametrize(
    ("gain", "error", "won", "clear"),
    [
        (0.010, 0.009, 4, True),
        (0.010, 0.010, 4, False),  # within a standard error
        (0.005, 0.000, 6, False),  # too little to matter
        (0.006, 0.001, 6, True),
        (0.100, 0.001, 3, False),  # half of the windows
        (-0.10, 0.001, 6, False),
    ],
)
def test_clearly_better_needs_size_certainty_and_most_windows(
    gain: float, error: float, won: int, clear: bool
) -> None:
    """Of six windows: two thirds."""
    assert Rival(gain, error, won, 6).clearly_better is clear


LEVELS = {"a": 0.6, "b": 0.6, "c": 0.6}


def losses(**level: float) -> tuple[dict[str, Evidence], list[FoldScores]]:
    """Three windows of a hundred customers, each entrant's loss on its level with the same noise for all."""
    noise = np.random.default_rng(1).normal(0, 0.1, 100)
    who = [f"K-{i}" for i in range(100)]
    found = {n: evidence(*[mean + noise] * 3) for n, mean in {**LEVELS, **level}.items()}
    return found, windows(who, who, who)


def test_equal_entrants_leave_the_simplest() -> None:
    """Also where a later one is better by next to nothing."""
    assert simplest_unless_better("abc", *losses()) == "a"
    assert simplest_unless_better("abc", *losses(c=0.597)) == "a"


def test_a_clearly_better_one_is_taken_however_far_up() -> None:
    """The second is no better; the third is."""
    assert simplest_unless_better("abc", *losses(c=0.55)) == "c"


def test_the_next_is_compared_with_the_one_that_is_held() -> None:
    """Both later ones beat the first, the third does not beat the second."""
    assert simplest_unless_better("abc", *losses(b=0.50, c=0.5)) == "b"
    assert simplest_unless_better("abc", *losses(b=0.50, c=0.45)) == "c"
    assert simplest_unless_better("abc", *losses(b=0.45, c=0.50)) == "b"


def test_a_better_mean_from_one_window_is_not_enough() -> None:
    """One lucky season: two windows of three are worse."""
    found, folds = losses()
    base = found["a"].losses
    found["b"] = Evidence([base[0] - 0.3, base[1] + 0.02, base[2] + 0.02])
    assert found["b"].mean < found["a"].mean - 0.05
    assert simplest_unless_better("ab", found, folds) == "a"


def test_noise_is_not_climbed() -> None:
    """Twenty rivals whose losses differ by chance, ten of them with the lower mean: few are taken."""
    rng = np.random.default_rng(8)
    found, folds = losses()
    base = found["a"].losses
    lower = taken = 0
    for _ in range(200):
        rival = Evidence([rows + rng.normal(0, 0.2, 100) for rows in base])
        lower += rival.mean < found["a"].mean
        taken += simplest_unless_better("ab", found | {"b": rival}, folds) == "b"
    # one standard error is passed by chance in 16 of 100
    assert lower > 70
    assert taken < 50


LARGE = Ladder(SampleSize(8, 100, 300), LEARNED, None)
SMALL = Ladder(SampleSize(2, 100, 30), ("logistic",), "2 disjoint window(s)")
RULES = {"rfm_logistic": 0.60, "mbgnbd": 0.62, "own_rhythm": 0.64}


def rung(ladder: Ladder, horizon_days: int = 30, **level: float) -> tuple[str, str]:
    """Three windows thirty days apart; what each entrant loses, with one noise for all."""
    noise = np.random.default_rng(1).normal(0, 0.1, 100)
    who = [f"K-{i}" for i in range(100)]
    found = {name: evidence(*[mean + noise] * 3) for name, mean in (RULES | level).items()}
    return choose_rung(found, windows(who, who, who), ladder, horizon_days)


def test_a_large_base_starts_on_the_trees() -> None:
    """Also where a rule is better by next to nothing, or the average is."""
    name, reason = rung(LARGE, lightgbm=0.602, average=0.600, average_with_btyd=0.599, logistic=0.6)
    assert name == "lightgbm"
    assert reason == "8 disjoint windows to learn from: enough for LightGBM"


def test_a_clearly_better_average_is_taken_and_said() -> None:
    """Windows won and both losses, in words."""
    name, reason = rung(LARGE, lightgbm=0.60, average=0.58, average_with_btyd=0.58)
    assert name == "average"
    assert "average is better than lightgbm in 3 of 3 past windows" in reason
    assert re.search(r"\(log-loss 0\.[56]\d{3} against 0\.[56]\d{3}\)$", reason)


def test_a_simpler_model_that_is_clearly_better_is_taken_over_trees() -> None:
    """The best of those that are; the reason names what was left."""
    name, reason = rung(LARGE, lightgbm=0.70, average=0.70, average_with_btyd=0.70, logistic=0.58)
    assert name == "logistic"
    assert "yet logistic is better than lightgbm in 3 of 3 past windows" in reason


def test_windows_of_one_season_do_not_speak_against_trees() -> None:
    """Horizons of 60 days, snapshots 30 days apart: two disjoint windows are too few to give up learning."""
    assert rung(LARGE, 60, lightgbm=0.70, logistic=0.58)[0] == "lightgbm"
    assert rung(LARGE, 30, lightgbm=0.70, logistic=0.58)[0] == "logistic"


def test_a_small_base_starts_on_the_better_simple_model() -> None:
    """Of the regression on recency and the purchase model, whatever other rules say by a hair."""
    name, reason = rung(SMALL, own_rhythm=0.598, logistic=0.597)
    assert name == "rfm_logistic"
    assert reason.startswith("2 disjoint window(s); rfm_logistic is the simple model with the lower")
    assert rung(SMALL, mbgnbd=0.59)[0] == "mbgnbd"


def test_a_small_base_climbs_to_what_is_clearly_better() -> None:
    """To the regression on all features, or down to a rule."""
    assert rung(SMALL, logistic=0.55)[0] == "logistic"
    assert rung(SMALL, own_rhythm=0.55, logistic=0.57)[0] == "own_rhythm"


def test_without_a_window_the_regression_on_recency_is_taken() -> None:
    """Nothing can be compared, and that is said."""
    name, reason = choose_rung({"rfm_logistic": evidence(), "mbgnbd": evidence()}, [], SMALL, 30)
    assert name == "rfm_logistic"
    assert "no window to compare the rules on" in reason
