"""The regression on ranks, against scikit-learn's own transformer and solver."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import QuantileTransformer

from patron.churn import SmoothScorer
from patron.churn.smooth import fit_smooth, normal_score
from patron.errors import NotEnoughData

Table = tuple[pd.DataFrame, np.ndarray]
PLAIN = ["days", "spend", "orders"]
ALL = [*PLAIN, "gap", "branch", "constant", "empty"]


@pytest.fixture(scope="module")
def table() -> Table:
    """Plain columns without ties; one with holes that mean something; codes; a constant; an empty one."""
    rng = np.random.default_rng(1)
    n = 1500
    features = pd.DataFrame(
        {
            "days": rng.uniform(0, 180, n),
            "spend": rng.lognormal(4, 1.5, n),
            "orders": rng.gamma(2.0, 3.0, n),
            "gap": rng.uniform(5, 90, n),
            "branch": rng.choice([0.0, 1.0, 2.0], n),
            "constant": 7.0,
            "empty": np.nan,
        }
    )
    missing = rng.random(n) < 0.2
    odds = features["days"] / 40 - np.log(features["spend"]) / 2 + 1.5 * missing + (features["branch"] == 2)
    features.loc[missing, "gap"] = np.nan
    features.loc[:9, "branch"] = 5.0  # a code of ten rows
    features.loc[10:60, "branch"] = np.nan
    return features, (rng.random(n) < expit(odds - 1)).astype(np.int64)


@pytest.fixture(scope="module")
def scorer(table: Table) -> SmoothScorer:
    """All columns, the branch as a category."""
    return fit_smooth(table[0], table[1], columns=ALL, categorical=["branch"])


def test_log_odds_are_scikit_learns(table: Table) -> None:
    """Its transformer to a normal distribution, cut at 2.5, and its regression with another solver.

    Both solvers stop near the one minimum of a strictly convex loss: a gradient of 1e-4 per row, over a
    curvature of the ridge of 1 / (0.05 x 1500) per row, moves a weight by less than 0.01.
    """
    features, churned = table
    ranks = QuantileTransformer(n_quantiles=51, output_distribution="normal", subsample=None)
    seen, new = features[PLAIN].to_numpy(), features[PLAIN].to_numpy()[::-1] * 1.05
    design = np.clip(ranks.fit_transform(seen), -2.5, 2.5)
    oracle = LogisticRegression(C=0.05, solver="newton-cholesky", tol=1e-10).fit(design, churned)
    mine = fit_smooth(features, churned, columns=PLAIN)
    for rows in (seen, new):
        expected = oracle.decision_function(np.clip(ranks.transform(rows), -2.5, 2.5))
        np.testing.assert_allclose(mine.score(pd.DataFrame(rows, columns=PLAIN)), expected, atol=0.01)
        assert np.std(expected) > 1


def test_normal_scores_are_scikit_learns_between_and_beyond_the_knots() -> None:
    """Also where a value ties with many knots: it takes the middle of them."""
    values = np.concatenate([np.full(300, 5.0), np.random.default_rng(0).gamma(1.0, 10.0, 700)])
    oracle = QuantileTransformer(n_quantiles=51, output_distribution="normal", subsample=None)
    oracle.fit(values[:, None])
    grid = np.array([-5.0, 0.3, 4.0, 4.999, 5.0, 5.001, 17.7, 60.0, 1e6])
    mine = normal_score(grid, oracle.quantiles_[:, 0])
    np.testing.assert_allclose(mine, np.clip(oracle.transform(grid[:, None])[:, 0], -2.5, 2.5), atol=1e-9)


def test_a_value_that_a_third_of_the_rows_share_takes_the_middle_of_their_ranks() -> None:
    """Zeros on the ranks 0 to 0.4 are at 0.2, also at the end of the scale."""
    knots = np.array([0.0, 0.0, 0.0, 1.0, 2.0, 3.0])
    assert normal_score(np.zeros(1), knots)[0] == pytest.approx(-0.8416212336)
    assert normal_score(np.array([4.0]), np.full(6, 4.0))[0] == 0.0


@pytest.mark.parametrize(("value", "expected"), [(0, -2.5), (2.5, -0.6744897502), (5, 0.0), (np.nan, 0.0)])
def test_normal_scores_by_hand(value: float, expected: float) -> None:
    """The quantiles of 0..10: the quarter, the middle, and a missing value."""
    assert normal_score(np.array([value]), np.linspace(0, 10, 11))[0] == pytest.approx(expected)


def test_a_stronger_ridge_pulls_the_weights_in(table: Table) -> None:
    """The log-odds spread less."""
    spread = [fit_smooth(*table, columns=PLAIN, penalty_c=c).score(table[0]).std() for c in (0.001, 0.05, 10)]
    assert spread[0] < 0.7 * spread[1] < 0.7 * spread[2]


def test_a_missing_value_has_a_weight_of_its_own(table: Table, scorer: SmoothScorer) -> None:
    """Those without a gap churn more by 1.5 in the log-odds: found in sign and most of its size."""
    row = table[0].head(1).assign(gap=np.nan)
    usual = table[0].head(1).assign(gap=np.nanmedian(table[0]["gap"]))
    assert 0.7 < (scorer.score(row) - scorer.score(usual))[0] < 1.8


def test_codes_have_weights_of_their_own(table: Table, scorer: SmoothScorer) -> None:
    """Branch 2 churns more than 0 and 1, which no straight line through the codes could say."""
    low, middle, high = (scorer.score(table[0].head(1).assign(branch=c))[0] for c in (0.0, 1.0, 2.0))
    assert high - max(low, middle) > 0.5
    assert abs(low - middle) < 0.4


def test_a_rare_or_unknown_code_counts_as_none(table: Table, scorer: SmoothScorer) -> None:
    """Ten rows give no weight; a code that training never saw is scored all the same."""
    rare, unknown = (scorer.score(table[0].head(5).assign(branch=code)) for code in (5.0, 99.0))
    assert rare.tolist() == unknown.tolist()
    assert dict(zip(ALL, scorer.parts, strict=True))["branch"].knots == (0.0, 1.0, 2.0)


@pytest.mark.parametrize("name", ["constant", "empty"])
def test_a_column_without_information_says_nothing(table: Table, scorer: SmoothScorer, name: str) -> None:
    """Neither for the value it always had nor beside the other columns."""
    others = [column for column in ALL if column != name]
    without = fit_smooth(*table, columns=others, categorical=["branch"])
    assert abs(scorer.contributions(table[0])[name]).max() < 0.01
    np.testing.assert_allclose(scorer.score(table[0]), without.score(table[0]), atol=0.01)


@pytest.mark.parametrize("value", [-1e9, 3.0, 1e9, np.inf, np.nan])
def test_any_value_is_scored(table: Table, scorer: SmoothScorer, value: float) -> None:
    """Far beyond what was seen, in every column at once."""
    row = pd.DataFrame({name: [value] for name in ALL})
    assert np.isfinite(scorer.score(row)).all()


def test_contributions_and_intercept_are_the_score(table: Table, scorer: SmoothScorer) -> None:
    """What a reason shows is what the score is made of."""
    total = scorer.contributions(table[0]).to_numpy().sum(axis=1) + scorer.intercept
    np.testing.assert_allclose(total, scorer.score(table[0]), atol=1e-12)


def test_contributions_average_to_nothing_over_the_training_rows(table: Table, scorer: SmoothScorer) -> None:
    """They are relative to the average customer."""
    found = scorer.contributions(table[0])
    np.testing.assert_allclose(found.mean(), 0, atol=1e-12)
    assert list(found.columns) == ALL
    assert found["days"].std() > 0.3


def test_a_customer_alone_gets_the_same_bits(table: Table, scorer: SmoothScorer) -> None:
    """Whoever stands beside, and wherever."""
    some = table[0].iloc[:200]
    alone = [scorer.score(some.iloc[[i]])[0] for i in range(200)]
    assert scorer.score(some).tolist() == alone
    assert scorer.score(some[::-1]).tolist() == alone[::-1]
    parts = [scorer.contributions(some.iloc[[i]]).to_numpy()[0].tolist() for i in range(20)]
    assert scorer.contributions(some.head(20)).to_numpy().tolist() == parts


def test_json_round_trip_is_exact(table: Table, scorer: SmoothScorer) -> None:
    """The same scorer, and the same bits."""
    again = SmoothScorer.from_dict(json.loads(json.dumps(scorer.to_dict(), allow_nan=False)))
    assert again == scorer
    np.testing.assert_array_equal(again.score(table[0]), scorer.score(table[0]))


def test_threads_leave_no_trace(table: Table, scorer: SmoothScorer) -> None:
    """Whatever the machine lends to BLAS."""
    from threadpoolctl import threadpool_limits

    for threads in (1, 2):
        with threadpool_limits(threads):
            assert fit_smooth(*table, columns=ALL, categorical=["branch"]) == scorer


def test_a_weight_of_three_is_three_copies_of_a_row() -> None:
    """One row of each of 51 levels counts three times; levels and so their quantiles stay the same."""
    rng = np.random.default_rng(3)
    level, code = np.repeat(np.arange(51.0), 10), rng.choice([0.0, 1.0], 510)
    features = pd.DataFrame({"level": level, "code": code})
    churned = (rng.random(510) < expit((level - 25) / 10 + code)).astype(np.int64)
    weight = np.ones(510)
    weight[np.arange(51) * 10 + rng.integers(0, 10, 51)] = 3
    copies = np.repeat(np.arange(510), weight.astype(int))
    how = {"columns": ["level", "code"], "categorical": ["code"]}
    weighted = fit_smooth(features, churned, sample_weight=weight, **how)
    copied = fit_smooth(features.take(copies).reset_index(drop=True), churned[copies], **how)
    assert [p.knots for p in weighted.parts] == [p.knots for p in copied.parts]
    # two runs of one solver on one loss: they stop at the same step but for rounding
    np.testing.assert_allclose(weighted.score(features), copied.score(features), atol=1e-5)
    assert weighted.intercept == pytest.approx(copied.intercept, abs=1e-5)
    plain = fit_smooth(features, churned, **how)
    assert abs(plain.score(features) - copied.score(features)).max() > 1e-3


@pytest.mark.parametrize("outcome", [0, 1])
def test_one_outcome_is_refused_in_words(table: Table, outcome: int) -> None:
    """There is nothing to fit."""
    with pytest.raises(NotEnoughData, match="every customer had the same outcome"):
        fit_smooth(table[0], np.full(len(table[0]), outcome), columns=PLAIN)
