"""The score row under each definition of churn: who has lapsed, who is at risk, and for how much money."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from trade_project import Project, opened

from patron.clv import LedgerView, customer_value
from patron.config import Config
from patron.features import FeatureRecipe
from patron.learning._evaluation import counts_of
from patron.model import PatronModel
from patron.scoring import ScoreSettings, in_language, status_counts
from patron.segments import margins_of, net_ratios_of, segment_inputs
from patron.snapshots import CustomerTables, RhythmRule, history_before, to_day

AS_OF = "2023-07-02"
DAY = to_day(AS_OF)
RULE = RhythmRule(quantile=0.8, min_days=20, max_days=300)
HORIZON = 60
SHARE = 0.4


def under(model: PatronModel, recipe: FeatureRecipe, **settings: object) -> PatronModel:
    changed = replace(model.parts.settings, **settings)
    # valued by the purchase model, whatever the training chose
    parts = replace(model.parts, recipe=recipe, settings=changed, forecast=None)
    return replace(model, parts=parts)


@pytest.fixture(scope="module")
def tables(project: Project, config: Config) -> CustomerTables:
    return opened(config, project.orders)[1]


@pytest.fixture(scope="module")
def by_rhythm(model: PatronModel, tables: CustomerTables) -> PatronModel:
    """The trained model, as if it foretold the label `rhythm`."""
    rule = RULE.fitted(history_before(tables, DAY))
    return under(model, replace(model.parts.recipe, rhythm=rule), label="rhythm")


@pytest.fixture(scope="module")
def by_decline(model: PatronModel) -> PatronModel:
    """The trained model, as if it foretold the label `decline`."""
    return under(model, model.parts.recipe, label="decline", decline_share=SHARE)


def scored(model: PatronModel, project: Project, config: Config) -> pd.DataFrame:
    ledger, tables = opened(config, project.orders)
    return model.score_tables(tables, ledger).set_index("customer_id", drop=False)


@pytest.fixture(scope="module")
def rhythm_scores(by_rhythm: PatronModel, project: Project, config: Config) -> pd.DataFrame:
    return scored(by_rhythm, project, config)


@pytest.fixture(scope="module")
def decline_scores(by_decline: PatronModel, project: Project, config: Config) -> pd.DataFrame:
    return scored(by_decline, project, config)


@pytest.fixture(scope="module")
def purchase_days(project: Project) -> dict[str, list[int]]:
    """Days with an order before as_of, from the order lines (the trade has no cancelled order)."""
    orders = project.orders[(project.orders["amount"] > 0) & (project.orders["ordered_at"] < AS_OF)]
    days = (orders["ordered_at"].dt.normalize() - pd.Timestamp("1970-01-01")).dt.days
    return {str(c): sorted(set(found)) for c, found in days.groupby(orders["customer_id"])}


@pytest.fixture(scope="module")
def days_left(purchase_days: dict[str, list[int]]) -> pd.Series:
    """Own limit minus silence, in plain Python."""
    gaps = {c: np.diff(days) for c, days in purchase_days.items()}
    own = {c: float(np.quantile(g, RULE.quantile)) for c, g in gaps.items() if len(g)}
    base = float(np.median([q for c, q in own.items() if purchase_days[c][-1] >= DAY - 365]))
    left = {}
    for customer, days in purchase_days.items():
        n = len(gaps[customer])
        limit = math.exp((n * math.log(own.get(customer, 1)) + 3 * math.log(base)) / (n + 3))
        left[customer] = min(max(limit, 20), 300) - (DAY - days[-1])
    return pd.Series(left).sort_index()


def test_rhythm_asks_the_customers_own_limit(rhythm_scores: pd.DataFrame, days_left: pd.Series) -> None:
    """Past it: lapsed, without a probability; it lies a horizon ahead or more: zero; else a probability."""
    rows = rhythm_scores.loc[days_left.index]
    lapsed, due = days_left < -1e-6, (days_left >= 0) & (days_left < HORIZON)
    assert 0 < lapsed.sum() < len(lapsed)
    assert due.sum() > 10
    assert (days_left >= HORIZON).any()
    assert ((rows["status"] == "lapsed") == lapsed).all()
    assert (rows["churn_probability"].isna() == lapsed).all()
    assert (rows.loc[due, "churn_probability"] > 0).all()
    not_due = rows[days_left >= HORIZON]
    assert (not_due["churn_probability"] == 0).all()
    assert (not_due["churn_risk"] == "low").all()
    assert (not_due["value_at_risk"] == 0).all()
    assert not_due["note"].str.startswith("not_due").all()
    assert rows.loc[lapsed, ["churn_risk", "value_at_risk", "next_order_expected_on"]].isna().all(axis=None)
    assert rows.loc[lapsed, "note"].str.contains("usual for this customer").all()


def test_rhythm_values_silence_until_the_own_limit(
    rhythm_scores: pd.DataFrame, days_left: pd.Series, by_rhythm: PatronModel, tables: CustomerTables
) -> None:
    """Each customer's horizon of section 5, one customer at a time; a day at least is always left."""
    parts, history = by_rhythm.parts, history_before(tables, DAY)
    inputs = segment_inputs(history)
    share = margins_of(inputs, history.attributes, parts.settings.margin, parts.settings.base_margin)
    share = share * net_ratios_of(inputs, parts.settings.net_ratio)
    summary = LedgerView(tables, DAY, 2).summary(None)
    places = np.flatnonzero((days_left >= 0).to_numpy())[::4]
    for place in places:
        customer = days_left.index[place]
        value = customer_value(
            parts.clv,
            summary.iloc[[place]],
            horizon_months=parts.settings.clv_horizon_months,
            churn_horizon_days=max(float(days_left.iloc[place]), 1.0),
            margin=float(share[place]),
            annual_discount_rate=parts.settings.annual_discount_rate,
        ).iloc[0]
        row = rhythm_scores.loc[customer]
        assert row["clv_if_silent"] == pytest.approx(value["clv_if_silent"], rel=1e-6)
        assert row["clv_if_kept"] == pytest.approx(value["clv_if_kept"], rel=1e-6)
        lost = row["churn_probability"] * max(value["clv_if_kept"] - value["clv_if_silent"], 0)
        assert row["value_at_risk"] == pytest.approx(lost, rel=1e-6)
    assert len(places) > 10


def test_decline_needs_a_year_of_history(
    decline_scores: pd.DataFrame, purchase_days: dict[str, list[int]]
) -> None:
    """Under 365 days since the first order nothing is told, with a note; the status stays."""
    first = pd.Series({c: days[0] for c, days in purchase_days.items()})
    rows = decline_scores.loc[first.index]
    active = rows["status"].isin(["new", "scored"])
    short = active & (first > DAY - 365)
    assert 3 < short.sum() < active.sum()
    empty = ["churn_probability", "churn_risk", "value_at_risk", "reason_1", "reason_1_code"]
    assert rows.loc[short, empty].isna().all(axis=None)
    assert rows.loc[short, "note"].str.contains("under a year").all()
    assert rows.loc[short, ["clv", "tier", "next_order_expected_on"]].notna().all(axis=None)
    assert (
        rows.loc[active & ~short, ["churn_probability", "churn_risk", "value_at_risk"]].notna().all(axis=None)
    )


def test_decline_risks_the_part_that_is_no_longer_bought(decline_scores: pd.DataFrame) -> None:
    """p x (1 - share) x clv."""
    told = decline_scores[decline_scores["churn_probability"].notna()]
    expected = told["churn_probability"] * (1 - SHARE) * told["clv"]
    np.testing.assert_allclose(told["value_at_risk"], expected, rtol=1e-8)
    assert (told["value_at_risk"] > 0).any()


def test_decline_lapses_by_active_days(decline_scores: pd.DataFrame, scores: pd.DataFrame) -> None:
    """As under `silence`."""
    assert decline_scores["status"].tolist() == scores["status"].tolist()


@pytest.mark.parametrize("label", ["by_rhythm", "by_decline"])
def test_a_customer_alone_equals_its_row_in_the_base(
    label: str, request: pytest.FixtureRequest, project: Project, config: Config
) -> None:
    """Also where limits are shrunk to the base: its gap is stored in the model."""
    model = request.getfixturevalue(label)
    rows = scored(model, project, config)
    rows = rows[rows["status"] != "excluded"]
    kind = rows["status"] + rows["note"].fillna("").str[:12]
    chosen = rows.groupby(kind.to_numpy()).head(1)
    assert len(chosen) >= 3
    lines = dict(list(project.orders.groupby("customer_id")))
    for customer, row in chosen.iterrows():
        ledger, alone = opened(config, lines[customer])
        found = model.score_tables(alone, ledger)
        pd.testing.assert_frame_equal(
            found.drop(columns="data_through"),
            pd.DataFrame([row]).astype(found.dtypes).reset_index(drop=True).drop(columns="data_through"),
            check_exact=True,
        )


@pytest.mark.parametrize("label", ["by_rhythm", "by_decline"])
def test_counts_of_the_training_are_those_of_the_scores(
    label: str, request: pytest.FixtureRequest, project: Project, config: Config, tables: CustomerTables
) -> None:
    """`lapsed` means the same in both."""
    model = request.getfixturevalue(label)
    statuses = scored(model, project, config)["status"].tolist()
    assert counts_of(tables, DAY, model.parts) == status_counts(statuses)


@pytest.mark.parametrize("label", ["by_rhythm", "by_decline"])
def test_notes_are_said_in_another_language(
    label: str, request: pytest.FixtureRequest, project: Project, config: Config
) -> None:
    """The notes of the labels, too."""
    model = request.getfixturevalue(label)
    ledger, tables = opened(config, project.orders)
    english, chinese = (model.score_tables(tables, ledger, language=tongue) for tongue in ("en", "zh"))
    said = in_language(english, model.parts.playbook, "zh", active_days=model.parts.settings.active_days)
    assert said["note"].fillna("").tolist() == chinese["note"].fillna("").tolist()
    assert chinese["note"].nunique() > 2


def test_settings_of_older_models_mean_silence(model: PatronModel) -> None:
    """They lack the keys."""
    stored = model.parts.settings.to_dict()
    old = {k: v for k, v in stored.items() if k not in ("label", "decline_share")}
    assert ScoreSettings(**old) == model.parts.settings
    recipe = model.parts.recipe.to_dict()
    del recipe["rhythm"]
    assert FeatureRecipe.from_dict(recipe).rhythm is None


def test_a_trained_model_tells_what_other_labels_would_change(model: PatronModel) -> None:
    """The audit is in its evaluation, for the label it was trained with."""
    audit = model.evaluation["label_audit"]
    assert audit["chosen"] == "silence"
    assert audit["definitions"]["silence"]["model"]["spearman"] == pytest.approx(1)
    assert set(audit["definitions"]) == {"silence", "rhythm", "decline"}
