"""Probability of churn: a ladder of models beside naive rules, calibrated out of time, with reasons.

Listed here is what a loaded model scores with. Training is imported from where it is done (``churn.train``,
``churn.members``, ``churn.folds``, ``churn.classifier``), so that a service does not pay for it.
"""

from patron.churn.average import AverageScorer
from patron.churn.calibrate import Calibrator, fit_calibrator
from patron.churn.linear import NAIVE_RULES, LinearScorer
from patron.churn.model import ChurnModel
from patron.churn.panel import Panel
from patron.churn.season import DailyPurchases, SeasonShift
from patron.churn.smooth import PENALTY_C, SmoothScorer
from patron.churn.trees import TreeScorer, TreeSettings

__all__ = [
    "NAIVE_RULES",
    "PENALTY_C",
    "AverageScorer",
    "Calibrator",
    "ChurnModel",
    "DailyPurchases",
    "LinearScorer",
    "Panel",
    "SeasonShift",
    "SmoothScorer",
    "TreeScorer",
    "TreeSettings",
    "fit_calibrator",
]
