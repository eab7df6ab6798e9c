"""How a campaign is analysed: the one adjusted difference that its plan promises and its readout decides by.

In:  which outcome, the arms, strata and groups of the draw, the margin before.
Out: `Comparison`, ready for what comes.
Not here: the estimator (`effects`), the decision (`readout`), what could be found (`power`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from patron.campaigns.effects import Comparison, compare
from patron.errors import NotEnoughData

Floats = NDArray[np.float64]


def comparison(
    outcome: str,
    treated: NDArray[np.bool_],
    *,
    strata: NDArray[np.generic],
    groups: NDArray[np.generic],
    margin_before: Floats,
) -> Comparison:
    """Adjust by strata and the margin before; by less where the arms are too small to carry them.

    Parameters
    ----------
    outcome : str
        ``retention`` or ``margin``.
    treated : numpy.ndarray of bool, shape (n,)
        As assigned.
    strata, groups : numpy.ndarray, shape (n,)
        Of the draw.
    margin_before : numpy.ndarray, shape (n,)
        Currency, of the days before the draw.

    Returns
    -------
    Comparison

    Raises
    ------
    NotEnoughData
        With fewer than two groups in an arm.
    """
    # whether somebody orders does not grow with money without end
    before = np.log1p(np.maximum(margin_before, 0.0)) if outcome == "retention" else margin_before
    for own in (strata, None):
        try:
            return compare(treated, strata=own, groups=groups, covariate=before)
        except NotEnoughData:
            continue
    return compare(treated, groups=groups)
