"""Hysteresis: a customer moves after two equal readings, to `at_risk` at once.

A pure function of the ledger: the last half-year is read every 30 days, so the same ledger always gives the
same answer and nothing has to be remembered between runs.
"""

from __future__ import annotations

import numpy as np

#: Days before `as_of` that are read, oldest first.
REPLAY_DAYS = (180, 150, 120, 90, 60, 30, 0)
ABSENT = -1


def replay(readings: np.ndarray, *, at_once: int | None = None) -> np.ndarray:
    """Return each customer's state after a series of readings.

    Parameters
    ----------
    readings : numpy.ndarray of int, shape (n_customers, n_readings)
        Oldest first; -1 before a customer's first order.
    at_once : int, optional
        A reading that moves a customer without waiting for a second one.

    Returns
    -------
    numpy.ndarray of int, shape (n_customers,)

    Examples
    --------
    >>> replay(np.array([[0, 1, 0, 1, 0], [0, 1, 1, 0, 1], [0, 0, 3, 0, 1], [-1, -1, -1, 2, 0]]), at_once=3)
    array([0, 1, 3, 2])
    """
    state = readings[:, 0].copy()
    for step in range(1, readings.shape[1]):
        now, before = readings[:, step], readings[:, step - 1]
        moves = (now == before) | (state == ABSENT)
        if at_once is not None:
            moves |= now == at_once
        state = np.where(moves & (now != ABSENT), now, state)
    return state
