"""Maximise a smooth function of a few parameters: damped Newton steps with its own gradient and Hessian.

In: a function that gives value, gradient and Hessian. Out: where it is largest, or an error.
Not here: what is maximised (``likelihoods``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_MOST_STEPS = 200
_LONGEST_STEP = 2.0  # in logs of parameters: a factor of seven
_ROUNDING = 1e-13  # of a sum over many rows, relative
_FIRST_DAMPING = 1e-6
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


class Climb(NamedTuple):
    """A maximum, and the way there.

    Parameters
    ----------
    point : ndarray, shape (k,)
        Where the function is largest.
    at : Derivatives
        The function there.
    steps : int
        How many steps led there.
    held : ndarray of bool, shape (k,)
        Coordinates that the function pushes against the end of their reach.
    """

    point: Floats
    at: Derivatives
    steps: int
    held: NDArray[np.bool_]


class _Step(NamedTuple):
    point: Floats
    at: Derivatives
    expected_gain: float
    damping: float


Objective = Callable[[Floats], Derivatives]
Reach = tuple[Floats, Floats]


def maximise(objective: Objective, start: Floats, reach: Reach | None = None, enough: float = 1e-9) -> Climb:
    """Climb until a step gains nothing.

    Parameters
    ----------
    objective : callable
        Of a point, shape (k,).
    start : ndarray, shape (k,)
        Where to begin.
    reach : tuple of ndarray, shape (k,), optional
        Smallest and largest values of the coordinates.
    enough : float
        The last step is the first that is expected to gain less. As errors are squared by each step, one
        that gains 1e-9 per row leaves the logs of the parameters wrong by about as much.

    Returns
    -------
    Climb

    Raises
    ------
    ArithmeticError
        When the climb does not come to an end: the function rises for ever, or is not finite.

    Examples
    --------
    >>> bowl = lambda x: Derivatives(-float(x @ x), -2 * x, -2 * np.eye(2))
    >>> maximise(bowl, np.array([3.0, 4.0])).point.round(6).tolist()
    [0.0, 0.0]
    """
    low, high = (np.full(np.shape(start), side * np.inf) for side in (-1, 1)) if reach is None else reach
    point = np.clip(np.asarray(start, dtype=np.float64), low, high)
    at, damping = objective(point), _FIRST_DAMPING
    for steps in range(_MOST_STEPS):
        held = ((point <= low) & (at.gradient < 0.0)) | ((point >= high) & (at.gradient > 0.0))
        if held.all():
            return Climb(point, at, steps, held)
        step = _uphill(objective, point, at, damping, ~held, (low, high))
        if step is None:
            break
        point, at, damping = step.point, step.at, step.damping
        if step.expected_gain < enough:
            return Climb(point, at, steps + 1, held)
    raise ArithmeticError("the likelihood has no maximum within reach")


def _uphill(
    objective: Objective,
    point: Floats,
    at: Derivatives,
    damping: float,
    free: NDArray[np.bool_],
    reach: Reach,
) -> _Step | None:
    """Take a step that does not lead down, damping more and more (Levenberg and Marquardt)."""
    curvature, slope = -at.hessian[np.ix_(free, free)], at.gradient[free]
    scale = np.diag(np.maximum(np.abs(np.diag(curvature)), 1e-8))
    while damping < _MOST_DAMPING:
        try:
            lower = np.linalg.cholesky(curvature + damping * scale)
        except np.linalg.LinAlgError:
            damping *= 10.0
            continue
        whole = np.linalg.solve(lower.T, np.linalg.solve(lower, slope))
        gain, there = float((slope * whole).sum()), point.copy()
        there[free] += np.clip(whole, -_LONGEST_STEP, _LONGEST_STEP)
        there = np.clip(there, *reach)
        reached = objective(there)
        if reached.value >= at.value - _ROUNDING * abs(at.value):
            return _Step(there, reached, gain, max(damping / 10.0, 1e-12))
        if damping <= _FIRST_DAMPING and gain < 1e3 * _ROUNDING * abs(at.value):
            return _Step(
                point, at, 0.0, damping
            )  # what is left to gain is less than what sums are rounded by
        damping *= 10.0
    return None
