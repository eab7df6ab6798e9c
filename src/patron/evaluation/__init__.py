"""How good a model is, on windows it has not seen, beside the rules anybody could write down."""

from patron.evaluation._backtest_cutoffs import matured_days
from patron.evaluation._backtest_profit import CallTerms
from patron.evaluation._backtest_standing import StageLimits
from patron.evaluation.backtest import BacktestTerms, run_backtest
from patron.evaluation.backtest_result import Backtest
from patron.evaluation.churn import Judged, judge_churn
from patron.evaluation.gate import TOLERATED_LOSS, Verdict, gate_without_champion, promotion_gate
from patron.evaluation.grade import Grade, ValueGrade, churn_grade, clv_grade
from patron.evaluation.label_audit import audit_labels
from patron.evaluation.outcomes import churn_outcomes, discounted_margins
from patron.evaluation.panel import build_panel, recipe_of_day
from patron.evaluation.rehearse import (
    ChurnRecipe,
    fit_purchase_models,
    fit_recipe,
    panel_recipe,
    recipe_panel,
    tune_recipe,
)
from patron.evaluation.suspicion import suspicious_attributes
from patron.evaluation.training_days import known_until, training_days
from patron.evaluation.value import JudgedValue, fit_value_model, judge_value
from patron.evaluation.value_case import CaseForecasts, ValueCase, collect_case, forecast_case
from patron.evaluation.value_choice import ValueChoice
from patron.evaluation.value_frames import ForecastRecipe, ValueTerms
from patron.evaluation.value_shipping import ship_forecast
from patron.labels import ChurnLabel

__all__ = [
    "TOLERATED_LOSS",
    "Backtest",
    "BacktestTerms",
    "CallTerms",
    "CaseForecasts",
    "ChurnLabel",
    "ChurnRecipe",
    "ForecastRecipe",
    "Grade",
    "Judged",
    "JudgedValue",
    "StageLimits",
    "ValueCase",
    "ValueChoice",
    "ValueGrade",
    "ValueTerms",
    "Verdict",
    "audit_labels",
    "build_panel",
    "churn_grade",
    "churn_outcomes",
    "clv_grade",
    "collect_case",
    "discounted_margins",
    "fit_purchase_models",
    "fit_recipe",
    "fit_value_model",
    "forecast_case",
    "gate_without_champion",
    "judge_churn",
    "judge_value",
    "known_until",
    "matured_days",
    "panel_recipe",
    "promotion_gate",
    "recipe_of_day",
    "recipe_panel",
    "run_backtest",
    "ship_forecast",
    "suspicious_attributes",
    "training_days",
    "tune_recipe",
]
