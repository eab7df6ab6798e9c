"""Possible futures of customers, drawn at random from fixed seeds.

In: models, purchase rows, a horizon. Out: discounted revenue of each future.
Not here: the interval of a single customer (``_interval``), the expected value (``value``), the uncertainty
of the fitted parameters (``_portfolio``).

In a portfolio each customer has draws of an own stream, seeded by the customer. A draw is one future ::

    alive or not; orders as the purchase process has it (``draw_orders``)
    value = Gamma(p * orders) / nu, with nu ~ Gamma(q + p x, v + x * mean value)

Discounting uses one date per draw, the mean time of its orders. What that leaves out is of second order in
rate * horizon, under 0.1 % of the value at 10 % a year and 12 months.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from patron.clv._months import WEEKS_PER_YEAR
from patron.clv._spend import Spend
from patron.clv._summary import PurchaseRows
from patron.clv.processes import PurchaseProcess
from patron.clv.processes.histories import Histories

Floats = NDArray[np.float64]

#: The 50th and the 450th of 499 draws leave out exactly a tenth on either side.
DRAWS = 499
LOW, HIGH = 49, 449
#: What an 80 % interval leaves out on either side.
LEFT_OUT = 0.1


def revenue_draws(
    process: PurchaseProcess,
    spend: Spend,
    rows: PurchaseRows,
    seeds: Iterable[int],
    *,
    horizon_weeks: float,
    annual_discount_rate: float,
) -> Iterator[Floats]:
    """Draw the discounted revenue of each customer's possible futures, shape (DRAWS,) each."""
    alive = process.alive_probability(rows.history)
    rate = np.log1p(annual_discount_rate) / WEEKS_PER_YEAR
    for row, seed in enumerate(seeds):
        stream = np.random.Generator(np.random.Philox(key=seed))
        orders, mean_weeks = process.draw_orders(stream, rows.history, row, horizon_weeks, DRAWS)
        orders[stream.random(DRAWS) >= alive[row]] = 0.0
        yield _values(stream, spend, rows.history, rows.value, row, orders) * np.exp(-rate * mean_weeks)


def _values(
    stream: np.random.Generator, spend: Spend, history: Histories, value: Floats, row: int, orders: Floats
) -> Floats:
    past = history.repeat_orders[row]
    nu = stream.standard_gamma(spend.q + spend.p * past, DRAWS)
    return np.asarray(stream.standard_gamma(spend.p * orders) * ((spend.v + past * value[row]) / nu))


def positive_futures(
    process: PurchaseProcess,
    spend: Spend,
    past: Histories,
    horizon_weeks: float,
    annual_discount_rate: float,
    draws: int,
) -> Floats:
    """Draw futures of a customer known to be alive, and keep those with an order.

    Returns
    -------
    ndarray, shape (k,), k <= draws
        Discounted revenue / (v + x z), the customer's own unit. The stream is the same for every customer.
    """
    stream = np.random.Generator(np.random.Philox(key=0))
    orders, mean_weeks = process.draw_orders(stream, past, 0, horizon_weeks, draws)
    nu = stream.standard_gamma(spend.q + spend.p * past.repeat_orders[0], draws)
    worth = stream.standard_gamma(spend.p * orders) / nu
    rate = np.log1p(annual_discount_rate) / WEEKS_PER_YEAR
    return np.asarray((worth * np.exp(-rate * mean_weeks))[orders > 0.0])
