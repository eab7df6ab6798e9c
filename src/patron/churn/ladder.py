"""Which rungs of the ladder a base is large enough for: rule, BTYD, logistic, LightGBM, averages.

In:  a panel. Out: the learned entrants that may take part, and why the others may not.
Not here: which of them is taken (`choose`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from patron.churn.panel import Panel
from patron.snapshots import disjoint_windows

#: Fewer disjoint outcome windows than this cannot show that trees beat a rule.
ENOUGH_WINDOWS = 3
#: Fewer customers than this leave nothing for a tree to split.
ENOUGH_CUSTOMERS = 50
#: Outcomes of the rarer kind, in disjoint windows, that trees need, and a regression on all features.
ENOUGH_FOR_TREES, ENOUGH_FOR_LOGISTIC = 100, 20

#: Entrants that learn from all features, simplest first.
LEARNED = ("logistic", "lightgbm", "average", "average_with_btyd")


class SampleSize(NamedTuple):
    """How much there is to learn from.

    Parameters
    ----------
    windows : int
        Disjoint outcome windows.
    customers : int
        Different customers.
    rarer : int
        The effective sample size: outcomes of the rarer kind (churned or not), counted in disjoint windows,
        because the windows of neighbouring snapshots share their orders.
    """

    windows: int
    customers: int
    rarer: int


class Ladder(NamedTuple):
    """Who takes part.

    Parameters
    ----------
    size : SampleSize
        What the decision rests on.
    learned : tuple of str
        Of `LEARNED`.
    too_little : str or None
        Why LightGBM does not take part, in words; None where it does.
    """

    size: SampleSize
    learned: tuple[str, ...]
    too_little: str | None


def sample_size(panel: Panel, horizon_days: int) -> SampleSize:
    """Measure a panel.

    Parameters
    ----------
    panel : Panel
        Matured snapshots.
    horizon_days : int
        Length of the outcome window.

    Returns
    -------
    SampleSize
    """
    disjoint = disjoint_windows(panel.snapshot_days, horizon_days)
    churned = panel.churned[np.isin(panel.as_of_day, disjoint)]
    rarer = int(min(churned.sum(), len(churned) - churned.sum()))
    return SampleSize(len(disjoint), len(set(panel.customer_id.tolist())), rarer)


def ladder_of(panel: Panel, horizon_days: int, wanted: str, columns: Sequence[str]) -> Ladder:
    """Decide who takes part.

    Parameters
    ----------
    panel : Panel
        Matured snapshots.
    horizon_days : int
        Length of the outcome window.
    wanted : str
        ``auto``, or what the config asks for by name: that takes part whatever the size.
    columns : sequence of str
        Features that may be learned from.

    Returns
    -------
    Ladder
    """
    size = sample_size(panel, horizon_days)
    if wanted in ("rule", "btyd"):
        return Ladder(size, (), "LightGBM was not asked for")
    if not columns:
        return Ladder(size, (), "features.groups leaves no feature for LightGBM to look at")
    if len(set(panel.churned.tolist())) < 2:
        return Ladder(size, (), "every customer had the same outcome, so there is nothing to learn")
    if wanted == "logistic":
        return Ladder(size, ("logistic",), "LightGBM was not asked for")
    enough = size.windows >= ENOUGH_WINDOWS and size.customers >= ENOUGH_CUSTOMERS
    if wanted in ("lightgbm", "average") or (enough and size.rarer >= ENOUGH_FOR_TREES):
        return Ladder(size, LEARNED, None)
    learned = ("logistic",) if size.rarer >= ENOUGH_FOR_LOGISTIC else ()
    return Ladder(size, learned, _too_little(size))


def _too_little(size: SampleSize) -> str:
    return (
        f"{size.windows} disjoint window(s), {size.customers} customers and {size.rarer} outcomes of the "
        f"rarer kind to learn from, too little for LightGBM (it needs {ENOUGH_WINDOWS}, {ENOUGH_CUSTOMERS} "
        f"and {ENOUGH_FOR_TREES})"
    )
