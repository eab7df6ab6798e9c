"""Large bases with known truth, straight as a purchase summary.

In: how many customers, in which world. Out: one row per customer in continuous time: what a model may know,
and what it should find. Not here: single orders (``ledger``).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from patron.simulation._ids import customer_ids
from patron.simulation._lives import BLOCK, Histories, Orders, histories
from patron.simulation.season import even_clock
from patron.simulation.world import World, checked_world

Floats = NDArray[np.float64]


def simulate_summary(
    customers: int = 1000,
    *,
    weeks: float = 104.0,
    purchases: str = "mbgnbd",
    params: Mapping[str, float] | None = None,
    arrival: str = "spread",
    holdout_weeks: float = 52.0,
    seed: int = 0,
) -> pd.DataFrame:
    """Simulate customers and summarise them at once, a million in seconds.

    The customers are those of `simulate_ledger` with the same arguments, seen in continuous time: a summary
    made from the ledger's days differs a little, because there two orders of a day are one purchase day and
    times are whole days.

    Parameters
    ----------
    customers : int
        How many; the first n are the same whatever the number.
    weeks : float
        Weeks from the start to as_of.
    purchases, params, arrival, seed
        As in `simulate_ledger`.
    holdout_weeks : float
        Weeks after as_of in which ``orders_ahead`` and ``value_ahead`` are counted.

    Returns
    -------
    pandas.DataFrame
        What is known at as_of: ``customer_id``, ``repeat_orders`` (x), ``weeks_first_to_last_order`` (t_x),
        ``weeks_observed`` (T), ``mean_repeat_order_value`` (currency, not rounded, 0 without repeat orders),
        ``sum_log_gap_weeks``. The truth: ``is_alive`` (at as_of), ``orders_ahead``, ``value_ahead`` (sum of
        the values of those orders, not discounted), ``order_rate_per_week`` (lambda / k), ``leaving_chance``
        (p; Pareto/NBD: mu per week).

    Raises
    ------
    PatronError
        With everything that is wrong with the arguments.

    Examples
    --------
    >>> base = simulate_summary(5000, weeks=52, arrival="cohort", seed=1)
    >>> base.loc[:, ["repeat_orders", "weeks_observed", "is_alive"]].dtypes.astype(str).tolist()
    ['int64', 'float64', 'bool']
    >>> bool((base["orders_ahead"][~base["is_alive"]] == 0).all())
    True
    """
    world = checked_world(customers, weeks, holdout_weeks, purchases, params, arrival, seed, [])
    clock = even_clock()
    columns: dict[str, NDArray[np.generic]] = {}
    for begin in range(0, world.customers, BLOCK):
        rows = slice(begin, min(begin + BLOCK, world.customers))
        for name, values in _block_columns(world, histories(world, clock, begin // BLOCK)).items():
            column = columns.setdefault(name, np.empty(world.customers, values.dtype))
            column[rows] = values[: rows.stop - begin]
    return pd.DataFrame({"customer_id": customer_ids(world.customers), **columns})


def _block_columns(world: World, lives: Histories) -> dict[str, NDArray[np.generic]]:
    truth, past, ahead = lives.customers, lives.past, lives.ahead
    number = _count(past)
    last = truth.arrival.copy()
    last[past.who] = past.week
    log_gaps = np.log(past.gap) - np.log(truth.event_rate)[past.who]
    return {
        "repeat_orders": number,
        "weeks_first_to_last_order": last - truth.arrival,
        "weeks_observed": world.weeks - truth.arrival,
        "mean_repeat_order_value": _total(past, past.value) / np.maximum(number, 1),
        "sum_log_gap_weeks": _total(past, log_gaps),
        "is_alive": lives.left_week >= world.weeks,
        "orders_ahead": _count(ahead),
        "value_ahead": _total(ahead, ahead.value),
        "order_rate_per_week": truth.event_rate / world.k,
        "leaving_chance": truth.leaving,
    }


def _count(orders: Orders) -> NDArray[np.int64]:
    return np.bincount(orders.who, minlength=BLOCK).astype(np.int64)


def _total(orders: Orders, values: Floats) -> Floats:
    return np.bincount(orders.who, weights=values, minlength=BLOCK).astype(np.float64)
