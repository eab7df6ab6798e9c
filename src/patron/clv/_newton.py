"""Maximise a smooth function of a few parameters: damped Newton steps with its own gradient and Hessian.

In: a function that gives value, gradient and Hessian. Out: where it is largest, or an error.
Not here: what is maximised (``_likelihoods``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_MOST_STEPS = 200
_LONGEST_STEP = 2.0  # in logs of parameters: a factor of seven
_ENOUGH_GAIN = 1e-11  # expected gain of the next step, in units of log-likelihood
_MOST_DAMPING = 1e12


class Derivatives(NamedTuple):
    """A function's value, gradient and Hessian at a point.

    Parameters
    ----------
    value : float
        What is to be large.
    gradient : ndarray, shape (k,)
        First derivatives.
    hessian : ndarray, shape (k, k)
        Second derivatives.
    """

    value: float
    gradient: Floats
    hessian: Floats


Objective = Callable[[Floats], Derivatives]


def maximise(objective: Objective, start: Floats) -> tuple[Floats, Derivatives]:
    """Climb until the next step would gain nothing.

    Parameters
    ----------
    objective : callable
        Of a point, shape (k,).
    start : ndarray, shape (k,)
        Where to begin.

    Returns
    -------
    point : ndarray, shape (k,)
        The maximum.
    at : Derivatives
        The function there.

    Raises
    ------
    ArithmeticError
        When the climb does not come to an end: the function rises for ever, or is not finite.

    Examples
    --------
    >>> bowl = lambda x: Derivatives(-float(x @ x), -2 * x, -2 * np.eye(2))
    >>> maximise(bowl, np.array([3.0, 4.0]))[0].round(6).tolist()
    [0.0, 0.0]
    """
    point, at, damping = np.asarray(start, dtype=np.float64), objective(start), 1e-3
    for _ in range(_MOST_STEPS):
        found = _uphill(objective, point, at, damping)
        if found is None:
            break
        point, at, gain, damping = found
        if gain < _ENOUGH_GAIN:
            return point, at
    raise ArithmeticError("the likelihood has no maximum within reach")


def _uphill(
    objective: Objective, point: Floats, at: Derivatives, damping: float
) -> tuple[Floats, Derivatives, float, float] | None:
    """Take a step that does not lead down, damping more and more (Levenberg and Marquardt).

    The point reached, the function there, the gain that was expected, and the damping for the next step.
    """
    curvature = -at.hessian
    scale = np.diag(np.maximum(np.abs(np.diag(curvature)), 1e-8))
    while damping < _MOST_DAMPING:
        try:
            lower = np.linalg.cholesky(curvature + damping * scale)
        except np.linalg.LinAlgError:
            damping *= 10.0
            continue
        whole = np.linalg.solve(lower.T, np.linalg.solve(lower, at.gradient))
        there = point + np.clip(whole, -_LONGEST_STEP, _LONGEST_STEP)
        reached = objective(there)
        if reached.value >= at.value - 1e-13 * abs(at.value):
            return there, reached, float((at.gradient * whole).sum()), max(damping / 10.0, 1e-12)
        damping *= 10.0
    return None
