"""Several uncertain effects at once: each pulled towards what they have in common.

In:  an estimate and its variance per tier or stage.
Out: `RandomEffects`: the common mean, how much they truly differ, the shrunk estimates.
Not here: the estimates.

Random effects with the between-variance of Paule and Mandel (1982, Journal of Research of the National Bureau
of Standards 87), which needs no distribution and does better than DerSimonian and Laird with few groups
(Veroniki and others 2016, Research Synthesis Methods 7).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from patron.errors import PatronError

Floats = NDArray[np.float64]


class RandomEffects(NamedTuple):
    """What the groups share and where each of them stands.

    Parameters
    ----------
    mean, standard_error : float
        The common mean.
    between_variance : float
        Tau squared: 0 where the groups differ by no more than chance.
    shrunk, shrunk_error : ndarray
        Per group, the best guess and its standard error, that of the common mean included.
    """

    mean: float
    standard_error: float
    between_variance: float
    shrunk: Floats
    shrunk_error: Floats


def random_effects(estimates: ArrayLike, variances: ArrayLike) -> RandomEffects:
    """Shrink estimates towards their common mean.

    Parameters
    ----------
    estimates, variances : array of k
        Finite; variances above zero.

    Returns
    -------
    RandomEffects

    Raises
    ------
    PatronError
        Without groups, or with a variance that is not above zero.

    Examples
    --------
    >>> found = random_effects([0.0, 2.0], [0.5, 0.5])
    >>> round(found.mean, 3), round(found.between_variance, 3), found.shrunk.round(2).tolist()
    (1.0, 1.5, [0.25, 1.75])
    """
    y, v = np.asarray(estimates, dtype=np.float64), np.asarray(variances, dtype=np.float64)
    if not len(y) or y.shape != v.shape or not np.isfinite(y).all() or not (v > 0).all():
        raise PatronError("shrinkage needs one finite estimate and one variance above zero per group.")
    tau = _between_variance(y, v)
    mean, variance = _common(y, v, tau)
    pull = v / (v + tau)
    error = np.sqrt(v * (1 - pull) + pull**2 * variance)
    return RandomEffects(mean, float(np.sqrt(variance)), tau, pull * mean + (1 - pull) * y, error)


def _common(y: Floats, v: Floats, tau: float) -> tuple[float, float]:
    weight = 1.0 / (v + tau)
    return float((weight * y).sum() / weight.sum()), float(1.0 / weight.sum())


def _between_variance(y: Floats, v: Floats) -> float:
    """Return the tau squared at which the weighted squares are what they should be on average."""

    def surplus(tau: float) -> float:
        mean, _ = _common(y, v, tau)
        return float(((y - mean) ** 2 / (v + tau)).sum()) - (len(y) - 1)

    if len(y) < 2 or surplus(0.0) <= 0:
        return 0.0
    highest = float(((y - y.mean()) ** 2).sum())  # there the surplus is at most 1 - (k - 1) <= 0
    return float(brentq(surplus, 0.0, highest, xtol=1e-14, rtol=1e-12))
