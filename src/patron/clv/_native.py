"""The native engine: fitting by maximum likelihood, in numpy and scipy alone.

In: arrays in weeks and currency. Out: ``FitResult``. Not here: predictions (``_purchases``, ``_spend``).

How a model is fitted, until one works; each attempt is recorded in words:

1. plain maximum likelihood by Newton steps, from starts read off the data;
2. with ``prior=True`` only, where 1 fails or ends at a limit: a weak normal prior on the logs of the
   parameters (sd 3, the weight of one customer in all, so it vanishes with their number);
3. for order values, where the population's mean is still infinite or absurd: that mean tied to the
   observed one.

Where 1 succeeds within the limits, ``prior`` makes no difference.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from patron.clv._attempts import Attempt, FitResult, first_that_works
from patron.clv._likelihoods import purchases_likelihood, spend_likelihood
from patron.clv._limits import purchase_limit, refuse_nonsense, spend_limit
from patron.clv._newton import Derivatives, Objective, maximise

Floats = NDArray[np.float64]

_PRIOR_SD = 3.0


def fit_purchases(purchases: str, count: Floats, span: Floats, observed: Floats, *, prior: bool) -> FitResult:
    """Fit BG/NBD or MBG/NBD to histories.

    Raises
    ------
    NotEnoughData
        When no attempt finds the parameters.
    """
    # joining equal histories would cost more than it saves: a sort is slower than the whole fit
    likelihood = purchases_likelihood(
        count, span, observed, np.ones_like(count), modified=purchases == "mbgnbd"
    )
    mean_weeks = float(observed.sum()) / observed.size
    pace = max(float(count.sum()) / count.size, 0.1)
    centre = np.log([1.0, mean_weeks, 1.0, np.e])

    def fit(start: Floats, shrink: bool) -> FitResult:
        logs, _ = maximise(_with_prior(likelihood, centre) if shrink else likelihood, start)
        params = dict(zip(("r", "alpha", "a", "b"), np.exp(logs).tolist(), strict=True))
        value = likelihood(logs).value
        refuse_nonsense(params, value)
        return FitResult(params, value, (), shrink, purchase_limit(params, mean_weeks))

    starts = [
        np.log([r, r * mean_weeks / pace, a, b])
        for r, a, b in ((1.0, 1.0, 3.0), (0.5, 0.5, 2.0), (3.0, 1.0, 10.0))
    ]
    plain: list[Attempt] = [
        (f"maximum likelihood from start {i}", lambda s=s: fit(s, False))  # type: ignore[misc]
        for i, s in enumerate(starts, start=1)
    ]
    return first_that_works(purchases, plain, [("weak prior", lambda: fit(centre, True))] if prior else [])


def fit_spend(count: Floats, value: Floats, *, prior: bool) -> FitResult:
    """Fit the Gamma-Gamma model to repeat customers with a positive mean value.

    Values are divided by their mean first, so that the currency does not matter.

    Raises
    ------
    NotEnoughData
        When no attempt finds parameters with a finite mean order value (q above 1).
    """
    mean = float(value.sum()) / value.size
    likelihood = spend_likelihood(count, value / mean, np.ones_like(count))

    def fit(start: Floats, objective: Objective, shrunk: bool) -> FitResult:
        return result(maximise(objective, start)[0], shrunk)

    def tied(objective: Objective) -> FitResult:
        point, _ = maximise(_tied(objective), np.log([2.0, 2.0]))
        return result(_untied(point), True)

    def result(logs: Floats, shrunk: bool) -> FitResult:
        p, q, v = np.exp(logs).tolist()
        fitted = likelihood(logs).value
        refuse_nonsense({"p": p, "q": q, "v": v}, fitted)
        if q <= 1.0:
            raise ValueError(
                f"q = {q:.3g} is not above 1, so the mean order value would be infinite: "
                "a few customers' orders outweigh all others"
            )
        whole = fitted - value.size * float(np.log(mean))
        return FitResult({"p": p, "q": q, "v": v * mean}, whole, (), shrunk, spend_limit(p, q, v))

    centre = np.log([2.0, 3.0, 1.0])
    starts = (np.zeros(3), np.log([6.0, 4.0, 0.5]), np.log([1.0, 3.0, 2.0]))
    plain: list[Attempt] = [
        (f"maximum likelihood from start {i}", lambda s=s: fit(s, likelihood, False))  # type: ignore[misc]
        for i, s in enumerate(starts, start=1)
    ]
    weak = _with_prior(likelihood, centre)
    shrunk: list[Attempt] = [
        ("weak prior", lambda: fit(centre, weak, True)),
        ("weak prior, mean order value tied to the observed mean", lambda: tied(weak)),
    ]
    return first_that_works("order values", plain, shrunk if prior else [])


def _with_prior(likelihood: Objective, centre: Floats) -> Objective:
    """Add the log of a normal density around the centre: worth one observation, whatever their number."""

    def objective(logs: Floats) -> Derivatives:
        at, off = likelihood(logs), (logs - centre) / _PRIOR_SD
        bend = np.eye(centre.size) / _PRIOR_SD**2
        return Derivatives(
            at.value - 0.5 * float((off * off).sum()), at.gradient - off / _PRIOR_SD, at.hessian - bend
        )

    return objective


def _untied(point: Floats) -> Floats:
    """Return log (p, q, v) from log p and log (q - 1), with v such that the mean p v / (q - 1) is 1."""
    log_p, log_rest = point
    return np.array([log_p, np.logaddexp(0.0, log_rest), log_rest - log_p])


def _tied(objective: Objective) -> Objective:
    """Restrict a function of log (p, q, v) to a population mean of 1, by the chain rule."""

    def restricted(point: Floats) -> Derivatives:
        at, share = objective(_untied(point)), float(expit(point[1]))
        jacobian = np.array([[1.0, 0.0], [0.0, share], [-1.0, 1.0]])
        hessian = jacobian.T @ at.hessian @ jacobian
        hessian[1, 1] += at.gradient[1] * share * (1.0 - share)
        return Derivatives(at.value, jacobian.T @ at.gradient, hessian)

    return restricted
