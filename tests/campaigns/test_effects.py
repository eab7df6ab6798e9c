"""Effects against scipy, published figures, plain sums, and campaigns whose effect is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from patron.campaigns import difference_in_means, difference_redrawn, random_effects, save_rates
from patron.errors import NotEnoughData, PatronError
from patron.simulation.campaign import simulate_campaign, true_effects

HILLSTROM = Path(__file__).parents[3] / "shared" / "data" / "hillstrom_email_test.parquet"
needs_hillstrom = pytest.mark.skipif(not HILLSTROM.exists(), reason="needs ../shared/data")


@needs_hillstrom
def test_arm_means_are_the_published_ones() -> None:
    """Visit .14678, conversion .00903, spend 1.05091 over all three arms."""
    rows = pd.read_parquet(HILLSTROM)
    means = rows[["visit", "conversion", "spend"]].mean()
    assert means.round(5).tolist() == [0.14678, 0.00903, 1.05091]


@needs_hillstrom
@pytest.mark.parametrize("outcome", ["visit", "conversion", "spend"])
@pytest.mark.parametrize("place", [0, 1])
def test_hillstrom_equals_welch_of_scipy(outcome: str, place: int) -> None:
    """Both mailings against none, to 1e-9."""
    rows = pd.read_parquet(HILLSTROM)
    arms = sorted(set(rows["treatment"]) - {"No E-Mail"})
    chosen = rows[rows["treatment"].isin([arms[place], "No E-Mail"])]
    treated = chosen["treatment"].eq(arms[place]).to_numpy()
    y = chosen[outcome].to_numpy(dtype=float)
    expected = stats.ttest_ind(y[treated], y[~treated], equal_var=False)
    interval = expected.confidence_interval(0.95)
    found = difference_in_means(y, treated)
    assert found.estimate == pytest.approx(y[treated].mean() - y[~treated].mean(), rel=1e-9)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), rel=1e-9)
    assert (found.p_value, found.degrees_of_freedom) == pytest.approx(
        (expected.pvalue, expected.df), rel=1e-6
    )


def test_adjusted_is_the_difference_of_two_lines_at_the_common_mean() -> None:
    """Least squares by numpy, arm by arm; HC2 by hand."""
    rng = np.random.default_rng(3)
    x, treated = rng.normal(size=80), np.arange(80) % 2 == 0
    y = 1 + 2 * x + treated * (0.5 + x) + rng.normal(size=80)
    centred, heights, variance = x - x.mean(), [], 0.0
    slopes = []
    for arm in (treated, ~treated):
        design = np.column_stack([np.ones(arm.sum()), centred[arm]])
        beta, *_ = np.linalg.lstsq(design, y[arm], rcond=None)
        inverse = np.linalg.inv(design.T @ design)
        leverage = np.einsum("ij,jk,ik->i", design, inverse, design)
        residual = y[arm] - design @ beta
        sandwich = inverse @ (design.T * (residual**2 / (1 - leverage))) @ design @ inverse
        heights.append(beta[0])
        slopes.append(beta[1])
        variance += sandwich[0, 0]
    found = difference_in_means(y, treated, covariate=x)
    assert found.estimate == pytest.approx(heights[0] - heights[1], abs=1e-9)
    assert variance <= found.standard_error**2 < variance + (slopes[0] - slopes[1]) ** 2 * x.var() / 80 * 1.05
    assert found.variance_reduction is not None
    assert 0.3 < found.variance_reduction < 1


def test_groups_widen_the_error_to_that_of_their_means() -> None:
    """Twenty groups of four equal accounts each know as much as twenty accounts."""
    rng = np.random.default_rng(5)
    one, treated = rng.normal(size=20), np.arange(20) % 2 == 0
    alone = difference_in_means(one, treated)
    four = difference_in_means(np.repeat(one, 4), np.repeat(treated, 4), groups=np.repeat(np.arange(20), 4))
    assert (four.estimate, four.standard_error) == pytest.approx(
        (alone.estimate, alone.standard_error), rel=1e-9
    )


def test_what_cannot_be_compared_is_refused() -> None:
    """A group in both arms, one account in an arm, numbers that are not there."""
    with pytest.raises(PatronError, match="1 groups have accounts in both arms"):
        difference_in_means([1, 2, 3, 4], [1, 1, 0, 0], groups=["a", "b", "b", "c"])
    with pytest.raises(NotEnoughData, match="needs two of each"):
        difference_in_means([1, 2, 3], [1, 0, 0])
    with pytest.raises(PatronError, match="1 of 4 are not"):
        difference_in_means([1, 2, np.nan, 4], [1, 1, 0, 0])


def test_the_redrawn_p_value_is_that_of_all_draws() -> None:
    """Six accounts have twenty draws; counted one by one."""
    from itertools import combinations

    y = np.array([3.0, 5.0, 4.5, 1.0, 2.5, 3.5])

    def studentised(chosen: tuple[int, ...]) -> float:
        arm = np.isin(np.arange(6), chosen)
        error = np.sqrt(y[arm].var(ddof=1) / 3 + y[~arm].var(ddof=1) / 3)
        return abs(y[arm].mean() - y[~arm].mean()) / error

    every = [studentised(chosen) for chosen in combinations(range(6), 3)]
    expected = np.mean([value >= studentised((0, 1, 2)) - 1e-12 for value in every])
    found = difference_redrawn(y, [1, 1, 1, 0, 0, 0], redraws=20_000, seed=1)
    assert found.p_value == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / 20_000))


def test_random_effects_of_the_bcg_vaccine_trials() -> None:
    """Log risk ratios of 13 trials (Colditz and others 1994); tau2 .3181, mean -.7150 (metafor, PM)."""
    cases = [(4, 119, 11, 128), (6, 300, 29, 274), (3, 228, 11, 209), (62, 13536, 248, 12619)]
    cases += [(33, 5036, 47, 5761), (180, 1361, 372, 1079), (8, 2537, 10, 619), (505, 87886, 499, 87892)]
    cases += [(29, 7470, 45, 7232), (17, 1699, 65, 1600), (186, 50448, 141, 27197), (5, 2493, 3, 2338)]
    cases += [(27, 16886, 29, 17825)]
    a, b, c, d = np.array(cases, dtype=float).T
    logs = np.log(a / (a + b) / (c / (c + d)))
    variances = 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)
    found = random_effects(logs, variances)
    assert found.between_variance == pytest.approx(0.3181, abs=5e-4)
    assert found.mean == pytest.approx(-0.7150, abs=1e-3)


@pytest.mark.parametrize(("effect", "runs"), [("none", 400), ("tier", 400)])
def test_intervals_hold_the_truth_as_often_as_they_say(effect: str, runs: int) -> None:
    """Coverage within three binomial standard errors of 95 %, plain retention and adjusted margin."""
    truth, held = true_effects(effect), np.zeros(2)
    for seed in range(runs):
        rows = simulate_campaign(300, effect, seed, stratified=False)
        treated = rows["arm"].eq("treatment").to_numpy()
        kept = difference_in_means(rows["retained"].to_numpy(dtype=float), treated)
        logs = np.log(rows["margin_before"].to_numpy())
        adjusted = difference_in_means(rows["retained"].to_numpy(dtype=float), treated, covariate=logs)
        held += [kept.low <= truth.retention <= kept.high, adjusted.low <= truth.retention <= adjusted.high]
    bound = 3 * np.sqrt(0.95 * 0.05 / runs)
    assert np.abs(held / runs - 0.95).max() <= bound, held / runs


def test_save_rates_are_found_where_they_are_large() -> None:
    """Twenty thousand accounts: each tier's true rate lies in its interval."""
    rows = simulate_campaign(20_000, "tier", seed=2)
    overall, tiers = save_rates(rows)
    truth = true_effects("tier")
    assert overall.low < truth.save_rate < overall.high
    for rate in tiers:
        assert rate.standard_error < 0.08
        assert rate.save_rate == pytest.approx(truth.save_rates[rate.tier], abs=3.5 * rate.standard_error)
