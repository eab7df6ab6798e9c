"""Whether probabilities mean what they say: they are multiplied by money.

In:  outcomes (0 or 1) and probabilities, one per customer; ties allowed, row order irrelevant.
Out: losses, the calibration error, the judgement "calibrated", and a table to print or plot.
Not here: ranking (`ranking`), fitting a calibrator (`patron.churn`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from patron.metrics._checks import Floats, outcomes_and_probabilities
from patron.metrics._tally import Tally, sums_up_to, tally, with_outcomes_from_scores
from patron.metrics.shares import wilson_interval

#: Probabilities are clipped to [PROBABILITY_FLOOR, 1 - PROBABILITY_FLOOR] before a logarithm is taken, so
#: that one customer predicted with certainty and wrongly costs 13.8, not infinity.
PROBABILITY_FLOOR = 1e-6
#: An expected calibration error up to this is good enough for any base, however large.
TOLERATED_ECE = 0.03
ECE_BINS = 10


def brier(y: ArrayLike, p: ArrayLike) -> float:
    """Mean squared distance between probability and outcome.

    Parameters
    ----------
    y : array of 0 or 1, shape (n_customers,)
        1 for customers who churned.
    p : array of float, shape (n_customers,)
        Churn probabilities.

    Returns
    -------
    float
        0 is perfect; a constant 0.5 gives 0.25.

    Raises
    ------
    PatronError
        If there are no rows, lengths differ, or a value is out of range.

    Examples
    --------
    >>> brier([1, 0], [0.8, 0.4])
    0.1
    """
    return brier_of(tally(*outcomes_and_probabilities(y, p)))


def log_loss(y: ArrayLike, p: ArrayLike) -> float:
    """Mean negative log-likelihood in nats, probabilities clipped to `PROBABILITY_FLOOR`.

    Parameters
    ----------
    y : array of 0 or 1, shape (n_customers,)
        1 for customers who churned.
    p : array of float, shape (n_customers,)
        Churn probabilities.

    Returns
    -------
    float
        0 is perfect; a constant 0.5 gives ln 2 = 0.693.

    Raises
    ------
    PatronError
        If there are no rows, lengths differ, or a value is out of range.

    Examples
    --------
    >>> round(log_loss([1, 0], [0.5, 0.5]), 4)
    0.6931
    """
    return log_loss_of(tally(*outcomes_and_probabilities(y, p)))


def log_losses(y: ArrayLike, p: ArrayLike) -> Floats:
    """Log-loss of each customer, for paired comparisons.

    Parameters
    ----------
    y : array of 0 or 1, shape (n_customers,)
        1 for customers who churned.
    p : array of float, shape (n_customers,)
        Churn probabilities.

    Returns
    -------
    array of float, shape (n_customers,)
        Nats, in the order of the input.

    Raises
    ------
    PatronError
        If there are no rows, lengths differ, or a value is out of range.
    """
    outcomes, values = outcomes_and_probabilities(y, p)
    clipped = np.clip(values, PROBABILITY_FLOOR, 1 - PROBABILITY_FLOOR)
    return np.asarray(-np.log(np.where(outcomes == 1, clipped, 1 - clipped)), dtype=np.float64)


def ece(y: ArrayLike, p: ArrayLike, bins: int = ECE_BINS) -> float:
    """Mean distance between churn rate and mean probability over bins: expected calibration error.

    Customers are sorted by probability and cut into bins of equal count (the first ones hold one more where
    the count does not divide); customers with equal probabilities at an edge are shared evenly.

    Parameters
    ----------
    y : array of 0 or 1, shape (n_customers,)
        1 for customers who churned.
    p : array of float, shape (n_customers,)
        Churn probabilities.
    bins : int
        Number of bins.

    Returns
    -------
    float
        Probability; 0 is perfect. A perfect model on n customers still shows about 0.3 / sqrt(n / bins).

    Raises
    ------
    PatronError
        If there are no rows, lengths differ, or a value is out of range.

    Examples
    --------
    >>> round(ece([1, 0, 0, 0], [0.4, 0.4, 0.4, 0.4]), 10)
    0.15
    """
    return ece_of(tally(*outcomes_and_probabilities(y, p)), bins)


def ece_if_perfect_95(p: ArrayLike, draws: int = 200, seed: int = 0) -> float:
    """95 % quantile of the `ece` when outcomes are drawn from the probabilities themselves.

    Parameters
    ----------
    p : array of float, shape (n_customers,)
        Churn probabilities.
    draws : int
        Simulated sets of outcomes.
    seed : int
        Seed of the simulation.

    Returns
    -------
    float
        Probability. An `ece` above it is unlikely to be chance.

    Raises
    ------
    PatronError
        If there are no rows or a value is out of range.
    """
    values = np.asarray(p, dtype=np.float64)
    whole = tally(*outcomes_and_probabilities(np.zeros(values.shape), values))
    errors = [ece_of(drawn) for drawn in with_outcomes_from_scores(whole, draws, seed)]
    return float(np.quantile(errors, 0.95))


def is_calibrated(y: ArrayLike, p: ArrayLike, draws: int = 200, seed: int = 0) -> bool:
    """Whether the `ece` is small, or no larger than chance makes it on so few customers.

    Parameters
    ----------
    y : array of 0 or 1, shape (n_customers,)
        1 for customers who churned.
    p : array of float, shape (n_customers,)
        Churn probabilities.
    draws, seed : int
        For `ece_if_perfect_95`.

    Returns
    -------
    bool
        ``ece <= max(TOLERATED_ECE, ece_if_perfect_95)``.

    Raises
    ------
    PatronError
        If there are no rows, lengths differ, or a value is out of range.
    """
    error = ece(y, p)
    return error <= TOLERATED_ECE or error <= ece_if_perfect_95(p, draws, seed)


def calibration_table(y: ArrayLike, p: ArrayLike, bins: int = ECE_BINS) -> list[dict[str, int | float]]:
    """Churn rate beside mean probability, from the lowest to the highest probability.

    Whole customers only: those with equal probabilities stay in one bin, so the counts may differ and there
    may be fewer bins than asked for.

    Parameters
    ----------
    y : array of 0 or 1, shape (n_customers,)
        1 for customers who churned.
    p : array of float, shape (n_customers,)
        Churn probabilities.
    bins : int
        Largest number of bins.

    Returns
    -------
    list of dict
        ``n``, ``mean_probability``, ``churn_rate`` and ``low``, ``high``: Wilson's 95 % interval of the rate.

    Raises
    ------
    PatronError
        If there are no rows, lengths differ, or a value is out of range.

    References
    ----------
    Wilson (1927), "Probable inference, the law of succession, and statistical inference".
    """
    t = tally(*outcomes_and_probabilities(y, p))
    ends = np.cumsum(t.rows)
    # A group of equal probabilities belongs to the bin its middle customer falls in; integers throughout.
    bin_of_group = (2 * ends - t.rows) * bins // (2 * int(ends[-1]))
    return [_table_row(Tally(*(part[bin_of_group == b] for part in t))) for b in np.unique(bin_of_group)]


def _table_row(part: Tally) -> dict[str, int | float]:
    n, churned = int(part.rows.sum()), int(part.positives.sum())
    low, high = (float(bound[0]) for bound in wilson_interval(np.array([churned]), np.array([n])))
    mean_probability = float((part.score * part.rows).sum() / n)
    return {
        "n": n,
        "mean_probability": mean_probability,
        "churn_rate": churned / n,
        "low": float(low),
        "high": float(high),
    }


def brier_of(t: Tally) -> float:
    """`brier` from a tally."""
    squares = t.positives * (1 - t.score) ** 2 + (t.rows - t.positives) * t.score**2
    return float(squares.sum() / t.rows.sum())


def log_loss_of(t: Tally) -> float:
    """`log_loss` from a tally."""
    clipped = np.clip(t.score, PROBABILITY_FLOOR, 1 - PROBABILITY_FLOOR)
    logs = t.positives * np.log(clipped) + (t.rows - t.positives) * np.log(1 - clipped)
    return float(-logs.sum() / t.rows.sum())


def ece_of(t: Tally, bins: int = ECE_BINS) -> float:
    """`ece` from a tally."""
    n = int(t.rows.sum())
    steps = np.arange(bins + 1)
    edges = steps * (n // bins) + np.minimum(steps, n % bins)
    churned = np.diff(sums_up_to(t.positives, t.rows, edges))
    expected = np.diff(sums_up_to(t.score * t.rows, t.rows, edges))
    return float(np.abs(churned - expected).sum() / n)
