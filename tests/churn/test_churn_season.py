"""The season: hand-worked shifts, a simulated base whose swing is known, nothing later than what is known."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from scipy.special import expit, logit

from patron.churn import DailyPurchases, SeasonShift
from patron.churn.season import fit_season, returning_share

HORIZON, ACTIVE = 60, 180
YEAR = 2 * np.pi / 365
#: Half of the swing of churn over the year, in log-odds, and how the simulated base buys against it.
SWING, BUYING = 0.8, 0.5


def swing(day: np.ndarray | int) -> Any:
    """Log-odds that the time of the year adds to churn."""
    return SWING * np.sin(np.asarray(day) * YEAR)


def daily_of(last_day: int, seed: int = 0) -> DailyPurchases:
    """A base that buys less in the season in which more churn."""
    days = np.arange(last_day)
    rate = 60 * np.exp(-BUYING * np.sin((days + HORIZON / 2) * YEAR))
    return DailyPurchases(0, np.random.default_rng(seed).poisson(rate))


def rows_of(days: list[int], customers: int = 4000, seed: int = 1) -> dict[str, np.ndarray]:
    """Log-odds of a model that knows each customer's usual risk and no season, and what happened."""
    rng = np.random.default_rng(seed)
    day = np.repeat(np.array(days, dtype=np.int64), customers)
    score = rng.normal(-0.5, 1.0, len(day))
    churned = (rng.random(len(day)) < expit(score + swing(day))).astype(np.int64)
    return {"score": score, "churned": churned, "as_of_day": day}


def fit(rows: dict[str, np.ndarray], daily: DailyPurchases | None, active_days: int = ACTIVE) -> SeasonShift:
    """Fit on plain rows."""
    return fit_season(**rows, daily=daily, horizon_days=HORIZON, active_days=active_days)


def two_snapshots(days: tuple[int, int] = (400, 430)) -> dict[str, np.ndarray]:
    """Eight customers at even odds twice: two of them churn, then four."""
    return {
        "score": np.zeros(16),
        "churned": np.array([1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0]),
        "as_of_day": np.repeat(np.array(days), 8),
    }


def test_the_shift_halfway_between_two_snapshots_by_hand() -> None:
    """0.5 x (0.3 - 0.1): interpolated, less the usual level, as far as seasons return."""
    season = SeasonShift(days=(100, 130), levels=(0.2, 0.4), usual=0.1, weight=0.5)
    assert season.at(115 + 365) == pytest.approx(0.1)


@pytest.mark.parametrize(("year_ago", "shift"), [(84, 0.0), (85, 0.05), (145, 0.15), (146, 0.0)])
def test_a_snapshot_fifteen_days_away_still_tells_its_season(year_ago: int, shift: float) -> None:
    """Beyond the ends the nearest level holds; one day further nothing is known."""
    season = SeasonShift(days=(100, 130), levels=(0.2, 0.4), usual=0.1, weight=0.5)
    assert season.at(year_ago + 365) == pytest.approx(shift)


@pytest.mark.parametrize(
    ("year_ago", "known"), [(100, True), (115, True), (116, False), (280, False), (385, True), (400, True)]
)
def test_a_gap_between_snapshots_has_no_season(year_ago: int, known: bool) -> None:
    """Ten months without a snapshot: a line across them would be made up."""
    season = SeasonShift(days=(100, 400), levels=(1.0, 1.0), usual=0.0, weight=1.0)
    assert season.at(year_ago + 365) == (1.0 if known else 0.0)


@pytest.mark.parametrize(("apart", "known"), [(60, True), (92, True), (93, False)])
def test_snapshots_of_every_quarter_are_near_enough_to_each_other(apart: int, known: bool) -> None:
    """A grid of 60 or 90 days still tells the season in its midst."""
    season = SeasonShift(days=(100, 100 + apart), levels=(1.0, 1.0), usual=0.0, weight=1.0)
    assert season.at(100 + apart // 2 + 365) == (1.0 if known else 0.0)


def test_without_any_level_there_is_no_shift() -> None:
    """What a rule carries."""
    assert SeasonShift().at(500) == 0.0


def test_levels_are_the_log_odds_by_which_churn_lay_above_the_model() -> None:
    """Two of eight and four of eight at even odds, half a customer added on either side."""
    found = fit(two_snapshots(), daily_of(500))
    assert found.days == (400, 430)
    assert found.levels == pytest.approx((logit(2.5 / 9), 0.0))
    assert found.usual == 0.0  # a month of snapshots has a season of its own


def test_the_shifted_mean_probability_is_the_rate_of_churn() -> None:
    """Customers at different odds: a shift of all, not the difference of two means."""
    score = np.array([-3.0, -1.0, 0.0, 4.0])
    rows = {"score": score, "churned": np.array([1, 1, 0, 1]), "as_of_day": np.full(4, 400)}
    (level,) = fit(rows, daily_of(500)).levels
    assert expit(score + level).mean() == pytest.approx(3.5 / 5)


@pytest.mark.parametrize("outcome", [0, 1])
def test_a_snapshot_with_one_outcome_has_a_finite_level(outcome: int) -> None:
    """Half a customer is believed to have done otherwise."""
    rows = {"score": np.zeros(9), "churned": np.full(9, outcome), "as_of_day": np.full(9, 400)}
    assert fit(rows, daily_of(500)).levels == pytest.approx((logit([0.05, 0.95][outcome]),))


def test_the_usual_level_is_the_mean_of_the_last_year() -> None:
    """Where its snapshots span at least 300 days; older ones count for nothing."""
    days = [200, 300, 400, 500, 600]
    rows = rows_of(days, customers=200)
    found = fit(rows, daily_of(700))
    assert found.usual == pytest.approx(np.mean(found.levels[1:]))
    young = rows["as_of_day"] > 300
    assert fit({k: v[young] for k, v in rows.items()}, daily_of(700)).usual == 0.0


def test_young_snapshots_say_nothing() -> None:
    """A log younger than active_days shows only customers who bought lately."""
    found = fit(two_snapshots((179, 180)), daily_of(400))
    assert found.days == (180,)
    assert found.at(180 + 365 - 16) == 0.0
    assert fit(two_snapshots((100, 130)), daily_of(400)).at(115 + 365) == 0.0


def test_without_daily_purchases_or_rows_there_is_no_shift() -> None:
    """Nothing says how much of a season returns."""
    assert fit(two_snapshots(), None) == SeasonShift()
    nothing = {name: values[:0] for name, values in two_snapshots().items()}
    assert fit(nothing, daily_of(500)) == SeasonShift()


@pytest.mark.parametrize("season", [0, 1, 2, 3])
def test_the_shift_brings_the_mean_probability_nearer_the_truth(season: int) -> None:
    """Two years of snapshots, a third year ahead: nearer than without, in each of its quarters."""
    today = [day for day in range(910, 1275, 30) if int((day + 46) % 365 / 91.25) == season]
    error = {"with": [], "without": []}
    for day in today:
        grid = [day - HORIZON - 30 * k for k in range(24)][::-1]
        shift = fit(rows_of([d for d in grid if d >= ACTIVE]), daily_of(1400)).at(day)
        score = np.random.default_rng(9).normal(-0.5, 1.0, 20_000)
        truth = expit(score + swing(day)).mean()
        error["with"].append(abs(expit(score + shift).mean() - truth))
        error["without"].append(abs(expit(score).mean() - truth))
    assert len(today) >= 3
    assert np.mean(error["with"]) < 0.5 * np.mean(error["without"])


def test_in_high_season_most_of_the_swing_comes_back() -> None:
    """At its highest and lowest day: the right sign, most of the size, never more than all of it."""
    for day in (821, 1004):  # a quarter and three quarters into the third year
        grid = [d for d in range(day - HORIZON - 23 * 30, day - HORIZON + 1, 30) if d >= ACTIVE]
        found = fit(rows_of(grid), daily_of(1400))
        assert 0.6 < found.at(day) / swing(day) < 1.0


def test_nothing_after_what_is_known_is_looked_at() -> None:
    """Purchases from the end of the newest outcome window on may be anything; a day before it counts."""
    rows, daily = rows_of(list(range(200, 800, 30)), customers=50), daily_of(1400)
    known = int(rows["as_of_day"].max()) + HORIZON
    first = fit(rows, daily)
    changed = daily.counts.copy()
    changed[known:] = 10_000
    assert fit(rows, DailyPurchases(0, changed)) == first
    changed[known - 1] = 10_000
    assert fit(rows, DailyPurchases(0, changed)).weight != first.weight


def test_quiet_days_at_the_end_are_the_same_whether_or_not_the_log_goes_on() -> None:
    """A weekend before the day of training: known to be quiet, and not cut off."""
    rows = rows_of(list(range(200, 800, 30)), customers=50)
    known = int(rows["as_of_day"].max()) + HORIZON
    counts = daily_of(1400).counts.copy()
    counts[known - 9 : known] = 0
    whole, ended = DailyPurchases(0, counts), DailyPurchases(0, counts[: known - 9])
    assert fit(rows, ended) == fit(rows, whole)
    assert ended.before(known).counts.tolist() == counts[:known].tolist()


def test_days_before_the_log_are_no_days() -> None:
    """Nothing was known yet."""
    assert len(DailyPurchases(100, np.array([1, 2, 3])).before(90).counts) == 0


def test_the_order_of_rows_leaves_no_trace_but_rounding() -> None:
    """Rounded to ten digits, so that the sum's order is gone."""
    rows = rows_of([400, 430, 460], customers=300)
    order = np.random.default_rng(0).permutation(900)
    assert fit({k: v[order] for k, v in rows.items()}, daily_of(600)) == fit(rows, daily_of(600))


def share_by_another_route(counts: np.ndarray) -> float:
    """Numpy's own regression line and correlation."""
    blocks = len(counts) // 30
    sums = np.log(
        [counts[len(counts) - 30 * (k + 1) : len(counts) - 30 * k].sum() + 0.5 for k in range(blocks)]
    )
    rest = sums - np.polyval(np.polyfit(np.arange(blocks), sums, 1), np.arange(blocks))
    correlation = np.corrcoef(rest[:-12], rest[12:])[0, 1]
    return float(np.clip(((blocks - 12) * correlation + 6 * 0.5) / (blocks - 12 + 6), 0, 1))


@pytest.mark.parametrize("days", [450, 731, 1095, 1500])
def test_the_share_is_a_shrunk_correlation_with_the_year_before(days: int) -> None:
    """Computed again with numpy's functions."""
    counts = daily_of(days, seed=4).counts
    assert returning_share(DailyPurchases(0, counts)) == pytest.approx(
        share_by_another_route(counts), abs=1e-9
    )


def test_a_pure_season_returns_and_more_years_show_it_better() -> None:
    """A correlation of 1 shrunk by six blocks of a half: (24 + 3) / 30 after three years."""
    counts = np.round(1000 + 500 * np.sin(np.arange(1825) * YEAR)).astype(np.int64)
    shares = [returning_share(DailyPurchases(0, counts[: 365 * years])) for years in (2, 3, 5)]
    assert shares == sorted(shares)
    assert shares[1] == pytest.approx(27 / 30, abs=0.02)


@pytest.mark.parametrize("years", [2, 3, 5])
@pytest.mark.parametrize("growth", [0.0, 1.0], ids=["noise", "trend"])
def test_noise_and_growth_are_no_season(years: int, growth: float) -> None:
    """No correlation, so that the belief of a half is all there is: 3 out of (pairs + 6), on average."""
    rate = 30 * np.exp(growth * np.arange(365 * years) / 1095)
    pairs = 365 * years // 30 - 12
    shares = [returning_share(DailyPurchases(0, np.random.default_rng(s).poisson(rate))) for s in range(100)]
    # the mean of 100 shares has a standard error of about 0.015; below 0 they are cut, which lifts it
    assert np.mean(shares) == pytest.approx(3 / (pairs + 6), abs=0.06)


@pytest.mark.parametrize("counts", [np.full(1095, 7), np.zeros(1095, np.int64), np.arange(400) % 9])
def test_where_nothing_can_be_told_half_is_applied(counts: np.ndarray) -> None:
    """Every block alike, or fewer than three pairs of blocks."""
    assert returning_share(DailyPurchases(0, counts)) == 0.5


def test_a_season_that_turns_round_is_not_applied() -> None:
    """What rose a year ago falls now: no share below 0."""
    days = np.arange(730)
    counts = np.round(500 + 300 * np.sin(days * YEAR * 1.5)).astype(np.int64)
    assert returning_share(DailyPurchases(0, counts)) == 0.0


def test_a_shift_travels_as_json() -> None:
    """To the last bit."""
    season = fit(rows_of([400, 430, 460], customers=30), daily_of(600))
    assert SeasonShift.from_dict(json.loads(json.dumps(season.to_dict()))) == season
