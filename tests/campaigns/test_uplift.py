"""A ranking by uplift is supported where it is true and shown, and nowhere else."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from patron.campaigns import judge_uplift, uplift
from patron.campaigns.two_models import TwoModels, fit_two_models
from patron.errors import NotEnoughData
from patron.simulation.campaign import simulate_campaign


def campaign(accounts: int, effect: str, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows = simulate_campaign(accounts, effect, seed)
    rows["value_at_risk"] = rows["churn_probability"] * rows["margin_before"]
    features = rows[["churn_probability"]].assign(
        log_margin=np.log(rows["margin_before"]),
        tier=rows["tier"].astype("category").cat.codes.astype(float),
    )
    return rows, features


def test_the_wrong_customers_are_found_out() -> None:
    """Where calls drive the riskiest away, uplift ranks better than risk does, and says so."""
    rows, features = campaign(8000, "wrong_customers", 2)
    found = judge_uplift(rows, features, categorical=["tier"], draws=200)
    assert found.code == "supported"
    assert found.qini["uplift"].low > 0
    assert all(gain.low > 0 for gain in found.differences.values())
    assert found.models is not None
    predicted = found.models.predict(features)
    assert np.corrcoef(predicted, rows["retention_effect"])[0, 1] > 0.7
    assert found.deciles["uplift"].iloc[:3].mean() > found.deciles["uplift"].iloc[-3:].mean()


@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_supported_where_calling_does_nothing(seed: int) -> None:
    """No effect, no ranking by it; no models are kept."""
    found = judge_uplift(*campaign(3000, "none", seed), categorical=["tier"], draws=200)
    assert found.code == "not_shown"
    assert found.models is None
    assert "do not support" in found.to_dict()["verdict"]["en"]


def test_few_accounts_are_not_tried() -> None:
    """190 per arm is under 200: said with the counts, and nothing fitted."""
    found = judge_uplift(*campaign(380, "wrong_customers", 1))
    assert found.code == "too_few"
    assert (found.learner, found.qini) == (None, {})
    assert "380 accounts" in found.to_dict()["verdict"]["en"]


def test_the_order_of_rows_has_no_part() -> None:
    """Shuffled rows give the same judgement to the last bit."""
    rows, features = campaign(1200, "wrong_customers", 4)
    order = np.random.default_rng(1).permutation(len(rows))
    first = judge_uplift(rows, features, draws=50)
    second = judge_uplift(
        rows.iloc[order].reset_index(drop=True), features.iloc[order].reset_index(drop=True), draws=50
    )
    assert first.to_dict() == second.to_dict()


class Recorded:
    """In the place of what fits: remembers which accounts each model saw, and predicts nothing."""

    learner = "regression"

    def __init__(self, treated: np.ndarray) -> None:
        self.features = pd.DataFrame({"x": np.zeros(len(treated))})
        self.treated, self.seed = treated, 3
        self.seen: list[np.ndarray] = []

    def models(self, rows: np.ndarray) -> Recorded:
        self.seen.append(rows)
        return self

    def predict(self, features: pd.DataFrame) -> np.ndarray:
        return np.zeros(len(features))


def test_sisters_do_not_vouch_for_each_other() -> None:
    """No model has seen an account of a group that it is asked about; each group is asked about once."""
    groups = np.repeat([f"G{i:03d}" for i in range(150)], np.arange(150) % 3 + 1)
    arm = np.random.default_rng(2).permutation(np.arange(150) % 2 == 0)
    treated = arm[np.unique(groups, return_inverse=True)[1]]
    fit = Recorded(treated)
    uplift._cross_fitted(fit, groups)  # type: ignore[arg-type]
    asked = [set(groups[~rows]) for rows in fit.seen]
    for rows, names in zip(fit.seen, asked, strict=True):
        assert not set(groups[rows]) & names
        assert 0 < treated[~rows].sum() < len(treated[~rows])
    assert sorted(name for names in asked for name in names) == sorted(set(groups))


def test_models_come_back_from_json_to_the_bit() -> None:
    """As they lie in uplift.json."""
    rows, features = campaign(2000, "wrong_customers", 5)
    treated = rows["arm"].eq("treatment").to_numpy()
    models = fit_two_models(features, rows["retained"].to_numpy(), treated, columns=list(features))
    again = TwoModels.from_dict(json.loads(json.dumps(models.to_dict())))
    assert np.array_equal(models.predict(features), again.predict(features))
    assert np.abs(models.predict(features)).max() <= 1


def test_an_arm_where_all_stayed_is_refused() -> None:
    """No model can tell them apart."""
    rows, features = campaign(400, "none", 1)
    treated = rows["arm"].eq("treatment").to_numpy()
    with pytest.raises(NotEnoughData, match="all accounts of an arm did the same"):
        fit_two_models(features, rows["retained"].to_numpy() | treated, treated, columns=list(features))
