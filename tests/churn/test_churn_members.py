"""What is fitted on one table of rows."""

from __future__ import annotations

import numpy as np
import pytest

from patron.churn import NAIVE_RULES, Panel, TreeSettings
from patron.churn import members as door
from patron.churn.ladder import LEARNED
from patron.churn.members import Options, fit_members
from patron.churn.smooth import fit_smooth

COLUMNS = ["days_since_last_order", "purchase_days_last_365_days", "side"]
OPTIONS = Options(horizon_days=60, trees=TreeSettings(rounds=5))


def test_inside_is_the_score_of_the_rows_that_were_fitted_on(panel: Panel) -> None:
    """Of each entrant, averages included."""
    found = fit_members(panel, list(NAIVE_RULES), LEARNED, COLUMNS, OPTIONS)
    assert list(found) == [*NAIVE_RULES, "lightgbm", "logistic", "average", "average_with_btyd"]
    for fitted in found.values():
        np.testing.assert_array_equal(fitted.inside, fitted.scorer.score(panel.features))


def test_one_outcome_leaves_the_rules(panel: Panel) -> None:
    """And no average of what is not there."""
    same = Panel(panel.features, np.zeros(len(panel), np.int64), panel.customer_id, panel.as_of_day)
    assert list(fit_members(same, list(NAIVE_RULES), LEARNED, COLUMNS, OPTIONS)) == list(NAIVE_RULES)


def test_a_large_table_is_thinned_evenly_for_the_regression(
    panel: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every fourth of 3,200 rows where 1,000 are the most; the trees see all."""
    monkeypatch.setattr(door, "_MOST_ROWS", 1000)
    found = fit_members(panel, [], ("logistic",), COLUMNS, OPTIONS)["logistic"]
    every = slice(None, None, 4)
    assert found.scorer == fit_smooth(panel.features[every], panel.churned[every], columns=COLUMNS)
    assert len(found.inside) == len(panel)


def test_a_rare_outcome_survives_the_thinning(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three churners among the rows that the thinning leaves out: all rows are fitted on then."""
    monkeypatch.setattr(door, "_MOST_ROWS", 1000)
    churned = np.zeros(len(panel), np.int64)
    churned[[1, 6, 11]] = 1
    rare = Panel(panel.features, churned, panel.customer_id, panel.as_of_day)
    found = fit_members(rare, [], ("logistic",), COLUMNS, OPTIONS)["logistic"]
    assert found.scorer == fit_smooth(rare.features, churned, columns=COLUMNS)
