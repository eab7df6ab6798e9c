"""The dicts that go into an evaluation: every number of a churn or a value model at once.

In:  outcomes and predictions of one model on one set of customers.
Out: plain dicts of float or None, ready for JSON (never NaN).
Not here: the comparison of models and what follows from it (`patron.evaluation`).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from patron.metrics._checks import actual_and_predicted, finite_columns, outcomes_and_probabilities
from patron.metrics._tally import Tally, resampled, tally
from patron.metrics.bootstrap import DRAWS, percentiles
from patron.metrics.calibration import brier_of, ece_of, log_loss_of
from patron.metrics.ranking import auc_of, average_precision_of, top_decile_lift_of
from patron.metrics.value import bias, gini, mae, rmse, spearman, top_decile_share

CHURN_METRICS: dict[str, Callable[[Tally], float | None]] = {
    "auc": auc_of,
    "average_precision": average_precision_of,
    "brier": brier_of,
    "log_loss": log_loss_of,
    "ece": ece_of,
    "top_decile_lift": top_decile_lift_of,
}
VALUE_METRICS: dict[str, Callable[[ArrayLike, ArrayLike], float | None]] = {
    "mae": mae,
    "rmse": rmse,
    "gini": gini,
    "spearman": spearman,
    "bias": bias,
    "top_decile_share": top_decile_share,
}


def churn_metrics(y: ArrayLike, p: ArrayLike, draws: int = DRAWS, seed: int = 0) -> dict[str, float | None]:
    """Every churn metric with its 95 % interval.

    Parameters
    ----------
    y : array of 0 or 1, shape (n_customers,)
        1 for customers who churned.
    p : array of float, shape (n_customers,)
        Churn probabilities.
    draws : int
        Bootstrap resamples of the customers.
    seed : int
        Seed of the resampling.

    Returns
    -------
    dict
        ``auc, average_precision, brier, log_loss, ece, top_decile_lift``, each followed by ``_low`` and
        ``_high``. None where a metric is not defined: all of them without customers, ``auc`` without both
        outcomes, ``average_precision`` and ``top_decile_lift`` if nobody churned. The interval of ``ece``
        lies above it for good models: resampling adds noise to each bin.

    Raises
    ------
    PatronError
        If lengths differ or a value is out of range.

    Examples
    --------
    >>> found = churn_metrics([0, 0, 0, 0], [0.5, 0.0, 0.5, 0.0], draws=20)
    >>> found["auc"], found["brier"]
    (None, 0.125)
    """
    if not np.size(y) and not np.size(p):
        return {name + suffix: None for name in CHURN_METRICS for suffix in ("", "_low", "_high")}
    whole = tally(*outcomes_and_probabilities(y, p))
    drawn = [
        [metric(sample) for metric in CHURN_METRICS.values()] for sample in resampled(whole, draws, seed)
    ]
    found: dict[str, float | None] = {}
    for (name, metric), values in zip(CHURN_METRICS.items(), zip(*drawn, strict=True), strict=True):
        found[name] = metric(whole)
        found[f"{name}_low"], found[f"{name}_high"] = percentiles(values)
    return found


def value_metrics(
    actual: ArrayLike, predicted: ArrayLike, low: ArrayLike | None = None, high: ArrayLike | None = None
) -> dict[str, float | None]:
    """Every value metric of one entrant.

    Parameters
    ----------
    actual, predicted : array of float, shape (n_customers,)
        Currency.
    low, high : array of float, shape (n_customers,), optional
        Predictive interval of each customer.

    Returns
    -------
    dict
        ``mae, rmse, gini, spearman, bias, top_decile_share, interval_coverage``; None where not defined,
        all of them without customers, ``interval_coverage`` (share of actual values inside the interval,
        ends included) without an interval.

    Raises
    ------
    PatronError
        If lengths differ or a value is not finite.

    Examples
    --------
    >>> value_metrics([1.0, 3.0], [2.0, 3.0])["mae"]
    0.5
    """
    values, predictions = actual_and_predicted(actual, predicted)
    found = {
        name: metric(values, predictions) if len(values) else None for name, metric in VALUE_METRICS.items()
    }
    return {**found, "interval_coverage": _coverage(actual, low, high)}


def _coverage(actual: ArrayLike, low: ArrayLike | None, high: ArrayLike | None) -> float | None:
    if low is None or high is None or not np.size(actual):
        return None
    values, lower, upper = finite_columns(actual=actual, low=low, high=high)
    return float(((lower <= values) & (values <= upper)).mean())
