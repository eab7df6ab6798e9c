"""How ``lifetimes`` is made to climb a likelihood: its own functions, with a prior and from given starts.

In: classes of lifetimes, data. Out: ``Search``. Not here: importing lifetimes, and which searches are tried
(both ``_lifetimes``, whose ``untouched`` must surround every call).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from patron.clv.native.climbing import Prior
from patron.clv.native.rows import FitRows
from patron.clv.processes.histories import Histories
from patron.clv.processes.pareto import ParetoNBD

Floats = NDArray[np.float64]

_NELDER_MEAD = {"tol": 1e-6, "maxiter": 2000, "maxfev": 2000}
_FIRST_STRIDE = 0.5  # of Nelder-Mead, in logs; lifetimes would begin with 0.00025
_OFF = 1e-7  # per customer, most that lifetimes' log-likelihood may differ from ours


class Sample(NamedTuple):
    """Order times in lifetimes' unit of time: the longest history is 1.

    Parameters
    ----------
    past : Histories
        In that unit.
    weight : ndarray, shape (n,)
        How many customers a row stands for.
    weeks : float
        Weeks in the unit.
    """

    past: Histories
    weight: Floats
    weeks: float

    @property
    def customers(self) -> float:
        """How many customers the rows stand for."""
        return float(self.weight.sum())

    @property
    def mean_observed(self) -> float:
        """Mean time observed, in the unit."""
        return float((self.weight * self.past.observed).sum()) / self.customers

    @property
    def orders(self) -> float:
        """Repeat orders of all customers."""
        return float((self.weight * self.past.repeat_orders).sum())


def sample_of(rows: FitRows) -> Sample:
    """Change rows in weeks to lifetimes' unit."""
    weeks = float(rows.observed.max())
    return Sample(Histories(rows.count, rows.span / weeks, rows.observed / weeks), rows.weight, weeks)


class Search(NamedTuple):
    """A likelihood and lifetimes' way to climb it.

    Parameters
    ----------
    log_likelihood : callable
        Of the logs of the parameters.
    climb : callable
        From a start in logs, None for lifetimes' own, and options of lifetimes' ``fit`` to where it stops, in
        logs; a ValueError where it fails.
    """

    log_likelihood: Callable[[Floats], float]
    climb: Callable[[Floats | None, Mapping[str, Any]], Floats]


def beta_geometric_search(fitter: Any, sample: Sample, density: Prior) -> Search:
    """Climb with ``BetaGeoFitter`` or ``ModifiedBetaGeoFitter``."""
    data = (*sample.past, sample.weight)
    return _gradient_search(fitter, ("r", "alpha", "a", "b"), data, density)


def spend_search(fitter: Any, data: tuple[Floats, Floats, Floats], density: Prior) -> Search:
    """Climb with ``GammaGammaFitter``; data are repeat orders, mean values, weights."""
    return _gradient_search(fitter, ("p", "q", "v"), data, density)


def pareto_search(fitter: Any, sample: Sample, density: Prior, *, own_likelihood: bool) -> Search:
    """Climb with ``ParetoNBDFitter``, by its own likelihood or by that of ``ParetoNBD``.

    lifetimes' own overflows where histories are long or alpha and beta far apart; ``climb`` then fails.
    """

    def by_row(logs: Floats) -> Floats:
        if not own_likelihood:
            return ParetoNBD(*np.exp(logs).tolist()).log_likelihood(sample.past)
        return np.asarray(fitter._conditional_log_likelihood(np.exp(logs), *sample.past))

    def log_likelihood(logs: Floats) -> float:
        return float((sample.weight * by_row(logs)).sum())

    def cost(logs: Floats, *_: Any) -> float:
        found = -(log_likelihood(logs) + density.log_density(logs)) / sample.customers
        return found if np.isfinite(found) else np.inf

    def climb(start: Floats | None, options: Mapping[str, Any]) -> Floats:
        first = np.zeros(4) if start is None else start  # lifetimes' own is 1 for all, but for noise
        _refuse_overflow(by_row(first))
        simplex = np.vstack([first, first + _FIRST_STRIDE * np.eye(4)])
        peer = fitter()
        peer._negative_log_likelihood = cost
        settings = {"initial_params": first, "initial_simplex": simplex, **_NELDER_MEAD, **options}
        peer.fit(*sample.past, weights=sample.weight, **settings)
        point: Floats = peer.params_.to_numpy()
        _refuse_disagreement(sample, by_row(point), point)
        return point

    return Search(log_likelihood, climb)


def _gradient_search(
    fitter: Any, letters: tuple[str, ...], data: tuple[Floats, ...], density: Prior
) -> Search:
    *columns, weight = data
    mean_cost, customers = fitter._negative_log_likelihood, float(weight.sum())
    share = 0.5 * density.precision / customers

    def penalised(logs: Any, *rest: Any) -> Any:  # autograd goes through it
        return mean_cost(logs, *rest) + share * ((logs - density.centre) ** 2).sum()

    def climb(start: Floats | None, options: Mapping[str, Any]) -> Floats:
        peer = fitter()
        peer._negative_log_likelihood = penalised
        peer.fit(*columns, weights=weight, initial_params=start, **options)
        return np.log([float(peer.params_[letter]) for letter in letters])

    return Search(lambda logs: -float(mean_cost(logs, *data, 0.0)) * customers, climb)


def _refuse_overflow(by_row: Floats) -> None:
    lost = int((~np.isfinite(by_row)).sum())
    if lost:
        raise ValueError(f"lifetimes' likelihood is not a number for {lost} histories")


def _refuse_disagreement(sample: Sample, by_row: Floats, point: Floats) -> None:
    """Raise ``ValueError`` where lifetimes' likelihood of the Pareto/NBD model has lost its digits."""
    _refuse_overflow(by_row)
    ours = ParetoNBD(*np.exp(point).tolist()).log_likelihood(sample.past)
    off = abs(float((sample.weight * (by_row - ours)).sum())) / sample.customers
    if off > _OFF:
        raise ValueError(f"lifetimes' log-likelihood is off by {off:.2g} per customer")
