"""The calls of a loaded model: rows of features, scores of them, other horizons, many threads."""

from __future__ import annotations

import dataclasses
import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import polars as pl
import pytest
from trade_project import Project

from patron.columns import SCORE_COLUMNS
from patron.errors import ModelError
from patron.model import PatronModel
from patron.scoring._numbers import significant

AS_OF = "2023-07-02"


@pytest.fixture(scope="module")
def rows(project: Project, model: PatronModel) -> pd.DataFrame:
    return model.features(project.orders, AS_OF)


def same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(
        found.reset_index(drop=True), expected.reset_index(drop=True), check_exact=True
    )


def test_features_then_scores_are_the_scores_to_the_last_bit(
    model: PatronModel, rows: pd.DataFrame, scores: pd.DataFrame
) -> None:
    """Customers without an order included."""
    assert list(scores.columns) == list(SCORE_COLUMNS)
    assert {"scored", "lapsed", "excluded"} <= set(scores["status"])
    same(model.score_features(rows), scores)


def test_json_there_and_back_changes_nothing(
    model: PatronModel, rows: pd.DataFrame, scores: pd.DataFrame
) -> None:
    """As a list of records, missing numbers as NaN or as null, columns and rows in any order."""
    sent = json.dumps(rows.to_dict("records"))
    same(model.score_features(pd.DataFrame(json.loads(sent))), scores)
    nulls = rows.astype(object).where(rows.notna(), None).to_dict("records")
    back = pd.DataFrame(json.loads(json.dumps(nulls, allow_nan=False)))
    shuffled = back.sample(frac=1, random_state=2)[sorted(back.columns)]
    same(model.score_features(shuffled).sort_values("customer_id"), scores)


def test_rows_stand_alone(model: PatronModel, rows: pd.DataFrame, scores: pd.DataFrame) -> None:
    """One row by itself is scored as among the others."""
    chosen = [*scores.groupby("status").head(4).index]
    for place in chosen:
        same(model.score_features(rows.iloc[[place]]), scores.iloc[[place]])


def test_whole_numbers_are_taken_for_floats(
    model: PatronModel, rows: pd.DataFrame, scores: pd.DataFrame
) -> None:
    """JSON of another language writes 3, not 3.0."""
    whole = [n for n in rows.select_dtypes("float64") if (rows[n].dropna() % 1 == 0).all()]
    assert len(whole) > 10
    same(model.score_features(rows.astype(dict.fromkeys(whole, "Int64"))), scores)


def test_polars_in_polars_out(project: Project, model: PatronModel, scores: pd.DataFrame) -> None:
    """Both ways."""
    orders = pl.DataFrame({name: project.orders[name].to_list() for name in project.orders})
    rows = model.features(orders, AS_OF)
    assert isinstance(rows, pl.DataFrame)
    found = model.score_features(rows)
    assert isinstance(found, pl.DataFrame)
    assert found["clv"].to_list() == [None if np.isnan(v) else v for v in scores["clv"]] or np.array_equal(
        found["clv"].to_numpy(), scores["clv"].to_numpy(), equal_nan=True
    )
    assert found["reason_1"].to_list() == scores["reason_1"].to_list()


def spoil(rows: pd.DataFrame, name: str, value: object, at: int = 3) -> pd.DataFrame:
    spoiled = rows.astype({name: object})
    spoiled.iloc[at, spoiled.columns.get_loc(name)] = value
    return spoiled


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("repeat_orders", -1.0, "repeat_orders is negative in 1 row, the first at position 3"),
        ("repeat_orders", 1.5, "repeat_orders is not whole"),
        ("spend_ever", float("inf"), "spend_ever is infinite"),
        ("days_since_last_order", 999.0, "as_of is another day than that of the features"),
        ("weeks_observed", None, "weeks_observed is missing for a customer with orders"),
        ("last_order_on", "2023-07-02", "last_order_on is not before as_of"),
        ("last_order_on", "yesterday", "last_order_on is not a day such as"),
        ("as_of", "2023-07-03", "as_of is another day than in the first row"),
        ("as_of", None, "as_of is not a day such as"),
        ("tier", "gold", "tier is none of"),
        ("customer_id", None, "customer_id is missing in 1 row"),
        ("customer_id", 7, "customer_id is not a text"),
        ("gaps", "many", "gaps does not hold numbers"),
        ("features_digest", "0123456789ab", "built by or for another model"),
    ],
)
def test_what_no_ledger_gives_is_refused_in_words(
    name: str, value: object, said: str, model: PatronModel, rows: pd.DataFrame
) -> None:
    """With the number of rows and a position, never with a value of the row."""
    buyers = rows[rows["last_order_on"].notna()].reset_index(drop=True)
    with pytest.raises(ModelError, match=said) as refused:
        model.score_features(spoil(buyers, name, value))
    assert "gold" not in str(refused.value)
    assert refused.value.next_step


def test_all_problems_at_once(model: PatronModel, rows: pd.DataFrame) -> None:
    buyers = rows[rows["last_order_on"].notna()].reset_index(drop=True)
    with pytest.raises(ModelError) as refused:
        model.score_features(spoil(spoil(buyers, "gaps", -1.0), "orders_year", -2.0, at=5))
    assert len(refused.value.problems) == 2


def test_missing_columns_and_twice_the_same_customer_are_refused(
    model: PatronModel, rows: pd.DataFrame
) -> None:
    with pytest.raises(ModelError, match="lack 2 columns of this model: tier, gaps"):
        model.score_features(rows.drop(columns=["tier", "gaps"]))
    with pytest.raises(ModelError, match="stands in an earlier row as well in 1 row"):
        model.score_features(pd.concat([rows, rows.head(1)], ignore_index=True))
    with pytest.raises(ModelError, match="pandas or Polars"):
        model.score_features([1, 2])


def test_rows_of_another_model_are_refused(model: PatronModel, rows: pd.DataFrame) -> None:
    """Other edges of the tiers are enough: the row holds the tier."""
    segments = dataclasses.replace(model.parts.segments, active_days=model.parts.segments.active_days + 1)
    other = dataclasses.replace(model, parts=dataclasses.replace(model.parts, segments=segments))
    with pytest.raises(ModelError, match="another model"):
        other.score_features(rows)


def test_nobody_has_no_scores(model: PatronModel, rows: pd.DataFrame) -> None:
    assert list(model.score_features(rows.head(0)).columns) == list(SCORE_COLUMNS)


def test_another_language_for_one_call(model: PatronModel, rows: pd.DataFrame, scores: pd.DataFrame) -> None:
    """Numbers and codes stay."""
    found = model.score_features(rows, language="zh")
    told = ["reason_1", "reason_2", "reason_3", "action", "note"]
    same(found.drop(columns=told), scores.drop(columns=told))
    assert (found["reason_1"].dropna() != scores["reason_1"].dropna()).all()


def test_other_horizons(
    project: Project, model: PatronModel, rows: pd.DataFrame, scores: pd.DataFrame
) -> None:
    """At the trained horizons the columns of the score row; longer ones hold more."""
    settings = model.parts.settings
    year = settings.clv_horizon_months * 30.4375
    orders = model.expected_orders(rows, horizon_days=year)["expected_orders"]
    np.testing.assert_allclose(orders, scores["expected_orders"], rtol=1e-9)
    value = model.clv(rows)
    for name in ("clv", "clv_low", "clv_high"):
        np.testing.assert_allclose(value[name], scores[name], rtol=1e-9)
    known = scores["status"] != "excluded"
    longer = model.clv(rows, horizon_months=settings.clv_horizon_months + 6)
    assert (longer["clv"][known] > value["clv"][known]).mean() > 0.9
    silent = [model.no_order_probability(rows, horizon_days=h)["no_order_probability"] for h in (10, 60, 300)]
    assert (silent[0][known] >= silent[1][known]).all()
    assert (silent[1][known] > silent[2][known]).mean() > 0.9
    churn = model.churn_probability(project.orders, AS_OF, horizon_days=settings.churn_horizon_days)
    same(churn, scores[["customer_id", "churn_probability"]])


def test_horizons_that_cannot_be_told_are_refused(model: PatronModel, rows: pd.DataFrame) -> None:
    with pytest.raises(ModelError, match="within 60 days, and can say nothing about 90 days"):
        model.churn_probability(rows, horizon_days=90)
    for wrong in (0, -1, float("inf"), float("nan"), "7"):
        with pytest.raises(ModelError, match="horizon_days must be"):
            model.expected_orders(rows, horizon_days=wrong)  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="horizon_months must be"):
        model.clv(rows, horizon_months=0)


def test_eight_threads_give_what_one_gives(project: Project, model: PatronModel) -> None:
    """Two models and two days, interleaved."""
    few = project.orders[project.orders["customer_id"].isin(project.orders["customer_id"].unique()[:12])]
    louder = dataclasses.replace(model.parts.settings, language="zh")
    models = [model, dataclasses.replace(model, parts=dataclasses.replace(model.parts, settings=louder))]
    tasks = [(models[i % 2], ("2023-05-02", AS_OF)[i // 2 % 2]) for i in range(24)]
    alone = [m.score(few, day) for m, day in tasks[:4]]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda task: task[0].score(few, task[1]), tasks))
    for number, scored in enumerate(found):
        same(scored, alone[number % 4])


def test_rounding_is_that_of_decimal_text() -> None:
    """Bit for bit, at every size, at ties and at powers of ten."""
    rng = np.random.default_rng(0)
    values = np.exp(rng.uniform(-80, 80, 4000)) * rng.choice([-1, 1], 4000)
    ties = np.array(
        [0.5, 2.5, 1.00005, 0.1234567890625, 999.99999995, 1e10, 1e-300, 123456789012.5, 0.0, np.nan]
    )
    everything = np.concatenate([values, ties, np.round(values[:500], 3)])
    for digits in (4, 10):
        expected = [float(f"{v:.{digits - 1}e}") for v in everything]
        np.testing.assert_array_equal(significant(everything, digits), expected)
