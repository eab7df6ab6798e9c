"""Expected orders of customers known to be alive under BG/NBD and MBG/NBD: a series per number of orders.

In: parameters, numbers of orders, weeks observed, horizons. Out: expected orders, discounted if wanted.
Not here: the chance of being alive (``betageometric``).

The papers' form ([BG] equation (10)) breaks down at a = 1 and cancels near it. Integrating the order rate
over the log-time l = log(1 + s / (alpha + T)), s weeks ahead, gives instead ::

    E(orders in t) = (r + x) * integral from 0 to log(1 + t / (alpha + T)) of G(l) dl
    G(l) = exp((1 - a) l) 2F1(a, c - r - x - 1; c; 1 - exp(-l)),      c = a + b + x (BG), a + b + x + 1 (MBG)

whose integrand is positive for all parameters, analytic in |Im l| < pi and a function of x and l only. So
one Chebyshev series per x, over the log-times that any customer can reach within the horizon, serves every T
and t. What is expanded is the weighted mean of G over (0, l): it neither vanishes at l = 0 nor runs off where
G grows, so the relative error stays small for a day after three years, too.

References
----------
[BG] Fader, Hardie & Lee (2005), Marketing Science 24(2), 275-284.
[MBG] Batislam, Denizel & Filiztekin (2007), International Journal of Research in Marketing 24(3), 201-209.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import hyp2f1

from patron.clv._months import DAYS_PER_WEEK
from patron.clv.processes.distinct import Distinct, distinct

Floats = NDArray[np.float64]

#: For so few times all horizons are worked on side by side.
_FEW_TIMES = 32
_BLOCK = 2048  # rows worked on at once: their weights of all nodes stay in the cache
_TABLE = 16384  # entries of the table worked on at once
_TABLE_PER_ROW = 16  # how much larger than the number of rows the table (orders x weeks observed) may be
_PROBES = np.array([0.0, 1.0, 3.0, 10.0, 30.0, 100.0, 1e3, 1e4])  # numbers of orders that choose the nodes
_PROBE_NODES, _FEWEST_NODES = (96, 256, 768), 12  # more are tried where fewer do not settle
_MOST_TERMS = 5000  # of a power series that converges like a geometric one or faster
_TEN_YEARS = 522.0  # weeks: horizons that differ by row share one series, whichever rows there are


class OrderRate(NamedTuple):
    """The parameters that matter while a customer is alive.

    Parameters
    ----------
    r, alpha : float
        Gamma shape and rate (weeks) of the order rates.
    a, stays : float
        Beta parameters of the chance of leaving, of a customer without repeat orders known to be alive.
    """

    r: float
    alpha: float
    a: float
    stays: float


class _Series(NamedTuple):
    """How expected orders are expanded, for one process and one longest horizon.

    Parameters
    ----------
    log_times : ndarray, shape (nodes,)
        Where the order rate is evaluated.
    means : ndarray, shape (nodes, nodes)
        Takes the rate there to the Chebyshev coefficients of its mean over (0, l).
    longest : float
        Longest log-time.
    growth : float
        The rate grows no faster than exp(growth * l).
    """

    log_times: Floats
    means: Floats
    longest: float
    growth: float


def expected_orders(
    rate: OrderRate, repeat_orders: Floats, observed: Floats, weeks: Floats, weights: Floats
) -> Floats:
    """Weighted sums of the orders expected within horizons, of customers known to be alive.

    Parameters
    ----------
    rate : OrderRate
        The parameters.
    repeat_orders, observed : ndarray, shape (n,)
        Number of repeat orders; weeks observed.
    weeks : ndarray, shape (k,)
        Horizons, weeks.
    weights : ndarray, shape (m, k)
        One row per sum wanted.

    Returns
    -------
    ndarray, shape (n, m)
        A row depends on its own two numbers, on ``weeks`` and on ``weights`` only, to the bit.
    """
    result = np.zeros((repeat_orders.size, len(weights)), order="F")
    if repeat_orders.size == 0 or weeks.size == 0 or weeks.max() <= 0.0:
        return result
    series = _series(rate, float(np.log1p(weeks.max() / rate.alpha)))
    orders = distinct(repeat_orders, 1.0)
    per_count = _coefficients(rate, series, orders.values)
    times = distinct(observed, DAYS_PER_WEEK)
    fill = _by_row
    if orders.values.size * times.values.size <= _TABLE_PER_ROW * repeat_orders.size:
        fill = _by_table
    for column, weight in enumerate(weights):
        wanted = weight != 0.0
        fill(rate, series, per_count, orders, times, weeks[wanted], weight[wanted], result[:, column])
    return result


def expected_orders_each(
    rate: OrderRate, repeat_orders: Floats, observed: Floats, weeks: Floats, weights: Floats
) -> Floats:
    """Weighted sum of the orders expected within horizons of the row's own, of customers known to be alive.

    Parameters
    ----------
    rate : OrderRate
        The parameters.
    repeat_orders, observed : ndarray, shape (n,)
        Number of repeat orders; weeks observed.
    weeks : ndarray, shape (k, n)
        Horizons, weeks; one of 0 adds nothing.
    weights : ndarray, shape (k,)
        Of the horizons.

    Returns
    -------
    ndarray, shape (n,)
        A row depends on its own numbers only, to the bit, where no horizon exceeds ten years.
    """
    result = np.zeros(repeat_orders.size)
    longest = max(_TEN_YEARS, float(weeks.max(initial=0.0)))
    series = _series(rate, float(np.log1p(longest / rate.alpha)))
    orders = distinct(repeat_orders, 1.0)
    per_count = _coefficients(rate, series, orders.values)
    for start in range(0, result.size, _BLOCK):
        rows = slice(start, start + _BLOCK)
        per_time = _time_weights(rate, series, observed[rows], weeks[:, rows], weights)
        _accumulate(per_count[:, orders.place[rows]], per_time, result[rows])
    return result


def _by_table(
    rate: OrderRate,
    series: _Series,
    per_count: Floats,
    orders: Distinct,
    times: Distinct,
    weeks: Floats,
    weights: Floats,
    out: Floats,
) -> None:
    """Compute every pair of a number of orders and a time once and look the rows up."""
    columns = times.values.size
    per_time = np.concatenate(
        [
            _time_weights(rate, series, times.values[start : start + _BLOCK], weeks, weights)
            for start in range(0, columns, _BLOCK)
        ],
        axis=1,
    )
    table = np.empty((orders.values.size, columns))
    height = max(1, _TABLE // columns)
    for start in range(0, len(table), height):
        part = table[start : start + height]
        _accumulate(per_count[:, start : start + height, None], per_time, part)
    np.take(table.reshape(-1), orders.place * columns + times.place, out=out)


def _by_row(
    rate: OrderRate,
    series: _Series,
    per_count: Floats,
    orders: Distinct,
    times: Distinct,
    weeks: Floats,
    weights: Floats,
    out: Floats,
) -> None:
    """Compute every row by itself, with the operations of the table in their order: the same bits."""
    for start in range(0, out.size, _BLOCK):
        rows = slice(start, start + _BLOCK)
        per_time = _time_weights(rate, series, times.values[times.place[rows]], weeks, weights)
        _accumulate(per_count[:, orders.place[rows]], per_time, out[rows])


def _accumulate(per_count: Floats, per_time: Floats, out: Floats) -> None:
    """Sum over the nodes, one after the other: a matrix product may round otherwise in another crowd."""
    np.multiply(per_count[0], per_time[0], out=out)
    term = np.empty_like(out)
    for count, time in zip(per_count[1:], per_time[1:], strict=True):
        np.multiply(count, time, out=term)
        np.add(out, term, out=out)


def _time_weights(
    rate: OrderRate, series: _Series, observed: Floats, weeks: Floats, weights: Floats
) -> Floats:
    """Collapse the horizons: what each coefficient of a series weighs, shape (nodes, times).

    Horizons are those of all, shape (k,), or each time's own, shape (k, times).
    """
    if observed.size <= _FEW_TIMES and len(weeks):
        return _time_weights_at_once(rate, series, observed, weeks, weights)
    result = np.zeros((series.log_times.size, observed.size))
    reach = rate.alpha + observed
    for horizon, weight in zip(weeks, weights, strict=True):
        log_time = np.log1p(horizon / reach)
        before = weight * _span(series.growth, log_time)
        place = np.minimum(log_time * (2.0 / series.longest) - 1.0, 1.0)
        now = place * before
        place += place
        result[0] += before
        result[1] += now
        for total in result[2:]:  # the recurrence of the Chebyshev polynomials
            np.multiply(place, now, out=log_time)
            np.subtract(log_time, before, out=before)
            before, now = now, before
            total += now
    return result


def _time_weights_at_once(
    rate: OrderRate, series: _Series, observed: Floats, weeks: Floats, weights: Floats
) -> Floats:
    """Do the same sums in the same order, all horizons side by side: few times, fewer calls."""
    result = np.zeros((series.log_times.size, observed.size))
    horizons = weeks if weeks.ndim == 2 else weeks[:, None]
    log_time = np.log1p(horizons / (rate.alpha + observed))
    before = weights[:, None] * _span(series.growth, log_time)
    place = np.minimum(log_time * (2.0 / series.longest) - 1.0, 1.0)
    now = place * before
    place = place + place
    terms = [before, now]
    for _ in result[2:]:
        terms.append(place * terms[-1] - terms[-2])
    total = result
    for horizon in np.stack(terms, axis=1):
        total = total + horizon
    return total


def _span(growth: float, log_time: Floats) -> Floats:
    """Integral of exp(growth * l) over (0, log_time)."""
    return np.asarray(np.expm1(growth * log_time) / growth) if growth > 0.0 else log_time.copy()


@lru_cache(maxsize=64)
def _series(rate: OrderRate, longest: float) -> _Series:
    """Choose the nodes, by the process and the horizon alone, and prepare the integration."""
    growth = max(1.0 - rate.a, 0.0)
    nodes = _enough_nodes(rate, longest, growth)
    angle, to_series = _chebyshev(nodes)
    log_times = longest * np.cos(0.5 * angle) ** 2
    means = _product(to_series, _product(_means(log_times, longest, growth), to_series))
    for array in (log_times, means):
        array.flags.writeable = False
    return _Series(log_times, means, longest, growth)


def _enough_nodes(rate: OrderRate, longest: float, growth: float) -> int:
    """Count the nodes beyond which the series of the probes hold nothing but rounding."""
    size, noise = np.ones(1), 1.0
    for probes in _PROBE_NODES:
        angle, to_series = _chebyshev(probes)
        values = _rate(rate, _PROBES, longest * np.cos(0.5 * angle) ** 2, growth)
        sizes = np.abs(_product(to_series, values))
        size = (sizes / sizes.max(axis=0)).max(axis=1)
        # what 2F1 is uncertain about does not fall off with the degree; no node is spent on it
        noise = max(3e-16, 4.0 * float(size[3 * probes // 4 :].max()))
        if noise < 1e-12:
            break
    return min(max(int(np.flatnonzero(size > noise)[-1]) + 3, _FEWEST_NODES), size.size)


def _chebyshev(nodes: int) -> tuple[Floats, Floats]:
    """Angles of the nodes and the matrix from values there to coefficients."""
    angle = (np.arange(nodes) + 0.5) * np.pi / nodes
    to_series = np.cos(np.arange(nodes)[:, None] * angle) * (2.0 / nodes)
    to_series[0] *= 0.5
    return angle, to_series


def _means(log_times: Floats, longest: float, growth: float) -> Floats:
    """Means of the Chebyshev polynomials over (0, l), weighed by exp(growth l): (log-times, degrees)."""
    points, weights = np.polynomial.legendre.leggauss(log_times.size // 2 + 24)
    share = 0.5 * (points + 1.0)
    weight = weights * np.exp(growth * log_times[:, None] * (share - 1.0))
    weight /= weight.sum(axis=1, keepdims=True)
    place = 2.0 * log_times[:, None] * share / longest - 1.0
    result = np.ones((log_times.size, log_times.size))
    before, now = np.ones_like(place), place
    for degree in range(1, log_times.size):
        result[:, degree] = (weight * now).sum(axis=1)
        before, now = now, 2.0 * place * now - before
    return result


def _product(left: Floats, right: Floats) -> Floats:
    """Matrix product summed in a fixed order, on any number of threads."""
    result = np.zeros((len(left), right.shape[1]))
    for column, row in zip(left.T, right, strict=True):
        result += column[:, None] * row
    return result


def _coefficients(rate: OrderRate, series: _Series, repeat_orders: Floats) -> Floats:
    """Chebyshev coefficients of the mean order rate over (0, l), shape (nodes, numbers of orders)."""
    values = _rate(rate, repeat_orders, series.log_times, series.growth)
    return _product(series.means, values) * (rate.r + repeat_orders)


def _rate(rate: OrderRate, repeat_orders: Floats, log_times: Floats, growth: float) -> Floats:
    """G(l) exp(-growth l), shape (log-times, orders): of Pfaff's forms the one whose 2F1 stays bounded."""
    shape = rate.a + rate.stays + repeat_orders
    leaves_soon = rate.a > rate.r + repeat_orders + 1.0
    first = np.where(leaves_soon, rate.r + repeat_orders + 1.0, rate.a)
    second = np.where(leaves_soon, shape - rate.a, rate.a + rate.stays - rate.r - 1.0)
    exponent = np.where(leaves_soon, -rate.r - repeat_orders, 1.0 - rate.a - growth)
    times = log_times[:, None]
    with np.errstate(all="ignore"):  # what overflows is computed again below
        values = np.asarray(np.exp(exponent * times) * hyp2f1(first, second, shape, -np.expm1(-times)))
    rows, columns = np.nonzero(~np.isfinite(values) | (values < 0.0))
    if rows.size:
        again = _rate_again(rate, repeat_orders[columns], log_times[rows])
        values[rows, columns] = np.exp(-growth * log_times[rows]) * again
    return values


def _rate_again(rate: OrderRate, repeat_orders: Floats, log_times: Floats) -> Floats:
    """G(l) where scipy's 2F1 fails (r - a whole with many orders, a in the hundreds), shape (n,)."""
    shape, second = rate.a + rate.stays + repeat_orders, rate.a + rate.stays - rate.r - 1.0
    easy = (4.0 * (rate.a + abs(second)) <= shape) & (rate.a * abs(second) <= shape)
    result = np.exp((1.0 - rate.a) * log_times)
    result[easy] *= _power_series(rate.a, second, shape[easy], -np.expm1(-log_times[easy]))
    for row in np.flatnonzero(~easy):
        orders, stays = rate.r + repeat_orders[row], shape[row] - rate.a
        result[row] = _rate_by_quadrature(rate.a, stays, orders, log_times[row])
    return result


def _power_series(first: float, second: float, third: Floats, argument: Floats) -> Floats:
    """Gauss' series of 2F1 where no term exceeds the first, shape (n,)."""
    total, term = np.ones_like(argument), np.ones_like(argument)
    for degree in range(_MOST_TERMS):
        term = term * argument * ((first + degree) * (second + degree) / (degree + 1.0)) / (third + degree)
        total += term
        if (np.abs(term) < 1e-20).all():  # further terms would not change a bit of any sum
            break
    return total


def _rate_by_quadrature(a: float, stays: float, orders: float, log_time: float) -> float:
    """Integrate (1 + p s / (alpha + T))^-(r + x + 1) over the beta distribution of p, over its logit.

    For a in the hundreds.
    """
    spread = 12.0 * np.sqrt(1.0 / a + 1.0 / stays)
    centre = np.log(a / stays)
    low, high = centre - spread - 40.0 / a, centre + spread + 40.0 / stays
    nodes = int(np.clip((high - low) * 4.0 * np.sqrt(1.0 + a), 501, 20_001))
    logit = np.linspace(low, high, nodes)
    log_p = -np.logaddexp(0.0, -logit)
    # weighed by its own sum: the logarithm of a beta function of large numbers has lost its last digits
    weight = a * log_p - stays * np.logaddexp(0.0, logit)
    weight = np.exp(weight - weight.max())
    rate = np.exp(log_time - (orders + 1.0) * np.log1p(np.exp(log_p) * np.expm1(log_time)))
    return float((weight * rate).sum() / weight.sum())
