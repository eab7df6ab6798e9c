"""Ratios, and the interval of the net promoter score: arithmetic of whole arrays.

In:  counts or sums, one entry per row of a table.
Out: low and high, missing where nothing was counted.
Not here: what is counted (`metrics`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from patron.metrics import Z_95

Floats = NDArray[np.float64]


def ratio(part: Floats, whole: Floats) -> Floats:
    """Divide, missing where the divisor is not above zero.

    Examples
    --------
    >>> ratio(np.array([1.0, 2.0]), np.array([4.0, 0.0]))
    array([0.25,  nan])
    """
    divisor = np.where(whole > 0, whole, np.nan)
    return np.asarray(part / divisor)


def promoter_interval(promoters: Floats, detractors: Floats, answers: Floats) -> tuple[Floats, Floats]:
    """Return the 95 % interval of a net promoter score, in points.

    One made-up answer in each of the three groups keeps the interval honest with few answers or with all of
    them in one group, where the plain variance would be zero.

    Parameters
    ----------
    promoters, detractors, answers : ndarray, shape (n,)
        Counts.

    Returns
    -------
    low, high : ndarray, shape (n,)
        Within -100 to 100; missing without answers.

    References
    ----------
    Variance of a difference of two multinomial shares, (p + d - (p - d)^2) / n. The made-up answers follow
    Agresti & Caffo (2000), "Simple and effective confidence intervals for proportions and differences".

    Examples
    --------
    >>> low, high = promoter_interval(np.array([50.0]), np.array([20.0]), np.array([100.0]))
    >>> low.round(1).tolist(), high.round(1).tolist()
    ([14.0], [44.3])
    """
    n = np.where(answers > 0, answers + 3.0, np.nan)
    p, d = (promoters + 1.0) / n, (detractors + 1.0) / n
    half = Z_95 * np.sqrt((p + d - (p - d) ** 2) / n)
    return np.clip(100 * (p - d - half), -100.0, 100.0), np.clip(100 * (p - d + half), -100.0, 100.0)
