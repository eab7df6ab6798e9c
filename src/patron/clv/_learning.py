"""Everything a model knows, from rows: the whole base's parameters, and its segments'.

In: checked rows. Out: ``Parameters`` and diagnostics.
Not here: a single fit (``_fitting``), the segments' (``_segments``).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from patron.clv._fitting import fit_models
from patron.clv._segments import fit_segments
from patron.clv._stored import Parameters, covariance_of
from patron.clv._summary import PurchaseRows
from patron.clv.evidence import Evidence
from patron.errors import PatronError

Floats = NDArray[np.float64]


def learn_parameters(
    rows: PurchaseRows,
    weight: Floats,
    *,
    purchases: str,
    backend: str,
    prior: bool,
    evidence: Evidence | None,
) -> tuple[Parameters, dict[str, Any]]:
    """Fit the whole base, and the segments where rows have one.

    Raises
    ------
    PatronError
        For settings that do not go together; ``NotEnoughData`` when the rows hold too little.
    """
    if rows.segment is not None and backend != "native":
        raise PatronError(
            "segments (by) are fitted by the native backend only", "leave out by, or the backend"
        )
    fitted = fit_models(rows, weight, purchases=purchases, backend=backend, prior=prior, evidence=evidence)
    segments, diagnostics = {}, dict(fitted.diagnostics)
    if rows.segment is not None:
        found = fit_segments(rows, weight, fitted)
        segments = {name: segment.to_dict() for name, segment in found.items()}
        notes = [segment.note for segment in found.values() if segment.note]
        diagnostics["warnings"] = diagnostics["warnings"] + notes
    params = {**fitted.orders.params, **fitted.spend.params}
    covariance = covariance_of(fitted.orders, fitted.spend)
    return Parameters(fitted.purchases, params, covariance, segments), diagnostics
