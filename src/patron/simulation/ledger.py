"""Order ledgers with known truth.

In: how many customers, in which world, from which day. Out: orders as a seller's system would export them,
and beside them what no system knows. Not here: summaries of large bases (``summary``), any draw.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from patron.errors import PatronError
from patron.simulation._everyone import everyone
from patron.simulation._frames import DAYS, SECONDS, orders_frame, truth_frame
from patron.simulation._ids import customer_ids
from patron.simulation.fading import Fading
from patron.simulation.parameters import is_number
from patron.simulation.season import SeasonalRate, even_clock, season_clock
from patron.simulation.world import checked_world

_WHOLE = 1e-6  # days by which weeks may miss a whole day: n / 7 rounds
_YEARS = (1900, 2200)


@dataclass(frozen=True, eq=False)
class SimulatedLedger:
    """Orders and the truth behind them.

    Parameters
    ----------
    orders : pandas.DataFrame
        By customer and time: ``customer_id``, ``ordered_at`` (midnight, or to the second), ``amount``
        (currency, whole cents, at least one), ``order_id``. A holdout's orders, after ``as_of``, are in it.
    truth : pandas.DataFrame
        One row per customer: ``customer_id``, ``first_order_on``, ``order_rate_per_week`` (lambda / k,
        before season and fading), ``leaving_chance`` (p; Pareto/NBD: mu per week), ``left_on`` (the day it
        leaves; NaT where it has not by the end), ``mean_order_value`` (currency, before fading),
        ``fades_from`` (NaT where it has not begun to by the end).
    as_of : date
        The day at which the weeks end: orders before its start are the past.
    ends_on : date
        The day at which the holdout ends; ``as_of`` without one.
    params : dict
        The letters used.
    """

    orders: pd.DataFrame
    truth: pd.DataFrame
    as_of: date
    ends_on: date
    params: dict[str, float]

    def alive_at(self, day: date | str) -> pd.Series[bool]:
        """Tell who still buys at the start of a day.

        Parameters
        ----------
        day : date or str
            Not after ``ends_on``.

        Returns
        -------
        pandas.Series of bool
            By ``customer_id``: those with an order before the day, as in `patron.purchase_summary`.

        Raises
        ------
        PatronError
            If the truth about that day is not known.
        """
        moment = as_date(day)
        if moment is None or moment > self.ends_on:
            raise PatronError(f"day must be a date up to {self.ends_on}, the end of the ledger, not {day!r}")
        known = self.truth[self.truth["first_order_on"] < pd.Timestamp(moment)].set_index("customer_id")
        alive = known["left_on"].isna() | (known["left_on"] >= pd.Timestamp(moment))
        return alive.rename("is_alive")


def simulate_ledger(
    customers: int = 1000,
    *,
    weeks: float = 104.0,
    start: date | str = "2022-01-03",
    purchases: str = "mbgnbd",
    params: Mapping[str, float] | None = None,
    arrival: str = "spread",
    season: SeasonalRate | None = None,
    fading: Fading | None = None,
    holdout_weeks: float = 0.0,
    exact: bool = False,
    seed: int = 0,
) -> SimulatedLedger:
    """Simulate an order ledger whose truth is known.

    Each customer orders at its own rate lambda ~ Gamma(r, alpha) and leaves as its process says: after an
    order with its own chance p ~ Beta(a, b) (``bgnbd``: after a repeat order; ``mbgnbd``: after the first,
    too; ``mbgcnbd``: likewise, and gaps between orders are Erlang(k, lambda), the more regular the larger k),
    or at any moment at its own rate mu ~ Gamma(s, beta) (``paretonbd``). An order is worth Gamma(p, nu),
    nu ~ Gamma(q, v).

    Everything is drawn in continuous time, then written by day. Two orders of a customer on one day are two
    rows, but one purchase day: statistics by day differ a little from the exact ones of `simulate_summary`,
    the more the more often customers order.

    Parameters
    ----------
    customers : int
        How many; the first n, and their order ids, are the same whatever the number.
    weeks : float
        Weeks from ``start`` to as_of, whole days (n / 7).
    start : date or str
        First day.
    purchases : str
        ``"bgnbd"``, ``"mbgnbd"``, ``"mbgcnbd"`` or ``"paretonbd"``.
    params : mapping, optional
        Letters that differ from `DEFAULTS`: r, alpha (weeks), a, b, for ``mbgcnbd`` k as well, for
        ``paretonbd`` s, beta (weeks) instead of a, b; p, q, v (currency).
    arrival : str
        First orders: ``"spread"`` evenly over the first half of the weeks, or ``"cohort"``, all at the start.
    season : SeasonalRate, optional
        Month indices of the order rate.
    fading : Fading, optional
        Some customers fade before they are gone.
    holdout_weeks : float
        Weeks after as_of, simulated as well; what lies before as_of is the same with and without.
    exact : bool
        Times to the second instead of days.
    seed : int
        The same seed gives the same ledger, as long as NumPy does not change its streams.

    Returns
    -------
    SimulatedLedger

    Raises
    ------
    PatronError
        With everything that is wrong with the arguments.

    References
    ----------
    Fader, Hardie & Lee (2005), Marketing Science 24, 275-284 (BG/NBD); Batislam, Denizel & Filiztekin (2007),
    IJRM 24, 201-209 (MBG/NBD); Reutterer, Platzer & Schroeder (2021), IJRM 38, 194-215 (MBG/CNBD-k);
    Schmittlein, Morrison & Colombo (1987), Management Science 33, 1-24 (Pareto/NBD); Fader & Hardie (2013),
    "The Gamma-Gamma Model of Monetary Value", note 025.

    Examples
    --------
    >>> ledger = simulate_ledger(200, weeks=52, holdout_weeks=26, seed=3)
    >>> list(ledger.orders.columns), ledger.orders["customer_id"].nunique()
    (['customer_id', 'ordered_at', 'amount', 'order_id'], 200)
    >>> str(ledger.as_of), str(ledger.ends_on), len(ledger.alive_at(ledger.as_of))
    ('2023-01-02', '2023-07-03', 200)
    """
    first_day = as_date(start)
    found = _calendar_problems(start, first_day, weeks, holdout_weeks, exact, season, fading)
    world = checked_world(customers, weeks, holdout_weeks, purchases, params, arrival, seed, found)
    day = first_day or date.min  # a start that is no date has been refused
    end = world.weeks + world.holdout_weeks
    reach = end + (fading.lasts_weeks if fading else 0.0)
    truth, lines = everyone(world, season_clock(season, day, reach) if season else even_clock(), fading)
    ids = customer_ids(world.customers)
    return SimulatedLedger(
        orders=orders_frame(world, lines, ids, day, SECONDS if exact else DAYS),
        truth=truth_frame(world, truth, ids, day),
        as_of=day + timedelta(days=round(world.weeks * DAYS)),
        ends_on=day + timedelta(days=round(end * DAYS)),
        params=dict(world.params),
    )


def as_date(value: object) -> date | None:
    """Read a date or its ISO form, None for anything else."""
    try:
        if isinstance(value, date):
            return date(value.year, value.month, value.day)
        return date.fromisoformat(value) if isinstance(value, str) else None
    except (ValueError, TypeError):  # NaT calls itself a date
        return None


def _calendar_problems(
    start: object,
    first_day: date | None,
    weeks: object,
    holdout_weeks: object,
    exact: object,
    season: object,
    fading: object,
) -> list[str]:
    problems = []
    if first_day is None or not _YEARS[0] <= first_day.year <= _YEARS[1]:
        problems.append(f"start must be a day of the years {_YEARS[0]} to {_YEARS[1]}, not {start!r}")
    for name, value in (("weeks", weeks), ("holdout_weeks", holdout_weeks)):
        if is_number(value) and abs(value * DAYS - round(value * DAYS)) > _WHOLE:
            problems.append(f"{name} must be whole days, n / 7, not {value!r}")
    if is_number(weeks) and 0 < weeks * DAYS < 1 - _WHOLE:
        problems.append(f"weeks must be a day at least, 1 / 7, not {weeks!r}")
    if not isinstance(exact, bool):
        problems.append(f"exact must be True or False, not {exact!r}")
    if not isinstance(season, SeasonalRate | None):
        problems.append(f"season must be a SeasonalRate, not {season!r}")
    if not isinstance(fading, Fading | None):
        problems.append(f"fading must be a Fading, not {fading!r}")
    return problems
