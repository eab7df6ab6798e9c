"""Scores where another forecast than the purchase model's ships: alone, scaled, stored and loaded."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from trade_project import Project, opened

from patron.clv import ValueForecast, rescaled
from patron.config import Config, load_config
from patron.errors import ModelError
from patron.evaluation import ForecastRecipe, ValueTerms, judge_value, ship_forecast
from patron.model import PatronModel, load_model_folder
from patron.scoring import score_customers
from patron.snapshots import CustomerTables, to_day

DAY = to_day("2023-07-02")
MONEY = ("clv", "clv_low", "clv_high", "clv_if_silent", "clv_if_kept")
WEIGHTS = {
    "challenger": {"challenger": 1.0},
    "last_year": {"last_year": 1.0},
    "blend": {"btyd": 0.25, "challenger": 0.5, "last_year": 0.25},
}


@pytest.fixture(scope="module")
def tables(project: Project, config: Config) -> CustomerTables:
    return opened(config, project.orders)[1]


@pytest.fixture(scope="module")
def forecast(model: PatronModel, tables: CustomerTables) -> ValueForecast:
    """The challenger, fitted the way a training does it."""
    terms = ValueTerms("auto", "native", None, 12, 1.0, False, 2, model="challenger")
    recipe = ForecastRecipe(model.parts.recipe)
    first = DAY - 480  # a later beginning than the log's leaves fewer days to learn from
    judged = judge_value(tables, DAY, first, terms, recipe)
    assert judged is not None
    found = ship_forecast(tables, DAY, judged, model.parts.clv, terms, recipe, 0.1)
    assert found is not None
    return found


def with_forecast(
    model: PatronModel, forecast: ValueForecast | None, kind: str = "challenger"
) -> PatronModel:
    if forecast is not None:
        forecast = dataclasses.replace(forecast, kind=kind, weights=WEIGHTS[kind])
    return dataclasses.replace(model, parts=dataclasses.replace(model.parts, forecast=forecast))


def scored(model: PatronModel, tables: CustomerTables) -> pd.DataFrame:
    found = score_customers(model.parts, tables, DAY, model="m", data_through_day=DAY - 1)
    return found[found["status"] != "excluded"].set_index("customer_id")


@pytest.fixture(scope="module")
def plain(model: PatronModel, tables: CustomerTables) -> pd.DataFrame:
    """By the purchase model."""
    return scored(with_forecast(model, None), tables)


@pytest.mark.parametrize("kind", WEIGHTS)
def test_what_hangs_on_the_value_moves_in_proportion(
    kind: str, model: PatronModel, forecast: ValueForecast, tables: CustomerTables, plain: pd.DataFrame
) -> None:
    """CONTRACT 5: scaled by the forecast over the purchase model's, except where that has given up."""
    found = scored(with_forecast(model, forecast, kind), tables)
    ratio = found["clv"] / plain["clv"]
    assert ratio.between(0.01, 0.99).any() or ratio.gt(1.01).any()
    for name in ("clv_low", "clv_high", "clv_if_silent"):
        np.testing.assert_allclose(found[name], plain[name] * ratio, rtol=1e-9)
    usual = plain["clv_if_kept"] <= 10 * plain["clv"]
    assert usual.sum() > 50
    np.testing.assert_allclose(found["clv_if_kept"][usual], (plain["clv_if_kept"] * ratio)[usual], rtol=1e-9)
    assert (found["clv_if_silent"] <= found["clv"]).all()
    assert (found["clv"] <= found["clv_if_kept"]).all()
    assert np.isfinite(found[list(MONEY)].to_numpy(float)).all()
    others = [c for c in found if c not in (*MONEY, "value_at_risk", "action")]
    pd.testing.assert_frame_equal(found[others], plain[others], check_exact=True)


def test_last_year_by_hand(
    model: PatronModel, forecast: ValueForecast, tables: CustomerTables, plain: pd.DataFrame
) -> None:
    """Revenue of 365 days x margin, at the same pace for twelve months, each discounted at its middle."""
    found = scored(with_forecast(model, forecast, "last_year"), tables)
    months = sum(30.4375 * 1.1 ** -((month + 0.5) / 12) for month in range(12))
    margin = model.parts.settings.margin
    expected = found["revenue_last_12_months"].astype(float).clip(lower=0) / 365 * margin * months
    np.testing.assert_allclose(found["clv"], expected, rtol=1e-6)


def test_the_challenger_stays_between_its_bounds(
    model: PatronModel, forecast: ValueForecast, tables: CustomerTables
) -> None:
    """A year is worth no less than its first half and no more than twice that."""
    year = scored(with_forecast(model, forecast), tables)["clv"].sum()
    shorter = dataclasses.replace(model.parts.settings, clv_horizon_months=6, annual_discount_rate=0.0)
    half = with_forecast(model, forecast)
    half = dataclasses.replace(half, parts=dataclasses.replace(half.parts, settings=shorter))
    part = scored(half, tables)["clv"].sum()
    assert 0.9 * part < year < 2.1 * part


def test_every_customer_alone_equals_the_row_in_the_base(
    project: Project, config: Config, model: PatronModel, forecast: ValueForecast, tables: CustomerTables
) -> None:
    """As written: to ten digits, money of a blend of all three included."""
    blend = with_forecast(model, forecast, "blend")
    ledger, _ = opened(config, project.orders)
    base = blend.score_tables(tables, ledger).set_index("customer_id")
    base = base[base["status"] != "excluded"]
    chosen = base.groupby("status").head(3).index.tolist()
    lines = dict(list(project.orders.groupby("customer_id")))
    for customer in chosen:
        own_ledger, own_tables = opened(config, lines[customer])
        alone = blend.score_tables(own_tables, own_ledger).set_index("customer_id")
        pd.testing.assert_frame_equal(
            alone.drop(columns="data_through"),
            base.loc[[customer]].drop(columns="data_through"),
            check_exact=True,
        )


def test_the_folder_keeps_the_forecast(
    tmp_path: Path, model: PatronModel, forecast: ValueForecast, tables: CustomerTables
) -> None:
    """Saved, checked and loaded: the same scores to the last bit, and JSON and LightGBM text only."""
    blend = with_forecast(model, forecast, "blend")
    folder = blend.save(tmp_path)
    names = {path.name for path in folder.iterdir()}
    trees = {f"forecast_{name}.txt" for name in ("tweedie", "spends", "amount")}
    assert {"forecast.json", *trees} <= names
    assert "forecast.json" in json.loads((folder / "manifest.json").read_text("utf-8"))["files"]
    again = load_model_folder(folder)
    assert again.parts.forecast == blend.parts.forecast
    pd.testing.assert_frame_equal(scored(again, tables), scored(blend, tables), check_exact=True)


def test_a_folder_without_it_is_the_purchase_model(
    tmp_path: Path, model: PatronModel, tables: CustomerTables, plain: pd.DataFrame
) -> None:
    """As every model written before."""
    folder = with_forecast(model, None).save(tmp_path)
    assert not any(path.name.startswith("forecast") for path in folder.iterdir())
    pd.testing.assert_frame_equal(scored(load_model_folder(folder), tables), plain, check_exact=True)


def test_a_changed_tree_is_refused(tmp_path: Path, model: PatronModel, forecast: ValueForecast) -> None:
    folder = with_forecast(model, forecast).save(tmp_path)
    trees = folder / "forecast_amount.txt"
    trees.write_text(trees.read_text("utf-8").replace("1", "2", 1), encoding="utf-8")
    with pytest.raises(ModelError, match=r"forecast_amount\.txt' was changed"):
        load_model_folder(folder)


def test_weights_that_cannot_be_are_refused(forecast: ValueForecast) -> None:
    files = dict(forecast.to_files())
    stored: dict[str, Any] = files.pop("forecast.json") | {"weights": {"challenger": 0.7}}
    with pytest.raises(ModelError, match="weights that cannot be"):
        ValueForecast.from_files(stored, {name: text.encode() for name, text in files.items()})


def test_values_move_sensibly_where_the_purchase_model_gave_up() -> None:
    """Four customers: usual; given up with something left if kept; nothing at all; nothing, still kept."""
    own = pd.DataFrame(
        {
            "clv": [100.0, 1e-9, 0.0, 0.0],
            "clv_low": [50.0, 0.0, 0.0, 0.0],
            "clv_high": [150.0, 0.0, 0.0, 0.0],
            "clv_if_silent": [40.0, 1e-10, 0.0, 0.0],
            "clv_if_kept": [130.0, 60.0, 0.0, 80.0],
        }
    )
    found = rescaled(own, np.array([200.0, 3.0, 5.0, 5.0]))
    assert found["clv"].tolist() == [200.0, 3.0, 5.0, 5.0]
    assert found["clv_if_kept"].tolist() == [260.0, 60.0, 5.0, 80.0]
    assert found["clv_if_silent"].tolist() == pytest.approx([80.0, 0.3, 0.0, 0.0])
    assert found["clv_high"].tolist() == [300.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize("wanted", ["last_year", "blend"])
def test_the_config_chooses(wanted: str, project: Project) -> None:
    """`clv.model` is taken as it stands."""
    config = load_config(project.config, [f"clv.model={wanted}"])
    assert config.clv.model == wanted
