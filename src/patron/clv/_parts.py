"""Which parameters hold for which customers: the whole base's, or a segment's own.

In: fitted parameters, rows. Out: one part per set of parameters, and results put back in the rows' order.
Not here: fitting the segments (``_segments``), what is computed for a part (``value``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from patron.clv._spend import Spend
from patron.clv._stored import SPEND_LETTERS, Parameters
from patron.clv._summary import PurchaseRows
from patron.clv.processes import PurchaseProcess, process_from

Floats = NDArray[np.float64]
Columns = dict[str, Floats]
#: Computes columns for customers under one set of parameters, given their margins.
Compute = Callable[[PurchaseProcess, Spend, PurchaseRows, Floats], Columns]


class Part(NamedTuple):
    """Customers under one set of parameters.

    Parameters
    ----------
    params, covariance : dict
        The parameters.
    spread : dict
        How far a segment's may lie from the whole base's, see ``SegmentFit``; empty for the whole base.
    place : ndarray of int or None
        Where the customers stand among the rows; None when all do.
    """

    params: Mapping[str, float]
    covariance: Mapping[str, Any]
    spread: Mapping[str, float | None]
    place: NDArray[np.intp] | None

    def rows(self, rows: PurchaseRows, share: Floats) -> tuple[PurchaseRows, Floats]:
        """Pick the customers and their margins."""
        return (rows, share) if self.place is None else (rows.take(self.place), share[self.place])


def models_of(purchases: str, params: Mapping[str, float]) -> tuple[PurchaseProcess, Spend]:
    """Make the two models that these parameters belong to."""
    return process_from(purchases, params), Spend(*(params[name] for name in SPEND_LETTERS))


def parts_of(known: Parameters, rows: PurchaseRows) -> list[Part]:
    """Split the rows by segment; those without one, or of one never seen, go with the whole base."""
    if not known.segments or rows.segment is None:
        return [Part(known.params, known.covariance, {}, None)]
    rest = np.array([name not in known.segments for name in rows.segment])
    parts = [
        Part(fit["params"], fit["covariance"], fit["spread"], np.flatnonzero(rows.segment == name))
        for name, fit in known.segments.items()
    ]
    parts.append(Part(known.params, known.covariance, {}, np.flatnonzero(rest)))
    return [part for part in parts if part.place is not None and part.place.size]


def for_each_part(known: Parameters, rows: PurchaseRows, share: Floats, compute: Compute) -> pd.DataFrame:
    """Compute columns part by part and put the rows back in order, indexed like the summary."""
    return pd.DataFrame(columns_by_part(known, rows, share, compute), index=rows.index)


def columns_by_part(known: Parameters, rows: PurchaseRows, share: Floats, compute: Compute) -> Columns:
    """Compute columns part by part and put the rows back in order."""
    whole: Columns = {}
    for part in parts_of(known, rows):
        found = compute(*models_of(known.purchases, part.params), *part.rows(rows, share))
        if part.place is None:
            return found
        for name, values in found.items():
            whole.setdefault(name, np.empty(len(rows)))[part.place] = values
    return whole
