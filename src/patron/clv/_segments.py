"""One set of parameters per segment, drawn towards the whole base's where a segment says little.

In: rows with a segment each, the pooled fit. Out: parameters by segment, with how much of them is borrowed.
Not here: which attribute tells the segments apart.

Every segment maximises its own likelihood plus a normal density of the logs of its parameters around the
pooled ones. How far segments may lie apart (the density's standard deviation, one for order times, one for
order values) is learned from all of them together: the value under which the segments' data are most
likely, by Laplace's approximation (empirical Bayes).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from patron.clv import native
from patron.clv._fitting import Fitted, check_enough, order_rows, spend_rows
from patron.clv._stored import covariance_of
from patron.clv._summary import PurchaseRows
from patron.clv.native.attempts import FitResult
from patron.errors import NotEnoughData

Floats = NDArray[np.float64]

_SPREADS = (0.03, 0.06, 0.12, 0.18, 0.25, 0.35, 0.5, 0.7, 1.0)
_MOSTLY_BORROWED = 0.5
_HARDLY_DIFFERENT = 0.1  # in logs: segments whose parameters differ by a tenth

Fit = Callable[[float], FitResult]


@dataclass(frozen=True)
class SegmentFit:
    """Parameters of one segment.

    Parameters
    ----------
    params : dict of str to float
        As in ``CLVModel.params_``.
    customers, repeat_customers : float
        How many there are.
    own_weight : dict of str to float
        For ``order_times`` and ``order_values``, 0 to 1: how much the segment's own customers decide, the
        rest is borrowed from the whole base.
    covariance : dict
        As in ``CLVModel.covariance_``, given the whole base's parameters.
    spread : dict of str to float or None
        Standard deviation of the logs around the whole base's parameters; None where all is borrowed.
    note : str or None
        In words, where the segment borrows most or all.
    """

    params: dict[str, float]
    customers: float
    repeat_customers: float
    own_weight: dict[str, float]
    covariance: dict[str, Any]
    spread: dict[str, float | None]
    note: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return it JSON-able."""
        return asdict(self)


def fit_segments(rows: PurchaseRows, weight: Floats, pooled: Fitted) -> dict[str, SegmentFit]:
    """Fit every segment that has customers.

    Parameters
    ----------
    rows : PurchaseRows
        With ``segment``.
    weight : ndarray, shape (n,)
        Case weights.
    pooled : Fitted
        The fit of all customers.

    Returns
    -------
    dict
        Segment -> fit, in alphabetical order. Customers without a segment belong to none.
    """
    assert rows.segment is not None
    names = sorted({name for name in rows.segment if name is not None})
    where = {name: np.flatnonzero(rows.segment == name) for name in names}
    parts = {name: (rows.take(place), weight[place]) for name, place in where.items()}
    large = [name for name in names if _enough(*parts[name])]
    orders, order_spread = _shrunk({name: _order_fit(parts[name], pooled) for name in large}, pooled.orders)
    spend, spend_spread = _shrunk({name: _spend_fit(parts[name], pooled) for name in large}, pooled.spend)
    return {
        name: _segment(
            name,
            parts[name],
            pooled,
            {
                "order_times": (orders.get(name), order_spread),
                "order_values": (spend.get(name), spend_spread),
            },
        )
        for name in names
    }


def _segment(
    name: str,
    part: tuple[PurchaseRows, Floats],
    pooled: Fitted,
    fits: Mapping[str, tuple[FitResult | None, float]],
) -> SegmentFit:
    """Put the two fits of a segment together; what was not fitted is borrowed."""
    rows, weight = part
    whole = (fits["order_times"][0] or pooled.orders, fits["order_values"][0] or pooled.spend)
    own = {what: 0.0 if fit is None else _own_weight(fit, spread) for what, (fit, spread) in fits.items()}
    customers = math.fsum(weight)
    repeaters = math.fsum(weight[rows.history.repeat_orders > 0])
    return SegmentFit(
        params={**whole[0].params, **whole[1].params},
        customers=customers,
        repeat_customers=repeaters,
        own_weight=own,
        covariance=covariance_of(*whole),
        spread={what: None if fit is None else spread for what, (fit, spread) in fits.items()},
        note=_note(name, customers, repeaters, own, {what: spread for what, (_, spread) in fits.items()}),
    )


def _enough(rows: PurchaseRows, weight: Floats) -> bool:
    try:
        check_enough(rows, weight)
    except NotEnoughData:
        return False
    return True


def _order_fit(part: tuple[PurchaseRows, Floats], pooled: Fitted) -> Fit:
    rows = order_rows(*part)
    return lambda spread: native.fit_purchases(
        pooled.purchases, rows, prior=True, towards=pooled.orders.params, sd=spread
    )


def _spend_fit(part: tuple[PurchaseRows, Floats], pooled: Fitted) -> Fit:
    rows = spend_rows(*part)
    return lambda spread: native.fit_spend(*rows, prior=True, towards=pooled.spend.params, sd=spread)


def _shrunk(fits: Mapping[str, Fit], pooled: FitResult) -> tuple[dict[str, FitResult], float]:
    """Fit all segments at the spread under which their data are most likely.

    A spread at which a segment has no usable parameters is only taken where all are like that; the segment
    then borrows everything.
    """
    if not fits:
        return {}, _SPREADS[0]
    tried = {spread: {name: _usable(fit, spread) for name, fit in fits.items()} for spread in _SPREADS}
    likely = {
        spread: sum(
            -math.inf if fit is None else _log_evidence(fit, pooled, spread) for fit in found.values()
        )
        for spread, found in tried.items()
    }
    best = max(likely, key=lambda spread: likely[spread])
    return {name: fit for name, fit in tried[best].items() if fit is not None}, best


def _usable(fit: Fit, spread: float) -> FitResult | None:
    try:
        found = fit(spread)
    except NotEnoughData:
        return None
    return None if found.covariance is None else found


def _log_evidence(fit: FitResult, pooled: FitResult, spread: float) -> float:
    """Log-likelihood of a segment with its parameters integrated out, by Laplace's approximation."""
    letters = [name for name in fit.params if name != "k"]
    off = np.array([math.log(fit.params[name] / pooled.params[name]) for name in letters]) / spread
    _, log_volume = np.linalg.slogdet(np.array(fit.covariance))
    return float(
        fit.log_likelihood - 0.5 * (off * off).sum() - len(letters) * math.log(spread) + 0.5 * log_volume
    )


def _own_weight(fit: FitResult, spread: float) -> float:
    """One minus the share of the prior's variance that the customers left, averaged over the letters."""
    left = np.diag(np.array(fit.covariance)) / spread**2
    return float(np.clip(1.0 - left.mean(), 0.0, 1.0))


def _note(
    name: str, customers: float, repeaters: float, own: Mapping[str, float], spreads: Mapping[str, float]
) -> str | None:
    """Say what is borrowed, unless segments hardly differ: then nothing is lost by it."""
    size = f"segment {name!r} has {customers:.0f} customers, {repeaters:.0f} with repeat orders"
    if not any(own.values()):
        return f"{size}: too few to fit, it uses the parameters of the whole base"
    borrowed = [
        f"{1 - weight:.0%} of its parameters of {what.replace('_', ' ')}"
        for what, weight in own.items()
        if weight < _MOSTLY_BORROWED and spreads[what] > _HARDLY_DIFFERENT
    ]
    return f"{size}: it borrows {' and '.join(borrowed)} from the whole base" if borrowed else None
