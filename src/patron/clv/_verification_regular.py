"""A second opinion on MBG/CNBD-k, which lifetimes does not have: its formulas written out term by term.

In: parameters, histories. Out: likelihoods and predictions by plain sums. Not here: the engine's fast ones
(``native.regular_likelihood``, ``processes.regular``), which these check.

P(no order in h) is a ratio of likelihoods of the fitting engine, L(T + h) / L(T), and one minus P(alive) its
limit for a silence without end. Orders to expect: the n-th order ahead takes n k - j more events of a
customer with j behind, and n - 1 decisions to stay.

References
----------
Platzer & Reutterer (2016), Marketing Science 35(5), 779-799; Reutterer, Platzer & Schroeder (2021), IJRM
38(1), 194-215.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaln, gammaln, logsumexp

from patron.clv.native.likelihoods import purchases_likelihood
from patron.clv.native.rows import FitRows
from patron.clv.processes.histories import Histories

Floats = NDArray[np.float64]

_WEEKS_PER_MONTH = 30.4375 / 7.0
_ORDERS_AT_ONCE = 64
_NEGLIGIBLE = 1e-13
_LONGEST_SILENCE = 1e250  # weeks
_LEFT_OUT = 1e-12  # chance that a customer who is there is still silent after it


def regular_log_likelihood(params: Mapping[str, float], past: Histories) -> float:
    """Log-likelihood of the order times, but for what does not depend on the parameters."""
    r, alpha, a, b = (params[name] for name in ("r", "alpha", "a", "b"))
    x, span, observed = past
    shape = r + params["k"] * x
    left = betaln(a + 1.0, b + x) - shape * np.log(alpha + span)
    here = betaln(a, b + x + 1.0) - shape * np.log(alpha + observed) + logsumexp(_log_phases(params, past), 0)
    one = r * np.log(alpha) + gammaln(shape) - gammaln(r) - betaln(a, b) + np.logaddexp(left, here)
    return float(one.sum())


def regular_predictions(
    params: Mapping[str, float], past: Histories, *, months: int, annual_discount_rate: float
) -> dict[str, Floats]:
    """Predict by plain sums.

    Parameters
    ----------
    params : mapping of str to float
        r, alpha, a, b, k.
    past : Histories
        A few customers: it is slow.
    months : int
        Horizon, months of 30.4375 days.
    annual_discount_rate : float
        Yearly rate; a month's orders are discounted at its middle.

    Returns
    -------
    dict
        ``alive_probability``, ``expected_orders``, ``discounted_orders``, each of shape (n,).
    """
    alive = still_there(params, past)
    discounted, before = np.zeros(alive.size), np.zeros(alive.size)
    for month in range(1, months + 1):
        until = alive * _orders_if_alive(params, past, month * _WEEKS_PER_MONTH)
        discounted += (until - before) * (1.0 + annual_discount_rate) ** (-(month - 0.5) / 12.0)
        before = until
    return {"alive_probability": alive, "expected_orders": before, "discounted_orders": discounted}


def still_there(params: Mapping[str, float], past: Histories) -> Floats:
    """P(alive), shape (n,), to 13 digits behind the point: whoever is, is not silent for ever."""
    return np.asarray(1.0 - silence_chance(params, past, _endless(params, past)))


def silence_chance(params: Mapping[str, float], past: Histories, weeks: Floats) -> Floats:
    """P(no order in the next weeks), shape (n,): L(T + h) / L(T) of the fitting engine, one by one."""
    logs = np.log([params[name] for name in ("r", "alpha", "a", "b")])
    one, k = np.ones(1), int(params["k"])

    def log_likelihood(row: int, longer: float) -> float:
        count, span, observed = (column[row : row + 1] for column in past)
        return purchases_likelihood(FitRows(count, span, observed + longer, one), modified=True, k=k)(
            logs
        ).value

    return np.exp([log_likelihood(i, h) - log_likelihood(i, 0.0) for i, h in enumerate(weeks.tolist())])


def _log_phases(params: Mapping[str, float], past: Histories) -> Floats:
    """Log of (R)_j / j! ((T - t_x) / (alpha + T))^j for j < k events since the last order, shape (k, n)."""
    x, span, observed = past
    shape, k = params["r"] + params["k"] * x, int(params["k"])
    with np.errstate(divide="ignore"):  # ordered on the last day: no event since
        log_share = np.log((observed - span) / (params["alpha"] + observed))
    terms = [np.zeros(x.size)]
    terms += [gammaln(shape + j) - gammaln(shape) - gammaln(j + 1.0) + j * log_share for j in range(1, k)]
    return np.array(terms)


def _orders_if_alive(params: Mapping[str, float], past: Histories, weeks: float) -> Floats:
    """Sum over n of P(the events for n orders come) E((1 - p)^(n - 1)), shape (n,)."""
    x, _, observed = past
    k, a, stay = int(params["k"]), params["a"], params["b"] + x + 1.0
    logs = _log_phases(params, past)
    phases = np.exp(logs - logsumexp(logs, 0))
    shape, share = params["r"] + k * x, weeks / (params["alpha"] + observed + weeks)
    total, first = np.zeros(x.size), 1
    while True:
        n = np.arange(first, first + _ORDERS_AT_ONCE, dtype=np.float64)[:, None]
        come = sum(phases[j] * betainc(n * k - j, shape + j, share) for j in range(k))
        terms = come * np.exp(betaln(a, stay + n - 1.0) - betaln(a, stay))
        total += terms.sum(axis=0)
        first += _ORDERS_AT_ONCE
        if bool((terms[-1] * _ORDERS_AT_ONCE <= _NEGLIGIBLE * total).all()):
            return total


def _endless(params: Mapping[str, float], past: Histories) -> Floats:
    """Weeks of silence after which only those who left are silent: (weeks / (alpha + T))^-r is negligible."""
    ratio = np.exp(np.minimum(-np.log(_LEFT_OUT) / params["r"], np.log(_LONGEST_SILENCE)))
    return np.asarray((params["alpha"] + past.observed) * np.minimum(ratio, _LONGEST_SILENCE))
