"""Expected orders of a customer alive, where every k-th event is an order: by integration, for long horizons.

In: what is known of one customer and a log-time. Out: expected orders. Not here: the exact sums
(``event_sums``), which cost less where few events are expected.

With rate and chance of leaving p = 1 - q known, orders come at the rate ::

    sum over n of q^(n-1) lambda (lambda s)^(n k - j - 1) exp(-lambda s) / (n k - j - 1)!

every k-th term of an exponential series, which the k-th roots of unity w pick out. Integrated over the
horizon and over the gamma distribution of the rate, with v = q^(1/k) and g = exp(l) - 1 that is ::

    1/k * sum over w of w^(j+1) v^(j+1-k) (1 - (1 + g (1 - w v))^-(R + j)) / (1 - w v)

and the beta distribution of p remains. Over the logit of p the trapezoid rule converges geometrically.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Numbers = TypeVar("Numbers", NDArray[np.float64], NDArray[np.complex128])

_PER_UNIT = 8.0  # nodes per unit of the logit, for a up to 1


def expected_by_quadrature(
    a: float, stays: float, k: int, phase: int, shape: float, log_time: float
) -> float:
    """Expect orders within a log-time, of a customer alive with ``phase`` events behind the last order.

    Parameters
    ----------
    a, stays : float
        Beta parameters of the chance of leaving.
    k, phase : int
        Every k-th event is an order; events since the last one.
    shape : float
        R + j: the gamma shape of the rate.
    log_time : float
        log(1 + t / (alpha + T)).
    """
    growth = np.expm1(log_time)
    spread = 12.0 * np.sqrt(1.0 / a + 1.0 / stays)
    # further down all is constant but p^a, whose terms are a geometric series
    low = max(np.log(a / stays) - spread - 40.0 / a, -40.0 - np.log1p(shape * growth + stays))
    # the integrand falls with the power stays - 1 + (phase + 1) / k of q
    high = np.log(a / stays) + spread + 40.0 / (stays - 1.0 + (phase + 1.0) / k)
    nodes = int(np.clip((high - low) * _PER_UNIT * np.sqrt(1.0 + a), 501, 20_001))
    logit, step = np.linspace(low, high, nodes, retstep=True)
    log_q = -np.logaddexp(0.0, logit)
    log_weight = a * -np.logaddexp(0.0, -logit) + stays * log_q
    log_weight -= log_weight.max()
    log_weight[0] -= np.log(-np.expm1(-a * step))
    total = _of_root(-np.expm1(log_q / k), shape, growth)
    for root in range(1, k):
        turn = 2j * np.pi * root / k
        total += (np.exp(turn * (phase + 1)) * _of_root(-np.expm1(log_q / k + turn), shape, growth)).real
    total *= np.exp(log_weight + (phase + 1.0 - k) / k * log_q)
    return float(total.sum() / np.exp(log_weight).sum() / k)


def _of_root(gone: Numbers, shape: float, growth: float) -> Numbers:
    """(1 - (1 + growth * gone)^-shape) / gone."""
    result: Numbers = -np.expm1(-shape * np.log1p(growth * gone)) / gone
    return result
