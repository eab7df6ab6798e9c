"""The 80 % predictive interval of what a customer really brings.

In: models, purchase rows, a horizon. Out: lower and upper end per customer.
Not here: the expected value itself (``value``); the uncertainty of the fitted parameters, which is left out.

Each customer gets own draws from an own stream, seeded by the customer. A draw is one possible future ::

    alive or not; order rate ~ Gamma(r + x, alpha + T); chance of leaving ~ Beta(a, stays)
    orders = min(Poisson(rate * horizon), orders until the customer leaves)
    value  = Gamma(p * orders) / nu, with nu ~ Gamma(q + p x, v + x * mean value)

Discounting uses one date per draw, the mean arrival time: of k orders drawn uniformly on the horizon the
first n have the mean time horizon * (n + 1) / (2 (k + 1)), and n = min(k, orders until leaving). What that
leaves out is of second order in rate * horizon, under 0.1 % of the value at 10 % a year and 12 months.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from patron.clv._months import WEEKS_PER_YEAR
from patron.clv._purchases import Purchases, alive_probability
from patron.clv._spend import Spend
from patron.clv._summary import PurchaseRows

Floats = NDArray[np.float64]

DRAWS = (
    499  # the 50th and the 450th of 499 draws leave out exactly a tenth on either side of a continuous value
)
_LOW, _HIGH = 49, 449
_MOST_ORDERS = 1e9  # a Poisson mean beyond it cannot be drawn; nobody orders that often


def value_interval(
    process: Purchases, spend: Spend, rows: PurchaseRows, *, horizon_weeks: float, annual_discount_rate: float
) -> tuple[Floats, Floats]:
    """Tenth and ninetieth percentile of the discounted revenue in the horizon.

    Returns
    -------
    tuple of ndarray, shape (n,)
        Lower and upper end, currency, before margin. A row depends on its own values and id only, to the bit.
    """
    alive = alive_probability(process, *rows.history)
    low, high = np.empty(alive.size), np.empty(alive.size)
    for row, seed in enumerate(rows.seeds()):
        revenue = _futures(
            process, spend, rows, row, float(alive[row]), seed, horizon_weeks, annual_discount_rate
        )
        revenue.partition((_LOW, _HIGH))
        low[row], high[row] = revenue[_LOW], revenue[_HIGH]
    return low, high


def _futures(
    process: Purchases,
    spend: Spend,
    rows: PurchaseRows,
    row: int,
    alive: float,
    seed: int,
    horizon_weeks: float,
    annual_discount_rate: float,
) -> Floats:
    """Draw the discounted revenue of one customer's possible futures, shape (DRAWS,)."""
    stream = np.random.Generator(np.random.Philox(key=seed))
    past = rows.repeat_orders[row]
    rate = stream.standard_gamma(process.r + past, DRAWS) / (process.alpha + rows.observed[row])
    leaving = stream.beta(process.a, process.stays(past), DRAWS)
    possible = stream.poisson(np.minimum(rate * horizon_weeks, _MOST_ORDERS)).astype(np.float64)
    orders = np.minimum(possible, _orders_until_leaving(stream, leaving))
    orders[stream.random(DRAWS) >= alive] = 0.0
    nu = stream.standard_gamma(spend.q + spend.p * past, DRAWS)
    value = stream.standard_gamma(spend.p * orders) * ((spend.v + past * rows.value[row]) / nu)
    years = horizon_weeks / WEEKS_PER_YEAR * (orders + 1.0) / (2.0 * (possible + 1.0))
    return np.asarray(value * np.exp(-np.log1p(annual_discount_rate) * years))


def _orders_until_leaving(stream: np.random.Generator, leaving: Floats) -> Floats:
    """Geometric draws, at least 1, that stand chances of leaving of exactly 0 and 1."""
    chance = np.clip(leaving, 1e-300, 1.0 - 1e-16)
    waits: Floats = np.ceil(np.log1p(-stream.random(DRAWS)) / np.log1p(-chance))
    return np.maximum(waits, 1.0)
