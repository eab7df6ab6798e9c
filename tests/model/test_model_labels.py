"""A model learned for each definition of churn: population, words, and what it stores."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from trade_simulation import simulate_orders

from patron.evaluation import ChurnLabel, ChurnRecipe, ValueTerms
from patron.features import FeatureRecipe
from patron.learning import Learned, Terms, learn
from patron.ledger import load_ledger, materialise
from patron.model import PatronModel, load_model_folder
from patron.playbook import load_playbook
from patron.scoring import score_customers
from patron.snapshots import CustomerTables, customer_tables, to_day

DAY = to_day("2023-07-02")


@pytest.fixture(scope="module")
def tables() -> CustomerTables:
    orders = simulate_orders(customers=120)
    return customer_tables(load_ledger(orders, as_of="2023-07-02", currency="EUR").lines, keep=materialise)


@pytest.fixture(scope="module", params=["rhythm", "decline"])
def learned(request: pytest.FixtureRequest, tables: CustomerTables) -> Learned:
    """A logistic model: the label is what is tested."""
    label = ChurnLabel(request.param, 60, 150, quantile=0.8)
    features = FeatureRecipe(60, groups=("rfm", "rhythm", "btyd"))
    recipe = ChurnRecipe(features, label, every_days=60, max_count=6, wanted="logistic", seed=7)
    value = ValueTerms("mbgnbd", "native", None, 12, margin=1.0, has_cost=False, minor_digits=2)
    terms = Terms(recipe, value, 0.1, 90, 365, "EUR", "en", load_playbook(), threads=1)
    return learn(tables, DAY, to_day("2021-01-01"), terms)


def test_the_label_is_named_and_stored(learned: Learned) -> None:
    """In words for people, and as settings for scoring."""
    kind = learned.parts.settings.label
    words = {"rhythm": "longer than 80 % of its gaps", "decline": "under 50 %"}
    assert words[kind] in learned.evaluation["label_in_words"]["en"]
    assert learned.evaluation["label_audit"]["chosen"] == kind
    assert learned.parts.settings.decline_share == {"rhythm": None, "decline": 0.5}[kind]
    rule = learned.parts.recipe.rhythm
    assert (rule is not None) is (kind == "rhythm")
    assert learned.parts.segments.rhythm == rule
    if rule is not None:
        assert rule.quantile == 0.8
        assert rule.base_gap_days is not None
        assert 5 < rule.base_gap_days < 200


def test_the_judged_window_is_that_of_the_label(learned: Learned) -> None:
    """Under rhythm every row has its limit ahead, within the horizon; a decline needs a year."""
    assert learned.test is not None
    assert 0.1 < learned.test.churned.mean() < 0.9
    if learned.parts.settings.label == "rhythm":
        left = learned.test.features["days_until_limit"]
        assert ((left >= 0) & (left < 60)).all()
    else:
        assert "days_until_limit" not in learned.test.features
        assert (learned.test.features["days_since_last_order"] <= 150).all()


def test_a_saved_model_scores_the_same(learned: Learned, tables: CustomerTables, tmp_path: object) -> None:
    """Everything that the label needs is in the folder."""
    model = PatronModel("m", learned.parts, {"name": "m"}, learned.evaluation)
    again = load_model_folder(model.save(tmp_path), name="m")  # type: ignore[arg-type]
    how = {"model": "m", "data_through_day": DAY - 1}
    both = [score_customers(m.parts, tables, DAY, **how) for m in (model, again)]
    pd.testing.assert_frame_equal(both[0], both[1], check_exact=True)
    told = both[0]["churn_probability"].dropna()
    assert len(told) > 10
    assert np.isfinite(both[0].loc[told.index, "value_at_risk"]).all()
    counts = learned.evaluation["counts"]
    assert counts["lapsed"] == (both[0]["status"] == "lapsed").sum()


def test_a_recipe_survives_json_and_older_ones_are_read(learned: Learned) -> None:
    """The gate refits a champion by its own recipe; older recipes know `active_days` alone."""
    label = ChurnLabel("rhythm", 60, 150)
    recipe = ChurnRecipe(FeatureRecipe(60), label, every_days=30, max_count=9, wanted="auto", seed=7)
    stored = json.loads(json.dumps(recipe.to_dict()))
    again = ChurnRecipe.from_dict(stored)
    assert (again.label, again.to_dict()) == (label, recipe.to_dict())
    assert again.features.rhythm == label.rhythm
    del stored["label"], stored["features"]["rhythm"]
    old = ChurnRecipe.from_dict(stored | {"active_days": 200})
    assert old.label == ChurnLabel("silence", 60, 200)
    assert (old.active_days, old.features.rhythm) == (200, None)
