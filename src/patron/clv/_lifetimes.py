"""The one door to the ``lifetimes`` package: fitting with it, and leaving no trace of it.

In: rows in their own order (``native.rows``). Out: ``FitResult``. Not here: how lifetimes is made to climb
(``_lifetimes_searches``), predictions (``processes``, ``_spend``).

``lifetimes`` changes global state, on import (a warnings filter and a pandas option) and on every fit (the
filter again), and prints when it fails; ``untouched`` undoes all of it. It is imported on first use only.

What is maximised is what the native engine maximises: the log-likelihood and, with ``prior=True``, the log of
a normal density on the logs of the parameters with the weight of one observation in all. lifetimes' search on
lifetimes' likelihood finds the place; Newton steps on the same likelihood tidy it up, whose curvature also
gives the covariance. The attempts, in order until one works, each recorded in words:

1. BG/NBD, MBG/NBD: from lifetimes' own start; from starts read off the data; with the search bounded;
2. Pareto/NBD: the first two, then with ``ParetoNBD.log_likelihood``, for lifetimes' own overflows where
   histories are long, or alpha and beta far apart;
3. order values: from three starts; with the prior, where the population's mean is still infinite or absurd,
   with that mean tied to the observed one.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from patron.clv._differences import with_differences
from patron.clv._lifetimes_searches import (
    Sample,
    Search,
    beta_geometric_search,
    pareto_search,
    sample_of,
    spend_search,
)
from patron.clv.native.attempts import Attempt, FitResult, first_that_works
from patron.clv.native.climbing import PRIOR_SD, Prior, as_tuples, is_flat, told
from patron.clv.native.limits import (
    IN_WEEKS,
    MOST_SHAPE,
    mean_is_absurd,
    purchase_limit,
    shape_limit,
    spend_limit,
)
from patron.clv.native.newton import Climb, Derivatives, maximise
from patron.clv.native.order_values import HUGE_ORDERS, REACH, spend_centre, untied
from patron.clv.native.rows import FitRows
from patron.errors import PatronError

Floats = NDArray[np.float64]

_PANDAS_OPTION = "mode.chained_assignment"
_FITTERS = {"bgnbd": "BetaGeoFitter", "mbgnbd": "ModifiedBetaGeoFitter", "paretonbd": "ParetoNBDFitter"}
_LETTERS = {"bgnbd": "r alpha a b", "mbgnbd": "r alpha a b", "paretonbd": "r alpha s beta"}
_STARTS = ((1.0, 1.0, 3.0), (0.5, 0.5, 2.0), (3.0, 1.0, 10.0))  # r, and a and b or s and beta over mean weeks
_SPEND_STARTS = (None, (6.0, 4.0, 0.5), (1.0, 3.0, 2.0))
_REACH = float(np.log(1e6))  # either way from the scale of the data
_BOUNDED = {"bounds": [(-14.0, 14.0)] * 4, "tol": 1e-9}  # makes lifetimes use L-BFGS-B

_Step = tuple[str, Search, Floats | None, Mapping[str, Any]]


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


def fit_purchases(
    purchases: str,
    rows: FitRows,
    *,
    prior: bool,
    towards: Mapping[str, float] | None = None,
    sd: float = PRIOR_SD,
) -> FitResult:
    """Fit BG/NBD, MBG/NBD or Pareto/NBD; see the module's text for the steps.

    Parameters
    ----------
    purchases : {"bgnbd", "mbgnbd", "paretonbd"}
        Purchase process.
    rows : FitRows
        In their own order, weeks; weights may be fractional.
    prior : bool
        Add the prior; without it, plain maximum likelihood.
    towards : mapping of str to float, optional
        Parameters at the prior's centre; by default shapes of 1 (b: e) and scales of the mean weeks observed.
    sd : float
        The prior's standard deviation, in logs.

    Returns
    -------
    FitResult

    Raises
    ------
    PatronError
        For a process that lifetimes does not have.
    NotEnoughData
        When no attempt finds parameters, with the reasons.
    """
    if purchases not in _FITTERS:
        raise PatronError(
            f"lifetimes cannot fit {purchases!r}; it has {', '.join(map(repr, _FITTERS))}",
            "choose one of these, or backend 'native'",
        )
    letters = _LETTERS[purchases].split()
    sample = sample_of(rows)
    in_weeks = np.array([letter in IN_WEEKS for letter in letters])
    unit, scale = np.log(sample.weeks) * in_weeks, np.log(sample.mean_observed) * in_weeks
    centre = scale + (np.array(letters) == "b")
    if towards is not None:
        centre = np.log([towards[letter] for letter in letters]) - unit
    density = Prior(centre, sd if prior else None)

    def fit(search: Search, start: Floats | None, options: Mapping[str, Any]) -> FitResult:
        found = _climbed(search, density, start, options, (scale - _REACH, scale + _REACH))
        params = dict(zip(letters, np.exp(found.point + unit).tolist(), strict=True))
        limit = purchase_limit(params, sample.weeks * sample.mean_observed)
        result = told(found, density, params, sample.customers, limit)
        if not prior and limit is not None and (bool(found.held.any()) or is_flat(result)):
            raise ArithmeticError(f"{limit}, where the likelihood rises for ever")
        # from a density per unit of time to one per week
        return replace(
            result, log_likelihood=result.log_likelihood - sample.orders * float(np.log(sample.weeks))
        )

    attempts: list[Attempt] = [
        (f"{_method(prior)} from {name}", lambda step=step: fit(*step))  # type: ignore[misc]
        for name, *step in _steps(purchases, sample, density)
    ]
    return first_that_works(purchases, attempts, _advice(prior))


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
        In their own order: repeat orders, mean value (currency units), how many customers a row stands for.
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
    density = Prior(spend_centre(towards, mean), sd if prior else None)
    search = spend_search(lifetimes_module().GammaGammaFitter, (count, value / mean, weight), density)

    def free(start: tuple[float, ...] | None) -> FitResult:
        first = None if start is None else np.log(start)
        found = _climbed(search, density, first, {}, REACH)
        p, q, v = np.exp(found.point).tolist()
        absurd = mean_is_absurd(p, q, v)
        if absurd is not None and (prior or q <= 1.0):
            raise ValueError(absurd)
        limit = spend_limit(p, q, v)
        if not prior and bool(found.held.any()):
            raise ArithmeticError(f"{limit}, where the likelihood rises for ever")
        return told(found, density, {"p": p, "q": q, "v": v}, customers, limit)

    attempts: list[Attempt] = [
        (f"{_method(prior)} from start {i}", lambda s=start: free(s))  # type: ignore[misc]
        for i, start in enumerate(_SPEND_STARTS, start=1)
    ]
    if prior:
        tied = "the same, mean order value tied to the observed mean"
        attempts.append((tied, lambda: _tied(search.log_likelihood, density, customers)))
    scaled = first_that_works("order values", attempts, _advice(True) if prior else HUGE_ORDERS)
    log_likelihood = scaled.log_likelihood - customers * float(np.log(mean))
    in_currency = scaled.params | {"v": scaled.params["v"] * mean}
    return replace(scaled, params=in_currency, log_likelihood=log_likelihood)


def _steps(purchases: str, sample: Sample, density: Prior) -> list[_Step]:
    """List what is tried for order times: its name, the search, a start in logs, options."""
    fitter = getattr(lifetimes_module(), _FITTERS[purchases])
    pace, mean = max(sample.orders / sample.customers, 0.1), sample.mean_observed
    if purchases == "paretonbd":
        starts = [np.log([r, r * mean / pace, s, b * mean]) for r, s, b in _STARTS]
        theirs, ours = (pareto_search(fitter, sample, density, own_likelihood=own) for own in (True, False))
        last: list[_Step] = [
            (f"start {i} read off the data, likelihood by quadrature", ours, start, {})
            for i, start in enumerate(starts, start=1)
        ]
        starts = starts[:1]
    else:
        starts = [np.log([r, r * mean / pace, a, b]) for r, a, b in _STARTS]
        theirs = beta_geometric_search(fitter, sample, density)
        last = [("start 1 read off the data, the search bounded", theirs, starts[0], _BOUNDED)]
    read_off: list[_Step] = [
        (f"start {i} read off the data", theirs, start, {}) for i, start in enumerate(starts, start=1)
    ]
    return [("lifetimes' own start", theirs, None, {}), *read_off, *last]


def _climbed(
    search: Search,
    density: Prior,
    start: Floats | None,
    options: Mapping[str, Any],
    reach: tuple[Floats, Floats],
) -> Climb:
    """Let lifetimes climb, and go from where it stopped to where the slope is nil."""
    with untouched():
        point = search.climb(start, options)
        return maximise(density.added(with_differences(search.log_likelihood)), point, reach)


def _tied(log_likelihood: Callable[[Floats], float], density: Prior, customers: float) -> FitResult:
    """Fit p and q with v such that the population's mean is the observed one, 1, which lifetimes cannot."""

    def objective(free: Floats) -> float:
        return log_likelihood(untied(free)) + density.log_density(untied(free))

    p, q, _ = np.exp(density.centre).tolist()
    most = float(np.log(MOST_SHAPE))
    with untouched():
        reach = (np.full(2, -_REACH), np.full(2, most))
        found = maximise(with_differences(objective), np.log([p, max(q - 1.0, 0.1)]), reach)
        point = untied(found.point)
        at = with_differences(log_likelihood)(point)
    params = dict(zip("pqv", np.exp(point).tolist(), strict=True))
    whole = Climb(
        point, Derivatives(found.at.value, found.at.gradient, np.zeros((3, 3))), found.steps, found.held
    )
    result = told(whole, density, params, customers, shape_limit(params["p"], params["q"]))
    # a covariance in two directions of three is none
    return replace(result, covariance=None, information=as_tuples(-at.hessian))


def _method(prior: bool) -> str:
    return "maximum likelihood with a weak prior" if prior else "maximum likelihood"


def _advice(prior: bool) -> str:
    return "give more customers or a longer history" + ("" if prior else ", or fit with prior=True")


def _pandas_option() -> Any:
    try:
        return pd.get_option(_PANDAS_OPTION)
    except (KeyError, AttributeError):  # announced for removal
        return None
