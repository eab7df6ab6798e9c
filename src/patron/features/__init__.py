"""What was known before `as_of`: one row of numbers per customer, alike in training and scoring."""

from patron.features.build import (
    FeatureRecipe,
    build_features,
    coded_features,
    described_features,
    feature_names,
    items_read_by,
    value_recipe,
)
from patron.features.catalogue import DEFAULT_GROUPS, FEATURE_GROUPS, Feature, catalogue
from patron.features.custom import CustomFeature, FeatureFunction, check_name, with_functions
from patron.features.custom_check import FeatureCheck, check_custom_feature

__all__ = [
    "DEFAULT_GROUPS",
    "FEATURE_GROUPS",
    "CustomFeature",
    "Feature",
    "FeatureCheck",
    "FeatureFunction",
    "FeatureRecipe",
    "build_features",
    "catalogue",
    "check_custom_feature",
    "check_name",
    "coded_features",
    "described_features",
    "feature_names",
    "items_read_by",
    "value_recipe",
    "with_functions",
]
