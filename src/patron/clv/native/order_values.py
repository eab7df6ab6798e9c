"""The native engine: order values, fitted by maximum likelihood with a weak prior.

In: repeat orders and their mean values. Out: ``FitResult``.
Not here: order times (``order_times``), predictions.

The prior is that of ``order_times``, around p = 2, q = 3 and v = the mean order value. Where even with it the
population's mean order value is infinite (q at most 1), absurd, or the same for everybody, that mean is tied
to the observed one, and the result says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from patron.clv.native.attempts import Attempt, FitResult, first_that_works
from patron.clv.native.climbing import PRIOR_SD, Prior, as_tuples, climb, even_sample, told
from patron.clv.native.limits import MOST_SHAPE, mean_is_absurd, shape_limit, spend_limit
from patron.clv.native.newton import Climb, Derivatives, Objective, maximise
from patron.clv.native.spend_likelihood import spend_likelihood

Floats = NDArray[np.float64]

_CENTRE = (2.0, 3.0, 1.0)  # p, q, v over the mean order value
_STARTS = ((6.0, 4.0, 0.5), (1.0, 1.0, 1.0), (1.0, 3.0, 2.0))
REACH = (np.log([1e-6, 1e-6, 1e-9]), np.log([MOST_SHAPE, MOST_SHAPE, 1e9]))
HUGE_ORDERS = "set aside or cap the few huge orders, or fit with prior=True"


def fit_spend(
    count: Floats,
    value: Floats,
    weight: Floats,
    *,
    prior: bool,
    towards: Mapping[str, float] | None = None,
    sd: float = PRIOR_SD,
) -> FitResult:
    """Fit the Gamma-Gamma model to repeat customers with a positive mean value.

    Values are divided by their mean first, so that the currency does not matter.

    Parameters
    ----------
    count, value, weight : ndarray, shape (n,)
        In their own order, see ``spend_in_own_order``: repeat orders, mean value (currency units), how many
        customers a row stands for.
    prior, towards, sd
        As in ``fit_purchases``.

    Returns
    -------
    FitResult

    Raises
    ------
    NotEnoughData
        When there are no parameters with a finite mean order value (q above 1).
    """
    customers = float(weight.sum())
    mean = float((weight * value).sum()) / customers
    fit = _Fit(count, value / mean, weight, prior, spend_centre(towards, mean), sd)
    if towards is not None:
        attempts: list[Attempt] = [
            ("maximum likelihood drawn towards others", lambda: fit.free(fit.prior.centre, borrowed=True))
        ]
        advice = "draw it closer"
    elif prior:
        attempts = [
            ("maximum likelihood with a weak prior", lambda: fit.free(fit.prior.centre)),
            ("the same, mean order value tied to the observed mean", fit.tied),
        ]
        advice = "give more customers or a longer history"
    else:
        attempts = [
            (f"maximum likelihood from start {i}", lambda s=s: fit.free(np.log(s)))  # type: ignore[misc]
            for i, s in enumerate(_STARTS, start=1)
        ]
        advice = HUGE_ORDERS
    scaled = first_that_works("order values", attempts, advice)
    params = scaled.params | {"v": scaled.params["v"] * mean}
    likelihood = scaled.log_likelihood - customers * float(np.log(mean))
    return replace(scaled, params=params, log_likelihood=likelihood)


class _Fit:
    """Gamma-Gamma on values in units of their mean."""

    def __init__(
        self, count: Floats, value: Floats, weight: Floats, prior: bool, centre: Floats, sd: float
    ) -> None:
        self.prior = Prior(centre, sd if prior else None)
        self.customers = float(weight.sum())
        self.likelihood = spend_likelihood(count, value, weight)
        sample = even_sample(weight)
        self.sampled: Objective | None = None
        if sample is not None:
            alike = np.full(sample.size, self.customers / sample.size)
            self.sampled = spend_likelihood(count[sample], value[sample], alike)

    def free(self, start: Floats, *, borrowed: bool = False) -> FitResult:
        """Fit p, q and v; refuse what needs a tie, and without a prior what is not a maximum.

        A mean far from that of a segment's own few customers is what borrowing is for.
        """
        found = climb(self.prior, self.likelihood, self.sampled, start, REACH, self.customers)
        p, q, v = np.exp(found.point).tolist()
        absurd = mean_is_absurd(p, q, v)
        if absurd is not None and (q <= 1.0 or not (borrowed or self.prior.sd is None)):
            raise ValueError(absurd)
        limit = spend_limit(p, q, v)
        if self.prior.sd is None and bool(found.held.any()):
            raise ArithmeticError(f"{limit}, where the likelihood rises for ever")
        return self._told(found, limit)

    def tied(self) -> FitResult:
        """Fit p and q with v such that the population's mean is the observed one, 1."""
        p, q, _ = np.exp(self.prior.centre).tolist()
        start = np.log([p, max(q - 1.0, 0.1)])
        reach = (np.log([1e-6, 1e-6]), np.log([MOST_SHAPE, MOST_SHAPE]))
        found = maximise(_restricted(self.prior.added(self.likelihood)), start, reach)
        logs = untied(found.point)
        result = self._told(
            Climb(logs, found.at._replace(hessian=np.zeros((3, 3))), found.steps, found.held),
            shape_limit(*np.exp(logs[:2]).tolist()),
        )
        # a covariance in two directions of three is none
        information = as_tuples(-self.likelihood(logs).hessian)
        return replace(result, covariance=None, information=information)

    def _told(self, found: Climb, limit: str | None) -> FitResult:
        params = dict(zip("pqv", np.exp(found.point).tolist(), strict=True))
        return told(found, self.prior, params, self.customers, limit)


def spend_centre(towards: Mapping[str, float] | None, mean: float) -> Floats:
    """Return the logs of p, q, v at the prior's centre, v in units of the mean value."""
    if towards is None:
        return np.log(_CENTRE)
    return np.log([towards["p"], towards["q"], towards["v"] / mean])


def untied(point: Floats) -> Floats:
    """Return log (p, q, v) from log p and log (q - 1), with v such that the mean p v / (q - 1) is 1."""
    log_p, log_rest = point
    return np.array([log_p, np.logaddexp(0.0, log_rest), log_rest - log_p])


def _restricted(objective: Objective) -> Objective:
    """Restrict a function of log (p, q, v) to a population mean of 1, by the chain rule."""

    def restricted(point: Floats) -> Derivatives:
        at, share = objective(untied(point)), float(expit(point[1]))
        jacobian = np.array([[1.0, 0.0], [0.0, share], [-1.0, 1.0]])
        hessian = jacobian.T @ at.hessian @ jacobian
        hessian[1, 1] += at.gradient[1] * share * (1.0 - share)
        return Derivatives(at.value, jacobian.T @ at.gradient, hessian)

    return restricted
