"""What the whole base brings, with an interval that knows how uncertain the parameters are.

In: models with the covariance of their parameters, purchase rows. Out: three numbers.
Not here: single customers (``_draws``).

A total has two uncertainties. What customers do differs from what is expected of them: the sum of one
possible future of each, 499 times. And the parameters are estimated: they are drawn 499 times from a normal
distribution of their logs, and the log of the expected total follows them linearly. What segments borrow
from the whole base moves with the whole base's parameters, in all of them at once.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from patron.clv._draws import DRAWS, HIGH, LOW, revenue_draws
from patron.clv._months import Stretches, stretches
from patron.clv._parts import Part, models_of, parts_of
from patron.clv._stored import Parameters, uncertain_letters
from patron.clv._summary import PurchaseRows
from patron.clv.value import clv_columns

Floats = NDArray[np.float64]

_STEP = 1e-4  # in logs of parameters, for central differences


class PortfolioValue(NamedTuple):
    """Discounted margin of all customers together in a horizon, currency.

    Parameters
    ----------
    expected : float
        Sum of the customers' ``clv``.
    low, high : float
        80 % predictive interval of what they bring: individual chance and uncertain parameters.
    """

    expected: float
    low: float
    high: float


def portfolio_value(
    known: Parameters, rows: PurchaseRows, share: Floats, *, horizon_weeks: float, annual_discount_rate: float
) -> PortfolioValue:
    """Add up a base; see the module's text for the interval."""
    totals, expected = np.zeros(DRAWS), 0.0
    months = stretches(0.0, horizon_weeks, annual_discount_rate)
    letters, covariance = uncertain_letters(known.covariance)
    common = dict(zip(letters, _correlated_draws(covariance, key=0), strict=True))
    for number, part in enumerate(parts_of(known, rows)):
        some, own = part.rows(rows, share)
        order, seeds = _in_own_order(some, number)
        some, own = some.take(order), own[order]
        draws = revenue_draws(
            *models_of(known.purchases, part.params),
            some,
            seeds,
            horizon_weeks=horizon_weeks,
            annual_discount_rate=annual_discount_rate,
        )
        for margin, revenue in zip(own, draws, strict=True):
            totals += margin * revenue
        centre, slopes = _expected(known.purchases, part, some, own, months)
        totals += centre * np.expm1(_parameter_shifts(part, slopes, common, number))
        expected += centre
    ends = np.sort(np.maximum(totals, 0.0))
    return PortfolioValue(expected, float(ends[LOW]), float(ends[HIGH]))


def _in_own_order(rows: PurchaseRows, number: int) -> tuple[NDArray[np.intp], list[int]]:
    """Rows and their seeds in the order of the seeds, so that the sums do not depend on the frame's order.

    Seeds come from the customer's id; without ids from the position, as equal rows are different customers.
    """
    if rows.customer_id is not None:
        seeds = list(rows.seeds())
    else:
        keys = (f"{number} {row}".encode() for row in range(len(rows)))
        seeds = [int.from_bytes(hashlib.blake2b(key, digest_size=16).digest(), "little") for key in keys]
    order = sorted(range(len(seeds)), key=seeds.__getitem__)
    return np.array(order, dtype=np.intp), [seeds[row] for row in order]


def _correlated_draws(covariance: Floats, key: int) -> Floats:
    """Draw normal deviations with this covariance, shape (letters, DRAWS)."""
    values, vectors = np.linalg.eigh(covariance)
    normal = np.random.Generator(np.random.Philox(key=key)).standard_normal((len(values), DRAWS))
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0.0))) @ normal)


def _parameter_shifts(
    part: Part, slopes: Mapping[str, float], common: Mapping[str, Floats], number: int
) -> Floats:
    """Draw by how much the log of a part's expected total moves with the parameters, shape (DRAWS,)."""
    total = np.zeros(DRAWS)
    for what, block in part.covariance.items():
        letters = [name for name in block["letters"] if name in slopes]
        slope = np.array([slopes[name] for name in letters])
        deviations = np.array([common.get(name, np.zeros(DRAWS)) for name in letters])
        spread = part.spread.get(what)
        if spread is not None and letters:
            own = np.array(block["of_logs"])
            # the share of a move of the whole base's parameters that a segment's follow
            deviations = own / spread**2 @ deviations
            deviations = deviations + _correlated_draws(own, key=2 * number + 2 + (what == "order_values"))
        if letters:
            total += slope @ deviations
    return total


def _expected(
    purchases: str, part: Part, rows: PurchaseRows, share: Floats, months: Stretches
) -> tuple[float, dict[str, float]]:
    """Compute the expected total, and the slopes of its log in the logs of uncertain parameters."""
    letters, _ = uncertain_letters(part.covariance)

    def total(moved: Mapping[str, float]) -> float:
        models = models_of(purchases, {**part.params, **moved})
        return math.fsum(clv_columns(*models, rows, share, months)["clv"])

    centre = total({})
    if centre <= 0.0:
        return centre, {}
    slopes = {}
    for name in letters:
        at = part.params[name]
        ends = total({name: at * math.exp(_STEP)}), total({name: at * math.exp(-_STEP)})
        slopes[name] = math.log(ends[0] / ends[1]) / (2.0 * _STEP)
    return centre, slopes
