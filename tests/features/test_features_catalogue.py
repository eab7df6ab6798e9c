"""The catalogue and the code name the same features; recipes select and travel."""

from __future__ import annotations

import json

import pytest
from synthetic_ledger import number

from patron.clv import CLVModel
from patron.features import (
    DEFAULT_GROUPS,
    FEATURE_GROUPS,
    FeatureRecipe,
    build_features,
    catalogue,
    feature_names,
)
from patron.snapshots import CustomerTables, history_before

BGNBD = {"r": 0.5, "alpha": 6.0, "a": 0.8, "b": 2.4, "p": 6.25, "q": 3.74, "v": 15.44}
FULL = FeatureRecipe(
    horizon_days=60,
    attributes={"industry": ["care", "hotel", "retail"], "size": None},
    event_kinds=("nps", "ticket"),
    kinds_of_items=("products", "categories"),
)


def built(tables: CustomerTables, recipe: FeatureRecipe) -> list[str]:
    model = CLVModel.from_params(purchases="bgnbd", params=BGNBD)
    return list(build_features(history_before(tables, number("2024-06-01")), recipe, purchases=model).columns)


def test_the_code_builds_exactly_the_catalogue(tables: CustomerTables) -> None:
    """Every name both ways, in the catalogue's order."""
    names = [f.name for f in catalogue(attributes=["industry", "size"], event_kinds=("nps", "ticket"))]
    assert built(tables, FULL) == ["customer_id", *names]


def test_every_catalogued_feature_is_filled(tables: CustomerTables) -> None:
    """No column of the catalogue is only missing values: a name without code would be."""
    model = CLVModel.from_params(purchases="bgnbd", params=BGNBD)
    frame = build_features(history_before(tables, number("2024-06-01")), FULL, purchases=model)
    assert [c for c in frame if frame[c].isna().all()] == []
    assert set(frame.drop(columns="customer_id").dtypes.astype(str)) == {"float64"}


def test_names_are_unique_and_explained() -> None:
    """Each has a group of the list, a meaning, and a unit unless it depends on the attribute or event."""
    features = catalogue(attributes=["size"], event_kinds=["nps"])
    assert len({f.name for f in features}) == len(features)
    assert {f.group for f in features} == set(FEATURE_GROUPS)
    assert [f.name for f in features if not f.meaning] == []
    own = {"attribute_size", "event_nps_latest_value"}
    assert {f.name for f in features if not f.unit} == own


def test_names_tell_unit_and_no_rfm_homonym() -> None:
    """Ratios and probabilities end in their kind; the words that mean two things are not used."""
    for feature in catalogue():
        assert feature.name.endswith("_ratio") == (feature.unit == "ratio")
        assert feature.name.endswith("_probability") == (feature.unit == "probability")
        assert not {"recency", "frequency", "T", "monetary_value"} & {feature.name}


@pytest.mark.parametrize("group", FEATURE_GROUPS)
def test_a_group_alone_gives_its_own_columns(tables: CustomerTables, group: str) -> None:
    """Also where it reads sums that belong to another group."""
    recipe = FeatureRecipe.from_dict({**FULL.to_dict(), "groups": [group]})
    names = [f.name for f in catalogue(attributes=list(FULL.attributes), event_kinds=FULL.event_kinds)]
    own = {f.name: f.group for f in catalogue(attributes=list(FULL.attributes), event_kinds=FULL.event_kinds)}
    assert built(tables, recipe) == ["customer_id", *[n for n in names if own[n] == group]]


@pytest.mark.parametrize("kinds", [(), ("products",), ("categories",)])
def test_a_ledger_without_items_has_no_columns_for_them(
    tables: CustomerTables, kinds: tuple[str, ...]
) -> None:
    """The breadth group then has fewer columns or none."""
    recipe = FeatureRecipe(horizon_days=60, groups=("breadth",), kinds_of_items=kinds)
    assert [n.split("_")[0] for n in feature_names(recipe)] == [kind for kind in kinds for _ in range(3)]


def test_what_grows_with_the_log_is_marked() -> None:
    """A count over all time is, one over a year is not; some of a recipe is, not all."""
    growing = {f.name for f in catalogue() if f.grows_with_log}
    assert "purchase_days" in growing
    assert "purchase_days_last_365_days" not in growing
    assert growing < set(feature_names(FULL))


def test_all_groups_of_a_config_leave_out_the_purchase_model() -> None:
    """Its outputs tell a learner the date: they take part as a rule, and where a config names them."""
    assert set(FEATURE_GROUPS) - set(DEFAULT_GROUPS) == {"btyd"}
    assert [group for group in FEATURE_GROUPS if group in DEFAULT_GROUPS] == list(DEFAULT_GROUPS)
    default = FeatureRecipe.from_dict({**FULL.to_dict(), "groups": list(DEFAULT_GROUPS)})
    own = {f.name for f in catalogue() if f.group == "btyd"}
    assert own
    assert not own & set(feature_names(default))


def test_a_recipe_survives_json() -> None:
    """A model stores it and scoring builds the same columns."""
    again = FeatureRecipe.from_dict(json.loads(json.dumps(FULL.to_dict())))
    assert again.to_dict() == FULL.to_dict()
    assert feature_names(again) == feature_names(FULL)
