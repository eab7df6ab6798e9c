"""What the BG/NBD and MBG/NBD models say about future orders, in closed form.

In: parameters and arrays of purchase histories. Out: arrays, one number (or one row) per customer.
Not here: fitting (``_fitting``), money (``_spend``, ``value``).

Sources: [BG] Fader, Hardie & Lee (2005), Marketing Science 24(2), 275-284; [MBG] Batislam, Denizel &
Filiztekin (2007), IJRM 24(3), 201-209. The literature writes x for repeat orders, t_x for weeks from first to
last order and T for weeks observed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray
from scipy.special import betaln, expit, hyp2f1

Floats = NDArray[np.float64]

_BLOCK = 8192  # pairs worked on at once: the tables of one block stay within a few MB
_NODES = (
    (0.28, 16),
    (3.0, 32),
    (6.0, 48),
    (14.0, 96),
    (np.inf, 192),
)  # longest log-time, nodes that suffice for it


@dataclass(frozen=True)
class Purchases:
    """Parameters of one purchase process.

    Parameters
    ----------
    r, alpha : float
        Gamma shape and rate (weeks) of the order rates.
    a, b : float
        Beta parameters of the chance of leaving after an order.
    first_order_counts : bool
        True where a customer may leave right after the first order (MBG/NBD), False for BG/NBD.
    """

    r: float
    alpha: float
    a: float
    b: float
    first_order_counts: bool

    def stays(self, repeat_orders: Floats) -> Floats:
        """Second beta parameter of the chance of leaving, of a customer known to be alive."""
        return self.b + repeat_orders + float(self.first_order_counts)


def alive_probability(process: Purchases, repeat_orders: Floats, span: Floats, observed: Floats) -> Floats:
    """P(alive) from log odds: [BG] section 4 as rearranged in Hardie's note 021; [MBG] equation (7)."""
    occasions = process.stays(repeat_orders) - 1.0
    never_left = np.zeros(repeat_orders.shape, dtype=bool)
    if not process.first_order_counts:
        never_left = repeat_orders == 0
        occasions = np.where(never_left, process.b, occasions)
    odds = np.log(process.a) - np.log(occasions)
    odds += (process.r + repeat_orders) * np.log1p((observed - span) / (process.alpha + span))
    return np.where(never_left, 1.0, expit(-odds))


def order_chance_if_alive(
    process: Purchases, repeat_orders: Floats, observed: Floats, weeks: float
) -> Floats:
    """P(at least one order in the next weeks | alive) = 1 - ((alpha + T) / (alpha + T + h))^(r + x).

    Written with expm1, so that it keeps its digits where an order is very unlikely.
    """
    return -np.expm1(-(process.r + repeat_orders) * np.log1p(weeks / (process.alpha + observed)))


def expected_orders_if_alive(
    process: Purchases, repeat_orders: Floats, observed: Floats, weeks: Floats
) -> Floats:
    """Expect orders in the next ``weeks`` of a customer known to be alive, for several horizons at once.

    Parameters
    ----------
    process : Purchases
        The parameters.
    repeat_orders, observed : ndarray, shape (n,)
        Number of repeat orders; weeks observed.
    weeks : ndarray, shape (k,)
        Horizons, weeks.

    Returns
    -------
    ndarray, shape (n, k)
        A row depends on its own two numbers and on ``weeks`` only, to the bit.

    Notes
    -----
    The papers' form ([BG] equation (10)) breaks down at a = 1 and cancels near it. Integrating the order rate
    instead, with l = log(1 + s / (alpha + T)) for the time s ahead and c = a + x + stays, gives ::

        (r + x) * integral over l of exp((1 - a) l) 2F1(a, c - r - x - 1; c; 1 - exp(-l))

    whose integrand is positive and smooth for every a, b > 0. One Chebyshev series of it per pair (x, T)
    serves all horizons.
    """
    if weeks.size == 0 or weeks.max() <= 0.0:
        return np.zeros((repeat_orders.size, weeks.size))
    pairs, place = np.unique(np.column_stack([repeat_orders, observed]), axis=0, return_inverse=True)
    longest = np.log1p(weeks.max() / (process.alpha + pairs[:, 1]))
    # far exponents bend the integrand more: as if the log-time were longer
    bent = longest * (1.0 + (process.a + abs(_second(process))) / 15.0)
    bucket = np.searchsorted([limit for limit, _ in _NODES], bent)
    table = np.empty((len(pairs), weeks.size))
    for group, (_, nodes) in enumerate(_NODES):
        members = np.flatnonzero(bucket == group)
        for start in range(0, members.size, _BLOCK):
            rows = members[start : start + _BLOCK]
            table[rows] = _integrals(process, pairs[rows, 0], pairs[rows, 1], weeks, nodes)
    return table[place.reshape(-1)]


def _integrals(process: Purchases, x: Floats, observed: Floats, weeks: Floats, nodes: int) -> Floats:
    """Integrate the rate's Chebyshev series up to each horizon, shape (rows, horizons)."""
    reach = process.alpha + observed
    longest = np.log1p(weeks.max() / reach)
    series = chebyshev.chebint(_rate_series(process, x, longest, nodes), lbnd=-1, axis=0)
    result = np.empty((x.size, weeks.size))
    for column, horizon in enumerate(weeks):
        at = 2.0 * np.log1p(horizon / reach) / longest - 1.0
        result[:, column] = chebyshev.chebval(np.clip(at, -1.0, 1.0), series, tensor=False)
    result *= (0.5 * longest * (process.r + x))[:, None]
    return np.maximum(result, 0.0)


def _rate_series(process: Purchases, x: Floats, longest: Floats, nodes: int) -> Floats:
    """Chebyshev coefficients, shape (nodes, rows), of the order rate over log-time in [0, longest]."""
    angle = (np.arange(nodes) + 0.5) * np.pi / nodes
    degree = np.arange(nodes)
    shape = process.a + process.stays(x)
    series = np.zeros((nodes, x.size))
    # summed node by node: a matrix product may round a row differently in another crowd or with other threads
    for theta in angle:
        log_time = longest * (0.5 + 0.5 * np.cos(theta))
        series += np.cos(degree * theta)[:, None] * _rate(process, x, shape, log_time)
    series *= 2.0 / nodes
    series[0] *= 0.5
    return series


def _second(process: Purchases) -> float:
    return process.a + process.b + float(process.first_order_counts) - process.r - 1.0


def _rate(process: Purchases, x: Floats, shape: Floats, log_time: Floats) -> Floats:
    """Order rate over log-time, without its factor r + x: the Pfaff form whose 2F1 stays bounded in a row."""
    leaves_soon = process.a > process.r + x + 1.0
    first = np.where(leaves_soon, process.r + x + 1.0, process.a)
    second = np.where(leaves_soon, shape - process.a, _second(process))
    with np.errstate(all="ignore"):  # what overflows is computed again below
        rate = np.exp((1.0 - first) * log_time) * hyp2f1(first, second, shape, -np.expm1(-log_time))
    for row in np.flatnonzero(~np.isfinite(rate) | (rate < 0.0)):
        rate[row] = _rate_by_quadrature(process.a, shape[row] - process.a, process.r + x[row], log_time[row])
    return np.asarray(rate)


def _rate_by_quadrature(a: float, stays: float, orders: float, log_time: float) -> float:
    """Integrate (1 + p s / (alpha + T))^-(r + x + 1) over the beta distribution of p, over its logit.

    For the rows where scipy's 2F1 overflows: r - a whole with large x, or a in the hundreds.
    """
    spread = 12.0 * np.sqrt(1.0 / a + 1.0 / stays)
    centre = np.log(a / stays)
    low, high = centre - spread - 40.0 / a, centre + spread + 40.0 / stays
    nodes = int(np.clip((high - low) * 4.0 * np.sqrt(1.0 + a), 501, 20_001))
    logit, step = np.linspace(low, high, nodes, retstep=True)
    log_p = -np.logaddexp(0.0, -logit)
    weight = a * log_p - stays * np.logaddexp(0.0, logit) - betaln(a, stays)
    weight += log_time - (orders + 1.0) * np.log1p(np.exp(log_p) * np.expm1(log_time))
    return float(np.exp(np.maximum(weight, -700.0)).sum() * step)
