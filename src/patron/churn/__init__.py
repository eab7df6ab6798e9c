"""Probability of churn: LightGBM beside naive rules, calibrated out of time, with reasons."""

from patron.churn.calibrate import Calibrator, choose_calibrator, fit_calibrator
from patron.churn.folds import Fold, rolling_folds
from patron.churn.linear import NAIVE_RULES, LinearScorer
from patron.churn.model import ChurnModel
from patron.churn.panel import Panel
from patron.churn.train import Candidate, ChurnTraining, train_churn
from patron.churn.trees import TreeScorer

__all__ = [
    "NAIVE_RULES",
    "Calibrator",
    "Candidate",
    "ChurnModel",
    "ChurnTraining",
    "Fold",
    "LinearScorer",
    "Panel",
    "TreeScorer",
    "choose_calibrator",
    "fit_calibrator",
    "rolling_folds",
    "train_churn",
]
