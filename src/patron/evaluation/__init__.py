"""How good a model is, on windows it has not seen, beside the rules anybody could write down."""

from patron.evaluation.churn import Judged, judge_churn
from patron.evaluation.gate import Verdict, promotion_gate
from patron.evaluation.grade import Grade, ValueGrade, churn_grade, clv_grade
from patron.evaluation.panel import build_panel, label_in_words
from patron.evaluation.rehearse import (
    ChurnRecipe,
    fit_purchase_models,
    fit_recipe,
    panel_recipe,
    recipe_panel,
)
from patron.evaluation.suspicion import suspicious_attributes
from patron.evaluation.value import JudgedValue, ValueTerms, fit_value_model, judge_value

__all__ = [
    "ChurnRecipe",
    "Grade",
    "Judged",
    "JudgedValue",
    "ValueGrade",
    "ValueTerms",
    "Verdict",
    "build_panel",
    "churn_grade",
    "clv_grade",
    "fit_purchase_models",
    "fit_recipe",
    "fit_value_model",
    "judge_churn",
    "judge_value",
    "label_in_words",
    "panel_recipe",
    "promotion_gate",
    "recipe_panel",
    "suspicious_attributes",
]
