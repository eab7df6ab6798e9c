"""Probability of churn: a ladder of models beside naive rules, calibrated out of time, with reasons."""

from patron.churn.average import AverageScorer
from patron.churn.calibrate import Calibrator, fit_calibrator
from patron.churn.folds import Fold, evidence_folds, rolling_folds
from patron.churn.ladder import LEARNED
from patron.churn.linear import NAIVE_RULES, LinearScorer
from patron.churn.members import Options
from patron.churn.model import ChurnModel
from patron.churn.panel import Panel
from patron.churn.season import DailyPurchases, SeasonShift
from patron.churn.smooth import PENALTY_C, SmoothScorer
from patron.churn.train import ChurnTraining, train_churn
from patron.churn.trees import TreeScorer, TreeSettings

__all__ = [
    "LEARNED",
    "NAIVE_RULES",
    "PENALTY_C",
    "AverageScorer",
    "Calibrator",
    "ChurnModel",
    "ChurnTraining",
    "DailyPurchases",
    "Fold",
    "LinearScorer",
    "Options",
    "Panel",
    "SeasonShift",
    "SmoothScorer",
    "TreeScorer",
    "TreeSettings",
    "evidence_folds",
    "fit_calibrator",
    "rolling_folds",
    "train_churn",
]
