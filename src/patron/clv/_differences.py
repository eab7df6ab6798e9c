"""Slope and curvature of a function that comes without them.

In: a function of a few numbers. Out: the same with derivatives. Not here: any particular function.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from patron.clv.native.newton import Derivatives, Objective

Floats = NDArray[np.float64]

_STEP = 1e-3  # in logs of parameters: rounding and curving each leave an error of about 1e-6


def with_differences(function: Callable[[Floats], float]) -> Objective:
    """Add gradient and Hessian by central differences.

    Parameters
    ----------
    function : callable
        Of a point, shape (k,), of the order of 1 in each coordinate.

    Returns
    -------
    callable
        Value, gradient and Hessian; their errors are of the order of 1e-6 of the third and fourth derivative.

    Examples
    --------
    >>> at = with_differences(lambda x: float(x[0] ** 2 * x[1]))(np.array([3.0, 2.0]))
    >>> at.gradient.round(6).tolist(), at.hessian.round(5).tolist()
    ([12.0, 9.0], [[4.0, 6.0], [6.0, 0.0]])
    """

    def objective(point: Floats) -> Derivatives:
        axes = _STEP * np.eye(point.size)
        here = function(point)
        ahead, behind = (np.array([function(point + side * axis) for axis in axes]) for side in (1, -1))
        hessian = np.diag(ahead + behind - 2.0 * here)
        for i, j in zip(*np.triu_indices(point.size, 1), strict=True):
            corners = function(point + axes[i] + axes[j]) + function(point - axes[i] - axes[j])
            mixed = 0.5 * (corners + 2.0 * here - ahead[i] - behind[i] - ahead[j] - behind[j])
            hessian[i, j] = hessian[j, i] = mixed
        return Derivatives(here, (ahead - behind) / (2.0 * _STEP), hessian / _STEP**2)

    return objective
