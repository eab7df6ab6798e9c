"""Promised against realised: what came of a vintage.

In:  the rows of a vintage with their outcome.
Out: figures of one vintage and of several together, with 95 % intervals, resampled by customer.
Not here: outcomes (`evaluation.churn_outcomes`), what follows from them (`status`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from patron.metrics import Dated, calibration_table, churn_metrics, draw_metrics, over_dates, wilson_interval

DRAWS = 400
#: Vintages that are judged together, the newest ones: they share customers, so they are drawn by customer.
LAST_VINTAGES = 3


class Pooled(NamedTuple):
    """Several vintages of one model together.

    Parameters
    ----------
    vintages, n : int
        How many, and their rows.
    promised, realised : float
        Mean probability and share that churned.
    ratio, ratio_low, ratio_high : float or None
        Realised / promised with its 95 % interval; None where nothing was promised.
    auc, auc_low, auc_high : float or None
        Mean over the vintages.
    excess_loss, excess_loss_low, excess_loss_high : float or None
        Log-loss of the promises less that of saying the promised mean for everybody; above 0 they are
        worse than no model.
    """

    vintages: int
    n: int
    promised: float
    realised: float
    ratio: float | None
    ratio_low: float | None
    ratio_high: float | None
    auc: float | None
    auc_low: float | None
    auc_high: float | None
    excess_loss: float | None
    excess_loss_low: float | None
    excess_loss_high: float | None


def judge_vintage(rows: pd.DataFrame, by: Iterable[str], *, seed: int = 0) -> dict[str, Any]:
    """Compare what a vintage promised with what came.

    Parameters
    ----------
    rows : pandas.DataFrame, shape (n, ...)
        ``churn_probability``, ``churned`` (0 or 1) and the columns of `by`; the judged customers only.
    by : iterable of str
        Columns to compare within.
    seed : int
        Of the resampling.

    Returns
    -------
    dict
        ``n``, ``promised``, ``realised`` (shares), ``metrics`` (`metrics.churn_metrics`), ``deciles``
        (`metrics.calibration_table`), ``by`` {column: [{value, n, promised, realised, low, high}]}.

    Examples
    --------
    >>> rows = pd.DataFrame({"churn_probability": [0.2, 0.8], "churned": [0, 1], "tier": ["a", "b"]})
    >>> found = judge_vintage(rows, ["tier"])
    >>> found["promised"], found["realised"], found["by"]["tier"][0]["promised"]
    (0.5, 0.5, 0.2)
    """
    churned, said = _columns(rows)
    return {
        "n": len(rows),
        "promised": _mean(said),
        "realised": _mean(churned),
        "metrics": churn_metrics(churned, said, draws=DRAWS, seed=seed),
        "deciles": calibration_table(churned, said) if len(rows) else [],
        "by": {column: _within(rows, column) for column in by if column in rows},
    }


def pool(vintages: Sequence[pd.DataFrame], *, seed: int = 0) -> Pooled | None:
    """Judge several vintages together.

    Parameters
    ----------
    vintages : sequence of pandas.DataFrame
        Each with ``customer_id``, ``churn_probability``, ``churned``.
    seed : int
        Of the resampling.

    Returns
    -------
    Pooled or None
        None without any row.
    """
    rows = [frame for frame in vintages if len(frame)]
    if not rows:
        return None
    everybody = pd.concat(rows, ignore_index=True)
    number, names = pd.factorize(everybody["customer_id"])
    churned, said = _columns(everybody)
    ends = np.cumsum([len(frame) for frame in rows])[:-1]
    dates = [
        Dated(*parts) for parts in zip(*(np.split(c, ends) for c in (churned, said, number)), strict=True)
    ]
    level = [date._replace(probability=np.full(len(date.churned), date.probability.mean())) for date in dates]
    drawn = over_dates(draw_metrics(dates, len(names), DRAWS, seed))
    flat = over_dates(draw_metrics(level, len(names), DRAWS, seed))
    ratio = _ratios(churned, said, number, len(names), seed)
    return Pooled(
        len(rows),
        len(everybody),
        float(said.mean()),
        float(churned.mean()),
        *_with_ends(ratio),
        *_with_ends(drawn[:, 0]),
        *_with_ends(drawn[:, 3] - flat[:, 3]),
    )


def judge_value(
    promised: np.ndarray, realised: np.ndarray, *, seed: int = 0
) -> dict[str, float | int | None]:
    """Compare the promised CLV of a vintage with the discounted margin that came.

    Parameters
    ----------
    promised, realised : numpy.ndarray of float, shape (n,)
        By customer, currency units.
    seed : int
        Of the resampling.

    Returns
    -------
    dict
        ``n``, ``promised``, ``realised`` (totals), ``ratio``, ``ratio_low``, ``ratio_high``.
    """
    ratio = _ratios(realised, promised, np.arange(len(promised)), len(promised), seed)
    names = ("ratio", "ratio_low", "ratio_high")
    totals = {"n": len(promised), "promised": float(promised.sum()), "realised": float(realised.sum())}
    return {**totals, **dict(zip(names, _with_ends(ratio), strict=True))}


def _ratios(
    above: np.ndarray, below: np.ndarray, number: np.ndarray, customers: int, seed: int
) -> np.ndarray:
    """Sum of one over the sum of the other, as it is and in every resample of the customers; (1 + draws,)."""
    sums = [np.bincount(number, values, minlength=customers) for values in (above, below)]
    rng = np.random.default_rng(seed)
    totals = [tuple(float(part.sum()) for part in sums)]
    for _ in range(DRAWS if customers else 0):
        weight = np.bincount(rng.integers(0, customers, customers), minlength=customers)
        totals.append(tuple(float(weight @ part) for part in sums))
    return np.array([a / b if b > 0 else np.nan for a, b in totals])


def _within(rows: pd.DataFrame, column: str) -> list[dict[str, Any]]:
    found = []
    for value, group in rows.groupby(column, sort=True):
        churned, said = _columns(group)
        low, high = wilson_interval(np.array([churned.sum()]), np.array([float(len(group))]))
        shares = {"promised": _mean(said), "realised": _mean(churned), "low": low.item(), "high": high.item()}
        found.append({"value": str(value), "n": len(group), **shares})
    return found


def _columns(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    churned, said = (np.asarray(rows[name], dtype=np.float64) for name in ("churned", "churn_probability"))
    return churned, said


def _mean(values: np.ndarray) -> float | None:
    return float(values.mean()) if len(values) else None


def _with_ends(values: np.ndarray) -> tuple[float | None, float | None, float | None]:
    """Return the first value, and the 95 % interval of the others; None where not defined."""
    drawn = values[1:][np.isfinite(values[1:])]
    if not np.isfinite(values[0]) or not len(drawn):
        return (float(values[0]) if np.isfinite(values[0]) else None), None, None
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(values[0]), float(low), float(high)
