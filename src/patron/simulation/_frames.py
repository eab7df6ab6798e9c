"""From weeks to days: what a seller's system would export, and the truth beside it.

In: everybody's truth and orders in weeks since the start. Out: pandas frames. Not here: any draw.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from patron.simulation._everyone import Lines, Truth
from patron.simulation._ids import order_ids
from patron.simulation.world import World

Floats = NDArray[np.float64]
Times = NDArray[np.datetime64]

DAYS, SECONDS = 7, 7 * 86_400  # ticks per week
_LEAST_AMOUNT = 0.01  # an order of zero would be none


def orders_frame(
    world: World, lines: Lines, ids: list[str], first_day: date, ticks_per_week: int
) -> pd.DataFrame:
    """Write the orders, by customer and time."""
    return pd.DataFrame(
        {
            "customer_id": np.array(ids, dtype=object)[lines.who],
            "ordered_at": _moments(world, lines.week, first_day, ticks_per_week),
            "amount": np.maximum(np.round(lines.value, 2), _LEAST_AMOUNT),
            "order_id": order_ids(ids, lines.who),
        }
    ).astype({"customer_id": "str", "order_id": "str"})


def truth_frame(world: World, truth: Truth, ids: list[str], first_day: date) -> pd.DataFrame:
    """Write what no system knows, one row per customer."""
    return pd.DataFrame(
        {
            "customer_id": ids,
            "first_order_on": _moments(world, truth.arrival, first_day, DAYS),
            "order_rate_per_week": truth.event_rate / world.k,
            "leaving_chance": truth.leaving,
            "left_on": _moments(world, truth.left_week, first_day, DAYS),
            "mean_order_value": truth.mean_value,
            "fades_from": _moments(world, truth.fades_week, first_day, DAYS),
        }
    )


def _moments(world: World, weeks: Floats, first_day: date, ticks_per_week: int) -> Times:
    """Give the day, or second, in which a moment lies; infinite weeks become NaT.

    A moment before as_of must not be rounded to as_of, nor one before the end to the end.
    """
    as_of = round(world.weeks * ticks_per_week)
    end = round((world.weeks + world.holdout_weeks) * ticks_per_week)
    known = np.isfinite(weeks)
    tick = np.floor(np.where(known, weeks, 0.0) * ticks_per_week)
    tick = np.where(weeks < world.weeks, np.minimum(tick, as_of - 1), np.clip(tick, as_of, end - 1))
    unit = "D" if ticks_per_week == DAYS else "s"
    since_start = tick.astype(np.int64).astype(f"timedelta64[{unit}]")
    moments = np.datetime64(first_day).astype(f"datetime64[{unit}]") + since_start
    return np.where(known, moments.astype("datetime64[us]"), np.datetime64("NaT", "us"))
