"""Shares of counts, with intervals.

In:  how many of how many, as arrays.
Out: low and high, missing where nothing was counted.
Not here: what is counted.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
#: 97.5 % point of the normal distribution.
Z_95 = 1.959963984540054


def wilson_interval(part: Floats, whole: Floats) -> tuple[Floats, Floats]:
    """Return the 95 % score interval of a share.

    Parameters
    ----------
    part, whole : ndarray, shape (n,)
        How many of how many.

    Returns
    -------
    low, high : ndarray, shape (n,)
        Within 0 to 1; missing where `whole` is 0.

    References
    ----------
    Wilson (1927), "Probable inference, the law of succession, and statistical inference", JASA 22;
    recommended by Brown, Cai & DasGupta (2001), "Interval estimation for a binomial proportion".

    Examples
    --------
    >>> low, high = wilson_interval(np.array([8.0]), np.array([10.0]))
    >>> low.round(4).tolist(), high.round(4).tolist()
    ([0.4902], [0.9433])
    """
    n = np.where(whole > 0, whole, np.nan)
    share = part / n
    centre = (share + Z_95**2 / (2 * n)) / (1 + Z_95**2 / n)
    half = Z_95 / (1 + Z_95**2 / n) * np.sqrt(share * (1 - share) / n + Z_95**2 / (4 * n**2))
    # at none and all the formula gives the bound itself up to rounding
    low = np.where(part == 0, 0.0, np.maximum(centre - half, 0.0))
    high = np.where(part == whole, 1.0, np.minimum(centre + half, 1.0))
    return np.where(np.isnan(n), np.nan, low), np.where(np.isnan(n), np.nan, high)
