"""Whether orders come in seasons, which none of the purchase processes knows.

In: orders by month. Out: figures and a warning in words. Not here: any correction.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_YEAR = 12
_ALIKE = 0.5  # correlation between two years from which a pattern counts as repeated
_STRONG = 1.3  # times the trend


def season_of(orders_by_month: Floats) -> dict[str, Any]:
    """Compare the last two years, each month against the trend through both.

    Parameters
    ----------
    orders_by_month : ndarray, shape (m,)
        Orders in consecutive months, oldest first.

    Returns
    -------
    dict
        ``months`` seen; ``strongest``: the strongest of the twelve months, times the trend; ``alike``:
        correlation of the two years (both None under 24 months); ``warning``: words, or None.
    """
    if orders_by_month.size < 2 * _YEAR or not (orders_by_month[-2 * _YEAR :] > 0).all():
        return {"months": int(orders_by_month.size), "strongest": None, "alike": None, "warning": None}
    logs = np.log(orders_by_month[-2 * _YEAR :])
    # from the same month a year before: a line through all months would take part of the season for growth
    growth = float((logs[_YEAR:] - logs[:_YEAR]).mean()) / _YEAR
    off = logs - growth * np.arange(2.0 * _YEAR)
    years = (off - off.mean()).reshape(2, _YEAR)
    spread = float(np.sqrt((years[0] ** 2).sum() * (years[1] ** 2).sum()))
    alike = float((years[0] * years[1]).sum()) / spread if spread > 0 else 0.0
    strongest = float(np.exp(years.mean(axis=0).max()))
    warning = None
    if alike >= _ALIKE and strongest >= _STRONG:
        warning = (
            f"orders come in seasons (the strongest month lies {strongest - 1:.0%} above the trend, "
            "in both years alike): the model spreads orders evenly, "
            "so a horizon under a year is off at either end of the season"
        )
    return {"months": int(orders_by_month.size), "strongest": strongest, "alike": alike, "warning": warning}
