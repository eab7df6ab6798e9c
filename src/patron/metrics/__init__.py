"""Arrays in, numbers with intervals out.

In:  outcomes and predictions as plain arrays, one entry per customer.
Out: ranking, calibration and value metrics, bootstrap intervals; None where a metric is not defined.
Not here: frames, models, grades (`patron.evaluation`).
"""

from patron.metrics.bootstrap import Paired, interval, paired_interval, paired_loss_interval
from patron.metrics.calibration import (
    brier,
    calibration_table,
    ece,
    ece_if_perfect_95,
    is_calibrated,
    log_loss,
    log_losses,
)
from patron.metrics.ranking import auc, average_precision, top_decile_lift
from patron.metrics.summary import churn_metrics, value_metrics
from patron.metrics.value import bias, gini, mae, rmse, spearman, top_decile_share

__all__ = [
    "Paired",
    "auc",
    "average_precision",
    "bias",
    "brier",
    "calibration_table",
    "churn_metrics",
    "ece",
    "ece_if_perfect_95",
    "gini",
    "interval",
    "is_calibrated",
    "log_loss",
    "log_losses",
    "mae",
    "paired_interval",
    "paired_loss_interval",
    "rmse",
    "spearman",
    "top_decile_lift",
    "top_decile_share",
    "value_metrics",
]
