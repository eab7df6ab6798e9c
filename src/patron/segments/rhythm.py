"""A customer's own rhythm, shrunk to the base: few gaps say little about a customer, many say a lot."""

from __future__ import annotations

import numpy as np

#: The base counts as this many gaps of the customer's own.
BASE_WEIGHT_GAPS = 3.0
MIN_LIMIT_DAYS = 30.0
MAX_LIMIT_DAYS = 400.0


def expected_gap_days(gaps: np.ndarray, own_gap: np.ndarray, base_gap: float) -> np.ndarray:
    """Average a customer's gap with the base's, on the log scale.

    Parameters
    ----------
    gaps : numpy.ndarray, shape (n,)
        How many gaps the customer has.
    own_gap : numpy.ndarray, shape (n,)
        A quantile of them, in days; missing without any.
    base_gap : float
        The same quantile over the base, in days.

    Returns
    -------
    numpy.ndarray, shape (n,)
        Days.

    Examples
    --------
    >>> expected_gap_days(np.array([0.0, 3.0]), np.array([np.nan, 10.0]), 40.0)
    array([40., 20.])
    """
    own = np.log(np.where(gaps > 0, own_gap, 1.0))
    mean = (gaps * own + BASE_WEIGHT_GAPS * np.log(base_gap)) / (gaps + BASE_WEIGHT_GAPS)
    return np.asarray(np.exp(mean))


def limit_days(gaps: np.ndarray, own_gap_q90: np.ndarray, base_gap_q90: float) -> np.ndarray:
    """Return the silence that is no longer usual for a customer, in days.

    Parameters
    ----------
    gaps : numpy.ndarray, shape (n,)
        How many gaps the customer has.
    own_gap_q90 : numpy.ndarray, shape (n,)
        90 % quantile of them, in days; missing without any.
    base_gap_q90 : float
        The same over the base.

    Returns
    -------
    numpy.ndarray, shape (n,)
        Days, within 30 to 400.
    """
    limit = expected_gap_days(gaps, own_gap_q90, base_gap_q90)
    return np.asarray(np.clip(limit, MIN_LIMIT_DAYS, MAX_LIMIT_DAYS))
