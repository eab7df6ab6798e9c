"""The 80 % predictive interval of what a customer really brings.

In: models, purchase rows, a horizon. Out: lower and upper end per customer.
Not here: the expected value itself (``value``); the uncertainty of the fitted parameters, which hardly
shows in a single customer but does in the whole base (``_portfolio``).

Each customer gets own draws from an own stream, seeded by the customer. A draw is one possible future ::

    alive or not; orders as the purchase process has it (``draw_orders``)
    value = Gamma(p * orders) / nu, with nu ~ Gamma(q + p x, v + x * mean value)

Discounting uses one date per draw, the mean time of its orders. What that leaves out is of second order in
rate * horizon, under 0.1 % of the value at 10 % a year and 12 months.

A future without any order is worth exactly nothing, so there is a lump at zero. Where it holds less than a
tenth of the futures, the interval leaves out a tenth on either side. Where it holds more, nothing can be
left out below: the interval begins at zero and leaves out the best fifth. Where it holds more than four
fifths, the interval is zero to zero, although the expected value is above.
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

#: The 50th and the 450th of 499 draws leave out exactly a tenth on either side, the 400th a fifth above.
DRAWS = 499
LOW, HIGH = 49, 449
_HIGH_ABOVE_ZERO = 399


def value_interval(
    process: PurchaseProcess,
    spend: Spend,
    rows: PurchaseRows,
    *,
    horizon_weeks: float,
    annual_discount_rate: float,
) -> tuple[Floats, Floats]:
    """80 % interval of the discounted revenue in the horizon.

    Returns
    -------
    tuple of ndarray, shape (n,)
        Lower and upper end, currency, before margin. A row depends on its own values and id only, to the bit.
    """
    low, high = np.empty(len(rows)), np.empty(len(rows))
    futures = revenue_draws(
        process,
        spend,
        rows,
        rows.seeds(),
        horizon_weeks=horizon_weeks,
        annual_discount_rate=annual_discount_rate,
    )
    for row, revenue in enumerate(futures):
        revenue.partition((LOW, _HIGH_ABOVE_ZERO, HIGH))
        low[row] = revenue[LOW]
        high[row] = revenue[HIGH] if low[row] > 0.0 else revenue[_HIGH_ABOVE_ZERO]
    return low, high


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
