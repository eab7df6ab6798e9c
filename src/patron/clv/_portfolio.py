"""What the whole base brings, with an interval that knows how uncertain the parameters are.

In: models with the covariance of their parameters, purchase rows. Out: three numbers.
Not here: single customers (``_draws``).

A total has two uncertainties. What customers do differs from what is expected of them: the sum of one
possible future of each, 499 times. And the parameters are estimated: they are drawn 499 times from a normal
distribution of their logs, and the log of the expected total follows them linearly.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
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
    for number, part in enumerate(parts_of(known, rows)):
        some, own = part.rows(rows, share)
        draws = revenue_draws(
            *models_of(known.purchases, part.params),
            some,
            _own_seeds(some, number),
            horizon_weeks=horizon_weeks,
            annual_discount_rate=annual_discount_rate,
        )
        for margin, revenue in zip(own, draws, strict=True):
            totals += margin * revenue
        centre, deviation = _expected(known.purchases, part, some, own, months)
        stream = np.random.Generator(np.random.Philox(key=number))
        totals += centre * np.expm1(deviation * stream.standard_normal(DRAWS))
        expected += centre
    ends = np.sort(np.maximum(totals, 0.0))
    return PortfolioValue(expected, float(ends[LOW]), float(ends[HIGH]))


def _own_seeds(rows: PurchaseRows, number: int) -> Iterator[int]:
    """Seeds by customer id; without ids by position, as equal rows are different customers."""
    if rows.customer_id is not None:
        return rows.seeds()
    keys = (f"{number} {row}".encode() for row in range(len(rows)))
    return (int.from_bytes(hashlib.blake2b(key, digest_size=16).digest(), "little") for key in keys)


def _expected(
    purchases: str, part: Part, rows: PurchaseRows, share: Floats, months: Stretches
) -> tuple[float, float]:
    """Compute the expected total and the standard deviation of its log that uncertain parameters make."""
    letters, covariance = uncertain_letters(part.covariance)
    logs = {name: float(np.log(part.params[name])) for name in letters}

    def total(moved: Mapping[str, float]) -> float:
        models = models_of(
            purchases, {**part.params, **{name: float(np.exp(at)) for name, at in moved.items()}}
        )
        return float(clv_columns(*models, rows, share, months)["clv"].sum())

    centre = total({})
    if centre <= 0.0:
        return centre, 0.0
    slopes = np.array(
        [
            np.log(total({name: at + _STEP}) / total({name: at - _STEP})) / (2.0 * _STEP)
            for name, at in logs.items()
        ]
    )
    return centre, float(np.sqrt(max((slopes[:, None] * covariance * slopes).sum(), 0.0)))
