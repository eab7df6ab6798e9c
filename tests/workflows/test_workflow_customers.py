"""A project with a customer file and events: used as features, told in words, and still row by row."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from trade_project import trade_orders, write_project

from patron.config import Config, load_config
from patron.errors import ConfigError, ModelError
from patron.ledger import load_customers, load_events
from patron.model import PatronModel, load_model_folder
from patron.workflows import Scored, Trained, check, score, train

MORE = """
  customers: customers.csv
  events: events.csv
features: {attributes: [industry, size]}
clv: {by: industry, model: btyd}
"""


class Known(NamedTuple):
    """A trained and scored project."""

    config: Config
    orders: pd.DataFrame
    trained: Trained
    scored: Scored

    @property
    def model(self) -> PatronModel:
        """As a service loads it."""
        return load_model_folder(self.trained.folder, name="trade/1")


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Known:
    rng = np.random.default_rng(4)
    orders = trade_orders()
    path = write_project(tmp_path_factory.mktemp("known") / "p", tmp_path_factory.getbasetemp(), orders)
    path.write_text(path.read_text().replace("\n  currency: EUR\n", "\n  currency: EUR" + MORE))
    names = sorted(orders["customer_id"].unique())[:200]  # the rest is not in the file
    customers = pd.DataFrame({"customer_id": names, "industry": rng.choice(["food", "medical"], 200)})
    customers["size"] = rng.integers(1, 500, 200)
    customers["margin"] = np.where(rng.random(200) < 0.5, 0.25, np.nan)
    customers.to_csv(path.parent / "customers.csv", index=False)
    last = orders.groupby("customer_id")["ordered_at"].max()
    leaving = last[last < "2023-06-01"].index  # who stops complains before
    events = pd.DataFrame(
        {"customer_id": leaving, "happened_at": last[leaving].to_numpy(), "kind": "complaint"}
    )
    events.assign(value=1).to_csv(path.parent / "events.csv", index=False)
    config = load_config(path)
    return Known(config, orders, train(config), score(config))


def test_attributes_and_events_are_features(known: Known) -> None:
    """By name, in the manifest."""
    names = known.model.manifest["feature_names"]
    assert {"attribute_industry", "attribute_size", "event_complaint_last_180_days"} <= set(names)


def test_they_are_told_in_words(known: Known) -> None:
    """The industry's name, not its code."""
    told = [
        row[f"reason_{rank}"]
        for row in known.scored.scores.to_dict("records")
        for rank in (1, 2, 3)
        if row[f"reason_{rank}_code"] in ("attribute", "event")
    ]
    assert told
    assert not [text for text in told if re.search(r"industry \d|\?|_", text)]


def test_a_customers_own_margin_counts(known: Known) -> None:
    """A quarter of the revenue for those who have it, all of it (the config's margin) for the rest."""
    customers = pd.read_csv(known.config.folder / "customers.csv").set_index("customer_id")
    active = known.scored.scores.query("status == 'scored'").set_index("customer_id")
    earned = active["clv"] / (active["expected_orders"] * active["expected_order_value"])
    quarter = customers["margin"].reindex(active.index) == 0.25
    assert quarter.any()
    assert earned[quarter].max() < 0.26
    assert earned[~quarter].min() > 0.8


def test_industries_have_parameters_of_their_own(known: Known) -> None:
    """One set for each industry in the file, beside those of the whole base."""
    clv = known.model.parts.clv
    assert sorted(clv.segments_) == ["food", "medical"]
    rates = {name: found["params"]["alpha"] for name, found in clv.segments_.items()}
    assert len({*rates.values(), clv.params_["alpha"]}) == 3


def test_scoring_without_the_industry_is_refused(known: Known) -> None:
    """The segment of a customer must not be guessed."""
    with pytest.raises(ModelError, match="values customers by their industry"):
        known.model.score(known.orders, as_of="2023-07-02")


def test_a_segment_column_that_is_not_there_is_named(known: Known) -> None:
    """Before any training starts, with what the file has."""
    config = load_config(known.config.folder / "patron.yaml", ["clv.by=sector"])
    with pytest.raises(ConfigError, match=r"clv\.by: there is no column sector .*industry, size"):
        train(config)


def test_a_customer_alone_gets_the_same_row(known: Known) -> None:
    """With that customer's own lines of every file."""
    config, base = known.config, known.scored.scores.set_index("customer_id")
    customers = load_customers(config.path("customers.csv"))
    events = load_events(config.path("events.csv"))
    for name in base.index[base["status"] == "scored"][:4]:
        alone = known.model.score(
            known.orders[known.orders["customer_id"] == name],
            as_of="2023-07-02",
            customers=customers[customers["customer_id"] == name],
            events=events[events["customer_id"] == name],
        ).set_index("customer_id")
        pd.testing.assert_frame_equal(
            alone.drop(columns="data_through"),
            base.loc[[name]].drop(columns="data_through"),
            check_exact=True,
        )


def test_no_customer_is_named_in_model_or_store(known: Known) -> None:
    """Events and attributes travel no further than the scores."""
    folder = known.config.folder
    places = [*(folder / "runs" / "models").rglob("*"), *(folder / "mlruns").rglob("*"), folder / "mlflow.db"]
    files = [path for path in places if path.is_file()]
    assert len(files) > 10
    assert [path.name for path in files if re.search(rb"K-\d{4}", path.read_bytes())] == []


def test_the_data_report_says_what_is_assumed(known: Known) -> None:
    """Without valid_from an attribute is taken to have been so for ever."""
    assert any("assumed constant" in warning for warning in check(known.config).warnings)


def test_the_evaluation_warns_of_nothing_here(known: Known) -> None:
    """Random attributes predict nothing suspiciously well."""
    path: Path = known.trained.folder / "evaluation.json"
    assert json.loads(path.read_text(encoding="utf-8"))["warnings"] == []
