"""How well scores rank churners above the rest.

In:  outcomes (0 or 1) and scores, one per customer; ties allowed, row order irrelevant.
Out: one number, or None where it is not defined (nobody churned, everybody did).
Not here: whether the probabilities are right (`calibration`), intervals (`bootstrap`), money (`value`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from patron.metrics._checks import outcomes_and_scores
from patron.metrics._tally import Tally, sums_up_to, tally, top_decile_size


def auc(y: ArrayLike, p: ArrayLike) -> float | None:
    """Chance that a churner has a higher score than a customer who stayed; ties count half.

    Parameters
    ----------
    y : array of 0 or 1, shape (n_customers,)
        1 for customers who churned.
    p : array of float, shape (n_customers,)
        Scores, higher for more likely churners; any unit.

    Returns
    -------
    float or None
        0.5 is chance, 1 perfect. None without both outcomes.

    Raises
    ------
    PatronError
        If lengths differ, scores are not finite, or outcomes are not 0 or 1.

    References
    ----------
    Hanley & McNeil (1982), "The meaning and use of the area under a ROC curve".

    Examples
    --------
    >>> auc([1, 0, 1, 0], [0.9, 0.2, 0.4, 0.4])
    0.875
    """
    return auc_of(tally(*outcomes_and_scores(y, p)))


def average_precision(y: ArrayLike, p: ArrayLike) -> float | None:
    """Mean precision over the churners, walking down from the highest score.

    Parameters
    ----------
    y : array of 0 or 1, shape (n_customers,)
        1 for customers who churned.
    p : array of float, shape (n_customers,)
        Scores, higher for more likely churners.

    Returns
    -------
    float or None
        The churn rate is chance, 1 perfect. None if nobody churned.

    Raises
    ------
    PatronError
        If lengths differ, scores are not finite, or outcomes are not 0 or 1.

    Examples
    --------
    >>> average_precision([1, 0, 1, 0], [0.9, 0.5, 0.4, 0.1])
    0.833...
    """
    return average_precision_of(tally(*outcomes_and_scores(y, p)))


def top_decile_lift(y: ArrayLike, p: ArrayLike) -> float | None:
    """Churn rate of the tenth of the customers with the highest scores / churn rate of all.

    Customers with equal scores at the edge of the tenth are shared evenly.

    Parameters
    ----------
    y : array of 0 or 1, shape (n_customers,)
        1 for customers who churned.
    p : array of float, shape (n_customers,)
        Scores, higher for more likely churners.

    Returns
    -------
    float or None
        Ratio; 1 is chance. None if nobody churned.

    Raises
    ------
    PatronError
        If lengths differ, scores are not finite, or outcomes are not 0 or 1.

    Examples
    --------
    >>> top_decile_lift([1, 0, 0, 0], [0.9, 0.5, 0.4, 0.1])
    4.0
    """
    return top_decile_lift_of(tally(*outcomes_and_scores(y, p)))


def found_shares(y: ArrayLike, p: ArrayLike, steps: int = 10) -> list[float]:
    """Share of the churners among the customers with the highest scores: of 1/steps, 2/steps ... of all.

    Customers with equal scores share their churners evenly.

    Parameters
    ----------
    y : array of 0 or 1, shape (n_customers,)
        1 for customers who churned.
    p : array of float, shape (n_customers,)
        Scores, higher for more likely churners.
    steps : int
        Into how many equal parts the customers are cut.

    Returns
    -------
    list of float
        `steps` ratios, the last one 1; zeros if nobody churned.

    Raises
    ------
    PatronError
        If lengths differ, scores are not finite, or outcomes are not 0 or 1.

    Examples
    --------
    >>> found_shares([1, 0, 1, 0], [0.9, 0.2, 0.4, 0.4], steps=4)
    [0.5, 0.75, 1.0, 1.0]
    """
    t = tally(*outcomes_and_scores(y, p))
    churners, n = int(t.positives.sum()), int(t.rows.sum())
    if not churners:
        return [0.0] * steps
    so_far = np.concatenate([[0], np.cumsum(t.rows[::-1])])
    found = np.concatenate([[0], np.cumsum(t.positives[::-1])])
    edges = np.arange(1, steps + 1) * n / steps
    return [float(v) for v in np.interp(edges, so_far, found) / churners]


def auc_of(t: Tally) -> float | None:
    """`auc` from a tally; the numerator is a sum of integers."""
    negatives = t.rows - t.positives
    pairs = int(t.positives.sum()) * int(negatives.sum())
    if not pairs:
        return None
    below = np.cumsum(negatives) - negatives
    return int((t.positives * (2 * below + negatives)).sum()) / (2 * pairs)


def average_precision_of(t: Tally) -> float | None:
    """`average_precision` from a tally."""
    positives, rows = t.positives[::-1], t.rows[::-1]
    churners = int(positives.sum())
    if not churners:
        return None
    precision = np.cumsum(positives) / np.cumsum(rows)
    return float((precision * positives).sum() / churners)


def top_decile_lift_of(t: Tally) -> float | None:
    """`top_decile_lift` from a tally."""
    n, churners = int(t.rows.sum()), int(t.positives.sum())
    if not churners:
        return None
    size = top_decile_size(n)
    hits = sums_up_to(t.positives[::-1], t.rows[::-1], np.array([size]))[0]
    return float(hits * n / (size * churners))
