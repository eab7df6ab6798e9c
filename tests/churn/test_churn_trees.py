"""LightGBM behind its door: the same trees every time, text in and out, contributions that add up."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from patron.churn import Calibrator, ChurnModel, Panel, TreeScorer, TreeSettings
from patron.churn import trees as door
from patron.churn.trees import fit_trees
from patron.errors import ModelError

COLUMNS = ["days_since_last_order", "purchase_days_last_365_days", "median_gap_days", "side", "fade"]


def fit(panel: Panel, **changes: Any) -> TreeScorer:
    """Fit twenty trees."""
    given: dict[str, Any] = {"columns": COLUMNS, "settings": TreeSettings(rounds=20), "seed": 7}
    return fit_trees(panel.features, panel.churned, **{**given, **changes})


def test_threads_leave_no_trace(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    """One thread and two write the same bytes."""
    monkeypatch.setattr(door, "_ROWS_WORTH_THREADS", 0)
    few = TreeSettings(rounds=5)
    assert fit(panel, settings=few, threads=1).text == fit(panel, settings=few, threads=2).text


def test_the_seed_matters(panel: Panel) -> None:
    """It draws the features of each tree."""
    assert fit(panel, seed=1).text != fit(panel, seed=2).text


def test_rows_sorted_again_give_the_same_trees(panel: Panel) -> None:
    """A shuffled panel, put back in its order, leaves no trace."""
    shuffled = panel.where(np.ones(len(panel), bool))
    order = np.random.default_rng(0).permutation(len(panel))
    features, churned = panel.features.iloc[order], panel.churned[order]
    keys = pd.DataFrame({"day": panel.as_of_day[order], "customer": panel.customer_id[order]})
    back = keys.sort_values(["day", "customer"]).index.to_numpy()
    again = Panel(features.iloc[back], churned[back], panel.customer_id, panel.as_of_day)
    assert fit(again).text == fit(shuffled).text


def test_text_round_trip_gives_identical_scores(panel: Panel) -> None:
    """What is loaded is what was trained, to the last bit."""
    trained = ChurnModel("lightgbm", fit(panel), Calibrator("sigmoid", 0.9, 0.1))
    loaded = ChurnModel.from_files(trained.to_files())
    np.testing.assert_array_equal(
        loaded.probability(panel.features, 0), trained.probability(panel.features, 0)
    )


def test_contributions_add_up_to_the_score(panel: Panel) -> None:
    """TreeSHAP: score - sum of the contributions is one constant for everybody."""
    scorer = fit(panel)
    rest = scorer.score(panel.features) - scorer.contributions(panel.features).sum(axis=1)
    np.testing.assert_allclose(rest, rest.iloc[0], atol=1e-9)


def test_contributions_constant_is_the_expected_score(panel: Panel) -> None:
    """The constant is the average score over the training rows, as TreeSHAP defines it."""
    scorer = fit(panel)
    rest = scorer.score(panel.features) - scorer.contributions(panel.features).sum(axis=1)
    assert rest.iloc[0] == pytest.approx(scorer.score(panel.features).mean(), abs=1e-6)


def test_settings_reach_lightgbm(panel: Panel) -> None:
    """Trees and leaves are counted in the text, the rest is read from its list of parameters."""
    text = fit(panel, settings=TreeSettings(30, 0.05, 5, 0.5, 0.02, 3.0)).text
    assert text.count("\nTree=") == 30
    assert max(int(n) for n in re.findall(r"^num_leaves=(\d+)$", text, re.MULTILINE)) == 5
    # 3200 rows, 2 % of them
    for line in ("learning_rate: 0.05", "feature_fraction: 0.5", "lambda_l2: 3", "min_data_in_leaf: 64"):
        assert f"[{line}]" in text


@pytest.mark.parametrize(("rows", "least"), [(100, 10), (3000, 30), (10**6, 100)])
def test_a_leaf_holds_a_share_of_the_rows_within_bounds(rows: int, least: int) -> None:
    """One in a hundred, at least 10, at most 100."""
    assert TreeSettings().parameters(rows)["min_data_in_leaf"] == least


def test_missing_values_are_scored(panel: Panel) -> None:
    """LightGBM learns where they go."""
    missing = panel.features.head(5).assign(median_gap_days=np.nan)
    assert np.isfinite(fit(panel).score(missing)).all()


def test_a_customer_alone_gets_the_same_score_and_contributions(panel: Panel) -> None:
    """A row stands alone, to the last bit."""
    scorer, few = fit(panel), panel.features.head(15)
    alone = [scorer.score(few.iloc[[i]])[0] for i in range(15)]
    assert scorer.score(few).tolist() == alone
    parts = [scorer.contributions(few.iloc[[i]]).iloc[0].tolist() for i in range(15)]
    assert scorer.contributions(few).to_numpy().tolist() == parts


def test_columns_are_found_by_name(panel: Panel) -> None:
    """The order of the caller's columns does not matter."""
    backwards = panel.features[panel.features.columns[::-1]]
    np.testing.assert_array_equal(fit(panel).score(backwards), fit(panel).score(panel.features))


def test_no_customer_gives_no_probability(panel: Panel) -> None:
    """A base of lapsed customers is no error."""
    model = ChurnModel("lightgbm", fit(panel), Calibrator())
    assert model.probability(panel.features.head(0), 0).shape == (0,)
    assert model.contributions(panel.features.head(0)).shape == (0, len(COLUMNS))


def test_text_that_is_no_model_is_refused(panel: Panel) -> None:
    """In words, not with LightGBM's exception."""
    broken = ChurnModel("lightgbm", TreeScorer("not trees", tuple(COLUMNS)), Calibrator())
    with pytest.raises(ModelError, match="not a LightGBM model"):
        broken.probability(panel.features, 0)


def test_a_wrong_number_of_columns_is_refused(panel: Panel) -> None:
    """Names and trees must belong together."""
    with pytest.raises(ModelError, match="its feature names are not those of the model"):
        TreeScorer(fit(panel).text, ("side", "fade")).score(panel.features)
