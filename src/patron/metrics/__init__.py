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
from patron.metrics.nps import promoter_groups, scale_problems
from patron.metrics.ranking import auc, average_precision, found_shares, top_decile_lift
from patron.metrics.repeated import (
    Dated,
    Drawn,
    draw_metrics,
    over_dates,
    paired_difference,
    with_intervals,
)
from patron.metrics.repeated_value import DRAWN_VALUE_METRICS, DatedValue, draw_value_metrics
from patron.metrics.shares import Z_95, wilson_interval
from patron.metrics.summary import churn_metrics, value_metrics
from patron.metrics.survival import EndedShare, ended_share, restricted_mean, survival
from patron.metrics.value import bias, gini, mae, rmse, spearman, top_decile_share

__all__ = [
    "DRAWN_VALUE_METRICS",
    "Z_95",
    "Dated",
    "DatedValue",
    "Drawn",
    "EndedShare",
    "Paired",
    "auc",
    "average_precision",
    "bias",
    "brier",
    "calibration_table",
    "churn_metrics",
    "draw_metrics",
    "draw_value_metrics",
    "ece",
    "ece_if_perfect_95",
    "ended_share",
    "found_shares",
    "gini",
    "interval",
    "is_calibrated",
    "log_loss",
    "log_losses",
    "mae",
    "over_dates",
    "paired_difference",
    "paired_interval",
    "paired_loss_interval",
    "promoter_groups",
    "restricted_mean",
    "rmse",
    "scale_problems",
    "spearman",
    "survival",
    "top_decile_lift",
    "top_decile_share",
    "value_metrics",
    "wilson_interval",
    "with_intervals",
]
