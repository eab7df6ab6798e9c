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

_SPREADS = (0.03, 0.06, 0.12, 0.25, 0.5, 1.0)
_MOSTLY_BORROWED = 0.5

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
    own_weight : float
        0 to 1: how much the segment's own customers decide, the rest is borrowed from the whole base.
    covariance : dict
        As in ``CLVModel.covariance_``.
    note : str or None
        In words, where the segment borrows most or all.
    """

    params: dict[str, float]
    customers: float
    repeat_customers: float
    own_weight: float
    covariance: dict[str, Any]
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
    spend, _ = _shrunk({name: _spend_fit(parts[name], pooled) for name in large}, pooled.spend)
    found = {}
    for name in names:
        some, some_weight = parts[name]
        fits = (orders.get(name), spend.get(name))
        own = 0.0 if fits[0] is None else _own_weight(fits[0], order_spread)
        whole = (fits[0] or pooled.orders, fits[1] or pooled.spend)
        repeaters = float(some_weight[some.history.repeat_orders > 0].sum())
        found[name] = SegmentFit(
            params={**whole[0].params, **whole[1].params},
            customers=float(some_weight.sum()),
            repeat_customers=repeaters,
            own_weight=own,
            covariance=covariance_of(*whole),
            note=_note(name, float(some_weight.sum()), repeaters, own, fits[0] is not None),
        )
    return found


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
    """Fit all segments at the spread under which their data are most likely."""
    tried = {spread: {name: fit(spread) for name, fit in fits.items()} for spread in _SPREADS}
    # a segment whose curvature is unknown somewhere cannot be compared: it borrows everything
    usable = [name for name in fits if all(found[name].covariance is not None for found in tried.values())]
    kept = {spread: {name: found[name] for name in usable} for spread, found in tried.items()}
    best = max(kept, key=lambda spread: sum(_log_evidence(f, pooled, spread) for f in kept[spread].values()))
    return kept[best], best


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


def _note(name: str, customers: float, repeaters: float, own: float, fitted: bool) -> str | None:
    size = f"segment {name!r} has {customers:.0f} customers, {repeaters:.0f} with repeat orders"
    if not fitted:
        return f"{size}: too few to fit, it uses the parameters of the whole base"
    if own < _MOSTLY_BORROWED:
        return f"{size}: it borrows {1 - own:.0%} of its order times' parameters from the whole base"
    return None
