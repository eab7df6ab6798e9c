"""From a likelihood to a fitted model: the prior, the climb, and what is told about it.

In: likelihoods as functions of the logs of the parameters. Out: ``Climb`` and ``FitResult``.
Not here: which likelihoods (``order_times``, ``order_values``), Newton's steps (``newton``).

The prior is a normal density on the logs of the parameters with the weight of one observation in all, so it
vanishes with the number of customers, and with it there is always a maximum.

Large bases are climbed on an even sample of the rows first: two or three steps are left on all of them.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from patron.clv.native.attempts import FitResult, Matrix
from patron.clv.native.count_terms import unless_ones
from patron.clv.native.newton import Climb, Derivatives, Objective, Reach, maximise

Floats = NDArray[np.float64]

_SAMPLE = 2**14  # rows, or a sixteenth of them; a base of less than four times as many is climbed as it is
_ENOUGH_GAIN = 1e-9  # of log-likelihood per customer, see ``maximise``
PRIOR_SD = 3.0  # of the logs of the parameters: a factor of 20 either way
_FLAT_SD = 10.0  # of the log of a parameter: the likelihood does not care about it


@dataclass(frozen=True)
class Prior:
    """Normal density on the logs of the parameters.

    Parameters
    ----------
    centre : ndarray, shape (k,)
        Logs of the parameters at the centre.
    sd : float or None
        Standard deviation of each; None for no prior.
    """

    centre: Floats
    sd: float | None

    @property
    def precision(self) -> float:
        """One over the variance."""
        return 0.0 if self.sd is None else float(self.sd) ** -2

    def log_density(self, logs: Floats) -> float:
        """Log of the density, but for a constant."""
        return -0.5 * self.precision * float(((logs - self.centre) ** 2).sum())

    def added(self, likelihood: Objective) -> Objective:
        """Return the log-likelihood plus the log of the density."""

        def objective(logs: Floats) -> Derivatives:
            at = likelihood(logs)
            return Derivatives(
                at.value + self.log_density(logs),
                at.gradient - self.precision * (logs - self.centre),
                at.hessian - self.precision * np.eye(logs.size),
            )

        return objective


def even_sample(weight: Floats) -> NDArray[np.intp] | None:
    """Choose rows at even distances in cumulated weight; None where all rows are few enough.

    Parameters
    ----------
    weight : ndarray, shape (n,)
        Of rows in their own order: neighbours are alike, so that the sample is like the whole.
    """
    if weight.size < 4 * _SAMPLE:
        return None
    size = max(_SAMPLE, weight.size // 16)
    places = np.arange(size) + 0.5
    if unless_ones(weight) is None:
        return (places * (weight.size / size)).astype(np.intp)
    until = np.cumsum(weight)
    places *= float(until[-1]) / size
    return np.minimum(np.searchsorted(until, places, side="right"), weight.size - 1)


def climb(
    prior: Prior,
    likelihood: Objective,
    sampled: Objective | None,
    start: Floats,
    reach: Reach,
    customers: float,
) -> Climb:
    """Maximise likelihood times prior, on a sample first where there is one.

    Raises
    ------
    ArithmeticError
        When there is no maximum within reach.
    """
    enough = _ENOUGH_GAIN * customers
    if sampled is not None:
        with suppress(ArithmeticError):  # then from the start itself
            start = maximise(prior.added(sampled), start, reach, enough).point
    return maximise(prior.added(likelihood), start, reach, enough)


def told(
    result: Climb, prior: Prior, params: dict[str, float], customers: float, limit: str | None
) -> FitResult:
    """Report what was found.

    Parameters
    ----------
    result : Climb
        Of likelihood times prior.
    prior : Prior
        As climbed with.
    params : dict of str to float
        In natural units.
    customers : float
        Sum of the weights.
    limit : str or None
        In words, where a parameter ran off.
    """
    curvature = -result.at.hessian
    return FitResult(
        params,
        result.at.value - prior.log_density(result.point),
        (),
        prior_used=prior.sd is not None,
        at_boundary=limit,
        gradient_norm=float(np.abs(result.at.gradient).max()) / customers,
        steps=result.steps,
        covariance=_inverse(curvature),
        information=as_tuples(curvature - prior.precision * np.eye(curvature.shape[0])),
    )


def is_flat(fit: FitResult) -> bool:
    """Whether the likelihood hardly depends on a parameter."""
    return fit.covariance is None or max(row[i] for i, row in enumerate(fit.covariance)) > _FLAT_SD**2


def as_tuples(matrix: Floats) -> Matrix:
    """Turn a matrix into tuples of floats."""
    return tuple(tuple(row) for row in matrix.tolist())


def _inverse(matrix: Floats) -> Matrix | None:
    """Invert a positive definite matrix; None for any other."""
    try:
        root = np.linalg.inv(np.linalg.cholesky(matrix))
    except np.linalg.LinAlgError:
        return None
    inverse = root.T @ root
    return as_tuples(inverse) if bool(np.isfinite(inverse).all()) else None
