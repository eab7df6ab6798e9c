"""The one door to the ``lifetimes`` package: fitting with it, and leaving no trace of it.

In: arrays in weeks and currency. Out: ``FitResult``. Not here: predictions (``_purchases``, ``_spend``).

``lifetimes`` changes global state, on import (a warnings filter and a pandas option) and on every fit (the
filter again), and prints when it fails; ``untouched`` undoes all of it. It is imported on first use only.

How a model is fitted, step by step, until one works; each step is recorded in words:

1. plain maximum likelihood from lifetimes' own start (it scales time so that the longest history is 1);
2. from starts read off the data on that scale;
3. the same with the search bounded (L-BFGS-B);
4. with ``prior=True`` only, where 1 to 3 fail or end at a limit of the parameters: a weak normal prior on the
   logs of the parameters (sd 3, the weight of one customer in all, so it vanishes with their number). For
   order values the population's mean is tied to the observed mean as well, as its maximum-likelihood value is
   infinite or absurd in that case;
5. the same with the search kept within the limits (order times only).

Where one of 1 to 3 succeeds within the limits, ``prior`` makes no difference. A result at a limit is
handed back, with a remark, only where ``prior=False`` or the prior does not help either.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from patron.clv._attempts import Attempt, FitResult, first_that_works
from patron.clv._limits import LIMITS, purchase_limit, refuse_nonsense, spend_limit
from patron.errors import PatronError

Floats = NDArray[np.float64]

_PANDAS_OPTION = "mode.chained_assignment"
_PRIOR_SD = 3.0
_LOG_REACH = 9.0
_BOUNDED = [(-14.0, 14.0)] * 4


@contextmanager
def untouched() -> Iterator[None]:
    """Run code of lifetimes; afterwards warnings filters, the pandas option and stdout are as before."""
    with warnings.catch_warnings(), np.errstate(all="ignore"), redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        before = _pandas_option()
        try:
            yield
        finally:
            if _pandas_option() != before:
                pd.set_option(_PANDAS_OPTION, before)


def lifetimes_module() -> Any:
    """Import lifetimes without its side effects.

    Raises
    ------
    PatronError
        When it is not installed, or does not import with this pandas.
    """
    with untouched():
        try:
            import lifetimes
        except Exception as error:
            raise PatronError(
                f"the lifetimes package cannot be imported ({type(error).__name__}: {error})",
                "install lifetimes 0.11.3 with pandas 2.2 to 3; loading and predicting do without it",
            ) from error
    return lifetimes


def fit_purchases(purchases: str, count: Floats, span: Floats, observed: Floats, *, prior: bool) -> FitResult:
    """Fit BG/NBD or MBG/NBD to sorted histories, see the module's text for the steps.

    Raises
    ------
    NotEnoughData
        When no step finds the parameters.
    """
    rows, weights = np.unique(np.column_stack([count, span, observed]), axis=0, return_counts=True)
    mean_weeks = _mean(rows[:, 2], weights)
    starts = _purchase_starts(rows, weights, mean_weeks)

    def fit(start: Floats | None, bounds: Any, shrink: bool) -> FitResult:
        return _fit_purchases_once(purchases, rows, weights, mean_weeks, start, bounds, shrink)

    plain: list[Attempt] = [("plain maximum likelihood", lambda: fit(None, None, False))]
    plain += [
        (f"from start {number} read off the data", lambda s=start: fit(s, None, False))  # type: ignore[misc]
        for number, start in enumerate(starts, start=1)
    ]
    plain += [("bounded search", lambda: fit(starts[0], _BOUNDED, False))]
    shrunk: list[Attempt] = [
        ("weak prior", lambda: fit(starts[0], None, True)),
        (
            "weak prior within the limits",
            lambda: fit(starts[0], _limits_on_log_scale(rows, mean_weeks), True),
        ),
    ]
    return first_that_works(purchases, plain, shrunk if prior else [])


def fit_spend(count: Floats, value: Floats, *, prior: bool) -> FitResult:
    """Fit the Gamma-Gamma model to sorted repeat customers with a positive mean value.

    Values are divided by their mean first, so that the currency does not matter.

    Raises
    ------
    NotEnoughData
        When no step finds parameters with a finite mean order value (q above 1).
    """
    mean = float(np.sum(value)) / value.size
    rows, weights = np.unique(np.column_stack([count, value / mean]), axis=0, return_counts=True)

    def fit(start: Floats | None, anchored: bool) -> FitResult:
        return _fit_spend_once(rows, weights, mean, start, anchored)

    start = np.log([6.0, 4.0, 0.5])
    plain: list[Attempt] = [
        ("plain maximum likelihood", lambda: fit(None, False)),
        ("from a second start", lambda: fit(start, False)),
        ("from a third start", lambda: fit(np.log([1.0, 3.0, 2.0]), False)),
    ]
    anchored: list[Attempt] = [
        ("weak prior, mean order value tied to the observed mean", lambda: fit(np.zeros(3), True)),
        ("the same from a second start", lambda: fit(np.array([2.0, 1.0, 0.0]), True)),
    ]
    return first_that_works("order values", plain, anchored if prior else [])


def _purchase_starts(rows: Floats, weights: NDArray[np.int64], mean_weeks: float) -> list[Floats]:
    """Choose starts in log parameters, with alpha such that the mean order rate is the observed one."""
    pace = max(_mean(rows[:, 0], weights), 0.1)
    length = mean_weeks / float(rows[:, 2].max())
    shapes = ((1.0, 1.0, 3.0), (0.5, 0.5, 2.0), (3.0, 1.0, 10.0))
    return [np.log([r, r * length / pace, a, b]) for r, a, b in shapes]


def _mean(values: Floats, weights: NDArray[np.int64]) -> float:
    # a plain sum: the bits of a matrix product depend on the number of threads
    return float((values * weights).sum()) / int(weights.sum())


def _limits_on_log_scale(rows: Floats, mean_weeks: float) -> list[tuple[float, float]]:
    """Bounds of log r, alpha, a, b, with alpha on lifetimes' time scale."""
    bounds = {name: np.log(limits) for name, limits in LIMITS.items()}
    bounds["alpha"] = bounds["alpha"] + np.log(mean_weeks / rows[:, 2].max())
    return [(float(low), float(high)) for low, high in (bounds[name] for name in ("r", "alpha", "a", "b"))]


def _fit_purchases_once(
    purchases: str,
    rows: Floats,
    weights: NDArray[np.int64],
    mean_weeks: float,
    start: Floats | None,
    bounds: Any,
    shrink: bool,
) -> FitResult:
    lifetimes = lifetimes_module()
    names = {"bgnbd": "BetaGeoFitter", "mbgnbd": "ModifiedBetaGeoFitter"}
    options: dict[str, Any] = {} if bounds is None else {"bounds": bounds, "tol": 1e-9}
    with untouched():
        fitter = getattr(lifetimes, names[purchases])()
        likelihood = fitter._negative_log_likelihood
        if shrink:
            centre = np.array([0.0, np.log(mean_weeks / rows[:, 2].max()), 0.0, 1.0])
            fitter._negative_log_likelihood = _shrunk(likelihood, centre, int(weights.sum()))
        fitter.fit(*rows.T, weights=weights, initial_params=start, **options)
        params = {name: float(fitter.params_[name]) for name in ("r", "alpha", "a", "b")}
        logs = np.log(list(params.values()))
        likelihood_sum = -float(likelihood(logs, *rows.T, weights, 0.0)) * int(weights.sum())
    refuse_nonsense(params, likelihood_sum)
    limit = purchase_limit(params, mean_weeks)
    return FitResult(params, likelihood_sum, (), shrink, limit)


def _fit_spend_once(
    rows: Floats,
    weights: NDArray[np.int64],
    mean: float,
    start: Floats | None,
    anchored: bool,
) -> FitResult:
    lifetimes = lifetimes_module()
    with untouched():
        fitter = lifetimes.GammaGammaFitter()
        likelihood = fitter._negative_log_likelihood
        if anchored:
            fitter._negative_log_likelihood = _anchored(likelihood, int(weights.sum()))
        fitter.fit(*rows.T, weights=weights, initial_params=start)
        p, q, v = (float(fitter.params_[name]) for name in ("p", "q", "v"))
        if anchored:
            p, q, v = np.exp(_anchored_logs(np.log([p, q, v]), np)).tolist()
        customers = int(weights.sum())
        scaled = -float(likelihood(np.log([p, q, v]), *rows.T, weights, 0.0)) * customers
    params = {"p": p, "q": q, "v": v * mean}
    refuse_nonsense(params, scaled)
    if q <= 1.0:
        raise ValueError(
            f"q = {q:.3g} is not above 1, so the mean order value would be infinite: "
            "a few customers' orders outweigh all others"
        )
    return FitResult(params, scaled - customers * float(np.log(mean)), (), anchored, spend_limit(p, q, v))


def _shrunk(likelihood: Callable[..., Any], centre: Floats, customers: int) -> Callable[..., Any]:
    """Mean negative log-likelihood plus the prior's share, differentiable by autograd."""

    def penalised(logs: Any, *data: Any) -> Any:
        return likelihood(logs, *data) + 0.5 * (((logs - centre) / _PRIOR_SD) ** 2).sum() / customers

    return penalised


def _anchored(likelihood: Callable[..., Any], customers: int) -> Callable[..., Any]:
    """Gamma-Gamma likelihood of p and q - 1, with the observed mean order value, plus the prior's share."""
    from autograd import numpy as agnp  # type: ignore[import-untyped]

    centre = np.array([0.0, np.log(2.0)])

    def penalised(free: Any, *data: Any) -> Any:
        prior = 0.5 * (((free[:2] - centre) / _PRIOR_SD) ** 2).sum() / customers
        # the third number is not used; the square keeps the Hessian that lifetimes inverts regular
        return likelihood(_anchored_logs(free, agnp), *data) + prior + 0.5 * free[2] ** 2

    return penalised


def _anchored_logs(free: Any, numpy: Any) -> Any:
    """Turn two free numbers into the logs of p, q and v = (q - 1) / p.

    p and q - 1 stay within e^-9 and e^9: with order values all alike the likelihood grows without end.
    """
    log_p, log_excess = (_LOG_REACH * numpy.tanh(free[k] / _LOG_REACH) for k in (0, 1))
    return numpy.array([log_p, numpy.log1p(numpy.exp(log_excess)), log_excess - log_p])


def _pandas_option() -> Any:
    try:
        return pd.get_option(_PANDAS_OPTION)
    except (KeyError, AttributeError):  # announced for removal
        return None
