"""What was known before `as_of`: one row of numbers per customer, alike in training and scoring."""

from patron.features.build import FeatureRecipe, build_features, feature_names, feature_sets
from patron.features.catalogue import FEATURE_GROUPS, Feature, catalogue

__all__ = [
    "FEATURE_GROUPS",
    "Feature",
    "FeatureRecipe",
    "build_features",
    "catalogue",
    "feature_names",
    "feature_sets",
]
